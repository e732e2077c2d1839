"""KMZ: a ranking for Google Earth and other globes, with the lines and nodes it leans on.

KML 2.2 (OGC 07-147r2) in a zip beside the icons it draws itself; nothing is fetched from the network. The same
ranking gives the same bytes.
"""

from __future__ import annotations

import html
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from powerwall.output.numbers import UNKNOWN, shown
from powerwall.output.signs import (
    STATUS_SIGNS,
    UNKNOWN_VOLTAGE,
    VOLTAGE_SIGNS,
    StatusSign,
    voltage_sign,
)
from powerwall.output.site_cells import Site, columns_of
from powerwall.output.table import captions, heading

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_PIXELS, _FINER = 48, 4  # side of an icon, and samples a side of each pixel
_EDGE = "#1A1A1A"
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
_NODE_ICON, _NODE_COLOUR = "node", "#F0E442"


def write_kmz(ranking: Ranking, path: Path) -> None:
    """Write a ranking as KMZ."""
    parts = {"doc.kml": kml_text(ranking).encode()}
    parts |= {f"icons/{status}.png": _icon(sign) for status, sign in STATUS_SIGNS.items()}
    square = StatusSign("", _NODE_COLOUR, STATUS_SIGNS["reference"].corners)
    parts[f"icons/{_NODE_ICON}.png"] = _icon(square)
    with zipfile.ZipFile(path, "w") as to:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3  # fmt: skip
            to.writestr(entry, content)


def kml_text(ranking: Ranking) -> str:
    """The document: sites by status, then nodes and lines of each region."""
    root = ET.Element("kml", xmlns=_NAMESPACE)
    document = ET.SubElement(root, "Document")
    _add(document, "name", ", ".join(region.table.title for region in ranking.regions))
    _add(document, "open", "1")
    _add(document, "description", _about(ranking))
    _add_styles(document)
    for status, sign in STATUS_SIGNS.items():
        rows = ranking.frame[ranking.frame["status"] == status]
        if len(rows):
            folder = _folder(document, f"{sign.title} ({len(rows)})", opened=status == "ranked")
            for site_id in rows.index:
                _add_site(folder, ranking, str(site_id))
    for region in ranking.regions:
        _add_nodes(document, region)
        _add_lines(document, region)
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """A child with text that XML can hold."""
    child = ET.SubElement(parent, tag, attributes)
    if text:
        child.text = _ILLEGAL.sub("", text)
    return child


def _folder(parent: ET.Element, name: str, *, opened: bool = False) -> ET.Element:
    folder = ET.SubElement(parent, "Folder")
    _add(folder, "name", name)
    _add(folder, "open", "1" if opened else "0")
    return folder


def _abgr(colour: str, alpha: int = 255) -> str:
    """`#rrggbb` in the order of KML: alpha, blue, green, red."""
    return f"{alpha:02x}{colour[5:7]}{colour[3:5]}{colour[1:3]}".lower()


def _add_styles(document: ET.Element) -> None:
    for status in STATUS_SIGNS:
        _add_icon_style(document, status, 1.0 if status == "ranked" else 0.8, 0.9)
    _add_icon_style(document, _NODE_ICON, 0.5, 0.0)
    for number, sign in enumerate((*VOLTAGE_SIGNS, UNKNOWN_VOLTAGE)):
        style = _add(document, "Style", id=f"line-{number}")
        line = _add(style, "LineStyle")
        _add(line, "color", _abgr(sign.colour))
        _add(line, "width", f"{sign.width + 0.5:g}")


def _add_icon_style(document: ET.Element, name: str, scale: float, label: float) -> None:
    style = _add(document, "Style", id=name)
    icon_style = _add(style, "IconStyle")
    _add(icon_style, "scale", f"{scale:g}")
    _add(_add(icon_style, "Icon"), "href", f"icons/{name}.png")
    _add(_add(style, "LabelStyle"), "scale", f"{label:g}")


def _about(ranking: Ranking) -> str:
    """What was asked, what the columns say, and whose data it is, in HTML."""
    lines = [heading(ranking), *captions(ranking, columns_of(ranking))]
    lines += [f"{UNKNOWN} is unknown, never zero; ≤ is an upper bound, never firm"]
    lines += [line for region in ranking.regions for line in _credits(region)]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _credits(region: Region) -> Iterable[str]:
    """Source and licence of what is drawn."""
    for name in ("sites", "points_of_interconnection", "transmission_lines"):
        if (layer := region.layers.get(name)) is not None:
            parts = (layer.title, "; ".join(layer.licenses), layer.attribution, f"as of {layer.as_of or UNKNOWN}")  # fmt: skip
            yield f"{name} of {region.name}: {', '.join(part for part in parts if part)}"


