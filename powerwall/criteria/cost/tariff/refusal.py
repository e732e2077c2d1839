"""Refusal: why a tariff cannot be billed; all reasons of a record are told at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Refusal(NamedTuple):
    """One reason.

    Attributes
    ----------
    code
        Word of a fixed list, such as `unknown-unit`.
    place
        Path of the key, such as `energyratestructure[0][2].unit`.
    message, remedy
        What is wrong, and how to mend it.
    """

    code: str
    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.place}: {self.code}: {self.message}{remedy}"


class TariffRefusal(ValueError):  # noqa: N818 — reads as what it is at every raise
    """A tariff that cannot be billed correctly.

    Attributes
    ----------
    refusals
        Every reason, in the order they were met; `code`, `place`, `message` and `remedy` are those
        of the first.
    """

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        self.code, self.place, self.message, self.remedy = self.refusals[0]
        super().__init__("; ".join(map(str, self.refusals)))


class Refusals:
    """A growing collection; nothing is raised before the whole record has been looked at."""

    def __init__(self) -> None:
        self._items: list[Refusal] = []

    def add(self, code: str, place: str, message: str, remedy: str = "") -> None:
        """Record one reason."""
        self._items.append(Refusal(code, place, message, remedy))

    def extend(self, items: Iterable[Refusal]) -> None:
        """Record several reasons."""
        self._items.extend(items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def items(self) -> tuple[Refusal, ...]:
        """All of them."""
        return tuple(self._items)

    def raise_any(self) -> None:
        """Raise `TariffRefusal` with all reasons, if there are any."""
        if self._items:
            raise TariffRefusal(self._items)


def refuse(code: str, place: str, message: str, remedy: str = "") -> TariffRefusal:
    """The refusal of a single reason, to be raised."""
    return TariffRefusal([Refusal(code, place, message, remedy)])
