"""Ranking table: every site with what is scarce first, units in the headers, and why it has no rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from powerwall.output.site_cells import Site, columns_of, site_name
from powerwall.output.table import captions

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking

#: Short header → the words of a page, with the unit.
_WORDS = {
    "#": "rank", "score": "score, 0–100 (interval)", "first power": "first power, P50", "comes": "chance that it comes", "on time": "chance on time",
    "MW and rung": "capacity MW, rung", "$/MWh": "price USD/MWh, grade", "night dB": "night noise margin dB", "keep m": "distance to keep m",
    "IT MW": "IT power MW", "water m³/yr": "scarce water m³/yr", "permit": "permit, share that ended well", "ranks": "ranks, 90 % of draws",
    "out": "out, share of draws", "held": "held, share of draws",
}  # fmt: skip


class Row(NamedTuple):
    """A site: its place on the page, status, cells, and what holds it."""

    number: int
    status: str
    cells: list[str]
    reasons: list[str]


class RankingTable(NamedTuple):
    """Headers (words, right-aligned), rows and the notes under them."""

    heads: list[tuple[str, bool]]
    rows: list[Row]
    notes: list[str]

    @property
    def right(self) -> str:
        """Classes that align its columns of numbers."""
        return " ".join(f"r{at}" for at, (_, right) in enumerate(self.heads, 1) if right)


def ranking_table(ranking: Ranking) -> RankingTable:
    """All sites, best first."""
    columns = columns_of(ranking)
    rows = []
    for number, site_id in enumerate(ranking.frame.index):
        site = Site(ranking, str(site_id))
        cells = [site_name(site) if column.header == "site" else column.cell(site) for column in columns]  # fmt: skip
        cells.insert(2, str(site.row["status"]))
        reasons = [reason for reason in str(site.row["reasons"]).split("; ") if reason]
        rows.append(Row(number, str(site.row["status"]), cells, reasons))
    heads = [(_WORDS.get(column.header, column.header), column.right) for column in columns]
    heads.insert(2, ("status", False))
    return RankingTable(heads, rows, captions(ranking, columns))
