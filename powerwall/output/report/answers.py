"""Answers: what is scarce, who pays and where to build, each sentence from a measure, unknowns said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from powerwall.criteria.cost.large_load.contract import Cost
from powerwall.output.numbers import UNKNOWN, month, percent, shown
from powerwall.output.report.card_cost import components, grade_words, terms_words
from powerwall.output.report.parts import Answer, capital, short
from powerwall.output.report.where import where_to_build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from powerwall.output.report.study import Study
    from powerwall.ranking.rank import Ranking

LEADERS = 3
_M = 1e6
_LIKELY = 0.5
_CRITICAL = 0.25  # share of the draws from which a stage is named
_NO_WORK = {"energised", "commissioning"}  # ends of every path, and no reason for it


def answers(ranking: Ranking, leaders: Sequence[Study]) -> list[Answer]:
    """The three answers; `leaders` are the first ranked sites, the best first."""
    return [_scarce(ranking, leaders), _who_pays(ranking, leaders), where_to_build(ranking, leaders)]  # fmt: skip


def _scarce(ranking: Ranking, leaders: Sequence[Study]) -> Answer:
    question = "What is scarce?"
    if not leaders:
        return Answer(question, "Unknown: no site can be ranked", _wants(ranking))
    first = leaders[0]
    late = float(first.measure("months_late")["value"])
    delay = f"{shown(abs(late))} months {'after' if late > 0 else 'before'} the day of need"
    comes = float(first.measure("power_success_probability")["value"])
    on_time = float(first.measure("on_time_probability")["value"])
    lead = f"Power: the leading site has all {first.request.mw:g} MW by {first.request.need_by} with a chance of {percent(on_time)}"
    sentences = [f"{capital(first.at)} first power comes in {_span(first)}, {delay}, given that it comes; the chance that it ever comes is {percent(comes)}."]  # fmt: skip
    if len(leaders) > 1:
        others = "; ".join(f"{one.brief} {_span(one)}, comes {percent(float(one.measure('power_success_probability')['value']))}" for one in leaders[1:])  # fmt: skip
        sentences.append(f"Next in rank: {others}.")
    sentences += [*_odds(ranking), *_capacity(ranking), *_binding(leaders), *_stages(first)]
    return Answer(question, lead, [*sentences, *_wants(ranking)])


def _date(one: Study, measure: str) -> str:
    return month(one.request.as_of, float(one.measure(measure)["value"]))


def _span(one: Study) -> str:
    """`2031-02 (P10 – P90 2030-04 – 2032-05)`."""
    row = one.measure("time_to_power_months")
    low, high = (month(one.request.as_of, float(row[c])) for c in ("low", "high"))
    return f"{_date(one, 'time_to_power_months')} (P10 – P90: {low} – {high})"


def _ranked(ranking: Ranking, measure: str) -> pd.DataFrame:
    frame = ranking.frame
    return ranking.measures[measure].loc[frame.index[frame["status"] == "ranked"]]


def _odds(ranking: Ranking) -> list[str]:
    odds = _ranked(ranking, "on_time_probability")["value"]
    likely = int((odds >= _LIKELY).sum())
    head = "None" if not likely else f"{likely:,}"
    return [f"{head} of {len(odds):,} ranked sites {'has' if likely < 2 else 'have'} an even chance or better of the whole request on the day of need; the best has {percent(float(odds.max()))}."]  # fmt: skip


def _capacity(ranking: Ranking) -> list[str]:
    """How many nodes are known to have the megawatts, and what the others rest on."""
    rows = _ranked(ranking, "firm_capacity_mw")
    known = rows[rows["value"].notna()]
    asked = {region.name: region.request.mw for region in ranking.regions}
    wanted = ranking.frame["region"].loc[known.index].map(asked).astype(float)
    enough = int((known["value"] >= wanted).sum())
    request = f"{next(iter(asked.values())):g} MW" if len(set(asked.values())) == 1 else "the request of their region"  # fmt: skip
    if len(known):
        told = f"Headroom is known at {len(known):,} of {len(rows):,} ranked sites, and reaches {request} at {enough:,} of them"
    else:
        told = f"Headroom is known at none of the {len(rows):,} ranked sites"
    bounds = rows[rows["value"].isna() & rows["bound"].notna()]
    if len(bounds):
        told += f"; at {len(bounds):,} there is only an upper bound (the largest is ≤ {shown(float(bounds['bound'].max()))} MW), which is never firm"
    return [f"{told}."]


def _binding(leaders: Sequence[Study]) -> list[str]:
    """What binds on the day of need at the leaders."""
    told = []
    for one in leaders:
        if one.delivery is None:
            continue
        table = one.delivery.by_quarter
        at = min(table.index, key=lambda m: abs(float(m) - one.request.need_by_months))
        row = table.loc[at].drop("none")
        if row.max() > 0:
            told.append(f"{row.idxmax()} {one.at} in {percent(float(row.max()))} of the draws")
    return [f"About the day of need what binds is {'; '.join(told)}."] if told else []


def _stages(first: Study) -> list[str]:
    """What the leader's date waits for, and what would bring it nearer."""
    plan = first.plan
    if plan.inside is None:
        return []
    critical = plan.stages["criticality"].drop([n for n in _NO_WORK if n in plan.stages.index])
    critical = critical[critical >= _CRITICAL].sort_values(ascending=False, kind="stable")
    if critical.empty:
        return []
    named = ", ".join(f"{str(name).replace('_', ' ')} ({percent(float(v))})" for name, v in critical.items())  # fmt: skip
    told = f"The date of {first.brief} waits for {named}: shares of the draws in which a stage lies on the critical path"
    for name, row in plan.buy_downs.head(1).iterrows():
        told += f"; {shown(row['shorter_by_months'])} months off {str(name).replace('_', ' ')} would bring the whole request {shown(row['saved_p50_months'])} months nearer"
    return [f"{told}."]


