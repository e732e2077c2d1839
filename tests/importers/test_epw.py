"""Weather files: the bins of real ones to the digit, and every kind of bad one with its lines."""

from __future__ import annotations

import tomllib

import made_up_weather as made_up
import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.water.plants import PLANTS
from powerwall.criteria.water.station import station_of
from powerwall.criteria.water.year import year_of
from powerwall.importers.epw import read_epw
from powerwall.importers.typical_year import typical_year
from powerwall.region.findings import Findings

#: Derived statistics → hourly file.
REAL = {
    "leesburg_va": "USA_VA_Leesburg.Exec", "dallas_fort_worth_tx": "USA_TX_Dallas-Fort.Worth", "phoenix_az": "USA_AZ_Phoenix-Sky.Harbor",
    "atlanta_ga": "USA_GA_Atlanta-Hartsfield-Jackson", "pittsburgh_pa": "USA_PA_Pittsburgh-Allegheny.County.AP.725205_TMY3",
    "chicago_il": "USA_IL_Chicago.OHare", "amsterdam_nl": "NLD_Amsterdam062400_IWEC", "stockholm_se": "SWE_Stockholm.Arlanda.024600_IWEC",
}  # fmt: skip
runner = CliRunner()


def run(*arguments: object):
    return runner.invoke(app, ["import", "epw", *map(str, arguments)])


@pytest.fixture
def weather(tmp_path):
    """A function that writes the made-up file with changes: cells by (row, field), header, encoding."""

    def write(changes=None, header=made_up.HEADER, cells=None, name="made.epw", encoding="utf-8", ending="\n"):  # fmt: skip
        cells = made_up.rows() if cells is None else cells
        for (row, field), text in (changes or {}).items():
            cells[row][field] = text
        path = tmp_path / name
        path.write_bytes(made_up.text(cells, header).replace("\n", ending).encode(encoding))
        return path

    return write


def frame_of(path, **options) -> tuple[pd.DataFrame, dict]:
    findings = Findings()
    read = read_epw(path, findings)
    assert not findings.errors
    year = typical_year(read, **options)
    frame = pd.DataFrame(year.climate).replace("", np.nan)
    for column in ("month", "hour", "tdb_c", "twb_c", "hours"):
        frame[column] = frame[column].astype(float)
    return frame, year.station


@pytest.mark.parametrize("name", list(REAL))
def test_the_derived_statistics_of_a_real_station_come_out_to_the_digit(shared, name):
    frame, station = frame_of(shared / "data" / "climate_epw" / f"{REAL[name]}.epw")
    theirs = pd.read_csv(shared / "facts" / "water" / "climate" / f"{name}.csv")
    row = pd.read_csv(shared / "facts" / "water" / "climate" / "stations.csv").set_index("station_id").loc[name]  # fmt: skip
    assert frame["record"].tolist() == theirs["record"].tolist()
    bins = theirs["record"] == "bin"
    assert (frame.loc[bins, "hours"] == theirs.loc[bins, "hours"]).all()
    assert np.allclose(frame.loc[bins, ["tdb_c", "twb_c"]], theirs.loc[bins, ["tdb_c", "twb_c"]], atol=0.0011)  # fmt: skip
    assert np.allclose(frame.loc[~bins, ["tdb_c", "twb_c"]], theirs.loc[~bins, ["tdb_c", "twb_c"]], atol=0.011)  # fmt: skip
    assert float(station["pressure_pa"]) == row["pressure_pa"]
    assert float(station["twb_flag_limit_c"]) == row["twb_flag_limit_c"]
    assert (station["hours_flagged"], station["quality"]) == (row["hours_flagged"], row["quality"])


