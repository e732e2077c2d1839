"""Moved: the gates of a comparison, and the rows and keys behind it, as results for the formats of a forge."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from powerwall.output.compare import Comparison, arrow, part_name, signed_rank
from powerwall.output.forge.result import HELD, UNMEASURED, Result, Suite, relative
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN
from powerwall.region.findings import CODES, Finding, shown
from powerwall.region.region import GatesTable

MOVED = "moved_rank"
MOVED_BY_KEY = "moved_rank_by_key"

#: What a comparison may say: the limits of `[gates]`, and a row or a key that moved a rank.
RULES: dict[str, tuple[str, str]] = {
    **{name: (f"gate {name}", f"[gates] {name}: {field.description}.") for name, field in GatesTable.model_fields.items()},
    MOVED: ("row that moved a rank", "A row of a layer differs, and the rank or status of a site with it."),
    MOVED_BY_KEY: ("key that moved a rank", "A weight, a date or another key of the region file differs, and alone moves the rank or status of a site."),
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
    keys
        The same of what else differs and is no row, by its name in words: `weights power`.
    revisions
        Revisions of the older and of the newer side; empty is the working tree.
    here, root
        Folder that files are relative to, and that they shall be relative to.
    """

    gates: Mapping[str, tuple[str, int, int]]
    keys: Mapping[str, tuple[str, int, int]]
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
    """Gates first, each one result; then the rows and keys that moved a rank or a status, as notes."""
    results = [_gate(gate.name, gate.limit, gate.state, gate.words, origin) for gate in comparison.gates]  # fmt: skip
    name = f"{comparison.base} → {comparison.head}"
    found = (*results, *_rows(comparison, origin), *_keys(comparison, origin))
    return Suite(name, found, _unsaid(comparison))


def suite_of_faults(name: str, file: str, faults: Iterable[Finding], origin: Origin) -> Suite:
    """Findings of sides that cannot be read; one without a place is put at the file of the newer.

    Parameters
    ----------
    name, file
        Both sides, and the file of the newer one.
    """
    results = []
    for item in sorted(faults):
        place, line = origin.place(item.file or file, item.line)
        column = item.column if line else 0
        results.append(Result(item.code, CODES[item.code][0], item.severity, item.message, item.remedy, place, line, column))  # fmt: skip
    return Suite(name, tuple(results))


def _unsaid(comparison: Comparison) -> str:
    """What to say of a comparison that has neither a broken gate nor a row or key to show."""
    changes = comparison.changes
    ranks = sum(bool(_move(str(site), row)) for site, row in changes.moved.iterrows())
    own = len(changes.moved)
    if changes.moved.empty:
        said = "nothing moved"
    elif not ranks:
        said = f"{own} site{'s' if own != 1 else ''} moved in score or risk, none in rank or status"
    else:
        said = f"{ranks} site{'s' if ranks != 1 else ''} moved in rank or status, and no row or key is known to do so alone"  # fmt: skip
    differ = [part_name(row) for _, row in changes.ingredients.iterrows()]
    named = f"; {', '.join(differ)} differ{'s' if len(differ) == 1 else ''}" if differ else ""
    return said + named + ("" if comparison.gates else "; no gate")


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
        file, line = origin.place(str(first["file"]), int(first["line"]))
        text = f"{layer} {row}: {differs}; moves {_some(moves)}"
        found.append(Result(MOVED, RULES[MOVED][0], "note", text, "", file, line, 0, f"{layer} {row}"))  # fmt: skip
    return found


def _keys(comparison: Comparison, origin: Origin) -> list[Result]:
    """One note for each key, or date, that alone moves a rank or a status."""
    changes = comparison.changes
    if "ranks" not in changes.effects:  # rankings in files: nothing was taken alone
        return []
    found = []
    for _, part in changes.ingredients[changes.ingredients["kind"] != "layer"].iterrows():
        name = part_name(part)
        mine = changes.effects[changes.effects["ingredient"] == name]
        came = changes.moved[changes.moved["change"].isin(["added", "removed"])]
        came = came[came["why"].astype(str).str.contains(_leading(str(part["what"])))]
        moves = [_move(str(site), row) for site, row in came.iterrows()]
        moves += _alone(mine, changes.sites["status_base"])
        if not moves:
            continue
        file, line, column = origin.keys[name]
        file, line = origin.place(file, line)
        what = f"{name}: {part['what']}" if part["kind"] == "provenance" else part["what"]
        text = f"{what}; alone moves {_some(moves)}"
        found.append(Result(MOVED_BY_KEY, RULES[MOVED_BY_KEY][0], "note", text, "", file, line, column, name))  # fmt: skip
    return found


def _alone(effects: pd.DataFrame, before: pd.Series) -> list[str]:
    """Sites whose status or rank one ingredient moves, new statuses first, then the largest shift."""
    said = []
    for _, row in effects.iterrows():
        site, old, ranks = str(row["site_id"]), str(before[row["site_id"]]), float(row["ranks"])
        if row["status"] and row["status"] != old:
            said.append((-math.inf, site, f"{site} {arrow(old, str(row['status']))}"))
        elif ranks and not math.isnan(ranks):
            said.append((-abs(ranks), site, f"{site} by {signed_rank(ranks)}"))
    return [words for _, _, words in sorted(said)]


def _some(moves: list[str]) -> str:
    more = f"; and {len(moves) - _SITES} more" if len(moves) > _SITES else ""
    return "; ".join(moves[:_SITES]) + more


def _leading(words: str) -> str:
    """Pattern of a reason that begins with some words; reasons are joined by semicolons."""
    return rf"(?:^|; ){re.escape(words)}"


def _cell(cell: pd.Series) -> str:
    old, new = (str(cell[side]) or UNKNOWN for side in ("old", "new"))
    return {"changed": f"{cell['column']} {old} → {new}", "dated": f"{cell['column']} {new}"}.get(str(cell["change"]), str(cell["change"]))  # fmt: skip


def _moves(comparison: Comparison, named: str) -> list[str]:
    """Sites whose rank or status moved, and whose change names a row."""
    changes = comparison.changes
    pattern = _leading(named)
    because = changes.measures[changes.measures["why"].astype(str).str.contains(pattern)]["site_id"]
    sites = changes.moved
    mine = sites[sites.index.isin(because) | sites["why"].astype(str).str.contains(pattern)]
    return [words for site, row in mine.iterrows() if (words := _move(str(site), row))]


def _move(site: str, row: pd.Series) -> str:
    """`site from rank 5 to 9`, or its statuses; of one that came or went its rank too."""
    statuses = [row[f"status_{side}"] if isinstance(row[f"status_{side}"], str) else NOT_APPLICABLE for side in ("base", "head")]  # fmt: skip
    ranks = [row["rank_base"], row["rank_head"]]
    if statuses[0] != statuses[1]:
        known = [rank for rank in ranks if not pd.isna(rank)]
        rank = f" (rank {known[0]})" if known and NOT_APPLICABLE in statuses else ""
        return f"{site} {arrow(*statuses)}{rank}"
    if any(pd.isna(rank) for rank in ranks) or ranks[0] == ranks[1]:
        return ""
    return f"{site} from rank {ranks[0]} to {ranks[1]}"
