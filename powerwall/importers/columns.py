"""Columns: names of a public table, however they are written."""

from __future__ import annotations

import re

import pandas as pd

from powerwall.region.tables import CellPlaces


def folded(name: str) -> str:
    """A column's name in lower case, its blanks, dashes and bars as underscores.

    >>> folded(" Feature-Type ")
    'feature_type'
    """
    return re.sub(r"[\s\-/]+", "_", name.strip().lower())


def fold(frame: pd.DataFrame, places: CellPlaces) -> tuple[pd.DataFrame, CellPlaces]:
    """A table under folded names, and the places of its cells under the same."""
    names = tuple(folded(name) for name in places.names)
    return (
        frame.rename(columns=lambda name: folded(str(name))),
        CellPlaces(places.path, places.lines, places.starts, names),
    )
