"""Read: a region file → a Region with its sites and layers, or every reason why not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pyproj import CRS
from pyproj.exceptions import CRSError

from powerwall.region.findings import Finding, Findings
from powerwall.region.joins import join_sites
from powerwall.region.layers import Layer, Layers, read_layer
from powerwall.region.noise_request import NoiseTable
from powerwall.region.references import check_references
from powerwall.region.region import Places, RegionTable, read_table
from powerwall.region.request import Request
from powerwall.region.schema import LAYER_ALIASES
from powerwall.region.sites import build_sites

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class Region:
    """What the user declared, and the data it points to.

    Attributes
    ----------
    path, table, places
        The region file, its content, and where each key stands.
    sites
        Candidates by `site_id`, in the region's coordinate system.
    layers
        Datasets by name.
    request
        What is to be built.
    findings
        What was notable on the way; no errors, or there would be no Region.
    """

    path: Path
    table: RegionTable
    places: Places
    sites: gpd.GeoDataFrame
    layers: Layers
    request: Request
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """Short name."""
        return self.table.name

    def with_request(self, **options: object) -> Region:
        """The region with another request; None leaves a value alone."""
        return replace(self, request=self.request.with_options(**options))


#: Is told of each layer as soon as it is read, on the thread that read it.
Ready = Callable[[RegionTable, Places, "Layer"], object]


def read(path: str | Path, *, ready: Ready | None = None, **options: object) -> Region:
    """Read a region file and everything it names.

    Parameters
    ----------
    path
        The TOML file.
    ready
        Is told of each layer as soon as it is read: work on it goes on beside the reading of others.
    **options
        Values that replace those of `[request]`: `mw`, `first_mw`, `need_by`, `as_of`, `seed`.

    Raises
    ------
    BadInput
        With every error of the file and its layers.

    Examples
    --------
    >>> import powerwall as pw
    >>> region = pw.read("regions/example.toml")  # doctest: +SKIP
    """
    findings = Findings()
    region = read_into(Path(path), findings, ready)
    findings.raise_errors()
    assert region is not None  # noqa: S101 — no errors means a region
    return region.with_request(**options)


def read_into(path: Path, findings: Findings, ready: Ready | None = None) -> Region | None:
    """Read a region, recording every finding; None if it cannot be built."""
    table, places = read_table(path, findings)
    crs = _projected(table.crs, places, findings)
    if crs is None:
        return None
    layers = _read_layers(path.parent, table, crs, places, findings, ready)
    sites = build_sites(table, layers, crs, places, findings)
    if sites.empty and not table.sites.screen:
        if not findings.errors:
            findings.add("PW204", "the region has no sites", **places("sites"))
        return None
    check_references(layers, findings)
    sites = join_sites(sites, layers, findings)
    request = _request(table, layers, places, findings)
    return (
        None
        if request is None
        else Region(path, table, places, sites, layers, request, tuple(findings))
    )


def _read_layers(
    folder: Path, table: RegionTable, crs: CRS, places: Places, findings: Findings, ready: Ready | None
) -> Layers:  # fmt: skip
    """Every layer that can be read; side by side, and their findings in the order of the file."""
    stopped = threading.Event()

    def one(name: str) -> tuple[str, Layer | None, Findings, Exception | None]:
        canonical, entry, found = LAYER_ALIASES.get(name, name), table.layers[name], Findings()
        if canonical != name:
            found.add("PW211", f"layer `{name}` is called `{canonical}` here", severity="warning", **places("layers", name))  # fmt: skip
        key = ("layers", name)
        layer = read_layer(canonical, entry, folder / entry.path, crs, places, key, found)
        try:
            if layer is not None and ready is not None and not stopped.is_set():
                ready(table, places, layer)
        except Exception as error:  # noqa: BLE001 — raised below, unless findings say more
            return canonical, layer, found, error
        return canonical, layer, found, None

    layers, errors = Layers(), []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        largest_first = sorted(table.layers, key=lambda name: -_size(folder / table.layers[name].path))  # fmt: skip
        reading = {name: threads.submit(one, name) for name in largest_first}
        try:
            for name in table.layers:
                canonical, layer, found, error = reading[name].result()
                findings.extend(found)
                if error is not None:
                    errors.append(error)
                if layer is not None:
                    layers[canonical] = layer
        except BaseException:  # Ctrl-C above all: what has not begun never does
            stopped.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    if errors and not findings.errors:
        raise errors[0]
    return layers


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _projected(text: str, places: Places, findings: Findings) -> CRS | None:
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        findings.add(
            "PW303",
            f"crs `{text}` is not known",
            remedy='write an EPSG code, e.g. crs = "EPSG:32618"',
            **places("crs"),
        )
        return None
    unit = crs.axis_info[0].unit_name if crs.axis_info else ""
    if not crs.is_projected or unit != "metre":
        what = "geographic, in degrees" if crs.is_geographic else f"in {unit or 'no unit'}"
        findings.add("PW303", f"crs `{text}` is {what}; distances need metres",
                     remedy="take the UTM zone of the region, e.g. EPSG:32618 for 78–72° W", **places("crs"))  # fmt: skip
        return None
    return crs


def _request(
    table: RegionTable, layers: Layers, places: Places, findings: Findings
) -> Request | None:
    asked = table.request
    as_of = table.as_of or max(
        (layer.as_of for layer in layers.values() if layer.as_of), default=None
    )
    if as_of is None:
        findings.add(
            "PW103",
            "neither the region nor any layer has an `as_of`",
            remedy="add  as_of = 2026-11-01",
            **places(),
        )
        return None
    _check_dates(asked.need_by, as_of, places, findings)
    if asked.first_mw and asked.first_mw > asked.mw:
        findings.add(
            "PW102",
            f"first_mw = {asked.first_mw:g} is more than mw = {asked.mw:g}",
            **places("request", "first_mw"),
        )
    rate, note = _rate(table)
    return Request(
        mw=asked.mw, need_by=asked.need_by, as_of=as_of, first_mw=asked.first_mw, horizon=asked.horizon,
        cooling=asked.cooling, cooling_parameters=dict(asked.cooling_parameters or {}), currency=table.currency, money_of=table.money_of, usd_per_currency=rate, rate_note=note,
        accelerator=asked.accelerator, deliveries=dict(asked.deliveries or {}),
        heat_rejection_mw=dict(asked.heat_rejection_mw or {}), contracted_mw=dict(asked.contracted_mw or {}),
        ramp_months=asked.ramp_months, outside_weight=asked.outside_weight, permit_hazard=asked.permit_hazard,
        noise=asked.noise or NoiseTable(),
    )  # fmt: skip


def _check_dates(need_by: date, as_of: date, places: Places, findings: Findings) -> None:
    if need_by <= as_of:
        findings.add(
            "PW102",
            f"need_by = {need_by} is not after as_of = {as_of}",
            **places("request", "need_by"),
        )


def _rate(table: RegionTable) -> tuple[float | None, str]:
    if table.currency == "USD":
        return 1.0, ""
    rates: Mapping[str, object] = table.rates
    if table.currency not in rates:
        return None, f"prices are in {table.currency} and no rate to USD is declared"
    rate = table.rates[table.currency]
    return rate.usd, f"1 {table.currency} = {rate.usd:g} USD on {rate.as_of} ({rate.source})"
