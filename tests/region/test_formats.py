"""Formats: one dataset in any of them is one frame."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import LAYERS, write_csv
from pandas.testing import assert_frame_equal

import powerwall as pw

ROWS = LAYERS["points_of_interconnection"]
COLUMNS = [
    "poi_id",
    "name",
    "kind",
    "voltage_kv",
    "published_headroom_mw",
    "queue_ahead_mw",
    "utility_id",
    "geometry",
]
FORMATS = ["csv", "wkt.csv", "tsv", "geojson", "gpkg", "parquet", "fgb"]


def typed():
    frame = pd.DataFrame(ROWS).replace("", None)
    numbers = ["voltage_kv", "published_headroom_mw", "queue_ahead_mw", "location_accuracy_m"]
    frame = frame.astype(dict.fromkeys(numbers, float)).astype(
        {"reinforcement_status": "str", "expected_date": "str"}
    )
    frame = frame.drop(columns=["reinforcement_status", "expected_date"])
    return gpd.GeoDataFrame(
        frame.drop(columns=["lon", "lat"]),
        geometry=shapely.points(frame["lon"], frame["lat"]),
        crs="EPSG:4326",
    )


def write(path):
    if path.name.endswith(".wkt.csv"):
        write_csv(
            path,
            [
                {
                    **{k: v for k, v in row.items() if k not in {"lon", "lat"}},
                    "wkt": f"POINT ({row['lon']} {row['lat']})",
                }
                for row in ROWS
            ],
        )
    elif path.suffix == ".csv":
        write_csv(path, ROWS)
    elif path.suffix == ".tsv":
        path.write_text(
            write_csv(path, ROWS).read_text(encoding="utf-8").replace(",", "\t"), encoding="utf-8"
        )
    elif path.suffix == ".parquet":
        typed().to_parquet(path)
    else:
        typed().to_file(path)


def read_as(make_region, folder, suffix):
    path = make_region(
        folder, toml={"layers": {"points_of_interconnection": {"path": f"tiny/nodes.{suffix}"}}}
    )
    write(folder / "tiny" / f"nodes.{suffix}")
    return pw.read(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_frame_and_the_same_ranking(
    make_region, tmp_path, tiny, tiny_measures, suffix
):
    region = read_as(make_region, tmp_path, suffix)
    expected = tiny.layers["points_of_interconnection"].frame[COLUMNS]
    found = region.layers["points_of_interconnection"].frame
    assert found.crs == expected.crs
    found = found.sort_values("poi_id", ignore_index=True)[COLUMNS]
    plain = [c for c in COLUMNS if c != "geometry"]
    assert_frame_equal(pd.DataFrame(found[plain]), pd.DataFrame(expected[plain]), check_exact=True)
    assert shapely.distance(found.geometry.to_numpy(), expected.geometry.to_numpy()).max() < 1e-6
    left, right = pw.rank(region, pw.measure(region)).frame, pw.rank(tiny, tiny_measures).frame
    assert_frame_equal(
        left.drop(columns="geometry"), right.drop(columns="geometry"), check_exact=False, rtol=1e-9
    )


def test_a_geopackage_may_hold_several_layers(make_region, tmp_path):
    path = make_region(
        tmp_path,
        toml={"layers": {"points_of_interconnection": {"path": "tiny/n.gpkg", "layer": "nodes"}}},
    )
    typed().iloc[:1].to_file(tmp_path / "tiny" / "n.gpkg", layer="other")
    typed().to_file(tmp_path / "tiny" / "n.gpkg", layer="nodes")
    assert len(pw.read(path).layers["points_of_interconnection"].frame) == 2


def test_a_file_in_another_coordinate_system_lands_in_the_regions(make_region, tmp_path, tiny):
    path = make_region(
        tmp_path, toml={"layers": {"points_of_interconnection": {"path": "tiny/n.gpkg"}}}
    )
    typed().to_crs("EPSG:5070").to_file(tmp_path / "tiny" / "n.gpkg")
    found = pw.read(path).layers["points_of_interconnection"].frame.geometry
    expected = tiny.layers["points_of_interconnection"].frame.geometry
    assert np.max(found.distance(expected)) < 0.01


def test_a_file_without_a_coordinate_system_must_declare_it(make_region, tmp_path):
    changes = {"layers": {"points_of_interconnection": {"path": "tiny/n.parquet"}}}
    path = make_region(tmp_path, toml=changes)
    typed().set_crs(None, allow_override=True).to_parquet(tmp_path / "tiny" / "n.parquet")
    with pytest.raises(pw.BadInput, match="PW302") as caught:
        pw.read(path)
    assert 'crs = "EPSG:4326"' in caught.value.findings[0].remedy
    changes["layers"]["points_of_interconnection"]["crs"] = "EPSG:4326"
    make_region(tmp_path, toml=changes)
    assert len(pw.read(path).layers["points_of_interconnection"].frame) == 2


def test_swapped_longitude_and_latitude_are_found(make_region, tmp_path):
    swapped = [{**row, "lon": row["lat"], "lat": row["lon"]} for row in ROWS]
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path, points_of_interconnection=swapped))
    assert {"PW304", "PW402"} & {f.code for f in caught.value.findings}


def test_a_row_without_a_position_is_dropped_with_a_warning(make_region, tmp_path):
    region = pw.read(
        make_region(
            tmp_path,
            points_of_interconnection=[*ROWS, {**ROWS[0], "poi_id": "lost", "lon": "", "lat": ""}],
        )
    )
    assert list(region.layers["points_of_interconnection"].frame["poi_id"]) == ["p230", "p345"]
    assert [(f.code, f.line) for f in region.findings if f.code == "PW301"] == [("PW301", 4)]


def test_a_site_without_a_position_is_an_error(make_region, tmp_path):
    sites = [{"site_id": "a", "lon": -99.0, "lat": 38.5}, {"site_id": "b", "lon": "", "lat": 38.5}]
    with pytest.raises(pw.BadInput, match="PW301") as caught:
        pw.read(make_region(tmp_path, sites=sites))
    assert caught.value.findings[0].line == 3


def test_an_outline_that_crosses_itself_is_mended_with_a_warning(make_region, tmp_path):
    bow = "POLYGON ((-99.4 38.2, -97.9 38.9, -97.9 38.2, -99.4 38.9, -99.4 38.2))"
    region = pw.read(
        make_region(
            tmp_path,
            jurisdictions=[{"jurisdiction_id": "x", "name": "X", "kind": "county", "wkt": bow}],
        )
    )
    assert "PW305" in {f.code for f in region.findings}
    assert region.layers["jurisdictions"].frame.geometry.is_valid.all()


def test_a_point_layer_of_polygons_is_found(make_region, tmp_path):
    nodes = [
        {k: v for k, v in row.items() if k not in {"lon", "lat"}}
        | {"wkt": "POLYGON ((-99 38, -98.9 38, -98.9 38.1, -99 38))"}
        for row in ROWS
    ]
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path, points_of_interconnection=nodes))
    assert {f.code for f in caught.value.findings} == {"PW307"}


def test_one_polygon_among_points_is_left_out_and_found(make_region, tmp_path):
    points = [dict(row) | {"wkt": f"POINT ({row['lon']} {row['lat']})"} for row in ROWS]
    for row in points:
        del row["lon"], row["lat"]
    points[0]["wkt"] = "POLYGON ((-99 38, -98.9 38, -98.9 38.1, -99 38))"
    region = pw.read(make_region(tmp_path, points_of_interconnection=points))
    assert "PW307" in {f.code for f in region.findings}
    assert len(region.layers["points_of_interconnection"].frame) == len(ROWS) - 1


def test_wkt_that_cannot_be_read_has_its_place(make_region, tmp_path):
    sites = [{"site_id": "a", "wkt": "POINT (-99 38.5)"}, {"site_id": "b", "wkt": "PUNKT (1 2)"}]
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path, sites=sites))
    assert [(f.line, f.column) for f in caught.value.findings if f.code == "PW306"] == [(3, 3)]


def broken(make_region, folder, content, name="policy.csv"):
    path = make_region(folder)
    (folder / "tiny" / name).write_bytes(content)
    with pytest.raises(pw.BadInput) as caught:
        pw.read(path)
    return {f.code: f for f in caught.value.findings}


HEADER = b"policy_id,jurisdiction_id,kind,policy_status,effect\n"


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "PW204", 1),
        (HEADER, "PW204", 0),
        (HEADER.replace(b",", b";") + b"a;b;zoning;active;blocks\n", "PW205", 1),
        (HEADER + b"a,b,zoning,active\n", "PW207", 2),
        (HEADER + b"a,b,zoning,active,blocks,extra\n", "PW207", 2),
        (HEADER + b"a,b,zoning,active,blocks\na,b,zoning,active,blocks\n", "PW404", 3),
        (HEADER + b",b,zoning,active,blocks\n", "PW405", 2),
        (HEADER + b"a,b\xff,zoning,active,blocks\n", "PW202", 2),
        (b"policy_id,jurisdiction_id,kind,effect\na,b,zoning,blocks\n", "PW203", 1),
        (HEADER.replace(b"effect", b"kind") + b"a,b,zoning,active,blocks\n", "PW203", 1),
        (b"\x00\x01", "PW202", 1),
    ],
    ids=["empty", "header-only", "semicolons", "short-row", "long-row", "duplicate-id", "empty-id", "not-utf-8", "missing-column",
         "column-twice", "binary"],
)  # fmt: skip
def test_a_csv_that_cannot_be_used_says_why_and_where(make_region, tmp_path, content, code, line):
    found = broken(make_region, tmp_path, content)
    assert code in found
    assert found[code].file.endswith("policy.csv")
    if line:
        assert found[code].line == line


@pytest.mark.parametrize("content", [b"not json", b"[]", b'{"stacks": [{"grade": "B"}]}'])
def test_tariffs_that_are_no_stacks_are_refused(make_region, tmp_path, content):
    assert "PW202" in broken(make_region, tmp_path, content, "tariffs.json")


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "parquet", "fgb", "shp"])
def test_a_damaged_binary_file_is_a_finding_and_no_traceback(make_region, tmp_path, suffix):
    path = make_region(
        tmp_path, toml={"layers": {"points_of_interconnection": {"path": f"tiny/n.{suffix}"}}}
    )
    (tmp_path / "tiny" / f"n.{suffix}").write_bytes(b"\x01\x02 damaged")
    with pytest.raises(pw.BadInput, match="PW202"):
        pw.read(path)


def test_a_byte_order_mark_is_skipped_with_a_warning(make_region, tmp_path):
    path = make_region(tmp_path)
    file = tmp_path / "tiny" / "policy.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert "PW206" in {f.code for f in pw.read(path).findings}


def test_quoted_cells_keep_delimiters_quotes_and_line_breaks(make_region, tmp_path):
    odd = 'Ash, the "old"\nyard'
    sites = [
        {"site_id": "a", "name": odd, "lon": -99.0, "lat": 38.5},
        {"site_id": "b", "name": "B", "lon": -98.9, "lat": 38.5, "area_ha": "x"},
    ]
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path / "x", sites=sites))
    assert [f.line for f in caught.value.findings if f.code == "PW401"] == [4]
    sites[1]["area_ha"] = 3
    assert pw.read(make_region(tmp_path / "y", sites=sites)).sites.loc["a", "name"] == odd


def test_a_missing_file_is_found_with_the_nearest_name(make_region, tmp_path):
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path, toml={"layers": {"policy": {"path": "tiny/polcy.csv"}}}))
    (finding,) = caught.value.findings
    assert finding.code == "PW201"
    assert "policy.csv" in finding.remedy
    assert finding.line > 1


def test_another_file_than_the_declared_one_is_an_error(make_region, tmp_path):
    with pytest.raises(pw.BadInput, match="PW210"):
        pw.read(make_region(tmp_path, toml={"layers": {"policy": {"sha256": "0" * 64}}}))


def test_every_fault_is_told_at_once(make_region, tmp_path):
    sites = [{"site_id": "a", "lon": "x", "lat": 38.5}, {"site_id": "b", "lon": -99, "lat": 38.5, "area_ha": "1,000"},
             {"site_id": "b", "lon": -99, "lat": 38.5}]  # fmt: skip
    policy = [
        {
            "policy_id": "r",
            "jurisdiction_id": "j",
            "kind": "zoning",
            "policy_status": "active",
            "effect": "blocks",
            "effective_to": "soon",
        }
    ]
    with pytest.raises(pw.BadInput) as caught:
        pw.read(make_region(tmp_path, sites=sites, policy=policy))
    assert {"PW401", "PW404", "PW408"} <= {f.code for f in caught.value.findings}
    assert {f.file.rsplit("/", 1)[-1] for f in caught.value.findings} >= {"sites.csv", "policy.csv"}