def _add_site(folder: ET.Element, ranking: Ranking, site_id: str) -> None:
    site = Site(ranking, site_id)
    row = site.row
    ranked = row["status"] == "ranked"
    mark = _add(folder, "Placemark")
    _add(mark, "name", f"{row['rank']} {row['name']}" if ranked else str(row["name"]))
    facts = [(column.header, column.cell(site)) for column in columns_of(ranking) if column.header != "site"]  # fmt: skip
    lead = [("site", f"{row['name']} ({site_id}), {row['region']}"), ("status", str(row["status"]))]
    reasons = [("why", reason) for reason in str(row["reasons"]).split("; ") if reason]
    _add(mark, "description", _table([*lead, *facts, *reasons]))
    _add(mark, "styleUrl", f"#{row['status']}")
    data = _add(mark, "ExtendedData")
    score = {key: f"{row[key]:.2f}" for key in ("score", "score_low", "score_high")}
    for key, value in {"site_id": site_id, "rank": str(row["rank"]) if ranked else "", "status": str(row["status"]), **score}.items():  # fmt: skip
        _add(_add(data, "Data", name=key), "value", value)
    _add(_add(mark, "Point"), "coordinates", _at(row.geometry.x, row.geometry.y))


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Rows of name and value in HTML."""
    cells = (f"<tr><th align='left' valign='top'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows)  # fmt: skip
    return f"<table>{''.join(cells)}</table>"


def _at(lon: float, lat: float) -> str:
    """Longitude, latitude."""
    return f"{lon:.6f},{lat:.6f}"


def _degrees(region: Region, name: str) -> gpd.GeoDataFrame | None:
    """A layer in degrees; None where the region has none."""
    frame: Any = region.layers.frame(name)
    if frame is None or "geometry" not in frame:
        return None
    found = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    return found.to_crs("EPSG:4326") if len(found) else None


def _add_nodes(document: ET.Element, region: Region) -> None:
    frame = _degrees(region, "points_of_interconnection")
    if frame is None:
        return
    folder = _folder(document, f"points of interconnection, {region.name} ({len(frame)})")
    for row in frame.sort_values("poi_id", kind="stable").to_dict("records"):
        mark = _add(folder, "Placemark")
        _add(mark, "name", _word(row, "name") or str(row["poi_id"]))
        keys = ("poi_id", "kind", "voltage_kv", "reinforcement_status", "expected_date", "source_title", "as_of", "status")  # fmt: skip
        _add(mark, "description", _table((key, _word(row, key) or UNKNOWN) for key in keys))
        _add(mark, "styleUrl", f"#{_NODE_ICON}")
        point = row["geometry"].centroid
        _add(_add(mark, "Point"), "coordinates", _at(point.x, point.y))


def _add_lines(document: ET.Element, region: Region) -> None:
    frame = _degrees(region, "transmission_lines")
    if frame is None:
        return
    folder = _folder(document, f"transmission lines, {region.name} ({len(frame)})")
    signs = (*VOLTAGE_SIGNS, UNKNOWN_VOLTAGE)
    kv = voltages(frame)
    order = np.argsort(frame["line_id"].astype(str).to_numpy(), kind="stable")
    for at in order:
        row = frame.iloc[int(at)]
        sign = voltage_sign(float(kv[at]))
        mark = _add(folder, "Placemark")
        _add(mark, "name", _word(row, "name") or str(row["line_id"]))
        keys = ("line_id", "voltage_kv_nominal", "line_status", "expected_date", "source_title", "as_of", "status")  # fmt: skip
        _add(mark, "description", _table((key, _word(row, key) or UNKNOWN) for key in keys))
        _add(mark, "styleUrl", f"#line-{signs.index(sign)}")
        several = _add(mark, "MultiGeometry")
        for part in shapely.get_parts(row.geometry):
            line = _add(several, "LineString")
            _add(line, "tessellate", "1")
            _add(line, "coordinates", " ".join(_at(x, y) for x, y in shapely.get_coordinates(part)))  # fmt: skip


def voltages(frame: pd.DataFrame) -> np.ndarray:
    """Nominal voltage of each line; NaN is unknown. [kV]"""
    if "voltage_kv_nominal" not in frame:
        return np.full(len(frame), np.nan)
    return frame["voltage_kv_nominal"].to_numpy(dtype=float)


def _word(row: Any, key: str) -> str:
    """A cell as text; empty where it is unknown."""
    value = row.get(key)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return shown(value) if isinstance(value, float) else str(value)


def _icon(sign: StatusSign) -> bytes:
    """A PNG of the sign's shape in its colour, with a dark edge and soft outline."""
    side = _PIXELS * _FINER
    at = (np.arange(side) + 0.5) / side * 2.4 - 1.2
    x, y = np.meshgrid(at, -at)
    shape = shapely.Polygon(sign.corners) if sign.corners else shapely.Point(0, 0).buffer(1.0, 32)
    outer, inner = (shapely.contains_xy(one, x, y) for one in (shape, shape.buffer(-0.16)))
    edge, fill = (np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) for colour in (_EDGE, sign.colour))  # fmt: skip
    colour = np.where(inner[..., None], fill, edge)
    coverage = outer.astype(float)
    blocks = (_PIXELS, _FINER, _PIXELS, _FINER)
    alpha = coverage.reshape(blocks).mean(axis=(1, 3))
    summed = (colour * coverage[..., None]).reshape(*blocks, 3).mean(axis=(1, 3))
    rgb = np.where(alpha[..., None] > 0, summed / np.maximum(alpha, 1e-9)[..., None], 0)
    pixels = np.concatenate([rgb, 255 * alpha[..., None]], axis=-1).round().astype(np.uint8)
    return _png(pixels)


def _png(pixels: np.ndarray) -> bytes:
    """Pixels of shape (rows, columns, RGBA) as PNG (ISO/IEC 15948), without a date."""
    rows, columns, _ = pixels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )  # fmt: skip
