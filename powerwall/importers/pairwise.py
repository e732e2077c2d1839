"""Pairwise: comparisons of subjects, or of the criteria of one, two at a time → weights (AHP)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion
from powerwall.ranking.weights import DEVELOPER, ahp
from powerwall.region.findings import Findings, did_you_mean, shown
from powerwall.region.tables import CellPlaces, read_csv

CONSISTENT = 0.1  # ratio up to which judgements pass for consistent; Saaty 1977
_SCALE = 9.0  # judgements run from 1/9 to 9


class Pairwise(NamedTuple):
    """Weights of a pairwise matrix.

    Attributes
    ----------
    weights
        Subject or criterion → share; they sum to 1.
    subject
        The subject whose criteria were compared; "" where subjects were.
    ratio
        Consistency ratio; NaN above ten rows.
    strained
        The entries that fit the others least, in words, the worst first.
    silent
        What was not compared and has points where a region is silent; it gets none.
    text
        The block of a region file.
    """

    weights: dict[str, float]
    subject: str
    ratio: float
    strained: tuple[str, ...]
    silent: tuple[str, ...]
    text: str


def read_pairwise(
    path: Path, criteria: Mapping[str, Criterion], findings: Findings, profile: str = ""
) -> Pairwise | None:
    """Read a pairwise matrix; None if it cannot be used, and the findings say why.

    Parameters
    ----------
    path
        CSV with one row and one column a name: the first cell of a row names it, a cell says how
        many times the row counts as much as the column (`3`, `1/3`); cells left blank are the
        inverse of their mirror, and the diagonal is 1.
    criteria
        The criteria by name, which say what a name is.
    findings
        Every fault of the file.
    profile
        Name of the profile to write; silent, `[weights]`.
    """
    read = read_csv(path, ";" if _semicolons(path) else ",", findings)
    if read is None:
        return None
    frame, places = read
    names = [str(name) for name in frame.columns[1:]]
    subject = _subject(names, criteria, places, findings)
    matrix = _matrix(frame, names, places, findings)
    if findings.errors or matrix is None:
        return None
    weights, ratio = ahp(matrix)
    shares = dict(zip(names, weights.tolist(), strict=True))
    strained = _strained(matrix, weights, names)
    if ratio > CONSISTENT:
        findings.add("PW106", f"the judgements contradict one another: consistency ratio {ratio:.2f}, over {CONSISTENT:g}", severity="warning",
                     remedy=f"look again at {'; '.join(strained)}", file=path, line=1)  # fmt: skip
    silent = _not_compared(shares, subject, criteria)
    return Pairwise(shares, subject, ratio, strained, silent, _text(path, shares, subject, ratio, silent, profile))  # fmt: skip


def _semicolons(path: Path) -> bool:
    """Tell whether a spreadsheet wrote semicolons."""
    head = path.read_bytes().split(b"\n", 1)[0]
    return head.count(b";") > head.count(b",")


def _subject(
    names: list[str], criteria: Mapping[str, Criterion], places: CellPlaces, findings: Findings
) -> str:
    """The subject whose criteria are compared, "" for subjects; a name that is neither is a finding."""
    subjects = sorted({item.subject for item in criteria.values()})
    if len(names) < 2:
        findings.add("PW203", "nothing to compare: a pairwise matrix has two names or more", **places(None, "x"))  # fmt: skip
        return ""
    of_criteria = sum(name in criteria for name in names) > len(names) / 2
    known = list(criteria) if of_criteria else subjects
    for name in names:
        if name not in known:
            what = "criterion" if of_criteria else "subject"
            findings.add("PW105", f"`{name}` is no {what}", remedy=did_you_mean(name, known), **places(None, name))  # fmt: skip
    for name in [n for n in names if n in criteria and criteria[n].value is None]:
        findings.add("PW106", f"`{name}` has no value function and cannot be weighed", remedy="leave it out of the matrix", **places(None, name))  # fmt: skip
    owners = {criteria[name].subject for name in names if name in criteria} if of_criteria else set()  # fmt: skip
    if len(owners) > 1:
        findings.add("PW105", f"criteria of {', '.join(sorted(owners))} are compared together", remedy="compare those of one subject, one file a subject",
                     **places(None, names[0]))  # fmt: skip
    return owners.pop() if len(owners) == 1 else ""


def _matrix(
    frame: pd.DataFrame, names: list[str], places: CellPlaces, findings: Findings
) -> np.ndarray | None:
    """Reciprocal matrix of the cells; None where rows and columns differ."""
    lead = str(frame.columns[0])
    rows = [str(cell).strip() for cell in frame.iloc[:, 0]]
    if rows != names:
        findings.add("PW203", f"rows are {', '.join(rows) or 'none'} and columns {', '.join(names)}", remedy="name both alike, in one order",
                     **places(0 if rows else None, lead))  # fmt: skip
        return None
    matrix = np.full((len(names), len(names)), np.nan)
    for i in range(len(names)):
        for j, name in enumerate(names):
            matrix[i, j] = _cell(str(frame.iloc[i, j + 1]).strip(), places(i, name), findings)
    for i, name in enumerate(names):
        if not np.isnan(matrix[i, i]) and matrix[i, i] != 1:
            findings.add("PW402", f"`{name}` against itself is {matrix[i, i]:g}, not 1", **places(i, name))  # fmt: skip
        matrix[i, i] = 1.0
    return _mirrored(matrix, names, places, findings)


def _mirrored(
    matrix: np.ndarray, names: list[str], places: CellPlaces, findings: Findings
) -> np.ndarray:
    """The matrix with blank cells filled from their mirrors; pairs that disagree are findings."""
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            here, mirror = matrix[i, j], matrix[j, i]
            pair = f"`{names[i]}` against `{names[j]}`"
            if np.isnan(here) and np.isnan(mirror):
                findings.add("PW401", f"{pair} is blank both ways", remedy="say how many times one counts as much as the other", **places(i, names[j]))  # fmt: skip
            elif np.isnan(here):
                matrix[i, j] = 1 / mirror
            elif np.isnan(mirror):
                matrix[j, i] = 1 / here
            elif not math.isclose(here * mirror, 1.0, rel_tol=0.02):  # 0.33 stands for 1/3
                findings.add("PW402", f"{pair} is {here:g}, and the other way {mirror:g}: not its inverse", remedy="leave one of the two blank",
                             **places(j, names[i]))  # fmt: skip
            else:
                matrix[j, i] = 1 / here
    return matrix


def _cell(text: str, place: dict[str, Any], findings: Findings) -> float:
    """A judgement; NaN where the cell is blank or wrong."""
    if not text:
        return math.nan
    above, _, below = text.replace(",", ".").partition("/")
    try:
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        findings.add("PW401", f"`{text}` is no judgement", remedy="write a number such as 3, or a fraction such as 1/3", **place)  # fmt: skip
        return 1.0
    if not 1 / _SCALE - 1e-2 <= value <= _SCALE:
        findings.add("PW402", f"{text} is outside the scale from 1/9 to 9", **place)
        return 1.0
    return value


_STRAIN_DECIMALS = 9


def _strained(matrix: np.ndarray, weights: np.ndarray, names: list[str]) -> tuple[str, ...]:
    """The three entries that lie farthest from the ratio of the weights, in words."""
    ratio = matrix * weights[None, :] / weights[:, None]
    # among three rows every entry is as far off as the others: rounding must not order them
    strain = np.abs(np.log(ratio)).round(_STRAIN_DECIMALS)
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    pairs.sort(key=lambda pair: (-strain[pair], pair))
    return tuple(
        f"{names[i]} against {names[j]} ({matrix[i, j]:.3g}, the weights say {weights[i] / weights[j]:.3g})"
        for i, j in pairs[:3] if strain[i, j] > 0
    )  # fmt: skip


def _not_compared(
    shares: dict[str, float], subject: str, criteria: Mapping[str, Criterion]
) -> tuple[str, ...]:
    """Names that would keep their default points beside shares that sum to 1."""
    usual = [n for n, item in criteria.items() if item.subject == subject and item.weight > 0] if subject else [n for n, p in DEVELOPER.items() if p > 0]  # fmt: skip
    return tuple(sorted(set(usual) - set(shares)))


def _text(
    path: Path, shares: dict[str, float], subject: str, ratio: float, silent: tuple[str, ...], profile: str
) -> str:  # fmt: skip
    """The block of a region file."""
    table = f"profiles.{profile}" if profile else "weights"
    table = f"{table}.{subject}_criteria" if subject else table
    said = "not known for so many rows" if math.isnan(ratio) else f"{ratio:.4f}"
    lines = [f"# pairwise comparisons of {Path(shown(path)).name}, {len(shares)} by {len(shares)}, consistency ratio {said}", f"[{table}]"]  # fmt: skip
    lines += [f"{name} = {share:.6g}" for name, share in shares.items()]
    lines += [f"{name} = 0  # not compared" for name in silent]
    return "\n".join(lines) + "\n"
