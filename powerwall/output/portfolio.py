"""Portfolio: sites that stand together as a person reads them, or as JSON; and who competes for a node."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, jsonable, month, percent, shown
from powerwall.output.robust import share
from powerwall.output.texts import provenance
from powerwall.ranking.portfolio import limits, ranked, region_of

if TYPE_CHECKING:
    from powerwall.ranking.portfolio import Joint, Limit, Passed, Portfolio
    from powerwall.ranking.rank import Ranking

_NAMED, _LINES, _PASSED = (
    3,
    4,
    8,
)  # ids named in a line; lines of competitors; lines of sites passed over
_HEADS = (
    Head("#"), Head("site", right=False, wraps=True), Head("score", goes=1), Head("node", right=False), Head("MW asked", goes=4),
    Head("node MW"), Head("rung", right=False, goes=3), Head("first power"), Head("P10 – P90", goes=5), Head("comes", goes=2),
    Head("last", goes=6),
)  # fmt: skip


def print_portfolio(portfolio: Portfolio, ranking: Ranking, to: Console) -> None:
    """Print the sites, what their nodes can give, the date and odds of all together, and what was passed over."""
    to.print(Text(heading(portfolio, ranking), style="bold"), soft_wrap=True)
    if portfolio.joint is None:
        _print_lines("what binds", [_bound(limit, ranking) for limit in portfolio.binding], to)
        if portfolio.largest:
            to.print(f"\nNext: {next_command(portfolio, ranking)}", soft_wrap=True)
        return
    rows = [_row(portfolio, ranking, number) for number in range(len(portfolio.sites))]
    to.print(fitting_table(_HEADS, rows, to.width))
    to.print()
    for line in together(portfolio, ranking):
        to.print(line, soft_wrap=True)
    for line in remarks(portfolio):
        to.print(Text(f"– {line}", style="dim"), soft_wrap=True)
    _print_lines("at risk of a requirement, which the odds leave out", at_risk(portfolio, ranking), to)  # fmt: skip
    over = [_passed(item, ranking) for item in portfolio.passed]
    more = [f"and {len(over) - _PASSED} more"] if len(over) > _PASSED else []
    _print_lines("passed over, although they rank higher than a site above", [*over[:_PASSED], *more], to)  # fmt: skip
    held = [limit for limit in portfolio.limits if limit is not None]
    _print_lines("who else leans on these nodes", _competing(list(dict.fromkeys(held)), ranking), to)  # fmt: skip
    to.print(f"\nNext: {next_command(portfolio, ranking)}", soft_wrap=True)


def _print_lines(title: str, lines: Sequence[str], to: Console) -> None:
    if not lines:
        return
    to.print(Text(f"\n{title}:", style="bold"))
    for line in lines:
        to.print(Text(f"  {line}", style="dim"), soft_wrap=True)


def heading(portfolio: Portfolio, ranking: Ranking) -> str:
    """The answer in a line."""
    where = ", ".join(region.table.title for region in ranking.regions)
    if portfolio.joint is None:
        of = len(ranked(ranking))
        return f"{where}: no {portfolio.k} sites stand together; of {of} ranked ones {portfolio.largest} do at most"
    return (
        f"{where}: {portfolio.k} {'sites that stand together' if portfolio.k > 1 else 'site'}, "
        f"{_mw(_asked(portfolio, ranking))} asked, scores add up to {portfolio.total:.1f}"
    )


def together(portfolio: Portfolio, ranking: Ranking) -> list[str]:
    """Date and odds of all, and what is there by the day of need."""
    joint = portfolio.joint
    if joint is None:
        return []
    low, middle, high = (shown(part) for part in joint.on_time_mw)
    need_by = _need_by(portfolio, ranking)
    return [
        f"all {_mw(_asked(portfolio, ranking))}: {_dates(joint)}, {percent(joint.comes)}",
        f"on {need_by}: {middle} MW ({low} – {high}), {share(joint.on_time)} that it is all of them",
    ]


def at_risk(portfolio: Portfolio, ranking: Ranking) -> list[str]:
    """Chosen sites that a requirement may yet put out, with the reason."""
    found = []
    for site in portfolio.sites:
        reasons = str(ranking.frame["reasons"].loc[site]).split("; ")
        risks = [r.removeprefix("at risk: ") for r in reasons if r.startswith("at risk: ")]
        found += [f"{site}: {'; '.join(risks)}"] if risks else []
    return found


def remarks(portfolio: Portfolio) -> list[str]:
    """What must be read beside the numbers."""
    joint = portfolio.joint
    if joint is None:
        return []
    lines = [
        "dates and MW are given that every site comes, P50 (P10 – P90); the odds count failures"
    ]
    if len(portfolio.sites) > 1:
        lines.append("each site has its own delays; those of a utility, a county and the supply chain are shared")  # fmt: skip
        lines.append(
            f"the odds take failures as independent; were they all of one cause, {percent(joint.comes_at_most)} would come and "
            f"{share(joint.on_time_at_most)} by the day of need; shared causes lie between the two"
        )
    held = [limit for limit in portfolio.limits if limit is not None]
    if any(math.isnan(limit.firm_mw) for limit in held):
        lines.append("node MW: ≤ is an upper bound and never firm; where nothing firm is known one site of a node is chosen at most")  # fmt: skip
    for line, sites in portfolio.works:
        lines.append(f"{_list(sites)} wait for the same line {line}; its MW are in no layer, so it limits nothing here")  # fmt: skip
    return lines


def competitors(ranking: Ranking) -> list[str]:
    """Nodes that ranked sites lean on together for more than is known to be firm; a few lines, no number moves.

    Examples
    --------
    `a leans on p230 with b: 600 MW asked, 340 MW firm (hosting map)`
    """
    return _competing(limits(ranking), ranking)


def _competing(nodes: Sequence[Limit], ranking: Ranking) -> list[str]:
    short = [limit for limit in nodes if len(limit.sites) > 1 and not len(limit.sites) * limit.mw <= limit.capacity_mw]  # fmt: skip
    lines = [
        f"{limit.sites[0]} leans on {limit.poi_id} with {_list(limit.sites[1:])}: "
        f"{_mw(len(limit.sites) * limit.mw)} asked, {_known(limit, ranking)}"
        for limit in short
    ]
    more = len(lines) - _LINES
    return lines if more <= 0 else [*lines[:_LINES], f"and {more} more nodes that several sites lean on"]  # fmt: skip


def _row(portfolio: Portfolio, ranking: Ranking, number: int) -> list[str]:
    site, limit = portfolio.sites[number], portfolio.limits[number]
    row, request = ranking.frame.loc[site], region_of(ranking, site).request
    plan = ranking.measures["time_to_power_months"].loc[site]
    odds = ranking.measures["power_success_probability"]["value"].loc[site]
    last = NOT_APPLICABLE if portfolio.joint is None else percent(portfolio.joint.last[number])
    dates = [month(request.as_of, plan[end]) for end in ("value", "low", "high")]
    return [
        str(row["rank"]), f"{row['name']} ({site})", f"{_score(ranking, site):.1f}", limit.poi_id if limit else UNKNOWN,
        shown(request.mw), *(_cells(limit, ranking) if limit else (UNKNOWN, "")), dates[0], f"{dates[1]} – {dates[2]}", percent(odds), last,
    ]  # fmt: skip


def _score(ranking: Ranking, site: str) -> float:
    return float(ranking.frame["score_low" if ranking.unknown == "worst" else "score"].loc[site])


def _asked(portfolio: Portfolio, ranking: Ranking) -> float:
    return math.fsum(region_of(ranking, site).request.mw for site in portfolio.sites)


def _mw(value: float) -> str:
    return f"{value:,.6g} MW"


def _list(sites: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`."""
    named = list(sites[:_NAMED])
    if len(sites) > _NAMED:
        return f"{', '.join(named)} and {len(sites) - _NAMED} more"
    return " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)


