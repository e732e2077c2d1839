"""Screening page: the scores of a grid as a picture, its best cells, and what removed the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from powerwall.output.numbers import shown
from powerwall.output.report.charts import bars
from powerwall.output.report.layers import drawn_layers, left_out
from powerwall.output.report.map import (
    Map,
    Switch,
    colour,
    draw_layer,
    draw_picture,
    draw_sites,
    empty_figure,
    ends,
    item_json,
)
from powerwall.output.report.page import environment, frame_of_page
from powerwall.output.report.parts import Block, Table
from powerwall.output.report.picture import Picture, picture
from powerwall.output.report.provenance import (
    data_of,
    method_words,
    requirement_words,
    weight_table,
)
from powerwall.output.report.ranking_table import RankingTable, Row
from powerwall.output.screening import captions, funnel, heading
from powerwall.ranking.screening import scoring
from powerwall.region.units import unit_of

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.ranking.screening import Screening


def screening_page(found: Screening, top: int) -> str:
    """The whole page of a screening."""
    best = found.top(top)
    quantiles = found.merged.quantiles
    low, high = ends([quantiles[0.0], quantiles[1.0]] if quantiles else [])
    drawn = picture(found, low, high)
    request = found.region.request
    page = environment().get_template("screening.html.j2").render(
        title=found.region.table.title,
        asked=f"{request.mw:g} MW by {request.need_by}, as of {request.as_of}",
        heading=heading(found),
        synthetic=found.region.table.synthetic,
        answer=_answer(found, best),
        map=_map(found, best, drawn),
        pixel=f"{drawn.pixel_km:.3g} km",
        table=_table(found, best),
        funnel=_funnel(found),
        notes=captions(found, best, []),
        method=method_words(found.screen.in_use, found.unknown, planned=False),
        weights=weight_table(found.screen.in_use, found.screen.criteria),
        requirements=requirement_words(found.screen.in_use),
        data=[data_of(found.region)],
        **frame_of_page(),
    )  # fmt: skip
    return page + "\n"


def _answer(found: Screening, best: pd.DataFrame) -> list[str]:
    """What the screening found, in sentences."""
    counts = np.bincount(found.merged.status, minlength=len(scoring.STATUS_WORDS))
    numbers = ", ".join(f"{n:,} {word}" for n, word in zip(counts, scoring.STATUS_WORDS, strict=True))  # fmt: skip
    within = found.removed.within
    lines = [f"Of {within:,} candidates {found.rows:,} were measured: {numbers}."]
    steps = [row for row in funnel(found) if row.hit]
    if steps:
        worst = max(steps, key=lambda row: row.hit)
        lines.append(f"Most are hit by {worst.step}: {worst.hit:,}, {worst.alone:,} of them by nothing else of its kind.")  # fmt: skip
    if len(best):
        row: Any = best.iloc[0]
        lines.insert(0, f"The best cell is {best.index[0]}, score {_score(row)}, at {row['lat']:.3f}, {row['lon']:.3f} (latitude, longitude).")  # fmt: skip
    else:
        lines.insert(0, "No candidate can be ranked.")
    lines.append("No power plan was made: dates, chances, bills, noise and policy are unknown here, and come with powerwall explain or a region of the best cells.")  # fmt: skip
    return lines


def _map(found: Screening, best: pd.DataFrame, drawn: Picture) -> Map:
    region, extent = found.region, drawn.extent.wider(0.03)
    figure = empty_figure(extent)
    draw_picture(figure, drawn.uri, drawn.extent)
    layers = drawn_layers(region, extent)
    for layer in layers:
        draw_layer(figure, layer, extent)
    draw_sites(figure, _markers(found, best, drawn))
    switches = [Switch("scores", "scores of all cells", shown=True)]
    switches += [Switch(d.name, d.title, d.shown) for d in reversed(layers)]
    notes = [f"{layer.name.replace('_', ' ')}: {layer.note}" for layer in layers if layer.note]
    notes += [f"{name.replace('_', ' ')}: a raster, not drawn" for name in left_out(region)]
    return Map(0, region.table.title, item_json(figure, "map-0"), switches, notes, ["ranked"] if len(best) else [], drawn.low, drawn.high)  # fmt: skip


def _markers(found: Screening, best: pd.DataFrame, drawn: Picture) -> dict[str, list[Any]]:
    """Columns of the markers of the best cells, the best on top."""
    to = Transformer.from_crs("EPSG:4326", found.region.sites.crs, always_xy=True)
    x, y = to.transform(best["lon"].to_numpy(), best["lat"].to_numpy())
    columns: dict[str, list[Any]] = {
        "x": (x / 1000).round(3).tolist(), "y": (y / 1000).round(3).tolist(), "number": list(range(len(best))),
        "label": [str(i) for i in best.index], "more": [f"rank {n}, score {_score(row)}" for n, (_, row) in enumerate(best.iterrows(), 1)],
        "status": ["ranked"] * len(best), "colour": [colour(float(v), drawn.low, drawn.high) for v in best["score"]],
        "rank": [str(n) if n <= 10 else "" for n in range(1, len(best) + 1)],
    }  # fmt: skip
    return {key: value[::-1] for key, value in columns.items()}


def _table(found: Screening, best: pd.DataFrame) -> RankingTable:
    shares = found.screen.in_use.weights.criteria
    names = sorted(found.screen.criteria, key=lambda name: (-shares[name], name))
    heads = [("rank", True), ("cell", False), ("score, 0–100 (interval)", True), ("latitude", True), ("longitude", True), ("area ha", True)]  # fmt: skip
    heads += [(_title(found, name), True) for name in names]
    rows = []
    for number, (site_id, row) in enumerate(best.iterrows()):
        cells = [str(number + 1), str(site_id), _score(row), f"{row['lat']:.4f}", f"{row['lon']:.4f}", shown(float(row["area_ha"]))]  # fmt: skip
        cells += [shown(float(row[name]), found.screen.criteria[name].unit) for name in names]
        rows.append(Row(number, "ranked", cells, [str(row["reasons"])] if row["reasons"] else []))  # fmt: skip
    return RankingTable(heads, rows, [])


def _funnel(found: Screening) -> Block:
    """Steps from all candidates to those with a rank."""
    steps = funnel(found)
    most = float(steps[0].left) if steps else 1.0
    left = [(_short(row.step), float(row.left), most, f"{row.left:,}") for row in steps]
    chart = bars("Candidates left after each step", "; ".join(f"{name}: {words}" for name, _, _, words in left), left)  # fmt: skip
    rows = [[row.step, "" if not n else f"{row.hit:,}", "" if not n else f"{row.alone:,}", f"{row.left:,}", row.margin] for n, row in enumerate(steps)]  # fmt: skip
    heads = (("what removes", False), ("hit", True), ("it alone", True), ("left", True), ("by what margin", False))  # fmt: skip
    return Block("Candidates left after each step", chart, (), (), Table("The funnel", heads, rows))


def _short(words: str) -> str:
    return words if len(words) <= 28 else f"{words[:27].rstrip()}…"


def _score(row: Any) -> str:
    """Score, and what the unknowns leave open."""
    score, low, high = (float(row[c]) for c in ("score", "score_low", "score_high"))
    return (
        f"{score:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{score:.1f} ({low:.0f}–{high:.0f})"
    )


def _title(found: Screening, name: str) -> str:
    """Name of a measure in words, with its unit."""
    unit, suffix = found.screen.criteria[name].unit, unit_of(name)
    bare = (name.removesuffix(f"_{suffix.suffix}") if suffix else name).replace("_", " ")
    return f"{bare} {'%' if unit == 'share' else unit}".rstrip()
