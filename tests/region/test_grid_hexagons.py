"""The grid in H3 cells, against GEOS and H3 cell by cell."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from powerwall.region.findings import Findings
from powerwall.region.grid import Cells, plan_cells
from powerwall.region.grid_table import Grid
from powerwall.region.layers import Layer, Layers

PLANE = CRS.from_epsg(32614)
RESOLUTION = 7
LAND = shapely.Polygon(
    [(5e5, 4.2e6), (5.6e5, 4.21e6), (5.3e5, 4.25e6), (5.5e5, 4.28e6), (4.9e5, 4.26e6)],
    [[(5.2e5, 4.215e6), (5.25e5, 4.23e6), (5.1e5, 4.225e6)]],
)
PARKS = shapely.box(5.05e5, 4.235e6, 5.2e5, 4.25e6), shapely.box(5.15e5, 4.24e6, 5.3e5, 4.247e6)


def places(*_key):
    return {"file": "region.toml", "line": 1, "column": 1}


def layers(**shapes):
    made = Layers()
    for name, some in shapes.items():
        frame = gpd.GeoDataFrame(geometry=list(some), crs=PLANE)
        made[name] = Layer(name, None, frame, None)
    return made


def planned(**keys):
    findings = Findings()
    plan = plan_cells(Grid(within="land", h3_resolution=RESOLUTION, **keys), layers(land=[LAND], parks=PARKS), PLANE, places, findings)  # fmt: skip
    return plan, [(item.code, item.message, item.remedy) for item in findings]


@pytest.fixture(scope="module")
def h3():
    return pytest.importorskip("h3")


@pytest.fixture(scope="module")
def all_cells(h3):
    """Every cell near the land, with its centre and outline in the plane."""
    middle = h3.latlng_to_cell(38.1, -98.7, RESOLUTION)
    cells = h3.grid_disk(middle, 45)
    to_plane = Transformer.from_crs("EPSG:4326", PLANE, always_xy=True)
    centres = np.array([h3.cell_to_latlng(cell)[::-1] for cell in cells])
    outlines = [shapely.Polygon([to_plane.transform(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]) for cell in cells]  # fmt: skip
    x, y = to_plane.transform(*centres.T)
    assert shapely.box(x.min() + 5e3, y.min() + 5e3, x.max() - 5e3, y.max() - 5e3).contains(LAND)
    return np.array(cells), np.array(outlines), shapely.points(x, y)


def test_hexagons_have_their_centre_in_the_boundary(h3, all_cells, tmp_path):
    cells, _, points = all_cells
    plan, findings = planned()
    assert not findings
    ids = plan.cells.site_ids().to_pylist()
    assert set(ids) == set(cells[shapely.contains(LAND, points)])
    assert len(ids) == len(set(ids)) == plan.funnel.within
    np.testing.assert_allclose(plan.cells.area_ha, [h3.cell_area(cell, unit="m^2") / 1e4 for cell in ids], rtol=1e-6)  # fmt: skip
    assert [plan.cells.find(name) for name in ids] == list(range(len(ids)))
    assert plan.cells.find("cell-0-0") is None
    plan.cells.save(tmp_path)
    again = Cells.open(tmp_path)
    assert again.site_ids(slice(2, 5)).to_pylist() == ids[2:5]
    assert again.h3_resolution == RESOLUTION


@pytest.mark.parametrize("buffer_km", [0.0, 2.0])
@pytest.mark.parametrize("overlap", [None, 0.4])
def test_hexagons_are_excluded_as_squares_are(all_cells, buffer_km, overlap):
    cells, outlines, points = all_cells
    rule = {"layer": "parks", "buffer_km": buffer_km} | ({"overlap": overlap} if overlap else {})
    plan, findings = planned(exclude=[rule])
    assert not findings
    union = shapely.union_all(PARKS)
    if overlap:
        union = shapely.buffer(union, buffer_km * 1000.0)
        hit = (
            shapely.area(shapely.intersection(outlines, union)) / shapely.area(outlines) >= overlap
        )
    else:
        hit = shapely.dwithin(points, union, buffer_km * 1000.0)
    inside = shapely.contains(LAND, points)
    assert set(plan.cells.site_ids().to_pylist()) == set(cells[inside & ~hit])
    assert plan.funnel.steps[0].hit == (inside & hit).sum() > 0


def test_patches_of_hexagons_are_joined_by_their_edges(h3):
    cut = shapely.box(4e5, 4.24e6, 6e5, 4.246e6)
    findings = Findings()
    found = layers(land=[LAND], cut=[cut])
    keys = {"within": "land", "h3_resolution": RESOLUTION, "exclude": [{"layer": "cut"}]}
    whole = plan_cells(Grid(**keys), found, PLANE, places, findings)
    ids = set(whole.cells.site_ids().to_pylist())
    area = dict(zip(whole.cells.site_ids().to_pylist(), whole.cells.area_ha.tolist(), strict=True))
    patches, todo = [], set(ids)
    while todo:
        patch, edge = set(), {todo.pop()}
        while edge:
            patch |= edge
            edge = {near for cell in edge for near in h3.grid_disk(cell, 1)} & ids - patch
        todo -= patch
        patches.append(patch)
    total = sorted(sum(area[cell] for cell in patch) for patch in patches)
    assert len(total) > 1
    large = plan_cells(Grid(**keys, contiguous_ha=total[-1] - 1), found, PLANE, places, findings)
    assert set(large.cells.site_ids().to_pylist()) == max(patches, key=len)
    assert large.funnel.within - sum(large.funnel.removed) == len(large.cells)


def test_a_campus_needs_squares(h3):
    assert h3
    plan, findings = planned(campus_ha=100.0)
    assert plan is None
    assert findings[0][0] == "PW102"
    assert "cell_km" in findings[0][2]


def test_without_the_package_the_remedy_is_to_install_it(monkeypatch):
    for name in ("h3", "h3.api", "h3.api.basic_int"):
        monkeypatch.setitem(sys.modules, name, None)
    plan, findings = planned()
    assert plan is None
    assert findings == [
        ("PW603", "[sites.grid]: h3_resolution needs the package h3", 'pip install "powerwall[h3]"')
    ]
