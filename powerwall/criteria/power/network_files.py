"""Files of a network: bus and branch CSV, a MATPOWER case, or a folder of PyPSA CSVs.

Every reader yields the same two frames, and all that is wrong is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.region.findings import Finding, Findings, did_you_mean
from powerwall.region.tables import CellPlaces, read_csv

BASE_MVA = 100.0
BUS = ("kv", "load_mw", "gen_mw", "gen_max_mw", "response_share")
BRANCH = ("from_bus", "to_bus", "x_pu", "tap", "shift_deg", "rate_normal_mva",
          "rate_emergency_mva", "in_service")  # fmt: skip
#: Columns of a MATPOWER case by position (MATPOWER manual 8.0, appendix B), as far as they matter.
MATPOWER = {
    "bus": ("bus", "kind", "pd", "qd", "gs", "bs", "area", "vm", "va", "kv"),
    "gen": ("bus", "pg", "qg", "qmax", "qmin", "vg", "base", "status", "pmax"),
    "branch": ("from_bus", "to_bus", "r", "x", "b", "a", "bb", "c", "tap", "shift", "status"),
}
_ISOLATED = 4  # bus type of a bus that takes no part
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
Tables = tuple[pd.DataFrame | None, pd.DataFrame | None]


def read_tables(
    path: Path, snapshot: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Finding, ...]]:
    """Bus and branch frames of a network, and what was notable.

    Raises
    ------
    BadInput
        With every error of the files.

    Notes
    -----
    MATPOWER: shunt conductance counts as load; buses of type 4 and generators out of service are
    left out; branches are called 1 to n. The emergency rating is rateC, else rateB, else rateA.

    PyPSA: branches are called `line …` and `transformer …`. Where x is missing or 0 it follows from
    the standard type, the length and `num_parallel`. Generators are dispatched in the order of
    `marginal_cost` up to `p_nom · p_max_pu`, those of one cost in proportion: an assumption, since the
    files hold no dispatch. Storage units stand still and lend no spare, as a data centre outlasts
    them. Links are left out; `s_max_pu` is not used, as outages are looked at one by one.
    """
    findings = Findings()
    if path.suffix == ".m" and path.is_file():
        bus, branch = _read_matpower(path, findings)
    elif (path / "buses.csv").is_file():
        bus, branch = _read_pypsa(path, snapshot, findings)
    elif (path / "bus.csv").is_file() or (path / "branch.csv").is_file():
        bus, branch = _read_folder(path, findings)
    else:
        findings.add("PW201", "no network here", file=path, remedy="a folder with bus.csv and "
                     "branch.csv, a MATPOWER case (.m) or a folder of PyPSA CSVs")  # fmt: skip
        bus = branch = None
    if snapshot is not None and not (path / "buses.csv").is_file():
        findings.add("PW105", f"no snapshot `{snapshot}`: the files hold one hour", file=path)
    bus, branch = _checked(bus, branch, findings)
    findings.raise_errors()
    assert bus is not None  # noqa: S101 — otherwise there were errors
    assert branch is not None  # noqa: S101
    return bus, branch, tuple(findings)


@dataclass(frozen=True)
class _Table:
    """Cells as text, and where findings about them go."""

    cells: pd.DataFrame
    places: CellPlaces
    findings: Findings

    def has(self, name: str, *, needed: bool) -> bool:
        """Whether there is such a column; a needed one that is absent is an error."""
        if name in self.cells:
            return True
        if needed:
            self.findings.add("PW203", f"no column `{name}`", file=self.places.path, line=1,
                              remedy=did_you_mean(name, [str(c) for c in self.cells]))  # fmt: skip
        return False

    def words(self, name: str, *, needed: bool = True) -> pd.Series:
        """Cells without blanks round them; None throughout for a column that is absent."""
        if not self.has(name, needed=needed):
            return pd.Series([None] * len(self.cells), dtype=object)
        return self.cells[name].fillna("").astype(str).str.strip().astype(object)

    def numbers(
        self, name: str, blank: float = 0.0, *, needed: bool = True, endless: bool = False
    ) -> np.ndarray:
        """Cells as numbers; NaN after a finding, `blank` where empty or absent without need."""
        if not self.has(name, needed=needed):
            return np.full(len(self.cells), np.nan if needed else blank)
        text = self.words(name)
        value = pd.to_numeric(text.where(text != "", "0"), errors="coerce").to_numpy(float).copy()
        value[(text == "").to_numpy()] = blank
        bad = np.isnan(value) & (text != "").to_numpy()
        wild = np.isinf(value) & (not endless)
        for row in np.flatnonzero(bad | wild):
            code = "PW410" if wild[row] else "PW401"
            said = "is not finite" if wild[row] else "is not a number"
            self.findings.add(code, f"{name} = {text[row]} {said}", **self.places(int(row), name))
        value[wild] = np.nan
        return value

    def frame(self, ids: pd.Series, **columns: object) -> pd.DataFrame:
        """A frame by position with ids and the places of its rows."""
        rows = [self.places(row, str(self.cells.columns[0])) for row in range(len(self.cells))]
        frame = pd.DataFrame({"id": ids.to_numpy(), **columns, "place": rows})
        if frame.empty:
            self.findings.add("PW204", "no rows", file=self.places.path, line=1)
        return frame


def _table(path: Path, findings: Findings, *, needed: bool = True) -> _Table | None:
    if path.is_file():
        read = read_csv(path, ",", findings)
        return _Table(*read, findings) if read else None
    if needed:
        findings.add("PW201", f"no file {path.name}", file=path)
    return None


def _read_folder(folder: Path, findings: Findings) -> Tables:
    bus, branch = (_table(folder / name, findings) for name in ("bus.csv", "branch.csv"))
    frames: list[pd.DataFrame | None] = []
    for table, key, columns in ((bus, "bus", BUS), (branch, "branch", BRANCH)):
        if table is None:
            frames.append(None)
            continue
        ids = table.words(key)
        values: dict[str, object] = {
            name: table.words(name).to_numpy() for name in columns if name.endswith("_bus")
        }
        for name in columns:
            if name not in values:
                blank = {"kv": np.nan, "response_share": np.nan, "in_service": 1.0}.get(name, 0.0)
                values[name] = table.numbers(
                    name, blank, needed=name != "response_share", endless=name.startswith("rate_")
                )
        others = [f"`{name}`" for name in table.cells if name not in {key, *columns}]
        if others:
            findings.add("PW212", f"columns that are not read: {', '.join(others)}", severity="note",
                         file=table.places.path, line=1)  # fmt: skip
        frames.append(table.frame(ids, **values))
    return frames[0], frames[1]


def _read_matpower(path: Path, findings: Findings) -> Tables:
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
    ids, gen_bus = _whole(bus.words("bus")), _whole(gen.words("bus"))
    dead = set(ids[bus.numbers("kind") == _ISOLATED])
    runs = (gen.numbers("status") > 0) & ~gen_bus.isin(dead).to_numpy()
    _known(gen, "bus", gen_bus, ids)
    mw = pd.DataFrame({"now": gen.numbers("pg"), "most": gen.numbers("pmax", endless=True)})
    mw = mw[runs].groupby(gen_bus[runs].to_numpy()).sum().reindex(ids).fillna(0.0)
    load = bus.numbers("pd") + bus.numbers("gs")
    buses = bus.frame(ids, kv=bus.numbers("kv", np.nan), load_mw=load, gen_mw=mw["now"].to_numpy(),
                      gen_max_mw=mw["most"].to_numpy(), response_share=np.nan)  # fmt: skip
    a, b, c = (branch.numbers(name, endless=True) for name in ("a", "bb", "c"))
    ends = [_whole(branch.words(name)) for name in ("from_bus", "to_bus")]
    names = pd.Series([str(k + 1) for k in range(len(branch.cells))], dtype=object)
    lines = branch.frame(
        names, from_bus=ends[0].to_numpy(), to_bus=ends[1].to_numpy(),
        x_pu=branch.numbers("x") * (BASE_MVA / base), tap=branch.numbers("tap"), shift_deg=branch.numbers("shift"),
        rate_normal_mva=a, rate_emergency_mva=np.where(c != 0, c, np.where(b != 0, b, a)),
        in_service=(branch.numbers("status") > 0).astype(float),
    )  # fmt: skip
    if cells.get("dcline"):
        findings.add("PW212", "direct-current lines (dcline) are not read", severity="note", file=path)  # fmt: skip
    alive = ~(lines["from_bus"].isin(dead) | lines["to_bus"].isin(dead))
    return buses[~buses["id"].isin(dead)], lines[alive]


def _matlab(path: Path) -> tuple[dict[str, list[tuple[int, list[str]]]], dict[str, str]]:
    """Rows of every matrix with their lines, and every plain value, of a case file."""
    matrices: dict[str, list[tuple[int, list[str]]]] = {}
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


def _matrix(
    path: Path, name: str, cells: dict[str, list[tuple[int, list[str]]]], findings: Findings
) -> _Table | None:
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
    return _Table(frame, CellPlaces(path, tuple(line for line, _ in full)), findings)


def _whole(ids: pd.Series) -> pd.Series:
    return ids.str.replace(r"\.0*$", "", regex=True)


def _known(table: _Table, column: str, ids: pd.Series, buses: pd.Series) -> None:
    known = set(buses)
    for row in np.flatnonzero(~ids.isin(known).to_numpy()):
        if ids[row] is not None:
            table.findings.add("PW409", f"{column}: there is no `{ids[row]}`", **table.places(int(row), column))  # fmt: skip


def _read_pypsa(folder: Path, snapshot: str | None, findings: Findings) -> Tables:
    bus, lines = (_table(folder / name, findings) for name in ("buses.csv", "lines.csv"))
    if bus is None or lines is None:
        return None, None
    ids, kv = bus.words("name"), bus.numbers("v_nom", np.nan)
    load, hour = _pypsa_load(folder, snapshot, ids, findings)
    now, most = _pypsa_dispatch(folder, hour, ids, float(load.sum()), findings)
    buses = bus.frame(ids, kv=kv, load_mw=load, gen_mw=now, gen_max_mw=most, response_share=np.nan)
    volts = pd.Series(kv, index=ids).groupby(level=0).first().reindex(lines.words("bus0"))
    km, many = (
        lines.numbers("length", needed=False),
        lines.numbers("num_parallel", 1.0, needed=False),
    )
    kind, ohm = lines.words("type", needed=False), lines.numbers("x", needed=False)
    typed = (ohm == 0) & kind.notna().to_numpy() & (kind != "").to_numpy()
    for row in np.flatnonzero(typed & ~kind.isin(list(LINE_TYPE_OHM_PER_KM)).to_numpy()):
        findings.add("PW406", f"type `{kind[row]}` is not known", **lines.places(int(row), "type"),
                     remedy="give x in ohm")  # fmt: skip
    standard = (
        kind.map(LINE_TYPE_OHM_PER_KM).to_numpy(float) * km / np.where(many > 0, many, np.nan)
    )
    parts = [
        _pypsa_branches(
            lines, "line", np.where(typed, standard, ohm) * BASE_MVA / volts.to_numpy() ** 2
        )
    ]
    trafos = _table(folder / "transformers.csv", findings, needed=False)
    if trafos is not None:
        base = trafos.numbers("s_nom")
        parts.append(
            _pypsa_branches(
                trafos,
                "transformer",
                trafos.numbers("x") * BASE_MVA / np.where(base > 0, base, np.nan),
            )
        )
    if (folder / "links.csv").is_file():
        findings.add("PW212", "links are not read", severity="note", file=folder / "links.csv")
    return buses, pd.concat(parts, ignore_index=True)


def _pypsa_branches(table: _Table, kind: str, x_pu: np.ndarray) -> pd.DataFrame:
    rate = table.numbers("s_nom", endless=True)
    off = table.words("active", needed=False).isin(["False", "false", "0"]).to_numpy()
    return table.frame(
        kind + " " + table.words("name"), from_bus=table.words("bus0").to_numpy(), to_bus=table.words("bus1").to_numpy(),
        x_pu=x_pu, tap=table.numbers("tap_ratio", 1.0, needed=False), shift_deg=table.numbers("phase_shift", needed=False),
        rate_normal_mva=rate, rate_emergency_mva=rate, in_service=np.where(off, 0.0, 1.0),
    )  # fmt: skip


def _pypsa_load(
    folder: Path, snapshot: str | None, buses: pd.Series, findings: Findings
) -> tuple[np.ndarray, str]:
    """Load by bus [MW] at the chosen hour, and the label of the hour."""
    loads = _table(folder / "loads.csv", findings)
    if loads is None:
        return np.zeros(len(buses)), ""
    names, at = loads.words("name"), loads.words("bus")
    _known(loads, "bus", at, buses)
    mw = pd.Series(loads.numbers("p_set", needed=False), index=names)
    series, hour = _table(folder / "loads-p_set.csv", findings, needed=False), snapshot or ""
    if series is not None:
        columns = [str(name) for name in series.cells.columns[1:]]
        for name in sorted(set(columns) - set(names)):
            findings.add("PW409", f"there is no load `{name}`", file=series.places.path, line=1)
        labels = series.words(str(series.cells.columns[0]))
        hours = pd.DataFrame({name: series.numbers(name) for name in columns if name in mw.index})
        row = int(np.nanargmax(hours.sum(axis=1))) if len(hours) else 0
        if snapshot is not None and snapshot not in set(labels):
            findings.add("PW105", f"no snapshot `{snapshot}`", file=series.places.path,
                         remedy=did_you_mean(snapshot, list(labels)))  # fmt: skip
        elif snapshot is not None:
            row = list(labels).index(snapshot)
        if len(hours):
            mw[hours.columns], hour = hours.iloc[row].to_numpy(), labels[row]
            findings.add("PW508", f"snapshot `{hour}` with a load of {mw.sum():.0f} MW", severity="note", file=folder)  # fmt: skip
    return mw.groupby(at.to_numpy()).sum().reindex(buses).fillna(0.0).to_numpy(), hour


def _pypsa_dispatch(
    folder: Path, hour: str, buses: pd.Series, load_mw: float, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Dispatch and largest output by bus. [MW]"""
    table = _table(folder / "generators.csv", findings)
    if table is None:
        return np.zeros(len(buses)), np.zeros(len(buses))
    names, at = table.words("name"), table.words("bus")
    _known(table, "bus", at, buses)
    share = pd.Series(table.numbers("p_max_pu", 1.0, needed=False), index=names)
    series = _table(folder / "generators-p_max_pu.csv", findings, needed=False)
    if series is not None:
        row = series.words(str(series.cells.columns[0])) == hour
        for name in series.cells.columns[1:]:
            if row.any() and name in share.index:
                share[name] = series.numbers(str(name))[row][0]
    else:
        findings.add("PW508", "no generators-p_max_pu.csv: wind and sun are taken to run at p_nom where their cost is low",
                     severity="note", file=folder)  # fmt: skip
    frame = pd.DataFrame({"bus": at.to_numpy(), "cost": table.numbers("marginal_cost", needed=False),
                          "most": table.numbers("p_nom") * share.to_numpy()})  # fmt: skip
    steps = frame.groupby("cost")["most"].sum().sort_index()
    part = (
        ((load_mw - (steps.cumsum() - steps)) / steps.where(steps > 0)).clip(0.0, 1.0).fillna(0.0)
    )
    frame["now"] = frame["most"] * frame["cost"].map(part)
    if steps.sum() < load_mw:
        findings.add("PW402", f"generation of {steps.sum():.0f} MW is less than the load of {load_mw:.0f} MW",
                     severity="warning", file=folder)  # fmt: skip
    idle = _table(folder / "storage_units.csv", findings, needed=False)
    if idle is not None:
        _known(idle, "bus", idle.words("bus"), buses)
        findings.add("PW508", f"storage units of {np.nansum(idle.numbers('p_nom')):.0f} MW stand still", severity="note", file=folder)  # fmt: skip
    total = frame.groupby("bus")[["now", "most"]].sum().reindex(buses).fillna(0.0)
    return total["now"].to_numpy(), total["most"].to_numpy()


