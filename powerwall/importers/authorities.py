"""Authorities: which jurisdiction of a region a row of a public table speaks of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from powerwall.criteria.cost import STATES
from powerwall.criteria.criterion import Parameter
from powerwall.importers.words import slug

if TYPE_CHECKING:
    from powerwall.region.read import Region

#: Kinds that a source may call by either word.
_KINDS = {"parish": "county", "borough": "town", "charter township": "township"}
_FILL = re.compile(r"\b(city|town|village|township|twp|county|parish|borough|charter|of|council)\b", re.IGNORECASE)  # fmt: skip
REACH_M = Parameter(
    10_000,
    "m",
    5_000,
    20_000,
    "assumed: a centroid farther than this from an outline is another place of that name",
)


class Authorities:
    """The jurisdictions of a region; without a region every row keeps an id made of its name."""

    def __init__(self, region: Region | None) -> None:
        frame = None if region is None else region.layers.frame("jurisdictions")
        self.known = frame is not None
        self._rows: list[dict[str, Any]] = [] if frame is None else frame.to_dict("records")
        self._crs = frame.crs if isinstance(frame, gpd.GeoDataFrame) else None

    @property
    def why_not(self) -> str:
        """Why a row has no authority."""
        return "no such authority in the region" if self.known else "names no authority"

    def find(self, name: str, kind: str, state: str, lon: float, lat: float) -> str:
        """Id of an authority by name, kind, state and position; empty where none or several fit."""
        if not self.known:
            return made_up_id(name, kind, state)
        wanted, word = plain_name(name), _KINDS.get(kind.lower(), kind.lower())
        hits = [
            row for row in self._rows
            if plain_name(str(row["name"])) == wanted and str(row.get("state") or state) == state and _same(word, str(row["kind"]))
        ]  # fmt: skip
        near = [row for row in hits if self._near(row, lon, lat)]
        return str(near[0]["jurisdiction_id"]) if len(near) == 1 else ""

    def by_fips(self, fips: str, state: str, county: str) -> str:
        """Id of a county by its FIPS code, else by its name."""
        if not self.known:
            return made_up_id(county, "County", state) or (
                f"us-fips-{fips.zfill(5)}" if fips else ""
            )
        hits = [
            row for row in self._rows
            if row["kind"] == "county" and str(row.get("county_fips") or "").zfill(5) == fips.zfill(5)
        ] if fips else []  # fmt: skip
        if len(hits) == 1:
            return str(hits[0]["jurisdiction_id"])
        return self.find(county, "County", state, float("nan"), float("nan"))

    def _near(self, row: dict[str, Any], lon: float, lat: float) -> bool:
        outline = row.get("geometry")
        if pd.isna(lon) or pd.isna(lat) or outline is None or self._crs is None:
            return True
        point = gpd.GeoSeries([shapely.Point(lon, lat)], crs=CRS(4326)).to_crs(self._crs).iloc[0]
        return bool(outline.distance(point) <= REACH_M.value)


def made_up_id(name: str, kind: str, state: str) -> str:
    """`us-oh-jerome-township`: an id in the form of the bundled regions; empty without a name."""
    base = slug(re.sub(r"\(.*?\)", "", name))
    if not base or not state:
        return ""
    word = (
        ""
        if kind.lower() in {"city", "county", "town", "village"} or kind.lower() in base
        else f"-{slug(kind)}"
    )
    return f"us-{state.lower()}-{base.removesuffix('-county')}{word}"


def abbreviation(state: str) -> str:
    """`KS` for `Kansas`; what is no state of the United States stays as it is."""
    names = {name.lower(): letters for letters, name in STATES.items()}
    return names.get(state.strip().lower(), state.strip().upper())


def plain_name(name: str) -> str:
    """A name without what kind of place it is: `City of Sunbury` and `Sunbury` are one."""
    return " ".join(_FILL.sub(" ", re.sub(r"\(.*?\)", "", name)).lower().split())


def _same(wanted: str, kind: str) -> bool:
    towns = {"city", "town", "village"}
    return wanted in {kind, ""} or (wanted in towns and kind in towns)