@pytest.mark.parametrize("name", ["leesburg_va", "phoenix_az", "stockholm_se"])
def test_bins_are_as_good_as_the_hours_of_a_real_station(shared, name):
    path = shared / "data" / "climate_epw" / f"{REAL[name]}.epw"
    stations = []
    for hourly in (True, False):
        frame, station = frame_of(path, hourly=hourly)
        stations.append(station_of(station | {"pressure_pa": float(station["pressure_pa"]), "elevation_m": 0.0}, frame))  # fmt: skip
    for plant in PLANTS:
        hours, bins = (year_of(station, plant) for station in stations)
        loose = plant == "direct-evaporative"
        assert float(bins.pue) == pytest.approx(float(hours.pue), abs=0.002 if loose else 0.0005), plant  # fmt: skip
        assert float(bins.wue_l_per_kwh) == pytest.approx(float(hours.wue_l_per_kwh), abs=0.015 if loose else 0.003), plant  # fmt: skip
        # three days of the file hold nearly all of its thirstiest one
        if float(hours.max_day_makeup_m3) > 1:
            assert 0.91 <= float(bins.max_day_makeup_m3) / 1.05 / float(hours.max_day_makeup_m3) <= 1.0001, plant  # fmt: skip


def test_the_example_region_carries_what_the_importer_makes_of_the_formula(weather, tmp_path):
    out = tmp_path / "climate.csv"
    assert run(weather(), "-o", out).exit_code == 0
    committed = (REPOSITORY / "regions/example/climate.csv").read_text(encoding="utf-8")
    assert out.read_text(encoding="utf-8") == committed


def test_a_file_becomes_two_layers_that_a_region_reads(make_region, weather, tmp_path):
    path = make_region(tmp_path)
    out, stations = tmp_path / "tiny" / "climate.csv", tmp_path / "tiny" / "climate_stations.csv"
    done = run(weather(), "-o", out, "--stations", stations)
    assert done.exit_code == 0
    assert "[layers.climate]" in done.stdout
    region = pw.read(path)
    assert pw.measure(region)["it_mw_per_grid_mw"]["value"].between(0.7, 0.95).all()
    assert region.layers["climate_stations"].frame["station_id"].tolist() == ["999901"]


def test_the_block_to_paste_is_toml_and_knows_the_last_year_of_the_record(weather, tmp_path):
    done = run(weather(), "-o", tmp_path / "climate.csv")
    block = tomllib.loads(done.stdout)
    assert str(block["layers"]["climate"]["as_of"]) == "2025-12-31"
    assert block["layers"]["climate"]["join"] == "station_id"
    assert len(block["layers"]["climate_stations"]["sha256"]) == 64


def test_every_hour_can_be_kept(weather, tmp_path):
    out = tmp_path / "climate.csv"
    assert run(weather(), "-o", out, "--hourly").exit_code == 0
    frame = pd.read_csv(out)
    assert frame["record"].value_counts()["hour"] == 8760
    assert set(frame["record"]) == {"hour", "design", "percentile"}


def test_the_hours_of_the_bins_are_those_of_the_year(weather):
    frame, _ = frame_of(weather())
    bins = frame[frame["record"] == "bin"]
    assert bins["hours"].sum() == 8760
    assert (bins["twb_c"] <= bins["tdb_c"] + 1e-9).all()
    assert (frame["record"] == "profile").sum() == 72


def test_a_leap_year_is_a_year(weather):
    days = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    frame, _ = frame_of(weather(cells=made_up.rows(days)))
    assert frame.loc[frame["record"] == "bin", "hours"].sum() == 8784


@pytest.mark.parametrize("option", [{"encoding": "latin-1"}, {"ending": "\r\n"}, {"encoding": "utf-8-sig"}])  # fmt: skip
def test_accents_line_ends_and_long_comments_are_read_as_they_come(weather, option):
    header = list(made_up.HEADER)
    header[0] = header[0].replace("airfield", "Flugplatz Köln")
    header[5] = 'COMMENTS 1,"' + "long comment; " * 120 + 'Period of Record=1982-1999"'
    frame, station = frame_of(weather(header=tuple(header), **option))
    assert "Flugplatz K" in station["name"]
    assert station["as_of"] == "1999"
    assert len(frame) > 300


