"""Map: the layers of a region and its sites as one Bokeh figure, without tiles and with the same ids each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from powerwall.output.report.layers import (
    Drawn,
    Extent,
    drawn_layers,
    extent_of,
    left_out,
)
from powerwall.output.signs import STATUS_SIGNS
from powerwall.output.site_cells import Site, first_power, score_cell
from powerwall.output.site_ids import local_id
from powerwall.ranking.rank import STATUSES

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

#: From a low score to a high one: light to dark in one hue family, as Cividis, told apart without colour vision.
RAMP = ("#f2e38b", "#d0be73", "#aea371", "#8b8a78", "#6b7079", "#47566f", "#20406f", "#00224e")
_MARKERS = {"ranked": "circle", "out": "inverted_triangle", "unranked": "diamond", "reference": "square"}  # fmt: skip
#: Statuses whose markers are coloured by score; the others have a colour of their own.
BY_SCORE = ("ranked", "reference")
_SIZES = {"ranked": 13, "out": 10, "unranked": 11, "reference": 9}
_PIXELS, _LETTER = (880, 540), 6.0  # of a map on a wide screen, and the width of a letter
_NUMBERED = 10  # ranks written beside their markers
_HOVER = '<div class="tip"><b>@label</b><br>@more</div>'


class Switch(NamedTuple):
    """A layer that a reader can turn on and off."""

    name: str
    title: str
    shown: bool


class Map(NamedTuple):
    """One map of a page.

    Attributes
    ----------
    number, region
        Which of the page, and whose.
    item
        JSON of the figure, for a script element.
    switches, notes
        Its layers, and what was simplified.
    statuses
        Statuses of its sites.
    low, high
        Scores at the ends of the ramp.
    """

    number: int
    region: str
    item: str
    switches: list[Switch]
    notes: list[str]
    statuses: list[str]
    low: float
    high: float


def ends(scores: Any) -> tuple[float, float]:
    """Tens between which all scores lie."""
    known = [float(score) for score in scores if score == score]  # noqa: PLR0124 — NaN differs from itself
    if not known:
        return 0.0, 100.0
    low, high = 10 * (min(known) // 10), 10 * -(-max(known) // 10)
    return low, high if high > low else low + 10


def colour(score: float, low: float, high: float) -> str:
    """Step of the ramp for a score; white where it is unknown."""
    if score != score:  # noqa: PLR0124 — NaN differs from itself
        return "#ffffff"
    return RAMP[min(int((score - low) / (high - low) * len(RAMP)), len(RAMP) - 1)]


def region_map(ranking: Ranking, region: Region, number: int) -> Map:
    """The map of one region of a ranking."""
    extent = extent_of(region)
    layers = drawn_layers(region, extent)
    low, high = ends(ranking.frame["score"])
    figure = empty_figure(extent)
    for layer in layers:
        draw_layer(figure, layer, extent)
    mine = ranking.frame.index[ranking.frame["region"] == region.name]
    draw_sites(figure, _sites(ranking, region, list(mine), (low, high)))
    statuses = [s for s in STATUSES if (ranking.frame["status"].loc[mine] == s).any()]
    notes = [f"{layer.name.replace('_', ' ')}: {layer.note}" for layer in layers if layer.note]
    notes += [f"{name.replace('_', ' ')}: a raster, not drawn" for name in left_out(region)]
    switches = [Switch(d.name, d.title, d.shown) for d in reversed(layers)]
    return Map(number, region.table.title, item_json(figure, f"map-{number}"), switches, notes, statuses, low, high)  # fmt: skip


def _sites(ranking: Ranking, region: Region, ids: list[str], scale: tuple[float, float]) -> dict[str, list[Any]]:  # fmt: skip
    """Columns of the markers, the best on top."""
    order = {site_id: number for number, site_id in enumerate(ranking.frame.index)}
    local = region.sites.geometry
    columns: dict[str, list[Any]] = {key: [] for key in ("x", "y", "number", "label", "more", "status", "colour", "rank")}  # fmt: skip
    for site_id in sorted(ids, key=lambda i: -order[i]):
        site = Site(ranking, site_id)
        own = local_id(region, site_id)
        status = str(site.row["status"])
        place = f"rank {site.row['rank']}" if status == "ranked" else STATUS_SIGNS[status].title
        told = [place, f"score {score_cell(site)}", f"first power {first_power(site)}"]
        rank = int(site.row["rank"]) if status == "ranked" else 0
        entry = {
            "x": round(float(local[own].x) / 1000, 3), "y": round(float(local[own].y) / 1000, 3), "number": order[site_id],
            "label": str(site.row["name"]), "more": ", ".join(told), "status": status,
            "colour": colour(float(site.row["score"]), *scale), "rank": str(rank) if 0 < rank <= _NUMBERED else "",
        }  # fmt: skip
        for key, value in entry.items():
            columns[key].append(value)
    return columns


def empty_figure(extent: Extent) -> Any:
    """A figure of an extent in km, with the tools of a map and a scale bar."""
    import bokeh.models
    from bokeh.plotting import figure

    models: Any = bokeh.models  # its own types are stricter than what it takes
    made: Any = figure(
        x_range=models.Range1d(extent.west, extent.east), y_range=models.Range1d(extent.south, extent.north), height=560,
        sizing_mode="stretch_width", toolbar_location=None, tools=[], outline_line_color="#9aa5b1", name="map", min_border=2,
        background_fill_color="#fbfaf7", tags=list(extent),
    )  # fmt: skip
    made.axis.visible = False
    made.grid.visible = False
    box = models.BoxZoomTool(match_aspect=True, name="box")
    pan = models.PanTool(name="pan")
    wheel = models.WheelZoomTool(modifiers={"ctrl": True}, name="wheel")
    made.add_tools(pan, box, wheel, models.TapTool(name="tap"))
    made.toolbar.active_drag = pan
    made.toolbar.active_scroll = wheel
    made.add_layout(models.ScaleBar(
        range=made.x_range, unit="km", dimensional=models.MetricLength(include=["m", "km"]), location="bottom_left", background_fill_alpha=0.85, border_line_color=None, length_sizing="adaptive",
        bar_length=0.2, label_text_font_size="12px", margin=8, padding=6,
    ))  # fmt: skip
    return made


def draw_layer(figure: Any, layer: Drawn, extent: Extent) -> None:
    """One layer; its renderer has its name."""
    from bokeh.models import ColumnDataSource, HoverTool

    source = ColumnDataSource({key: [_plain(v) for v in value] if key in {"label", "more"} else value for key, value in layer.columns.items()})  # fmt: skip
    common = {"source": source, "name": layer.name, "visible": layer.shown, "level": "underlay" if layer.kind == "area" else "glyph"}  # fmt: skip
    if layer.kind == "area":
        made = figure.multi_polygons("xs", "ys", fill_color="#8fb3c9", fill_alpha=0.08, line_color="#74828f", line_dash=[5, 3], line_width=1, **common)  # fmt: skip
        source.data["written"] = _written(source.data, extent)
        figure.text("at_x", "at_y", text="written", text_font_size="11px", text_color="#5b6672", text_align="center", **common)  # fmt: skip
    elif layer.kind == "line":
        made = figure.multi_line("xs", "ys", line_color="colour", line_width="width", **common)
    elif layer.name == "points_of_interconnection":
        made = figure.scatter("x", "y", marker="square", size=6, fill_color="#ffffff", line_color="#7a1b2e", **common)  # fmt: skip
    else:
        made = figure.scatter("x", "y", marker="cross", size=7, line_color="#5a2d82", **common)
    _never_dimmed(made)
    if layer.kind != "area":
        figure.add_tools(HoverTool(renderers=[made], tooltips=_HOVER, point_policy="follow_mouse"))


def _written(columns: Any, extent: Extent) -> list[str]:
    """Names of areas where there is room for them, those of the largest first."""
    pixel = max(
        (extent.east - extent.west) / _PIXELS[0], (extent.north - extent.south) / _PIXELS[1]
    )
    spans = [max(max(ring) for part in xs for ring in part) - min(min(ring) for part in xs for ring in part) if xs else 0.0 for xs in columns["xs"]]  # fmt: skip
    taken: list[tuple[float, float, float]] = []
    written = [""] * len(spans)
    for at in sorted(range(len(spans)), key=lambda n: (-spans[n], n)):
        label, x, y = columns["label"][at], columns["at_x"][at], columns["at_y"][at]
        half, high = len(label) * _LETTER * pixel / 2, 2 * _LETTER * pixel
        if all(abs(x - other) > half + reach or abs(y - level) > high for other, level, reach in taken):  # fmt: skip
            taken.append((x, y, half))
            written[at] = label
    return written


def draw_sites(figure: Any, columns: dict[str, list[Any]]) -> None:
    """Markers by status, which share one source: what is selected there is highlighted."""
    from bokeh.models import CDSView, ColumnDataSource, GroupFilter, HoverTool

    told = {key: [_plain(v) for v in value] if key in {"label", "more"} else value for key, value in columns.items()}  # fmt: skip
    source = ColumnDataSource(told, name="sites")
    made = []
    for status in reversed(STATUSES):
        view = CDSView(filter=GroupFilter(column_name="status", group=status))
        each = figure.scatter(
            "x", "y", source=source, view=view, marker=_MARKERS[status], size=_SIZES[status], fill_color="colour", line_color="#1b1f24",
            line_width=1, name=f"status-{status}", level="glyph",
        )  # fmt: skip
        if status not in BY_SCORE:
            each.glyph.update(fill_color=STATUS_SIGNS[status].colour)
        _never_dimmed(each)
        chosen = each.glyph.clone()
        chosen.update(line_color="#c2006b", line_width=4, size=_SIZES[status] + 9)
        each.selection_glyph = chosen
        made.append(each)
    figure.text(
        "x", "y", text="rank", source=source, x_offset=9, y_offset=-5, text_font_size="12px", text_font_style="bold", text_color="#1b1f24",
        name="status-ranked", level="glyph", nonselection_text_alpha=1.0,
    )  # fmt: skip
    figure.add_tools(HoverTool(renderers=made, tooltips=_HOVER))
    figure.select_one({"name": "tap"}).renderers = made


def draw_picture(figure: Any, uri: str, extent: Extent) -> None:
    """A picture under everything else."""
    figure.image_url([uri], x=extent.west, y=extent.south, w=extent.east - extent.west, h=extent.north - extent.south, anchor="bottom_left", name="scores", level="image")  # fmt: skip


def _never_dimmed(renderer: Any) -> None:
    renderer.nonselection_glyph = None
    renderer.muted_glyph = None


def _plain(words: str) -> str:
    r"""Words that no renderer takes for a formula: `$$…$$` and `\(…\)` would be looked up in a library."""
    return words.replace("\\", "/").replace("$$", "$ $")


def item_json(figure: Any, target: str) -> str:
    """The figure as JSON that may stand in a script element."""
    from bokeh.embed import json_item

    made: Any = json_item(figure, target)  # type: ignore[arg-type]
    return script_json(_renumbered(made))


def script_json(content: Any) -> str:
    """JSON in which nothing can end or open an element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _renumbered(item: dict[str, Any]) -> dict[str, Any]:
    """The item with ids that depend on their order alone, not on what a process made before."""
    numbers: dict[str, str] = {}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        made = {key: walk(value) for key, value in node.items() if key != "id"}
        if "id" in node:
            number = numbers.setdefault(node["id"], f"m{len(numbers) + 1}")
            return {"id": number, **made}
        return made

    document = walk(item["doc"])
    return {"target_id": item["target_id"], "root_id": numbers[item["root_id"]], "doc": document}


def bokeh_script() -> str:
    """BokehJS, the core alone, to stand inside a page."""
    from bokeh.resources import Resources

    scripts: list[str] = Resources(mode="inline", components=["bokeh"], minified=True, log_level="warn").js_raw  # fmt: skip
    return "\n".join(scripts).replace("</script", "<\\/script")
