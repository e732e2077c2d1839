"""Indirect water: what the power plants of a grid lose for a kilowatt-hour of IT, shown apart.

It lies in other basins than the site, so it enters no score. Intensities: Macknick et al. 2012,
Environ. Res. Lett. 7 045802, by fuel, technology and cooling, in `facts/grid_water_intensity.csv`.
Always two numbers, with and without the evaporation of reservoirs, whose attribution is disputed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.region.findings import Findings, did_you_mean

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.region.layers import Layer, Layers
    from powerwall.region.read import Region

LAYER = "grid_mix"
UTILITIES = "utilities"
METRICS = ("consumption", "withdrawal")
LINE_LOSS = Parameter(0.05, "share", 0.03, 0.08, "assumed: generation lost on the way to the site; unverified")  # fmt: skip
LEAST_COVERED = Parameter(
    0.9, "share", 0.9, 1.0, "assumed: below it the rest of a mix may be anything, so its water is unknown"
)  # fmt: skip
MOST_SHARES = 1.001  # shares are rounded where they are published
_ROUNDING = 1e-9  # a sum of shares differs in its last digits

#: Technology and cooling that stand for a fuel where its plants are not told apart: towers, which is
#: slightly high where some cool once through; a dry plant must be declared.
DEFAULTS = {
    "coal": ("generic", "tower"), "gas": ("combined cycle", "tower"), "nuclear": ("generic", "tower"),
    "biopower": ("steam", "tower"), "csp": ("trough", "tower"), "geothermal": ("flash", "tower"),
    "hydro": ("reservoir evaporation, all attributed", "none"), "solar_pv": ("utility", "none"), "wind": ("onshore", "none"),
}  # fmt: skip
#: Fuels of a mix without a figure: what they are, or how they are burnt, is not said.
WITHOUT_FIGURE = ("oil", "other")
FUELS = (*DEFAULTS, *WITHOUT_FIGURE)
_HYDRO = "hydro"
#: The default is no upper bound of what is drawn: 36,350 gal/MWh against 1,005 for coal, once through.
_TOWERS_ONLY = {"withdrawal": "; plants cooled once through draw some 40 times as much as towers"}


class IndirectWater(NamedTuple):
    """Water of the grid for a kilowatt-hour of IT.

    Attributes
    ----------
    l_per_kwh_with_hydro, l_per_kwh_without_hydro
        With the evaporation of reservoirs, and without it (its share of generation stays, at 0).
        NaN where too little of the mix is covered. [L/kWh]
    covered_share
        Share of generation whose water is known; what a mix leaves out is not covered. [1]
    words
        What is covered, and what was taken for granted.
    """

    l_per_kwh_with_hydro: Any
    l_per_kwh_without_hydro: Any
    covered_share: float
    words: str


class Intensity(NamedTuple):
    """Water for a kilowatt-hour generated, NaN unknown, and whether its cooling was a default."""

    l_per_kwh: float
    defaulted: bool


def intensities() -> pd.DataFrame:
    """Published medians by `fuel`, `technology`, `cooling` and `metric`. `l_per_kwh` [L/kWh generated]

    `low` and `high` stand in `unit`, the publication's own; they are unverified throughout.
    """
    table = fact_table("grid_water_intensity")
    return table.assign(l_per_kwh=table["median_l_per_kwh"].astype(float))


def intensity(fuel: str, technology: str = "", cooling: str = "", metric: str = "consumption") -> Intensity:  # fmt: skip
    """Intensity of a fuel; what is not declared is the default of its fuel.

    A technology without a cooling takes towers, or the only cooling that it has. A combination
    without a figure is unknown: no mean over others stands in. A plant that needs no cooling
    returns no water, so it withdraws what it consumes.

    Raises
    ------
    ValueError
        If the metric is neither consumption nor withdrawal.

    Examples
    --------
    >>> intensity("gas", "combined cycle", "dry").l_per_kwh
    0.0076
    """
    if metric not in METRICS:
        raise ValueError(f"metric is consumption or withdrawal, not `{metric}`")
    usual_technology, usual_cooling = DEFAULTS.get(fuel, ("", ""))
    table = intensities()
    plants = table[(table["fuel"] == fuel) & (table["technology"] == (technology or usual_technology))]  # fmt: skip
    kinds = set(plants["cooling"])
    kind = cooling or (usual_cooling if usual_cooling in kinds or len(kinds) != 1 else next(iter(kinds)))  # fmt: skip
    rows = plants[(plants["cooling"] == kind) & (plants["metric"] == ("consumption" if kind == "none" else metric))]  # fmt: skip
    value = float(rows["l_per_kwh"].iloc[0]) if len(rows) else math.nan
    return Intensity(value, not cooling and len(rows) > 0 and kind == "tower")


def indirect_water(pue: Any, mix: pd.DataFrame, metric: str = "consumption") -> IndirectWater:
    """Water of the grid for a kilowatt-hour of IT: PUE × Σ share × intensity, over line losses.

    From a covered share of 0.9 on, the covered part stands for the rest, and the words say so; below
    it both numbers are unknown.

    Parameters
    ----------
    pue
        Annual, 1 or more; NaN is unknown and stays so. [1]
    mix
        Rows of one balancing authority: `fuel`, `generation_share`, and where known `technology`,
        `cooling`, or an own figure, `consumption_l_per_kwh` or `withdrawal_l_per_kwh`.
    metric
        `consumption` or `withdrawal`.

    Raises
    ------
    ValueError
        If the PUE is under 1, a share is outside 0 to 1, or shares add up to more than 1.

    Examples
    --------
    >>> mix = pd.DataFrame({"fuel": ["gas", "wind"], "generation_share": [0.5, 0.5]})
    >>> round(float(indirect_water(1.2, mix).l_per_kwh_with_hydro), 3)
    0.49
    """
    power = np.asarray(pue, dtype=float)
    if (power < 1).any():
        raise ValueError("PUE is 1 or more")
    if why := unusable(mix):
        raise ValueError(why)
    fuels = mix["fuel"].fillna("").astype(str).to_numpy(dtype=object)
    share = mix["generation_share"].to_numpy(dtype=float)
    found = [_of_row(row, metric) for row in mix.to_dict("records")]
    water = np.array([one.l_per_kwh for one in found], dtype=float)
    known = ~np.isnan(water) & ~np.isnan(share)
    covered = float(share[known].sum())
    scale = power / (1 - LINE_LOSS.value) / (covered if _enough(covered) else math.nan)
    both = [float((share * water)[known & kept].sum()) for kept in (np.ones(len(mix), dtype=bool), fuels != _HYDRO)]  # fmt: skip
    return IndirectWater(scale * both[0], scale * both[1], covered, _words(fuels, share, known, found) + _TOWERS_ONLY.get(metric, ""))  # fmt: skip


def unusable(mix: pd.DataFrame) -> str:
    """Why shares are none; "" if they are."""
    share = mix["generation_share"].to_numpy(dtype=float)
    if ((share < 0) | (share > 1)).any():
        return "a share of generation is outside 0 to 1"
    total = np.nansum(share)
    return f"shares of generation add up to {total:.3f}" if total > MOST_SHARES else ""


def _of_row(row: dict[Any, Any], metric: str) -> Intensity:
    own = row.get(f"{metric}_l_per_kwh")
    if own is not None and own >= 0:  # neither NaN nor what no plant takes
        return Intensity(float(own), defaulted=False)
    return intensity(_text(row, "fuel"), _text(row, "technology"), _text(row, "cooling"), metric)


def _enough(covered: float) -> bool:
    return covered >= LEAST_COVERED.value - _ROUNDING


def _words(fuels: Any, share: Any, known: Any, found: list[Intensity]) -> str:
    """What of a mix is covered, and which cooling was taken for granted."""
    covered = float(share[known].sum())
    counted = np.nan_to_num(share, nan=1.0) > 0  # a share of 0 needs no word, an unknown one does
    lost = sorted({str(fuel) or "a fuel without a name" for fuel in fuels[~known & counted]})
    parts = [f"{100 * covered:.4g} % of generation covered" + (f", {_and(lost)} not" if lost else "")]  # fmt: skip
    if not _enough(covered):
        parts.append(f"too little: {100 * LEAST_COVERED.value:g} % are needed")
    elif covered < 1 - 1e-3:
        parts.append("the rest taken as the covered part")
    usual = sorted({str(fuel) for fuel, one, there in zip(fuels, found, known & counted, strict=True) if one.defaulted and there})  # fmt: skip
    return "; ".join([*parts, *([f"wet towers assumed for {_and(usual)}"] if usual else [])])


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def mix_of_sites(sites: gpd.GeoDataFrame, layers: Layers) -> pd.DataFrame:
    """Balancing authority of each site, and why its mix is unknown.

    The authority is that of the site's utility; without a utility it is certain only where all
    utilities of the region share one.

    Returns
    -------
    DataFrame
        Index `site_id`; `balancing_authority` (None unknown) and `why` (None where a mix is there).
    """
    utilities, mix = layers.frame(UTILITIES), layers.frame(LAYER)
    known: dict[str, str] = {}
    if utilities is not None and "balancing_authority" in utilities:
        rows = utilities.dropna(subset=["utility_id", "balancing_authority"])
        known = dict(zip(rows["utility_id"].astype(str), rows["balancing_authority"].astype(str), strict=True))  # fmt: skip
    everywhere = set(known.values()) if utilities is not None and len(known) == len(utilities) else set()  # fmt: skip
    mixed = set() if mix is None else set(mix["balancing_authority"].dropna().astype(str))
    serving = sites["utility_id"] if "utility_id" in sites else pd.Series([None] * len(sites), index=sites.index)  # fmt: skip
    found = []
    for utility in serving:
        authority = known.get(utility) if isinstance(utility, str) else next(iter(everywhere)) if len(everywhere) == 1 else None  # fmt: skip
        if mix is None:
            why: str | None = f"no layer {LAYER}"
        elif authority is None and isinstance(utility, str):
            why = f"no balancing authority of {utility} known"
        elif authority is None:
            why = "no utility of the site known, and those of the region have no single balancing authority"  # fmt: skip
        else:
            why = None if authority in mixed else f"no generation mix of {authority} in the layer {LAYER}"  # fmt: skip
        found.append((authority, why))
    return pd.DataFrame(found, index=sites.index, columns=["balancing_authority", "why"], dtype=object)  # fmt: skip


def indirect_of_site(sites: gpd.GeoDataFrame, layers: Layers, site_id: str, pue: float, metric: str = "consumption") -> IndirectWater | str:  # fmt: skip
    """Indirect water of a site, or why it is unknown."""
    row = mix_of_sites(sites.loc[[site_id]], layers).iloc[0]
    if isinstance(row["why"], str):
        return row["why"]
    layer = layers[LAYER]
    mix = latest(layer.frame, str(row["balancing_authority"]))
    if why := unusable(mix):
        return why
    found = indirect_water(pue, mix, metric)
    year, title = _told(mix, "year") or "year not stated", _told(mix, "source_title") or layer.title
    return found._replace(words=f"generation of {row['balancing_authority']}, {year}, {title or 'source not stated'}: {found.words}")  # fmt: skip


def _told(mix: pd.DataFrame, column: str) -> str:
    """What the rows say in a column, in the order of the alphabet: that of the file says nothing."""
    return "; ".join(sorted(set(mix[column].dropna().astype(str)))) if column in mix else ""


def latest(mix: pd.DataFrame, authority: str) -> pd.DataFrame:
    """Rows of an authority in the latest year that the layer has of it."""
    rows = mix[mix["balancing_authority"].astype(object) == authority]
    if "year" not in rows or rows["year"].isna().all():
        return rows
    return rows[rows["year"].astype(str) == rows["year"].dropna().astype(str).max()]


def check_grid_mix(region: Region, findings: Findings) -> None:
    """Record shares that are none, fuels and plants without a figure, and authorities of nobody."""
    layer = region.layers.get(LAYER)
    if layer is None:
        return
    for at, row in enumerate(layer.frame.to_dict("records")):
        _check_row(layer, at, row, findings)
    _check_sums(layer, findings)
    _check_authorities(layer, region, findings)


def _check_row(layer: Layer, at: int, row: dict[Any, Any], findings: Findings) -> None:
    def add(code: str, column: str, message: str, remedy: str, severity: str = "error") -> None:
        place = layer.places(int(layer.frame.index[at]), column)
        findings.add(code, f"{LAYER}: {message}", severity=severity, remedy=remedy, **place)

    share, fuel = row["generation_share"], _text(row, "fuel")
    if share < 0 or share > 1:
        add("PW402", "generation_share", f"generation_share = {share:g} is no share", 'a share is 0 to 1; declare  unit = "percent"  where it is none')  # fmt: skip
    if not _text(row, "balancing_authority"):
        add("PW405", "balancing_authority", "`balancing_authority` is empty", "name it as in the layer utilities")  # fmt: skip
    if fuel not in FUELS:
        add("PW406", "fuel", f"fuel = `{fuel}` is not known here and is not covered", did_you_mean(fuel, FUELS), "warning")  # fmt: skip
    elif fuel in DEFAULTS and math.isnan(_of_row(row, "consumption").l_per_kwh):
        plants = intensities().query("fuel == @fuel and metric == 'consumption'")
        known = [f"{technology} / {cooling}" for technology, cooling in zip(plants["technology"], plants["cooling"], strict=True)]  # fmt: skip
        asked = f"{_text(row, 'technology') or DEFAULTS[fuel][0]} / {_text(row, 'cooling') or '?'}"
        add("PW406", "cooling" if _text(row, "cooling") else "technology", f"{fuel}: `{asked}` has no figure and is not covered",
            did_you_mean(asked, known), "warning")  # fmt: skip


def _check_sums(layer: Layer, findings: Findings) -> None:
    """Years of an authority that generate more than everything, or that tell a plant twice."""
    frame = layer.frame
    by = [name for name in ("balancing_authority", "year") if name in frame]
    plant = [name for name in (*by, "fuel", "technology", "cooling") if name in frame]
    for index in frame.index[frame.duplicated(plant)]:
        findings.add("PW404", f"{LAYER}: {frame.loc[index, 'fuel']} of {frame.loc[index, 'balancing_authority']} stands twice",
                     remedy="keep one row, or name technology or cooling", **layer.places(int(str(index)), "fuel"))  # fmt: skip
    for _, rows in frame.groupby(by, dropna=False):
        total = rows["generation_share"].sum()
        if total > MOST_SHARES:
            findings.add("PW402", f"{LAYER}: shares of {rows['balancing_authority'].iloc[0]} add up to {total:.3f}",
                         remedy="shares of one year add up to 1 at most", **layer.places(int(str(rows.index[-1])), "generation_share"))  # fmt: skip


def _check_authorities(layer: Layer, region: Region, findings: Findings) -> None:
    utilities = region.layers.frame(UTILITIES)
    known = [] if utilities is None or "balancing_authority" not in utilities else [str(name) for name in utilities["balancing_authority"].dropna().unique()]  # fmt: skip
    names = layer.frame["balancing_authority"].dropna().drop_duplicates()
    for index, name in names.items():
        if str(name) not in known:
            findings.add("PW409", f"{LAYER}: {name} is the balancing authority of no utility here", severity="warning",
                         remedy=did_you_mean(str(name), known) or "add balancing_authority to utilities", **layer.places(int(str(index)), "balancing_authority"))  # fmt: skip


def _text(row: dict[Any, Any], column: str) -> str:
    cell = row.get(column)
    return "" if cell is None or pd.isna(cell) else str(cell).strip()
