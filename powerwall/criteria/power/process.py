"""Process: which stages lie between a site at its node and power."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.criteria.facts import fact_table
from powerwall.criteria.power.calendars import Calendars, Windows, blank
from powerwall.criteria.power.choice import mw_range
from powerwall.criteria.power.lead_time.stages import Stage
from powerwall.criteria.power.permit import after_permit, permit_part
from powerwall.region.dates import months_between, parse_span
from powerwall.region.joins import split_ids

if TYPE_CHECKING:
    from powerwall.criteria.policy.paths import PermitPath, Permits
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

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
FRONT = ("study",)  # an operator's own process replaces the front of the network
GENERIC_FIXED = {"substation_design", "energised", "backbone"}


class Evidence(NamedTuple):
    """Where the duration of a stage comes from.

    Attributes
    ----------
    title
        What the stage is.
    rung
        `site`, `region`, `operator` or `generic`: the best row at hand.
    basis, source, as_of
        How well it is known, who says so, and when.
    """

    title: str
    rung: str
    basis: str
    source: str
    as_of: str

    @property
    def assumed(self) -> bool:
        """Tell whether the duration is an assumption."""
        return self.basis in {"assumption", "assumed"}


@dataclass(frozen=True)
class Network:
    """The stages of a site, and how well they are known.

    Attributes
    ----------
    name
        Process the stages come from.
    stages
        Stage by id, `line` not yet scaled.
    evidence
        Where each duration comes from.
    grade
        B own published stages, C own or operator's, D generic.
    notes
        What a reader must know.
    asks_for_permit
        Stages that wait for the permit of the site by the region's own rows.
    """

    name: str
    stages: dict[str, Stage]
    evidence: dict[str, Evidence]
    grade: str
    notes: tuple[str, ...]
    asks_for_permit: tuple[str, ...] = ()

    @property
    def region_line(self) -> bool:
        """Tell whether the region's own row, or the site's, gave the line build."""
        return "line" in self.evidence and self.evidence["line"].rung in {"region", "site"}

    @property
    def assumed(self) -> bool:
        """Tell whether any duration is an assumption."""
        return any(e.assumed for stage, e in self.evidence.items() if stage not in GENERIC_FIXED)


class Processes:
    """Stage tables of one region, for one request."""

    def __init__(self, layers: Layers, request: Request, permits: Permits | None = None) -> None:
        self.request, self._permits = request, permits
        rows = _evidence_rows(layers)
        self._rows, self._totals = (rows[rows["kind"] == kind] for kind in ("stage", "total"))
        utilities = layers.frame("utilities")
        self._operators: dict[str, str] = {}
        if utilities is not None and "iso_rto" in utilities:
            known = utilities.dropna(subset=["utility_id", "iso_rto"])
            self._operators = dict(
                zip(known["utility_id"], known["iso_rto"].str.upper(), strict=True)
            )
        self.calendars = Calendars(layers, request.as_of)
        self.lines = layers.frame("transmission_lines")
        self._cache: dict[tuple[str, ...], Network] = {}

    def operator(self, utility_id: object) -> str:
        """`iso_rto` of a utility, in capitals; empty if unknown."""
        return self._operators.get(utility_id, "") if isinstance(utility_id, str) else ""

    def progress_of(self, site_id: str) -> str:
        """The site's id if rows of its own say how far it is, else empty."""
        return site_id if (self._rows["site_id"] == site_id).any() else ""

    def totals(self, utility_id: object) -> list[dict[str, Any]]:
        """Rows of whole durations that hold for a utility and the request."""
        mine = self._totals[self._totals["utility_id"] == utility_id]
        return within_mw(mine, self.request.mw).to_dict("records")

    def network(
        self,
        generic: str,
        utility_id: str | None,
        operator: str = "",
        batch: str = "",
        site_id: str = "",
        permit: str = "",
    ) -> Network:
        """Stages of a site: its own rows, the region's, the operator's, else the generic ones.

        `permit` is the key of its permit path, whose stages come first.
        """
        key = (generic, utility_id or "", operator, batch, site_id)
        if key not in self._cache:
            self._cache[key] = self._build(*key)
        return self._permitted(self._cache[key], self.path(permit))

    @staticmethod
    def _permitted(network: Network, path: PermitPath | None) -> Network:
        """A network behind a permit path."""
        if path is None:
            return network
        stages = permit_part(path) | after_permit(network.stages, path, network.asks_for_permit)
        known = {name: Evidence(*item) for name, item in path.known.items()}
        notes = tuple(dict.fromkeys((*network.notes, *path.notes)))
        return replace(network, stages=stages, evidence=network.evidence | known, notes=notes)

    def _build(
        self, generic: str, utility_id: str, operator: str, batch: str, site_id: str
    ) -> Network:
        base = WHOLE_NETWORK.get(operator, generic)
        operators = _stage_rows(OPERATOR_NETWORK.get(operator, ""), self.request.mw)
        regional, own = self._region_rows(utility_id, base), self._site_rows(site_id)
        zero = _stage_rows("ercot_batch_zero", self.request.mw) if batch == "ERCOT_BATCH0" else {}
        stages: dict[str, Stage] = {}
        evidence: dict[str, Evidence] = {}
        notes: list[str] = []
        waiting: list[str] = []
        for stage_id, default in _stage_rows(base, None).items():
            row, rung = default, "operator" if base != generic else "generic"
            if stage_id in FRONT and stage_id in operators:
                row, rung = operators[stage_id], "operator"
            if stage_id in regional:
                row, rung = regional[stage_id], "region"
            if stage_id in FRONT and stage_id in zero:
                row, rung = zero[stage_id], "operator"
            progress = own.get(stage_id, {})
            if not blank(progress.get("p50_months")) and not blank(progress.get("p90_months")):
                row, rung = progress, "site"
            windows = self.calendars.windows(
                row.get("calendar_id"), declared=bool(batch) and stage_id in FRONT
            )
            notes.append(windows.note)
            stages[stage_id] = self._stage(row, default, windows, progress, notes)
            evidence[stage_id] = _evidence(row, default, rung)
            # where an operator asks for the land-use approval first, the region's row says so
            waiting += [stage_id] if "permit" in split_ids(row.get("predecessors")) else []
        grade = _grade(evidence)
        if grade == "D" and base == generic and operator not in _GENERIC:
            notes.append(f"no process table for operator {operator}: generic stages")
        said = tuple(dict.fromkeys(note for note in notes if note))
        return Network(base, stages, evidence, grade, said, tuple(waiting))

    def path(self, permit: str) -> PermitPath | None:
        """Permit path by its key; None where permits are not looked at."""
        return self._permits.paths.get(permit) if self._permits is not None else None

    def permit_of(self, site_id: str) -> str:
        """Key of the permit path of a site; empty where permits are not looked at."""
        return "" if self._permits is None else str(self._permits.keys[site_id])

    def mw_range(self, process_id: str) -> tuple[float, float]:
        """Requests that a process is meant for. [MW]"""
        return mw_range(process_id)

    def service(self, process_id: str) -> Network:
        """Stages of a service beside the firm one: a bridge, storage, interim service.

        Raises
        ------
        LookupError
            If no table has it.
        """
        rows = _stage_rows(process_id, None)
        if not rows:
            raise LookupError(f"no stage table `{process_id}`")
        stages = {
            name: self._stage(row, row, self.calendars.windows(row.get("calendar_id")), {}, [])
            for name, row in rows.items()
        }
        evidence = {name: _evidence(row, row, "generic") for name, row in rows.items()}
        return Network(process_id, stages, evidence, _grade(evidence), ())

    def _region_rows(self, utility_id: str, network: str) -> dict[str, Any]:
        mine = self._rows[(self._rows["utility_id"] == utility_id) & self._rows["site_id"].isna()]
        rows = within_mw(mine, self.request.mw)
        rows = rows.dropna(subset=["stage_id", "p50_months", "p90_months"])
        here = [not split_ids(cell) or network in split_ids(cell) for cell in rows["networks"]]
        return {row["stage_id"]: row for row in rows[here].to_dict("records")}

    def _site_rows(self, site_id: str) -> dict[str, Any]:
        rows = self._rows[self._rows["site_id"] == site_id].dropna(subset=["stage_id"])
        return {row["stage_id"]: row for row in rows.to_dict("records")}

    def _stage(
        self, row: Any, default: Any, windows: Windows, progress: Any, notes: list[str]
    ) -> Stage:
        minimum = row.get("min_months")
        return Stage(
            float(row["p50_months"]), float(row["p90_months"]), 0.0 if blank(minimum) else float(minimum),
            tuple(split_ids(default["preds"])), str(default["group"]), float(default["p_fail"]), windows.windows,
            windows.repeat_months, self._ago(progress.get("started_on"), notes), self._ago(progress.get("done_on"), notes),
        )  # fmt: skip

    def _ago(self, day: object, notes: list[str]) -> float | None:
        """Months since a day, by its last possible date; a day after the as-of date has not come."""
        if not isinstance(day, str) or not day:
            return None
        span = parse_span(day)
        if span.first > self.request.as_of:
            notes.append(f"{day} lies after the as-of date: not counted")
            return None
        return max(months_between(span.last, self.request.as_of), 0.0)


