"""How long bills take; times are printed beside what is aimed at, never asserted."""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time

import numpy as np
import pandas as pd
import pytest

from powerwall.criteria.cost.tariff import read_urdb

RUNS = 51
BILL_MS, MILLION_S = 2.5, 0.3
FLAT = [[0] * 24] * 12
DAY = [[0] * 8 + [1] * 12 + [0] * 4] * 12
#: Time-of-use energy and demand, and flat demand in two blocks.
RECORD = {
    "energyratestructure": [[{"rate": 0.04}], [{"rate": 0.06}]], "energyweekdayschedule": DAY, "energyweekendschedule": FLAT,
    "demandratestructure": [[{"rate": 2.0}], [{"rate": 6.0}]], "demandweekdayschedule": DAY, "demandweekendschedule": FLAT,
    "flatdemandstructure": [[{"rate": 9.0, "max": 50_000}, {"rate": 7.0}]], "flatdemandmonths": [0] * 12,
}  # fmt: skip


def median_ms(call) -> float:
    """Median time of a call. [ms]"""
    call()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


@pytest.mark.benchmark
def test_a_bill_of_the_published_case_of_three_tiers_and_two_periods(shared, capsys):
    path = shared / "cases" / "tariffs" / "R04.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    load = pd.read_csv(path.parent / case["load"]["file"])[case["load"]["column"]].to_numpy()
    tariff = read_urdb(case["rate"])
    alone, with_reading = (
        median_ms(lambda: tariff.bill(load)),
        median_ms(lambda: read_urdb(case["rate"]).bill(load)),
    )
    told = [
        f"bill of R04: {alone:.2f} ms, {with_reading:.2f} ms with reading the record (aim {BILL_MS} ms)"
    ]
    if importlib.util.find_spec("PySAM") is not None:
        np.testing.assert_allclose(
            pysam(case["rate"], load), tariff.bill(load)["total_usd"], rtol=1e-9
        )
        told.append(
            f"PySAM, conversion included: {median_ms(lambda: pysam(case['rate'], load)):.2f} ms"
        )
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")


def pysam(rate, load):
    """The same bill by NREL's engine; tests only, where it is installed."""
    import copy

    from PySAM import Utilityrate5
    from PySAM.UtilityRateTools import URDBv8_to_ElectricityRates

    model = Utilityrate5.new()
    for key, value in URDBv8_to_ElectricityRates(copy.deepcopy(rate)).items():
        model.value(key, value)
    for key, value in {
        "gen": [0.0] * 8760,
        "load": load.tolist(),
        "analysis_period": 1,
        "system_use_lifetime_output": 0,
        "degradation": [0],
        "inflation_rate": 0,
    }.items():
        model.value(key, value)
    model.execute()
    return model.Outputs.utility_bill_wo_sys_ym[1]  # the first year after year zero


@pytest.mark.benchmark
def test_a_million_loads_on_a_few_tariffs(capsys):
    shape = 0.7 + 0.3 * np.sin(np.arange(8760) * 2 * np.pi / 24)
    shape /= shape.max()
    peaks = np.random.default_rng(0).uniform(1e3, 1e6, 1_000_000)
    tariffs = [
        read_urdb({**RECORD, "fixedchargefirstmeter": 100.0 * n, "fixedchargeunits": "$/month"})
        for n in range(4)
    ]
    share = np.array_split(peaks, len(tariffs))
    start = time.perf_counter()
    for tariff, some in zip(tariffs, share, strict=True):
        tariff.annual_usd(tariff.determinants(shape), some)
    passed = time.perf_counter() - start
    with capsys.disabled():
        sys.stdout.write(
            f"\na million loads on {len(tariffs)} tariffs: {passed:.2f} s (aim {MILLION_S} s)\n"
        )