def _cells(limit: Limit, ranking: Ranking) -> tuple[str, str]:
    """What is known of a node, and what that rests on: `450`, `study`; `≤ 397`, `line proximity: not firm`."""
    rung = limit.rung.replace("_", " ")
    if not math.isnan(limit.late_months):
        as_of = region_of(ranking, limit.sites[0]).request.as_of
        return "0", f"its works are due {month(as_of, limit.late_months)}"
    if not math.isnan(limit.firm_mw):
        return shown(limit.firm_mw), rung
    bound = f"≤ {shown(limit.bound_mw)}"
    return (UNKNOWN, "") if math.isnan(limit.bound_mw) else (bound, f"{rung}: not firm")


def _known(limit: Limit, ranking: Ranking) -> str:
    """The same in words: `450 MW firm (study)`; `≤ 397 MW (line proximity: not firm)`."""
    mw, rests_on = _cells(limit, ranking)
    firm = "" if math.isnan(limit.firm_mw) and math.isnan(limit.late_months) else " firm"
    return f"{mw} MW{firm} ({rests_on})" if rests_on else f"{mw} MW{firm}"


def _bound(limit: Limit, ranking: Ranking) -> str:
    ask = f"{_list(limit.sites)} ask for {_mw(limit.mw)} each" if len(limit.sites) > 1 else f"{limit.sites[0]} asks for {_mw(limit.mw)}"  # fmt: skip
    return f"{limit.poi_id}: {ask}, {_known(limit, ranking)}{_one(limit)}"


