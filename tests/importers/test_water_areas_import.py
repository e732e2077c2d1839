"""Water areas: outlines become water systems that sites join by lying inside."""

from __future__ import annotations

import geopandas as gpd
import pytest
from conftest import SITES
from layer_import import about, by_command, imported, in_region, write_geojson
from shapely import Point, Polygon, box

WEST = {"WSA_NAME": "SYNTHETIC, TOWN OF", "state": "Kansas", "geometry": box(-99.03, 38.47, -98.97, 38.51)}  # fmt: skip
EAST = {"WSA_NAME": "Synthetic & East", "state": "KS", "geometry": box(-98.93, 38.54, -98.87, 38.58)}  # fmt: skip


@pytest.fixture
def areas(tmp_path):
    return write_geojson(tmp_path / "synthetic.geojson", [WEST, EAST])


def test_an_id_is_made_of_the_state_and_the_name(areas):
    rows, tally, findings = imported("water-areas", areas)
    assert findings == []
    assert rows["water_area_id"].tolist() == ["us-ks-synthetic-east", "us-ks-synthetic-town-of"]
    assert not tally.left_out


def test_systems_of_one_name_stay_apart(tmp_path):
    twin = {**WEST, "geometry": box(-99.9, 38.4, -99.8, 38.5)}
    other = {**WEST, "state": "Nebraska"}
    path = write_geojson(tmp_path / "synthetic.geojson", [WEST, twin, other, WEST])
    rows, tally, _ = imported("water-areas", path)
    ids = ["us-ks-synthetic-town-of", "us-ks-synthetic-town-of-2", "us-ne-synthetic-town-of"]
    assert rows["water_area_id"].tolist() == ids
    assert rows["wkt"][0].startswith("POLYGON ((-99.8")
    assert tally.left_out == {"stands in an earlier row": 1}
    assert tally.noted["share name and state with another system, and are numbered"] == 1


def test_what_cannot_be_used_is_counted_by_reason(tmp_path):
    rows = [
        WEST,
        {**WEST, "WSA_NAME": "N/A"},
        {**WEST, "state": "Atlantis"},
        {**WEST, "geometry": Point(-99, 38)},
        {**EAST, "geometry": Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])},
    ]
    found, tally, _ = imported("water-areas", write_geojson(tmp_path / "synthetic.geojson", rows))
    assert len(found) == 2
    assert tally.left_out == {"no name": 1, "no state that is known": 1, "no area": 1}
    assert tally.noted["outlines that crossed themselves, repaired"] == 1


def test_a_file_without_names_of_systems_is_refused(tmp_path):
    path = write_geojson(tmp_path / "synthetic.geojson", [{"WSA_NAM": "x", "geometry": box(0, 0, 1, 1)}])  # fmt: skip
    rows, _, findings = imported("water-areas", path)
    assert rows is None
    assert {finding.code for finding in findings} == {"PW203"}
    (said,) = [finding for finding in findings if "wsa_name" in finding.message]
    assert said.remedy == "did you mean `wsa_nam`?"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_sites_join_the_system_whose_outline_holds_them(make_region, tmp_path, areas, suffix):
    region = in_region(make_region, tmp_path, "water-areas", areas, suffix=suffix, water_systems=None)  # fmt: skip
    joined = region.sites["water_area_id"]
    assert joined["a"] == "us-ks-synthetic-town-of"
    assert joined["b"] == "us-ks-synthetic-east"
    assert joined[["c", "d"]].isna().all()
    assert not about(region, "water_systems")
    before = (tmp_path / f"imported{suffix}").read_bytes()
    by_command("water-areas", areas, output=tmp_path / f"imported{suffix}")
    assert (tmp_path / f"imported{suffix}").read_bytes() == before


def test_rows_without_an_outline_stay_beside_those_with_one(make_region, tmp_path):
    rows = [
        {"water_area_id": "w-west", "name": "West", "site_ids": "", "wkt": WEST["geometry"].wkt},
        {"water_area_id": "w-listed", "name": "Listed", "site_ids": "d", "wkt": ""},
    ]
    listed = make_region(tmp_path, water_systems=rows, toml={"layers": {"water_systems": {"geometry": None}}})  # fmt: skip
    import powerwall as pw

    region = pw.read(listed)
    assert region.sites["water_area_id"].dropna().to_dict() == {"a": "w-west", "d": "w-listed"}
    assert len(region.layers["water_systems"].frame) == 2


def test_a_site_in_two_outlines_has_no_certain_system(make_region, tmp_path):
    site = {**SITES[0], "site_id": "a"}
    over = {**WEST, "WSA_NAME": "Over"}
    path = write_geojson(tmp_path / "synthetic.geojson", [WEST, over])
    region = in_region(make_region, tmp_path, "water-areas", path, water_systems=None, sites=[site])
    assert region.sites["water_area_id"].isna().all()


def test_the_areas_of_virginia_and_texas_come_whole(shared):
    rows, tally, findings = imported("water-areas", shared / "data/virginia/water_service_areas_va.parquet")  # fmt: skip
    assert (len(rows), tally.left_out, findings) == (235, {}, [])
    rows, tally, _ = imported("water-areas", shared / "data/texas_ercot/water_service_areas_tx.parquet")  # fmt: skip
    assert (len(rows), tally.left_out) == (2236, {})
    assert rows["water_area_id"].is_unique


def test_180_of_265_data_centres_of_virginia_lie_in_a_mapped_area(shared, tmp_path):
    by_command("water-areas", shared / "data/virginia/water_service_areas_va.parquet", output=tmp_path / "areas.parquet")  # fmt: skip
    by_command("im3-atlas", shared / "data/virginia/data_centers_va.geojson", output=tmp_path / "centres.parquet")  # fmt: skip
    areas, centres = (gpd.read_parquet(tmp_path / f"{name}.parquet") for name in ("areas", "centres"))  # fmt: skip
    hits = gpd.sjoin(centres, areas[["water_area_id", "geometry"]], predicate="within")
    assert hits["dc_id"].nunique() == 180


def test_swapped_axes_are_refused(tmp_path):
    path = write_geojson(tmp_path / "synthetic.geojson", [{**EAST, "geometry": box(38, -78, 38.1, -77.9)}])  # fmt: skip
    rows, _, findings = imported("water-areas", path)
    assert rows is None
    assert [finding.code for finding in findings] == ["PW304"]
