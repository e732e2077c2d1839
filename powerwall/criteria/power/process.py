"""Process: which stages lie between a site at its node and power."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.power.stages import Stage
from powerwall.region.dates import months_between, parse_span
from powerwall.region.joins import split_ids

if TYPE_CHECKING:
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

ROUTE_FACTOR = Parameter(1.3, "1", 1.1, 1.6, "assumed: route length over straight distance")
SHORTEST_ROUTE_KM = Parameter(0.5, "km", 0.2, 1.0, "assumed: shortest tie")
SPARE_BAY_KM = Parameter(
    1.0, "km", 0.5, 2.0, "assumed: within this a spare bay serves without a new line"
)
LINE_FIXED_SHARE = Parameter(
    0.5, "1", 0.3, 0.7, "assumed: part of a line build that does not shrink with length"
)
LINE_FACTOR_MAX = Parameter(2.5, "1", 2.0, 4.0, "assumed: cap on the length factor of a line build")
#: Network → length its `line` stage was anchored on [km]; None: the backbone itself, not scaled.
LINE_REFERENCE_KM: dict[str, float | None] = {
    "us_firm_230kv": 16.0, "us_firm_345kv": 135.0, "us_firm_500_765kv": None, "us_existing_substation": None,
}  # fmt: skip
REGION_LINE_REFERENCE_KM = 16.0  # the region tables describe works of about ten miles
#: Operators with a study process of their own, by the `iso_rto` of the utility.
OPERATOR_NETWORK = {"ERCOT": "ercot_batch_next", "SPP": "spp_hill"}
WHOLE_NETWORK = {
    "STATNETT": "no_statnett", "TENNET": "nl_tennet",
    "50HERTZ": "de_tso", "AMPRION": "de_tso", "TRANSNETBW": "de_tso", "TENNET DE": "de_tso",
}  # fmt: skip
#: Operators that take no applications: no date can be given.
PAUSED = {"NESO": "applications are paused in Great Britain, no reopening date known"}
PAUSED["NGESO"] = PAUSED["NESO"]
#: Operators that the generic tables describe.
_GENERIC = {"", "NONE", "PJM", "MISO", "CAISO", "NYISO", "ISO-NE", "ISONE", "SPP", "ERCOT"}
UNFINISHED = {
    "under_construction", "engineering", "approved", "approved_litigated", "consented", "planned",
    "planning", "proposed", "on_hold", "full", "denied_by_planning_commission",
}  # fmt: skip
FRONT = ("study",)  # an operator's own process replaces the front of the network
GENERIC_FIXED = {"substation_design", "energised", "backbone"}


def choose_network(
    mw: float, klass: float, distance_km: float, *, planned: bool
) -> tuple[str | None, str]:
    """Network of a request at a node, and a note or the reason why there is none."""
    short = distance_km <= SPARE_BAY_KM.value
    if not planned and klass <= 345 and mw <= 200 and short:
        name = "us_existing_substation"
    elif klass <= 230 and mw <= 400:
        name = "us_firm_230kv"
    elif (klass == 345 and mw <= 1500) or (klass >= 500 and mw < 500):
        name = "us_firm_345kv"
    elif klass >= 500 and mw <= 5000:
        name = "us_firm_500_765kv"
    else:
        return None, f"no process table for {mw:g} MW at a {klass:g} kV node"
    low, high = _range(name)
    return (
        name,
        ""
        if low <= mw <= high
        else f"network {name} is meant for {low:g}–{high:g} MW: extrapolated",
    )


@cache
def _range(network: str) -> tuple[float, float]:
    rows = fact_table("processes")
    rows = rows[rows["process_id"] == network]
    return float(rows["mw_min"].iloc[0]), float(rows["mw_max"].iloc[0])


def line_factor(network: str, distance_km: float, *, region_row: bool) -> float:
    """Factor on the duration of a line build for the length of its route. [1]"""
    reference = LINE_REFERENCE_KM.get(network)
    if reference is None:
        return 1.0
    if region_row:
        reference = REGION_LINE_REFERENCE_KM
    route = max(ROUTE_FACTOR.value * distance_km, SHORTEST_ROUTE_KM.value)
    fixed = LINE_FIXED_SHARE.value
    return float(np.clip(fixed + (1 - fixed) * route / reference, fixed, LINE_FACTOR_MAX.value))


@dataclass(frozen=True)
class Network:
    """The stages of a site, and how well they are known.

    Attributes
    ----------
    stages
        Stage by id, `line` not yet scaled.
    region_line
        True if the region's own row gave the line build.
    grade
        B own published stages, C own or operator's, D generic.
    assumed
        True if any duration is an assumption.
    notes
        What a reader must know.
    name
        Network the stages come from.
    """

    stages: dict[str, Stage]
    region_line: bool
    grade: str
    assumed: bool
    notes: tuple[str, ...]
    name: str = ""
    rungs: dict[str, str] = field(default_factory=dict)


class Processes:
    """Stage tables of one region, for one request."""

    def __init__(self, layers: Layers, request: Request) -> None:
        self.request = request
        rows = layers.frame("time_to_power")
        self._rows = rows[rows["kind"] == "stage"] if rows is not None else pd.DataFrame()
        utilities = layers.frame("utilities")
        self._operators: dict[str, str] = {}
        if utilities is not None and "iso_rto" in utilities:
            known = utilities.dropna(subset=["utility_id", "iso_rto"])
            self._operators = dict(
                zip(known["utility_id"], known["iso_rto"].str.upper(), strict=True)
            )
        self._calendars = _calendars(layers)
        self._cache: dict[tuple[str, str, str], Network] = {}

    def operator(self, utility_id: object) -> str:
        """`iso_rto` of a utility, in capitals; empty if unknown."""
        return self._operators.get(utility_id, "") if isinstance(utility_id, str) else ""

    def network(
        self, generic: str, utility_id: str | None, operator: str = "", batch: str = ""
    ) -> Network:
        """Stages of a site: the region's rows, else the operator's, else the generic ones."""
        key = (generic, utility_id or "", f"{operator}|{batch}")
        if key not in self._cache:
            self._cache[key] = self._build(generic, utility_id, operator, batch)
        return self._cache[key]

    def _build(self, generic: str, utility_id: str | None, operator: str, batch: str) -> Network:
        mw = self.request.mw
        base = WHOLE_NETWORK.get(operator, generic)
        operators = _stage_rows(OPERATOR_NETWORK.get(operator, ""), mw)
        own = self._own_rows(utility_id, base, mw)
        stages: dict[str, Stage] = {}
        rungs: dict[str, str] = {}
        notes: list[str] = []
        assumed = False
        for stage_id, default in _stage_rows(base, None).items():
            row, rung = default, "operator" if base != generic else "generic"
            if stage_id in FRONT and stage_id in operators:
                row, rung = operators[stage_id], "operator"
            if stage_id in own:
                row, rung = own[stage_id], "region"
            if stage_id == "study" and batch == "ERCOT_BATCH0":
                row, rung = _stage_rows("ercot_batch_zero", mw).get("study", row), "operator"
            stages[stage_id] = self._stage(
                row, default, notes, declared=bool(batch) and stage_id == "study"
            )
            rungs[stage_id] = rung
            if stage_id not in GENERIC_FIXED:
                assumed |= (row.get("basis") or row.get("tier")) in {"assumption", "assumed"}
        grade = _grade(rungs, own)
        if grade == "D" and base == generic and operator not in _GENERIC:
            notes.append(f"no process table for operator {operator}: generic stages")
        known = tuple(dict.fromkeys(notes))
        return Network(stages, rungs.get("line") == "region", grade, assumed, known, base, rungs)

    def _own_rows(self, utility_id: str | None, network: str, mw: float) -> dict[str, Any]:
        if not utility_id or self._rows.empty:
            return {}
        rows = self._rows[self._rows["utility_id"] == utility_id]
        low = rows["mw_min"].fillna(0.0) if "mw_min" in rows else 0.0
        high = rows["mw_max"].fillna(np.inf) if "mw_max" in rows else np.inf
        rows = rows[(low <= mw) & (mw <= high)].dropna(
            subset=["stage_id", "p50_months", "p90_months"]
        )
        if "networks" in rows:
            rows = rows[
                [not split_ids(cell) or network in split_ids(cell) for cell in rows["networks"]]
            ]
        return {row["stage_id"]: row for row in rows.to_dict("records")}

    def _stage(self, row: Any, default: Any, notes: list[str], *, declared: bool) -> Stage:
        windows, repeat = self._windows(row.get("calendar_id"), notes, declared=declared)
        minimum = row.get("min_months")
        return Stage(
            float(row["p50_months"]), float(row["p90_months"]), 0.0 if _blank(minimum) else float(minimum),
            tuple(split_ids(default["preds"])), str(default["group"]), float(default["p_fail"]), windows, repeat,
        )  # fmt: skip

    def _windows(
        self, calendar_id: object, notes: list[str], *, declared: bool
    ) -> tuple[tuple[tuple[float, float], ...] | None, float | None]:
        if not isinstance(calendar_id, str):
            return None, None
        row = self._calendars.get(calendar_id)
        if row is None or _blank(row.get("closes")):
            notes.append("no study window known")
            return (), None
        close = months_between(self.request.as_of, parse_span(str(row["closes"])).last)
        result = row.get("result_date")
        at = (
            close
            if _blank(result)
            else months_between(self.request.as_of, parse_span(str(result)).last)
        )
        if str(row.get("tier")) == "assumed":
            notes.append("assumed batch window")
        repeat = row.get("repeat_months")
        # a declared site already stands in its window: its result stays the floor
        return ((max(close, 0.0) if declared else close, at),), None if _blank(repeat) else float(
            str(repeat)
        )

    def floor(self, candidates: tuple[str, ...]) -> tuple[float, str]:
        """Months before which nothing is energised in any of the authorities, and the row's id."""
        best, name = float("nan"), ""
        for calendar_id, row in self._calendars.items():
            if str(row.get("kind")) != "not_before" or _blank(row.get("result_date")):
                continue  # a row without a date holds nothing back
            if set(split_ids(row.get("jurisdiction_ids"))) & set(candidates):
                months = months_between(
                    self.request.as_of, parse_span(str(row["result_date"])).first
                )
                if not months <= best:
                    best, name = months, calendar_id
        return best, name


