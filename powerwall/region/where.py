"""Conditions on a layer's columns, such as `voltage_kv >= 138 and kind != "planned"`.

Parsed as a Python expression and evaluated by this module alone: comparisons of a column with a
constant, joined by `and`, `or`, `not`. Nothing is ever called.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.GtE: operator.ge, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.Lt: operator.lt, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def columns_of(where: str) -> list[str]:
    """Names of the columns a condition reads.

    Raises
    ------
    ValueError
        If the condition is not of the form described above.
    """
    tree = _parse(where)
    return sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})


def matches(frame: pd.DataFrame, where: str) -> np.ndarray:
    """Rows that meet a condition; an unknown cell meets only `!=`. Shape (rows,), bool."""
    if not where:
        return np.ones(len(frame), dtype=bool)
    return _evaluate(_parse(where).body, frame)


def _parse(where: str) -> ast.Expression:
    try:
        tree = ast.parse(where, mode="eval")
    except SyntaxError as error:
        msg = f"cannot read the condition `{where}`: {error.msg}"
        raise ValueError(msg) from error
    _validate(tree.body, where)
    return tree


def _validate(node: ast.expr, where: str) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _validate(value, where)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _validate(operand, where)
        case ast.Compare(left=ast.Name(), ops=[op], comparators=[right]) if type(op) in _COMPARE:
            _constant(right, where)
        case ast.Compare(left=ast.Name(), ops=[ast.In() | ast.NotIn()], comparators=[right]):
            _members(right, where)
        case _:
            msg = f"cannot read the condition `{where}`: write  column >= number  or  column == 'word', joined by and/or"
            raise ValueError(msg)


def _constant(node: ast.expr, where: str) -> str | float:
    match node:
        case ast.Constant(value=str() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    msg = f"`{where}` compares with something that is neither a number nor a quoted word"
    raise ValueError(msg)


def _members(node: ast.expr, where: str) -> list[str | float]:
    if isinstance(node, ast.List | ast.Tuple):
        return [_constant(item, where) for item in node.elts]
    msg = f"`{where}`: after `in` write a list such as ['a', 'b']"
    raise ValueError(msg)


def _evaluate(node: ast.expr, frame: pd.DataFrame) -> np.ndarray:
    match node:
        case ast.BoolOp(op=op, values=values):
            parts: Iterable[np.ndarray] = (_evaluate(value, frame) for value in values)
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            return (
                np.logical_and.reduce(list(parts))
                if join is np.logical_and
                else np.logical_or.reduce(list(parts))
            )
        case ast.UnaryOp(operand=operand):
            return ~_evaluate(operand, frame)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.In() as op], comparators=[right]):
            return frame[name].isin(_members(right, "")).to_numpy()
        case ast.Compare(left=ast.Name(id=name), ops=[ast.NotIn() as op], comparators=[right]):
            return ~frame[name].isin(_members(right, "")).to_numpy()
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]):
            column, constant = frame[name], _constant(right, "")
            if isinstance(constant, str) == pd.api.types.is_numeric_dtype(column):
                msg = f"`{name}` holds {'numbers' if isinstance(constant, str) else 'words'} and is compared with {constant!r}"
                raise ValueError(msg)
            result = _COMPARE[type(op)](
                column.where(column.notna(), "") if isinstance(constant, str) else column, constant
            )
            known = frame[name].notna().to_numpy()
            met = np.asarray(result, dtype=bool)
            return met | ~known if isinstance(op, ast.NotEq) else met & known
    msg = f"unexpected {ast.dump(node)}"
    raise ValueError(msg)
