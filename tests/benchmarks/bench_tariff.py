"""How long bills take, one by one and a million at once."""

from __future__ import annotations

import copy
import importlib.util
import json
from typing import Any

import numpy as np
import pandas as pd
from protocol import NotRunError, Options, Result, demand, measured

from powerwall.criteria.cost.tariff import Tariff, read_urdb

LOADS, TARIFFS = 1_000_000, 4
BILL_S, READ_BILL_S, LOADS_S = 0.0025, 0.0025, 0.3
FLAT = [[0] * 24] * 12
DAY = [[0] * 8 + [1] * 12 + [0] * 4] * 12
#: Time-of-use energy and demand, and flat demand in two blocks.
RECORD: dict[str, Any] = {
    "energyratestructure": [[{"rate": 0.04}], [{"rate": 0.06}]], "energyweekdayschedule": DAY, "energyweekendschedule": FLAT,
    "demandratestructure": [[{"rate": 2.0}], [{"rate": 6.0}]], "demandweekdayschedule": DAY, "demandweekendschedule": FLAT,
    "flatdemandstructure": [[{"rate": 9.0, "max": 50_000}, {"rate": 7.0}]], "flatdemandmonths": [0] * 12,
}  # fmt: skip


def one_bill(options: Options) -> list[Result]:
    """A year's bill of a published case of three tiers and two periods."""
    if options.shared is None:
        raise NotRunError("the published case R04 is not beside this checkout")
    path = options.shared / "cases" / "tariffs" / "R04.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    load = pd.read_csv(path.parent / case["load"]["file"])[case["load"]["column"]].to_numpy()
    rate, tariff = case["rate"], read_urdb(case["rate"])
    bound = ("sort of the 8,760 loads", lambda: np.sort(load))
    check = None
    if importlib.util.find_spec("PySAM") is not None:
        bound = ("PySAM, conversion included", lambda: pysam_usd(rate, load))

        def check(bill: pd.DataFrame) -> None:
            same = np.allclose(pysam_usd(rate, load), bill["total_usd"], rtol=1e-9)
            demand(same, "PySAM gives another bill")

    return [
        measured("bill of R04", 1, lambda: tariff.bill(load), options, bound=bound, check=check, aims={"seconds": BILL_S}),
        measured("bill of R04, record read", 1, lambda: read_urdb(rate).bill(load), options, bound=bound, check=check,
                 aims={"seconds": READ_BILL_S}),
    ]  # fmt: skip


def pysam_usd(rate: dict[str, Any], load: np.ndarray) -> np.ndarray:
    """The same bill by NREL's engine, where it is installed. Shape (12,) [USD]"""
    from PySAM import Utilityrate5
    from PySAM.UtilityRateTools import URDBv8_to_ElectricityRates

    model = Utilityrate5.new()
    for key, value in URDBv8_to_ElectricityRates(copy.deepcopy(rate)).items():
        model.value(key, value)
    for key, value in {
        "gen": [0.0] * 8760, "load": load.tolist(), "analysis_period": 1, "system_use_lifetime_output": 0,
        "degradation": [0], "inflation_rate": 0,
    }.items():  # fmt: skip
        model.value(key, value)
    model.execute()
    return np.asarray(model.Outputs.utility_bill_wo_sys_ym[1])  # the first year after year zero


def many_loads(options: Options) -> list[Result]:
    """Loads of one shape and many sizes on a few tariffs."""
    shape = 0.7 + 0.3 * np.sin(np.arange(8760) * 2 * np.pi / 24)
    shape /= shape.max()
    peaks = np.random.default_rng(0).uniform(1e3, 1e6, options.part(LOADS))
    fixed = [
        {"fixedchargefirstmeter": 100.0 * n, "fixedchargeunits": "$/month"} for n in range(TARIFFS)
    ]
    tariffs = [read_urdb({**RECORD, **charge}) for charge in fixed]
    shares = np.array_split(peaks, TARIFFS)

    def bills() -> list[np.ndarray]:
        return [
            tariff.annual_usd(tariff.determinants(shape), some)
            for tariff, some in zip(tariffs, shares, strict=True)
        ]

    def check(bills: list[np.ndarray]) -> None:
        for tariff, some, usd in zip(tariffs, shares, bills, strict=True):
            demand(np.isclose(_one_by_one(tariff, shape, some[0]), usd[0], rtol=1e-9),
                   "a load alone has another bill than among many")  # fmt: skip

    name = f"loads on {TARIFFS} tariffs"
    bound = ("copy of the loads", peaks.copy)
    return [measured(name, len(peaks), bills, options, bound=bound, check=check, aims={"seconds": LOADS_S})]  # fmt: skip


def _one_by_one(tariff: Tariff, shape: np.ndarray, peak_kw: float) -> float:
    return float(tariff.bill(shape * peak_kw)["total_usd"].sum())
