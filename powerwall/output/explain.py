"""Explain: every number of one site, where it comes from, and what would move its rank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from powerwall.criteria.criterion import SUBJECTS, Shared
from powerwall.criteria.policy.obligations import obligations
from powerwall.criteria.power.process import within_mw
from powerwall.criteria.power.site.plan import plan_dates
from powerwall.output.cost import print_cost
from powerwall.output.noise import print_noise
from powerwall.output.numbers import UNKNOWN, month, shown, span
from powerwall.output.plan import print_dates
from powerwall.output.policy import print_policy
from powerwall.output.profiles import print_profiles
from powerwall.output.robust import print_standing
from powerwall.output.site_cells import Site
from powerwall.output.site_ids import local_id
from powerwall.output.water import print_water
from powerwall.ranking.whatif import bottleneck, changes, target

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_RANKS_UP = 2


def print_site(ranking: Ranking, site_id: str, to: Console) -> None:
    """Print all that is known of a site."""
    site = Site(ranking, site_id)
    row = site.row
    to.print(Text(f"{row['name']} ({site_id}), {row['region']}", style="bold"))
    place = (
        f"rank {row['rank']} of {int((ranking.frame['status'] == 'ranked').sum())}"
        if row["status"] == "ranked"
        else row["status"]
    )
    to.print(f"{place}, score {row['score']:.2f} ({row['score_low']:.2f}–{row['score_high']:.2f}), "
             f"{row['coverage']:.0%} of the weight is known".replace("%", " %"))  # fmt: skip
    if ranking.settings.profile:
        to.print(f"weights: {ranking.settings.whose}")
    _print_power(ranking, site, to)
    for reason in filter(None, str(row["reasons"]).split("; ")):
        to.print(f"  – {reason}")
    to.print(_numbers(ranking, site, to.width))
    total = ranking.contributions.loc[site_id].sum()
    to.print(f"contributions add up to {total:.2f}; an unknown (?) counts half of its weight\n")
    print_standing(ranking, site_id, to)
    _print_sources(ranking, site, to)
    print_dates(plan_dates(_region(ranking, site), _local(ranking, site)), site.request.as_of, to)
    to.print()
    _print_statements(ranking, site, to)
    _print_cost(ranking, site, to)
    _print_water(ranking, site, to)
    print_noise(_region(ranking, site), _local(ranking, site), ranking.cooling_of(site.id), to)
    _print_policy(ranking, site, to)
    print_profiles(ranking, site_id, to)
    _print_changes(ranking, site_id, to)


def _print_power(ranking: Ranking, site: Site, to: Console) -> None:
    plan, odds = site.measure("time_to_power_months"), site.measure("power_success_probability")
    as_of = site.request.as_of
    if math.isnan(plan["value"]):
        to.print(f"no power plan: {plan['why']}")
        return
    dates = f"{month(as_of, plan['value'])} ({month(as_of, plan['low'])} – {month(as_of, plan['high'])}), {shown(odds['value'], 'share')}"
    to.print(
        f"first power {dates}, grade {plan['grade']}, through {plan['row']} at {shown(site.measure('poi_distance_km')['value'])} km"
    )
    whole, energy = site.measure("full_power_months"), site.measure("delivered_mw_years")
    more = f"{shown(energy['value'])} MW-years expected by {site.request.horizon}"
    if whole["value"] != plan["value"]:
        more = f"all {site.request.mw:g} MW {month(as_of, whole['value'])}; {more}"
    if not math.isnan(energy["value"]):
        to.print(more)
    _print_neighbours(ranking, site, to)


def _print_neighbours(ranking: Ranking, site: Site, to: Console) -> None:
    """Other candidates that lean on the same node; they move no number of this site."""
    nodes = ranking.measures["poi_distance_km"]["row"]
    frame = ranking.frame
    same = (nodes == nodes.loc[site.id]) & (frame["status"] != "reference").reindex(nodes.index)
    others = [str(i) for i in nodes.index[same] if i != site.id]
    if others:
        named = ", ".join(others[:4]) + (f" and {len(others) - 4} more" if len(others) > 4 else "")
        to.print(f"shares {nodes.loc[site.id]} with {named}", soft_wrap=True)


#: Headers of the numbers: (text, right-aligned, how soon it goes on a narrow screen; 0 never).
_HEADERS = (
    ("criterion", False, 0), ("measure", True, 0), ("range", True, 2), ("unit", False, 0), ("value", True, 3),
    ("weight", True, 4), ("points", True, 0), ("lost", True, 6), ("grade", False, 0), ("status", False, 7),
)  # fmt: skip


def _numbers(ranking: Ranking, site: Site, width: int) -> Table:
    """Every measure; whole columns go, the least important first, until the rest fits."""
    shown_headers = list(_HEADERS)
    measure = Console(width=10_000)
    while True:
        table = _table(ranking, site, [_HEADERS.index(header) for header in shown_headers])
        droppable = [header for header in shown_headers if header[2]]
        if measure.measure(table).maximum <= width or not droppable:
            hidden = [header[0] for header in _HEADERS if header not in shown_headers]
            table.caption = f"not shown at this width: {', '.join(hidden)}" if hidden else None
            table.caption_justify = "left"
            return table
        shown_headers.remove(max(droppable, key=lambda header: header[2]))


def _table(ranking: Ranking, site: Site, columns: list[int]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in columns:
        header, right, _ = _HEADERS[column]
        table.add_column(
            header, justify="right" if right else "left", no_wrap=column > 0, overflow="fold"
        )
    subject = ""
    for name in _ordered(ranking):
        criterion = ranking.criteria[name]
        if criterion.subject != subject:
            subject = criterion.subject
            table.add_row(Text(subject, style="bold"))
        cells = _number_row(ranking, site, name)
        table.add_row(*[cells[column] for column in columns])
    return table


def _ordered(ranking: Ranking) -> list[str]:
    weights = ranking.settings.weights.criteria
    return sorted(
        ranking.criteria,
        key=lambda n: (SUBJECTS.get(ranking.criteria[n].subject, 99), -weights[n], n),
    )


def _number_row(ranking: Ranking, site: Site, name: str) -> list[str]:
    criterion, row = ranking.criteria[name], site.measure(name)
    weight = ranking.settings.weights.criteria[name]
    value, low, high = row["value"], row["low"], row["high"]
    measure = shown(value, criterion.unit)
    if math.isnan(value) and not math.isnan(row["bound"]):
        measure = f"≤ {shown(row['bound'])}"
    spread = (
        ""
        if math.isnan(low) or math.isnan(high) or low == high
        else span(low, high, criterion.unit)
    )
    points = lost = worth = ""
    if name in ranking.values:
        v = ranking.values[name].loc[site.id]
        worth = UNKNOWN if math.isnan(v) else f"{v:.2f}"
        if weight > 0:
            gained = ranking.contributions[name].loc[site.id]
            points, lost = f"{gained:.2f}", f"{100 * weight - gained:.2f}"
    unit = "" if criterion.unit in {"share", "bool"} else criterion.unit
    return [name, measure, spread, unit, worth, f"{100 * weight:.1f}" if weight else "0", points, lost,
            _words(row["grade"]).replace("_", " "), _words(row["status"]) if not math.isnan(value) else "unknown"]  # fmt: skip


def _words(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _print_sources(ranking: Ranking, site: Site, to: Console) -> None:
    """Source, date and notes of each number; criteria that share them stand together."""
    to.print(Text("where the numbers come from", style="bold"))
    shared: dict[str, list[str]] = {}
    for name in _ordered(ranking):
        row = site.measure(name)
        where = " ".join(str(row[c]) for c in ("layer", "row") if isinstance(row[c], str))
        parts = [
            where,
            str(row["source"]) if isinstance(row["source"], str) else "",
            _dated(row),
            row["note"] if isinstance(row["note"], str) else "",
        ]
        why = (
            f"unknown: {row['why']}"
            if isinstance(row["why"], str) and math.isnan(row["value"])
            else ""
        )
        text = "; ".join(part for part in [why, *parts] if part)
        if text:
            shared.setdefault(text, []).append(name)
    for text, names in shared.items():
        to.print(Text(f"  {', '.join(names)}: ", style="dim") + Text(text), soft_wrap=True)
    to.print()


def _dated(row: Any) -> str:
    return f"as of {row['as_of']}" if isinstance(row["as_of"], str) and row["as_of"] else ""


def _region(ranking: Ranking, site: Site) -> Region:
    return next(region for region in ranking.regions if region.name == site.row["region"])


def _local(ranking: Ranking, site: Site) -> str:
    """Id of the site within its own region."""
    return local_id(_region(ranking, site), str(site.id))


def _print_statements(ranking: Ranking, site: Site, to: Console) -> None:
    """What the utility itself says, beside the model and never in it."""
    region = _region(ranking, site)
    rows = region.layers.frame("time_to_power")
    utility = region.sites["utility_id"].get(_local(ranking, site))
    if rows is None or not isinstance(utility, str):
        return
    rows = rows[(rows["utility_id"] == utility) & (rows["kind"] == "statement")]
    rows = within_mw(rows, site.request.mw)
    if rows.empty:
        return
    to.print(Text("said beside the model, and not in it", style="bold"))
    for row in rows.to_dict("records"):
        months = " / ".join(
            shown(row[c])
            for c in ("p50_months", "p90_months")
            if isinstance(row.get(c), float) and not math.isnan(row[c])
        )
        said = f"{row['stage']}: {months + ' months' if months else row.get('fixed_date') or 'no figure'}"
        to.print(
            f"  {said} ({row['status']}, {row['as_of']}, {row['source_title']})", soft_wrap=True
        )
    to.print()


def _print_cost(ranking: Ranking, site: Site, to: Console) -> None:
    """Bill, cash and exposure of the site."""
    region, site_id = _region(ranking, site), _local(ranking, site)
    shared = Shared(region.sites.loc[[site_id]], region.layers, region.request)
    print_cost(shared("costs"), site_id, to)


def _print_water(ranking: Ranking, site: Site, to: Console) -> None:
    """Plants, basin and rules of the site."""
    gave_up = "" if ranking.plants is None else str(ranking.plants["gave_up"].loc[site.id])
    print_water(
        _region(ranking, site), _local(ranking, site), ranking.cooling_of(site.id), to, gave_up
    )


def _print_policy(ranking: Ranking, site: Site, to: Console) -> None:
    """Timeline, permit path and duties of the site."""
    region, site_id = _region(ranking, site), _local(ranking, site)
    permits = Shared(region.sites.loc[[site_id]], region.layers, region.request)("permits")
    print_policy(region, site_id, permits.of(site_id), obligations(region, site_id), to)


def _print_changes(ranking: Ranking, site_id: str, to: Console) -> None:
    name, lost = bottleneck(ranking, site_id)
    to.print(Text(f"bottleneck: {name}, {lost:.1f} points lost", style="bold"))
    above = target(ranking, site_id, _RANKS_UP)
    if above is None:
        return
    to.print(
        Text(
            f"to pass {ranking.frame['name'].loc[above]} ({above}), one of these alone would do, all else unchanged:",
            style="bold",
        )
    )
    for change in changes(ranking, site_id, above):
        unit = "" if change.unit in {"share", "bool", "0–5"} else f" {change.unit}"
        if math.isnan(change.needed):
            to.print(f"  {change.criterion}: not by itself")
        elif math.isnan(change.value):
            to.print(
                f"  {change.criterion}: if it turns out at {shown(change.needed, change.unit)}{unit} or better"
            )
        else:
            to.print(
                f"  {change.criterion}: {shown(change.needed, change.unit)}{unit} instead of {shown(change.value, change.unit)}"
            )
