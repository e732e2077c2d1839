"""Backtest: what was foretold against what became of the sites, with counts and baselines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pandas as pd
from rich.console import Console
from rich.text import Text

from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, percent, shown
from powerwall.ranking.backtest.backtest import Backtest
from powerwall.ranking.backtest.statistics import FEW_CLUSTERS, FEWEST, share_of
from powerwall.region.findings import shown as shown_path

TOO_FEW = "too few to judge"


class Section(NamedTuple):
    """A table with its heading."""

    heading: str
    heads: tuple[Head, ...]
    rows: list[list[str]]


_NAME = Head("forecast", right=False)
_ORDER = (_NAME, Head("n"), Head("energised"), Head("AUC"), Head("95 % interval"), Head("of the first k", goes=1),
          Head("precision (95 %)", goes=3), Head("lift", goes=2))  # fmt: skip
_ODDS = (_NAME, Head("n"), Head("energised"), Head("mean odds"), Head("realised"), Head("Brier"), Head("of the base rate"),
         Head("skill"), Head("log score", goes=1), Head("of the base rate", goes=2))  # fmt: skip
_BINS = (Head("group"), Head("n"), Head("energised"), Head("mean odds"), Head("realised (95 %)"))
_DATES = (_NAME, Head("energised"), Head("pairs", goes=4), Head("concordance"), Head("tau_b"), Head("CRPS months"),
          Head("pinball P10/P50/P90", goes=3), Head("in P10–P90 (95 %)", goes=1), Head("≤ P50", goes=2), Head("≤ P90", goes=2))  # fmt: skip
_DUE = (_NAME, Head("quantile"), Head("sites followed to it"), Head("energised by it (95 %)"), Head("wanted"))  # fmt: skip


def heading(found: Backtest) -> str:
    """One line: what is tested, as of when, by when, against what."""
    request = found.replay.region.request
    return f"{found.replay.region.name} as known on {request.as_of}: power by {request.need_by}, against {found.outcomes.path.name}"  # fmt: skip


def sample_lines(found: Backtest, drawn: str) -> list[str]:
    """What became of the sample, and how it was drawn."""
    counts, sites = found.sample.counts, len(found.replay.region.sites)
    usable = counts["cases"] - counts["lost"]
    base = share_of(counts["energised"], usable)
    told = (
        "" if drawn else "not stated (--sample); sites chosen because they were built test nothing"
    )
    rest = ", for which the others stand in; of the rest" if counts["lost"] else "; base rate"
    fate = f"{counts['energised']:,} energised by the deadline, {counts['withdrawn']:,} withdrawn, {counts['waiting']:,} still waiting, {counts['lost']:,} lost from sight before it"  # fmt: skip
    end = " were energised" if counts["lost"] else ""
    lines = [
        f"{counts['cases']:,} of {sites:,} sites have an outcome: {fate}{rest} {_ranged(base.share, base.low, base.high)}{end}",
        f"How the sample was drawn: {drawn or told}",
    ]  # fmt: skip
    if not usable:
        lines.append("No site was followed to the deadline: an earlier --deadline can be judged, or a later followed_to")  # fmt: skip
    elif not counts["withdrawn"] + counts["waiting"]:
        lines.append("No site of the sample was left without power: it cannot tell a good ranking from any other")  # fmt: skip
    lines += [f"{status} in the ranking: {n} of the sample, of which {events} were energised in time" for status, (n, events) in found.statuses.items() if status != "ranked"]  # fmt: skip
    return lines


def _ranged(share: float, low: float, high: float) -> str:
    """`47 % (21–74)`."""
    return NOT_APPLICABLE if pd.isna(share) else f"{percent(share)} ({100 * low:.0f}–{100 * high:.0f})"  # fmt: skip


def _number(value: float, digits: int = 2) -> str:
    return NOT_APPLICABLE if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def _name(row: Any) -> str:
    mark = " *" if getattr(row, "hindsight", False) else ""
    return f"powerwall: {row.forecast}" if row.ours else f"{row.forecast}{mark}"


def _rows(frame: pd.DataFrame, heads: tuple[Head, ...], lead: Callable[[Any], list[str]], cells: Callable[[Any], list[str]]) -> list[list[str]]:  # fmt: skip
    """Rows of a table; one with too few cases says so at the first figure that is always shown."""
    rows = []
    for row in frame.itertuples():
        first = lead(row)
        figures = heads[len(first) :]
        stays = next(at for at, head in enumerate(figures) if not head.goes)
        unjudged = [TOO_FEW if at == stays else NOT_APPLICABLE for at in range(len(figures))]
        rows.append([*first, *(cells(row) if row.judged else unjudged)])
    return rows


def _order(row: Any) -> list[str]:
    counted = f"{row.precision_events:.1f}".removesuffix(".0")
    return [_number(row.auc), f"{_number(row.auc_low)}–{_number(row.auc_high)}", f"{counted} of {row.k:.0f}",
            _ranged(row.precision, row.precision_low, row.precision_high), _number(row.lift)]  # fmt: skip


def _odds(row: Any) -> list[str]:
    return [percent(row.predicted), percent(row.realised), _number(row.brier, 4), _number(row.base_rate_brier, 4), _number(row.skill),
            _number(row.log_score, 3), _number(row.base_rate_log_score, 3)]  # fmt: skip


def _dates(row: Any) -> list[str]:
    pinballs = [shown(value) if pd.notna(value) else NOT_APPLICABLE for value in (row.pinball_p10_months, row.pinball_p50_months, row.pinball_p90_months)]  # fmt: skip
    below = [percent(value) if pd.notna(value) else NOT_APPLICABLE for value in (row.below_p50, row.below_p90)]  # fmt: skip
    return [f"{row.pairs:,.0f}", _number(row.concordance), _number(row.tau), shown(row.crps_months) if pd.notna(row.crps_months) else NOT_APPLICABLE,
            "/".join(pinballs) if pd.notna(row.pinball_p50_months) else NOT_APPLICABLE,
            _ranged(row.in_range, row.in_range_low, row.in_range_high), *below]  # fmt: skip


def sections(found: Backtest) -> list[Section]:
    """All tables: order, odds and their groups, dates and what was due."""
    counted = [lambda row: [_name(row), f"{row.n:,}", f"{row.events:,}"], lambda row: [_name(row), f"{row.n:,}"]]  # fmt: skip
    made = [
        Section("Order: did sites that were energised in time stand above those that were not?", _ORDER, _rows(found.order, _ORDER, counted[0], _order)),
        Section("Odds of power by the deadline", _ODDS, _rows(found.odds, _ODDS, counted[0], _odds)),
    ]  # fmt: skip
    if found.parts is not None:
        made.append(Section("Odds and realised shares", _BINS, _bins(found)))
    made.append(Section("Dates, over the sites that were energised while they were followed", _DATES, _rows(found.dates, _DATES, counted[1], _dates)))  # fmt: skip
    due = [row for item in found.dates.itertuples() if item.judged for row in _due(item)]
    return [*made, Section("Dates that had come: sites energised by their own quantile", _DUE, due)] if due else made  # fmt: skip


def _bins(found: Backtest) -> list[list[str]]:
    assert found.parts is not None  # noqa: S101 — the caller looked
    rows = []
    for group in found.parts.groups.itertuples():
        share = share_of(float(group.events), int(group.n))
        realised = f"{percent(group.realised)} ({100 * share.low:.0f}–{100 * share.high:.0f})"
        rows.append([f"{group.Index + 1}", f"{group.n:,}", f"{group.events:,}", percent(group.predicted), realised])  # fmt: skip
    return rows


def _due(row: Any) -> list[list[str]]:
    parts = [(q, getattr(row, f"due_p{q}_n"), *(getattr(row, f"due_p{q}{end}") for end in ("", "_low", "_high"))) for q in (10, 50, 90)]  # fmt: skip
    return [[_name(row), f"P{q}", f"{n:,.0f}", _ranged(share, low, high), percent(q / 100)] for q, n, share, low, high in parts if pd.notna(n) and n > 0]  # fmt: skip


def verdicts(found: Backtest) -> list[str]:
    """Where a baseline does better than powerwall, or nothing does; one line a figure."""
    lines = []
    for table, figure, title, better, digits in (
        (found.order, "auc", "AUC", 1, 3), (found.odds, "brier", "Brier score", -1, 4), (found.dates, "concordance", "concordance", 1, 3),
    ):  # fmt: skip
        known = table[table["judged"].astype(bool) & table[figure].notna()]
        own = known[known["ours"].astype(bool)]
        if own.empty:
            continue
        best = own.loc[(better * own[figure]).idxmax()]
        others = known[~known["ours"].astype(bool)]
        ahead = others[better * others[figure] > better * best[figure]].sort_values(figure, ascending=better < 0, kind="stable")  # fmt: skip
        told = ", ".join(f"{_name(row)} {_number(getattr(row, figure), digits)}" for row in ahead.itertuples())  # fmt: skip
        ours = f"{_number(best[figure], digits)} of powerwall ({best['forecast']})"
        lines.append(f"{title}: {told} {'does' if len(ahead) == 1 else 'do'} better than {ours}" if len(ahead) else f"{title}: no baseline does better than {ours}")  # fmt: skip
    return lines


def knowledge(found: Backtest) -> list[str]:
    """What was known, what was cut or left out, and what leaks."""
    by_use: dict[str, list[str]] = {}
    for cut in found.replay.cuts:
        by_use.setdefault(cut.use, []).append(cut.layer if cut.use == "known" else f"{cut.layer} ({cut.why})")  # fmt: skip
    titles = {"known": "Known then", "cut": "Cut to that day", "left out": "Left out", "leakage": "LEAKAGE, used although later"}  # fmt: skip
    lines = [f"{titles[use]}: {'; '.join(by_use[use])}" for use in titles if use in by_use]
    return [*lines, "Not cut: weights, value functions and the tables shipped with powerwall are those of today; they stand in where the region has no row"]  # fmt: skip


def remarks(found: Backtest) -> list[str]:
    """What must be read beside the figures."""
    sample = found.sample
    lines = []
    if bool(found.odds["hindsight"].any()) or bool(found.dates["hindsight"].any()):
        lines.append("* known only afterwards: shares or quantiles of these very outcomes, which no forecast could have had")  # fmt: skip
    if found.parts is not None:
        parts = found.parts
        sign = "−" if parts.within < 0 else "+"
        within = f" {sign} {_number(abs(parts.within), 4)} within bins" if parts.binned else ""
        lines.append(f"Brier of P(on time) = reliability {_number(parts.reliability, 4)} − resolution {_number(parts.resolution, 4)} + uncertainty {_number(parts.uncertainty, 4)}{within}{' (binned)' if parts.binned else ''}")  # fmt: skip
    clusters = sample.clusters
    if clusters is not None:
        count = len(set(clusters))
        few = ", few: the ends are no nearer than those of resampled single sites" if count < FEW_CLUSTERS.value else ""  # fmt: skip
        lines.append(
            f"Intervals of the AUC resample whole utilities ({count}{few}), seed {found.seed}"
        )
    else:
        why = ": all share one utility, so their dependence is not in it" if len(set(sample.utilities)) == 1 else ""  # fmt: skip
        lines.append(f"Intervals of the AUC resample single sites{why}, seed {found.seed}")
    if sample.energised.sum() < len(sample.months) - sample.withdrawn.sum():
        lines.append("Sites that still wait have no date yet: the realised dates are the early ones, so the shares at or below P50 and P90 read too high, and the losses too")  # fmt: skip
    if not bool(found.order["judged"].all()):
        lines.append(f"{TOO_FEW}: fewer than {FEWEST.value:g} cases with the event, or without it, and a known forecast")  # fmt: skip
    lines.append("It tests the order and the odds of these sites in this window; not cost, water, noise or policy, and no other place or time")  # fmt: skip
    return lines


def next_command(found: Backtest) -> str:
    """What to look at next: the plan of the first site of the sample on that day."""
    request, path = found.replay.region.request, found.replay.region.path
    return f"powerwall explain {shown_path(path)} {found.sample.site_ids[0]} --as-of {request.as_of} --need-by {request.need_by}"  # fmt: skip


def print_backtest(found: Backtest, to: Console, drawn: str = "") -> None:
    """Print all tables, each with its counts, then what must be known beside them."""
    to.print(Text(heading(found), style="bold"))
    for line in sample_lines(found, drawn):
        to.print(line)
    for part in sections(found):
        to.print()
        to.print(Text(part.heading, style="bold"))
        to.print(fitting_table(part.heads, part.rows, to.width))
    to.print()
    for line in verdicts(found):
        to.print(line)
    to.print()
    for line in (*knowledge(found), *remarks(found)):
        to.print(Text(f"– {line}", style="dim"))
    to.print(f"\nNext: {next_command(found)}", soft_wrap=True)
