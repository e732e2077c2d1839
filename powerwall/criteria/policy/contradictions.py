"""Contradictions: rows that speak of one act and differ in what decides about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.policy.rows import policy_status, window, word
from powerwall.region.dates import Span, parse_span
from powerwall.region.findings import Findings

if TYPE_CHECKING:
    from powerwall.region.layers import Layer

#: Acts of one authority and kind this close to one another are taken for one act told twice.
SAME_ACT_DAYS = Parameter(60, "d", 30, 90, "assumed: reports of one act may be this far apart")
_ALONE = {"moratorium", "prohibition"}
_DECISIONS = {"approval", "denial"}
_OVER = {"expired", "replaced", "withdrawn"}


class Contradiction(NamedTuple):
    """Two rows of one act.

    Attributes
    ----------
    first, second
        Numbers of the rows.
    what
        How they differ: column, then both values.
    """

    first: int
    second: int
    what: str


def contradictions(rows: Sequence[Mapping[str, Any]]) -> list[Contradiction]:
    """Pairs of rows that speak of one act and differ in start, end, status, effect or threshold.

    A date that lies inside a coarser one is no contradiction, nor is a blank cell.
    """
    by_place: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(rows):
        by_place.setdefault(_matter(row), []).append(number)
    found = []
    for numbers in by_place.values():
        for place, first in enumerate(numbers):
            for second in numbers[place + 1 :]:
                a, b = rows[first], rows[second]
                if _one_act(a, b) and (differing := _differences(a, b)):
                    found.append(Contradiction(first, second, "; ".join(differing)))
    return sorted(found)


def check_contradictions(layer: Layer, findings: Findings) -> None:
    """Record contradictions of a policy layer, each at its second row."""
    rows = layer.frame.to_dict("records")
    index = [int(str(i)) for i in layer.frame.index]
    for pair in contradictions(rows):
        findings.add("PW512", told(rows[pair.first], rows[pair.second], pair.what), severity="warning",
                     remedy="read the act, and keep one row", **layer.places(index[pair.second], "policy_id"))  # fmt: skip


def told(first: Mapping[str, Any], second: Mapping[str, Any], what: str) -> str:
    """Two rows that differ, each with its source and date."""
    who = " and ".join(
        f"{word(row, 'policy_id')} ({word(row, 'source_title') or 'no source'}, {word(row, 'as_of') or 'undated'})" for row in (first, second)
    )  # fmt: skip
    return f"{who} speak of one act and differ in {what}"


def _matter(row: Mapping[str, Any]) -> tuple[str, str]:
    """Authority and matter of a row: it has one moratorium at a time, but many statutes and projects."""
    kind, site = word(row, "kind"), word(row, "site_id")
    if kind in _DECISIONS and site:
        return word(row, "jurisdiction_id"), f"decision {site}"
    what = "" if kind in _ALONE else site or word(row, "subject")
    return word(row, "jurisdiction_id"), f"{kind} {what}"


def _one_act(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    starts = [_span(word(row, "action_date") or word(row, "effective_from")) for row in (a, b)]
    if word(a, "policy_id") and word(a, "policy_id") == word(b, "policy_id"):
        return True
    if starts[0] is None or starts[1] is None:
        return False
    if word(a, "kind") != word(
        b, "kind"
    ):  # a refusal may be followed by an approval, not on its day
        return starts[0] == starts[1] and starts[0].first == starts[0].last
    gap = max(starts[0].first, starts[1].first) - min(starts[0].last, starts[1].last)
    return gap.days <= SAME_ACT_DAYS.value


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    if word(a, "kind") != word(b, "kind"):
        return [f"kind: {word(a, 'kind')} and {word(b, 'kind')}"]
    found = []
    try:
        ends = [window(row)[1] for row in (a, b)]
    except ValueError:
        return []  # an unreadable window is a finding of its own
    starts = [_span(word(row, "effective_from") or word(row, "action_date")) for row in (a, b)]
    for name, (one, other) in (("start", starts), ("end", ends)):
        if one is not None and other is not None and not _agree(one, other):
            found.append(f"{name}: {_shown(one)} and {_shown(other)}")
    # where both ends are known the dates decide, and a status word is only as old as its row
    dated = None not in ends and "proposed" not in {_over(a), _over(b)}
    if _over(a) != _over(b) and not dated:
        found.append(f"policy_status: {word(a, 'policy_status')} and {word(b, 'policy_status')}")
    for column in ("effect", "trigger_mw"):
        one_word, other_word = word(a, column), word(b, column)
        if one_word and other_word and one_word != other_word:
            found.append(f"{column}: {one_word} and {other_word}")
    return found


def _over(row: Mapping[str, Any]) -> str:
    """What a status word says of the act: proposed, over, or standing."""
    status = policy_status(row)
    return "proposed" if status == "pending" else "over" if status in _OVER else "stands"


def _agree(one: Span, other: Span) -> bool:
    return one.first <= other.last and other.first <= one.last


def _shown(span: Span) -> str:
    return str(span.first) if span.first == span.last else f"{span.first} to {span.last}"


def _span(text: str) -> Span | None:
    try:
        return parse_span(text) if text else None
    except ValueError:
        return None
