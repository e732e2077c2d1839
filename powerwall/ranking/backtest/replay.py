"""Replay: a region with its layers cut to what was known on a day, and what could not be cut."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.region.dates import parse_span
from powerwall.region.findings import Finding, Findings, did_you_mean
from powerwall.region.joins import join_sites
from powerwall.region.layers import Layer, Layers
from powerwall.region.read import Region
from powerwall.region.sites import sites_of

#: Days on which what a row says could be known, the best evidence first.
ACTS = ("published", "published_on", "action_date", "event_date", "requested_on")
#: The day of a rule; it dates a row that has no day of an act.
IN_FORCE = "effective_from"
#: Days on which a stage of a site began or was over: a later one is blanked, its row stays.
PROGRESS = ("started_on", "done_on")
#: What becomes of a site shows in these columns: blanked where they were written later.
STANDING = (
    "availability", "availability_note", "zoning_status", "pipeline_state", "announced_mw", "batch",
)  # fmt: skip

_DONE = {"cut": "is cut", "left out": "is left out", "leakage": "is leakage"}


class Cut(NamedTuple):
    """What was done to one layer.

    Attributes
    ----------
    layer, as_of
        The layer and its day; None where it has none.
    rows, dropped, blanked
        Rows it had, rows left out, and cells blanked.
    use
        `known`, `cut` (known in part), `left out`, or `leakage` (used although it is later).
    why
        In words.
    """

    layer: str
    as_of: date | None
    rows: int
    dropped: int
    blanked: int
    use: str
    why: str


@dataclass(frozen=True)
class Replay:
    """A region as it was known on a day.

    Attributes
    ----------
    region
        With its layers cut and its request seen from that day.
    cuts
        What was done to each layer, by name.
    """

    region: Region
    cuts: tuple[Cut, ...]

    @property
    def leakage(self) -> tuple[Cut, ...]:
        """Layers that may hold later knowledge and are used all the same."""
        return tuple(cut for cut in self.cuts if cut.use == "leakage")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One warning for each layer that was not wholly known."""
        found = Findings()
        for cut in self.cuts:
            if cut.use != "known":
                remedy = f"to use it all the same: --keep {cut.layer}" if cut.use == "left out" else ""  # fmt: skip
                key = ("sites",) if cut.layer == "sites" else ("layers", cut.layer)
                found.add("PW517", f"layer `{cut.layer}` {_DONE[cut.use]}: {cut.why}", severity="warning", remedy=remedy,
                          **self.region.places(*key))  # fmt: skip
        return tuple(found)


def as_known(region: Region, on: date, need_by: date, keep: Collection[str] = ()) -> Replay:
    """A region as it was known on a day.

    Parameters
    ----------
    region
        As it was read.
    on
        The day: month 0 of every plan, and the last day of any knowledge.
    need_by
        The day of need.
    keep
        Layers that are used although they are later or undated; they are named as leakage.

    Raises
    ------
    BadInput
        If a layer to keep does not exist, the days are in the wrong order, a declared criterion
        reads a layer that is left out, or no site is left.

    Notes
    -----
    A layer whose day is later is left out, and so is one without a day, unless its rows carry their
    own. Rows after the day go, by any day of an act; `effective_from` counts where there is none.
    Days of a schedule (`expected_date`, `opens`, `effective_to`) may lie ahead.
    """
    findings = Findings()
    for name in sorted(set(keep) - set(region.layers)):
        findings.add("PW603", f"--keep {name}: the region has no such layer", remedy=did_you_mean(name, sorted(region.layers)))  # fmt: skip
    if need_by <= on:
        findings.add("PW603", f"the deadline {need_by} is not after the as-of date {on}")
    findings.raise_errors()
    layers, cuts = Layers(), []
    for name in sorted(region.layers):
        layer, cut = _cut(region.layers[name], on, kept=name in keep)
        cuts.append(cut)
        if layer is not None:
            layers[name] = layer
    _check_criteria(region, cuts, on, findings)
    of_sites = Findings()
    sites = sites_of(region.table, layers, region.sites.crs, region.places, of_sites)
    if sites.empty:
        _no_site(region, cuts, on, of_sites, findings)
    findings.raise_errors()
    seen = replace(region, layers=layers, sites=join_sites(sites, layers, Findings()))
    return Replay(seen.with_request(as_of=on, need_by=need_by), tuple(cuts))


def _check_criteria(region: Region, cuts: Sequence[Cut], on: date, findings: Findings) -> None:
    """Record declared criteria that read a layer of which nothing was known."""
    gone = {cut.layer: cut for cut in cuts if cut.use == "left out"}
    for name, entry in sorted(region.table.criteria.items()):
        if entry.layer in gone:
            findings.add("PW517", f"[criteria.{name}] reads the layer {_was_cut(gone[entry.layer], on)}",
                         remedy=f"to use it all the same: --keep {entry.layer}", **region.places("criteria", name))  # fmt: skip


