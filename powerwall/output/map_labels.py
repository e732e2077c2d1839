"""Map labels: rank and name of the first sites, where they hide neither a site nor one another."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from powerwall.output.map_page import LAND, Panel, in_view

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = 10  # sites whose name is written; ranks stand on the marks
_NAME = 30  # characters of a line of a name
_RINGS = (11.0, 18.0, 27.0, 38.0, 52.0, 70.0, 92.0)  # distances tried, in points
_TURNS = 16
_AWAY = 14.0  # points from which on a thin line leads to the mark
_LEAST_SHARE = 0.02  # of a map that an authority fills before it is named
_MARK = 5.0  # half the side of a mark, in points
_PAD = 1.5  # kept free round a label, in points

Box = tuple[float, float, float, float]


def add_labels(panel: Panel, colours: Any) -> None:
    """Write the names of the first sites, the ranks of the others on their marks, and the authorities."""
    axes, sites = panel.axes, panel.sites
    axes.figure.draw_without_rendering()
    scale = axes.figure.dpi / 72  # pixels a point
    marks = axes.transData.transform(np.column_stack([sites.geometry.x, sites.geometry.y]))
    ranked = np.flatnonzero((sites["status"] == "ranked").to_numpy())
    names = sites["name"].astype(str).to_numpy()
    ranks = [0 if pd.isna(rank) else int(rank) for rank in sites["rank"]]
    view = axes.get_window_extent()
    inside = (view.x0 + 2, view.y0 + 2, view.x1 - 2, view.y1 - 2)
    taken = [*(_around(x, y, _MARK * scale) for x, y in marks), *_kept_free(view)]
    for at in ranked[: sum(0 < rank <= _NAMED for rank in ranks)]:
        text = _told(ranks[at], names[at])
        width, height = _size(axes, text, 7)
        offset = _free(marks[at], width, height, taken, inside, scale)
        _write(axes, text, marks[at], offset, scale)
        taken.append(_box(marks[at], offset, width, height))
    for place, at in enumerate(ranked):
        if not _hidden(marks, ranked[:place], int(at), scale):
            _write_rank(axes, str(ranks[at]), marks[at], _dark(colours, sites["score"].iloc[at]))
    _name_outlines(panel, taken, inside, scale)


def _kept_free(view: Any) -> Iterator[Box]:
    """Corners of the scale bar and of north."""
    yield view.x0, view.y0, view.x0 + 0.27 * view.width, view.y0 + 0.075 * view.height
    yield view.x1 - 0.05 * view.width, view.y1 - 0.09 * view.height, view.x1, view.y1


def _name_outlines(panel: Panel, taken: list[Box], inside: Box, scale: float) -> None:
    """Name of each authority that fills enough of the map, where it hides nothing."""
    outlines = in_view(panel, "jurisdictions")
    if outlines is None:
        return
    axes = panel.axes
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    frame = shapely.box(west, south, east, north)
    for row in outlines.sort_values("jurisdiction_id", kind="stable").to_dict("records"):
        seen = row["geometry"].intersection(frame)
        if seen.area < _LEAST_SHARE * frame.area:
            continue
        text = textwrap.fill(str(row["name"]), 22)
        width, height = _size(axes, text, 6.5)
        for point in _spots(seen):
            middle = axes.transData.transform(point)
            box = _grown(_box(middle, (0.0, 0.0), width, height), 2 * scale)
            if _outside(box, inside) < 1 and not any(_shared(box, other) for other in taken):
                axes.text(*point, text, ha="center", va="center", fontsize=6.5, style="italic", color="#6B7078", zorder=3.5, path_effects=halo(LAND, 1.5))  # fmt: skip
                taken.append(box)
                break


def _spots(outline: Any) -> list[tuple[float, float]]:
    """Places well inside an outline: the middle of its largest circle, then those round it."""
    circle = shapely.maximum_inscribed_circle(outline)
    (x, y), radius = circle.coords[0], circle.length
    turns = [2 * math.pi * turn / _TURNS for turn in range(_TURNS)]
    return [(x, y), *((x + share * radius * math.cos(turn), y + share * radius * math.sin(turn)) for share in (0.35, 0.65) for turn in turns)]  # fmt: skip


def _hidden(marks: np.ndarray, above: np.ndarray, at: int, scale: float) -> bool:
    """Tell whether a mark above covers the middle of this one."""
    gaps = np.hypot(*(marks[above] - marks[at]).T)
    return bool((gaps < 1.6 * _MARK * scale).any())


def _dark(colours: Any, score: float) -> bool:
    """Tell whether the colour of a score is dark (relative luminance of ITU-R BT.709)."""
    return float(np.dot(colours.to_rgba(score)[:3], (0.2126, 0.7152, 0.0722))) < 0.5


def _write_rank(axes: Any, rank: str, mark: np.ndarray, dark: bool) -> None:  # noqa: FBT001
    axes.annotate(rank, xy=_data(axes, mark), ha="center", va="center", fontsize=4.8, color="white" if dark else "#111111", zorder=8)  # fmt: skip


def _told(rank: int, name: str) -> str:
    """`1 Possum Point power station (retired …`: at most two lines, about as long as each other."""
    text = f"{rank} {name}"
    if len(text) <= _NAME:
        return text
    width = min(_NAME, len(text) // 2 + max(len(word) for word in text.split()) // 2 + 1)
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder=" …"))


def halo(colour: str, width: float) -> list[Any]:
    """A rim round a text, in points."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=colour)]


