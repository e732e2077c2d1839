"""Duties: what dated rules ask of a request, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from powerwall.criteria.policy.obligations import Duty


def print_duties(duties: list[Duty], mw: float, to: Console) -> None:
    """Print what dated rules ask of the request; nothing where none applies."""
    if not duties:
        return
    to.print(Text(f"duties of a request of {mw:g} MW here", style="bold"))
    for line in duty_lines(duties):
        to.print(f"  – {line}", soft_wrap=True)
    to.print()


def duty_lines(duties: list[Duty]) -> list[str]:
    """One line a duty: what it asks, what is shown, and the rule with its date and source."""
    return [f"{duty.obligation_id}, {duty.state}: {duty.text} ({duty.evidence})" for duty in duties]
