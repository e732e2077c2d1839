"""Job: what one part of a screening needs, small enough to be sent, and how the part is measured.

Layers are never sent: whoever measures a part opens the region by its path, once, and keeps the
indexes for the parts to come. A part is written to a file of its own and takes its name last, so
what has a name is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

import powerwall
from powerwall.criteria.criterion import Criterion, registry
from powerwall.criteria.proximity import check_custom, custom_criteria, prepared
from powerwall.criteria.proximity.ahead import Ahead
from powerwall.criteria.proximity.measures import Taken
from powerwall.ranking.screening import scoring
from powerwall.ranking.settings import Settings, settings
from powerwall.region.candidates import Candidates, Source
from powerwall.region.findings import BadInput, Findings

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

#: Grows whenever a measure or a score comes out otherwise, so that no older part is taken up.
NUMBERS = 2
CHUNK = 65_536  # rows measured at once: arrays that stay in the cache of a core


class Job(NamedTuple):
    """A screening as it is sent to whoever measures its parts.

    Attributes
    ----------
    region, wanted
        Path of the region file, and the options that replace those of its request.
    weights, profile
        As `rank` takes them.
    folder
        Where parts are written, and where the cells of a grid lie.
    digest
        Hash of all that a number depends on; parts of another one are not taken up.
    """

    region: str
    wanted: dict[str, Any]
    weights: dict[str, float]
    profile: str
    folder: str
    digest: str

    def part_file(self, number: int) -> Path:
        """Where a part goes."""
        return Path(self.folder) / f"part-{number:05d}.arrow"


@dataclass(frozen=True)
class Screen:
    """What the candidates of a region are ranked on.

    Attributes
    ----------
    criteria
        The criteria that the region file declares, by name.
    in_use
        Weights, value functions and requirements among them.
    left_out
        Subjects, criteria and requirements of the file that no declared criterion answers.
    source
        The candidates.
    """

    criteria: dict[str, Criterion]
    in_use: Settings
    left_out: tuple[str, ...]
    source: Source

    @property
    def limits(self) -> tuple[scoring.Bound, ...]:
        """The requirements with their bits."""
        return scoring.bounds(self.in_use.requirements)


def screen_of(region: Region, source: Source, weights: Mapping[str, float], profile: str) -> Screen:
    """What a region's candidates are ranked on; `measures_of` takes its measures.

    Raises
    ------
    BadInput
        If weights, value functions or requirements are not legal, or nothing declared is weighed.
    """
    declared = custom_criteria(region.table.criteria)
    findings = Findings()
    if not declared:
        findings.add("PW103", "screen = true measures the criteria that this file declares, and it declares none",
                     remedy='add e.g.  [criteria.line_km]  with  measure = "distance_km"', **region.places("sites", "screen"))  # fmt: skip
        findings.raise_errors()
    every = settings([region], {**registry(), **declared}, weights, profile)
    in_use, left_out = _restricted(every, declared)
    if len(in_use.requirements) > scoring.MAX_REQUIREMENTS:
        findings.add("PW102", f"{len(in_use.requirements)} requirements are more than the {scoring.MAX_REQUIREMENTS} of a screening", **region.places("require"))  # fmt: skip
    if not in_use.weights.criteria or not any(in_use.weights.criteria.values()):
        findings.add("PW106", "no declared criterion has weight, and screen = true measures no other",
                     remedy="e.g.  [weights]  proximity = 1", **region.places("weights"))  # fmt: skip
    findings.raise_errors()
    check_custom(region, findings)
    findings.raise_errors()
    for name, entry in sorted(region.table.criteria.items()):
        layer = region.layers[entry.layer]
        if layer.raster is None and not _has_geometry(layer.frame):
            findings.add("PW307", f"[criteria.{name}] reads the layer `{entry.layer}`, which has no geometry", **region.places("criteria", name))  # fmt: skip
    findings.raise_errors()
    return Screen(declared, in_use, left_out, source)


def _has_geometry(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and not frame.geometry.isna().all()


def measures_of(region: Region, source: Source, ahead: Ahead | None) -> dict[str, Taken]:
    """What takes each declared measure; `ahead` holds those that are ready already.

    The indexes of the others are built here, side by side, and not by the first part that asks.
    """
    first = source.part(0).positions.to(slice(0, 1))

    def ready(name: str) -> Taken | None:
        entry = region.table.criteria[name]
        layer = region.layers[entry.layer]
        if ahead is not None and (taken := ahead.of(name, layer)) is not None:
            return taken
        taken = prepared(entry, layer, region.layers)
        if taken is not None:
            taken(first)
        return taken

    names = sorted(region.table.criteria)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = zip(names, pool.map(ready, names), strict=True)
        return {name: taken for name, taken in found if taken is not None}


def _restricted(
    every: Settings, declared: Mapping[str, Criterion]
) -> tuple[Settings, tuple[str, ...]]:
    """The settings of the declared criteria alone, and what that leaves out."""
    shares = {name: every.weights.criteria[name] for name in declared}
    total = sum(shares.values()) or 1.0
    kept = {name: share / total for name, share in shares.items()}
    subjects: dict[str, float] = {}
    for name, share in kept.items():
        subject = declared[name].subject
        subjects[subject] = subjects.get(subject, 0.0) + share
    limits = [item for item in every.requirements if item.name in declared]
    gone = [
        name for name, share in every.weights.criteria.items() if share and name not in declared
    ]
    gone += [item.name for item in every.requirements if item.name not in declared]
    values = {name: points for name, points in every.values.items() if name in declared}
    own = replace(every.weights, subjects=subjects, criteria=kept)
    return replace(every, weights=own, values=values, requirements=limits), tuple(dict.fromkeys(gone))  # fmt: skip


def digest(region: Region, weights: Mapping[str, float], profile: str) -> str:
    """Hash of what the numbers of a screening depend on."""
    what = {
        "powerwall": powerwall.__version__,
        "numbers": NUMBERS,
        "region": hashlib.sha256(region.path.read_bytes()).hexdigest(),
        "layers": {name: layer.sha256 for name, layer in sorted(region.layers.items())},
        "sites": _file_hash(region),
        "request": repr(region.request),
        "weights": dict(sorted(weights.items())),
        "profile": profile,
        "rasters": {name: _raster_files(layer) for name, layer in sorted(region.layers.items()) if layer.raster is not None},
    }  # fmt: skip
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _raster_files(layer: Layer) -> list[list[str | int]]:
    """Files that a raster is read from beside its own, which the hash of that one does not know."""
    import rasterio

    with rasterio.open(layer.path) as source:
        others = sorted({Path(name) for name in source.files} - {layer.path})
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in others if path.is_file()]  # fmt: skip


def _file_hash(region: Region) -> str:
    if not region.table.sites.path:
        return ""
    with (region.path.parent / region.table.sites.path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Opened(NamedTuple):
    """A screen where it is measured."""

    screen: Screen
    taken: dict[str, Taken]


_open: dict[str, Opened] = {}
_lock = threading.Lock()


def opened(job: Job) -> Opened:
    """The screen of a job; read on first use, then shared by the threads of a process.

    Raises
    ------
    BadInput
        If the files are not those the job was made of.
    """
    with _lock:
        if job.digest not in _open:
            from powerwall.ranking.screening.sources import source_of
            from powerwall.region.read import read

            ahead = Ahead()
            region = read(job.region, ready=ahead, **job.wanted)
            if digest(region, job.weights, job.profile) != job.digest:
                findings = Findings()
                findings.add("PW210", "a worker reads other files than the ones this screening began with",
                             file=region.path, remedy="give workers the same folder, and do not change it meanwhile")  # fmt: skip
                raise BadInput(findings)
            source = source_of(region, job.folder)
            keep(job, screen_of(region, source, job.weights, job.profile), measures_of(region, source, ahead))  # fmt: skip
        return _open[job.digest]


def keep(job: Job, screen: Screen, taken: dict[str, Taken]) -> None:
    """Keep the screen of one job with its measures, and of no earlier one."""
    forget()
    _open[job.digest] = Opened(screen, taken)


def forget() -> None:
    """Let the measures go, with the indexes that they hold."""
    _open.clear()


def measure_part(job: Job, number: int) -> int:
    """Measure one part and write it; what is there already is taken up. Returns its rows.

    Raises
    ------
    BadInput
        If the region cannot be read, or is another one.
    """
    path = job.part_file(number)
    if path.exists() and (rows := rows_of(path, job.digest)) is not None:
        return rows
    screen, taken = opened(job)
    part = screen.source.part(number)
    table = _measured(screen, taken, part).replace_schema_metadata({"digest": job.digest})
    unfinished = path.with_suffix(f".{uuid4().hex}.tmp")
    try:
        with pa.OSFile(str(unfinished), "wb") as sink, pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(table)


def rows_of(path: Path, key: str) -> int | None:
    """Rows of a finished part of this job; None for one of another job, or that is no whole file."""
    try:
        table = read_part(path)
    except (pa.ArrowInvalid, OSError):
        return None
    return len(table) if (table.schema.metadata or {}).get(b"digest") == key.encode() else None


def read_part(path: Path) -> pa.Table:
    """The columns of a part, mapped and not copied."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        return file.read_all()


def _measured(screen: Screen, taken: Mapping[str, Taken], part: Candidates) -> pa.Table:
    """Measures, scores and reasons of one part."""
    at = part.positions
    degrees = at.lon, at.lat  # once a part: chunks share them
    measures = {name: np.empty(len(at), np.float32) for name in taken}
    for start in range(0, len(at), CHUNK):
        rows = slice(start, min(start + CHUNK, len(at)))
        some = at.to(rows)
        for name, take in taken.items():
            measures[name][rows] = take(some)
    in_use = screen.in_use
    scored = scoring.score(measures, in_use.values, in_use.weights.criteria)
    code = scoring.codes(measures, screen.limits, scored.coverage, in_use.min_coverage)
    return pa.table({
        "site_id": part.ids, "score": scored.score, "score_low": scored.low, "score_high": scored.high,
        "coverage": scored.coverage, "code": code, "area_ha": part.area_ha,
        "geometry": pa.StructArray.from_arrays([pa.array(axis) for axis in degrees], ["x", "y"]), **measures,
    })  # fmt: skip
