"""Sources: every publication behind the numbers of a report, numbered once and cited by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking


class Cited:
    """Numbers of the sources in the order of their criteria and titles."""

    def __init__(self, ranking: Ranking) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        found = {
            _key(row)
            for measure in ranking.measures.values()
            for row in measure[["source", "as_of"]].drop_duplicates().to_dict("records")
        }
        for key in sorted(found):
            if key[0]:
                self._numbers[key] = len(self._numbers) + 1

    def number(self, row: Any) -> str:
        """`[12]`, or `` where the row of a measure names no source."""
        found = self._numbers.get(_key(row))
        return f"[{found}]" if found else ""

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        """Number, title and date of each."""
        return [(number, title, day) for (title, day), number in self._numbers.items()]


def _key(row: Any) -> tuple[str, str]:
    source, day = row["source"], row["as_of"]
    return (source if isinstance(source, str) else "", day if isinstance(day, str) else "")
