"""Grid mix: shares over the hours that are known, storage apart, and nothing missing as zero."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import LAYERS
from layer_import import about, by_command, imported, in_region

from powerwall.criteria.water.indirect import check_grid_mix, mix_of_sites
from powerwall.region.findings import Findings

SAMPLE = "data/grid_mix_2022/grid_mix_2022.parquet"
FROM = "Net Generation (MW) from "
YEAR = pd.date_range("2023-01-01 00:00", "2023-12-31 23:00", freq="h")


def table(folder, hours=YEAR, *, name="synthetic-mix.csv", **columns):
    """An hourly table of one authority: constant MW by fuel, or a value for each hour."""
    frame = pd.DataFrame({"ba_code": "PJM", "hour_utc": hours, **columns})
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def balance(folder, months, *, year=2023, code="PJM", offset=5, total=True, **fuels):
    """A balance file in the headings of EIA-930; the keys are what stands behind `from`, `_` for a blank."""
    first, last = months
    days = pd.date_range(f"{year}-{first:02d}-01", pd.Timestamp(year, last, 1) + pd.offsets.MonthEnd(0) + pd.Timedelta(hours=23), freq="h")  # fmt: skip
    ends = days + pd.Timedelta(hours=1 + offset)
    frame = pd.DataFrame({"Balancing Authority": code, "Data Date": days.strftime("%m/%d/%Y"), "Hour Number": days.hour + 1, "UTC Time at End of Hour": ends.strftime("%m/%d/%Y %I:%M:%S %p")})  # fmt: skip
    known = {name.replace("_", " ").replace("  ", " (") + ")" * name.count("__"): mw for name, mw in fuels.items()}  # fmt: skip
    for name, mw in known.items():
        frame[FROM + name] = [f"{value:,}" if value is not None else "" for value in (mw if isinstance(mw, list) else [mw] * len(days))]  # fmt: skip
    if total:
        frame["Net Generation (MW)"] = pd.DataFrame({name: frame[FROM + name].str.replace(",", "") for name in known}).apply(pd.to_numeric).sum(axis=1).astype(int).map("{:,}".format)  # fmt: skip
    path = folder / f"EIA930_BALANCE_{year}_{'Jan_Jun' if first == 1 else 'Jul_Dec'}-synthetic-{code}.csv"  # fmt: skip
    frame.to_csv(path, index=False, quoting=1)
    return path


def shares(frame, code="PJM"):
    return frame[frame["balancing_authority"] == code].set_index("fuel")["generation_share"].to_dict()  # fmt: skip


# ----------------------------------------------------------------------------- the hourly table
@pytest.mark.parametrize("name", ["mix.csv", "mix.parquet"])
def test_shares_are_of_the_energy_of_the_year(tmp_path, name):
    frame, tally, findings = imported("grid-mix", table(tmp_path, name=name, coal_mw=100, gas_mw=300, solar_mw=[0, 200] * 4380, hydro_mw=0))  # fmt: skip
    assert shares(frame) == {"coal": 0.2, "gas": 0.6, "solar_pv": 0.2, "hydro": 0.0}
    assert set(frame["year"]) == {2023}
    assert set(frame["as_of"]) == {"2023-12-31"}
    assert tally.read == 8760
    assert findings == []
    assert "All 8,760 hours are known." in frame["note"].iloc[0]
    assert frame["note"].str.endswith("The source shows none.").tolist() == [False, False, True, False]  # fmt: skip


def test_a_missing_hour_is_left_out_counted_and_said_and_never_zero(tmp_path):
    gas = [300.0] * 8760
    gas[100:200] = [None] * 100
    frame, tally, _ = imported("grid-mix", table(tmp_path, name="x.parquet", coal_mw=[100] * 8760, gas_mw=gas))  # fmt: skip
    assert shares(frame) == {"coal": 0.25, "gas": 0.75}
    assert tally.left_out == {"a fuel of the hour is missing: left out of the shares, and not 0": 100}  # fmt: skip
    assert "100 of 8,760 hours are missing and left out." in frame["note"].iloc[0]


def test_a_fuel_that_is_never_reported_has_no_row(tmp_path):
    frame, _, _ = imported("grid-mix", table(tmp_path, coal_mw=100, nuclear_mw=None))
    assert shares(frame) == {"coal": 1.0}


def test_a_fuel_below_zero_counts_as_it_is_and_one_that_took_more_than_it_gave_has_no_share(tmp_path):  # fmt: skip
    path = table(tmp_path, gas_mw=100, wind_mw=[-10, 110] * 4380, hydro_mw=[-50, 40] * 4380)
    frame, tally, _ = imported("grid-mix", path)
    assert shares(frame) == {"gas": 0.66667, "wind": 0.33333}
    assert tally.noted["wind below 0 MW in the hour: its sum counts it"] == 4380
    assert "hydro took 43,800 MWh more than it gave: no share." in frame["note"].iloc[0]


def test_storage_is_in_no_share(tmp_path):
    frame, tally, _ = imported("grid-mix", table(tmp_path, gas_mw=100, storage_mw=[-20, 10] * 4380))
    assert shares(frame) == {"gas": 1.0}
    assert "Storage, -43,800 MWh net, is in no share." in frame["note"].iloc[0]
    assert tally.noted["with storage, which is in no share"] == 8760


def test_a_column_in_mw_of_no_fuel_is_told_and_demand_is_not(tmp_path):
    findings = imported("grid-mix", table(tmp_path, gas_mw=100, demand_mw=90, tidal_mw=5))[2]
    assert [(f.code, f.severity) for f in findings] == [("PW212", "warning")]
    assert "tidal_mw" in findings[0].message
    assert "demand" not in findings[0].message


def test_hours_that_stand_twice_count_once(tmp_path):
    one, two = table(tmp_path, gas_mw=100, coal_mw=100), table(tmp_path, YEAR[:24], name="again.csv", gas_mw=9000, coal_mw=0)  # fmt: skip
    frame, tally, _ = imported("grid-mix", one, two)
    assert shares(frame) == {"gas": 0.5, "coal": 0.5}
    assert tally.left_out == {"the hour of the authority stands in an earlier row": 24}


def test_what_is_no_number_and_what_has_no_hour_are_counted(tmp_path):
    path = table(tmp_path, gas_mw=["?", *["100"] * 8759])
    path.write_text(path.read_text(encoding="utf-8") + "PJM,soon,100\n,2023-01-01 00:00,100\n", encoding="utf-8")  # fmt: skip
    _, tally, _ = imported("grid-mix", path)
    assert tally.emptied == {"gas_mw: no number, e.g. `?`": 1}
    assert tally.left_out["no authority, or no hour"] == 2


def test_an_infinite_number_is_missing(tmp_path):
    _, tally, _ = imported("grid-mix", table(tmp_path, name="x.parquet", gas_mw=[float("inf"), *[1.0] * 8759]))  # fmt: skip
    assert tally.emptied == {"gas_mw: infinite": 1}


# ----------------------------------------------------------------------------- balance files
def test_two_balance_files_make_a_year_by_local_time(tmp_path):
    files = [balance(tmp_path, (1, 6), Coal=1000, Natural_Gas=3000), balance(tmp_path, (7, 12), Coal=3000, Natural_Gas=1000)]  # fmt: skip
    frame, tally, findings = imported("grid-mix", *files)
    assert findings == []
    assert shares(frame) == {"coal": pytest.approx(0.50205, abs=1e-5), "gas": pytest.approx(0.49795, abs=1e-5)}  # fmt: skip
    assert set(frame["year"]) == {2023}  # the last five hours are of the next year in UTC
    assert "in local time" in frame["note"].iloc[0]
    assert tally.read == 8760
    assert "All 8,760 hours are known." in frame["note"].iloc[0]


def test_half_a_year_is_a_warning_that_names_its_months(tmp_path):
    frame, _, findings = imported("grid-mix", balance(tmp_path, (1, 6), Coal=1000))
    assert [(f.code, f.severity) for f in findings] == [("PW414", "warning")]
    assert "(7, 8, 9, 10, 11, 12)" in findings[0].message
    assert "4,416 of 8,760 hours are missing" in frame["note"].iloc[0]


def test_half_a_year_beside_a_whole_one_is_left_out(tmp_path):
    files = [balance(tmp_path, (1, 6), Coal=1000), balance(tmp_path, (7, 12), Coal=1000), balance(tmp_path, (1, 6), year=2024, Wind=1000)]  # fmt: skip
    frame, tally, findings = imported("grid-mix", *files)
    assert (shares(frame), findings) == ({"coal": 1.0}, [])
    assert tally.left_out == {"of a year that is not whole, beside one that is": 4368}


def test_the_adjusted_column_goes_before_the_reported_one_and_estimates_are_counted(tmp_path):
    fuels = {"Coal": 9_999, "Coal__Imputed": [1_000, *[None] * 4343], "Coal__Adjusted": 1_000, "Unknown_Fuel_Sources": 1_000}  # fmt: skip
    frame, tally, _ = imported("grid-mix", balance(tmp_path, (1, 6), total=False, **fuels))
    assert shares(frame) == {"coal": 0.5, "other": 0.5}
    assert tally.noted["cells that the publisher estimated (Imputed), as its adjusted columns have them"] == 1  # fmt: skip


def test_columns_of_the_newer_form_become_the_same_fuels_and_storage_stays_apart(tmp_path):
    fuels = {"Solar_without_Integrated_Battery_Storage__Adjusted": 100, "Solar_witho_Integrated_Battery_Storage__Adjusted": 100, "Wind_with_Integrated_Battery_Storage": 200,
             "Hydropower_Excluding_Pumped_Storage": 200, "Geothermal": 200, "Pumped_Storage": -10, "Battery_Storage": -10, "Other_Energy_Storage": 0}  # fmt: skip
    frame, _, _ = imported("grid-mix", balance(tmp_path, (1, 6), **fuels))
    assert shares(frame) == {"solar_pv": 0.25, "wind": 0.25, "hydro": 0.25, "geothermal": 0.25}
    assert "Storage, -86,880 MWh net, is in no share." in frame["note"].iloc[0]


@pytest.mark.parametrize(("total", "kept"), [(True, 4344), (False, 1)])
def test_a_blank_is_nothing_where_the_others_add_up_to_the_total_and_else_missing(tmp_path, total, kept):  # fmt: skip
    path = balance(tmp_path, (1, 6), total=total, Coal=1000, Other_Fuel_Sources=[500, *[None] * 4343])  # fmt: skip
    frame, tally, _ = imported("grid-mix", path)
    assert tally.left_out.get("a fuel of the hour is missing: left out of the shares, and not 0", 0) == 4344 - kept  # fmt: skip
    assert shares(frame)["coal"] == pytest.approx(1000 * kept / (1000 * kept + 500), abs=1e-5)


def test_a_column_of_a_fuel_that_is_not_known_is_told(tmp_path):
    findings = imported("grid-mix", balance(tmp_path, (1, 6), Coal=1000, Tides=5))[2]
    assert [f.code for f in findings] == ["PW212", "PW414"]


def test_a_fuel_that_one_of_two_files_lacks_is_missing_there_and_not_zero(tmp_path):
    half = len(YEAR) // 2
    first = table(tmp_path, YEAR[:half], name="a.csv", gas_mw=100, nuclear_mw=100)
    second = table(tmp_path, YEAR[half:], name="b.csv", gas_mw=100, nuclear_mw="")
    frame, tally, findings = imported("grid-mix", first, second)
    assert shares(frame) == {"gas": 0.5, "nuclear": 0.5}
    assert sum(tally.left_out.values()) == len(YEAR) - half
    assert [f.code for f in findings] == ["PW414"]


def test_fuels_that_do_not_add_up_to_the_stated_generation_are_told(tmp_path):
    path = balance(tmp_path, (1, 6), total=False, Coal=300)
    frame = pd.read_csv(path, dtype=str)
    frame.assign(**{"Net Generation (MW)": "500"}).to_csv(path, index=False)
    tally = imported("grid-mix", path)[1]
    assert tally.noted["hours whose fuels do not add up to their net generation: kept as reported"] == len(frame)  # fmt: skip


# ----------------------------------------------------------------------------- authorities
def two(folder):
    return [balance(folder, half, code=code, Coal=mw, Wind=100) for code, mw in (("PJM", 300), ("MISO", 100)) for half in ((1, 6), (7, 12))]  # fmt: skip


def test_authorities_have_shares_of_their_own_and_entity_keeps_some(tmp_path):
    frame, _, _ = imported("grid-mix", *two(tmp_path))
    assert (shares(frame)["coal"], shares(frame, "MISO")["coal"]) == (0.75, 0.5)
    frame, tally, _ = imported("grid-mix", *two(tmp_path), entity="pjm")
    assert set(frame["balancing_authority"]) == {"PJM"}
    assert tally.left_out == {"of another balancing authority": 8760}
    assert len(imported("grid-mix", *two(tmp_path), entity="PJM, MISO")[0]) == 4


def test_with_a_region_the_authorities_of_its_utilities_are_kept(make_region, tmp_path):
    utilities = [{**row, "balancing_authority": "MISO"} for row in LAYERS["utilities"]]
    region = make_region(tmp_path, utilities=utilities)
    by_command("grid-mix", *two(tmp_path), output=tmp_path / "mix.csv", options=["--region", region])  # fmt: skip
    assert set(pd.read_csv(tmp_path / "mix.csv")["balancing_authority"]) == {"MISO"}


def test_a_region_none_of_whose_authorities_is_in_the_files_gets_nothing(make_region, tmp_path):
    utilities = [{**row, "balancing_authority": "AZPS"} for row in LAYERS["utilities"]]
    region = make_region(tmp_path, utilities=utilities)
    told = by_command("grid-mix", *two(tmp_path), output=tmp_path / "mix.csv", options=["--region", region], code=2)  # fmt: skip
    assert "PW603" in told.stderr
    assert "AZPS" in told.stderr


def test_an_authority_that_is_not_there_names_the_nearest(tmp_path):
    frame, _, findings = imported("grid-mix", *two(tmp_path), entity="PJMM")
    assert frame is None
    assert [(f.code, f.remedy) for f in findings] == [("PW603", "did you mean `PJM`?")]


# ----------------------------------------------------------------------------- the frame
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("x.csv", b"PK\x03\x04", "PW202"), ("x.csv", b"<html>404</html>", "PW202"), ("x.csv", b"", "PW203"), ("x.csv", b"a,b\n1,2\n", "PW203"), ("x.xlsx", b"PK", "PW202"),
     ("x.parquet", b"ba_code", "PW202"), ("x.csv", b"ba_code,hour_utc,gas_mw\nPJM,2023-01-01\n", "PW207"), ("x.csv", b"ba_code,hour_utc,gas_mw\nPJM,2023-01-01,1,2\nPJM,1,2,3,4\n", "PW207"),
     ("x.csv", b"ba_code,hour_utc,price\nPJM,2023-01-01,1\n", "PW203"), ("x.csv", b"ba_code,hour_utc,gas_mw\nPJM,2023-01-01,\n", "PW204"),
     ("x.csv", b"ba_code,hour_utc,gas_mw\nPJM,2023-01-01 00:00,0\n", "PW204"), ("x.csv", b"ba_code,hour_utc,gas_mw\n", "PW204"), ("x.csv", b"ba_code,hour_utc,gas_mw\n\xff,1,1\n", "PW202"), ("x.csv", b"ba_code,hour_utc,gas_mw\nPJM,\x00,1\n", "PW204"),
     ("x.csv", b"Balancing Authority,UTC Time at End of Hour,Demand (MW)\nPJM,1/1/2016 6:00:00 AM,1\n", "PW203")],
)  # fmt: skip
def test_a_wrong_file_under_a_right_name_is_one_clear_finding(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    by_command("grid-mix", path, output=tmp_path / "out.csv", code=2)
    assert [f.code for f in imported("grid-mix", path)[2] if f.severity == "error"] == [code]
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_is_no_file(tmp_path):
    assert [f.message for f in imported("grid-mix", tmp_path)[2]] == ["is a folder"]


def test_a_file_that_is_not_there_names_its_neighbour(tmp_path):
    path = table(tmp_path, gas_mw=1)
    found = imported("grid-mix", path.with_name("synthetic-mx.csv"))[2]
    assert [(f.code, f.remedy) for f in found] == [("PW201", "did you mean `synthetic-mix.csv`?")]


def test_a_byte_order_mark_is_told_and_it_and_crlf_are_no_obstacle(tmp_path):
    path = balance(tmp_path, (1, 6), Coal=1000)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    frame, _, findings = imported("grid-mix", path)
    assert shares(frame) == {"coal": 1.0}
    assert sorted(f.code for f in findings) == ["PW206", "PW414"]


def test_it_says_of_balance_files_alone_that_no_native_one_was_at_hand(tmp_path):
    told = " ".join(by_command("grid-mix", balance(tmp_path, (1, 6), Coal=1), output=tmp_path / "x.csv").stderr.split())  # fmt: skip
    assert "no native file was at hand" in told
    assert "no native file" not in by_command("grid-mix", table(tmp_path, gas_mw=1), output=tmp_path / "y.csv").stderr  # fmt: skip


def test_a_region_reads_the_layer_and_finds_the_mix_of_its_utilities(make_region, tmp_path):
    utilities = [{**row, "balancing_authority": "PJM"} for row in LAYERS["utilities"]]
    region = in_region(make_region, tmp_path, "grid-mix", table(tmp_path, gas_mw=60, wind_mw=40), utilities=utilities)  # fmt: skip
    findings = Findings()
    check_grid_mix(region, findings)
    assert (list(findings), about(region, "imported.csv")) == ([], [])
    assert mix_of_sites(region.sites, region.layers)["why"].isna().all()


def test_the_same_hours_give_the_same_bytes_whatever_their_order(tmp_path):
    files = two(tmp_path)
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    by_command("grid-mix", *files, output=one)
    by_command("grid-mix", *reversed(files), output=other)
    assert one.read_bytes() == other.read_bytes()


# ----------------------------------------------------------------------------- the real sample
@pytest.fixture(scope="module")
def mix(shared):
    path = shared / SAMPLE
    if not path.is_file():
        pytest.skip("the hourly table of 2022 is not beside this checkout")
    return imported("grid-mix", path)


def test_the_missing_hours_of_pjm_stay_missing(mix):
    frame, tally, findings = mix
    assert (tally.read, len(frame), findings) == (35_040, 32, [])
    assert tally.left_out == {"a fuel of the hour is missing: left out of the shares, and not 0": 23}  # fmt: skip
    said = frame["note"].str.contains("23 of 8,760 hours are missing and left out.")
    assert set(frame.loc[said, "balancing_authority"]) == {"PJM"}
    assert frame["note"][~said].str.contains("All 8,760 hours are known.").all()


@pytest.mark.parametrize(("region", "code"), [("northern-virginia", "PJM"), ("central-ohio", "PJM"), ("dallas-fort-worth", "ERCO"), ("phoenix", "AZPS")])  # fmt: skip
def test_the_mix_of_a_bundled_region_comes_of_the_hourly_table(mix, regions, region, code):
    committed = pd.read_csv(regions / region / "grid_mix.csv")
    own = mix[0][mix[0]["balancing_authority"] == code]
    assert list(own.columns) == list(committed.columns)
    assert shares(own, code) == shares(committed, code)
    for column in ("year", "as_of", "status", "source_title", "source_url"):
        assert set(own[column]) == set(committed[column])
