"""Merge: one order over the parts of a screening, and what was counted in them.

Of every candidate only the score and the code of its reasons are held, 12 bytes; everything else
stays in the files of the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.job import read_part
from powerwall.ranking.screening.scoring import Bound

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


def merged(files: Sequence[Path], limits: Sequence[Bound], by: str = "score") -> Merged:
    """Rank the candidates of all parts: by score, then by id.

    Parameters
    ----------
    files
        The parts in their order.
    limits
        The requirements.
    by
        `score`, or `score_low`.
    """
    columns = [read_part(file).select([by, "code"]) for file in files]
    score = np.concatenate([part[by].to_numpy() for part in columns])
    status = np.concatenate([scoring.statuses(part["code"].to_numpy(), limits) for part in columns])
    ranked = np.flatnonzero(status == scoring.RANKED)
    order = ranked[np.argsort(-score[ranked], kind="stable")]
    order = _by_id(order, score[order], files)
    rank = np.zeros(len(score), np.int32)
    rank[order] = np.arange(1, len(order) + 1, dtype=np.int32)
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    best = score[order][::-1]
    quantiles = dict(zip(shares, np.quantile(best, shares).tolist(), strict=True)) if len(best) else {}  # fmt: skip
    return Merged(rank, status, order, quantiles)


def _by_id(order: np.ndarray, score: np.ndarray, files: Sequence[Path]) -> np.ndarray:
    """Equal scores in the order of their ids, however the parts were cut."""
    same = np.flatnonzero(score[1:] == score[:-1])
    tied = np.union1d(same, same + 1)
    if not len(tied):
        return order
    rows = order[tied]
    ids = take(files, rows, ["site_id"])["site_id"]
    place = np.empty(len(rows), np.int64)
    place[pc.sort_indices(ids).to_numpy()] = np.arange(len(rows))
    found = order.copy()
    found[tied] = rows[np.lexsort((place, -score[tied]))]
    return found


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
