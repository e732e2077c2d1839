"""Static map: the sites of a ranking on a page, with the lines and nodes they lean on.

PNG or SVG, one panel a region, each in its own projected coordinates. The same ranking gives the
same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from powerwall.output.kmz import voltages
from powerwall.output.map_labels import add_labels
from powerwall.output.map_page import (
    ACROSS,
    BORDER,
    ELSEWHERE,
    INK,
    LAND,
    UPRIGHT,
    Layout,
    Panel,
    add_credits,
    add_legend,
    add_title,
    fitted,
    in_view,
    marker,
    planned,
)
from powerwall.output.signs import UNKNOWN_VOLTAGE, VOLTAGE_SIGNS, voltage_sign

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_DPI = 200
_MARGIN, _LEAST_M = 0.1, 4000.0  # round the sites: share of their extent, and metres
_STEP = 5.0  # the scale of colours runs between whole fives of the score
_DRAWN_FIRST = ("reference", "unranked", "out", "ranked")
_SETTINGS: Any = {
    "svg.hashsalt": "powerwall", "svg.fonttype": "path", "font.family": ["DejaVu Sans"], "font.size": 7.0, "path.simplify": False,
    "axes.unicode_minus": True, "text.usetex": False, "text.parse_math": False,  # names may hold dollar signs
}  # fmt: skip


def write_map(ranking: Ranking, path: Path) -> None:
    """Write the map of a ranking; the suffix says PNG or SVG."""
    import matplotlib as mpl

    form = path.suffix.lower().lstrip(".")
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever style the user's own files ask for
        mpl.rcParams.update(_SETTINGS)
        figure = draw(ranking)
        kept = {"Date": None, "Creator": "powerwall"} if form == "svg" else {"Software": None}
        figure.savefig(path, format=form, dpi=_DPI, metadata=kept, facecolor="white")


def draw(ranking: Ranking) -> Any:
    """The figure: title, a panel a region, legend, sources."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    sites = {region.name: _sites(ranking, region) for region in ranking.regions}
    layout = fitted(_layout(list(sites.values())), ranking)
    figure = Figure(figsize=layout.page)
    FigureCanvasAgg(figure)
    colours = ScalarMappable(Normalize(*score_range(ranking)), "viridis")
    places = zip(ranking.regions, boxes(layout, len(ranking.regions)), strict=True)
    panels = [_panel(figure, layout, Panel(None, region, sites[region.name]), box) for region, box in places]  # fmt: skip
    for panel in panels:
        _draw_region(panel)
        _draw_sites(panel, colours)
        _scale_bar(panel.axes)
        if len(panels) > 1:
            panel.axes.set_title(panel.region.table.title, loc="left", fontsize=8, pad=3)
    add_title(figure, layout, ranking)
    add_legend(figure, layout, panels, colours)
    add_credits(figure, layout, ranking)
    for panel in panels:
        add_labels(panel, colours)
    return figure


def _sites(ranking: Ranking, region: Region) -> gpd.GeoDataFrame:
    """Sites of a region in its own coordinates."""
    columns = ["name", "rank", "status", "score", "geometry"]
    return ranking.frame[ranking.frame["region"] == region.name][columns].to_crs(region.table.crs)


def _layout(sites: list[gpd.GeoDataFrame]) -> Layout:
    """The page on which the sites of one region stand largest; across for several regions."""
    if len(sites) > 1:
        return ACROSS
    west, south, east, north = sites[0].total_bounds
    return UPRIGHT if north - south > east - west else ACROSS


def score_range(ranking: Ranking) -> tuple[float, float]:
    """Ends of the scale of colours: whole fives round the scores."""
    scores = ranking.frame["score"][ranking.frame["status"] != "unranked"]
    if scores.empty:
        return 0.0, 100.0
    low = math.floor(float(scores.min()) / _STEP) * _STEP
    high = math.ceil(float(scores.max()) / _STEP) * _STEP
    return low, max(high, low + _STEP)


def boxes(layout: Layout, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Places of the panels on the page: left, bottom, width, height in shares of it."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    left, bottom, width, height = layout.maps
    gap, head = (0.008, 0.022) if count > 1 else (0.0, 0.0)
    for number in range(count):
        row, column = divmod(number, columns)
        w, h = width / columns, height / rows
        yield left + column * w, bottom + (rows - 1 - row) * h + gap, w - gap, h - head - gap


def extent(
    bounds: tuple[float, float, float, float], shape: float
) -> tuple[float, float, float, float]:
    """Sites with a margin, widened to the shape of the panel (its height over its width). [m]

    >>> extent((0.0, 0.0, 100_000.0, 10_000.0), 0.5)
    (-10000.0, 110000.0, -25000.0, 35000.0)
    """
    west, south, east, north = bounds
    margin = max(_MARGIN * max(east - west, north - south), _LEAST_M)
    width, height = east - west + 2 * margin, north - south + 2 * margin
    width, height = max(width, height / shape), max(height, width * shape)
    x, y = (west + east) / 2, (south + north) / 2
    return x - width / 2, x + width / 2, y - height / 2, y + height / 2


def _panel(figure: Any, layout: Layout, panel: Panel, box: tuple[float, float, float, float]) -> Panel:  # fmt: skip
    """An empty map that shows the sites of a region."""
    axes = figure.add_axes(box)
    shape = box[3] * layout.page[1] / (box[2] * layout.page[0])
    west, east, south, north = extent(tuple(panel.sites.total_bounds), shape)
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], facecolor=ELSEWHERE)
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set(color=BORDER, linewidth=0.6)
    return panel._replace(axes=axes)


