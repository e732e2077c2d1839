"""Measures made ready while layers are read: the same ones, and never of another layer."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from made_up_country import CRS, country

import powerwall as pw
from powerwall.criteria.proximity.ahead import Ahead
from powerwall.ranking.screening.job import measures_of
from powerwall.ranking.screening.sources import source_of
from powerwall.region.findings import BadInput


def test_what_is_ready_is_taken_and_measures_the_same(tmp_path):
    path = country(tmp_path, cell_km=5)
    ahead = Ahead()
    region = pw.read(path, ready=ahead)
    with pw.screening(region, ahead=ahead) as found, pw.screening(pw.read(path)) as later:
        pw_frames = [screened.top(50).drop(columns="reasons") for screened in (found, later)]
    np.testing.assert_array_equal(pw_frames[0].to_numpy(), pw_frames[1].to_numpy())
    for name, entry in region.table.criteria.items():
        assert ahead.of(name, region.layers[entry.layer]) is not None


def test_a_measure_of_another_layer_of_the_name_is_not_taken(tmp_path):
    path = country(tmp_path, cell_km=5)
    ahead = Ahead()
    pw.read(path, ready=ahead)
    again = pw.read(path)
    assert ahead.of("wire_km", again.layers["wires"]) is None


def test_a_layer_that_begins_with_an_empty_geometry_is_made_ready(tmp_path):
    path = country(tmp_path, cell_km=5)
    wires = gpd.read_parquet(tmp_path / "wires.parquet")
    wires.loc[0, "geometry"] = shapely.LineString()
    wires.to_parquet(tmp_path / "wires.parquet")
    ahead = Ahead()
    region = pw.read(path, ready=ahead)
    assert ahead.of("wire_km", region.layers["wires"]) is not None


def test_a_layer_with_a_column_that_is_not_there_is_left_for_the_findings(tmp_path):
    path = country(tmp_path, cell_km=5)
    path.write_text(path.read_text().replace('column = "stress_share"', 'column = "stress"'))
    ahead = Ahead()
    region = pw.read(path, ready=ahead)
    assert ahead.of("basin_share", region.layers["catchments"]) is None
    with pytest.raises(BadInput) as bad, pw.screening(region, ahead=ahead):
        pass
    assert [finding.code for finding in bad.value.findings] == ["PW203"]


def test_findings_of_other_layers_come_before_what_goes_wrong_on_the_way(tmp_path):
    path = country(tmp_path, cell_km=5)

    def ready(_table, _places, layer):
        raise ZeroDivisionError(layer.name)

    with pytest.raises(ZeroDivisionError):
        pw.read(path, ready=ready)
    (tmp_path / "stations.parquet").unlink()
    with pytest.raises(BadInput) as bad:
        pw.read(path, ready=ready)
    assert [finding.code for finding in bad.value.findings] == ["PW201"]


def test_a_coordinate_that_is_not_finite_is_a_finding_and_its_row_is_left_out(tmp_path):
    path = country(tmp_path, cell_km=5)
    wires = gpd.read_parquet(tmp_path / "wires.parquet")
    wires.loc[2, "geometry"] = shapely.LineString([(0, 0), (np.inf, 1)])
    wires.to_parquet(tmp_path / "wires.parquet")
    region = pw.read(path)
    assert len(region.layers["wires"].frame) == len(wires) - 1
    assert [(f.code, f.severity) for f in region.findings] == [("PW301", "warning")]
    assert "finite" in region.findings[0].message


def test_a_table_without_places_cannot_be_measured(tmp_path):
    path = country(tmp_path, cell_km=5)
    gpd.read_parquet(tmp_path / "wires.parquet").drop(columns="geometry").to_csv(tmp_path / "wires.csv")  # fmt: skip
    path.write_text(path.read_text().replace("wires.parquet", "wires.csv"))
    region = pw.read(path)
    with pytest.raises(BadInput) as bad, pw.screening(region):
        pass
    assert [finding.code for finding in bad.value.findings] == ["PW307"]
    assert region.table.crs == CRS


def test_measures_that_are_not_ready_are_made(tmp_path):
    region = pw.read(country(tmp_path, cell_km=5))
    with pw.screening(region) as found:
        source = source_of(region, str(found.files[0].parent))
        assert sorted(measures_of(region, source, None)) == sorted(region.table.criteria)
