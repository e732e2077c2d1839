"""Merge: one order over the parts of a screening, and what was counted in them.

Of every candidate the score, its status, its rank and its place in the order are held; everything
else stays in the files of the parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.job import read_part
from powerwall.ranking.screening.scoring import Bound
from powerwall.region.search.pairs import paired, split

#: Rows → whole numbers in the order of the texts of their ids.
IdOrder = Callable[[np.ndarray], np.ndarray]

_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
NEAR = 0.1  # of the limit: a failure that a better datum may turn; how wide it is, is our choice


class Merged(NamedTuple):
    """The candidates of all parts, in the order of the parts.

    Attributes
    ----------
    rank
        1 is best, 0 has none. int32, shape (n,)
    status
        `scoring.RANKED`, `OUT` or `UNRANKED`. int8, shape (n,)
    order
        Rows of the ranked ones, best first.
    quantiles
        Of the score of the ranked ones: share → score.
    """

    rank: np.ndarray
    status: np.ndarray
    order: np.ndarray
    quantiles: dict[float, float]


class Failures(NamedTuple):
    """What one requirement removed.

    Attributes
    ----------
    bound
        The requirement.
    hit, alone, near, left
        Candidates that fail it, that fail no other one, that fail by up to `NEAR` of the limit,
        and that pass it and those before it.
    median
        Median of what those that fail miss it by, in the requirement's unit; NaN where none does.
    open
        Candidates where it is unknown, which stay.
    """

    bound: Bound
    hit: int
    alone: int
    near: int
    left: int
    median: float
    open: int


def merged(
    files: Sequence[Path], limits: Sequence[Bound], id_order: IdOrder, by: str = "score"
) -> Merged:
    """Rank the candidates of all parts: by score, then by id.

    Parameters
    ----------
    files
        The parts in their order.
    limits
        The requirements.
    id_order
        Tells the order of the ids of some rows.
    by
        `score`, or `score_low`.
    """
    score, status = _scores(files, limits, by)
    order = _best_first(score, status == scoring.RANKED, id_order)
    rank = np.zeros(len(score), np.int32)
    rank[order] = np.arange(1, len(order) + 1, dtype=np.int32)
    best = score[order]
    quantiles = {share: _quantile(best, share) for share in _SHARES} if len(best) else {}
    return Merged(rank, status, order, quantiles)


def _scores(files: Sequence[Path], limits: Sequence[Bound], by: str) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Scores and statuses of the candidates of all parts."""
    starts = np.cumsum([0, *(len(read_part(file)) for file in files)])
    score, status = np.empty(starts[-1], np.float32), np.empty(starts[-1], np.int8)

    def take_over(file: Path, start: int, end: int) -> None:
        part = read_part(file)
        score[start:end] = part[by].to_numpy()
        status[start:end] = scoring.statuses(part["code"].to_numpy(), limits)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(take_over, files, starts[:-1], starts[1:]))
    return score, status


def _quantile(best_first: np.ndarray, share: float) -> float:
    """Quantile of scores that fall, between the two neighbours of its place."""
    place = (len(best_first) - 1) * (1 - share)
    low, high = (best_first[end].astype(float) for end in (floor(place), ceil(place)))
    return float(low + (high - low) * (place % 1))


def _best_first(score: np.ndarray, ranked: np.ndarray, id_order: IdOrder) -> np.ndarray:
    """Rows in the order of their scores, highest first, equal ones in that of their ids."""
    packed = paired(_descending(score), np.arange(len(score)))
    packed = packed if ranked.all() else packed[ranked]
    packed.sort()
    order = split(packed)[1].astype(np.int32)
    # scores lie in the upper half, and may differ in their sign
    same = (packed[1:] ^ packed[:-1]).view(np.uint64) < 2**32
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if len(tied):
        group = np.cumsum(np.append(False, ~same), dtype=np.int32)[tied]
        del packed, same  # as long as everything there is
        rows = order[tied]
        by_id = np.argsort(id_order(rows)).astype(np.int32)
        place = np.empty(len(tied), np.int32)
        place[by_id] = np.arange(len(tied), dtype=np.int32)
        packed = paired(group.astype(np.int64), place.astype(np.int64))
        packed.sort()
        order[tied] = rows[by_id[split(packed)[1]]]
    return order


def _descending(score: np.ndarray) -> np.ndarray:
    """Whole numbers that grow as float32 scores fall; equal scores have the same. Shape (n,)"""
    bits = (score + np.float32(0)).view(np.int32)  # −0 becomes 0
    numbers = (~bits).astype(np.int64)
    below = bits < 0
    if below.any():
        numbers[below] = bits[below] & 0x7FFFFFFF
    return numbers


def take(files: Sequence[Path], rows: np.ndarray, columns: Sequence[str] | None = None) -> pa.Table:
    """Some rows of all parts, in the order asked for."""
    sought = np.argsort(rows, kind="stable")
    picked, start, at = [], 0, 0
    for file in files:
        part = read_part(file)
        part = part if columns is None else part.select(list(columns))
        stop = start + len(part)
        until = at + int(np.searchsorted(rows[sought[at:]], stop))
        picked.append(part.take(pa.array(rows[sought[at:until]] - start)))
        start, at = stop, until
    back = np.empty(len(rows), np.int64)
    back[sought] = np.arange(len(rows))
    return pa.concat_tables(picked).replace_schema_metadata(None).combine_chunks().take(pa.array(back))  # fmt: skip


def failures(files: Sequence[Path], limits: Sequence[Bound]) -> list[Failures]:
    """What each requirement removed, in their order, and by what margin."""
    codes = np.concatenate([read_part(file)["code"].to_numpy() for file in files])
    every = np.uint64(sum(limit.failed for limit in limits))
    failing = codes & every
    left = np.ones(len(codes), dtype=bool)
    found = []
    for limit in limits:
        hit = (codes & np.uint64(limit.failed)) != 0
        left &= ~hit
        missed, size = _missed(files, limit)
        found.append(Failures(
            limit, int(hit.sum()), int((failing == np.uint64(limit.failed)).sum()), int((missed <= NEAR * size).sum()),
            int(left.sum()), float(np.median(missed)) if len(missed) else float("nan"), int(((codes & np.uint64(limit.open)) != 0).sum()),
        ))  # fmt: skip
    return found


def _missed(files: Sequence[Path], limit: Bound) -> tuple[np.ndarray, np.ndarray]:
    """What the candidates that fail a requirement miss it by, and the limit that each misses."""
    missed, sizes = [], []
    low, high = limit.requirement.low, limit.requirement.high
    for file in files:
        part = read_part(file)
        hit = (part["code"].to_numpy() & np.uint64(limit.failed)) != 0
        measure = part[limit.requirement.name].to_numpy()[hit]
        missed.append(-limit.margin(measure))
        sizes.append(np.where(measure < low, abs(low), abs(high)))
    return np.concatenate(missed), np.concatenate(sizes)