def _checked(bus: pd.DataFrame | None, branch: pd.DataFrame | None, findings: Findings) -> Tables:
    """The frames by id, once everything in them has been looked at."""
    for frame, what in ((bus, "bus"), (branch, "branch")):
        if frame is not None:
            _check_ids(frame, what, findings)
    if bus is not None:
        _check_shares(bus, findings)
    if branch is not None:
        _check_branches(branch, findings)
    if bus is None or branch is None:
        return bus, branch
    known, whole = set(bus["id"]), True
    for name in ("from_bus", "to_bus"):
        for _, row in branch[~branch[name].isin(known) & branch[name].notna()].iterrows():
            whole = False
            findings.add("PW409", f"branch `{row['id']}`: {name} is `{row[name]}`, which is no bus", **row["place"],
                         remedy=did_you_mean(str(row[name]), [str(k) for k in known]))  # fmt: skip
    bus = bus.set_index(pd.Index(bus["id"], name="bus"))[list(BUS)]
    branch = branch.set_index(pd.Index(branch["id"], name="branch"))[list(BRANCH)]
    branch["tap"] = branch["tap"].where(branch["tap"] != 0, 1.0)
    if whole and not findings.errors:
        bus, branch = _one_part(bus, branch, findings)
    return bus, branch


def _check_ids(frame: pd.DataFrame, what: str, findings: Findings) -> None:
    for _, row in frame[frame["id"].duplicated() | (frame["id"] == "")].iterrows():
        if row["id"] == "":
            findings.add("PW405", f"a {what} without an id", **row["place"])
        elif row["id"] is not None:
            findings.add("PW404", f"{what} `{row['id']}` occurs twice", **row["place"])


