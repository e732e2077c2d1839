"""Site cells: what a table shows of one site, column by column, led by what is scarce."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, month, percent, shown
from powerwall.output.robust import out_words, ranks, share

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking


@dataclass(frozen=True)
class Column:
    """A column: header, cell of a site, what it means, and how soon it goes on a narrow screen."""

    header: str
    cell: Callable[[Site], str]
    caption: str = ""
    priority: int = 0  # 0 never goes; the largest goes first
    right: bool = True


class Site:
    """One row of a ranking, with its measures at hand."""

    def __init__(self, ranking: Ranking, site_id: str) -> None:
        self.id = site_id
        self.row: Any = ranking.frame.loc[site_id]
        self._ranking = ranking
        names = {region.name: region.request for region in ranking.regions}
        self.request = names[self.row["region"]]

    @property
    def drawn(self) -> Any:
        """What the draws say of it; None where it takes no part."""
        found = self._ranking.robustness
        return found.sites.loc[self.id] if found is not None and self.id in found.sites.index else None  # fmt: skip

    def measure(self, name: str) -> Any:
        """Row of a measure."""
        return self._ranking.measures[name].loc[self.id]


def _rank(site: Site) -> str:
    return str(site.row["rank"]) if site.row["status"] == "ranked" else NOT_APPLICABLE


def site_name(site: Site) -> str:
    """Name, and the node that serves a screening candidate where that is not its own."""
    poi = site.measure("poi_distance_km")
    own = str(site.id).rsplit(":", maxsplit=1)[-1] == f"near-{poi['row']}"
    if site.row["origin"] != "screening" or own or math.isnan(poi["value"]):
        return str(site.row["name"])
    return f"{site.row['name']}, via {poi['row']} at {shown(poi['value'])} km"


def score_cell(site: Site) -> str:
    """Score, and what the unknowns leave open."""
    score, low, high = (site.row[c] for c in ("score", "score_low", "score_high"))
    return (
        f"{score:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{score:.1f} ({low:.0f}–{high:.0f})"
    )


def _held(site: Site) -> str:
    return share(float(site.drawn["held"])) if site.drawn is not None else NOT_APPLICABLE


def _ranks(site: Site) -> str:
    return ranks(site.drawn) if site.drawn is not None else NOT_APPLICABLE


def _out(site: Site) -> str:
    return out_words(site.drawn) if site.drawn is not None else NOT_APPLICABLE


def first_power(site: Site) -> str:
    """Month of the first block of power."""
    return month(site.request.as_of, site.measure("time_to_power_months")["value"])


def _dates(site: Site) -> str:
    plan = site.measure("time_to_power_months")
    if math.isnan(plan["value"]):
        return UNKNOWN
    return f"{month(site.request.as_of, plan['low'])} – {month(site.request.as_of, plan['high'])}"


def _chance(site: Site) -> str:
    return percent(site.measure("power_success_probability")["value"])


def _on_time(site: Site) -> str:
    return percent(site.measure("on_time_probability")["value"])


def _capacity(site: Site) -> str:
    row = site.measure("firm_capacity_mw")
    rung = f" {str(row['grade']).replace('_', ' ')}" if isinstance(row["grade"], str) else ""
    if not math.isnan(row["value"]):
        return f"{shown(row['value'])}{rung}"
    return UNKNOWN if math.isnan(row["bound"]) else f"≤ {shown(row['bound'])}{rung}"


def _cost(site: Site) -> str:
    row = site.measure("delivered_cost_usd_per_mwh")
    return UNKNOWN if math.isnan(row["value"]) else f"{shown(row['value'])} {row['grade']}"


def _noise(site: Site) -> str:
    row = site.measure("night_noise_margin_db")
    state = (
        "" if row["gates"] else " unverified" if row["status"] == "unverified" else " not in force"
    )
    if not math.isnan(row["value"]):
        return f"{row['value']:+.0f}{state}".replace("-", "−")
    if math.isnan(row["low"]):
        return UNKNOWN
    return f"{row['low']:+.0f}…{row['high']:+.0f}{state}".replace("-", "−")


def _setback(site: Site) -> str:
    row = site.measure("noise_setback_m")
    return shown(round(row["value"], -1)) + ("*" if row["grade"] == "reference" else "")


def _water(site: Site) -> str:
    return shown(site.measure("scarcity_weighted_water_m3")["value"])


def _it(site: Site) -> str:
    return shown(site.request.mw * site.measure("it_mw_per_grid_mw")["value"])


def _cooling(site: Site) -> str:
    return str(site.row["cooling"])


def _policy(site: Site) -> str:
    row = site.measure("policy_success_probability")
    blocked = site.measure("moratorium")["value"] == 1
    return f"{percent(row['value'])}{' blocked' if blocked else ''}"


COLUMNS: tuple[Column, ...] = (
    Column("#", _rank),
    Column("site", site_name, right=False),
    Column("score", score_cell, "score: 0–100, 100 is best (all unknowns at their worst – at their best)"),
    Column("first power", first_power, "first power: month in which half of the draws have it, given that it comes"),
    Column("P10 – P90", _dates, priority=3),
    Column("comes", _chance, "comes: chance that power comes at all, permits included", 7),
    Column("on time", _on_time, "on time: chance that the whole request is energised by {need_by}", 2),
    Column("MW and rung", _capacity, "MW: headroom and what it rests on; ≤ is an upper bound, never firm", 8),
    Column("$/MWh", _cost, "$/MWh: delivered price with its grade; D and a year is a state's industrial average, not a tariff", 1),
    Column("night dB", _noise, "night dB: margin to the limit that binds at night, by ISO 9613-2 over flat ground (… is its range, where a position is a guess); "
           "explain has the rule's state, status and date", 5),
    Column("keep m", _setback, "keep m: distance from its centre that the limits for homes ask for (* to 45 dB(A) at night, a reference where no limit is known); "
           "screening only, a site noise study is needed", 9),
    Column("IT MW", _it, "IT MW: IT power that the grid power carries on the peak hour", 6),
    Column("water m³/yr", _water, "water: what the cooling plant takes from the basin in a typical year, each month weighted by its stress", 10),
    Column("permit", _policy, "permit: share of comparable recorded cases that ended well", 4),
)  # fmt: skip
_HELD = (
    Column("held", _held, "held: share of {draws:,} draws of weights and measures in which it is among the first {top_k}; a requirement of which nothing is known counts as kept"),
    Column("ranks", _ranks, "ranks: those of 90 % of the draws"),
)  # fmt: skip
_OUT = Column("out", _out, "out: share of the draws in which a requirement fails; ? where one is unknown or unverified", 1)  # fmt: skip
_CHOSEN = Column(
    "cooling", _cooling, "cooling: plant that keeps the requirements at the best score", right=False
)


def columns_of(ranking: Ranking) -> tuple[Column, ...]:
    """The columns of a ranking; draws and the cooling plant are among them where there are any."""
    chosen = () if ranking.plants is None else (_CHOSEN,)
    drawn: tuple[Column, ...] = ()
    if ranking.robustness is not None:
        drawn = _HELD if (ranking.robustness.sites["p_out"] == 0).all() else (*_HELD, _OUT)
    return (*COLUMNS[:3], *drawn, *chosen, *COLUMNS[3:])