def _size(axes: Any, text: str, points: float) -> tuple[float, float]:
    """Width and height of a label. [pixels]"""
    probe = axes.text(0, 0, text, fontsize=points, linespacing=1.05, transform=None)
    box = probe.get_window_extent()
    probe.remove()
    return float(box.width), float(box.height)


def _around(x: float, y: float, half: float) -> Box:
    return x - half, y - half, x + half, y + half


def _box(mark: np.ndarray, offset: tuple[float, float], width: float, height: float) -> Box:
    x, y = mark[0] + offset[0], mark[1] + offset[1]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _free(
    mark: np.ndarray, width: float, height: float, taken: list[Box], inside: Box, scale: float
) -> tuple[float, float]:
    """Where the middle of a label lies from its mark: the nearest place that covers least. [pixels]"""
    best, least = (0.0, 0.0), math.inf
    for distance in _RINGS:
        for turn in range(_TURNS):
            angle = 2 * math.pi * turn / _TURNS
            dx, dy = math.cos(angle), math.sin(angle)
            # the edge of the label, and not its middle, lies at the distance
            offset = (dx * (distance * scale + width / 2), dy * (distance * scale + height / 2))
            box = _grown(_box(mark, offset, width, height), _PAD * scale)
            cost = sum(_shared(box, other) for other in taken) + 4 * _outside(box, inside)
            cost += _crossed(mark, offset, taken, scale)
            if cost < least - 1e-9:
                best, least = offset, cost
        if least < 1.0:
            break
    return best


def _crossed(mark: np.ndarray, offset: tuple[float, float], taken: list[Box], scale: float) -> float:  # fmt: skip
    """Area of the boxes that a line from the mark to its label would cross, its own aside."""
    if math.hypot(*offset) / scale <= _AWAY:
        return 0.0
    steps = np.linspace(0.15, 0.9, 16)[:, None]
    x, y = (mark + steps * np.asarray(offset)).T
    own = _MARK * scale
    crossed = [
        box for box in taken
        if ((x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])).any()
        and max(abs((box[0] + box[2]) / 2 - mark[0]), abs((box[1] + box[3]) / 2 - mark[1])) > own / 2
    ]  # fmt: skip
    return sum((box[2] - box[0]) * (box[3] - box[1]) for box in crossed) / 2


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _shared(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0


def _outside(box: Box, inside: Box) -> float:
    """Area of a box that is out of view."""
    return (box[2] - box[0]) * (box[3] - box[1]) - _shared(box, inside)


def _data(axes: Any, pixel: np.ndarray) -> tuple[float, float]:
    x, y = axes.transData.inverted().transform(pixel)
    return float(x), float(y)


def _write(axes: Any, text: str, mark: np.ndarray, offset: tuple[float, float], scale: float) -> None:  # fmt: skip
    far = math.hypot(*offset) / scale > _AWAY
    line = {"arrowstyle": "-", "color": "#1A1A1A", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 4} if far else None  # fmt: skip
    axes.annotate(
        text, xy=_data(axes, mark), xytext=(offset[0] / scale, offset[1] / scale), textcoords="offset points", ha="center", va="center",
        fontsize=7, linespacing=1.05, color="#111111", zorder=10, path_effects=halo("white", 2.2), arrowprops=line,
    )  # fmt: skip
