"""Map page: what stands round a static map: title, legend, scale of colours, sources."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from powerwall.output.kmz import voltages
from powerwall.output.numbers import UNKNOWN
from powerwall.output.signs import STATUS_SIGNS, UNKNOWN_VOLTAGE, VOLTAGE_SIGNS, voltage_sign

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

INK, ELSEWHERE, LAND, BORDER = "#1A1A1A", "#ECECEA", "#FCFBF8", "#A3A7AD"
BROKEN = (0, (3, 1.5))
_DRAWN = ("sites", "points_of_interconnection", "transmission_lines", "jurisdictions")
_NOTES = (
    "Numbers are ranks, the first ten with names. Score 0–100, 100 is best; what is unknown counts half of its weight. "
    "Screening: a line beside a site is no capacity."
)  # fmt: skip


class Layout(NamedTuple):
    """A page and what stands where, in shares of it from its lower left corner.

    Attributes
    ----------
    page
        Width and height. [inches]
    maps
        Left, bottom, width and height of the maps.
    legend
        Upper left corners of the statuses, the scale of colours and the signs; a negative height
        is a gap below the part before.
    wide
        Width of the scale of colours.
    credits
        Left and top of the sources, their characters a line and the lines that have room.
    """

    page: tuple[float, float]
    maps: tuple[float, float, float, float]
    legend: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    wide: float
    credits: tuple[float, float, int, int]


_POINTS, _LEADING = 5.4, 1.25  # of the sources, and of their lines over their size
_MOST = 0.3  # share of the page that further sources may take from the maps
#: A4 across, and upright for regions that are taller than wide.
ACROSS = Layout(
    (11.69, 8.27), (0.012, 0.115, 0.766, 0.805), ((0.79, 0.92), (0.79, -0.04), (0.79, -0.075)), 0.18, (0.012, 0.1, 290, 6)
)  # fmt: skip
UPRIGHT = Layout(
    (8.27, 11.69), (0.017, 0.222, 0.966, 0.718), ((0.017, 0.212), (0.37, 0.2), (0.68, 0.212)), 0.26, (0.017, 0.085, 205, 9)
)  # fmt: skip


class Panel(NamedTuple):
    """The map of one region.

    Attributes
    ----------
    axes, region
        Where, and of what.
    sites
        Its sites in the coordinates of the region, with `status`, `score`, `rank` and `name`.
    """

    axes: Any
    region: Region
    sites: gpd.GeoDataFrame


def in_view(panel: Panel, name: str) -> gpd.GeoDataFrame | None:
    """The part of a layer that the panel shows; None where there is none."""
    frame: Any = panel.region.layers.frame(name)
    if frame is None or "geometry" not in frame:
        return None
    (west, east), (south, north) = panel.axes.get_xlim(), panel.axes.get_ylim()
    wide = 0.05 * (east - west)
    found = frame[frame.geometry.notna() & frame.geometry.is_valid]
    found = found.assign(geometry=shapely.clip_by_rect(found.geometry.to_numpy(), west - wide, south - wide, east + wide, north + wide))  # fmt: skip
    found = found[~found.geometry.is_empty]
    return found if len(found) else None


def planned(row: Any) -> bool:
    """Tell whether a line is stated not to be in service."""
    status = row.get("line_status")
    return isinstance(status, str) and status not in {"in_service", "unknown", ""}


def marker(status: str) -> Any:
    """Shape of a status, as matplotlib takes it."""
    corners = STATUS_SIGNS[status].corners
    return [*corners, corners[0]] if corners else "o"


def add_title(figure: Any, layout: Layout, ranking: Ranking) -> None:
    """Where, how much, by when, as of when."""
    regions = ranking.regions
    asked = {f"{r.request.mw:,.6g} MW by {r.request.need_by}, as of {r.request.as_of}, cooling {r.request.cooling}" for r in regions}  # fmt: skip
    words = asked.pop() if len(asked) == 1 else "each region by its own request"
    whose = f", weights: {ranking.settings.whose}" if ranking.settings.profile else ""
    title = textwrap.shorten(", ".join(region.table.title for region in regions), round(8 * layout.page[0]), placeholder=" …")  # fmt: skip
    left, height = layout.maps[0], layout.page[1]
    figure.text(left, 1 - 0.18 / height, title, fontsize=14, weight="bold", va="top", color=INK)
    figure.text(left, 1 - 0.47 / height, f"Candidate sites for {words}{whose}", fontsize=9, va="top", color=INK)  # fmt: skip


def add_legend(figure: Any, layout: Layout, panels: list[Panel], colours: Any) -> None:
    """Statuses, the scale of the score, lines and nodes that are drawn, and what to mind."""
    first, bar, signs = layout.legend
    end = _legend_box(figure, _statuses(panels, colours), "sites, by status", first)
    top = _top(bar, end)
    _colour_bar(figure, colours, (bar[0] + 0.006, top - 0.026, layout.wide, 0.13 / layout.page[1]))
    handles = _signs(panels)
    if handles:
        end = _legend_box(figure, handles, "grid and outlines", (signs[0], _top(signs, top)))
    # under the legend on a page across, under the scale of colours on one that is upright
    left, below = (signs[0], end - 0.02) if bar[1] < 0 else (bar[0], top - 0.05)
    figure.text(left + 0.006, below, textwrap.fill(_NOTES, 46), fontsize=6.5, va="top", color=INK)


def _top(corner: tuple[float, float], end: float) -> float:
    return corner[1] if corner[1] >= 0 else end + corner[1]


def _statuses(panels: list[Panel], colours: Any) -> list[Any]:
    from matplotlib.lines import Line2D

    seen = [str(status) for panel in panels for status in panel.sites["status"]]
    middle = colours.to_rgba(np.mean(colours.get_clim()))
    return [
        Line2D([], [], linestyle="", marker=marker(status), markersize=7.5, markerfacecolor="white" if status == "unranked" else middle,
               markeredgecolor=INK, label=f"{sign.title} ({seen.count(status)})")
        for status, sign in STATUS_SIGNS.items() if status in seen
    ]  # fmt: skip


def _signs(panels: list[Panel]) -> list[Any]:
    from matplotlib.lines import Line2D

    drawn = [frame for panel in panels if (frame := in_view(panel, "transmission_lines")) is not None]  # fmt: skip
    used = {voltage_sign(float(kv)).title for frame in drawn for kv in voltages(frame)}
    handles = [Line2D([], [], color=sign.colour, linewidth=sign.width, label=sign.title) for sign in (*VOLTAGE_SIGNS, UNKNOWN_VOLTAGE) if sign.title in used]  # fmt: skip
    if any(planned(row) for frame in drawn for row in frame.to_dict("records")):
        handles.append(Line2D([], [], color="#777777", linewidth=1.5, linestyle=BROKEN, label="not in service (planned or idle)"))  # fmt: skip
    if any(in_view(panel, "points_of_interconnection") is not None for panel in panels):
        handles.append(Line2D([], [], linestyle="", marker="o", markersize=4, markerfacecolor="white", markeredgecolor=INK, label="point of interconnection"))  # fmt: skip
    if any(in_view(panel, "jurisdictions") is not None for panel in panels):
        handles.append(Line2D([], [], color=BORDER, linewidth=0.9, label="outline of an authority"))
    return handles


def _legend_box(figure: Any, handles: list[Any], title: str, corner: tuple[float, float]) -> float:
    """A legend below and right of a corner; returns the height at which it ends."""
    box = figure.legend(handles=handles, title=title, loc="upper left", bbox_to_anchor=corner, frameon=False, fontsize=7.5,
                        title_fontsize=8, alignment="left", labelspacing=0.65, borderaxespad=0.0, handlelength=2.2)  # fmt: skip
    figure.draw_without_rendering()
    height: float = box.get_window_extent().height / figure.bbox.height
    return corner[1] - height


def _colour_bar(figure: Any, colours: Any, box: tuple[float, float, float, float]) -> None:
    bar = figure.colorbar(colours, cax=figure.add_axes(box), orientation="horizontal")
    bar.ax.set_title("score", fontsize=8, loc="left", pad=3)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_linewidth(0.5)


def fitted(layout: Layout, ranking: Ranking) -> Layout:
    """The layout with its maps raised until the sources have room below."""
    left, top, characters, room = layout.credits
    lines = len(_wrapped(ranking, characters))
    up = min(max(lines - room, 0) * _POINTS * _LEADING / 72 / layout.page[1], _MOST)
    x, y, width, height = layout.maps
    first, bar, signs = ((at, corner + up if 0 <= corner < y else corner) for at, corner in layout.legend)  # fmt: skip
    return Layout(layout.page, (x, y + up, width, height - up), (first, bar, signs), layout.wide, (left, top + up, characters, max(lines, room)))  # fmt: skip


def _wrapped(ranking: Ranking, characters: int) -> list[str]:
    return [part for text in credit_lines(ranking) for part in textwrap.wrap(text, characters, subsequent_indent="    ")]  # fmt: skip


def add_credits(figure: Any, layout: Layout, ranking: Ranking) -> None:
    """Whose data is drawn, and under which licence."""
    left, top, characters, _ = layout.credits
    lines = _wrapped(ranking, characters)
    room = top * layout.page[1] * 72 / (_POINTS * _LEADING)
    size = _POINTS * min(1.0, room / max(len(lines), 1))
    figure.text(left, top, "\n".join(lines), fontsize=size, va="top", color=INK, linespacing=_LEADING)  # fmt: skip


def credit_lines(ranking: Ranking) -> Iterable[str]:
    """Source, licence, attribution and date of every layer that a map draws; equal ones once."""
    told: dict[str, list[str]] = {}
    for region in ranking.regions:
        where = f"{region.name}, " if len(ranking.regions) > 1 else ""
        for name in _DRAWN:
            layer = region.layers.get(name)
            if layer is None:
                continue
            parts = (layer.title or f"source {UNKNOWN}", "; ".join(layer.licenses) or f"licence {UNKNOWN}", layer.attribution.rstrip("."))  # fmt: skip
            words = ", ".join(part for part in parts if part)
            told.setdefault(words, []).append(f"{name.replace('_', ' ')} ({where}{layer.as_of or UNKNOWN})")  # fmt: skip
    for words, names in told.items():
        yield f"{', '.join(names)}: {words}"
