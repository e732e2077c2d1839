"""Joins: which authority, state and water system a site belongs to."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.region.findings import Findings
from powerwall.region.layers import Layers

#: The most local authority decides; a county holds what no town holds.
LOCALITY = {
    "country": 0,
    "state": 1,
    "county": 2,
    "local_authority": 3,
    "city": 3,
    "town": 3,
    "village": 3,
    "township": 3,
}


def join_sites(sites: gpd.GeoDataFrame, layers: Layers, findings: Findings) -> gpd.GeoDataFrame:
    """Sites with `jurisdiction_id`, `jurisdiction_candidates`, `state` and `water_area_id` filled.

    A value of the site's own column stands; otherwise the outline it lies in decides. Within the
    accuracy of an edge, or inside several outlines of one rank, the value stays unknown.
    """
    joined = sites.copy()
    joined["jurisdiction_candidates"] = pd.Series(
        [()] * len(sites), index=sites.index, dtype=object
    )
    joined["state"] = pd.Series([None] * len(sites), index=sites.index, dtype=object)
    outlines = layers.frame("jurisdictions")
    if isinstance(outlines, gpd.GeoDataFrame) and len(sites):
        _join_jurisdictions(joined, outlines, findings)
    _join_water(joined, layers.frame("water_systems"), findings)
    _join_territories(joined, layers.frame("tariff_territories"), findings)
    return joined


def _join_territories(
    sites: gpd.GeoDataFrame, territories: pd.DataFrame | None, findings: Findings
) -> None:
    """`tariff_stack` where it is certain, and `tariff_stack_candidates`, all that may serve."""
    if "tariff_stack" not in sites:
        sites["tariff_stack"] = pd.Series([None] * len(sites), index=sites.index, dtype=object)
    certain = sites["tariff_stack"].copy()
    maybe: dict[str, tuple[str, ...]] = {}
    if isinstance(territories, gpd.GeoDataFrame) and len(sites):
        pairs = touching(sites[certain.isna()], territories, "tariff_stack")
        pairs["site"] = sites.index[certain.isna().to_numpy()].to_numpy()[pairs["point"]]
        each = pairs.groupby("site").agg(name=("id", "first"), names=("id", "nunique"), sure=("sure", "any"))  # fmt: skip
        known = (each["names"] == 1) & each["sure"]
        certain.loc[each.index[known]] = each["name"][known]
        open_ = pairs[pairs["site"].isin(each.index[~known])]
        maybe = {str(site): tuple(sorted(set(names))) for site, names in open_.groupby("site")["id"]}  # fmt: skip
        if maybe:
            told = [f"{site} ({' or '.join(names)})" for site, names in maybe.items()]
            findings.add("PW515", f"{len(told)} of {len(sites)} sites lie in several tariff territories or at an edge: {', '.join(told[:3])}"
                         + (f" and {len(told) - 3} more" if len(told) > 3 else ""), severity="warning",
                         remedy="give them a tariff_stack, or mend the outlines")  # fmt: skip
    sites["tariff_stack"] = certain
    candidates = [
        (name,) if isinstance(name, str) else maybe.get(str(site), ())
        for site, name in certain.items()
    ]
    sites["tariff_stack_candidates"] = pd.Series(candidates, index=sites.index, dtype=object)


def _join_jurisdictions(
    sites: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, findings: Findings
) -> None:
    own = sites["jurisdiction_id"].notna()
    found, candidates = locate(sites, outlines)
    sites["jurisdiction_candidates"] = [
        (mine,) if known else maybe
        for mine, known, maybe in zip(sites["jurisdiction_id"], own, candidates, strict=True)
    ]
    sites["jurisdiction_id"] = sites["jurisdiction_id"].where(own, found)
    lost = sites.index[sites["jurisdiction_id"].isna()]
    if len(lost):
        findings.add(
            "PW501", f"{len(lost)} of {len(sites)} sites have no certain jurisdiction: {', '.join(lost[:3])}"
            + (f" and {len(lost) - 3} more" if len(lost) > 3 else ""),
            severity="warning", remedy="give them a jurisdiction_id, or load real boundaries",
        )  # fmt: skip
    if "state" in outlines:
        named = outlines.dropna(subset="jurisdiction_id").drop_duplicates("jurisdiction_id")
        by_id = named.set_index("jurisdiction_id")["state"]
        states = set(by_id.dropna())
        # outlines of one state only: the whole region lies in it
        everywhere = states.pop() if len(states) == 1 else None
        sites["state"] = (
            sites["jurisdiction_id"]
            .map(by_id)
            .where(sites["jurisdiction_id"].isin(by_id.index), None)
        )
        sites["state"] = sites["state"].where(sites["state"].notna(), everywhere)


def locate(
    points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame
) -> tuple[pd.Series, list[tuple[str, ...]]]:
    """Most local outline that certainly holds each point, and all that may.

    The slack at an edge is the accuracy of the outline plus that of the point.
    """
    pairs = _ranked(points, outlines)
    candidates: list[tuple[str, ...]] = [()] * len(points)
    for point, names in pairs.groupby("point")["id"]:
        candidates[int(str(point))] = tuple(sorted(names))
    return _certain(pairs, points), candidates


def authority_of(points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> pd.Series:
    """Most local outline that certainly holds each point; as `locate`, for many points."""
    return _certain(_ranked(points, outlines), points)


def _ranked(points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> pd.DataFrame:
    pairs = touching(points, outlines, "jurisdiction_id")
    pairs["rank"] = outlines["kind"].map(LOCALITY).fillna(3).to_numpy()[pairs["outline"]]
    return pairs


def _certain(pairs: pd.DataFrame, points: gpd.GeoDataFrame) -> pd.Series:
    """The one outline of the most local rank, where it is certain."""
    top = pairs[pairs["rank"] == pairs.groupby("point")["rank"].transform("max")]
    alone = top[~top["point"].duplicated(keep=False) & top["sure"]]
    found = np.full(len(points), None, dtype=object)
    found[alone["point"].to_numpy()] = alone["id"].to_numpy()
    return pd.Series(found, index=points.index, dtype=object)


def touching(points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, key: str) -> pd.DataFrame:
    """Outlines that hold a point, or may, given the accuracy of the edge and of the point.

    `point` and `outline` count rows, `id` is the outline's key, and `sure` tells that the point lies
    inside by more than that accuracy.
    """
    accuracy = _metres(outlines, "outline_accuracy_m")
    slack = _metres(points, "location_accuracy_m")
    reach = accuracy.max(initial=0.0) + slack
    tree = shapely.STRtree(outlines.geometry.to_numpy())
    geometry = points.geometry.to_numpy()
    at, which = tree.query(geometry, predicate="dwithin", distance=reach)
    shapes = outlines.geometry.to_numpy()[which]
    inside = shapely.intersects(shapes, geometry[at])
    edge = shapely.distance(shapely.boundary(shapes), geometry[at])
    limit = accuracy[which] + slack[at]
    possible = inside | (edge <= limit)
    pairs = pd.DataFrame({
        "point": at, "outline": which, "id": outlines[key].to_numpy()[which], "sure": inside & (edge > limit),
    })  # fmt: skip
    return pairs[possible].dropna(subset=["id"])


def _metres(frame: pd.DataFrame, column: str) -> np.ndarray:
    return frame[column].fillna(0.0).to_numpy() if column in frame else np.zeros(len(frame))


def _join_water(sites: gpd.GeoDataFrame, water: pd.DataFrame | None, findings: Findings) -> None:
    """Own column, else the system that lists the site, else the outline, else the state's row."""
    if "water_area_id" not in sites:
        sites["water_area_id"] = pd.Series([None] * len(sites), index=sites.index, dtype=object)
    if water is None:
        return
    listed: dict[str, str | None] = {}
    if "site_ids" in water:
        for area, text in zip(water["water_area_id"], water["site_ids"], strict=True):
            for site_id in split_ids(text):
                if site_id in listed:
                    findings.add("PW409", f"water_systems: {site_id} is listed by {listed[site_id]} and by {area}: unknown",
                                 severity="warning", remedy="list it once")  # fmt: skip
                listed[site_id] = None if site_id in listed else area
    found = pd.Series(sites.index.map(listed), index=sites.index, dtype=object)
    if isinstance(water, gpd.GeoDataFrame) and water.geometry.notna().any():
        outlines = water.loc[water.geometry.notna(), ["water_area_id", "geometry"]]
        hits = gpd.sjoin(sites[["geometry"]], outlines, predicate="within")
        alone = hits[~hits.index.duplicated(keep=False)]["water_area_id"]
        found = found.where(found.notna(), alone.reindex(sites.index))
    if "jurisdiction_id" in water:
        state_rows = water[water["jurisdiction_id"].notna()].set_index("jurisdiction_id")[
            "water_area_id"
        ]
        by_state = {str(area).rsplit("-", 1)[-1].upper(): row for area, row in state_rows.items()}
        found = found.where(found.notna(), sites["state"].map(by_state))
    sites["water_area_id"] = sites["water_area_id"].where(sites["water_area_id"].notna(), found)


def split_ids(text: object) -> list[str]:
    """Ids of a `;` separated cell; none for an empty one."""
    return (
        [part.strip() for part in text.split(";") if part.strip()] if isinstance(text, str) else []
    )
