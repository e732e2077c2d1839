"""The funnel: how many cells each step of a grid takes away, and how many are left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple


class Step(NamedTuple):
    """One step of the funnel.

    Attributes
    ----------
    name
        What the step is, e.g. `protected where gap_status <= 2`.
    hit
        Cells it meets, of those within the boundary, whatever the other steps do.
    alone
        Those of them that no other step of its kind meets: what would change without it.
    margin_words
        How many it meets by its margin alone, e.g. `412 only by its buffer of 0.5 km`; may be
        empty.
    left
        Cells after this step and all before it.
    """

    name: str
    hit: int
    alone: int
    margin_words: str
    left: int


@dataclass(frozen=True)
class Funnel:
    """What a grid was before anything was excluded, step by step what became of it.

    Attributes
    ----------
    within
        Cells in the boundary.
    steps
        In their order. A step that keeps cells whatever excludes them leaves more than before it.
    kept
        Cells after the last step.
    """

    within: int
    steps: tuple[Step, ...]
    kept: int

    def with_steps(self, more: Iterable[Step]) -> Funnel:
        """The funnel with further steps after its own."""
        steps = (*self.steps, *more)
        return replace(self, steps=steps, kept=steps[-1].left if steps else self.kept)

    @property
    def removed(self) -> tuple[int, ...]:
        """Cells that each step took away, negative where it brought cells back. Shape (steps,)

        `within` less their sum is `kept`.
        """
        lefts = (self.within, *(step.left for step in self.steps))
        return tuple(before - after for before, after in pairwise(lefts))
