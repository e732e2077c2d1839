"""Basins: scores, categories and sentinels of Aqueduct 4.0, and what they make of a volume of water.

Kuzma et al. 2023, Aqueduct 4.0, World Resources Institute, doi 10.46830/writn.23.00061 (CC BY 4.0);
formulas and sentinels as in the publisher's scripts and data dictionary, github.com/wri/Aqueduct40.
A screening prior of a global model: what a local provider says of its supply stands above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from powerwall.region.findings import Findings
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

#: Citation of every score that is Aqueduct's, whatever else the row of a provider cites.
AQUEDUCT = "WRI Aqueduct 4.0, baseline water stress (Kuzma et al. 2023)"
AQUEDUCT_YEAR = "2023"
LAYER = "basins"
SYSTEMS = "water_systems"
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))
#: Prefixes of the columns of water stress: the year, then its months.
PERIODS = ("bws", *(f"bws_{month}" for month in MONTHS))
PARTS = ("raw", "score", "cat")
NO_DATA = -9999.0  # in raw, score and category; of `gtd` also: the trend is not significant
NEARLY_DRY = (
    9999.0  # in raw: supply below half the monthly arid limit, in the month or in six of twelve
)
ARID = (
    -1.0
)  # category of demand and supply that are both tiny; raw 1 and score 5 only fill the cells
TOP = 5.0  # end of the scale of every score
HIGH = 3.0  # first category that is flagged
_FLOOR_SLACK = 1e-9  # ln(0.2 / 0.1) / ln 2 + 1 comes out as 1.9999999999999998
DISAGREES = (
    0.05  # published scores meet the formula within 3e-6; more is another edition, or a slip
)

LABELS = {
    -1: "Arid and Low Water Use", 0: "Low (<10%)", 1: "Low - Medium (10-20%)", 2: "Medium - High (20-40%)",
    3: "High (40-80%)", 4: "Extremely High (>80%)",
}  # fmt: skip
#: Raw values at scores 0 … 5 of the composites `w_awr_*` by group: quantiles of the data dictionary.
COMPOSITE_CUTS = {
    "qan": (0.0, 0.72, 1.09, 1.60, 2.34, 5.0),
    "qal": (0.0, 1.45, 2.20, 2.92, 3.83, 5.0),
    "rrr": (0.0, 0.30, 1.39, 2.81, 3.93, 5.0),
    "tot": (0.0, 1.01, 1.61, 2.10, 2.68, 5.0),
}


def _stress(raw: Any) -> Any:
    """Doubling scale: demand over supply of 0.1, 0.2, 0.4, 0.8 scores 1, 2, 3, 4."""
    return np.log2(np.maximum(raw, np.finfo(float).tiny) / 0.1) + 1


def _depletion(raw: Any) -> Any:
    return np.select([raw < 0.05, raw < 0.25], [20 * raw, 5 * raw + 0.75], 4 * raw + 1)


def _decline(raw: Any) -> Any:
    """Fall of the ground-water table; 0, 2, 4, 8 cm a year score 1, 2, 3, 4."""
    return np.select([raw < 0, raw < 4], [raw + 1, 0.5 * raw + 1], 0.25 * raw + 2)


def _composite(group: str) -> Callable[[Any], Any]:
    return lambda raw: np.interp(raw, COMPOSITE_CUTS[group], np.arange(TOP + 1))


_FORMULAS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("bws", "ws"), _stress),
    **dict.fromkeys(("bwd", "wd"), _depletion),
    **dict.fromkeys(("iav", "iv"), lambda raw: 4 * raw),
    **dict.fromkeys(("sev", "sv"), lambda raw: 3 * raw),
    "gtd": _decline,
    **{group: _composite(group) for group in COMPOSITE_CUTS},
}
#: Where category -1 is `Arid and Low Water Use`. In `cfr` it means no risk, the very opposite.
_ARID_KNOWN = frozenset({"bws", "bwd", "ws", "wd"})
#: The only indicator whose raw value may be negative; the others are ratios.
_SIGNED = frozenset({"gtd"})


class Reading(NamedTuple):
    """One indicator, element by element.

    Attributes
    ----------
    score
        0 to 5; NaN unknown. Of an arid basin it is the 5 that fills the cell.
    category
        0 to 4; -1 arid and low water use; NaN unknown.
    weight
        Share of a volume that counts, 0 to 1; NaN unknown.
    flag
        True from category 3 on, in arid basins and where supply is nearly nil; None unknown.
    disagrees
        Stated score and that of the raw value are over 0.05 apart; the raw value counts.
    """

    score: Any
    category: Any
    weight: Any
    flag: Any
    disagrees: Any


class Weighted(NamedTuple):
    """Consumption weighted by stress: volume [m³], mean weight and share of the volume it covers."""

    m3: Any
    mean: Any
    coverage: Any


def score(indicator: str, raw: Any) -> Any:
    """Score of raw values of an indicator, 0 to 5; no data stays NaN.

    Parameters
    ----------
    indicator
        `bws bwd iav sev gtd`, the same of a projection `ws wd iv sv`, or a composite
        `w_awr_<scheme>_<group>`, of which the group `qan qal rrr tot` is enough.
    raw
        As published: ratios, for `gtd` cm a year. -9999 is no data, 9999 the worst.

    Raises
    ------
    ValueError
        If no formula of the indicator is known here.

    Examples
    --------
    >>> score("bws", [0.1, 0.2, 0.4, 0.8, 9999.0]).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    found = np.asarray(raw, dtype=float)
    found = np.where(found == NO_DATA, np.nan, found)
    return np.clip(_formula(indicator)(found), 0.0, TOP)


