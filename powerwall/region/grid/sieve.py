"""Sieve: what the exclusions of a grid leave, counted while they are combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from powerwall.region.grid.funnel import Step
from powerwall.region.grid.rules import Rule


@dataclass
class Tally:
    """Counts of some cells; those of several blocks are added.

    Attributes
    ----------
    within
        Cells in the boundary.
    hit, alone, margin, left
        Of each exclusion, then of each inclusion. Shape (rules,)
    """

    rules: int
    within: int = 0
    hit: np.ndarray = field(init=False)
    alone: np.ndarray = field(init=False)
    margin: np.ndarray = field(init=False)
    left: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        for name in ("hit", "alone", "margin", "left"):
            setattr(self, name, np.zeros(self.rules, np.int64))

    def add(self, other: Tally) -> None:
        """Count the cells of another block too."""
        self.within += other.within
        for name in ("hit", "alone", "margin", "left"):
            getattr(self, name)[:] += getattr(other, name)


def sift(
    inside: np.ndarray,
    excluded: Sequence[tuple[np.ndarray, np.ndarray]],
    forced: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, Tally]:
    """Cells that stay, those that stay whatever excludes them, and the counts.

    Parameters
    ----------
    inside
        Cells in the boundary, bool of any shape.
    excluded, forced
        For each exclusion and inclusion the cells it hits, and those it hits without its buffer.
    """
    tally = Tally(len(excluded) + len(forced), within=int(np.count_nonzero(inside)))
    gone = _combine(inside, inside, excluded, tally, 0, removes=True)
    kept = inside & ~gone
    back = _combine(inside & gone, kept, forced, tally, len(excluded), removes=False)
    held = np.zeros_like(inside)
    for hit, _ in forced:
        held |= hit & inside
    return kept | back, held, tally


def _combine(
    among: np.ndarray, start: np.ndarray, rules: Sequence[tuple[np.ndarray, np.ndarray]],
    tally: Tally, first: int, *, removes: bool,
) -> np.ndarray:  # fmt: skip
    """Cells that any of the rules hits, of some; the tally learns of each rule."""
    times = np.zeros(among.shape, np.uint16)
    for hit, _ in rules:
        times += hit
    met = np.zeros_like(among)
    left = int(np.count_nonzero(start))
    for number, (hit, plain) in enumerate(rules, first):
        own = hit & among
        new = int(np.count_nonzero(own & ~met))
        left += -new if removes else new
        tally.hit[number] = np.count_nonzero(own)
        tally.alone[number] = np.count_nonzero(own & (times == 1))
        tally.margin[number] = 0 if plain is hit else np.count_nonzero(own & ~plain)
        tally.left[number] = left
        met |= own
    return met


def steps_of(tally: Tally, excluded: Sequence[Rule], forced: Sequence[Rule]) -> tuple[Step, ...]:
    """Counts as steps of the funnel."""
    names = [rule.name for rule in excluded] + [f"kept: {rule.name}" for rule in forced]
    return tuple(
        Step(name, int(tally.hit[i]), int(tally.alone[i]), _margin(int(tally.margin[i]), rule), int(tally.left[i]))
        for i, (name, rule) in enumerate(zip(names, [*excluded, *forced], strict=True))
    )  # fmt: skip


def _margin(count: int, rule: Rule) -> str:
    return f"{count:,} only by its buffer of {rule.buffer_m / 1000.0:g} km" if count else ""
