"""Check: rows that no criterion could read, found before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.compute.hardware import accelerators
from powerwall.criteria.cost import check_fiscal
from powerwall.criteria.cost.check import check_stacks
from powerwall.criteria.criterion import Parameter
from powerwall.criteria.noise.check import check_noise
from powerwall.criteria.policy.check import check_policy_rows
from powerwall.criteria.power.calendars import Calendars
from powerwall.criteria.power.lead_time.stages import Stage
from powerwall.criteria.power.process import known_stages
from powerwall.criteria.proximity import check_custom
from powerwall.criteria.water.check import check_water
from powerwall.criteria.water.plants import AUTO, PLANTS, PRESETS, plant_parameters, values_of
from powerwall.region.dates import parse_span
from powerwall.region.findings import BadInput, Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.region.read import Region


def check_rows(region: Region, findings: Findings) -> None:
    """Record every row and key of a region that would stop a criterion."""
    _check_cooling(region, findings)
    _check_accelerator(region, findings)
    check_policy_rows(region, findings)
    _check_stages(region, findings)
    _check_batches(region, findings)
    _check_queue(region, findings)
    _check_network(region, findings)
    check_stacks(region, findings)
    check_fiscal(region, findings)
    check_custom(region, findings)
    check_water(region, findings)
    check_noise(region, findings)


def _check_cooling(region: Region, findings: Findings) -> None:
    """The cooling plant, and its parameters: one that `auto` may choose has them, or the named one."""
    request = region.request
    known = [*PLANTS, *PRESETS, AUTO]
    if request.cooling not in known:
        findings.add("PW102", f"cooling = `{request.cooling}` is not a cooling plant known here",
                     remedy=did_you_mean(request.cooling, known), **region.places("request", "cooling"))  # fmt: skip
        return
    plants = list(PLANTS) if request.cooling == AUTO else [request.cooling]
    names = {name: plant for plant in plants for name in plant_parameters(plant)}
    for name, value in request.cooling_parameters.items():
        place = region.places("request", "cooling_parameters", name)
        if name not in names:
            findings.add("PW102", f"cooling_parameters: `{name}` is no parameter of {request.cooling}",
                         remedy=did_you_mean(name, list(names)), **place)  # fmt: skip
            continue
        try:
            values_of(names[name], {name: value})
        except ValueError as error:
            findings.add("PW102", f"cooling_parameters: {error}", **place)
            continue
        usual = plant_parameters(names[name])[name]
        if (
            isinstance(usual, Parameter)
            and usual.low is not None
            and usual.high is not None
            and not usual.low <= float(value) <= usual.high
        ):
            findings.add("PW102", f"cooling_parameters: {name} = {value:g} lies outside the usual {usual.low:g} … {usual.high:g} {usual.unit}", severity="warning",
                         remedy="right if it was measured", **place)  # fmt: skip


def _check_accelerator(region: Region, findings: Findings) -> None:
    wanted = region.request.accelerator
    if wanted is not None and wanted not in accelerators():
        findings.add("PW102", f"accelerator = `{wanted}` is not in the catalogue",
                     remedy=did_you_mean(wanted, list(accelerators())), **region.places("request", "accelerator"))  # fmt: skip


def _check_stages(region: Region, findings: Findings) -> None:
    """Stage rows whose p50 and p90 are not quantiles of one duration, and progress of no site."""
    layer = region.layers.get("time_to_power")
    if layer is None:
        return
    _check_totals(region, findings)
    rows = layer.frame[layer.frame["kind"] == "stage"]
    for index, row in rows.iterrows():
        place = int(str(index))
        p50, p90 = row.get("p50_months"), row.get("p90_months")
        if pd.notna(p50) and pd.notna(p90):
            try:
                least = row.get("min_months")
                Stage(float(p50), float(p90), 0.0 if pd.isna(least) else float(least)).check(
                    str(row["process_id"])
                )
            except ValueError as error:
                findings.add("PW411", str(error), remedy="p90 is p50 or more, and p50 is more than 0",
                             **layer.places(place, "p90_months"))  # fmt: skip
        elif pd.notna(p50) or pd.notna(p90):
            findings.add("PW411", f"time_to_power: {row['process_id']} has one of p50_months and p90_months: not counted",
                         severity="warning" if pd.isna(row.get("site_id")) else "error",
                         remedy="give both, or none", **layer.places(place, "p90_months"))  # fmt: skip
        _check_progress(row, region, findings, place)


def _check_totals(region: Region, findings: Findings) -> None:
    """Whole durations that are none, and stages of a site that are told twice."""
    layer = region.layers["time_to_power"]
    for index, row in layer.frame[layer.frame["kind"] == "total"].iterrows():
        p50, p90 = row.get("p50_months"), row.get("p90_months")
        if pd.notna(p50) and not (p50 > 0 and (pd.isna(p90) or p90 >= p50)):
            findings.add("PW411", f"time_to_power: {row['process_id']}: p50 {p50:g} and p90 {p90:g} months are not quantiles of one duration",
                         remedy="p90 is p50 or more, and p50 is more than 0", **layer.places(int(str(index)), "p50_months"))  # fmt: skip
    if "site_id" not in layer.frame or "stage_id" not in layer.frame:
        return
    own = layer.frame[(layer.frame["kind"] == "stage") & layer.frame["site_id"].notna()]
    for index, row in own[own.duplicated(["site_id", "stage_id"])].iterrows():
        findings.add("PW409", f"time_to_power: stage {row['stage_id']} of {row['site_id']} is told twice",
                     remedy="keep one row", **layer.places(int(str(index)), "stage_id"))  # fmt: skip


def _check_progress(row: pd.Series, region: Region, findings: Findings, place: int) -> None:
    layer, site = region.layers["time_to_power"], row.get("site_id")
    started, done = row.get("started_on"), row.get("done_on")
    if isinstance(site, str) and site not in region.sites.index:
        findings.add("PW409", f"time_to_power: `site_id` = {site} is no site",
                     remedy=did_you_mean(site, [str(i) for i in region.sites.index]), **layer.places(place, "site_id"))  # fmt: skip
    if isinstance(site, str) and row.get("stage_id") not in known_stages():
        findings.add("PW409", f"time_to_power: `stage_id` = {row.get('stage_id')} is no stage of any network",
                     remedy=did_you_mean(str(row.get("stage_id")), sorted(known_stages())), **layer.places(place, "stage_id"))  # fmt: skip
    if not isinstance(site, str) and (isinstance(started, str) or isinstance(done, str)):
        findings.add("PW409", f"time_to_power: {row['process_id']} has progress but no `site_id`",
                     remedy="name the site whose stage it is", **layer.places(place, "started_on"))  # fmt: skip
    if (
        isinstance(started, str)
        and isinstance(done, str)
        and parse_span(done).last < parse_span(started).first
    ):
        findings.add("PW507", f"time_to_power: {row['process_id']} is done before it starts",
                     remedy="mend its dates", **layer.places(place, "done_on"))  # fmt: skip


def _check_batches(region: Region, findings: Findings) -> None:
    """Batches that sites say they declared for."""
    if "batch" not in region.sites:
        return
    known = sorted(Calendars(region.layers, region.request.as_of).rows)
    layer = region.layers.get("sites")
    for row, (site, batch) in enumerate(region.sites["batch"].items()):
        if isinstance(batch, str) and batch not in known:
            place = layer.places(row, "batch") if layer else {}
            findings.add("PW409", f"site {site}: `batch` = {batch} is in no calendar",
                         remedy=did_you_mean(batch, known), **place)  # fmt: skip


def _check_queue(region: Region, findings: Findings) -> None:
    """Requests ahead that are no load."""
    layer = region.layers.get("load_queue")
    if layer is None or "mw" not in layer.frame:
        return
    for index, mw in layer.frame["mw"].items():
        if mw <= 0:
            findings.add("PW402", f"load_queue: mw = {mw:g} is no request", remedy="write its megawatts, or drop the row",
                         **layer.places(int(str(index)), "mw"))  # fmt: skip


def _check_network(region: Region, findings: Findings) -> None:
    """A network that nodes lean on must be readable, whichever verb asks."""
    layer = region.layers.get("network")
    if layer is None:
        return
    from powerwall.criteria.power.network import read_network

    try:
        findings.extend(read_network(layer.path.parent).findings)
    except BadInput as error:
        findings.extend(error.findings)