def _draw_region(panel: Panel) -> None:
    """Outlines, lines by voltage, nodes."""
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Polygon

    axes = panel.axes
    if (outlines := in_view(panel, "jurisdictions")) is not None:
        rings = [shapely.get_coordinates(one.exterior) for one in shapely.get_parts(outlines.geometry.to_numpy()) if one.geom_type == "Polygon"]  # fmt: skip
        land = [Polygon(ring) for ring in rings]
        axes.add_collection(PatchCollection(land, facecolor=LAND, edgecolor="none", zorder=1))
        axes.add_collection(LineCollection(rings, colors=BORDER, linewidths=0.7, zorder=2))  # fmt: skip
    if (lines := in_view(panel, "transmission_lines")) is not None:
        _draw_lines(axes, lines)
    if (nodes := in_view(panel, "points_of_interconnection")) is not None:
        points = nodes.geometry.centroid
        axes.scatter(points.x, points.y, s=13, marker="o", facecolor="white", edgecolor=INK, linewidth=0.7, zorder=4)  # fmt: skip


def _draw_lines(axes: Any, lines: gpd.GeoDataFrame) -> None:
    """Lines by class of voltage, the lowest first; what is not in service is broken."""
    from matplotlib.collections import LineCollection

    kv = voltages(lines)
    not_yet = np.array([planned(row) for row in lines.to_dict("records")])
    signs = np.array([_number(voltage_sign(float(one)).title) for one in kv])
    for number, sign in reversed(list(enumerate((*VOLTAGE_SIGNS, UNKNOWN_VOLTAGE)))):
        for broken in (False, True):
            some = lines.geometry.to_numpy()[(signs == number) & (not_yet == broken)]
            paths = [shapely.get_coordinates(part) for part in shapely.get_parts(some) if part.geom_type == "LineString"]  # fmt: skip
            if paths:
                style = (0, (3, 1.5)) if broken else "solid"
                axes.add_collection(LineCollection(paths, colors=sign.colour, linewidths=sign.width, linestyles=style, zorder=3 + 0.01 * (9 - number), capstyle="butt" if broken else "round"))  # fmt: skip


def _number(title: str) -> int:
    return [sign.title for sign in (*VOLTAGE_SIGNS, UNKNOWN_VOLTAGE)].index(title)


def _draw_sites(panel: Panel, colours: Any) -> None:
    """Sites: shape by status, colour by score, the best on top."""
    for status in _DRAWN_FIRST:
        rows = panel.sites[panel.sites["status"] == status].iloc[::-1]
        if rows.empty:
            continue
        ranked = status == "ranked"
        fill = "white" if status == "unranked" else colours.to_rgba(rows["score"].to_numpy())
        panel.axes.scatter(
            rows.geometry.x, rows.geometry.y, s=70 if ranked else 46, marker=marker(status), facecolor=fill,
            edgecolor=INK, linewidth=0.9 if ranked else 0.7, zorder=7 if ranked else 6,
        )  # fmt: skip


def _scale_bar(axes: Any) -> None:
    """A bar of a round number of kilometres, and north."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    width, height = east - west, north - south
    km = _round_km(0.2 * width / 1000)
    x, y, thick = west + 0.03 * width, south + 0.03 * height, 0.006 * height
    for part in range(4):
        start = x + part * 250 * km
        axes.add_patch(_bar(start, y, 250 * km, thick, INK if part % 2 == 0 else "white"))
    halo = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
    axes.text(x, y + 1.8 * thick, "0", ha="center", va="bottom", fontsize=6.5, bbox=halo, zorder=9)
    axes.text(x + 1000 * km, y + 1.8 * thick, f"{km:g} km", ha="center", va="bottom", fontsize=6.5, bbox=halo, zorder=9)  # fmt: skip
    axes.annotate("N", xy=(0.972, 0.985), xytext=(0.972, 0.925), xycoords="axes fraction", ha="center", va="center", fontsize=8,
                  arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.9}, zorder=9)  # fmt: skip


def _bar(x: float, y: float, width: float, height: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=colour, edgecolor=INK, linewidth=0.6, zorder=9)  # fmt: skip


def _round_km(km: float) -> float:
    """The largest of 1, 2, 5, 10, … that is not longer. [km]

    >>> _round_km(0.2 * 87)
    10.0
    """
    power = 10.0 ** math.floor(math.log10(km))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= km * (1 + 1e-9))
