"""Survival: a hand check, what must always hold, a known lognormal, and the published page."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.power.queues.survival import (
    COMPLETED,
    HORIZONS,
    Calibration,
    Fit,
    aalen_johansen,
    calibration,
    completion_quantile,
    finished_within,
    fit,
    fit_lognormal,
    incidence,
)
from powerwall.criteria.power.queues.tables import Queue, calibrate, fit_queue, read_queue
from powerwall.output.fit import percentages

PAGE = Path(__file__).resolve().parents[2] / "docs/concepts/outside-view.md"
MONTHS, EVENT = [1, 2, 2, 3, 4, 5], [1, 2, 0, 1, 2, 0]

samples = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from([0, 1, 2])), min_size=1, max_size=60
)


def split(sample):
    return np.array([t for t, _ in sample], dtype=float), np.array([e for _, e in sample])


# ---------------------------------------------------------------------------------- hand check
def test_the_incidence_of_six_requests_with_a_tie_is_the_one_worked_by_hand():
    curve = aalen_johansen(MONTHS, EVENT)
    assert curve["months"].tolist() == [1, 2, 3, 4]
    assert curve["at_risk"].tolist() == [6, 5, 3, 2]
    assert curve["cif_completed"].round(4).tolist() == [0.1667, 0.1667, 0.3889, 0.3889]
    assert curve["cif_withdrawn"].round(4).tolist() == [0, 0.1667, 0.1667, 0.3889]
    assert curve["survival"].round(4).tolist() == [0.8333, 0.6667, 0.4444, 0.2222]


def test_a_time_given_completion_is_the_first_month_that_reaches_the_share():
    curve = aalen_johansen(MONTHS, EVENT)
    assert completion_quantile(curve, [0.1, 0.4, 0.5, 1.0]).tolist() == [1, 1, 3, 3]
    assert np.isnan(completion_quantile(aalen_johansen([1.0, 2.0], [2, 0]), [0.5])).all()


def test_without_censoring_the_time_given_completion_is_the_order_statistic():
    curve = aalen_johansen(np.arange(1.0, 11.0), np.ones(10, dtype=int))
    assert completion_quantile(curve, [0.1, 0.3, 0.5, 0.9]).tolist() == [1, 3, 5, 9]


def test_nothing_has_happened_before_the_first_event():
    curve = aalen_johansen(MONTHS, EVENT)
    assert incidence(curve, [0.5, 1, 99]).round(4).tolist() == [0, 0.1667, 0.3889]
    assert incidence(curve, 0.5, "survival") == 1


def test_requests_that_all_wait_have_no_curve():
    curve = aalen_johansen([3.0, 4.0], [0, 0])
    assert curve.empty
    assert incidence(curve, 5) == 0


@pytest.mark.parametrize(
    ("months", "event", "message"),
    [
        ([0.0], [1], "positive"),
        ([-1.0], [1], "positive"),
        ([math.nan], [1], "positive"),
        ([math.inf], [0], "positive"),
        ([1.0], [3], "0 \\(waiting\\)"),
        ([1.0, 2.0], [1], "do not fit"),
    ],
)
def test_what_is_no_clock_is_refused(months, event, message):
    with pytest.raises(ValueError, match=message):
        aalen_johansen(months, event)


# ---------------------------------------------------------------------------------- properties
@given(samples)
def test_completed_withdrawn_and_waiting_add_up_to_one_and_never_fall(sample):
    curve = aalen_johansen(*split(sample))
    total = curve["cif_completed"] + curve["cif_withdrawn"] + curve["survival"]
    assert np.allclose(total, 1, atol=1e-12)
    for name in ("cif_completed", "cif_withdrawn"):
        assert (np.diff(curve[name], prepend=0) >= -1e-15).all()
    assert (np.diff(curve["survival"], prepend=1) <= 1e-15).all()


@given(samples, st.randoms())
def test_the_order_of_the_rows_does_not_matter(sample, random):
    mixed = list(sample)
    random.shuffle(mixed)
    assert aalen_johansen(*split(sample)).equals(aalen_johansen(*split(mixed)))


@given(samples)
def test_the_two_ends_are_treated_alike(sample):
    months, event = split(sample)
    swapped = np.array([0, 2, 1])[event]
    one, other = aalen_johansen(months, event), aalen_johansen(months, swapped)
    assert np.allclose(one["cif_completed"], other["cif_withdrawn"])
    assert np.allclose(one["survival"], other["survival"])


@given(samples)
def test_without_waiting_requests_the_incidence_is_the_plain_share(sample):
    months, event = split(sample)
    event = np.where(event == 0, 1, event)
    curve = aalen_johansen(months, event)
    for at in (5, 15, 30):
        assert incidence(curve, at) == pytest.approx(np.mean((months <= at) & (event == 1)))


@given(samples)
def test_the_same_requests_twice_give_the_same_shares(sample):
    months, event = split(sample)
    one, twice = aalen_johansen(months, event), aalen_johansen(np.tile(months, 2), np.tile(event, 2))  # fmt: skip
    assert np.allclose(one["cif_completed"], twice["cif_completed"])


@given(samples, st.integers(0, 30), st.integers(1, 30))
@settings(deadline=None, max_examples=40)  # the first fit imports scipy.stats
def test_the_odds_of_the_waiting_are_shares_and_grow_with_the_horizon(sample, waited, horizon):
    months, event = split(sample)
    known = fit(months, event)
    near, far = (float(finished_within(known, waited, h)) for h in (horizon, horizon + 5))
    assert math.isnan(near) == math.isnan(far)
    if not math.isnan(near):
        assert -1e-12 <= near <= far + 1e-12 <= 1 + 1e-9


@given(st.floats(0.1, 20))
@settings(max_examples=15, deadline=None)
def test_a_change_of_unit_scales_the_lognormal_and_leaves_its_spread(factor):
    rng = np.random.default_rng(0)
    months, event = rng.lognormal(3, 0.6, 80), rng.integers(0, 2, 80)
    p50, p90, sigma = fit_lognormal(months, event)
    assert fit_lognormal(months * factor, event) == pytest.approx((p50 * factor, p90 * factor, sigma), rel=1e-3)  # fmt: skip


# -------------------------------------------------------------------------------- the lognormal
def simulated(n=4000, p50=30.0, sigma=0.8, seed=0):
    """Requests filed over eight years, with completion and withdrawal times that are independent."""
    rng = np.random.default_rng(seed)
    done, gone = p50 * np.exp(sigma * rng.standard_normal(n)), rng.exponential(60.0, n)
    seen = rng.uniform(1, 96, n)
    months = np.minimum(np.minimum(done, gone), seen)
    return months, np.where(months == done, 1, np.where(months == gone, 2, 0))


def test_a_known_lognormal_is_recovered_from_censored_requests():
    p50, p90, sigma = fit_lognormal(*simulated())
    assert p50 == pytest.approx(30, rel=0.05)
    assert sigma == pytest.approx(0.8, rel=0.05)
    assert p90 == pytest.approx(30 * math.exp(1.2815515655 * 0.8), rel=0.07)


def test_the_completed_alone_look_faster_than_they_are():
    known = fit(*simulated())
    assert known.completed_median_months < 0.75 * known.p50_months


def test_the_incidence_of_simulated_requests_is_the_true_share():
    months, event = simulated()
    rng = np.random.default_rng(1)
    done, gone = 30 * np.exp(0.8 * rng.standard_normal(10**6)), rng.exponential(60.0, 10**6)
    curve = aalen_johansen(months, event)
    for at in (12, 24, 48):
        truth = np.mean((done <= at) & (done < gone))
        assert incidence(curve, at) == pytest.approx(truth, abs=0.02)


def test_the_exit_hazard_is_withdrawals_per_month_of_waiting():
    assert fit(*simulated()).exit_per_month == pytest.approx(1 / 60, rel=0.06)


def test_without_two_completions_there_is_no_lognormal():
    assert all(math.isnan(x) for x in fit_lognormal([1.0, 2.0, 3.0], [1, 0, 2]))
    assert all(math.isnan(x) for x in fit_lognormal([2.0, 2.0], [1, 1]))


def test_a_share_beyond_the_longest_time_seen_is_unknown():
    known = fit([10.0, 30.0], [1, 0])
    assert known.cif_completed[0] == 0.5
    assert all(math.isnan(x) for x in known.cif_completed[1:])


def test_many_waiting_and_few_completed_are_flagged():
    assert fit([1.0] * 30 + [2.0] * 5, [1] * 30 + [0] * 5).flags == ()
    assert fit([1.0] * 10 + [2.0] * 5, [1] * 10 + [0] * 5).flags == ("many_waiting", "few_completed")  # fmt: skip


# ---------------------------------------------------------------------------------- calibration
def test_a_forecast_is_calibrated_on_requests_that_follow_its_own_model():
    rng = np.random.default_rng(3)
    filed, done = rng.uniform(0, 72, 3000), 30 * np.exp(0.8 * rng.standard_normal(3000))
    gone = rng.exponential(60.0, 3000)
    end, seen = np.minimum(done, gone), 72 - filed
    event = np.where(end <= seen, np.where(done < gone, 1, 2), 0)
    finished = (done < gone) & (done <= seen + 24)
    result = calibration(np.minimum(end, seen), event, finished, 24.0)
    assert result.n == (event == 0).sum()
    assert result.bins["n"].sum() == result.n
    assert result.predicted["incidence"] == pytest.approx(result.finished / result.n, abs=0.05)
    assert result.predicted["completed_only"] > result.finished / result.n
    assert result.brier["completed_only"] > result.brier["incidence"]


def test_a_calibration_needs_someone_who_waits():
    with pytest.raises(ValueError, match="waiting"):
        calibration([1.0, 2.0], [1, 1], [True, True], 12.0)


# ------------------------------------------------------------------------------------- the page
def fit_row(item: Fit, label: str) -> str:
    given_completion = "/".join(f"{m:.1f}" for m in item.given_completion)
    return (
        f"| {label} | {item.n} | {item.completed}/{item.withdrawn}/{item.waiting} | {percentages(item.cif_completed)} | "
        f"{percentages(item.cif_withdrawn)} | {given_completion} | {item.p50_months:.1f}, {item.p90_months:.1f}, {item.sigma:.2f} | "
        f"{item.completed_median_months:.1f} |"
    )


def dropped_line(item: Fit) -> str:
    return "; ".join(f"{n} {reason}" for reason, n in item.dropped.items())


def calibration_row(result: Calibration, label: str) -> str:
    bins = " | ".join(f"{p:.2f}/{r:.2f}" for p, r in zip(result.bins["predicted"], result.bins["realised"], strict=True))  # fmt: skip
    return f"| {label} | {result.n} | {bins} | {result.predicted['incidence']:.2f}/{result.finished / result.n:.2f} |"


def brier_row(result: Calibration, label: str) -> str:
    methods = ("incidence", "censored", "completed_only", "base_rate")
    return f"| {label} | " + " | ".join(f"{result.brier[m]:.3f}" for m in methods) + f" | {result.predicted['completed_only']:.2f} |"  # fmt: skip


ERCOT = "data/texas_ercot/ercot_large_gen_panel_2018-12_2023-12.parquet"
AEP = "data/pjm_aep_ohio_upgrades/aep_ohio_transmission_upgrades_points.geojson"
PARTS = {
    "screening → agreement": (ERCOT, "screening_to_agreement"),
    "agreement → energisation": (ERCOT, "agreement_to_energisation"),
    "first review → in service": (AEP, None),
}


def sensitivity(queue: Queue) -> list[str]:
    """Lognormal of agreement → energisation with the 22 undated ones as waiting, and at their synchronisation."""
    rows = queue.rows
    undated = rows["dropped"] == "finished without approved_energization"
    kept = rows[(rows["dropped"] == "") | undated].copy()
    found = []
    for ends, event in (("seen_on", 0), ("approved_synchronization", COMPLETED)):
        at = kept["dropped"] != ""
        months = kept["months"].where(~at, (kept[ends] - kept["started_on"]).dt.days / 30.4375)
        kind = kept["event"].where(~at, event)
        use = months > 0
        p50, _, sigma = fit_lognormal(months[use], kind[use])
        found.append(f"{p50:.1f} months, sigma {sigma:.2f}")
    return found


@pytest.mark.slow
def test_the_page_on_the_outside_view_prints_the_numbers_of_the_code(shared):
    page, missing = PAGE.read_text(encoding="utf-8"), []
    for label, (file, component) in PARTS.items():
        queue = read_queue(shared / file, component=component)
        item = fit_queue(queue)[0]
        then = calibrate(shared / file, date(2021, 12, 31), date(2023, 12, 31), component=component)  # fmt: skip
        lines = [fit_row(item, label), dropped_line(item), calibration_row(then, label), brier_row(then, label)]  # fmt: skip
        if component == "agreement_to_energisation":
            lines += [*sensitivity(queue), f"{100 * item.exit_per_month:.2f} %"]
        missing += [line for line in lines if line not in page]
    assert not missing, "\n".join(missing)


def test_the_horizons_of_the_page_are_those_of_the_code():
    assert "/".join(f"{h / 12:g}" for h in HORIZONS) in PAGE.read_text(encoding="utf-8")
