"""Cases: sites with an outcome row, as arrays of months, events and weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from powerwall.ranking.backtest.censoring import inverse_weights
from powerwall.ranking.backtest.outcomes import Outcomes
from powerwall.region.dates import months_between
from powerwall.region.read import Region


@dataclass(frozen=True)
class Cases:
    """The sample: one case a site with an outcome row; every array has shape (sites,).

    Attributes
    ----------
    site_ids
        Sorted.
    months
        To the outcome, or to the last day on which the site was looked at. [months]
    followed_months
        To the last day on which the site was looked at. [months]
    energised, withdrawn
        Which outcome; neither is a site that still waited then.
    horizon_months
        The deadline. [months]
    weights
        By inverse probability of censoring; 0 of a site lost from sight before the deadline.
    utilities
        Utility of each site; a site without one stands for itself.
    """

    site_ids: pd.Index
    months: np.ndarray
    followed_months: np.ndarray
    energised: np.ndarray
    withdrawn: np.ndarray
    horizon_months: float
    weights: np.ndarray
    utilities: np.ndarray

    @property
    def event(self) -> np.ndarray:
        """Whether a site was energised by the deadline."""
        return self.energised & (self.months <= self.horizon_months)

    @property
    def usable(self) -> np.ndarray:
        """Whether that is known."""
        return self.weights > 0

    @property
    def clusters(self) -> np.ndarray | None:
        """What is resampled: utilities where sites share some; None is single sites.

        One utility for all cannot be resampled.
        """
        count = len(np.unique(self.utilities))
        return self.utilities if 1 < count < len(self.utilities) else None

    @property
    def counts(self) -> dict[str, int]:
        """Sites in the sample, and what became of them by the deadline."""
        by = self.months <= self.horizon_months
        return {
            "cases": len(self.months),
            "energised": int(self.event.sum()),
            "withdrawn": int((self.withdrawn & by).sum()),
            "waiting": int((self.usable & ~self.event & ~(self.withdrawn & by)).sum()),
            "lost": int((~self.usable).sum()),
            "energised_later": int((self.energised & ~by).sum()),
        }


def cases(outcomes: Outcomes, region: Region) -> Cases:
    """Outcomes of a region's sites, seen from the as-of date and the day of need of its request."""
    frame, request = outcomes.frame, region.request
    energised = frame["energised_on"].notna().to_numpy()
    withdrawn = frame["withdrawn_on"].notna().to_numpy() & ~energised
    ends = frame["energised_on"].where(energised, frame["withdrawn_on"].where(withdrawn, frame["followed_to"]))  # fmt: skip
    months = np.array([months_between(request.as_of, day) for day in ends], dtype=float)
    utility = region.sites["utility_id"].loc[frame.index]
    return Cases(
        site_ids=frame.index, months=months, energised=energised, withdrawn=withdrawn, horizon_months=request.need_by_months,
        followed_months=np.array([months_between(request.as_of, day) for day in frame["followed_to"]], dtype=float),
        weights=inverse_weights(months, energised | withdrawn, request.need_by_months),
        utilities=utility.where(utility.notna(), "site " + frame.index.to_series()).to_numpy(dtype=str),
    )  # fmt: skip
