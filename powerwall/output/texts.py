"""Texts: a ranking as CSV, JSON, GeoJSON or Markdown, and as the records and frames they are made of.

Byte-stable: sorted, fixed float format, no time stamps.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

import powerwall
from powerwall.output.numbers import jsonable, plain
from powerwall.output.robust import robustness_record, standing_record

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

#: What the draws add.
_DRAWN = ("held", "rank_low", "rank_high", "rank_mean", "p_out")
LEAD = [
    "site_id",
    "name",
    "rank",
    "status",
    "score",
    "score_low",
    "score_high",
    "coverage",
    "reasons",
]
_PARTS = ("", "_value", "_contribution", "_status")


def table(ranking: Ranking) -> pd.DataFrame:
    """The ranking as one flat table: `LEAD`, then measure, value, contribution, status of each criterion.

    `region` follows the reasons where several regions were ranked together, `cooling` where each
    site has the plant that serves it best.
    """
    more = ["region"] if len(ranking.regions) > 1 else []
    more += [] if ranking.plants is None else ["cooling"]
    frame = ranking.frame.reset_index()[[*LEAD, *more]]
    if ranking.robustness is not None:
        drawn = ranking.robustness.sites[list(_DRAWN)].reindex(ranking.frame.index)
        frame = pd.concat([frame, drawn.reset_index(drop=True)], axis=1)
    columns: dict[str, Any] = {}
    for name, measure in ranking.measures.items():
        columns[name] = measure["value"].to_numpy()
        columns[f"{name}_value"] = (
            ranking.values[name].to_numpy() if name in ranking.values else math.nan
        )
        columns[f"{name}_contribution"] = (
            ranking.contributions[name].to_numpy() if name in ranking.contributions else math.nan
        )
        columns[f"{name}_status"] = (
            measure["status"].where(measure["value"].notna(), "unknown").to_numpy()
        )
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def csv_text(ranking: Ranking) -> str:
    """The ranking as CSV."""
    flat = table(ranking)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(flat.columns)
    for row in flat.itertuples(index=False):
        writer.writerow([_cell(cell) for cell in row])
    return buffer.getvalue()


def _cell(cell: object) -> str:
    if cell is None or cell is pd.NA:
        return ""
    if isinstance(cell, float):
        return plain(cell)
    return str(cell)


def provenance(ranking: Ranking) -> dict[str, Any]:
    """Where every number comes from: versions, requests, weights, and the hash of each file."""
    return {
        "powerwall": powerwall.__version__,
        "regions": [_region(region) for region in ranking.regions],
        "profile": ranking.settings.whose,
        "weights": {
            name: _number(weight)
            for name, weight in sorted(ranking.settings.weights.criteria.items())
        },
        "values": {
            name: [list(point) for point in _declared(ranking, name)]
            for name in sorted(ranking.settings.values)
        },
        "requirements": [f"{item.name}: {item.words}" for item in ranking.settings.requirements],
        "min_coverage": ranking.settings.min_coverage,
        **({"robustness": jsonable(robustness_record(ranking))} if ranking.robustness is not None else {}),
    }  # fmt: skip


def _declared(ranking: Ranking, name: str) -> Any:
    """Breakpoints as they are declared: those that follow the request stay in their own unit."""
    points, item = ranking.settings.values[name], ranking.criteria[name]
    follows = item.scale is not None and points == item.points(ranking.regions[0].request)
    return item.value if follows else points


def _region(region: Any) -> dict[str, Any]:
    request = region.request
    return {
        "name": region.name, "version": region.table.version, "edition": region.table.edition, "crs": region.table.crs,
        "sha256": hashlib.sha256(region.path.read_bytes()).hexdigest(),
        "request": {"mw": request.mw, "first_mw": request.first_mw, "need_by": str(request.need_by), "as_of": str(request.as_of),
                    "horizon": str(request.horizon or ""), "ramp_months": request.ramp_months, "outside_weight": request.outside_weight,
                    "permit_hazard": request.permit_hazard,
                    "accelerator": request.accelerator,
                    "cooling": request.cooling, "cooling_parameters": request.cooling_parameters, "draws": request.draws, "seed": request.seed},
        "layers": {
            name: {"path": _relative(layer.path, region.path), "sha256": layer.sha256, "as_of": str(layer.as_of or ""),
                   "source": layer.title, "url": layer.url, "licenses": list(layer.licenses), "attribution": layer.attribution}
            for name, layer in sorted(region.layers.items())
        },
    }  # fmt: skip


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path, base.parent)).as_posix()


def _number(value: float) -> float | None:
    return None if isinstance(value, float) and not math.isfinite(value) else round(float(value), 6)


def records(ranking: Ranking) -> list[dict[str, Any]]:
    """One record a site: the lead columns and, per criterion, all that is known of it."""
    frame = ranking.frame
    found = []
    for site_id, row in frame.iterrows():
        lead = {name: _plain(row[name]) for name in LEAD[1:]}
        place = {
            "region": row["region"],
            "lon": round(row.geometry.x, 6),
            "lat": round(row.geometry.y, 6),
        }
        plant = {} if ranking.plants is None else {"cooling": row["cooling"], "cooling_gave_up": ranking.plants["gave_up"].loc[site_id]}  # fmt: skip
        standing = standing_record(ranking, str(site_id))
        drawn = {} if standing is None else {"robustness": jsonable(standing)}
        found.append({"site_id": site_id, **lead, **place, **plant, **drawn, "criteria": _criteria(ranking, site_id)})  # fmt: skip
    return found


def _criteria(ranking: Ranking, site_id: object) -> dict[str, Any]:
    criteria = {}
    for name, measure in ranking.measures.items():
        row = {key: _plain(value) for key, value in measure.loc[site_id].items() if key != "gates"}
        entry = {"measure": row.pop("value"), "unit": ranking.criteria[name].unit, **row}
        if name in ranking.values:
            entry |= {"value": _plain(ranking.values[name].loc[site_id]), "contribution": _plain(ranking.contributions[name].loc[site_id]),
                      "weight": _number(ranking.settings.weights.criteria[name])}  # fmt: skip
        criteria[name] = {key: value for key, value in entry.items() if value is not None}
    return criteria


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value


def json_text(ranking: Ranking) -> str:
    """The ranking as JSON, provenance first."""
    return (
        json.dumps(
            {"powerwall": provenance(ranking), "sites": records(ranking)},
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def geojson_text(ranking: Ranking) -> str:
    """The ranking as GeoJSON in WGS84, one feature a line; provenance in the member `powerwall`."""
    flat = table(ranking).drop(columns="site_id")
    lines = []
    for (site_id, row), values in zip(
        ranking.frame.iterrows(), flat.to_dict("records"), strict=True
    ):
        properties = {"site_id": site_id, **{key: _plain(value) for key, value in values.items()}}
        feature = {
            "type": "Feature",
            "properties": properties,
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(row.geometry, 1e-6))),
        }
        lines.append(json.dumps(feature, ensure_ascii=False))
    head = json.dumps(
        {"type": "FeatureCollection", "powerwall": provenance(ranking)}, ensure_ascii=False
    )[:-1]
    return f'{head}, "features": [\n' + ",\n".join(lines) + "\n]}\n"


def markdown_text(ranking: Ranking) -> str:
    """The ranking as a Markdown table with its captions."""
    from powerwall.output.table import markdown

    return markdown(ranking)


def flat_frame(ranking: Ranking) -> gpd.GeoDataFrame:
    """The flat table with the position of each site in degrees."""
    flat = table(ranking)
    return gpd.GeoDataFrame(flat, geometry=ranking.frame.geometry.to_numpy(), crs=ranking.frame.crs)
