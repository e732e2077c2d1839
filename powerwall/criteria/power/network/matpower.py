"""MATPOWER: a case file, saved with its numbers in the matrices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.cells import Table
from powerwall.criteria.power.network.frames import BASE_MVA, Tables
from powerwall.region.findings import Findings
from powerwall.region.tables import CellPlaces

#: Columns of a MATPOWER case by position (MATPOWER manual 8.0, appendix B), as far as they matter.
MATPOWER = {
    "bus": ("bus", "kind", "pd", "qd", "gs", "bs", "area", "vm", "va", "kv"),
    "gen": ("bus", "pg", "qg", "qmax", "qmin", "vg", "base", "status", "pmax"),
    "branch": ("from_bus", "to_bus", "r", "x", "b", "a", "bb", "c", "tap", "shift", "status"),
}
_ISOLATED = 4  # bus type of a bus that takes no part
Matrices = dict[str, list[tuple[int, list[str]]]]


def read_matpower(path: Path, findings: Findings) -> Tables:
    """Frames of a case.

    Shunt conductance counts as load; buses of type 4 and generators out of service are left out;
    branches are called 1 to n. The emergency rating is rateC, else rateB, else rateA.
    """
    cells, numbers = _matlab(path)
    for name in sorted(MATPOWER.keys() & numbers.keys()):
        findings.add("PW202", f"a statement changes `{name}`; statements are not evaluated", file=path,
                     remedy="save the finished case with savecase")  # fmt: skip
    bus, gen, branch = (_matrix(path, name, cells, findings) for name in MATPOWER)
    if bus is None or gen is None or branch is None:
        return None, None
    base = pd.to_numeric(numbers.get("baseMVA", ""), errors="coerce")
    if not base > 0:
        findings.add("PW402", "baseMVA is absent or not a number above 0", file=path)
        base = BASE_MVA
    if cells.get("dcline"):
        findings.add("PW511", "direct-current lines (dcline) are not read", severity="note", file=path)  # fmt: skip
    ids = _whole(bus.words("bus"))
    dead = set(ids[bus.numbers("kind") == _ISOLATED])
    buses, lines = _buses(bus, gen, ids, dead), _branches(branch, base)
    alive = ~(lines["from_bus"].isin(dead) | lines["to_bus"].isin(dead))
    return buses[~buses["id"].isin(dead)], lines[alive]


def _buses(bus: Table, gen: Table, ids: pd.Series, dead: set[str]) -> pd.DataFrame:
    gen_bus = _whole(gen.words("bus"))
    gen.known("bus", gen_bus, ids)
    runs = (gen.numbers("status") > 0) & ~gen_bus.isin(dead).to_numpy()
    mw = pd.DataFrame({"now": gen.numbers("pg"), "most": gen.numbers("pmax", endless=True)})
    mw = mw[runs].groupby(gen_bus[runs].to_numpy()).sum().reindex(ids).fillna(0.0)
    load = bus.numbers("pd") + bus.numbers("gs")
    return bus.frame(ids, kv=bus.numbers("kv", np.nan), load_mw=load, gen_mw=mw["now"].to_numpy(),
                     gen_max_mw=mw["most"].to_numpy(), response_share=np.nan)  # fmt: skip


def _branches(branch: Table, base_mva: float) -> pd.DataFrame:
    a, b, c = (branch.numbers(name, endless=True) for name in ("a", "bb", "c"))
    ends = [_whole(branch.words(name)) for name in ("from_bus", "to_bus")]
    names = pd.Series([str(k + 1) for k in range(len(branch.cells))], dtype=object)
    return branch.frame(
        names, from_bus=ends[0].to_numpy(), to_bus=ends[1].to_numpy(),
        x_pu=branch.numbers("x") * (BASE_MVA / base_mva), tap=branch.numbers("tap"), shift_deg=branch.numbers("shift"),
        rate_normal_mva=a, rate_emergency_mva=np.where(c != 0, c, np.where(b != 0, b, a)),
        in_service=(branch.numbers("status") > 0).astype(float),
    )  # fmt: skip


def _matlab(path: Path) -> tuple[Matrices, dict[str, str]]:
    """Rows of every matrix with their lines, and every plain value, of a case file."""
    matrices: Matrices = {}
    values: dict[str, str] = {}
    name = ""
    for line, text in _logical_lines(path):
        rest = text
        if not name:
            match = re.match(r"\s*\w+\.(\w+)(?:\s*\(.*?\))?\s*=\s*(.*)", text)
            if match and not match[2].startswith("["):  # a value, or a statement
                values[match[1]] = match[2].split(";")[0].strip()
            if not match or not match[2].startswith("["):
                continue
            name, rest = match[1], match[2][1:]
            matrices[name] = []
        inside, closed, _ = rest.partition("]")
        rows = (row.replace(",", " ").split() for row in inside.split(";"))
        matrices[name] += [(line, row) for row in rows if row]
        name = "" if closed else name
    return matrices, values


def _logical_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines without comments, joined where `...` continues them."""
    first, held = 0, ""
    for line, raw in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        text = re.sub(r"^((?:[^%']|'[^']*')*)%.*", r"\1", raw)
        first = first if held else line
        body, goes_on, _ = text.partition("...")
        held += body + " "
        if not goes_on:
            yield first, held
            held = ""
    if held:
        yield first, held


def _matrix(path: Path, name: str, cells: Matrices, findings: Findings) -> Table | None:
    columns = MATPOWER[name]
    if name not in cells:
        findings.add("PW203", f"no matrix `{name}`", file=path)
        return None
    full = [(line, row) for line, row in cells[name] if len(row) >= len(columns)]
    for line, row in cells[name]:
        if len(row) < len(columns):
            findings.add("PW207", f"a row of `{name}` has {len(row)} columns, at least {len(columns)} are needed",
                         file=path, line=line)  # fmt: skip
    frame = pd.DataFrame([row[: len(columns)] for _, row in full], columns=columns, dtype=object)
    return Table(frame, CellPlaces(path, tuple(line for line, _ in full)), findings)


def _whole(ids: pd.Series) -> pd.Series:
    return ids.str.replace(r"\.0*$", "", regex=True)