def _one(limit: Limit) -> str:
    return ", so one site at most" if math.isnan(limit.capacity_mw) else ""


def _passed(item: Passed, ranking: Ranking) -> str:
    limit, row = item.limit, ranking.frame.loc[item.site_id]
    node = (
        f"shares {limit.poi_id} with {_list(item.beside)}" if item.beside else f"at {limit.poi_id}"
    )
    asked = _mw((len(item.beside) + 1) * limit.mw)
    who = f"{row['name']} ({item.site_id}), rank {row['rank']}, {_score(ranking, item.site_id):.1f}"
    return f"{who}: {node}, {asked} asked, {_known(limit, ranking)}{_one(limit)}"


def _dates(joint: Joint) -> str:
    """`2031-09 (2030-02 – 2034-01)`: P50, then P10 and P90."""
    low, middle, high = (
        month(joint.as_of, m) for m in (joint.p10_months, joint.p50_months, joint.p90_months)
    )
    return "never" if middle == UNKNOWN else f"{middle} ({low} – {high})"


def _need_by(portfolio: Portfolio, ranking: Ranking) -> str:
    days: list[date] = sorted(
        {region_of(ranking, site).request.need_by for site in portfolio.sites}
    )
    return str(days[0]) if len(days) == 1 else "their days of need"


def next_command(portfolio: Portfolio, ranking: Ranking) -> str:
    """The plan of the site that is last most often; else as many sites as stand together."""
    if portfolio.joint is None:
        paths = " ".join(region.path.as_posix() for region in ranking.regions)
        return f"powerwall score {paths} --pick {portfolio.largest}"
    last = portfolio.joint.last
    site = portfolio.sites[max(range(len(last)), key=last.__getitem__)]
    return f"powerwall plan {region_of(ranking, site).path.as_posix()} {site.split(':')[-1]}"


def record(portfolio: Portfolio, ranking: Ranking) -> dict[str, Any]:
    """The portfolio as plain data, provenance first; months count from `as_of`, what is unknown is null."""
    joint = portfolio.joint
    sites = [
        {
            "site_id": site, "name": ranking.frame["name"].loc[site], "region": ranking.frame["region"].loc[site],
            "rank": ranking.frame["rank"].loc[site], "score": _score(ranking, site),
            "reasons": ranking.frame["reasons"].loc[site], "asked_mw": region_of(ranking, site).request.mw,
            "p50_months": ranking.measures["time_to_power_months"]["value"].loc[site],
            "p_success": ranking.measures["power_success_probability"]["value"].loc[site],
            "last_share": joint.last[number] if joint else None, "node": _limit(portfolio.limits[number]),
        }
        for number, site in enumerate(portfolio.sites)
    ]  # fmt: skip
    return {
        "powerwall": provenance(ranking),
        "portfolio": jsonable({
            "k": portfolio.k, "total_score": portfolio.total, "largest_k": portfolio.largest, "sites": sites,
            "joint": _joint(joint),
            "passed_over": [{"site_id": p.site_id, "beside": p.beside, "node": _limit(p.limit)} for p in portfolio.passed],
            "binding": [_limit(limit) for limit in portfolio.binding],
            "shared_works": [{"line_id": line, "site_ids": ids} for line, ids in portfolio.works],
        }),
    }  # fmt: skip


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    named = {"site_ids": limit.sites, "asked_mw_each": limit.mw}
    kept = ("region", "poi_id", "firm_mw", "bound_mw", "rung", "late_months")
    return {name: getattr(limit, name) for name in kept} | named


def _joint(joint: Joint | None) -> dict[str, Any] | None:
    if joint is None:
        return None
    found = {name: value for name, value in joint._asdict().items() if name != "last"}
    return found | {"as_of": str(joint.as_of)}


def json_text(portfolio: Portfolio, ranking: Ranking) -> str:
    """The portfolio as JSON."""
    return json.dumps(record(portfolio, ranking), ensure_ascii=False, indent=1) + "\n"
