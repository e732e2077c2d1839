"""HIFLD territories: overlapping outlines all stay, and no stack of prices is made up for them."""

from __future__ import annotations

import geopandas as gpd
import pytest
from made_up_features import codes, in_crs, read_source, write_features
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app

UTILITY = {"OBJECTID": 1, "ID": "0733", "NAME": "SYNTHETIC POWER", "STATE": "KS", "TYPE": "INVESTOR OWNED"}  # fmt: skip


def square(west, south, side=0.5):
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]  # fmt: skip
    return {"type": "Polygon", "coordinates": [ring]}


def imported(folder, *rows):
    """(west, cells) of squares half a degree wide."""
    shapes = [(square(west, 38.3), {**UTILITY, **cells}) for west, cells in rows]
    return read_source("hifld-territories", write_features(folder / "x.geojson", shapes))


def test_a_territory_keeps_its_id_as_text_and_names_no_stack(tmp_path):
    frame, _, findings, delivery = imported(tmp_path, (-99, {}))
    assert codes(findings) == []
    row = frame.iloc[0]
    assert (row["territory_id"], row["eia_id"], row["name"], row["headquarters_state"]) == ("eia-0733", "0733", "SYNTHETIC POWER", "KS")  # fmt: skip
    assert frame["tariff_stack"].isna().all()
    assert "name the stack" in delivery.note


@pytest.mark.parametrize(("west", "shared"), [(-98.75, 2), (-98.5, 0), (-98.0, 0)])
def test_overlapping_territories_stay_and_are_counted_and_neighbours_are_not(tmp_path, west, shared):  # fmt: skip
    frame, tally, _, _ = imported(tmp_path, (-99, {}), (west, {"ID": "9"}))
    assert len(frame) == 2
    assert tally.noted["on ground that another territory has too"] == shared


def test_a_territory_inside_another_is_counted_with_it(tmp_path):
    rows = [(square(-99, 38.3), UTILITY), (square(-98.9, 38.4, 0.1), {**UTILITY, "ID": "2"})]
    tally = read_source("hifld-territories", write_features(tmp_path / "x.geojson", rows))[1]
    assert tally.noted["on ground that another territory has too"] == 2


def test_several_outlines_of_a_utility_stay_under_ids_of_their_own(tmp_path):
    frame, tally, _, _ = imported(tmp_path, (-99, {}), (-98, {}), (-99, {}), (-97, {"ID": None}))
    assert frame["territory_id"].tolist() == ["eia-0733", "eia-0733-2"]
    assert tally.noted["further outlines of a utility, numbered in their ids"] == 1
    assert tally.left_out == {"stands in an earlier row under the same id and outline": 1, "no id": 1}  # fmt: skip


def test_a_copy_in_another_system_or_with_numbers_as_ids_gives_the_same_rows(tmp_path):
    imported(tmp_path, (-99, {"ID": 14354.0}))
    copy = in_crs(tmp_path / "x.geojson", tmp_path / "copy.gpkg", "EPSG:3857")
    frame = read_source("hifld-territories", copy)[0]
    assert frame["territory_id"].tolist() == ["eia-14354"]
    assert frame.total_bounds == pytest.approx([-99, 38.3, -98.5, 38.8], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.geojson", b"<html></html>", "PW202"),
        ("x.csv", b"ID,NAME\n1,A\n", "PW203"),
        ("x.parquet", b"nothing", "PW202"),
    ],
)
def test_a_wrong_file_under_the_right_name_is_one_finding(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    assert codes(read_source("hifld-territories", tmp_path / name)[2]) == [code]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_twice_the_same_bytes_and_the_region_reads_territories_that_decide_nothing_yet(tmp_path, make_region, suffix):  # fmt: skip
    source = write_features(tmp_path / "in.geojson", [(square(-99.2, 38.3), UTILITY), (square(-99.1, 38.3), {**UTILITY, "ID": "8"})])  # fmt: skip
    target = tmp_path / f"territories{suffix}"
    arguments = ["import", "hifld-territories", str(source), "-o", str(target)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    before = target.read_bytes()
    CliRunner().invoke(app, arguments)
    assert target.read_bytes() == before
    region = pw.read(make_region(tmp_path, toml=first.stdout))
    assert len(region.layers.frame("tariff_territories")) == 2
    assert region.sites["tariff_stack"].isna().all()
    assert not [f for f in region.findings if f.severity == "error" or f.code == "PW515"]


def test_a_stack_that_is_filled_in_serves_the_sites_of_its_territory(tmp_path, make_region):
    source = write_features(tmp_path / "in.geojson", [(square(-99.2, 38.3), UTILITY), (square(-99.1, 38.3), {**UTILITY, "ID": "8"})])  # fmt: skip
    target = tmp_path / "territories.csv"
    block = CliRunner().invoke(app, ["import", "hifld-territories", str(source), "-o", str(target)]).stdout  # fmt: skip
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("eia-0733,,", "eia-0733,u1-large,"), encoding="utf-8")
    lines = [line for line in block.splitlines() if not line.startswith("sha256")]
    region = pw.read(make_region(tmp_path, toml="\n".join(lines)))
    assert region.sites.loc[["a"], "tariff_stack"].tolist() == ["u1-large"]


def test_the_real_territories_are_94_and_ten_of_them_are_repaired(shared):
    """Checklist 21."""
    path = shared / "data/utility_territories/utility_territories_us94.geojson"
    frame, tally, findings, _ = read_source("hifld-territories", path)
    assert codes(findings) == []
    assert (len(frame), frame["territory_id"].nunique()) == (94, 94)
    assert tally.noted["outlines that crossed themselves, repaired"] == 10
    assert frame.geometry.is_valid.all()
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}
    assert frame["eia_id"].str.fullmatch(r"\d+").all()
    assert tally.noted["on ground that another territory has too"] > 80
    assert any("tariff_utility" in finding.message for finding in findings)  # a hand-made label


def test_of_the_real_data_centres_of_virginia_80_lie_in_two_territories_and_2_in_none(shared):
    """Checklist 21, with the counts of the README of data/virginia."""
    frame, tally, _, _ = read_source("hifld-territories", shared / "data/virginia/utility_territories_va.geojson")  # fmt: skip
    assert len(frame) == 9
    assert tally.noted["outlines that crossed themselves, repaired"] >= 1
    centres = gpd.read_file(shared / "data/virginia/data_centers_va.geojson")
    pairs = gpd.sjoin(centres[["geometry"]], frame[["name", "geometry"]], predicate="within")
    held = pairs.groupby(level=0).size().reindex(centres.index).fillna(0)
    dominion = set(pairs.index[pairs["name"] == "VIRGINIA ELECTRIC & POWER CO"])
    northern = set(pairs.index[pairs["name"].str.contains("NORTHERN VIRGINIA")])
    assert (len(centres), len(dominion), len(dominion & northern), int((held == 0).sum())) == (265, 261, 80, 2)  # fmt: skip