def test_a_name_is_read_in_either_encoding_and_comments_may_hold_any_sign(weather):
    header = list(made_up.HEADER)
    header[0] = header[0].replace("airfield", "Köln")
    for sign, encoding in (("Ålesund", "utf-8"), ("Ålesund", "utf-8-sig"), ("a\x85b", "latin-1"), ("a\x0cb", "utf-8")):  # fmt: skip
        header[6] = f"COMMENTS 2,{sign}"
        _, station = frame_of(weather(header=tuple(header), encoding=encoding))
        assert station["name"] == "Example County Köln (made up)"


def test_the_end_mark_of_old_systems_is_no_hour(weather):
    path = weather()
    path.write_bytes(path.read_bytes() + b"\x1a")
    assert len(frame_of(path)[0]) > 300


@pytest.mark.parametrize(
    "line",
    ["DESIGN CONDITIONS,1,zeros,,Heating,1,0,Cooling," + ",".join(["0"] * 20) + ",Extremes" + ",0" * 15,
     made_up.HEADER[1].replace("37.2,23.6", "inf,23.6"), made_up.HEADER[1].replace("37.2,23.6", "23.6,37.2"),
     made_up.HEADER[1].replace("25.6,32.4", "n/a,32.4"), made_up.HEADER[1].replace("43.4", "33.4")],
)  # fmt: skip
def test_design_conditions_that_cannot_be_are_left_out_with_a_warning(weather, tmp_path, line):
    done = run(weather(header=(made_up.HEADER[0], line, *made_up.HEADER[2:])), "-o", tmp_path / "climate.csv")  # fmt: skip
    assert done.exit_code == 0
    assert "warning[PW414]: design conditions that cannot be" in done.stderr
    assert "ashrae" not in (tmp_path / "climate.csv").read_text(encoding="utf-8")
    assert pd.read_csv(tmp_path / "climate_stations.csv")["twb_flag_limit_c"].isna().all()


def test_of_several_sets_of_design_conditions_the_first_one_counts(weather):
    more = made_up.HEADER[1].removeprefix("DESIGN CONDITIONS,1").replace("43.4", "49.4")
    header = (made_up.HEADER[0], made_up.HEADER[1].replace(",1,", ",2,", 1) + more, *made_up.HEADER[2:])  # fmt: skip
    read = read_epw(weather(header=header), Findings())
    assert read.design.hottest_in_20_years == 43.4


@pytest.mark.parametrize("more", [["0.1"], []])
def test_the_hottest_of_20_years_is_counted_from_the_end_in_both_editions(weather, more):
    extremes = ["10.4", "8.5", "7.4", *more, "-13.8", "38.1", "2.9", "1.2", "-15.9", "40.9", "-17.6", "41.6", "-19.2", "42.3", "-21.3", "44.1"]  # fmt: skip
    line = made_up.HEADER[1].split(",Extremes")[0] + ",Extremes," + ",".join(extremes)
    read = read_epw(weather(header=(made_up.HEADER[0], line, *made_up.HEADER[2:])), Findings())
    assert read.design.hottest_in_20_years == 42.3


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [({(240 + h, 2): "10" for h in range(24)}, 249, "a day does not follow"), ({(744 + h, 1): "1" for h in range(12)}, 753, "the date changes")],
)  # fmt: skip
def test_a_day_that_is_repeated_or_torn_is_told(weather, tmp_path, changes, line, said):
    done = run(weather(changes), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 0
    assert f"made.epw:{line}:1\n" in done.stderr
    assert done.stderr.count(said) == done.stderr.count("warning[") == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.data())
def test_a_file_torn_anywhere_is_read_or_refused_but_never_crashes(weather, data):
    path = weather()
    raw = path.read_bytes()
    start = data.draw(st.integers(0, len(raw) - 1) | st.integers(0, 2000))
    end = data.draw(st.integers(start, min(start + 400, len(raw))))
    path.write_bytes(raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:])
    findings = Findings()
    read = read_epw(path, findings)
    assert (read is None) == bool(findings.errors)
    if read is not None:
        year = typical_year(read)
        assert sum(row["hours"] for row in year.climate if row["record"] == "bin") in (8760, 8784)


