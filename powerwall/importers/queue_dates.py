"""Queue dates: days and months of queue tables in every form that publishers write, counted.

The forms are those of `powerwall fit`; added are days as `31dec2022`, months and years. What stands
for no date, or lies where no request can, is missing, and told.
"""

from __future__ import annotations

import pandas as pd

from powerwall.criteria.power.queues.dates import days
from powerwall.importers.delivery import Tally
from powerwall.importers.sheets import emptied

#: Days that spreadsheets and programs write for an empty cell.
EMPTY_DAYS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "9999-12-31")
#: Words that stand where a date would, and say that there is none.
_WORDS = ("not required", "#value!", "in service")
_FIRST_YEAR, _LAST_YEAR = 1970, 2060
_MONTHS = {name: place for place, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip


def queue_days(
    column: pd.Series, tally: Tally, *, zone: str | None = None, year: pd.Series | None = None, day_first: bool = False
) -> pd.Series:  # fmt: skip
    """Dates as ISO text, as exact as the cells are; missing where there is none.

    Parameters
    ----------
    column
        Text cells.
    zone
        Zone whose midnights are written in UTC.
    year
        Years beside the dates: they decide from which day numbers count.
    day_first
        Whether 03/04/2031 is the third of April.

    >>> queue_days(pd.Series([" 1/2/2022", "31dec2022", "06/2023", "1900-01-01"]), Tally()).tolist()[:3]
    ['2022-01-02', '2022-12-31', '2023-06']
    """
    text = emptied(column, tally, _WORDS).astype("string")
    void = text.str.slice(0, 10).isin(EMPTY_DAYS).fillna(value=False)
    _count(tally, column, text[void].str.slice(0, 10))
    text = text.mask(void)
    found = _coarse(text)
    found = found.fillna(_british(text) if day_first else _days(_plain(text), zone, year))
    lost = text.notna() & found.isna()
    if lost.any():
        why = f"{column.name}: no date from {_FIRST_YEAR} to {_LAST_YEAR}, e.g. `{text[lost].iloc[0][:30]}`"  # fmt: skip
        tally.emptied[why] += int(lost.sum())
    return found


def _count(tally: Tally, column: pd.Series, words: pd.Series) -> None:
    for word, count in words.value_counts().items():
        tally.emptied[f"{column.name}: `{word}`"] += int(count)


def _plain(text: pd.Series) -> pd.Series:
    """`31dec2022` as 12/31/2022."""
    parts = text.str.lower().str.extract(r"^(\d{1,2})[- ]?([a-z]{3})[a-z]*[- ]?(\d{4})$")
    month = parts[1].map(_MONTHS)
    american = month.astype("Int64").astype("string") + "/" + parts[0] + "/" + parts[2]
    return american.fillna(text)


def _coarse(text: pd.Series) -> pd.Series:
    """Years, and months as 06/2023, 06-2023 or 2023-06; missing elsewhere."""
    month = text.str.extract(r"^(?:(?P<m>\d{1,2})[/-](?P<y>\d{4})|(?P<y2>\d{4})-(?P<m2>\d{2}))$")
    year, number = month["y"].fillna(month["y2"]), month["m"].fillna(month["m2"])
    sound = pd.to_numeric(number).between(1, 12) & _within(year)
    found = (year + "-" + number.str.zfill(2)).where(sound)
    alone = text.where(text.str.fullmatch(r"\d{4}").fillna(value=False))
    return found.fillna(alone.where(_within(alone)))


def _within(year: pd.Series) -> pd.Series:
    return pd.to_numeric(year).between(_FIRST_YEAR, _LAST_YEAR).fillna(value=False)


def _days(text: pd.Series, zone: str | None, year: pd.Series | None) -> pd.Series:
    read = days(text.fillna("").astype(str).rename(text.name), zone, year)
    return _iso(read)


def _british(text: pd.Series) -> pd.Series:
    """Days written day first, or as ISO."""
    day = text.str.split().str[0].str.split("T").str[0]
    read = pd.to_datetime(day, format="%d/%m/%Y", errors="coerce")
    for form in ("%d/%m/%y", "%d-%m-%Y", "%Y-%m-%d"):
        read = read.fillna(pd.to_datetime(day, format=form, errors="coerce"))
    return _iso(read)


def _iso(read: pd.Series) -> pd.Series:
    return read.dt.strftime("%Y-%m-%d").where(read.dt.year.between(_FIRST_YEAR, _LAST_YEAR)).astype("string")  # fmt: skip
