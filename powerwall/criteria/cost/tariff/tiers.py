"""Tiers: ladders of prices, how an amount climbs them, and the units their bounds and demands have."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from powerwall.criteria.cost.tariff.calendar import MONTHS
from powerwall.criteria.cost.tariff.refusal import refuse

KW_PER_HP = 0.745699872  # mechanical horsepower, 550 foot-pounds a second


class Ladder(NamedTuple):
    """Tiers: cumulative upper bounds, the last infinite, and a price each."""

    bounds: tuple[float, ...]
    prices: tuple[float, ...]

    @property
    def rate(self) -> str:
        """`0.052/0.046/0.039`."""
        return "/".join(f"{price:g}" for price in self.prices)


def walk(amount: np.ndarray, bounds: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """Cost of an amount that climbs a ladder of tiers.

    Parameters
    ----------
    amount
        12 × loads.
    bounds, prices
        Tiers × 12 × loads (or × 1); bounds are cumulative, the last infinite.
    """
    if len(bounds) == 1:
        return prices[0] * amount
    cost = np.minimum(amount, bounds[0])
    cost *= prices[0]
    for tier in range(1, len(bounds)):
        block = np.minimum(amount, bounds[tier])
        block -= bounds[tier - 1]  # infinite beyond an open tier, and nothing is left
        np.maximum(block, 0.0, out=block)
        block *= prices[tier]
        cost += block
    return cost


def by_month(ladders: tuple[Ladder, ...], of_month: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Bounds and prices of the ladder of each month. [tiers, 12]"""
    most = max(len(ladder.bounds) for ladder in ladders)
    bounds, prices = np.full((most, MONTHS), math.inf), np.zeros((most, MONTHS))
    for month, index in enumerate(of_month):
        count = len(ladders[index].bounds)
        bounds[:count, month], prices[:count, month] = ladders[index]
    return bounds, prices


def scaled(bounds: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Bounds × scale; an open tier stays open, also where the scale is 0."""
    finite = np.where(np.isinf(bounds), 0.0, bounds)[..., None] * scale
    return np.where(np.isinf(bounds)[..., None], math.inf, finite)


def in_unit(kw: np.ndarray, unit: str, power_factor: float | None, place: str) -> np.ndarray:
    """Demand in kW, kVA or hp."""
    if unit == "kw":
        return kw
    return kw / (KW_PER_HP if unit == "hp" else needed(power_factor, place, "a charge per kVA"))


def needed(power_factor: float | None, place: str, what: str) -> float:
    """The power factor, where a charge cannot do without."""
    if power_factor is None:
        raise refuse("power-factor-needed", place, f"{what} needs the load's power factor", "give power_factor")  # fmt: skip
    if not 0 < power_factor <= 1:
        raise refuse("power-factor-needed", place, f"{power_factor:g} is no power factor", "it is over 0 and at most 1")  # fmt: skip
    return power_factor
