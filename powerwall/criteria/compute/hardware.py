"""Hardware: accelerators as they are sold, dense figures only, and the defaults of software."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.facts import fact_table
from powerwall.region.findings import did_you_mean

DEFAULT_ACCELERATOR = "gb300-nvl72"
PRECISIONS = ("bf16", "fp8", "fp4")
_ANY = "any"
_RACK_SCALE = "-nvl72"  # ending of accelerators whose racks need a liquid loop


@dataclass(frozen=True)
class Accelerator:
    """One accelerator of the catalogue.

    Attributes
    ----------
    id, title
        Key and readable name.
    kw_it
        All IT power at its rack, a share each. [kW]
    peaks
        Precision → dense peak. [FLOP/s]
    tdp_w
        Thermal design power of the chip alone; None is unknown. [W]
    """

    id: str
    title: str
    kw_it: Parameter
    peaks: dict[str, Parameter]
    tdp_w: Parameter | None = None

    def peak(self, precision: str) -> Parameter:
        """Dense peak in a precision. [FLOP/s]

        Raises
        ------
        ValueError
            If it has none, naming the precisions it has.
        """
        if precision not in self.peaks:
            raise ValueError(
                f"{self.id} has no dense {precision} peak, only {', '.join(self.peaks) or 'none known'}"
            )
        return self.peaks[precision]


@cache
def accelerators() -> tuple[str, ...]:
    """Ids of the catalogue, in its order."""
    ids = fact_table("accelerators")["accelerator_id"]
    return tuple(dict.fromkeys(str(i) for i in ids if i != _ANY))


@cache
def accelerator(name: str) -> Accelerator:
    """An accelerator by its id.

    Raises
    ------
    ValueError
        For an unknown one, with the nearest, or one without a known rack power.

    >>> accelerator("gb200-nvl72").peak("bf16").value
    2500000000000000.0
    """
    table = fact_table("accelerators")
    key = name.strip().lower()
    rows = table[table["accelerator_id"] == key]
    if rows.empty or key == _ANY:
        raise ValueError(f"no accelerator `{name}`; {did_you_mean(name, list(accelerators()))}")
    given = {str(row["quantity"]): row for row in rows.to_dict("records")}
    if "kw_it" not in given:
        raise ValueError(f"the IT power of `{name}` is not known")
    peaks = {p: _parameter(given[f"peak_{p}"], 1e12, "FLOP/s") for p in PRECISIONS if f"peak_{p}" in given}  # fmt: skip
    tdp = _parameter(given["tdp"]) if "tdp" in given else None
    return Accelerator(
        str(rows["accelerator_id"].iloc[0]), str(rows["accelerator"].iloc[0]), _parameter(given["kw_it"]), peaks, tdp
    )  # fmt: skip


def rack_scale(name: str | None) -> bool:
    """Tell whether an accelerator comes in racks that are cooled by liquid; None is the default one."""
    return (name or DEFAULT_ACCELERATOR).strip().lower().endswith(_RACK_SCALE)


@cache
def default(quantity: str) -> Parameter:
    """A figure that holds for any accelerator: `mfu_bf16`, `goodput`, `overhead_share`, `pue` …

    Raises
    ------
    ValueError
        For a quantity the table does not state.
    """
    table = fact_table("accelerators")
    rows = table[(table["accelerator_id"] == _ANY) & (table["quantity"] == quantity)]
    if rows.empty:
        raise ValueError(f"no default `{quantity}`")
    return _parameter(rows.to_dict("records")[0])


def training_ladder() -> dict[str, float]:
    """Rungs of training compute, `2e25` to `1e27`, ascending. [FLOP]"""
    table = fact_table("training_runs")
    rows = table[table["quantity"] == "training_compute"].set_index("run_id")["value"]
    rungs = ["gpt-4", *(i for i in rows.index if str(i).startswith("ladder-"))]
    flops = sorted(float(rows[rung]) for rung in rungs)
    return {f"{flop:.0e}".replace("e+", "e"): flop for flop in flops}


def _parameter(row: Any, factor: float = 1.0, unit: str = "") -> Parameter:
    source = f"{row['source']} ({row['as_of']})"
    if row["tier"] == "assumed" and not source.lower().startswith("assum"):
        source = f"assumed: {source}"
    elif source.startswith("Assumption"):
        source = "a" + source[1:].replace("ssumption", "ssumed", 1)
    low, high = (None if pd.isna(row[c]) else float(row[c]) * factor for c in ("low", "high"))
    return Parameter(float(row["value"]) * factor, unit or str(row["unit"]), low, high, source)
