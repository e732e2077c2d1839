"""`--cooling` and what `explain` and `plan` say of the plant, through the command line."""

from __future__ import annotations

import re

import pytest
from conftest import LAYERS, typical_year
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.criteria.water.operation import compared_plants

runner = CliRunner()


def run(*arguments: object):
    return runner.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def region(make_region, tmp_path):
    water = [LAYERS["water_systems"][0] | {"cap_m3_per_day": 2000, "reclaimed_water": "yes", "provider": "Town"}]  # fmt: skip
    return make_region(tmp_path, water_systems=water)


def section(text: str, title: str = "cooling and water") -> str:
    lines = text.splitlines()
    start = lines.index(title)
    end = next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines))
    return "\n".join(lines[start:end])


@pytest.mark.parametrize("verb", ["score", "explain", "plan"])
def test_a_plant_that_is_none_is_a_usage_error_with_the_nearest(region, verb):
    site = [] if verb == "score" else ["a"]
    done = run(verb, region, *site, "--cooling", "liquid-towre")
    assert done.exit_code == 2
    assert "liquid-tower" in done.stderr


def test_explain_shows_every_plant_and_marks_the_one_that_serves(region, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = section(run("explain", region, "a", "--cooling", "liquid-tower").stdout)
    for name in compared_plants("liquid-tower"):
        assert f"  {name}" in said or f"→ {name}" in said
    assert said.count("→") == 2  # the row and its legend
    assert "→ liquid-tower*" in said
    assert "within cap 2,000 m³/d" in said
    assert "liquid-dry stands beside it" in said


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_explain_drops_whole_columns_on_a_narrow_screen(region, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    said = section(run("explain", region, "a").stdout)
    table = said.splitlines()[1 : 3 + len(compared_plants("mixed-hall"))]
    assert all(len(line) <= max(width, 52) for line in table)
    assert "IT MW" in table[0]


def test_explain_tells_the_rules_in_their_own_unit_and_where_they_stand(region):
    said = section(run("explain", region, "a", "--cooling", "tower-chiller").stdout)
    assert "w1:cap_m3_per_day: reached" in said
    assert "m3/day over" in said
    assert "in force" in said
    assert "compliant" not in said


def test_a_rule_of_a_place_that_the_region_has_not_is_a_warning_with_the_nearest(make_region, tmp_path, monkeypatch):  # fmt: skip
    monkeypatch.setenv("COLUMNS", "300")
    rule = {"rule_id": "r", "country": "US", "place": "One Cuonty", "metric": "annual_makeup_m3", "comparator": "gt", "low": 5, "high": 5, "unit": "m3/year",
            "consequence_class": "cap", "rule_status": "in_force"}  # fmt: skip
    said = " ".join(run("check", make_region(tmp_path, water_rules=[rule]), "--all").stdout.split())
    assert "warning[PW409]: r: place = `One Cuonty` is no jurisdiction of this region" in said
    assert "did you mean `One County`?" in said
    right = make_region(tmp_path, name="right", water_rules=[rule | {"place": "one county"}])
    assert "place = " not in run("check", right, "--all").stdout


def test_explain_without_a_climate_says_so_and_still_shows_the_basin(make_region, tmp_path):
    path = make_region(tmp_path, climate=None)
    said = section(run("explain", path, "a").stdout)
    assert "mixed-hall: unknown" in said
    assert "basin:" in said


def test_a_plan_divides_by_the_peak_pue_of_the_plant(region):
    dry, wet = (" ".join(run("plan", region, "a", "--horizon", "2036-01", "--cooling", plant).stdout.split()) for plant in ("air-chiller", "liquid-tower"))  # fmt: skip
    assert "(liquid-tower at Made-up airfield)" in wet
    assert "moves air only" in dry
    assert "moves air only" not in wet


def test_a_plan_without_a_climate_says_that_its_pue_is_assumed(make_region, tmp_path):
    path = make_region(tmp_path, climate=None)
    said = " ".join(run("plan", path, "a", "--horizon", "2036-01").stdout.split())
    assert "PUE 1.2 (assumed: no climate is known here)" in said


def test_auto_names_the_plant_in_the_table_and_in_explain_what_it_gave_up(region, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert "cooling" in run("score", region, "--cooling", "auto").stdout.splitlines()[1]
    said = section(run("explain", region, "a", "--cooling", "auto").stdout)
    assert "auto took liquid-dry; given up:" in said
    assert "which liquid-tower would carry" in said


def test_compare_names_another_plant_as_the_cause(region):
    text = region.read_text(encoding="utf-8")
    assert "cooling" not in text
    other = region.with_name("other.toml")
    other.write_text(text.replace("[request]\n", '[request]\ncooling = "tower-chiller"\n', 1), encoding="utf-8")  # fmt: skip
    done = run("compare", region, other)
    assert done.exit_code == 0
    assert "request.cooling mixed-hall → tower-chiller" in " ".join(done.stdout.split())


def test_monthly_basins_and_a_second_opinion_stand_beside_the_plant(make_region, tmp_path):
    months = [f"{m:02d}" for m in range(1, 13)]
    basin = {
        "basin_id": "742050", "bws_cat": 3, "wkt": "POLYGON ((-99.4 38.2, -97.9 38.2, -97.9 38.9, -99.4 38.9, -99.4 38.2))",
        **{f"bws_{m}_score": 4.0 if m in {"07", "08"} else 1.0 for m in months}, **{f"aware_{m}_cf": 2.0 for m in months},
    }  # fmt: skip
    path = make_region(tmp_path, basins=[basin])
    said = {plant: section(run("explain", path, "a", "--cooling", plant).stdout) for plant in ("liquid-tower", "liquid-adiabatic", "liquid-dry")}  # fmt: skip
    assert "basin, monthly" in said["liquid-dry"]
    # pads drink in the two stressed months, a tower all year
    pads, tower = (float(re.search(r"drinks: ([\d.]+) of 1", said[plant])[1]) for plant in ("liquid-adiabatic", "liquid-tower"))  # fmt: skip
    assert 0.2 < tower < 0.4
    assert 0.6 < pads < 0.81
    assert "drinks" not in said["liquid-dry"]
    assert "m³ world-eq a year (AWARE)" in said["liquid-tower"]


CLIMATE = typical_year()


@pytest.mark.parametrize(
    ("rows", "row", "said"),
    [
        ([*CLIMATE[:3], CLIMATE[3] | {"twb_c": 40.0}, *CLIMATE[4:]], 5, "wet bulb 40 °C above the dry bulb"),
        ([CLIMATE[0] | {"tdb_c": ""}, *CLIMATE[1:]], 2, "a row of record bin without tdb_c"),
        ([CLIMATE[0] | {"hours": ""}, *CLIMATE[1:]], 2, "a row of record bin without hours"),
        ([*CLIMATE[:-1], CLIMATE[-1] | {"tdb_c": ""}], 39, "a row of record design without tdb_c"),
        ([*CLIMATE, CLIMATE[-1]], 40, "design pair ashrae_ext_db_n20 of k1 stands twice"),
        ([*CLIMATE[:-1], CLIMATE[-1] | {"tdb_c": 30.0}], 39, "is below another of its pairs, 36 °C"),
        (CLIMATE[:-1], 2, "peaks are understated"),
        ([*CLIMATE[:-1], CLIMATE[-1] | {"key": ""}], 39, "a design pair of k1 without key: not used"),
        ([{k: v for k, v in row.items() if k != "key"} for row in CLIMATE], 38, "a design pair of k1 without key"),
        ([row | {k: round(1.8 * row[k] + 32, 2) for k in ("tdb_c", "twb_c")} for row in CLIMATE], 2, "which no place has in °C"),
        (CLIMATE[:12] + CLIMATE[36:], 2, "its peak day is unknown"),
        ([CLIMATE[0] | {"month": 1.5}, *CLIMATE[1:]], 2, "month = 1.5 is no month"),
        ([CLIMATE[0] | {"hours": 7}, *CLIMATE[1:]], 2, "a year has 8,760 or 8,784"),
        (CLIMATE[:11] + CLIMATE[12:], 2, "no rows of month 12"),
        (CLIMATE[:20] + CLIMATE[21:], 2, "k1 has a day that has not 24 hours: not used"),
        ([CLIMATE[0] | {"tdb_c": "warm"}, *CLIMATE[1:]], 2, "`warm` is not a number"),
        ([CLIMATE[0] | {"station_id": "k9"}, *CLIMATE[1:]], 2, "k9"),
    ],
)  # fmt: skip
def test_rows_of_a_climate_that_cannot_be_are_found_at_their_line(make_region, tmp_path, monkeypatch, rows, row, said):  # fmt: skip
    monkeypatch.setenv("COLUMNS", "300")
    path = make_region(tmp_path, climate=rows)
    done = run("check", path, "--all")
    text = " ".join(done.stdout.split())
    assert said in text
    assert f"climate.csv:{row}" in text


def test_a_pressure_in_hectopascal_leaves_the_station_unused_and_the_water_unknown(make_region, tmp_path, monkeypatch):  # fmt: skip
    monkeypatch.setenv("COLUMNS", "300")
    path = make_region(tmp_path, climate_stations=[LAYERS["climate_stations"][0] | {"pressure_pa": 955}])  # fmt: skip
    assert "k1 has pressure_pa = 955, which is none in pascal: not used" in " ".join(run("check", path, "--all").stdout.split())  # fmt: skip
    assert "unknown, no station with a typical year" in section(run("explain", path, "a").stdout)


def test_a_pressure_of_sea_level_at_a_high_station_is_found(make_region, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    station = [LAYERS["climate_stations"][0] | {"pressure_pa": 101_325}]
    done = run("check", make_region(tmp_path, climate_stations=station), "--all")
    assert "pressure_pa = 101,325 at 500 m, where about 95,461 Pa are usual" in " ".join(done.stdout.split())  # fmt: skip
    assert "climate_stations.csv:2:" in done.stdout


def test_a_column_of_the_climate_that_is_missing_is_found(make_region, tmp_path):
    rows = [{k: v for k, v in one.items() if k != "twb_c"} for one in CLIMATE]
    done = run("check", make_region(tmp_path, climate=rows))
    assert done.exit_code in {1, 2}
    assert "has no column `twb_c`" in done.stdout + done.stderr