def _wants(ranking: Ranking) -> list[str]:
    """What nobody knows of the ranked sites, the most weight first."""
    weights, frame = ranking.settings.weights.criteria, ranking.frame
    ranked = frame.index[frame["status"] == "ranked"]
    told = []
    for name in sorted(ranking.values, key=lambda n: (-weights[n], n)):
        unknown = int(ranking.values[name].loc[ranked].isna().sum())
        if weights[name] > 0 and unknown:
            told.append(f"{short(name)} at {unknown:,}")
    return [f"Unknown, of {len(ranked):,} ranked sites: {'; '.join(told)}."] if told else []


def _who_pays(ranking: Ranking, leaders: Sequence[Study]) -> Answer:
    question = "Who pays?"
    if not leaders:
        return Answer(question, "Unknown: no site can be ranked", [])
    first = leaders[0]
    row = first.measure("delivered_cost_usd_per_mwh")
    price = f"{shown(float(row['value']))} USD/MWh"
    if math.isnan(row["value"]):
        lead = f"Unknown at the leading site: {row['why']}"
    elif isinstance(first.cost, Cost):
        lead = f"The project pays {price} at the leading site, by {grade_words(str(row['grade']))}"
    else:
        lead = f"Not settled at the leading site: no bill can be worked out, and {price} is {grade_words(str(row['grade']))}"
    sentences = [_prices(leaders)]
    told: set[str] = set()
    for one in leaders:
        stack = one.stack.id if one.stack is not None else ""
        if stack not in told:
            told.add(stack)
            sentences += _bill_words(one) if isinstance(one.cost, Cost) else [f"The parts of the price are unknown {one.at}: {one.cost}."]  # fmt: skip
            sentences += terms_words(one)
    return Answer(question, lead, [*sentences, *_upgrades(leaders), *_others(ranking), *_taxes(first)])  # fmt: skip


def _prices(leaders: Sequence[Study]) -> str:
    told = []
    for one in leaders:
        row = one.measure("delivered_cost_usd_per_mwh")
        spread = "" if math.isnan(row["low"]) else f" ({shown(float(row['low']))}–{shown(float(row['high']))})"  # fmt: skip
        price = UNKNOWN if math.isnan(row["value"]) else f"{shown(float(row['value']))}{spread} USD/MWh, grade {row['grade'] or UNKNOWN}"  # fmt: skip
        told.append(f"{one.brief} {price}")
    return f"Delivered price: {'; '.join(told)}."


def _bill_words(one: Study) -> list[str]:
    """Shares of the bill by component."""
    cost = one.cost
    if not isinstance(cost, Cost):
        return []
    parts = components(cost)
    total, currency = sum(parts.values()), cost.stack.currency
    mwh = float(cost.bills.mwh[cost.first_full_year].sum())
    shares = ", ".join(f"{name} {percent(usd / total)}" for name, usd in parts.items())
    return [f"Under {cost.stack.id} the first full year costs {total / _M:,.1f} M {currency}, {total / mwh:,.2f} {currency}/MWh: {shares}."]  # fmt: skip


def _upgrades(leaders: Sequence[Study]) -> list[str]:
    """Who bears the works on the network."""
    known, unknown = [], []
    for one in leaders:
        works = one.costs.works(one.local_id)
        if math.isnan(works.total_usd):
            unknown.append(one.brief)
            continue
        paid = one.cost.upfront(works).contribution if isinstance(one.cost, Cost) else math.nan
        share = UNKNOWN if math.isnan(paid) else f"{paid / _M:,.1f} M"
        known.append(f"{works.total_usd / _M:,.1f} M {one.request.currency} {one.at}, of which the project contributes {share}")  # fmt: skip
    told = []
    if known:
        told.append(f"Grid works: {'; '.join(known)}. Contributions are before energisation, with the taxes on them; what they leave stands in the rates of all customers.")  # fmt: skip
    if unknown:
        told.append(f"Who bears the grid works is unknown, for their cost is not known: {'; '.join(unknown)}.")  # fmt: skip
    return told


def _others(ranking: Ranking) -> list[str]:
    """What other customers carry if a project leaves."""
    rows = _ranked(ranking, "ratepayer_exposure_usd_per_mw")
    known = rows[rows["value"].notna()]
    if known.empty:
        why = rows["why"].dropna().mode()
        return [f"What other customers carry if a project leaves is unknown at all ranked sites{f' ({why.iloc[0]})' if len(why) else ''}."]  # fmt: skip
    worst = known["value"].max()
    left = len(rows) - len(known)
    more = f"; unknown at {left:,}" if left else ""
    return [f"If a project leaves in the worst year and defaults, other customers carry up to {shown(float(worst))} USD/MW (known at {len(known):,} ranked sites{more})."]  # fmt: skip


def _taxes(first: Study) -> list[str]:
    tax, relief = (first.measure(name) for name in ("tax_usd_per_mw_year", "incentive_usd_per_mw_year"))  # fmt: skip
    levied = f"{shown(float(tax['value']))} USD/MW-year" if not math.isnan(tax["value"]) else f"unknown ({tax['why']})"  # fmt: skip
    if math.isnan(relief["value"]):
        given = f"what incentives take off is unknown ({relief['why']})"
    else:
        given = f"incentives take off {shown(float(relief['value']))} USD/MW-year"
    high = float(relief["high"])
    if not math.isnan(high) and not high <= float(relief["value"]):
        given += f", up to {shown(high)} where conditions turn out to be met"
    return [f"Taxes {first.at}: {levied}; {given}."]
