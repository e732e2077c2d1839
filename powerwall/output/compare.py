"""Comparison: what moved between two rankings, as a person reads it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import NOT_APPLICABLE, UNKNOWN, shown, span
from powerwall.region.findings import shown as shown_path

if TYPE_CHECKING:
    from powerwall.ranking.compare import Changes
    from powerwall.ranking.gates import Gate

SPREAD = "within the weights' spread"
_DETAILED = 5  # sites whose measures are listed
_PARTS = 4  # measures of each
_ROWS = 15  # rows of layers
_MIDPOINTS = 3  # sites whose effects are listed both ways
_PLACE = re.compile(r" \([^()]+:\d+\)")
_LONG = 48  # characters from which a cell is a text, not a value
_POINTS = 0.005  # points that are worth a line


@dataclass(frozen=True)
class Comparison:
    """What moved, between what, and what the gates say.

    Attributes
    ----------
    base, head
        The two sides in words.
    region
        Title of the newer region; empty where only files were compared.
    changes, gates
        What moved, and the limits on it.
    next_command
        What to type next; empty if there is nothing to look at.
    """

    base: str
    head: str
    region: str
    changes: Changes
    gates: tuple[Gate, ...]
    next_command: str

    @property
    def broken(self) -> list[Gate]:
        """Gates that do not hold."""
        return [gate for gate in self.gates if gate.state == "broken"]

    @property
    def lead(self) -> str:
        """One line: what was compared, or that nothing moved."""
        between = f"{self.base} → {self.head}"
        if not self.changes.moved.empty:
            return f"{self.region}: {between}" if self.region else between
        differs = list(self.changes.ingredients["what"])
        quiet = f"; {len(self.changes.measures)} measures that carry no points differ" if len(self.changes.measures) else ""  # fmt: skip
        if not differs:
            return f"nothing moved: {between}{quiet}"
        named = "; ".join(part_name(row) for _, row in self.changes.ingredients.iterrows())
        return f"nothing moved: {between}; {named} differ{'s' if len(differs) == 1 else ''} and moved no score, rank or status{quiet}"


def part_name(row: pd.Series) -> str:
    """`layer policy`, `as_of`: an ingredient without what differs in it."""
    if row["kind"] == "powerwall":
        return "engine version"
    return str(row["name"]) if row["kind"] == row["name"] else f"{row['kind']} {row['name']}"


def print_comparison(comparison: Comparison, to: Console, top: int) -> None:
    """Print what moved, what moved it, the gates and the next command; one line if nothing did."""
    changes = comparison.changes
    if changes.moved.empty:
        to.print(comparison.lead, soft_wrap=True)
        for gate in comparison.broken:
            to.print(Text(gate_line(gate), style="bold red"), soft_wrap=True)
        return
    to.print(Text(comparison.lead, style="bold"), soft_wrap=True)
    to.print(counts(changes))
    to.print()
    for block in tables(changes, to.width, top):
        to.print(block)
    to.print()
    for line in (*remarks(changes), *map(gate_line, comparison.gates)):
        style = "bold red" if ": broken" in line else "dim"
        to.print(Text(line, style=style), soft_wrap=True)
    if comparison.next_command:
        to.print(f"\nNext: {comparison.next_command}", soft_wrap=True)


def gate_line(gate: Gate) -> str:
    """`gate max_rank_shift = 3: broken: …`."""
    return f"gate {gate.name} = {gate.limit}: {gate.state}: {gate.words}"


def counts(changes: Changes) -> str:
    """How many sites moved in which way, and how far the order did."""
    kinds = changes.sites["change"].value_counts()
    words = {"status": "changed status", "risk": "changed risk", "added": "added", "removed": "removed",
             "score": "changed score", "rank": "moved only in rank"}  # fmt: skip
    said = [f"{kinds[kind]} {text}" for kind, text in words.items() if kind in kinds]
    said.append(f"{kinds.get('', 0)} unmoved")
    s = changes.shifts
    far = ""
    if s["ranked"]:
        tau = "" if math.isnan(s["tau"]) else f", Kendall tau {s['tau']:.2f}, WS {s['ws']:.2f}"
        far = (f"; ranks of {s['ranked']:.0f} sites shift by {s['mean']:.1f} on average, {s['largest']:.0f} at most{tau}, "
               f"{s['top_kept']:.0f} of the first {s['top']:.0f} stay")  # fmt: skip
    return f"sites: {', '.join(said)}{far}".replace("-", "−")


def remarks(changes: Changes) -> list[str]:
    """What the tables do not say: what only acts together, what was cut, what is not known."""
    lines = [*_interaction(changes.effects), *_others(changes.moved)]
    within = list(changes.sites.index[changes.sites["within_spread"].astype(bool)])
    if within:
        lines.append(
            f"{SPREAD}, so no rank that the weights tell apart: {_some([str(site) for site in within])}"
        )
    stated = changes.ingredients[changes.ingredients["kind"] == "provenance"]
    lines += [f"provenance of {row['name']}: {row['what']}" for _, row in stated.iterrows()]
    return [*lines, *changes.notes]


def _interaction(effects: pd.DataFrame) -> list[str]:
    """What is left over, and where that is much the midpoints of both ways beside."""
    left = effects[effects["ingredient"] == "interaction"]
    if left.empty:
        return []
    points = left[left["points"].abs() >= _POINTS]
    lines = []
    if len(points):
        most = points.loc[points["points"].abs().idxmax()]
        lines.append(f"interaction: at {len(points)} sites the parts do not add up to the whole, by {signed(most['points'])} points at most ({most['site_id']})")  # fmt: skip
        lines += _midpoints(effects, points)
    ranks = left[left["ranks"].fillna(0) != 0]
    if len(ranks):
        most = ranks.loc[ranks["ranks"].abs().idxmax()]
        lines.append(
            f"interaction in ranks: at {len(ranks)} sites, by {signed_rank(most['ranks'])} at most ({most['site_id']})"
        )
    return lines


def _midpoints(effects: pd.DataFrame, left: pd.DataFrame) -> list[str]:
    """Effects taken both ways, at the sites where most is left over."""
    known = effects[effects["points_midpoint"].notna()]
    order = left.assign(size=-left["points"].abs()).sort_values(["size", "site_id"])["site_id"]
    lines = []
    for site in [site for site in order if (known["site_id"] == site).any()][:_MIDPOINTS]:
        mine = known[known["site_id"] == site]
        said = ", ".join(f"{row['ingredient']} {signed(row['points_midpoint'])} ({signed(row['points'])} into the base, {signed(row['points_backward'])} out of the head)" for _, row in mine.iterrows())  # fmt: skip
        lines.append(f"midpoints of both ways at {site}: {said}")
    return lines


def _others(moved: pd.DataFrame) -> list[str]:
    """Ranks that shift because other sites came or went."""
    shifted = moved[moved["shift_others"].fillna(0) != 0]
    if shifted.empty:
        return []
    far = shifted["shift_others"].astype(float)
    return [f"sites that came or went shift {len(shifted)} others, by {signed_rank(far.loc[far.abs().idxmax()])} at most ({far.abs().idxmax()})"]  # fmt: skip


def signed_rank(value: float) -> str:
    """`+1 rank`, `−2 ranks`."""
    return f"{value:+.0f} rank{'s' if abs(value) != 1 else ''}".replace("-", "−")


def tables(changes: Changes, width: int, top: int) -> list[Any]:
    """Sites, their measures, the ingredients and the rows that differ; each as one table."""
    own = changes.moved[changes.moved["change"] != "rank"]
    made: list[Any] = []
    if len(own):
        made.append(_site_table(own.head(top), width))
    if len(own) > top:
        made.append(f"and {len(own) - top} more sites that moved: --top {len(own)}")
    passive = changes.moved[changes.moved["change"] == "rank"]
    if len(passive):
        far = int(passive["rank_shift"].abs().max())
        made.append(f"{len(passive)} sites keep their score and give way by {far} rank{'s' if far != 1 else ''} at most: {_some(list(passive.index))}")  # fmt: skip
    detail = _details(changes, list(own.index[: min(top, _DETAILED)]))
    if detail:
        made += ["", Text("what moved at the first of them", style="bold"), fitting_table(_MEASURE_HEADS, detail, width)]  # fmt: skip
    parts = ingredient_cells(changes)
    if parts:
        ranks = [_count_signed(value) for value in _named(changes)["ranks"]] if "ranks" in changes.ingredients else [UNKNOWN] * len(parts)  # fmt: skip
        cells = [[*row, rank] for row, rank in zip(parts, ranks, strict=True)]
        made += ["", Text("what differs, and what each does alone", style="bold"), fitting_table(_PART_HEADS, cells, width)]  # fmt: skip
    rows = row_cells(changes.rows)
    if rows:
        made += ["", Text("rows that differ, or whose dates passed", style="bold"), fitting_table(_ROW_HEADS, rows[:_ROWS], width)]  # fmt: skip
    if len(rows) > _ROWS:
        made.append(f"and {len(rows) - _ROWS} more: --format json has all")
    return made


def _site_table(sites: pd.DataFrame, width: int) -> Table:
    """The sites that moved; dim where the weights do not tell them from those they passed."""
    table = fitting_table(_SITE_HEADS, [site_cells(str(i), row) for i, row in sites.iterrows()], width)  # fmt: skip
    for line, within in zip(table.rows, sites["within_spread"], strict=True):
        line.style = "dim" if within else None
    return table


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


_SITE_HEADS = (
    Head("site", right=False), Head("name", right=False, goes=6, wraps=True), Head("status", right=False), Head("rank"),
    Head("score", goes=4), Head("points", goes=2), Head("moved by", right=False, wraps=True),
)  # fmt: skip
_MEASURE_HEADS = (
    Head("site", right=False), Head("criterion", right=False), Head("measure"), Head("unit", right=False, goes=4),
    Head("points"), Head("rests on", right=False, goes=3), Head("moved by", right=False, goes=5, wraps=True),
)  # fmt: skip
_PART_HEADS = (
    Head("differs", right=False, wraps=True), Head("sites moved"), Head("statuses", goes=3), Head("points at most", goes=1),
    Head("ranks at most", goes=2),
)  # fmt: skip
_ROW_HEADS = (
    Head("layer", right=False), Head("row", right=False), Head("column", right=False), Head("old → new", right=False, wraps=True),
    Head("where", right=False, goes=2), Head("sites", goes=1),
)  # fmt: skip


def site_cells(site: str, row: pd.Series) -> list[str]:
    """Cells of one site, as they are printed."""
    statuses = [_status(row[f"status_{side}"], row[f"at_risk_{side}"]) for side in ("base", "head")]  # fmt: skip
    ranks = [NOT_APPLICABLE if pd.isna(row[f"rank_{side}"]) else str(row[f"rank_{side}"]) for side in ("base", "head")]  # fmt: skip
    scores = [NOT_APPLICABLE if pd.isna(row[f"score_{side}"]) else f"{row[f'score_{side}']:.1f}" for side in ("base", "head")]  # fmt: skip
    delta = NOT_APPLICABLE if pd.isna(row["score_delta"]) else signed(row["score_delta"])
    why = row["why"] or {"added": "a new site", "removed": "no longer a site"}.get(row["change"], UNKNOWN)  # fmt: skip
    within = f"{SPREAD} ({why})" if row["within_spread"] else str(why)
    return [site, str(row["name"]), arrow(*statuses), arrow(*ranks), arrow(*scores), delta, within]  # fmt: skip


def _status(status: object, risk: object) -> str:
    if not isinstance(status, str):
        return NOT_APPLICABLE
    return "at risk" if risk and status == "ranked" else status


def arrow(old: str, new: str) -> str:
    """`a → b`, or one of them where they print alike."""
    return old if old == new else f"{old} → {new}"


def signed(value: float) -> str:
    """Points with their sign."""
    text = f"{value:+.2f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def _details(changes: Changes, sites: Sequence[Any]) -> list[list[str]]:
    """Measures that moved points or a verdict at some sites."""
    cells = []
    for site in sites:
        mine = changes.measures[changes.measures["site_id"] == site]
        counted = mine[(mine["points"].abs() >= _POINTS) | mine["decides"].astype(bool)]
        for lines, (_, row) in enumerate(counted.head(_PARTS).iterrows()):
            cells.append(["" if lines else str(site), *measure_cells(row)])
    return cells


def measure_cells(row: pd.Series) -> list[str]:
    """Cells of one measure that moved, as they are printed."""
    unit = "" if row["unit"] in {"share", "bool"} else str(row["unit"])
    old, new = (_measure(row, side) for side in ("old", "new"))
    where = [f"{row[f'layer_{side}']} {row[f'row_{side}']}" for side in ("base", "head")
             if isinstance(row[f"row_{side}"], str) and row[f"row_{side}"]]  # fmt: skip
    why = _PLACE.sub("", str(row["why"]))  # the table of rows has the places
    return [str(row["criterion"]), arrow(old, new), unit, signed(row["points"]), " → ".join(dict.fromkeys(where)), why]  # fmt: skip


def _measure(row: pd.Series, side: str) -> str:
    value, low, high = (float(row[c]) for c in (side, f"{side}_low", f"{side}_high"))
    unit = str(row["unit"])
    if math.isnan(value) and not (math.isnan(low) or math.isnan(high)) and unit != "bool":
        return span(low, high, unit)
    return shown(value, unit)


def ingredient_cells(changes: Changes) -> list[list[str]]:
    """Cells of the table of what differs; provenance that moves nothing is told apart from it."""
    return [
        [_part(row), _count(row["sites"]), _count(row["statuses"]), UNKNOWN if math.isnan(row["points"]) else signed(row["points"])]
        for _, row in _named(changes).iterrows()
    ]  # fmt: skip


def _named(changes: Changes) -> pd.DataFrame:
    """What differs, without provenance that moves nothing."""
    frame = changes.ingredients
    return frame[(frame["kind"] != "provenance") | (frame["sites"].fillna(1) > 0)]


def _part(row: pd.Series) -> str:
    """An ingredient in words."""
    if row["kind"] in {"layer", "provenance"}:
        return f"{row['kind']} {row['name']}: {row['what']}"
    return str(row["what"])


def _count_signed(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:+.0f}".replace("-", "−").replace("+0", "0")


def _count(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.0f}"


def _cell(row: pd.Series) -> str:
    old, new = (str(row[side]) or UNKNOWN for side in ("old", "new"))
    return "rewritten" if max(len(old), len(new)) > _LONG else f"{old} → {new}"


def row_cells(rows: pd.DataFrame) -> list[list[str]]:
    """Cells of the table of rows, those that moved most sites first."""
    ordered = rows.assign(size=-rows["sites"].astype(float)).sort_values(["size", "layer", "row", "column"], kind="stable")  # fmt: skip
    cells = []
    for _, row in ordered.iterrows():
        said = {"dated": f"{row['new']}, between the two dates", "changed": _cell(row)}.get(str(row["change"]), str(row["change"]))  # fmt: skip
        line = int(row["line"])
        where = f"{shown_path(row['file'])}:{line}" if line else shown_path(row["file"])
        cells.append([str(row["layer"]), str(row["row"]), str(row["column"]), said, where, str(row["sites"])])  # fmt: skip
    return cells
