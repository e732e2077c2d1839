"""Forecasts: what powerwall said of each site, and the baselines that stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.ranking.rank import Ranking
from powerwall.region.dates import months_between, parse_span
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.geometry import nearest

HIGH_VOLTAGE = Parameter(
    100, "kV", 69, 138, "NERC, definition of the Bulk Electric System: 100 kV or higher"
)
GROUPS = Parameter(
    10, "1", 5, 20, "assumed: a column of at most so many different numbers or words forms groups"
)
_DIRECTIONS = {"high": 1.0, "low": -1.0}
_TRUTH = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class Forecast(NamedTuple):
    """What was said of each site; every part has shape (sites,), NaN where nothing is said.

    Attributes
    ----------
    name
        As printed.
    ours
        False for a baseline.
    order
        Higher is expected earlier and likelier; None where there is no order.
    odds
        Probability of power by the deadline; None without odds. [share]
    groups
        Codes of groups whose realised share stands in for odds, known only afterwards; −1 is none.
    p10_months, p50_months, p90_months
        Quantiles of the month of power; a date alone has the P50. [months]
    """

    name: str
    ours: bool
    order: np.ndarray | None = None
    odds: np.ndarray | None = None
    groups: np.ndarray | None = None
    p10_months: np.ndarray | None = None
    p50_months: np.ndarray | None = None
    p90_months: np.ndarray | None = None


def ours(ranking: Ranking, site_ids: pd.Index) -> list[Forecast]:
    """Score, odds and dates of a ranking; a site that is out stands below every other one."""
    frame = ranking.frame.loc[site_ids]
    score = frame["score"].astype(float).where(frame["status"] != "unranked").to_numpy()
    score = np.where(frame["status"] == "out", -1.0, score)
    months = ranking.measures["time_to_power_months"].loc[site_ids]
    p10, p50, p90 = (months[name].to_numpy(dtype=float) for name in ("low", "value", "high"))
    odds = ranking.measures["on_time_probability"]["value"].loc[site_ids].to_numpy(dtype=float)
    return [
        Forecast("score", ours=True, order=score),
        Forecast("P(on time)", ours=True, order=odds, odds=odds),
        Forecast("P50 date", ours=True, order=-p50, p10_months=p10, p50_months=p50, p90_months=p90),
    ]  # fmt: skip


def distances(ranking: Ranking, site_ids: pd.Index) -> list[Forecast]:
    """Distance to the node and to the nearest high-voltage line or node alone, where known."""
    region = ranking.regions[0]
    sites = region.sites.loc[site_ids]
    found = {}
    if "poi_distance_km" in ranking.measures:
        found["distance to its node"] = ranking.measures["poi_distance_km"]["value"].loc[site_ids].to_numpy(dtype=float)  # fmt: skip
    for name, layer in (("line", "transmission_lines"), ("node", "points_of_interconnection")):
        frame = region.layers.frame(layer)
        if not isinstance(frame, gpd.GeoDataFrame):
            continue
        if "voltage_kv" in frame:
            frame = frame[~(frame["voltage_kv"] < HIGH_VOLTAGE.value)]
        if len(frame):
            found[f"nearest high-voltage {name}"] = nearest(sites.geometry, frame.geometry)[1] / 1000  # fmt: skip
    # one distance for all orders nothing
    return [Forecast(name, ours=False, order=-km) for name, km in found.items() if len(np.unique(km[np.isfinite(km)])) > 1]  # fmt: skip


def of_columns(ranking: Ranking, site_ids: pd.Index, wanted: Sequence[str]) -> list[Forecast]:
    """Baselines from columns of the sites: `COLUMN`, or `COLUMN:low` where less is better.

    Numbers count from high to low, days from early to late, `yes` before `no`. A column that ends
    in `_probability` gives odds as it stands. Few different values, and days on or before the
    deadline, form groups, whose realised shares are the odds: known only afterwards, and so better
    than any forecast from that column could have been.

    Raises
    ------
    BadInput
        If there is no such column, or it holds neither numbers, days, nor `yes` and `no`.
    """
    region, findings = ranking.regions[0], Findings()
    found = []
    for text in wanted:
        name, _, direction = text.partition(":")
        known = [str(c) for c in region.sites if c != "geometry"]
        if name not in region.sites or name == "geometry":
            findings.add("PW603", f"--baseline {name}: the sites have no such column", remedy=did_you_mean(name, known))  # fmt: skip
            continue
        if direction not in {"", *_DIRECTIONS}:
            findings.add("PW603", f"--baseline {text}: `{direction}` is no direction", remedy="write :high or :low")  # fmt: skip
            continue
        made = _of_column(region.sites.loc[site_ids, name], name, direction, ranking)
        if made is None:
            findings.add("PW603", f"--baseline {name}: neither numbers, days, nor yes and no", remedy="name another column")  # fmt: skip
        else:
            found.append(made)
    findings.raise_errors()
    return found


def _of_column(column: pd.Series, name: str, direction: str, ranking: Ranking) -> Forecast | None:
    label = f"{name}:{direction}" if direction else name
    request = ranking.regions[0].request
    numbers = pd.to_numeric(column.map(lambda cell: _TRUTH.get(str(cell).lower(), cell)), errors="coerce").to_numpy(dtype=float)  # fmt: skip
    if np.isfinite(numbers).any():
        order = numbers * _DIRECTIONS[direction or "high"]
        if name.endswith("_probability"):
            return Forecast(label, ours=False, order=order, odds=np.clip(numbers, 0, 1))
        different = np.unique(numbers[np.isfinite(numbers)])
        few = len(different) <= GROUPS.value
        groups = np.where(np.isfinite(numbers), np.searchsorted(different, numbers), -1)
        return Forecast(label, ours=False, order=order, groups=groups if few else None)
    months = np.array([_months(cell, request.as_of) for cell in column], dtype=float)
    if not np.isfinite(months).any():
        return None
    groups = np.where(np.isfinite(months), months <= request.need_by_months, -1).astype(int)
    return Forecast(label, ours=False, order=months * _DIRECTIONS[direction or "low"], groups=groups, p50_months=months)  # fmt: skip


def _months(cell: object, as_of: date) -> float:
    """Months from a day to the last day a cell may mean; NaN where it is none."""
    try:
        return months_between(as_of, parse_span(str(cell)).last)
    except ValueError:
        return np.nan
