"""OSM elements: an Overpass answer (JSON or CSV) or GeoJSON made of one → tags and places.

An element is known by its type and its number together: node 1, way 1 and relation 1 are three.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from powerwall.importers.coordinates import ends, no_degrees
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.native import DEGREES, at_coordinates, in_degrees, read_features, sound
from powerwall.importers.sheets import read_sheets
from powerwall.region.findings import Findings

_TABLES, _JSON = {".csv", ".tsv", ".txt"}, {".json", ".geojson"}
_HEAD = 4096  # bytes in which an answer says what it is
_DAY = re.compile(r'"timestamp(?:_osm_base)?"\s*:\s*"(\d{4}-\d{2}-\d{2})')
_RING = 4  # points of the smallest closed way
_REFERENCE = r"^(node|way|relation)/?(\d+)$"


def read_elements(
    path: Path, tags: Collection[str], asked: Asked, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Elements with `osm_type`, `osm_id` and the tags that are wanted; None: see the findings."""
    if path.suffix.lower() in _TABLES:
        return _of_table(path, tags, tally, findings)
    if path.suffix.lower() in _JSON and path.is_file() and head(path).lstrip("\ufeff \r\n").startswith("{"):  # fmt: skip
        content = _json(path, findings)
        if content is None or "elements" in content:
            return None if content is None else _of_answer(content, tags, path, tally, findings)
        native = _features(content, path, asked, tally, findings)
    else:
        native = read_features(path, asked, tally, findings)
    return None if native is None else _of_features(native, tags, path, findings)


def head(path: Path) -> str:
    """What an answer says of itself before its elements."""
    with path.open("rb") as file:
        return file.read(_HEAD).decode("utf-8", errors="replace")


def day(path: Path) -> date | None:
    """Day of the data that an answer states."""
    before = re.split(r'"(?:features|elements)"', head(path))[0]
    found = _DAY.search(before)
    return date.fromisoformat(found[1]) if found else None


