"""Weights: points of subjects and of criteria within them, divided by their sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from powerwall.criteria.criterion import Criterion
from powerwall.region.findings import Findings, did_you_mean

#: Key of a region file → its place, as `Findings.add` takes it.
KeyPlaces = Callable[..., dict[str, Any]]
#: Points of the subjects where a region is silent: the developer's view, assumed.
DEVELOPER = {"power": 5.0, "cost": 3.0, "water": 1.0, "noise": 1.0, "policy": 2.0}
#: Mean consistency index of 40,000 random reciprocal matrices on the 1–9 scale, by size.
_RANDOM_INDEX = {3: 0.522, 4: 0.884, 5: 1.109, 6: 1.248, 7: 1.342, 8: 1.404, 9: 1.451, 10: 1.484}


@dataclass(frozen=True)
class Weights:
    """Weights that sum to 1.

    Attributes
    ----------
    subjects
        Subject → share of the whole.
    criteria
        Criterion → share of the whole; 0 is measured and shown, not counted.
    points
        Subject or criterion → its points as given, or by default.
    """

    subjects: dict[str, float]
    criteria: dict[str, float]
    points: dict[str, float] = field(default_factory=dict)


def resolve(
    given: Mapping[str, float | Mapping[str, float]],
    criteria: Mapping[str, Criterion],
    places: KeyPlaces,
    findings: Findings,
) -> Weights:
    """Weights of a region; everything wrong with them is recorded.

    `given` holds `<subject> = points` and `<subject>_criteria = {criterion = points}`; a criterion
    that is not named has its own default, a subject that is not named has none unless no subject is.
    """
    subjects = sorted({item.subject for item in criteria.values()})
    named = {name: float(p) for name, p in given.items() if isinstance(p, int | float)}
    points = {
        name: amount
        for name, amount in named.items()
        if _check(name, amount, subjects, "subject", places("weights", name), findings)
    }
    inner: dict[str, float] = {name: item.weight for name, item in criteria.items()}
    for table, entries in given.items():
        if isinstance(entries, Mapping):
            _read_table(table, entries, criteria, subjects, inner, places, findings)
    if not named:
        points = dict(DEVELOPER)
    if len(points) < len(named) and not any(points.values()):  # the faults are told already
        return Weights({}, dict.fromkeys(criteria, 0.0))
    return _normalised(points, inner, criteria, places, findings)


def _check(
    name: str,
    amount: float,
    known: list[str],
    what: str,
    place: dict[str, Any],
    findings: Findings,
) -> bool:
    if name not in known:
        findings.add(
            "PW105",
            f"weights name the unknown {what} `{name}`",
            remedy=did_you_mean(name, known),
            **place,
        )
        return False
    if not math.isfinite(amount) or amount < 0:
        findings.add(
            "PW106",
            f"the weight of `{name}` is {amount:g}; it must be a finite number, 0 or more",
            **place,
        )
        return False
    return True


def _read_table(
    table: str, entries: Mapping[str, float], criteria: Mapping[str, Criterion], subjects: list[str],
    inner: dict[str, float], places: KeyPlaces, findings: Findings,
) -> None:  # fmt: skip
    subject = table.removesuffix("_criteria")
    if subject == table or subject not in subjects:
        known = [f"{name}_criteria" for name in subjects]
        findings.add(
            "PW105",
            f"weights name the unknown table `{table}`",
            remedy=did_you_mean(table, known),
            **places("weights", table),
        )
        return
    own = sorted(name for name, item in criteria.items() if item.subject == subject)
    for name, amount in entries.items():
        if _check(
            name,
            float(amount),
            own,
            f"criterion of {subject}",
            places("weights", table, name),
            findings,
        ):
            inner[name] = float(amount)


def _normalised(
    points: dict[str, float],
    inner: dict[str, float],
    criteria: Mapping[str, Criterion],
    places: KeyPlaces,
    findings: Findings,
) -> Weights:
    total = sum(points[name] for name in sorted(points))
    if not math.isfinite(total):
        findings.add("PW106", "the weights are too large to be added", **places("weights"))
        return Weights({}, dict.fromkeys(criteria, 0.0))
    if total <= 0:
        findings.add(
            "PW106",
            "all subjects have weight 0",
            remedy="give at least one subject points",
            **places("weights"),
        )
        return Weights({}, dict.fromkeys(criteria, 0.0))
    shares: dict[str, float] = dict.fromkeys(criteria, 0.0)
    for subject in sorted(points):
        own = sorted(name for name, item in criteria.items() if item.subject == subject)
        inside = sum(inner[name] for name in own)
        if points[subject] > 0 and inside <= 0:
            findings.add("PW106", f"subject `{subject}` has points but no criterion in use",
                         remedy=f"give one of its criteria points under [weights.{subject}_criteria]", **places("weights", subject))  # fmt: skip
            continue
        for name in own:
            shares[name] = points[subject] / total * (inner[name] / inside) if inside > 0 else 0.0
            if shares[name] > 0 and criteria[name].value is None:
                findings.add("PW106", f"`{name}` has weight but no value function", remedy="give it one under [values], or weight 0",
                             **places("weights", f"{subject}_criteria", name))  # fmt: skip
    return Weights(
        {name: points[name] / total for name in sorted(points)}, shares, {**inner, **points}
    )


def rank_order(m: int) -> np.ndarray:
    """Weights of a bare rank order, most important first: centroid of the ordered simplex. Shape (m,).

    References
    ----------
    Barron and Barrett 1996, Management Science 42(11).

    >>> rank_order(3).round(4).tolist()
    [0.6111, 0.2778, 0.1111]
    """
    if m < 1:
        msg = f"{m} criteria cannot be ordered"
        raise ValueError(msg)
    return np.cumsum(1.0 / np.arange(m, 0, -1))[::-1] / m


def ahp(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and consistency ratio of a reciprocal pairwise matrix.

    Parameters
    ----------
    matrix
        a_ij, how many times j goes into i; a_ij · a_ji = 1. Shape (m, m)

    Returns
    -------
    weights, ratio
        Principal eigenvector over its sum, and CI over the mean CI of random matrices; NaN above
        ten criteria, 0 up to two.

    Raises
    ------
    ValueError
        If an entry is not positive, or not the inverse of its mirror within 1e-6.
    """
    a = np.asarray(matrix, dtype=float)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or a.shape[0] == 0:
        msg = f"a pairwise matrix is square, not {a.shape}"
        raise ValueError(msg)
    if not np.isfinite(a).all() or (a <= 0).any():
        msg = "every entry of a pairwise matrix must be positive"
        raise ValueError(msg)
    if not np.allclose(a * a.T, 1.0, rtol=1e-6, atol=0):
        msg = "entries are not the inverse of their mirrors"
        raise ValueError(msg)
    values, vectors = np.linalg.eig(a)
    principal = int(np.argmax(values.real))
    weights = np.abs(vectors[:, principal].real)
    size = len(a)
    if size <= 2:
        return weights / weights.sum(), 0.0
    index = (values[principal].real - size) / (size - 1)
    return weights / weights.sum(), float(
        index / _RANDOM_INDEX[size]
    ) if size in _RANDOM_INDEX else math.nan
