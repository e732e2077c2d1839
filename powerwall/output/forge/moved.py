"""Moved: the gates of a comparison and the rows behind it as results, for the formats of a forge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from powerwall.output.compare import Comparison, arrow
from powerwall.output.forge.result import HELD, UNMEASURED, Result, Suite, relative
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN
from powerwall.region.findings import shown
from powerwall.region.region import GatesTable

MOVED = "moved_rank"

#: What a comparison may say: the limits of `[gates]`, and a row that moved a rank.
RULES: dict[str, tuple[str, str]] = {
    **{name: (f"gate {name}", f"[gates] {name}: {field.description}.") for name, field in GatesTable.model_fields.items()},
    MOVED: ("row that moved a rank", "A row of a layer differs, and the rank or status of a site with it."),
}  # fmt: skip
_LEVELS = {"broken": "error", "holds": HELD, "not measured": UNMEASURED}
_SITES = 5  # sites that a notice names


@dataclass(frozen=True)
class Origin:
    """Where the files of a comparison stand.

    Attributes
    ----------
    gates
        File, line and column of each gate of the newer side.
    revisions
        Revisions of the older and of the newer side; empty is the working tree.
    here, root
        Folder that files are relative to, and that they shall be relative to.
    """

    gates: Mapping[str, tuple[str, int, int]]
    revisions: tuple[str, str]
    here: Path
    root: Path

    def place(self, file: str, line: int) -> tuple[str, int]:
        """A file as the newer side has it; a line of an older revision means nothing there."""
        older, newer = (f"{revision}:" if revision else "" for revision in self.revisions)
        if newer and file.startswith(newer):
            return file.removeprefix(newer), line
        if older and file.startswith(older):
            return file.removeprefix(older), 0
        return relative(shown(file), self.here, self.root), line


def suite_of_comparison(comparison: Comparison, origin: Origin) -> Suite:
    """Gates first, each one result; then the rows that moved a rank or a status, as notes."""
    results = [_gate(gate.name, gate.limit, gate.state, gate.words, origin) for gate in comparison.gates]  # fmt: skip
    name = f"{comparison.base} → {comparison.head}"
    return Suite(name, (*results, *_rows(comparison, origin)), "no gate, and no row moved a rank")  # fmt: skip


def _gate(name: str, limit: str, state: str, words: str, origin: Origin) -> Result:
    file, line, column = origin.gates[name]
    remedy = f"if it is meant, say so in the review, or set {name} anew" if state == "broken" else ""  # fmt: skip
    file, line = origin.place(file, line)
    return Result(name, RULES[name][0], _LEVELS[state], f"{name} = {limit}: {state}: {words}", remedy, file, line, column, name)  # fmt: skip


def _rows(comparison: Comparison, origin: Origin) -> list[Result]:
    """One note for each row of a layer, however many of its cells differ."""
    rows = comparison.changes.rows
    found = []
    for (layer, row), cells in rows.groupby(["layer", "row"], sort=True):
        moves = _moves(comparison, f"{layer} {row}:")
        if not moves:
            continue
        first = cells.iloc[-1]  # a changed row stands last at the newer side
        differs = ", ".join(_cell(cell) for _, cell in cells.iterrows())
        more = f"; and {len(moves) - _SITES} more" if len(moves) > _SITES else ""
        file, line = origin.place(str(first["file"]), int(first["line"]))
        text = f"{layer} {row}: {differs}; moves {'; '.join(moves[:_SITES])}{more}"
        found.append(Result(MOVED, RULES[MOVED][0], "note", text, "", file, line, 0, f"{layer} {row}"))  # fmt: skip
    return found


def _cell(cell: pd.Series) -> str:
    old, new = (str(cell[side]) or UNKNOWN for side in ("old", "new"))
    return {"changed": f"{cell['column']} {old} → {new}", "dated": f"{cell['column']} {new}"}.get(str(cell["change"]), str(cell["change"]))  # fmt: skip


def _moves(comparison: Comparison, named: str) -> list[str]:
    """Sites whose rank or status moved, and whose change names a row."""
    changes = comparison.changes
    because = changes.measures[changes.measures["why"].str.contains(named, regex=False)]["site_id"]
    sites = changes.moved
    mine = sites[sites.index.isin(because) | sites["why"].str.contains(named, regex=False)]
    return [words for site, row in mine.iterrows() if (words := _move(str(site), row))]


def _move(site: str, row: pd.Series) -> str:
    """`site from rank 5 to 9`, or its statuses; empty where neither moved."""
    statuses = [row[f"status_{side}"] if isinstance(row[f"status_{side}"], str) else NOT_APPLICABLE for side in ("base", "head")]  # fmt: skip
    if statuses[0] != statuses[1]:
        return f"{site} {arrow(*statuses)}"
    ranks = [row["rank_base"], row["rank_head"]]
    if any(pd.isna(rank) for rank in ranks) or ranks[0] == ranks[1]:
        return ""
    return f"{site} from rank {ranks[0]} to {ranks[1]}"
