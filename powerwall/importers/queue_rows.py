"""Queue rows: the layer `queue` from what a publisher's table says, checked and counted.

Nothing is dropped here: rows that repeat a key, end before they begin, or are of no positive
capacity stay, and are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from powerwall.importers.census_counties import vintage
from powerwall.importers.county_names import Counties
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.queue_words import NORTH_AMERICA_KV, node_kv
from powerwall.importers.sheets import emptied, numbers
from powerwall.region.findings import Findings

#: Columns of the layer in their order; sources may add others before the note.
COLUMNS = (
    "entity", "queue_id", "kind", "status", "status_raw", "capacity_mw", "fuel", "project_name", "queue_date", "agreement_date",
    "agreement_status", "energised_date", "in_service_date", "in_service_date_basis", "withdrawn_date", "withdrawn_date_basis",
    "proposed_in_service_date", "poi_name", "poi_voltage_kv", "utility", "county_raw", "state", "fips", "fips_match", "fips_vintage",
)  # fmt: skip
KEY = ("entity", "queue_id")
_ORDER = ("queue_date", "agreement_date", "energised_date", "in_service_date")
#: Status → the date without which it has no end.
_ENDS = {"withdrawn": "withdrawn_date", "in_service": "in_service_date", "energised": "energised_date", "agreed": "agreement_date"}  # fmt: skip
_KW = 3  # decimals of a MW
#: The only name of a state in full that the tables hold among postal codes.
_STATE_NAMES = {"MICHIGAN": "MI"}


def finished(
    rows: pd.DataFrame, asked: Asked, tally: Tally, findings: Findings, path: Path, built: Sequence[float] = NORTH_AMERICA_KV
) -> pd.DataFrame:  # fmt: skip
    """Rows with every column of the layer, their county and voltage, and what is notable of them.

    Parameters
    ----------
    rows
        Any of `COLUMNS`, and others of the source; `fips` where the source states it.
    built
        Voltages that stand in the names of nodes. [kV]
    """
    made = rows.assign(capacity_mw=rows["capacity_mw"].round(_KW))
    _located(made, asked, tally, findings, path)
    made = _of_region(made, asked, tally)
    if "poi_name" in made:
        made["poi_voltage_kv"] = node_kv(made["poi_name"], tally, built)
    flags = [_capacity(made, tally), _order(made, tally)]
    _undated(made, tally)
    _keys(made, tally, findings, path)
    made["note"] = _joined([made["note"]] if "note" in made else [], flags)
    more = [column for column in made if column not in (*COLUMNS, "note")]
    made = made.reindex(columns=[*COLUMNS, *more, "note"])
    words = [column for column in made if not column.endswith(("_mw", "_kv"))]
    return made.astype({**dict.fromkeys(words, "string"), "capacity_mw": float, "poi_voltage_kv": float})  # fmt: skip


def texts(native: pd.DataFrame, tally: Tally, more: Sequence[str]) -> pd.DataFrame:
    """Ids, words and names that every table has; ids stay as they are written."""
    ids = native["queue_id"].str.strip()
    made = pd.DataFrame({"queue_id": ids.mask(ids == "").astype("string")})
    made["status_raw"] = native["status_raw"].str.strip()
    for column in (*more, "fuel"):
        if column in native:
            made[column] = emptied(native[column], tally)
    for column in ("county_raw", "state"):
        text = native[column].str.strip() if column in native else pd.Series("", index=native.index)
        made[column] = text.mask(text == "").astype("string")
    made["state"] = made["state"].str.upper().replace(_STATE_NAMES)
    return made


def larger_mw(native: pd.DataFrame, tally: Tally) -> pd.Series:
    """The larger of the seasonal capacities; unknown where neither is known. [MW]"""
    seasons = [numbers(native[column], tally) for column in ("summer_mw", "winter_mw") if column in native]  # fmt: skip
    if not seasons:
        return pd.Series(float("nan"), index=native.index)
    return pd.concat(seasons, axis=1).max(axis=1)


def parts_mw(parts: Sequence[pd.Series]) -> pd.Series:
    """Sum of the parts of a hybrid; unknown where none is known. [MW]"""
    return pd.concat(list(parts), axis=1).sum(axis=1, min_count=1)


def _located(made: pd.DataFrame, asked: Asked, tally: Tally, findings: Findings, path: Path) -> None:  # fmt: skip
    """The county, as stated, else by its name; added in place."""
    counties = Counties(asked.counties)
    nothing = pd.Series(pd.NA, index=made.index, dtype="string")
    state, names = (made.get(column, nothing) for column in ("state", "county_raw"))  # fmt: skip
    stated = made.get("fips", nothing)
    named = counties.places(state, names)
    told = made.get("fips_match", nothing)
    made["fips"] = stated.fillna(named["fips"])
    made["fips_match"] = told.fillna(named["fips_match"].where(stated.isna()))
    made["fips_vintage"] = vintage(made["fips"].astype("string").fillna(""))
    if not counties.known:
        if silent := int((made["fips"].isna() & names.notna()).sum()):
            tally.noted["with a county's name alone: --region matches it with those of a region"] += silent  # fmt: skip
        return
    own = state.isin(counties.states).to_numpy()  # of other states the table says nothing
    for how, count in made["fips_match"][own].value_counts().items():
        if how not in {"county", "city", "stated"} and not (asked.fips and how == "unmatched"):
            tally.noted[f"county: {str(how).replace('_', ' ')}"] += int(count)
    if asked.fips and asked.counties is not None and asked.counties["fips"].str.startswith(asked.fips).all():  # fmt: skip
        return  # of other counties the table says nothing either
    lost = own & (made["fips_match"] == "unmatched").fillna(value=False) & ~names.fillna("").map(counties.says_none).astype(bool)  # fmt: skip
    if lost.any():
        first = names[lost].value_counts().index[0]
        near = counties.nearest(str(state[lost & (names == first)].iloc[0]), str(first))
        findings.add("PW409", f"{int(lost.sum()):,} rows name a county that is not in the table of counties, most often `{first}`", severity="note",
                     file=path, remedy=near if near.startswith("did") else "the county stays in county_raw")  # fmt: skip


def _of_region(made: pd.DataFrame, asked: Asked, tally: Tally) -> pd.DataFrame:
    """Rows of the counties that were asked for, so that what is told of rows is told of them."""
    if not asked.fips:
        return made
    inside = made["fips"].str.startswith(asked.fips).fillna(value=False).to_numpy(dtype=bool)
    own = set() if asked.counties is None else set(asked.counties["state"])
    silent = ~inside & made["fips"].isna().to_numpy() & made.get("state", made["fips"]).isin(own).to_numpy()  # fmt: skip
    names = made.get("county_raw", made["fips"]).fillna("")
    silent &= names.map(Counties(asked.counties).says_none).to_numpy(dtype=bool)
    for why, rows in (("in a state of the region, of no known county", silent), ("of no county of the region", ~inside & ~silent)):  # fmt: skip
        if rows.any():
            tally.left_out[why] += int(rows.sum())
    return made[inside].copy()


def _capacity(made: pd.DataFrame, tally: Tally) -> pd.Series:
    mw = made["capacity_mw"]
    if unknown := int(mw.isna().sum()):
        tally.noted["of unknown capacity"] += unknown
    zero, below = mw == 0, mw < 0
    if zero.any():
        tally.noted["of 0 MW, as published"] += int(zero.sum())
    if below.any():
        tally.noted["of less than 0 MW: a net change, e.g. a repowering"] += int(below.sum())
    flag = pd.Series("", index=made.index)
    return flag.mask(zero, "0 MW as published").mask(below, "negative MW is a net change")


def _order(made: pd.DataFrame, tally: Tally) -> pd.Series:
    """What ends before it begins, pair by pair."""
    day = {column: pd.to_datetime(made[column], format="%Y-%m-%d", errors="coerce") for column in (*_ORDER, "withdrawn_date") if column in made}  # fmt: skip
    flag = pd.Series("", index=made.index)
    pairs = [*combinations(_ORDER, 2), ("queue_date", "withdrawn_date")]
    for first, then in pairs:
        if first in day and then in day:
            wrong = day[then] < day[first]
            if wrong.any():
                tally.noted[f"{then} before {first}: counts for no duration"] += int(wrong.sum())
            flag = flag.mask(wrong, (flag + "; " + f"{then} before {first}").str.removeprefix("; "))
    return flag


def _undated(made: pd.DataFrame, tally: Tally) -> None:
    for status, column in _ENDS.items():
        own = made["status"] == status
        silent = own & (made[column].isna() if column in made else True)
        if silent.any():
            tally.noted[f"{status.replace('_', ' ')} without {column}"] += int(silent.sum())
    if "queue_date" not in made or (lost := int(made["queue_date"].isna().sum())):
        tally.noted["without queue_date"] += len(made) if "queue_date" not in made else lost


def _keys(made: pd.DataFrame, tally: Tally, findings: Findings, path: Path) -> None:
    """Rows that repeat a key stay: they are units of one request, or another of the same id."""
    nameless = made["queue_id"].isna()
    if nameless.any():
        tally.noted["without queue_id"] += int(nameless.sum())
    again = made.duplicated(list(KEY), keep="first") & ~nameless
    if again.any():
        first = made[again].iloc[0]
        findings.add("PW404", f"{int(again.sum()):,} rows repeat an earlier entity and queue_id, the first `{first['entity']}` `{first['queue_id']}`",
                     severity="warning", file=path, remedy="they stay; a count of requests counts each id once")  # fmt: skip


def _joined(notes: Sequence[pd.Series], flags: Sequence[pd.Series]) -> pd.Series:
    parts = [series.fillna("").astype(str) for series in (*notes, *flags)]
    made = parts[0].str.cat(parts[1:], sep="; ").str.replace(r"(?:; )+", "; ", regex=True).str.strip("; ")  # fmt: skip
    return made.mask(made == "").astype("string")