def _of_table(
    path: Path, tags: Collection[str], tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    found = read_sheets(path, ("@id", "@type", "@lat", "@lon"), tally, findings)
    if not found:
        return None
    frame = at_coordinates(found[0].frame, "@lon", "@lat", path, tally, findings)
    if frame is None:
        return None
    return _with_tags(frame.rename(columns={"@id": "osm_id", "@type": "osm_type"}), tags)


def _of_features(
    native: gpd.GeoDataFrame, tags: Collection[str], path: Path, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Features as osmtogeojson and Overpass turbo write them, their tags flat or in `tags`."""
    if native.empty:  # every row lost its place
        return _with_tags(native, tags)
    if "tags" in native:
        inside = pd.DataFrame([_tags(cell) for cell in native["tags"]], index=native.index)
        native = native[[name for name in native if name not in inside]].join(inside)
    reference = next((native[name] for name in ("@id", "id") if name in native and native[name].astype(str).str.match(_REFERENCE).any()), None)  # fmt: skip
    if reference is not None:
        parts = reference.astype("string").str.extract(_REFERENCE)
        native = native.assign(osm_type=parts[0], osm_id=parts[1])
    elif {"@type", "@id"} <= set(native):
        native = native.assign(osm_type=native["@type"], osm_id=native["@id"])
    elif {"type", "id"} <= set(native):
        native = native.assign(osm_type=native["type"], osm_id=native["id"])
    elif not {"osm_type", "osm_id"} <= set(native):
        findings.add("PW203", "no type and number of the elements", file=path, remedy="export them with their ids, as Overpass turbo does (`@id`: way/123)")  # fmt: skip
        return None
    return _with_tags(native, tags)


def _tags(cell: object) -> dict[str, str]:
    """Tags of a cell that holds them as JSON."""
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _json(path: Path, findings: Findings) -> dict[str, Any] | None:
    """Content of an answer or of GeoJSON; None where it is neither, or not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        findings.add("PW202", f"cannot be read: {str(error).splitlines()[0]}", file=path, remedy="is the download whole?")  # fmt: skip
        return None
    if isinstance(content, dict) and any(isinstance(content.get(name), list) for name in ("elements", "features")):  # fmt: skip
        return content
    findings.add("PW202", "holds neither `elements`, as Overpass answers, nor `features`, as GeoJSON does", file=path)  # fmt: skip
    return None


def _features(
    content: Mapping[str, Any], path: Path, asked: Asked, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    """Features of GeoJSON, in degrees where it names no system; drivers alter ids that stand twice."""
    rows = [feature for feature in content["features"] if isinstance(feature, dict)]
    shapes = [shapely.geometry.shape(row["geometry"]) if row.get("geometry") else None for row in rows]  # fmt: skip
    frame = gpd.GeoDataFrame(pd.DataFrame([{"id": row.get("id"), **(row.get("properties") or {})} for row in rows]), geometry=shapes, crs=_stated(content))  # fmt: skip
    return in_degrees(frame, path, asked, tally, findings)


def _stated(content: Mapping[str, Any]) -> CRS | str | None:
    """Coordinate system of GeoJSON: its `crs`, which older files have, else degrees."""
    if not content.get("crs"):
        return DEGREES
    try:
        return CRS.from_user_input(content["crs"]["properties"]["name"])
    except (CRSError, KeyError, TypeError):
        return None


def _of_answer(
    content: Mapping[str, Any], tags: Collection[str], path: Path, tally: Tally, findings: Findings
) -> gpd.GeoDataFrame | None:
    elements = [element for element in content["elements"] if isinstance(element, dict)]
    if remark := content.get("remark"):
        findings.add("PW202", f"the server stopped before the end: {remark}", severity="warning", file=path,
                     remedy="ask for a smaller area, or a longer timeout")  # fmt: skip
    tagged = [element for element in elements if element.get("tags")]
    tally.read += len(elements)
    if bare := len(elements) - len(tagged):
        tally.left_out["without tags: it only gives others their shape"] += bare
    corners = {item["id"]: (item["lon"], item["lat"]) for item in elements if item.get("type") == "node" and "lon" in item}  # fmt: skip
    shapes = [_shape(element, corners) for element in tagged]
    rows = [
        {"osm_type": element.get("type"), "osm_id": element.get("id"), **{tag: element["tags"].get(tag) for tag in tags}}
        for element in tagged
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=["osm_type", "osm_id", *tags]), geometry=shapes, crs=DEGREES)  # fmt: skip
    wrong, _ = no_degrees(ends(frame))
    if wrong:
        findings.add("PW304", wrong, file=path, remedy="Overpass answers in degrees: ask it again")
        return None
    return _with_tags(sound(frame, tally), tags)


def _shape(element: Mapping[str, Any], corners: Mapping[Any, tuple[float, float]]) -> Any:
    """Geometry of an element as far as the answer tells it; None where it does not."""
    if "lon" in element:
        return shapely.Point(element["lon"], element["lat"])
    track = [(at["lon"], at["lat"]) for at in element.get("geometry") or () if at]
    track = track or [corners[key] for key in element.get("nodes", ()) if key in corners]
    if len(track) > 1:
        closed = track[0] == track[-1] and len(track) >= _RING
        return shapely.Polygon(track) if closed else shapely.LineString(track)
    if (ring := _outline(element.get("members") or ())) is not None:
        return ring
    if center := element.get("center"):
        return shapely.Point(center["lon"], center["lat"])
    if box := element.get("bounds"):
        return shapely.box(box["minlon"], box["minlat"], box["maxlon"], box["maxlat"])
    return None


def _outline(members: Collection[Mapping[str, Any]]) -> Any:
    """What the outer ways of a relation enclose, or the ways where they enclose nothing."""
    tracks = [[(at["lon"], at["lat"]) for at in member.get("geometry") or () if at]
              for member in members if member.get("role", "") in {"outer", ""}]  # fmt: skip
    lines = [shapely.LineString(track) for track in tracks if len(track) > 1]
    if not lines:
        return None
    rings = shapely.polygonize(lines)
    return shapely.union_all(list(rings.geoms)) if len(rings.geoms) else shapely.MultiLineString(lines)  # fmt: skip


def _with_tags(frame: gpd.GeoDataFrame, tags: Collection[str]) -> gpd.GeoDataFrame:
    """Type, number and tags as text, a tag that none has as an empty column."""
    made = {name: frame[name].astype("string").str.strip().replace("", pd.NA) if name in frame else pd.NA for name in ("osm_type", "osm_id", *tags)}  # fmt: skip
    table = pd.DataFrame(made, index=frame.index)
    table["osm_id"] = table["osm_id"].str.removesuffix(".0")
    table["osm_type"] = table["osm_type"].where(table["osm_type"].isin(["node", "way", "relation"]))
    return gpd.GeoDataFrame(table, geometry=frame.geometry)