def _no_site(region: Region, cuts: Sequence[Cut], on: date, of_sites: Findings, findings: Findings) -> None:  # fmt: skip
    """Record that no site is left, and the cut layer that the sites lie around."""
    around = region.table.sites.around
    cut = next((cut for cut in cuts if around and cut.layer == around.layer and cut.use == "left out"), None)  # fmt: skip
    if cut is None:
        findings.extend(of_sites.errors)
    else:
        findings.add("PW517", f"[sites.around] names the layer {_was_cut(cut, on)}",
                     remedy=f"to use it all the same: --keep {cut.layer}", **region.places("sites", "around"))  # fmt: skip
    findings.add("PW517", f"no site is left of what was known on {on}", **region.places("sites"),
                 remedy="name the layers that the sites come from: --keep LAYER")  # fmt: skip


def _was_cut(cut: Cut, on: date) -> str:
    """`` `name`, which was cut because it is later than … ``, with the days of its rows."""
    if cut.as_of is None:
        because = f"nothing says that it was known on {on}"
    else:
        because = f"{'it is' if cut.as_of > on else 'its rows are'} later than {on}"
    return f"`{cut.layer}`, which was cut because {because}: {cut.why}"


def _cut(layer: Layer, on: date, *, kept: bool) -> tuple[Layer | None, Cut]:
    """A layer as it was known on a day; None where nothing of it is used."""
    if layer.name == "sites":
        return _sites(layer, on, kept=kept)
    frame = layer.frame
    acts = _first_known(frame, (*ACTS, IN_FORCE))
    written = _days(frame, "as_of")
    later = written > np.datetime64(on)
    late = (acts > np.datetime64(on)) | (later & (not kept))
    dated = ~np.isnat(acts) | ~np.isnat(written)
    timely = layer.as_of is not None and layer.as_of <= on
    if not timely and not kept:
        # the file is later, or does not say: only a row with a day of its own is known
        late |= ~dated
    left = layer.select(~late)
    blanked = _blank_progress(left.frame, on)
    dropped = int(late.sum())
    when = f"its day is {layer.as_of}" if layer.as_of else "it has no day"
    about = (layer.name, layer.as_of, len(frame), dropped, blanked)
    gone = f"{dropped} of {len(frame)} rows are later than {on}" if dropped else ""
    blanks = f"{blanked} later days of progress blanked" if blanked else ""
    if kept and (later.any() or not timely):
        some = "" if dated.all() else ", rows without a day among it"
        said = "; ".join(p for p in (f"{when}{some}: it may hold what was known only later, and is used", gone, blanks) if p)  # fmt: skip
        return left, Cut(*about, "leakage", said)
    if left.frame.empty and left.raster is None:
        why = f"{when}, and no row says it was known on {on}" if not timely else f"every row is later than {on}"  # fmt: skip
        return None, Cut(*about, "left out", why)
    if dropped or blanked or not timely:
        said = "; ".join(p for p in ("" if timely else f"{when}, its rows carry their own", gone, blanks) if p)  # fmt: skip
        return left, Cut(*about, "cut", said)
    return layer, Cut(*about, "known", f"of {layer.as_of}")


def _sites(layer: Layer, on: date, *, kept: bool) -> tuple[Layer, Cut]:
    """The sites: where they lie does not change; how they stood is blanked where it is later."""
    written = _days(layer.frame, "as_of")
    layer_late = layer.as_of is None or layer.as_of > on
    late = np.where(np.isnat(written), layer_late, written > np.datetime64(on)).astype(bool)
    about = (layer.name, layer.as_of, len(layer.frame), 0)
    if kept or not late.any():
        if not late.any():
            return layer, Cut(*about, 0, "known", f"of {layer.as_of or 'the days of its rows'}")
        return layer, Cut(*about, 0, "leakage", f"{late.sum()} of {len(late)} sites were written later than {on}, and are used as they are")  # fmt: skip
    frame = layer.frame.copy()
    blanked = 0
    for column in STANDING:
        if column in frame:
            blanked += int((frame[column].notna().to_numpy() & late).sum())
            frame[column] = frame[column].where(~late)
    said = (
        f"{late.sum()} of {len(late)} sites were written later than {on}: which sites there are is later knowledge, "
        f"{blanked} cells on how they stood are blanked"
    )  # fmt: skip
    return replace(layer, frame=frame), Cut(*about, blanked, "leakage", said)


def _blank_progress(frame: pd.DataFrame, on: date) -> int:
    """Blank days of progress that had not come; how many there were."""
    blanked = 0
    for column in PROGRESS:
        later = _days(frame, column) > np.datetime64(on)
        if later.any():
            frame.loc[later, column] = None
            blanked += int(later.sum())
    return blanked


def _first_known(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Day of each row by the first of the columns that has one. Shape (rows,), NaT without any"""
    found = np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
    for column in columns:
        found = np.where(np.isnat(found), _days(frame, column), found)
    return found


def _days(frame: pd.DataFrame | gpd.GeoDataFrame, column: str) -> np.ndarray:
    """Last possible day of each cell of a column. Shape (rows,), NaT where there is none or it is no date"""
    if column not in frame:
        return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
    return np.array([_day(cell) for cell in frame[column]], dtype="datetime64[D]")


def _day(cell: object) -> np.datetime64:
    if isinstance(cell, pd.Timestamp | date) and not pd.isna(cell):  # Parquet holds real dates
        return np.datetime64(pd.Timestamp(cell).date())
    try:
        return np.datetime64(parse_span(str(cell)).last)
    except ValueError:  # provenance is free text in some layers: no date, so no evidence
        return np.datetime64("NaT")