def _check_shares(bus: pd.DataFrame, findings: Findings) -> None:
    share = bus["response_share"]
    for _, row in bus[share < 0].iterrows():
        findings.add("PW402", f"bus `{row['id']}`: response_share {row['response_share']:g} is negative", **row["place"])  # fmt: skip
    total = share.sum()
    if share.notna().any() and abs(total - 1) > 1e-3:
        findings.add("PW402", f"response_share sums to {total:g}; it was scaled to 1" if total > 0 else "response_share is 0 throughout",
                     severity="warning" if total > 0 else "error", file=bus["place"].iloc[0]["file"])  # fmt: skip


def _check_branches(branch: pd.DataFrame, findings: Findings) -> None:
    live = branch["in_service"] == 1
    faults = (
        ("x is 0, which no load flow can take", live & (branch["x_pu"] == 0)),
        ("tap is negative", branch["tap"] < 0),
        ("rate_normal_mva is negative", branch["rate_normal_mva"] < 0),
        ("rate_emergency_mva is negative", branch["rate_emergency_mva"] < 0),
        ("in_service is neither 0 nor 1", branch["in_service"].notna() & ~branch["in_service"].isin([0, 1])),
        ("both ends are at one bus", branch["from_bus"].notna() & (branch["from_bus"] == branch["to_bus"])),
    )  # fmt: skip
    for said, wrong in faults:
        for _, row in branch[wrong.to_numpy(bool)].iterrows():
            findings.add("PW402", f"branch `{row['id']}`: {said}", **row["place"])
    open_ended = (branch["rate_normal_mva"] > 0) & ~(branch["rate_emergency_mva"] > 0) & live
    if open_ended.any():
        findings.add("PW402", f"{open_ended.sum()} branches have a normal rating and no emergency rating: "
                     "after an outage nothing limits them", severity="warning", file=branch["place"].iloc[0]["file"])  # fmt: skip


def _one_part(
    bus: pd.DataFrame, branch: pd.DataFrame, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The largest connected part; another part may go only if it carries nothing."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    live = branch[branch["in_service"] == 1]
    i, j = (bus.index.get_indexer(live[name]) for name in ("from_bus", "to_bus"))
    links = coo_array((np.ones(len(live)), (i, j)), shape=(len(bus), len(bus)))
    parts, part = connected_components(links, directed=False)
    if parts == 1:
        return bus, branch
    out = part != np.bincount(part).argmax()
    carries = out & (bus[["load_mw", "gen_mw", "gen_max_mw"]] != 0).any(axis=1).to_numpy()
    for names, severity, said in (
        (bus.index[carries], "error", "are not connected to the rest and carry load or generation"),
        (bus.index[out & ~carries], "note", "are not connected to the rest, carry nothing and were left out"),
    ):  # fmt: skip
        if len(names):
            shown = ", ".join(f"`{name}`" for name in names[:20]) + (
                ", …" if len(names) > 20 else ""
            )
            findings.add("PW409", f"{len(names)} buses {said}: {shown}", severity=severity)
    gone = set(bus.index[out])
    return bus[~out], branch[~(branch["from_bus"].isin(gone) | branch["to_bus"].isin(gone))]