def category(scores: Any) -> Any:
    """Category 0 to 4 of scores; NaN where there is none, or it lies outside 0 to 5.

    >>> category([0.999, 1.9999999999999998, 5.0]).tolist()
    [0.0, 2.0, 4.0]
    """
    found = np.asarray(scores, dtype=float)
    return np.where(_on_scale(found), np.minimum(np.floor(found + _FLOOR_SLACK), TOP - 1), np.nan)


def label(of: float) -> str | None:
    """Label of a category of water stress; None where it is unknown.

    >>> label(3.0)
    'High (40-80%)'
    """
    return None if np.isnan(of) else LABELS[int(of)]


def read_indicator(indicator: str, raw: Any, scores: Any = np.nan, categories: Any = np.nan) -> Reading:  # fmt: skip
    """Score, category, weight and flag of what a row states, with every sentinel.

    Parameters
    ----------
    indicator
        As in `score`.
    raw, scores, categories
        As published; NaN and -9999 are no data. Any of them may be missing everywhere.

    Raises
    ------
    ValueError
        If no formula of the indicator is known here.
    """
    given = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (raw, scores, categories)))  # fmt: skip
    values, stated, sorted_as = (np.where(one == NO_DATA, np.nan, one) for one in given)
    if indicator not in _SIGNED:
        values = np.where(values < 0, np.nan, values)  # no ratio, so no measurement
    stated = np.where(_on_scale(stated), stated, np.nan)
    arid = (sorted_as == ARID) & (indicator in _ARID_KNOWN)
    own = score(indicator, values)
    disagrees = ~arid & (np.abs(own - stated) > DISAGREES)
    found = np.where(arid, TOP, np.where(np.isnan(own), stated, own))
    named = np.where((sorted_as >= 0) & (sorted_as < TOP), sorted_as, np.nan)
    kinds = np.where(arid, ARID, np.where(np.isnan(found), named, category(found)))
    flag = np.where(np.isnan(kinds), None, (kinds >= HIGH) | arid)
    return Reading(found, kinds, found / TOP, flag, disagrees)  # 9999 scores 5 by itself


def reading_of(frame: pd.DataFrame, period: str) -> Reading:
    """What rows state of water stress in a period: `bws` is the year, `bws_07` a July."""
    return read_indicator("bws", *(numbers(frame, f"{period}_{part}") for part in PARTS))


def numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """A column as numbers, unknown everywhere where there is none."""
    return frame[column].to_numpy(dtype=float) if column in frame else np.full(len(frame), np.nan)


def stress_weighted(consumption_m3: Any, weight: Any) -> Weighted:
    """Consumption by month, each month by the stress of its basin.

    A month without a weight is left out of the sum and shows in the coverage. Nothing consumed is 0,
    with nothing to average; consumption in months without a weight alone is unknown.

    Parameters
    ----------
    consumption_m3
        What the basin loses, by month; the last axis is the months. Shape (…, 12) [m³]
    weight
        Stress weights of the same months, 0 to 1; NaN unknown. Shape (…, 12)

    Raises
    ------
    ValueError
        If a volume is negative, or a weight outside 0 to 1.

    Examples
    --------
    >>> stress_weighted([[10.0, 30.0]], [[0.5, 1.0]]).m3.tolist()
    [35.0]
    """
    volume, share = np.broadcast_arrays(_volume(consumption_m3), np.asarray(weight, dtype=float))
    if ((share < 0) | (share > 1)).any():
        raise ValueError("weights of stress are 0 to 1")
    known = ~np.isnan(share)
    total = volume.sum(axis=-1)
    used = np.where(known, volume, 0.0).sum(axis=-1) + 0.0 * total  # an unknown volume stays one
    weighted = np.where(known, volume * share, 0.0).sum(axis=-1)
    none, some = total == 0, used > 0
    m3 = np.where(none, 0.0, np.where(some, weighted, np.nan))
    over = np.where(some, used, np.nan)
    return Weighted(m3, weighted / over, np.where(total > 0, used / np.where(total > 0, total, 1.0), np.nan))  # fmt: skip


