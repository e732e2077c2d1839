"""Delivery: what an importer hands over, and the tally of what became of every row and cell.

A reader is `reader(files, asked, tally, findings) → Delivery | None`; None where the findings say
why. Nothing is dropped in silence: what is not handed over is counted by reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from powerwall.region.findings import Findings

Frame = TypeVar("Frame", bound=pd.DataFrame)


@dataclass
class Tally:
    """What became of the rows and cells of a source.

    Attributes
    ----------
    read
        Rows of the files.
    left_out
        Reason → rows that are not handed over.
    emptied
        What the sentinel was → cells that are unknown now.
    noted
        What is notable of rows that are handed over → how many.
    """

    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    emptied: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    def without(self, frame: Frame, rows: Any, why: str) -> Frame:
        """A frame without the rows that a mask marks, which are counted under their reason."""
        if count := int(rows.sum()):
            self.left_out[why] += count
        return frame[~rows]

    def lines(self, kept: int) -> list[str]:
        """The tally in words."""
        told = [f"{self.read:,} row{'' if self.read == 1 else 's'} read, {kept:,} kept"]
        told += [f"left out {count:,}: {why}" for why, count in sorted(self.left_out.items())]
        told += [
            f"emptied {count:,} cell{'s' if count > 1 else ''}: {what}"
            for what, count in sorted(self.emptied.items())
        ]
        return told + [
            f"of those read, {count:,}: {what}" for what, count in sorted(self.noted.items())
        ]


class Asked(NamedTuple):
    """What is asked of an importer.

    Attributes
    ----------
    as_of
        Day the files describe, where they do not say it.
    crs
        Coordinate system of files without one.
    entity
        Operator of a queue whose files do not say it.
    area
        Outline in degrees; features farther than a border's width from it are left out. None: all.
    fips
        Codes of the counties of the region, or their beginnings; empty: all.
    counties
        Counties by which names are matched: `fips`, `name`, `state`, `kind`; None: no name is matched.
    authorities
        Balancing authorities of the utilities of the region; empty: all.
    """

    as_of: date | None = None
    crs: str = ""
    entity: str = ""
    area: Any = None
    fips: tuple[str, ...] = ()
    counties: pd.DataFrame | None = None
    authorities: tuple[str, ...] = ()


class Delivery(NamedTuple):
    """A layer in its canonical columns.

    Attributes
    ----------
    frame
        Rows; a GeoDataFrame in degrees (EPSG:4326) where the layer has geometry.
    key
        Columns that tell the rows apart; rows are written in their order.
    as_of
        Day the source describes, if it says so.
    note
        What must be said beside the layer.
    beside
        Names of further files in the folder of the layer, and their rows.
    licenses
        Terms of these very files, where they are not those of the source; empty: they are.
    attribution
        The sentence that those terms ask for; empty: that of the source.
    middle
        Longitude and latitude of its middle, where its rows hold no places. [deg]
    """

    frame: pd.DataFrame
    key: tuple[str, ...]
    as_of: date | None = None
    note: str = ""
    beside: tuple[tuple[str, pd.DataFrame], ...] = ()
    licenses: tuple[str, ...] = ()
    attribution: str = ""
    middle: tuple[float, float] | None = None


Reader = Callable[[Sequence[Path], Asked, Tally, Findings], "Delivery | None"]
