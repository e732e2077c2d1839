"""Files of a network: bus and branch CSV, a MATPOWER case, or a folder of PyPSA CSVs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.cells import Table, table
from powerwall.criteria.power.network.flow import Grid, limit_mva
from powerwall.criteria.power.network.frames import BRANCH, BUS, Tables, checked
from powerwall.criteria.power.network.matpower import read_matpower
from powerwall.criteria.power.network.model import Network
from powerwall.criteria.power.network.pypsa import read_pypsa
from powerwall.region.findings import BadInput, Finding, Findings

_BLANK = {"kv": np.nan, "response_share": np.nan, "x_pu": np.nan, "in_service": 1.0}
_NAMED = 20  # branches that a finding lists


def read_network(path: str | Path, *, snapshot: str | None = None) -> Network:
    """Read a network.

    Parameters
    ----------
    path
        A folder with `bus.csv` and `branch.csv`, a MATPOWER case `.m`, or a folder of PyPSA CSVs.
    snapshot
        Hour of a PyPSA folder; None takes the one of the highest load.

    Raises
    ------
    BadInput
        With every error of the files.

    Notes
    -----
    Branches that the base case overloads are named by a warning in `findings`, the worst first.
    """
    bus, branch, findings = read_tables(Path(path), snapshot)
    return Network(bus, branch, (*findings, *_overloads(Network(bus, branch), path)))


def _overloads(network: Network, path: str | Path) -> Findings:
    """A warning that names the branches which the base case overloads."""
    branch = network.branch
    flows, rating = network.base_flows().abs(), limit_mva(branch["rate_normal_mva"])
    over = (flows / rating)[(flows > rating * (1 + 1e-9)).to_numpy()]
    notes = Findings()
    if len(over):
        worst = over.sort_values(ascending=False, kind="stable").index[:_NAMED]
        said = [f"`{k}` {flows[k]:.1f} of {branch['rate_normal_mva'][k]:g}" for k in worst]
        more = ", …" if len(over) > _NAMED else ""
        notes.add("PW413", f"branches overloaded in the base case ({len(over)}) [MW of MVA]: {', '.join(said)}{more}",
                  severity="warning", file=path, remedy="buses that load them further have a headroom of 0")  # fmt: skip
    return notes


def read_tables(
    path: Path, snapshot: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Finding, ...]]:
    """Bus and branch frames of a network, and what was notable.

    Raises
    ------
    BadInput
        With every error of the files.
    """
    findings = Findings()
    if path.suffix == ".m" and path.is_file():
        bus, branch = read_matpower(path, findings)
    elif (path / "buses.csv").is_file():
        bus, branch = read_pypsa(path, snapshot, findings)
    elif (path / "bus.csv").is_file() or (path / "branch.csv").is_file():
        bus, branch = _read_folder(path, findings)
    else:
        findings.add("PW201", "no network here", file=path, remedy="a folder with bus.csv and "
                     "branch.csv, a MATPOWER case (.m) or a folder of PyPSA CSVs")  # fmt: skip
        bus = branch = None
    if snapshot is not None and not (path / "buses.csv").is_file():
        findings.add("PW105", f"no snapshot `{snapshot}`: the files hold one hour", file=path)
    rows = branch
    bus, branch = checked(bus, branch, findings)
    findings.raise_errors()
    assert bus is not None  # noqa: S101 — otherwise there were errors
    assert branch is not None  # noqa: S101
    assert rows is not None  # noqa: S101
    _check_solvable(bus, branch, rows, findings)
    findings.raise_errors()
    return bus, branch, tuple(findings)


def _check_solvable(
    bus: pd.DataFrame, branch: pd.DataFrame, rows: pd.DataFrame, findings: Findings
) -> None:
    """An error at the row to blame where there is no load flow; negative x alone is none."""
    live = rows[(rows["in_service"] == 1) & rows["id"].isin(branch.index)]
    for _, row in live[~np.isfinite(live["x_pu"])].iterrows():
        findings.add("PW402", f"branch `{row['id']}`: x cannot be worked out", **row["place"],
                     remedy="give its reactance, and the voltage or rating that it is based on")  # fmt: skip
    blamed = live[live["x_pu"] < 0]
    if findings.errors or blamed.empty:
        return
    try:
        Grid(bus, branch)
    except BadInput as error:
        for item in error.findings:
            findings.add(item.code, item.message, remedy=item.remedy, **blamed["place"].iloc[0])


def _read_folder(folder: Path, findings: Findings) -> Tables:
    return (
        _read_csv(folder / "bus.csv", "bus", BUS, findings),
        _read_csv(folder / "branch.csv", "branch", BRANCH, findings),
    )


def _read_csv(
    path: Path, key: str, columns: tuple[str, ...], findings: Findings
) -> pd.DataFrame | None:
    cells = table(path, findings)
    if cells is None:
        return None
    ids = cells.words(key)
    values: dict[str, object] = {
        name: cells.words(name).to_numpy() for name in columns if name.endswith("_bus")
    }
    for name in columns:
        if name not in values:
            blank = _BLANK.get(name, 0.0)
            values[name] = cells.numbers(
                name, blank, needed=name != "response_share", endless=name.startswith("rate_")
            )
    if key == "branch" and "x_pu" in cells.cells:
        _check_blank_x(cells, ids, values)
    others = [f"`{name}`" for name in cells.cells if name not in {key, *columns}]
    if others:
        findings.add("PW212", f"columns that are not read: {', '.join(others)}", severity="note",
                     file=path, line=1)  # fmt: skip
    return cells.frame(ids, **values)


def _check_blank_x(cells: Table, ids: pd.Series, values: dict[str, object]) -> None:
    blank = (cells.words("x_pu") == "").to_numpy() & (np.asarray(values["in_service"]) == 1)
    for row in np.flatnonzero(blank):
        cells.findings.add("PW402", f"branch `{ids[row]}`: x_pu is blank", **cells.places(int(row), "x_pu"),
                           remedy="give its reactance on 100 MVA, or set in_service to 0")  # fmt: skip
