"""Standing: whether a rule counts on a day, and for whose plant it is made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from powerwall.criteria.noise.rules.rows import NoiseRule
from powerwall.region.dates import parse_span

#: Triggers that a data centre always pulls: its fans, transformers and sets are steady sources.
_ALWAYS = frozenset({"", "any", "steady_tonal", "data_center"})


def counts(rule: NoiseRule, as_of: date, also: Collection[str] = ()) -> bool:
    """Tell whether a rule counts: in force, or adopted and its day has come.

    Parameters
    ----------
    rule
        The rule. Drafts, proposals, guidance and rules of unknown state do not count by themselves.
    as_of
        The day.
    also
        Further states that count, e.g. `guidance`.
    """
    if rule.rule_status not in {"in_force", "pending", *also}:
        return False
    if rule.rule_status == "pending" and not rule.effective_from:
        return False
    if rule.effective_from:
        start = parse_span(
            rule.effective_from
        )  # what is in force began with the span at the latest
        if as_of < (start.last if rule.rule_status == "pending" else start.first):
            return False
    return not (rule.effective_to and as_of >= parse_span(rule.effective_to).first)


def tested_sources(rule: NoiseRule, *, greenfield: bool | None, source_class: str | None) -> bool:
    """Tell whether a rule is made for the plant of a site; what is not known of a site is tested.

    Parameters
    ----------
    rule
        The rule.
    greenfield
        True for land that no plant used before; None is unknown.
    source_class
        Class of the site's own land in the rule's words; None is unknown.
    """
    new = {
        "new_on_unused_site": greenfield is not False,
        "new_on_used_site": greenfield is not True,
    }
    triggered = rule.source_trigger in _ALWAYS or new.get(rule.source_trigger, False)
    land = rule.source_class in {"", "any"} or source_class in {None, rule.source_class}
    return triggered and land
