"""Choice: the stacks of a region, and which of them serves a site."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powerwall.criteria.cost.large_load import LargeLoadTerms, own_terms, terms_of
from powerwall.criteria.cost.stack.read import read_stack
from powerwall.criteria.cost.stack.stack import Stack
from powerwall.criteria.cost.tariff.refusal import Refusal, Refusals

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request


class Stacks:
    """Stacks of a region by id.

    Attributes
    ----------
    stacks
        Those that can be read.
    position, refused
        Id → its place in the file, from 0; id → why it cannot be read.
    own_terms, terms_refused
        Large-load terms that the file states itself, and what is wrong with them.
    """

    def __init__(self, layers: Layers, request: Request) -> None:
        layer = layers.get("tariffs")
        self.request = request
        self.extra: Mapping[str, Any] = layer.extra if layer else {}
        self.folder = layer.path.parent if layer else Path()
        self.as_of = str(layer.as_of or "") if layer else ""
        unread = Refusals()
        self.own_terms = own_terms(self.extra, unread)
        self.terms_refused = unread.items
        self.stacks: dict[str, Stack] = {}
        self.position: dict[str, int] = {}
        self.refused: dict[str, tuple[Refusal, ...]] = {}
        for at, row in enumerate(layer.frame.to_dict("records") if layer else ()):
            found = Refusals()
            content = {str(key): value for key, value in row.items() if not _absent(value)}
            stack = read_stack(content, f"stacks[{at}].", self.folder, found, self.extra)
            if len(found):
                self.refused[stack.id] = found.items
            self.stacks[stack.id] = stack
            self.position[stack.id] = at

    def terms(self, stack: Stack) -> LargeLoadTerms | None:
        """Terms of a stack; None where none are named."""
        return terms_of(stack.terms, self.own_terms)

    def candidates(self, own: object, places: tuple[str, ...], utility: object) -> tuple[str, ...]:
        """Stacks that may serve a site, one where it is certain.

        Parameters
        ----------
        own
            Stack of the site where it is certain.
        places
            Stacks of the territories it may lie in.
        utility
            Its utility, which decides where no territory does.
        """
        if isinstance(own, str):
            return (own,) if own in self.stacks else ()
        if places:  # the place in or outside of one territory is not certain either
            return (*places, "") if len(places) == 1 else places
        if not isinstance(utility, str):
            return ()
        return tuple(name for name, stack in self.stacks.items() if stack.utility_id == utility)

    def to_usd(self, stack: Stack, amount: float) -> tuple[float | None, str]:
        """An amount of a stack in US dollars, or the reason why not."""
        if stack.currency == "USD":
            return amount, ""
        rate = self.request.usd_per_currency if stack.currency == self.request.currency else None
        if rate is None:
            return None, f"prices are in {stack.currency} and no rate to USD is declared"
        return amount * rate, self.request.rate_note


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
