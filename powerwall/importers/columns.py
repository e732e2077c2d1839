"""Columns: names of a public table, however they are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd

from powerwall.region.findings import Findings, did_you_mean
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


def identifiers(column: pd.Series) -> pd.Series:
    """Identifiers as text, whole numbers without a point; missing where there is none.

    >>> identifiers(pd.Series([140572.0, None])).iloc[0]
    '140572'
    """
    text = column.astype("string").str.strip()
    if pd.api.types.is_float_dtype(column):
        text = text.str.removesuffix(".0")
    return text.mask(text.str.lower().isin(["", "nan", "na", "none", "null", "not available", "-999999", "-9999"]))  # fmt: skip


def county_codes(column: pd.Series) -> pd.Series:
    """FIPS codes of counties as text of five digits; missing where there is none.

    >>> county_codes(pd.Series([4001])).iloc[0]
    '04001'
    """
    text = identifiers(column).str.removesuffix(".0").str.zfill(5)
    return text.where(text.str.fullmatch(r"\d{5}").fillna(value=False))


def tell_unread(
    frame: pd.DataFrame, names: Mapping[str, Sequence[str]], path: Path, findings: Findings
) -> None:
    """A note of the columns that no canonical one is made of."""
    read = {"geometry"}
    for natives in names.values():
        read |= {name for name in natives if name in frame}
    others = [str(column) for column in frame.columns if column not in read]
    if others:
        findings.add("PW212", f"columns that are not read: {', '.join(others)}", severity="note", file=path)  # fmt: skip


def picked(
    frame: pd.DataFrame, names: Mapping[str, Sequence[str]], required: Collection[str], path: Path, findings: Findings
) -> pd.DataFrame | None:  # fmt: skip
    """The columns that a layer wants, under its names; None where a required one is missing.

    Parameters
    ----------
    frame
        Table under folded names.
    names
        Canonical name → folded native names, the first that is there counts.
    required
        Canonical names without which nothing can be made.

    Returns
    -------
    frame
        Only what was found, and `geometry` where there is one.
    """
    found = {canonical: next((name for name in natives if name in frame), None) for canonical, natives in names.items()}  # fmt: skip
    for canonical in names:
        if found[canonical] is None and canonical in required:
            wanted = names[canonical][0]
            findings.add("PW203", f"no column `{wanted}`; columns found: {', '.join(map(str, frame.columns[:12]))}", file=path,
                         remedy=did_you_mean(wanted, [str(column) for column in frame.columns]) or "is it the right file?")  # fmt: skip
    if any(found[canonical] is None for canonical in required):
        return None
    made = {canonical: frame[native] for canonical, native in found.items() if native is not None}
    if "geometry" in frame:
        return gpd.GeoDataFrame(made, geometry=frame.geometry, index=frame.index)
    return pd.DataFrame(made, index=frame.index)