def test_a_file_that_names_no_record_takes_the_day_that_is_given(weather, tmp_path):
    header = tuple(line.replace("Period of Record=2011-2025; ", "") for line in made_up.HEADER)
    done = run(weather(header=header), "-o", tmp_path / "climate.csv", "--as-of", "2019-06-30")
    assert done.exit_code == 0
    assert done.stdout.count("as_of = 2019-06-30\n") == 2
    assert pd.read_csv(tmp_path / "climate_stations.csv")["as_of"].tolist() == ["2019-06-30"]


def test_without_design_conditions_the_peaks_are_said_to_be_understated(weather, tmp_path):
    header = (made_up.HEADER[0], "DESIGN CONDITIONS,0", *made_up.HEADER[2:])
    done = run(weather(header=header), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 0
    assert "note[PW414]" in done.stderr
    assert "made.epw:2:1" in done.stderr
    assert "understated" in done.stderr
    assert "ashrae" not in (tmp_path / "climate.csv").read_text(encoding="utf-8")


def test_few_missing_hours_are_filled_between_their_neighbours_and_named(weather):
    path = weather({(100, 6): "99.9", (101, 6): "99.9", (200, 8): "999", (300, 9): "999999"})
    findings = Findings()
    read = read_epw(path, findings)
    assert [f.code for f in findings] == ["PW403"] * 3
    assert {f.line for f in findings} == {109, 209, 309}
    assert not findings.errors
    cells = made_up.rows()
    before, after = float(cells[99][6]), float(cells[102][6])
    assert read.t[100] == pytest.approx(before + (after - before) / 3)


@pytest.mark.parametrize(
    ("changes", "line", "said"),
    [
        ({(h, 6): "99.9" for h in range(500, 588)}, 509, "missing in 88 of 8,760 hours"),
        ({(40, 6): "warm"}, 49, "dry bulb is not a number"),
        ({(40, 8): "140"}, 49, "relative humidity is outside"),
        ({(h, 9): "1013" for h in range(8760)}, 9, "pascal, not in hectopascal"),
        ({(h, 9): "none" for h in range(8760)}, 9, "pressure is not a number"),
        ({(40, 6): "-60.1"}, 49, "dry bulb is outside"),
        ({(40, 6): "inf"}, 49, "dry bulb is outside"),
        ({(41, 3): "9"}, 50, "hour 9 where 18 follows"),
        ({(40, 3): "0"}, 49, "hour is outside 1"),
        ({(40, 1): "1.5"}, 49, "month is outside 1"),
        ({(h, 1): "1" for h in range(4000, 4024)}, 4009, "month 1 after month 6"),
    ],
)  # fmt: skip
def test_a_bad_hour_is_found_at_its_line_and_nothing_is_written(weather, tmp_path, changes, line, said):  # fmt: skip
    path = weather(changes)
    (row, field), *_ = changes
    before = path.read_text().splitlines()[8 + row].split(",")[:field]
    column = 1 if " where " in said or " after " in said else len(",".join(before)) + 2
    done = run(path, "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert f"made.epw:{line}:{column}\n" in done.stderr
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "climate.csv").exists()
    assert not (tmp_path / "climate_stations.csv").exists()


def test_a_short_file_says_how_many_hours_it_has(weather, tmp_path):
    done = run(weather(cells=made_up.rows()[:8000]), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "8,000 hours" in done.stderr
    assert "made.epw:8008:1" in done.stderr


def test_a_row_that_is_cut_is_found(weather, tmp_path):
    cells = made_up.rows()
    cells[77] = cells[77][:5]
    done = run(weather(cells=cells), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "made.epw:86:1" in done.stderr


@pytest.mark.parametrize(
    ("first", "said"),
    [("DESIGN CONDITIONS,0", "no LOCATION line"), ("LOCATION,X,KS,USA,made up,999901,north,-98.18,-6,520", "latitude"),
     ("", "no LOCATION line"), (made_up.HEADER[0].replace("520.0", "high"), "elevation")],
)  # fmt: skip
def test_a_wrong_header_is_found_in_line_one(weather, tmp_path, first, said):
    done = run(weather(header=(first, *made_up.HEADER[1:])), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "made.epw:1:1" in done.stderr
    assert said in done.stderr


def test_all_faults_of_all_files_are_told_at_once(weather, tmp_path):
    one = weather({(40, 6): "warm", (50, 8): "140"}, name="one.epw")
    two = weather(cells=made_up.rows()[:100], name="two.epw")
    done = run(one, two, tmp_path / "none.epw", "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    for place in ("one.epw:49", "one.epw:59", "two.epw:108", "none.epw"):
        assert place in done.stderr


@pytest.mark.parametrize("content", [b"", b"\x00\x01binary", b"PK\x03\x04zip"])
def test_what_is_no_weather_file_is_refused_without_a_traceback(tmp_path, content):
    (tmp_path / "bad.epw").write_bytes(content)
    done = run(tmp_path / "bad.epw", "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "bad.epw:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_stations_that_are_there_already_are_replaced_only_by_name(weather, tmp_path):
    (tmp_path / "climate_stations.csv").write_text("kept\n", encoding="utf-8")
    done = run(weather(), "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "there already" in done.stderr
    assert (tmp_path / "climate_stations.csv").read_text(encoding="utf-8") == "kept\n"
    named = run(weather(), "-o", tmp_path / "climate.csv", "--stations", tmp_path / "climate_stations.csv")  # fmt: skip
    assert named.exit_code == 0


def test_two_files_of_one_station_need_ids(weather, tmp_path):
    files = weather(name="a.epw"), weather(name="b.epw")
    done = run(*files, "-o", tmp_path / "climate.csv")
    assert done.exit_code == 2
    assert "two of the files are of station `999901`" in done.stderr
    assert "b.epw:1:1" in done.stderr
    assert run(*files, "-o", tmp_path / "climate.csv", "--station-id", "x").exit_code == 2
    assert run(files[0], "-o", tmp_path / "climate.csv", "--station-id", "x").exit_code == 0
    assert set(pd.read_csv(tmp_path / "climate.csv")["station_id"]) == {"x"}


def test_several_files_make_one_layer_in_the_order_of_their_stations_dated_by_the_oldest(weather, tmp_path):  # fmt: skip
    first = (made_up.HEADER[0].replace("999901", "012345"), *made_up.HEADER[1:5], "COMMENTS 1,Period of Record=1991-2005", *made_up.HEADER[6:])  # fmt: skip
    files = weather(name="a.epw"), weather(header=first, name="b.epw")
    done = run(*files, "-o", tmp_path / "climate.csv")
    assert done.exit_code == 0
    assert done.stdout.count("as_of = 2005-12-31\n") == 2
    for name in ("climate.csv", "climate_stations.csv"):
        ids = pd.read_csv(tmp_path / name, dtype=str)["station_id"]
        assert ids.drop_duplicates().tolist() == ["012345", "999901"]


def test_a_file_without_a_number_of_its_station_needs_an_id(weather, tmp_path):
    header = (made_up.HEADER[0].replace("999901", ""), *made_up.HEADER[1:])
    done = run(weather(header=header, name="a.epw"), weather(header=header, name="b.epw"), "-o", tmp_path / "climate.csv")  # fmt: skip
    assert done.exit_code == 2
    assert done.stderr.count("no WMO number") == 2
    assert "of station" not in done.stderr
    assert run(weather(header=header), "-o", tmp_path / "climate.csv", "--station-id", "x").exit_code == 0  # fmt: skip


def test_a_day_with_an_hour_too_damp_to_believe_is_no_peak(weather):
    hot = {(24 * 200 + h, 6): "44.0" for h in range(24)} | {(24 * 200 + h, 8): "60" for h in range(24)}  # fmt: skip
    frame, station = frame_of(weather(hot))
    assert station["hours_flagged"] >= 24
    days = frame[frame["record"] == "profile"]
    assert days["tdb_c"].max() < 44
    assert frame.loc[frame["key"] == "tmy_max_twb", "twb_c"].iloc[0] <= 30.6
