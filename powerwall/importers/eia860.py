"""EIA-860: the annual workbooks of plants and of generators → the layer `generators`.

Read by its published schema; not tried on a native file. Both workbooks of one year are given
together, since only that of the plants says where they stand. Nameplate and summer capacity are two
numbers of one unit. Codes of status beyond OP, SB, OS and RE are unverified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from powerwall.importers.columns import picked
from powerwall.importers.coordinates import in_the_us
from powerwall.importers.delivery import Asked, Delivery, Tally
from powerwall.importers.native import at_coordinates
from powerwall.importers.sheets import emptied, numbers, read_sheets
from powerwall.region.findings import Findings

_PLANT = {
    "plant_id": ("plant_code",), "name": ("plant_name",), "state": ("state",), "county": ("county",), "lat": ("latitude",), "lon": ("longitude",),
    "nerc_region": ("nerc_region",), "ba_code": ("balancing_authority_code",), "water_source": ("name_of_water_source",),
    "kv_1": ("grid_voltage_kv",), "kv_2": ("grid_voltage_2_kv",), "kv_3": ("grid_voltage_3_kv",),
    "pipe_1": ("natural_gas_pipeline_name_1",), "pipe_2": ("natural_gas_pipeline_name_2",), "pipe_3": ("natural_gas_pipeline_name_3",),
}  # fmt: skip
_UNIT = {
    "plant_id": ("plant_code",), "generator_id": ("generator_id",), "technology": ("technology",), "prime_mover": ("prime_mover",),
    "capacity_mw": ("nameplate_capacity_mw",), "summer_capacity_mw": ("summer_capacity_mw",), "status_raw": ("status",), "fuel": ("energy_source_1",),
    "on_month": ("operating_month", "current_month", "effective_month"), "on_year": ("operating_year", "current_year", "effective_year"),
    "off_month": ("retirement_month", "planned_retirement_month"), "off_year": ("retirement_year", "planned_retirement_year"),
}  # fmt: skip
_TEXTS = ("generator_id", "technology", "prime_mover", "fuel", "status_raw", "name", "state", "county", "ba_code", "nerc_region", "water_source")  # fmt: skip
#: Codes of the form's instructions; what is planned and not begun is `planned` at any stage of its permits.
_STATUS = {
    "OP": "operating", "SB": "standby", "OA": "out_of_service", "OS": "out_of_service", "P": "planned", "L": "planned", "T": "planned",
    "U": "under_construction", "V": "under_construction", "TS": "under_construction", "RE": "retired", "CN": "cancelled", "IP": "cancelled",
}  # fmt: skip
_VOLTS = 1000.0  # no grid has a million volts: such a cell is in volts
_YEAR = re.compile(r"_Y(\d{4})", re.IGNORECASE)


def read_workbooks(
    files: Sequence[Path], asked: Asked, tally: Tally, findings: Findings
) -> Delivery | None:
    """Units at the places of their plants, which stand in the other workbook."""
    del asked  # the form says its coordinates in degrees
    plants, units = _tables(files, tally, findings)
    years = sorted({int(found[1]) for path in files if (found := _YEAR.search(path.name))})
    if len(years) > 1:
        findings.add("PW512", f"workbooks of {' and '.join(map(str, years))}: plants and generators of one year belong together", file=files[0], remedy="import one year at a time")  # fmt: skip
    for what, parts, name in (("plants", plants, "2___Plant"), ("generators", units, "3_1_Generator")):  # fmt: skip
        if not parts and not findings.errors:
            findings.add("PW201", f"the workbook of {what} is not among the files", file=files[0], remedy=f"give {name}_Y….xlsx of the same year beside it")  # fmt: skip
    if findings.errors:
        return None
    places = pd.concat(plants, ignore_index=True).drop_duplicates("plant_id")
    rows = pd.concat(units, ignore_index=True)
    orphan = ~rows["plant_id"].isin(places["plant_id"])
    if orphan.any():
        tally.left_out["of no plant in the workbook of plants"] += int(orphan.sum())
    whole = rows[~orphan].merge(places, on="plant_id", how="left", validate="many_to_one")
    located = at_coordinates(_canonical(whole, tally), "lon", "lat", files[0], tally, findings)
    if located is None or not in_the_us(located, files[0], findings):
        return None
    again = located["generator_key"].duplicated(keep="first")
    rows = tally.without(located, again, "stands in an earlier row under the same plant and generator")  # fmt: skip
    return Delivery(rows, ("generator_key",), date(years[0], 12, 31) if years else None)


def _tables(files: Sequence[Path], tally: Tally, findings: Findings) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:  # fmt: skip
    """Tables of plants, and tables of generators, told apart by their columns."""
    plants: list[pd.DataFrame] = []
    units: list[pd.DataFrame] = []
    for path in files:
        for sheet in read_sheets(path, ("plant_code",), tally, findings):
            frame = sheet.frame.rename(columns=lambda name: re.sub(r"[^a-z0-9]+", "_", str(name)).strip("_"))  # fmt: skip
            note = ~frame["plant_code"].str.strip().str.fullmatch(r"\d+")
            if note.any():
                tally.left_out["a note, without a plant's code"] += int(note.sum())
            frame = frame[~note]
            if "generator_id" in frame:
                found = picked(frame, _UNIT, ("plant_id", "generator_id", "capacity_mw", "status_raw", "fuel"), path, findings)  # fmt: skip
                units += [] if found is None else [found]
            else:
                tally.read -= len(frame)  # a plant is a place, no row of the layer
                found = picked(frame, _PLANT, ("plant_id", "lat", "lon"), path, findings)
                plants += [] if found is None else [found]
    return plants, units


def _canonical(whole: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    made = pd.DataFrame({"plant_id": whole["plant_id"].str.strip()}, index=whole.index)
    for column in _TEXTS:
        made[column] = emptied(whole[column].fillna(""), tally) if column in whole else pd.NA
    made.insert(0, "generator_key", made["plant_id"] + "-" + made["generator_id"].fillna("unnamed"))
    for column in ("capacity_mw", "summer_capacity_mw"):
        made[column] = numbers(whole[column].fillna(""), tally) if column in whole else float("nan")
    code = made["status_raw"].astype("string").str.strip().str.upper()
    made["generator_status"] = code.map(_STATUS).fillna("unknown")
    for own, count in made.loc[code.notna() & ~code.isin(list(_STATUS)), "status_raw"].value_counts().items():  # fmt: skip
        tally.noted[f"status `{own}`, which is no code that is known"] += int(count)
    made["online_date"] = _months(whole, "on", tally)
    made["retirement_date"] = _months(whole, "off", tally)
    made["grid_voltage_kv"] = _highest_kv(whole, tally)
    made["gas_pipeline"] = _joined(whole, ("pipe_1", "pipe_2", "pipe_3"), tally)
    made["status"] = "secondary"
    return made.assign(lon=whole["lon"], lat=whole["lat"])


def _months(whole: pd.DataFrame, which: str, tally: Tally) -> pd.Series:
    """Year and month as an ISO month, or the year alone; missing where there is neither."""
    nothing = pd.Series(float("nan"), index=whole.index)
    year, month = (numbers(whole[name].fillna(""), tally) if (name := f"{which}_{part}") in whole else nothing for part in ("year", "month"))  # fmt: skip
    text = year.astype("Int64").astype("string")
    good = month.between(1, 12)
    return text.where(~good, text + "-" + month.where(good).astype("Int64").astype("string").str.zfill(2))  # fmt: skip


def _highest_kv(whole: pd.DataFrame, tally: Tally) -> pd.Series:
    """Highest of the three voltages of a plant; an engine at 0.48 kV stays one. [kV]"""
    own = [numbers(whole[name].fillna(""), tally, (0.0,)) for name in ("kv_1", "kv_2", "kv_3") if name in whole]  # fmt: skip
    if not own:
        return pd.Series(float("nan"), index=whole.index)
    kv = pd.concat(own, axis=1)
    volts = kv >= _VOLTS
    if volts.any(axis=None):
        tally.noted["grid voltage in volts, read as such"] += int(volts.any(axis=1).sum())
    return kv.where(~volts, kv / 1000).max(axis=1)


def _joined(whole: pd.DataFrame, columns: Sequence[str], tally: Tally) -> pd.Series:
    """Names of several columns in one cell, each once."""
    parts = [emptied(whole[column].fillna(""), tally) for column in columns if column in whole]
    if not parts:
        return pd.Series(pd.NA, index=whole.index, dtype="string")
    rows = zip(*(part.tolist() for part in parts), strict=True)
    texts = [";".join(dict.fromkeys(str(name) for name in row if isinstance(name, str))) for row in rows]  # fmt: skip
    return pd.Series(texts, index=whole.index, dtype="string").replace("", pd.NA)
