"""Upfront: what connecting a site costs, and what of it is paid before the first megawatt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from powerwall.criteria.cost.upgrades import contribution_usd
from powerwall.criteria.cost.years import KW_PER_MW


class Works(NamedTuple):
    """What connecting a site costs: assets of its own, and works on the shared network. [USD]; NaN is unknown"""

    direct_usd: float = math.nan
    network_usd: float = math.nan

    @property
    def total_usd(self) -> float:
        """Both."""
        return self.direct_usd + self.network_usd


class Upfront(NamedTuple):
    """What is paid before the first megawatt. [USD]; NaN is unknown, and 0 is none."""

    contribution: float
    study_fee: float
    energisation_fee: float
    security_cash: float

    @property
    def missing(self) -> list[str]:
        """Parts that are not known."""
        return [name.replace("_", " ") for name, usd in self._asdict().items() if math.isnan(usd)]

    @property
    def known_usd(self) -> float:
        """Sum of what is known; the least that is paid."""
        return float(np.nansum(self))


def contribution(terms: Mapping[str, Any], works: Works, contract_mw: float, revenue_usd: float, *, taxed: bool) -> float:  # fmt: skip
    """Contribution to works under the field `upfront` of some terms. [USD]; NaN is unknown

    Parameters
    ----------
    terms, works
        The field, and what the works cost.
    contract_mw, revenue_usd
        What an allowance is reckoned from: contract capacity, or the bill of a full year. [MW], [USD]
    taxed
        Whether the tax on the contribution is in it.
    """
    shares = {key: terms.get(key) for key in ("direct_share", "network_share")}
    if all(share is None for share in shares.values()):
        return 0.0 if terms.get("kind") == "none" else math.nan
    if shares["network_share"] is None and works.network_usd != 0:
        return math.nan  # whether the load pays for works that others use too is not said
    direct, network = (float(share or 0.0) for share in shares.values())
    allowance = terms.get("allowance") or {}
    usd = KW_PER_MW * float(allowance.get("usd_per_kw", 0.0)) * contract_mw
    usd += float(allowance.get("years_of_revenue", 0.0)) * revenue_usd
    parts = (direct * works.direct_usd if direct else 0.0, works.network_usd if network else 0.0)
    gross_up = float(terms.get("tax_gross_up", 0.0)) if taxed else 0.0
    return contribution_usd(*parts, network_share=network, allowance_usd=usd, tax_gross_up=gross_up)