def _evidence_rows(layers: Layers) -> pd.DataFrame:
    """The layer `time_to_power` with every column that may stand in it."""
    columns = ("kind", "utility_id", "stage_id", "stage", "networks", "site_id", "predecessors", "started_on", "done_on", "calendar_id",
               "basis", "source_title", "as_of", "status")  # fmt: skip
    numbers = ("mw_min", "mw_max", "p50_months", "p90_months", "min_months")
    rows = layers.frame("time_to_power")
    empty = pd.DataFrame() if rows is None else rows
    table = pd.DataFrame(empty).reindex(columns=[*columns, *numbers])
    return table.astype({**dict.fromkeys(columns, object), **dict.fromkeys(numbers, float)})


def within_mw(rows: pd.DataFrame, mw: float) -> pd.DataFrame:
    """Rows that hold for a request; a blank bound, or none at all, is open."""
    columns = rows.reindex(columns=["mw_min", "mw_max"]).astype(float)
    holds = (columns["mw_min"].fillna(0.0) <= mw) & (mw <= columns["mw_max"].fillna(np.inf))
    return rows[holds]


def _evidence(row: Any, default: Any, rung: str) -> Evidence:
    basis = row.get("basis") or row.get("tier") or ""
    source = row.get("source_title") if rung in {"region", "site"} else row.get("source")
    return Evidence(
        str(default["stage"]), rung, str(basis), str(source or ""), str(row.get("as_of") or "")
    )


@cache
def known_stages() -> frozenset[str]:
    """Stage ids that any network has, and the permit of the site."""
    rows = fact_table("processes")
    return frozenset({*map(str, rows[rows["kind"] == "stage_graph"]["stage_id"]), "permit"})


@cache
def _stage_rows(network: str, mw: float | None) -> dict[str, Any]:
    rows = fact_table("processes")
    rows = rows[rows["process_id"] == network]
    if mw is not None:
        rows = rows[(rows["mw_min"] <= mw) & (mw <= rows["mw_max"])]
    return {row["stage_id"]: row for row in rows.to_dict("records")}


def _grade(evidence: dict[str, Evidence]) -> str:
    timed = [e for stage, e in evidence.items() if stage not in GENERIC_FIXED]
    if any(e.rung == "generic" for e in timed):
        return "D"
    return "C" if any(e.rung == "operator" or e.assumed for e in timed) else "B"
