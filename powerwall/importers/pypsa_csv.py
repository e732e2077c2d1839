"""PyPSA CSV: a folder of buses, lines, transformers, loads and generators → the layer `network`.

The network is read as the criteria read it, at the hour of the highest load, and written as
`bus.csv` with its `branch.csv` beside it. Names are text: `1` and `1_220kV` are two buses. Ratings
of standard types are nominal, √3 · V · I, and not of a season.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.cells import table
from powerwall.criteria.power.network.files import read_tables
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.sources import ODBL, OSM_CREDIT
from powerwall.region.findings import BadInput, Findings, did_you_mean

_BUSES, _LINES, _TRANSFORMERS = "buses.csv", "lines.csv", "transformers.csv"
#: Column of names that SciGRID and its like took over from OpenStreetMap.
_OSM_COLUMN = "osm_name"
_OTHER_SIDE = r"^(.+)_\d+(?:\.\d+)?kV$"


def read_network(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Buses, and the branches beside them, of one folder or of the files in it."""
    del asked  # a network is not cut: its flows need the whole of it
    folder = _folder(files, findings)
    if folder is None or not _are_tables(folder, findings):
        return None
    try:
        bus, branch, notes = read_tables(folder)
    except BadInput as error:
        findings.extend(error.findings)
        return None
    findings.extend(notes)
    names = _names(folder / _BUSES)
    tally.read += len(names)
    if lost := len(names) - len(bus):
        tally.left_out["not connected to the rest, and carries nothing"] += lost
    _tell(names, bus, branch, folder, tally)
    buses = bus.reset_index().dropna(axis=1, how="all")
    branches = branch.reset_index().sort_values("branch", kind="stable").reset_index(drop=True)
    rates = ["rate_normal_mva", "rate_emergency_mva"]
    branches[rates] = branches[rates].mask(np.isinf(branches[rates]))  # a blank has no limit
    kinds = branches["branch"].str.partition(" ")[0]
    note = (
        f"{int((kinds == 'line').sum()):,} lines and {int((kinds == 'transformer').sum()):,} transformers in branch.csv; load {bus['load_mw'].sum():,.1f} MW, "
        f"generation up to {bus['gen_max_mw'].sum():,.1f} MW; a node names its bus in `network_bus`"
    )  # fmt: skip
    licenses, credit = _terms(folder)
    return Delivery(buses, ("bus",), None, note, (("branch.csv", branches),), licenses, credit, _middle(folder))  # fmt: skip


def _folder(files: Sequence[Path], findings: Findings) -> Path | None:
    """The one folder that is meant, with its buses in it."""
    folders = {path if path.is_dir() else path.parent for path in files}
    absent = [path for path in files if not path.exists()]
    for path in absent:
        findings.add("PW201", "no such file or folder", file=path)
    if absent:
        return None
    if len(folders) > 1:
        findings.add("PW201", f"one network at a time: {', '.join(sorted(map(str, folders)))}", file=files[0], remedy="name one folder")  # fmt: skip
        return None
    (folder,) = folders
    if not (folder / _BUSES).is_file():
        near = [path.name for path in folder.glob("*.csv")]
        findings.add("PW201", f"no {_BUSES} in {folder}", file=folder, remedy=did_you_mean(_BUSES, near) or "the folder that PyPSA exports")  # fmt: skip
        return None
    return folder


def _are_tables(folder: Path, findings: Findings) -> bool:
    """Whether no file of the folder is something else under the name of a table."""
    sound = True
    for path in sorted(folder.glob("*.csv")):
        with path.open("rb") as file:
            start = file.read(512).lstrip().lower()
        what = "a workbook" if start.startswith(b"pk") else "a web page" if b"<html" in start or start.startswith(b"<!doctype") else ""  # fmt: skip
        if what:
            findings.add("PW202", f"is {what}, not a table", file=path, remedy="export the network as CSV again")  # fmt: skip
            sound = False
    return sound


def _names(path: Path) -> pd.Series:
    """Names of the rows of a file that was read before; none where it is absent."""
    cells = table(path, Findings(), needed=False)
    return pd.Series([], dtype="string") if cells is None else cells.words("name").astype("string")


def _terms(folder: Path) -> tuple[tuple[str, ...], str]:
    """Licence and credit of a network that was made from OpenStreetMap, as its columns tell."""
    cells = table(folder / _BUSES, Findings(), needed=False)
    from_osm = cells is not None and _OSM_COLUMN in cells.cells
    return (ODBL, OSM_CREDIT) if from_osm else ((), "")


def _middle(folder: Path) -> tuple[float, float] | None:
    """Median of the places of the buses in degrees; None where the files tell none."""
    cells = table(folder / _BUSES, Findings(), needed=False)
    if cells is None or not {"x", "y"} <= set(cells.cells):
        return None
    x, y = cells.numbers("x", np.nan), cells.numbers("y", np.nan)
    there = (np.abs(x) <= 180) & (np.abs(y) <= 90) & ((x != 0) | (y != 0))
    return (float(np.median(x[there])), float(np.median(y[there]))) if there.any() else None


def _tell(
    names: pd.Series, bus: pd.DataFrame, branch: pd.DataFrame, folder: Path, tally: Tally
) -> None:
    """Count what the files hold that a reader should know."""
    base = names.str.extract(_OTHER_SIDE)[0]
    if sides := int(base.isin(names).sum()):
        tally.noted["the other side of a transformer, by the suffix of its name"] += sides
    native = len(_names(folder / _LINES)) + len(_names(folder / _TRANSFORMERS))
    if lost := native - len(branch):
        tally.left_out["branches in a part that carries nothing"] += lost
    lines = table(folder / _LINES, Findings())
    if lines is not None and "length" in lines.cells:
        short = lines.numbers("length", np.nan) == 0
        if short.any():
            tally.noted["lines of length 0"] += int(short.sum())
    rating = branch.loc[branch.index.str.startswith("transformer "), "rate_normal_mva"]
    if len(rating) > 1 and (rating == rating.iloc[0]).all():
        tally.noted[f"transformers of one rating, {rating.iloc[0]:g} MVA: a placeholder"] += len(rating)  # fmt: skip
    if still := int((bus["load_mw"] == 0).sum()):
        tally.noted["buses without load"] += still
