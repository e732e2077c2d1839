"""Check: rows and keys about noise that no criterion could read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.facts import fact_table
from powerwall.criteria.noise.mitigation import LAYER as MEASURES
from powerwall.criteria.noise.mitigation import measures
from powerwall.criteria.noise.receptors import LAYER as RECEPTORS
from powerwall.criteria.noise.rulebook import LAYER as RULES
from powerwall.criteria.noise.rulebook import by_fips
from powerwall.criteria.noise.rules.check import check_noise_rules
from powerwall.criteria.noise.rules.classes import KNOWN
from powerwall.criteria.noise.sources import LAYER as EQUIPMENT
from powerwall.criteria.noise.sources import (
    STANDBY,
    TRANSFORMER,
    equipment,
    equipment_table,
    units_of,
)
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.region.read import Region


def check_noise(region: Region, findings: Findings) -> None:
    """Record every row and key about noise that would stop a criterion, or mislead it."""
    rules = region.layers.get(RULES)
    if rules is not None:
        check_noise_rules(rules, findings, by_fips(region.layers))
    _check_sites(region, findings)
    _check_receptors(region, findings)
    if _check_equipment(region, findings):
        _check_settings(region, findings)
    _check_measures(region, findings)


def _check_sites(region: Region, findings: Findings) -> None:
    """Ground and radius that no campus can have."""
    layer = region.layers.get("sites")
    for column, low, high in (("ground_porous_share", 0.0, 1.0), ("campus_radius_m", 0.0, 5000.0)):
        if layer is None or column not in layer.frame:
            continue
        values = layer.frame[column]
        for index in layer.frame.index[(values < low) | (values > high)]:
            findings.add("PW402", f"sites: {column} = {values.loc[index]:g} lies outside {low:g} … {high:g}", remedy="mend it, or empty the cell",
                         **layer.places(int(str(index)), column))  # fmt: skip


def _check_receptors(region: Region, findings: Findings) -> None:
    """Classes that no rule has a word for: such a receptor would never be protected."""
    layer = region.layers.get(RECEPTORS)
    if layer is None or "receptor_class" not in layer.frame:
        return
    for index, word in layer.frame["receptor_class"].dropna().items():
        if word not in KNOWN:
            findings.add("PW406", f"{RECEPTORS}: receptor_class = `{word}` is protected by no rule", severity="warning",
                         remedy=did_you_mean(str(word), sorted(KNOWN - {""})), **layer.places(int(str(index)), "receptor_class"))  # fmt: skip


def _check_equipment(region: Region, findings: Findings) -> bool:
    """Rows without a level, a spectrum or a height; False if there is one."""
    layer = region.layers.get(EQUIPMENT)
    sound = True
    for index, row in enumerate([] if layer is None else layer.frame.to_dict("records")):
        try:
            equipment(row)
        except ValueError as error:
            assert layer is not None  # noqa: S101 — there are rows
            findings.add("PW402", f"{EQUIPMENT}: {error}", remedy="write what is missing, or remove the row", **layer.places(index, "source_id"))  # fmt: skip
            sound = False
    return sound


def _check_settings(region: Region, findings: Findings) -> None:
    """Generation that has no level, sets without a level of one, and rule sets that no rule has."""
    settings = region.request.noise
    table = equipment_table(region.layers.frame(EQUIPMENT))
    for name in (STANDBY, TRANSFORMER):
        try:
            units_of(table[name], 1)
        except ValueError as error:
            place = region.layers[EQUIPMENT].frame["source_id"].tolist().index(name)
            findings.add("PW402", f"{EQUIPMENT}: {error}", remedy="units of it are counted", **region.layers[EQUIPMENT].places(place, "source_id"))  # fmt: skip
    rows = region.layers.frame(RULES)
    sets = set(fact_table(RULES)["rule_set"])
    if rows is not None and "rule_set" in rows:
        sets |= set(rows["rule_set"].dropna())
    for name in settings.preloaded:
        if name not in sets:
            findings.add("PW102", f"preloaded: `{name}` is no rule set of this region", severity="warning",
                         remedy=did_you_mean(name, sorted(sets)), **region.places("request", "noise", "preloaded"))  # fmt: skip
    if settings.onsite_source not in table:
        findings.add("PW102", f"onsite_source = `{settings.onsite_source}` is no equipment known here",
                     remedy=did_you_mean(settings.onsite_source, list(table)), **region.places("request", "noise", "onsite_source"))  # fmt: skip


def _check_measures(region: Region, findings: Findings) -> None:
    layer = region.layers.get(MEASURES)
    if layer is None:
        return
    read = {one.mitigation_id for one in measures(layer.frame)}
    for column in layer.frame.columns[layer.frame.columns.str.startswith(("cost_usd_", "il_"))]:
        numbers = pd.to_numeric(layer.frame[column], errors="coerce")
        for index in layer.frame.index[
            (numbers.isna() & layer.frame[column].notna() & (column != "il_basis")) | (numbers < 0)
        ]:
            findings.add("PW401", f"{MEASURES}: {column} = `{layer.frame[column].loc[index]}` is no number of 0 or more", severity="error",
                         remedy="write the number alone, with a point for decimals", **layer.places(int(str(index)), column))  # fmt: skip
    for index, name in layer.frame["mitigation_id"].items():
        if name not in read:
            findings.add("PW402", f"{MEASURES}: {name} is not used: it applies to a part of a unit, or states no loss", severity="warning",
                         remedy="write il_low_dba, or all of il_63_hz_db to il_8000_hz_db, and what it applies to as a whole",
                         **layer.places(int(str(index)), "mitigation_id"))  # fmt: skip
