"""PyPSA: a folder of CSVs, at one of its hours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.cells import Table, table
from powerwall.criteria.power.network.frames import BASE_MVA, NO_GENERATION, Tables
from powerwall.region.findings import Findings, did_you_mean

#: Reactance of standard line types [ohm/km]: PyPSA 1.4 `standard_types/line_types.csv`; those called
#: Al/St 240/40 are from Oeding and Oswald, Elektrische Kraftwerke und Netze, 2011, chapter 9.
LINE_TYPE_OHM_PER_KM = {
    "Al/St 240/40 2-bundle 220.0": 0.301,
    "Al/St 240/40 3-bundle 300.0": 0.265,
    "Al/St 240/40 4-bundle 380.0": 0.246,
    "Al/St 490/64 4-bundle 380.0": 0.16,
    "Al/St 560/50 4-bundle 750.0": 0.276,
    "490-AL1/64-ST1A 220.0": 0.285,
    "490-AL1/64-ST1A 380.0": 0.253,
}


def read_pypsa(folder: Path, snapshot: str | None, findings: Findings) -> Tables:
    """Frames of a folder at an hour; None takes the one of the highest load.

    Branches are called `line …` and `transformer …`. Where x is missing or 0 it follows from the
    standard type, the length and `num_parallel`. Generators are dispatched in the order of
    `marginal_cost` up to `p_nom · p_max_pu`, those of one cost in proportion: an assumption, since
    the files hold no dispatch. Storage units stand still and lend no spare, as a data centre
    outlasts them. Links are left out; `s_max_pu` is not used, as outages are looked at one by one.
    """
    bus, lines = (table(folder / name, findings) for name in ("buses.csv", "lines.csv"))
    if bus is None or lines is None:
        return None, None
    ids, kv = bus.words("name"), bus.numbers("v_nom", np.nan)
    load, hour = _load(folder, snapshot, ids, findings)
    now, most = _dispatch(folder, hour, ids, float(load.sum()), findings)
    buses = bus.frame(ids, kv=kv, load_mw=load, gen_mw=now, gen_max_mw=most, response_share=np.nan)
    volts = pd.Series(kv, index=ids).groupby(level=0).first().reindex(lines.words("bus0"))
    parts = [_branches(lines, "line", _line_ohm(lines) * BASE_MVA / volts.to_numpy() ** 2)]
    trafos = table(folder / "transformers.csv", findings, needed=False)
    if trafos is not None:
        base = trafos.numbers("s_nom")
        x_pu = trafos.numbers("x") * BASE_MVA / np.where(base > 0, base, np.nan)
        parts.append(_branches(trafos, "transformer", x_pu))
    if (folder / "links.csv").is_file():
        findings.add("PW511", "links are not read", severity="note", file=folder / "links.csv")
    return buses, pd.concat(parts, ignore_index=True)


def _line_ohm(lines: Table) -> np.ndarray:
    """Reactance of the lines, from the standard type where it is not given. [ohm]"""
    km = lines.numbers("length", needed=False)
    many = lines.numbers("num_parallel", 1.0, needed=False)
    kind, ohm = lines.words("type", needed=False), lines.numbers("x", needed=False)
    typed = (ohm == 0) & kind.notna().to_numpy() & (kind != "").to_numpy()
    for row in np.flatnonzero(typed & ~kind.isin(list(LINE_TYPE_OHM_PER_KM)).to_numpy()):
        lines.findings.add("PW406", f"type `{kind[row]}` is not known", **lines.places(int(row), "type"),
                           remedy="give x in ohm")  # fmt: skip
    per_km = kind.map(LINE_TYPE_OHM_PER_KM).to_numpy(float)
    return np.where(typed, per_km * km / np.where(many > 0, many, np.nan), ohm)


def _branches(cells: Table, kind: str, x_pu: np.ndarray) -> pd.DataFrame:
    rate = cells.numbers("s_nom", endless=True)
    off = cells.words("active", needed=False).isin(["False", "false", "0"]).to_numpy()
    return cells.frame(
        kind + " " + cells.words("name"), from_bus=cells.words("bus0").to_numpy(), to_bus=cells.words("bus1").to_numpy(),
        x_pu=x_pu, tap=cells.numbers("tap_ratio", 1.0, needed=False), shift_deg=cells.numbers("phase_shift", needed=False),
        rate_normal_mva=rate, rate_emergency_mva=rate, in_service=np.where(off, 0.0, 1.0),
    )  # fmt: skip


def _load(
    folder: Path, snapshot: str | None, buses: pd.Series, findings: Findings
) -> tuple[np.ndarray, str]:
    """Load by bus [MW] at the chosen hour, and the label of the hour."""
    loads = table(folder / "loads.csv", findings)
    if loads is None:
        return np.zeros(len(buses)), ""
    names, at = loads.words("name"), loads.words("bus")
    loads.known("bus", at, buses)
    mw = pd.Series(loads.numbers("p_set", needed=False), index=names)
    series, hour = table(folder / "loads-p_set.csv", findings, needed=False), snapshot or ""
    if series is not None:
        now, label = _at_hour(series, snapshot, names)
        if len(now):
            mw[now.index], hour = now.to_numpy(), label
            findings.add("PW511", f"snapshot `{hour}` with a load of {mw.sum():.0f} MW", severity="note", file=folder)  # fmt: skip
    return mw.groupby(at.to_numpy()).sum().reindex(buses).fillna(0.0).to_numpy(), hour


def _at_hour(series: Table, snapshot: str | None, names: pd.Series) -> tuple[pd.Series, str]:
    """Loads of the series at the hour, of the highest load where none is asked for, and its label."""
    columns, known = [str(name) for name in series.cells.columns[1:]], set(names)
    for name in sorted(set(columns) - known):
        series.findings.add("PW409", f"there is no load `{name}`", file=series.places.path, line=1)
    labels = series.words(str(series.cells.columns[0]))
    hours = pd.DataFrame({name: series.numbers(name) for name in columns if name in known})
    row = int(np.nanargmax(hours.sum(axis=1))) if len(hours) else 0
    if snapshot is not None and snapshot not in set(labels):
        series.findings.add("PW105", f"no snapshot `{snapshot}`", file=series.places.path,
                            remedy=did_you_mean(snapshot, list(labels)))  # fmt: skip
    elif snapshot is not None:
        row = list(labels).index(snapshot)
    return (hours.iloc[row], labels[row]) if len(hours) else (pd.Series(dtype=float), "")


def _dispatch(
    folder: Path, hour: str, buses: pd.Series, load_mw: float, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Dispatch and largest output by bus. [MW]"""
    cells = table(folder / "generators.csv", findings)
    if cells is None:
        return np.zeros(len(buses)), np.zeros(len(buses))
    at = cells.words("bus")
    cells.known("bus", at, buses)
    share = _available(folder, hour, cells)
    frame = pd.DataFrame({"bus": at.to_numpy(), "cost": cells.numbers("marginal_cost", needed=False),
                          "most": cells.numbers("p_nom") * share})  # fmt: skip
    steps = frame.groupby("cost")["most"].sum().sort_index()
    below = steps.cumsum() - steps
    part = ((load_mw - below) / steps.where(steps > 0)).clip(0.0, 1.0).fillna(0.0)
    frame["now"] = frame["most"] * frame["cost"].map(part)
    if not steps.sum() > 0:
        findings.add("PW402", NO_GENERATION, file=folder / "generators.csv",
                     remedy="give p_nom of the generators, and a p_max_pu above 0 at this hour")  # fmt: skip
    elif steps.sum() < load_mw:
        findings.add("PW413", f"generation of {steps.sum():.0f} MW is less than the load of {load_mw:.0f} MW",
                     severity="warning", file=folder)  # fmt: skip
    idle = table(folder / "storage_units.csv", findings, needed=False)
    if idle is not None:
        idle.known("bus", idle.words("bus"), buses)
        findings.add("PW511", f"storage units of {np.nansum(idle.numbers('p_nom')):.0f} MW stand still", severity="note", file=folder)  # fmt: skip
    total = frame.groupby("bus")[["now", "most"]].sum().reindex(buses).fillna(0.0)
    return total["now"].to_numpy(), total["most"].to_numpy()


def _available(folder: Path, hour: str, generators: Table) -> np.ndarray:
    """Share of `p_nom` that each generator can give at the hour."""
    names = generators.words("name")
    share = pd.Series(generators.numbers("p_max_pu", 1.0, needed=False), index=names)
    series = table(folder / "generators-p_max_pu.csv", generators.findings, needed=False)
    if series is None:
        generators.findings.add(
            "PW511", "no generators-p_max_pu.csv: wind and sun are taken to run at p_nom where their cost is low",
            severity="note", file=folder)  # fmt: skip
        return share.to_numpy()
    row = series.words(str(series.cells.columns[0])) == hour
    for name in series.cells.columns[1:]:
        if row.any() and name in share.index:
            share[name] = series.numbers(str(name))[row][0]
    return share.to_numpy()
