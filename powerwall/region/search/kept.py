"""Kept: what is computed of an object at its first use, and then held by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class kept(Generic[T]):  # noqa: N801 — a decorator, as `functools.cached_property` is
    """`functools.cached_property` as it is from Python 3.12 on.

    Until 3.11 all objects of a class share one lock, so that threads wait for one another. Here
    two threads that come first at the same time both compute: the owner locks where that matters.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type | None = None) -> T: ...
    def __get__(self, owner: object | None, kind: type | None = None) -> T | Self:
        if owner is None:
            return self
        found = owner.__dict__[self.name] = self.function(owner)
        return found
