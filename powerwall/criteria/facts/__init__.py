"""Facts: figures the product ships; every row has a source, a date and a tier or status."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd


@cache
def fact_table(name: str) -> pd.DataFrame:
    """A shipped table by its file name without suffix; empty cells are missing.

    Treat it as read-only: every caller shares it.
    """
    with resources.files(__name__).joinpath(f"{name}.csv").open("rb") as file:
        return pd.read_csv(file, encoding="utf-8", dtype_backend="numpy_nullable").convert_dtypes()
