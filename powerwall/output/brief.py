"""Brief: one page on one site for those who decide: when, who pays, water, noise, rules, and what is open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import powerwall
from powerwall.criteria.criterion import Shared
from powerwall.criteria.noise import SCREENING
from powerwall.output.brief_rules import policy_lines, water_lines
from powerwall.output.markdown import capped, plain, table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, month, percent, shown, span
from powerwall.output.robust import out_words, ranks_words, share
from powerwall.output.site_cells import Site, score_cell
from powerwall.output.site_ids import local_id
from powerwall.ranking.portfolio import region_of
from powerwall.ranking.whatif import bottleneck

if TYPE_CHECKING:
    from powerwall.criteria.cost.large_load.contract import Cost
    from powerwall.criteria.cost.site_costs import SiteCosts
    from powerwall.criteria.power.site.plan import SitePlan
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_STAGES, _OPEN, _RULES, _REASONS = 5, 5, 2, 3  # lines at most, so that a brief stays one page
_CRITICAL = 0.05  # share of the draws from which on a stage is worth a line
_LAST = "energised"


class Case(NamedTuple):
    """A site in its ranking, and what is worked out at it.

    Attributes
    ----------
    ranking, region
        The ranking, and the region of the site.
    site, local
        The site, and its id within its region.
    shared
        Plans, costs, rules and operation at the site alone.
    """

    ranking: Ranking
    region: Region
    site: Site
    local: str
    shared: Shared

    def measure(self, name: str) -> Any:
        """Row of a measure."""
        return self.site.measure(name)


def brief_text(ranking: Ranking, site_id: str) -> str:
    """The brief of a site as Markdown.

    Parameters
    ----------
    ranking
        Of one region or several.
    site_id
        A site of it, ranked or not.
    """
    region = region_of(ranking, site_id)
    local = local_id(region, site_id)
    here = replace(region.request, cooling=ranking.cooling_of(site_id))
    shared = Shared(region.sites.loc[[local]], region.layers, here)
    case = Case(ranking, region, Site(ranking, site_id), local, shared)
    parts = [
        _head(case), _power(case), _who_pays(case), ["## Water and cooling", *water_lines(case)], _noise(case),
        ["## Council and rules", *policy_lines(case)], _open(case), _sources(case),
    ]  # fmt: skip
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(case: Case) -> list[str]:
    """What was asked, and where the site stands."""
    row, request, table_ = case.site.row, case.region.request, case.region.table
    first = f" (first block {request.first_mw:,.6g} MW)" if request.first_mw else ""  # fmt: skip
    ranked = int((case.ranking.frame["status"] == "ranked").sum())
    place = f"rank {row['rank']} of {ranked}" if row["status"] == "ranked" else {
        "out": "out: a requirement fails", "unranked": "not ranked", "reference": "already taken, shown for reference"}[str(row["status"])]  # fmt: skip
    whose = f", weights: {case.ranking.settings.whose}" if case.ranking.settings.profile else ""
    return [
        f"# {plain(row['name'])}",
        f"{plain(table_.title)}, `{case.site.id}`. Asked: {request.mw:,.6g} MW{first} by {request.need_by}; cooling {case.shared('request').cooling}. As of {request.as_of}.", "",
        f"**{place[0].upper()}{place[1:]}**, score **{score_cell(case.site)}** of 100{_ranged(row)}, {percent(row['coverage'])} of the weight is known{whose}.",
        *_firmness(case), *capped([f"- {plain(reason)}" for reason in str(row["reasons"]).split("; ") if reason not in {"", "already taken"}], _REASONS),
    ]  # fmt: skip


def _ranged(row: Any) -> str:
    """What the brackets of a score mean, where there are any."""
    return "" if f"{row['score_low']:.1f}" == f"{row['score_high']:.1f}" else " (all unknowns at their worst – at their best)"  # fmt: skip


def _firmness(case: Case) -> Iterator[str]:
    """How firm its place is, where draws were asked for."""
    found, drawn = case.ranking.robustness, case.site.drawn
    if found is None or drawn is None:
        return
    out = f"; a requirement fails in {out_words(drawn)}" if drawn["p_out"] != 0 else ""
    yield f"- among the first {found.top_k} in {share(float(drawn['held']))} of {found.draws:,} draws of weights and measures, {ranks_words(drawn)}{out}"


def _power(case: Case) -> list[str]:
    """When power comes, at what odds, and what it waits for."""
    from powerwall.criteria.power.site.plan import plan_site

    row, as_of = case.measure("time_to_power_months"), case.region.request.as_of
    lines = ["## When power comes"]
    if math.isnan(row["value"]):
        return [*lines, f"No date: {plain(row['why'] or UNKNOWN)}. A site without a power plan is no candidate."]  # fmt: skip
    odds, on_time = (case.measure(name)["value"] for name in ("power_success_probability", "on_time_probability"))  # fmt: skip
    whole = case.measure("full_power_months")
    all_of_it = f" All {case.region.request.mw:,.6g} MW by {month(as_of, whole['value'])}." if whole["value"] != row["value"] else ""  # fmt: skip
    first = (
        f"First power **{month(as_of, row['value'])}** (P10 {month(as_of, row['low'])} – P90 {month(as_of, row['high'])}), given that it comes; "
        f"**{percent(odds)}** that it comes at all, {percent(on_time)} that the whole request is there by {case.region.request.need_by}.{all_of_it} Grade {plain(row['grade'])}."
    )  # fmt: skip
    lines += [first, "", f"- node: {_node(case)}"]
    plan = plan_site(case.region, case.local, draws=case.region.request.draws, seed=case.region.request.seed)  # fmt: skip
    lines += _binding(case, plan)
    lines.append("- bridges: none is part of the request; what on-site power until then would change: "
                 f"`powerwall plan {case.region.path.as_posix()} {case.local} --bridge recip:100`")  # fmt: skip
    stages = _stages(plan)
    return [*lines, "", *stages] if stages else lines


def _node(case: Case) -> str:
    """Where it meets the grid, and what is known of the room there."""
    near, room = case.measure("poi_distance_km"), case.measure("firm_capacity_mw")
    rung = f" ({str(room['grade']).replace('_', ' ')})" if isinstance(room["grade"], str) else ""
    if not math.isnan(room["value"]):
        mw = f"{shown(room['value'])} MW{rung}"
    else:
        mw = UNKNOWN if math.isnan(room["bound"]) else f"≤ {shown(room['bound'])} MW{rung}, an upper bound and never firm"  # fmt: skip
    note = f"; {plain(near['note'])}" if isinstance(near["note"], str) and near["note"] else ""
    return f"{plain(near['row'])} at {shown(near['value'])} km; room for load: {mw}{note}"


def _binding(case: Case, plan: SitePlan) -> Iterator[str]:
    """What the date and the score wait for."""
    from powerwall.criteria.compute.delivery import deliver

    if plan.simulation is not None:
        try:
            by_quarter = deliver(plan, operation=case.shared("operation")).by_quarter
        except ValueError as error:  # an accelerator without dense bf16
            yield f"- what binds: {UNKNOWN}, {plain(error)}"
        else:
            before = [m for m in by_quarter.index if float(m) <= plan.request.need_by_months]
            months = before[-1] if before else by_quarter.index[0]
            odds = by_quarter.loc[months].sort_values(ascending=False, kind="stable")
            told = ", ".join(f"{'nothing' if name == 'none' else name} {percent(value)}" for name, value in odds.items() if value >= 0.005)  # fmt: skip
            yield f"- what binds in {month(plan.request.as_of, float(months))}, the last quarter before the need, in shares of the draws: {told}"  # fmt: skip
    name, lost = bottleneck(case.ranking, case.site.id)
    yield f"- what costs it most points: {name}, {lost:.1f} of 100"


def _stages(plan: SitePlan) -> list[str]:
    """Stages that lie on the longest path often enough, by their end."""
    if plan.simulation is None:
        return []
    stages = plan.stages
    told = stages[(stages["criticality"] >= _CRITICAL) & (stages.index != _LAST)]
    told = told.nlargest(_STAGES, "criticality").sort_values("finish_p50_months", kind="stable")
    rows = [
        [name, month(plan.request.as_of, row["finish_p50_months"]), month(plan.request.as_of, row["finish_p90_months"]),
         percent(row["criticality"]), "done" if row["done"] else percent(row["p_fail"]) if row["p_fail"] else NOT_APPLICABLE, row["basis"] or NOT_APPLICABLE]
        for name, row in told.iterrows()
    ]  # fmt: skip
    return table(("stage", "done P50", "done P90", "on the longest path", "fails", "basis"), rows) if rows else []  # fmt: skip


def _who_pays(case: Case) -> list[str]:
    """Tariff, bill by component, cash, and what others carry."""
    costs: SiteCosts = case.shared("costs")
    price = case.measure("delivered_cost_usd_per_mwh")
    names = costs.frame["candidates"].loc[case.local]
    lines = ["## Who pays"]
    note = f": {plain(price['note'])}" if isinstance(price["note"], str) and price["note"] else ""
    known = f"**{shown(price['value'])} USD/MWh** delivered (grade {plain(price['grade'])}, {plain(price['status'])}, as of {plain(price['as_of'])}){note}"
    lines.append(f"Price unknown: {plain(price['why'])}." if math.isnan(price["value"]) else f"{known}.")  # fmt: skip
    lines.append("")
    if len(names) != 1 or names[0] not in costs.stacks.stacks:
        which = f"not certain: {' or '.join(name or 'none' for name in names)}" if len(names) > 1 else "none for this site"  # fmt: skip
        lines.append(f"- tariff: {plain(which)}")
    else:
        lines += _tariff(case, costs, names[0])
    lines += [f"- {words}" for words in _burdens(case)]
    cost = costs.cost(names[0]) if len(names) == 1 else ""
    return lines if isinstance(cost, str) else [*lines, "", *_bill(cost)]


def _tariff(case: Case, costs: SiteCosts, name: str) -> Iterator[str]:
    """The stack, its large-load terms and the rules that may come, each with its state and date."""
    stack = costs.stacks.stacks[name]
    yield f"- tariff {plain(stack.id)}: {plain(stack.title)}; grade {stack.grade}, as of {stack.as_of or costs.stacks.as_of or UNKNOWN}"
    terms = costs.stacks.terms(stack)
    if terms is not None:
        yield f"- large-load terms ({terms.state.replace('_', ' ')}, read {terms.as_of or UNKNOWN}): {plain(terms.words(case.region.request.mw))}"
    cost = costs.cost(name)
    usd = {} if isinstance(cost, str) else costs.under_rules(cost)[0]
    for scenario in stack.scenarios[:_RULES]:
        price = f"{usd[scenario.id]:.2f} instead of {usd['in force']:.2f} {stack.currency}/MWh" if scenario.id in usd else "not priced"  # fmt: skip
        yield f"- may come: {plain(scenario.text or scenario.id)}, {plain(scenario.status or UNKNOWN)}: {price}"


def _burdens(case: Case) -> Iterator[str]:
    """Cash before the first megawatt, what others carry if it leaves, taxes and incentives."""
    upfront, carried = case.measure("upfront_usd_per_mw"), case.measure("ratepayer_exposure_usd_per_mw")  # fmt: skip
    yield f"cash before power: {_usd(upfront, 'USD/MW')}"
    ends = span(carried["low"], carried["value"]) if not math.isnan(carried["low"]) else shown(carried["value"])  # fmt: skip
    told = f"unknown ({plain(carried['why'])})" if math.isnan(carried["value"]) else f"{ends} USD/MW in the worst year ({'if it pays its exit fee … if it defaults' if '…' in ends else 'if it defaults'})"  # fmt: skip
    yield f"what other customers carry if it leaves: {told}"
    tax, given = (case.measure(name) for name in ("tax_usd_per_mw_year", "incentive_usd_per_mw_year"))  # fmt: skip
    yield f"to public budgets: taxes {_usd(tax, 'USD/MW-year')}; incentives {_usd(given, 'USD/MW-year')}"


def _usd(row: Any, unit: str) -> str:
    if math.isnan(row["value"]):
        return f"unknown ({plain(row['why'])})"
    ranged = "" if math.isnan(row["low"]) or row["low"] == row["high"] else f" ({span(row['low'], row['high'])})"  # fmt: skip
    return f"{shown(row['value'])} {unit}{ranged}"


def _bill(cost: Cost) -> list[str]:
    """Bill of the first full year, by component."""
    at, currency = cost.first_full_year, cost.stack.currency
    parts, mwh = cost.bills.lines, float(cost.bills.mwh[at].sum())
    rows = []
    for component in dict.fromkeys(parts["component"]):
        of_it = parts[parts["component"] == component]
        usd = sum(float(cost.bills.usd[column][at].sum()) for column in of_it.index)
        rows.append([component, *_amounts(usd, mwh), ", ".join(dict.fromkeys(of_it["status"]))])
    rows.append(["total", *_amounts(float(cost.bills.total_usd[at]), mwh), ""])
    return table((f"bill of {cost.years[at].start.year}", f"M {currency}/yr", f"{currency}/MWh", "status"), rows)  # fmt: skip


def _amounts(usd: float, mwh: float) -> tuple[str, str]:
    return f"{usd / 1e6:,.3f}", f"{usd / mwh:,.2f}" if mwh else UNKNOWN


def _noise(case: Case) -> list[str]:
    """Margins to the limits, with the state, status and date of the rule."""
    from powerwall.criteria.noise.flags import STUDY

    lines, seen = ["## Neighbours: noise"], ""
    for period in ("night", "day"):
        row = case.measure(f"{period}_noise_margin_db")
        spread = "" if math.isnan(row["low"]) else f", range {span(row['low'], row['high'])} dB to spare"  # fmt: skip
        value = f"unknown ({plain(row['why'])})" if math.isnan(row["value"]) else f"**{shown(abs(row['value']))} dB {'under' if row['value'] >= 0 else 'over'} the limit**"  # fmt: skip
        note = plain(row["note"]).removesuffix(f", {SCREENING}") if isinstance(row["note"], str) else ""  # fmt: skip
        rule = "" if not note else "; the same limit" if note == seen else f"; {note}"
        lines.append(f"- {period}: {value}{spread}{rule}")
        seen = note
    keep = case.measure("noise_setback_m")
    if not math.isnan(keep["value"]):
        lines.append(f"- distance to keep from homes: {shown(round(keep['value'], -1))} m; {plain(keep['note'] or '')}".rstrip("; "))  # fmt: skip
    return [*lines, f"- {STUDY}"]


def _open(case: Case) -> list[str]:
    """What is unknown, and what is worth finding out."""
    weights, values = case.ranking.settings.weights.criteria, case.ranking.values
    found = case.ranking.robustness
    asks = [] if found is None else [ask for ask in found.asks if case.site.id in ask.sites]
    changes = {ask.criterion: f"another site is first in {share(ask.p_change)} of its draws" for ask in asks}  # fmt: skip
    counted = [name for name in values if weights[name] > 0 and math.isnan(values[name].loc[case.site.id])]  # fmt: skip
    moves = {
        name: f"{plain(case.measure(name)['why'])}; moves the score by up to {50 * weights[name]:.1f} points either way"
        for name in sorted(counted, key=lambda name: -weights[name])
    }  # fmt: skip
    told = [
        f"- {name}: {'; '.join(words[name] for words in (moves, changes) if name in words)}"
        for name in dict.fromkeys([*changes, *moves])
    ]
    rest = [name for name in case.ranking.criteria if name not in moves and math.isnan(case.measure(name)["value"])]  # fmt: skip
    if rest:
        told.append(f"- unknown too, and not counted: {', '.join(rest)}")
    none = ["- nothing that is measured is unknown here"]
    return ["## Unknown, and worth finding out", *(capped(told, _OPEN) or none)]


def _sources(case: Case) -> list[str]:
    """Data behind the page, each with its date, and the licences."""
    used = {str(case.measure(name)["layer"]) for name in case.ranking.criteria}
    used |= {"sites", "jurisdictions", "time_to_power", "policy", "obligations", "tariffs"}
    shared: dict[str, list[str]] = {}
    for name, layer in sorted(case.region.layers.items()):
        if name in used:
            shared.setdefault(_credit(layer), []).append(f"{name} ({layer.as_of or UNKNOWN})")
    rows = [f"- {', '.join(names)}: {words}" for words, names in shared.items()]
    made = (
        f"*Screening by powerwall {powerwall.__version__}, region {plain(case.region.name)} {case.region.table.version} ({case.region.table.edition}); {UNKNOWN} is unknown. "
        f"No study of a site, and no advice. All {len(case.region.layers)} layers with their hashes: `powerwall score {case.region.path.as_posix()} -o ranking.xlsx`.*"
    )  # fmt: skip
    return ["## Sources and licences", *rows, "", made]


def _credit(layer: Any) -> str:
    parts: Iterable[str] = (layer.title or f"source {UNKNOWN}", layer.url, "; ".join(layer.licenses) or f"licence {UNKNOWN}",
                            layer.attribution.rstrip("."))  # fmt: skip
    return ", ".join(plain(part) for part in parts if part)