def aware_m3eq(consumption_m3: Any, factor: Any) -> Any:
    """Second opinion beside Aqueduct, never added to it: consumption × AWARE factor. [m³ world-eq]

    For consumption alone, never for what is withdrawn. A month that consumes and has no factor makes
    the sum unknown. Factors: Seitfudem et al. 2025, AWARE2.0, doi 10.1111/jiec.70023.

    Parameters
    ----------
    consumption_m3
        By month. Shape (…, 12) [m³]
    factor
        Non-agricultural characterisation factors, 0.1 to 100. Shape (…, 12) [m³ world-eq/m³]

    Raises
    ------
    ValueError
        If a volume is negative, or a factor outside 0.1 to 100.

    Examples
    --------
    >>> float(aware_m3eq([10.0, 0.0], [2.5, float("nan")]))
    25.0
    """
    volume, each = np.broadcast_arrays(_volume(consumption_m3), np.asarray(factor, dtype=float))
    if ((each < 0.1) | (each > 100)).any():
        raise ValueError("factors of AWARE are 0.1 to 100")
    return np.where(volume == 0, 0.0, volume * each).sum(axis=-1)


def _volume(consumption_m3: Any) -> np.ndarray:
    found = np.asarray(consumption_m3, dtype=float)
    if (found < 0).any():
        raise ValueError("consumption is 0 or more")
    return found


def _on_scale(scores: Any) -> Any:
    return (scores >= 0) & (scores <= TOP)


def _formula(indicator: str) -> Callable[[Any], Any]:
    name = indicator.rsplit("_", 1)[-1] if indicator.startswith("w_awr_") else indicator
    if name not in _FORMULAS:
        raise ValueError(f"no formula of the indicator `{indicator}`; known: {', '.join(_FORMULAS)}")  # fmt: skip
    return _FORMULAS[name]


def check_basins(region: Region, findings: Findings) -> None:
    """Record stress values that no basin has, those that disagree, and months that are missing."""
    systems = region.layers.get(SYSTEMS)
    if systems is not None:
        _check_cells(systems, "baseline_water_stress_score", "score", findings)
    layer = region.layers.get(LAYER)
    if layer is None:
        return
    for period in PERIODS:
        for part in PARTS:
            _check_cells(layer, f"{period}_{part}", part, findings)
        _check_agreement(layer, period, findings)
    _check_months(layer, findings)


def _check_cells(layer: Layer, column: str, part: str, findings: Findings) -> None:
    """Numbers that a raw value, a score or a category never is."""
    values = numbers(layer.frame, column)
    wrong, what, remedy = {
        "raw": (values < 0, "ratio of demand to supply; it counts as unknown", "leave the cell empty, or declare it under nodata"),
        "score": (~np.isnan(values) & ~_on_scale(values), "score, which is 0 to 5", "write the score, not the raw value"),
        "cat": (~np.isnan(values) & ~np.isin(values, list(LABELS)), "category, which is -1 to 4", "write 0 to 4, or -1 for arid and low water use"),
    }[part]  # fmt: skip
    for at in np.flatnonzero(wrong):
        findings.add("PW402", f"{_id(layer, at)}: {column} = {values[at]:g} is no {what}", severity="warning" if part == "raw" else "error",
                     remedy=remedy, **layer.places(int(layer.frame.index[at]), column))  # fmt: skip


def _check_agreement(layer: Layer, period: str, findings: Findings) -> None:
    """Raw value, score and category that do not tell of one and the same basin."""
    found = reading_of(layer.frame, period)
    stated = {part: numbers(layer.frame, f"{period}_{part}") for part in PARTS}
    near = [category(np.clip(found.score + slack, 0.0, TOP)) for slack in (-DISAGREES, DISAGREES)]
    apart = (stated["cat"] >= 0) & ((stated["cat"] < near[0]) | (stated["cat"] > near[1]))
    for part, wrong, own in (("score", found.disagrees, found.score), ("cat", apart, category(found.score))):  # fmt: skip
        for at in np.flatnonzero(wrong):
            findings.add("PW512", f"{_id(layer, at)}: {period}_{part} = {stated[part][at]:g}, but the rest of its row makes it {own[at]:.3g}, which counts",
                         severity="warning", remedy="mend one of them", **layer.places(int(layer.frame.index[at]), f"{period}_{part}"))  # fmt: skip


def _check_months(layer: Layer, findings: Findings) -> None:
    """Basins with some of their months: what is consumed in the others does not count."""
    months = np.column_stack([reading_of(layer.frame, period).weight for period in PERIODS[1:]])
    known = ~np.isnan(months)
    for at in np.flatnonzero(known.any(axis=1) & ~known.all(axis=1)):
        lacking = ", ".join(month for month, there in zip(MONTHS, known[at], strict=True) if not there)  # fmt: skip
        findings.add("PW503", f"{_id(layer, at)}: no water stress in month {lacking}", severity="note",
                     remedy="what is consumed then is left out and shows in the coverage", **layer.places(int(layer.frame.index[at]), "basin_id"))  # fmt: skip


def _id(layer: Layer, at: Any) -> str:
    return f"{layer.name}: {layer.frame[layer.schema.key].iloc[at]}"
