"""Overlap: criteria that count one quantity, where more than one of them has weight."""

from __future__ import annotations

from powerwall.ranking.weights import KeyPlaces, Weights
from powerwall.region.findings import Findings

#: What would count twice → the criteria that hold it, and what to do about it.
OVERLAPS = {
    "the odds of the permits": (
        ("policy_success_probability", ("on_time_probability", "power_success_probability", "delivered_mw_years", "flop_by_horizon")),
        "weigh on_time_if_permitted_probability instead, or set policy_success_probability = 0",
    ),
    "the months of the permits": (
        ("permit_months", ("time_to_power_months", "months_late", "full_power_months", "on_time_if_permitted_probability",
                           "on_time_probability", "delivered_mw_years", "flop_by_horizon")),
        "set permit_months = 0: it is inside the dates of the power",
    ),
    "the water of the plant": (
        ("scarcity_weighted_water_m3", ("water_consumption_m3_per_year", "peak_day_water_m3", "peak_day_share")),
        "weigh one of them",
    ),
    "the peak PUE": (
        ("it_mw_per_grid_mw", ("flop_by_horizon",)),
        "set it_mw_per_grid_mw = 0: it is inside the FLOP",
    ),
}  # fmt: skip


def check_overlaps(weights: Weights, places: KeyPlaces, findings: Findings) -> None:
    """Warn where a quantity counts twice."""
    for what, ((alone, others), remedy) in OVERLAPS.items():
        beside = [name for name in others if weights.criteria.get(name, 0) > 0]
        if weights.criteria.get(alone, 0) > 0 and beside:
            findings.add(
                "PW110", f"{what} count twice: in `{alone}` and in {', '.join(f'`{name}`' for name in beside)}",
                severity="warning", remedy=remedy, **places("weights"),
            )  # fmt: skip
