"""Constraint: what binds, by the uplift its release would bring.

Power, wires, cooling and accelerators are alternatives of one kind, so the least of them limits;
software multiplies, so no comparison of capacities alone could ever name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

#: Order in which ties are broken.
HARDWARE = ("interconnection", "power", "cooling", "accelerators")
SOFTWARE, NONE, JOINT = "software", "none", "joint"
_TIE = 1e-9
_ORDER = (*HARDWARE, SOFTWARE, NONE, JOINT)
_NAMES = np.array(_ORDER, dtype=object)


class Binding(NamedTuple):
    """What binds.

    Attributes
    ----------
    name
        A constraint, `none` where the need is met, `joint` where no single release helps; a str,
        or an array of them.
    uplift
        Constraint → relative gain in compute if it alone were released. [1], inf from nothing
    label
        As `name`; a joint one names the constraints at the minimum.
    """

    name: Any
    uplift: dict[str, Any]
    label: Any


def binding(
    it_mw_equivalent: Mapping[str, Any],
    *,
    software: Any,
    software_target: Any,
    need_it_mw: Any = None,
) -> Binding:
    """Name the binding constraint.

    Parameters
    ----------
    it_mw_equivalent
        Capacity of some of `HARDWARE`, each as the IT power it allows; one that is not given is
        no constraint. [MW], scalars or arrays that broadcast
    software, software_target
        MFU times goodput as it is, and as it could be. [share]
    need_it_mw
        IT power that is wanted; `none` binds where all capacities reach it. [MW]

    Raises
    ------
    ValueError
        For no capacity, an unknown name, a negative capacity or need, a software share that is not
        one, and for NaN: an unknown capacity would read as the one that binds.

    >>> binding({"interconnection": 100, "power": 150, "cooling": 120, "accelerators": 90},
    ...         software=0.30, software_target=0.40).name
    'software'
    """
    solved = _solve(it_mw_equivalent, software, software_target, need_it_mw)
    name = _NAMES[solved.code]
    label = np.where(name == JOINT, _joint(solved.names, solved.capacity), name)
    if solved.capacity.ndim == 1:
        return Binding(str(name), {k: float(v) for k, v in solved.uplift.items()}, str(label))
    return Binding(name, solved.uplift, label.astype(object))


class _Solved(NamedTuple):
    names: list[str]
    capacity: np.ndarray
    uplift: dict[str, np.ndarray]
    code: np.ndarray


def _solve(
    it_mw_equivalent: Mapping[str, Any], software: Any, software_target: Any, need_it_mw: Any
) -> _Solved:
    """Uplift of every constraint, and the position in `_NAMES` of the one that binds."""
    unknown = sorted(set(it_mw_equivalent) - set(HARDWARE))
    if unknown or not it_mw_equivalent:
        raise ValueError(f"{', '.join(unknown) or 'nothing'}: none of {', '.join(HARDWARE)}")
    names = [name for name in HARDWARE if name in it_mw_equivalent]
    have, want = (np.asarray(x, dtype=float) for x in (software, software_target))
    if not np.all((have > 0) & (have <= 1) & (want > 0) & (want <= 1)):
        raise ValueError("software and its target are shares above 0 and up to 1")
    need = np.asarray(np.nan if need_it_mw is None else need_it_mw, dtype=float)
    if need_it_mw is not None and not np.all(need >= 0):
        raise ValueError("need_it_mw is negative or unknown")
    arrays = np.broadcast_arrays(*(np.asarray(it_mw_equivalent[n], dtype=float) for n in names), have, want, need)  # fmt: skip
    capacity = np.stack(arrays[: len(names)])
    if np.any(capacity < 0):
        raise ValueError("a capacity is negative")
    if np.any(np.isnan(capacity)):
        raise ValueError("a capacity is unknown: leave it out, and it is no constraint")
    uplift = _uplift(names, capacity, arrays[-3], arrays[-2])
    met = capacity.min(axis=0) >= arrays[-1] * (1 - _TIE)  # without a need it is NaN: never met
    code = np.where(met, _ORDER.index(NONE), _chosen(uplift))
    return _Solved(names, capacity, uplift, code)


def _uplift(
    names: list[str], capacity: np.ndarray, have: np.ndarray, want: np.ndarray
) -> dict[str, np.ndarray]:
    least = capacity.min(axis=0)
    found = {}
    for number, name in enumerate(names):
        rest = np.delete(capacity, number, axis=0)
        others = rest.min(axis=0) if len(rest) else np.full_like(least, np.inf)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            gain = np.where(least > 0, others / least - 1, np.where(others > 0, np.inf, 0.0))
        found[name] = np.maximum(np.nan_to_num(gain, nan=0.0, posinf=np.inf), 0.0)
    found[SOFTWARE] = np.where(least > 0, np.maximum(want / have - 1, 0.0), 0.0)
    return found


def _chosen(uplift: Mapping[str, np.ndarray]) -> np.ndarray:
    """The largest uplift, the first of the order among equals; joint where none is positive."""
    best = np.zeros(np.shape(next(iter(uplift.values()))))
    code = np.full(best.shape, _ORDER.index(JOINT))
    for key in (*HARDWARE, SOFTWARE):
        if key in uplift:
            larger = uplift[key] > best + _TIE
            code = np.where(larger, _ORDER.index(key), code)
            best = np.where(larger, uplift[key], best)
    return code


def _joint(names: list[str], capacity: np.ndarray) -> np.ndarray:
    """Names of the constraints at the minimum; each set of them is worded once."""
    at = capacity <= capacity.min(axis=0) * (1 + _TIE)
    code = np.tensordot(1 << np.arange(len(names)), at, axes=1)
    words = np.array([
        f"{JOINT} ({', '.join(n for bit, n in enumerate(names) if key >> bit & 1)})"
        for key in range(1 << len(names))
    ], dtype=object)  # fmt: skip
    return words[code]


def shares(
    it_mw_equivalent: Mapping[str, Any],
    *,
    software: float,
    software_target: float,
    need_it_mw: float,
) -> dict[str, np.ndarray]:
    """Share of equally likely draws in which each constraint binds; they add to 1.

    Arguments as in `binding`, each capacity of shape (draws, times). Shape (times,) each.
    """
    solved = _solve(it_mw_equivalent, software, software_target, need_it_mw)
    wanted = (*solved.names, SOFTWARE, NONE, JOINT)
    return {name: (solved.code == _ORDER.index(name)).mean(axis=0) for name in wanted}


def least_of(capacity: Mapping[str, np.ndarray]) -> np.ndarray:
    """The capacity that limits. [MW], the shape to which they broadcast"""
    return np.minimum.reduce(list(capacity.values()))


def lost_mw(capacity: Mapping[str, np.ndarray], need_it_mw: float) -> dict[str, np.ndarray]:
    """IT power that releasing one constraint alone would add, up to the need. [MW]

    These losses do not add up: two constraints at the minimum lose nothing each.
    """
    arrays = {k: np.minimum(v, need_it_mw) for k, v in capacity.items()}
    shape = np.broadcast_shapes(*(np.shape(v) for v in arrays.values()))
    stacked = np.stack([np.broadcast_to(v, shape) for v in arrays.values()])
    least = stacked.min(axis=0)
    found = {}
    for number, name in enumerate(arrays):
        rest = np.delete(stacked, number, axis=0)
        released = rest.min(axis=0) if len(rest) else np.full(shape, need_it_mw)
        found[name] = released - least
    return found
