"""Cells: a screening as one GeoParquet or CSV, a part at a time.

A file is written beside its name and then renamed, so that nothing half-written is ever left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import powerwall
from powerwall.output.files import check_target, replaced, write_text
from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.job import read_part
from powerwall.region.findings import Findings

if TYPE_CHECKING:
    from powerwall.ranking.screening import Screening

SUFFIXES = (".parquet", ".csv", ".json", ".html")
_COMPRESSION = {"compression": "zstd", "compression_level": 1}


def check_cell_targets(paths: Iterable[Path], screening_of: Iterable[Path]) -> None:
    """Raise BadInput for files that could not be written, or that are read, before anything is computed."""
    findings = Findings()
    read = {path.resolve(): path for path in screening_of}
    written = [name.resolve() for path in paths for name in _written(path)]
    for path in paths:
        if any(written.count(name.resolve()) > 1 for name in _written(path)):
            findings.add("PW601", f"{path} would be written twice", file=path, remedy="name each file once")  # fmt: skip
        check_target(path, findings, SUFFIXES)
        if not read.keys().isdisjoint(name.resolve() for name in _written(path)):
            findings.add("PW601", f"{path} is a file that is read", file=path, remedy="write to another file")  # fmt: skip
    findings.raise_errors()


def _written(path: Path) -> list[Path]:
    """Files that one output makes: a CSV has its provenance beside it."""
    return [path, _beside(path)] if path.suffix.lower() == ".csv" else [path]


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.meta.json")


def save(found: Screening, path: Path, top: int) -> None:
    """Write every candidate as GeoParquet or CSV, or the summary and the best ones as JSON or a page.

    Raises
    ------
    BadInput
        If the file cannot be written.
    """
    match path.suffix.lower():
        case ".parquet":
            replaced(path, lambda part: _parquet(found, part))
        case ".csv":
            replaced(path, lambda part: _csv(found, part))
            write_text(_beside(path), _text(provenance(found)))
        case ".html":
            from powerwall.output.report import write_screening_report

            replaced(path, lambda part: write_screening_report(found, part, top))
        case _:
            write_text(path, json_text(found, top))


def _parquet(found: Screening, path: Path) -> None:
    writer = None
    try:
        for table in _tables(found):
            if writer is None:
                schema = table.schema.with_metadata(_metadata(found))
                numbers = ["geometry.x", "geometry.y"]
                numbers += [name for name in table.column_names if pa.types.is_floating(table.schema.field(name).type)]  # fmt: skip
                writer = pq.ParquetWriter(
                    path, schema, use_dictionary=["status", "reasons"], use_byte_stream_split=numbers,
                    write_statistics=["score", "rank"], **_COMPRESSION,
                )  # fmt: skip
            writer.write_table(table.cast(schema), row_group_size=len(table))
    finally:
        if writer is not None:
            writer.close()


def _csv(found: Screening, path: Path) -> None:
    writer = None
    try:
        for table in _tables(found):
            points = table["geometry"].combine_chunks()
            flat = table.drop_columns(["geometry"])
            for place, (name, axis) in enumerate((("lon", "x"), ("lat", "y")), start=1):
                flat = flat.add_column(place, name, pa.array(points.field(axis).to_numpy().round(6)))  # fmt: skip
            if writer is None:
                writer = pyarrow.csv.CSVWriter(path, flat.schema)
            writer.write_table(flat)
    finally:
        if writer is not None:
            writer.close()


def _tables(found: Screening) -> Iterator[pa.Table]:
    """The parts with ranks, statuses and reasons in words; the next is made while one is used."""
    starts = np.cumsum([0, *(len(read_part(file)) for file in found.files)])
    with ThreadPoolExecutor(1) as ahead:
        coming: Future[pa.Table] | None = None
        for file, start in zip(found.files, starts, strict=False):
            made, coming = coming, ahead.submit(_table, found, file, int(start))
            if made is not None:
                yield made.result()
        if coming is not None:
            yield coming.result()


def _table(found: Screening, file: Path, start: int) -> pa.Table:
    part = read_part(file)
    rows = slice(start, start + len(part))
    rank = found.merged.rank[rows]
    codes, which = np.unique(part["code"].to_numpy(), return_inverse=True)
    limits, least = found.screen.limits, found.screen.in_use.min_coverage
    told = [scoring.reasons(int(code), limits, least) for code in codes]
    lead = {
        "site_id": part["site_id"],
        "rank": pa.array(rank, mask=rank == 0),
        "status": pa.array(scoring.STATUS_WORDS).take(pa.array(found.merged.status[rows])),
        **{name: part[name] for name in ("score", "score_low", "score_high", "coverage")},
        "reasons": pa.array(told, pa.string()).take(pa.array(which)),
        "area_ha": part["area_ha"],
    }
    measures = {name: _nulls(part[name]) for name in sorted(found.screen.criteria)}
    return pa.table({**lead, **measures, "geometry": part["geometry"]})


def _nulls(column: pa.ChunkedArray) -> pa.Array:
    """Unknown numbers as empty cells."""
    numbers = column.to_numpy()
    return pa.array(numbers, mask=np.isnan(numbers))


def _metadata(found: Screening) -> dict[str, str]:
    """What makes it a GeoParquet of points in degrees, and where its numbers come from."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "point", "geometry_types": ["Point"]}},
    }
    return {"geo": json.dumps(geo), "powerwall": json.dumps(provenance(found), ensure_ascii=False)}


def provenance(found: Screening) -> dict[str, Any]:
    """Where every number comes from: version, request, weights, value functions and file hashes."""
    region, in_use = found.region, found.screen.in_use
    return {
        "powerwall": powerwall.__version__,
        "region": {"name": region.name, "version": region.table.version, "crs": region.table.crs,
                   "sha256": hashlib.sha256(region.path.read_bytes()).hexdigest(), "as_of": str(region.request.as_of)},
        "layers": {name: {"sha256": layer.sha256, "as_of": str(layer.as_of or ""), "source": layer.title, "url": layer.url,
                          "licenses": list(layer.licenses), "attribution": layer.attribution} for name, layer in sorted(region.layers.items())},
        "profile": in_use.whose,
        "weights": {name: round(share, 6) for name, share in sorted(in_use.weights.criteria.items())},
        "values": {name: [list(point) for point in points] for name, points in sorted(in_use.values.items())},
        "requirements": [f"{item.name}: {item.words}" for item in in_use.requirements],
        "min_coverage": in_use.min_coverage,
        "unknown": found.unknown,
        "not_screened": list(found.screen.left_out),
    }  # fmt: skip


def json_text(found: Screening, top: int) -> str:
    """Provenance, funnel, quantiles of the score and the best candidates as JSON."""
    from powerwall.output.numbers import jsonable
    from powerwall.output.screening import funnel

    best = found.top(top).reset_index()
    return _text(jsonable({
        "powerwall": provenance(found),
        "funnel": [row._asdict() for row in funnel(found)],
        "score_quantiles": {f"{share:g}": score for share, score in found.merged.quantiles.items()},
        "sites": best.to_dict("records"),
    }))  # fmt: skip


def _text(what: Any) -> str:
    return json.dumps(what, ensure_ascii=False, indent=1) + "\n"