def _calendars(layers: Layers) -> dict[str, dict[Any, Any]]:
    """Windows and floors: the region's rows replace the shipped ones by id."""
    rows = {row["calendar_id"]: row for row in fact_table("calendars").to_dict("records")}
    own = layers.frame("calendars")
    if own is not None:
        rows.update({row["calendar_id"]: row for row in own.to_dict("records")})
    return rows


@cache
def _stage_rows(network: str, mw: float | None) -> dict[str, Any]:
    rows = fact_table("processes")
    rows = rows[rows["process_id"] == network]
    if mw is not None:
        rows = rows[(rows["mw_min"] <= mw) & (mw <= rows["mw_max"])]
    return {row["stage_id"]: row for row in rows.to_dict("records")}


def _grade(rungs: dict[str, str], own: dict[str, Any]) -> str:
    timed = {rung for stage, rung in rungs.items() if stage not in GENERIC_FIXED}
    if "generic" in timed:
        return "D"
    bases = {str(own[stage].get("basis")) for stage, rung in rungs.items() if rung == "region"}
    return "C" if "operator" in timed or "assumption" in bases else "B"


def _blank(cell: object) -> bool:
    return (
        cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)) or cell == ""
    )


def backbone_months(node: Any, as_of: date) -> tuple[float, str, str]:
    """Floor that works at a node put under first power, a note, and the reason why there is no plan."""
    status, expected = node["reinforcement_status"], node["expected_date"]
    unfinished = status in UNFINISHED
    if not (node["planned"] is True or unfinished):
        return float("nan"), "", ""
    if _blank(expected):
        if node["planned"] is True:
            return float("nan"), "", "planned node without a date"
        return float("nan"), f"works at the node ({status}) without a date: not counted", ""
    months = months_between(as_of, parse_span(str(expected)).last)
    if months <= 0:
        return (
            float("nan"),
            f"works at the node were due {expected}, no in-service mark: not counted",
            "",
        )
    return months, f"not before works at the node are in service ({expected})", ""
