"""The grid of candidates: its cells, exclusions and funnel, against GEOS cell by cell."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from powerwall.region.findings import Findings
from powerwall.region.grid import Cells, Funnel, Step, plan_cells
from powerwall.region.grid.curve import hilbert
from powerwall.region.grid.lattice import Lattice
from powerwall.region.grid.outlines import Outlines
from powerwall.region.grid.shares import merged, shares
from powerwall.region.grid_table import Grid

PLANE = CRS.from_epsg(32614)
ORIGIN = np.array([5e5, 4.2e6])


def places(*_key):
    return {"file": "region.toml", "line": 1, "column": 1}


def layers(**frames):
    made = {}
    for name, content in frames.items():
        raster = content if isinstance(content, SimpleNamespace) else None
        if raster is not None or isinstance(content, pd.DataFrame):
            frame = pd.DataFrame({"value": []}) if raster is not None else content
        else:
            frame = gpd.GeoDataFrame(geometry=list(content), crs=PLANE)
        made[name] = SimpleNamespace(name=name, frame=frame, raster=raster)
    return made


def planned(found, **keys):
    findings = Findings()
    plan = plan_cells(Grid(within="boundary", **keys), found, PLANE, places, findings)
    assert not list(findings)
    return plan


def refused(found, **keys):
    findings = Findings()
    keys = {"within": "boundary", "cell_km": 1.0} | keys
    assert plan_cells(Grid(**keys), found, PLANE, places, findings) is None
    return [(item.code, item.message, item.remedy) for item in findings]


def at(*parts):
    """Shapes moved to the middle of the zone."""
    return [shapely.transform(part, lambda xy: xy + ORIGIN) for part in parts]


def star(rng, radius, spikes, middle=(0.0, 0.0)):
    angle = (np.arange(spikes) + rng.uniform(0.1, 0.9, spikes)) / spikes * 2 * np.pi
    reach = rng.uniform(0.3, 1.0, spikes) * radius
    return shapely.Polygon(np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]) + middle)


def nasty(rng):
    """Two stars with holes in them, an island in a hole, and one that reaches into another."""
    first = star(rng, 30e3, 60).buffer(0)
    first = first.difference(star(rng, 12e3, 20)).union(star(rng, 3e3, 8))
    return shapely.MultiPolygon(
        [part for whole in (first, star(rng, 15e3, 9, (55e3, 10e3))) for part in shapely.get_parts(whole)]
    )  # fmt: skip


def all_cells(shapes, size_m):
    """Every cell of the bounding box: ids and centres."""
    lattice = Lattice.over(tuple(shapely.total_bounds(shapes)), size_m)
    row, column = np.divmod(np.arange(lattice.rows * lattice.columns), lattice.columns)
    row, column = row + lattice.row, column + lattice.column
    ids = np.array([f"cell-{i}-{j}" for i, j in zip(column, row, strict=True)])
    return ids, (column + 0.5) * size_m, (row + 0.5) * size_m


def ids_of(plan):
    return np.asarray(plan.cells.site_ids()).astype(str)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cell_km", [0.31, 1.0, 9.0])
def test_cells_have_their_centre_in_the_boundary(seed, cell_km):
    area = at(nasty(np.random.default_rng(seed)))
    plan = planned(layers(boundary=area), cell_km=cell_km)
    ids, x, y = all_cells(area, cell_km * 1000.0)
    expected = shapely.contains_xy(area[0], x, y)
    assert set(ids_of(plan)) == set(ids[expected])
    assert plan.funnel == Funnel(expected.sum(), (), expected.sum())
    order = {name: i for i, name in enumerate(ids)}
    rows = [order[name] for name in ids_of(plan)]
    np.testing.assert_allclose(plan.cells.centres(slice(None)), (x[rows], y[rows]), rtol=1e-15)
    assert plan.cells.area_ha.dtype == np.float32
    np.testing.assert_allclose(plan.cells.area_ha, cell_km**2 * 100, rtol=1e-6)


def test_polygons_that_share_an_edge_share_no_cell_and_miss_none():
    halves = at(shapely.box(0, 0, 4500, 6000), shapely.box(4500, 0, 9000, 6000))  # through centres
    counts = [planned(layers(boundary=part), cell_km=1.0).funnel.within for part in ([halves[0]], [halves[1]], halves)]  # fmt: skip
    assert counts == [24, 30, 54]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("buffer_km", [0.0, 0.2, 1.7, 12.0])
def test_exclusions_by_the_centre_are_those_of_every_distance(seed, buffer_km):
    rng = np.random.default_rng(100 + seed)
    area = at(nasty(rng))
    kinds = {"polygons": at(*(star(rng, 6e3, 7, rng.uniform(-3e4, 3e4, 2)) for _ in range(8)))}
    if buffer_km:
        kinds |= {
            "points": at(*shapely.points(rng.uniform(-3e4, 3e4, (25, 2)))),
            "lines": at(*shapely.linestrings(rng.uniform(-3e4, 3e4, (6, 4, 2))), shapely.LineString([(0, 0), (9e3, 0), (9e3, 8e3)])),
        }  # fmt: skip
    plan = planned(
        layers(boundary=area, **kinds), cell_km=0.5,
        exclude=[{"layer": name, "buffer_km": buffer_km} for name in kinds],
    )  # fmt: skip
    ids, x, y = all_cells(area, 500.0)
    inside = shapely.contains_xy(area[0], x, y)
    points = shapely.points(x, y)
    hit = {name: shapely.dwithin(shapely.union_all(shapes), points, buffer_km * 1000.0) for name, shapes in kinds.items()}  # fmt: skip
    gone = np.logical_or.reduce(list(hit.values()))
    assert set(ids_of(plan)) == set(ids[inside & ~gone])
    times = np.sum(list(hit.values()), axis=0)
    for step, name in zip(plan.funnel.steps, kinds, strict=True):
        own = hit[name] & inside
        assert (step.hit, step.alone) == (own.sum(), (own & (times == 1)).sum())
        margin = (own & ~shapely.intersects_xy(shapely.union_all(kinds[name]), x, y)).sum()
        words = f"{margin:,} only by its buffer of {buffer_km:g} km"
        assert step.margin_words == (words if margin else "")


def test_a_buffer_that_just_reaches_a_centre_counts():
    area = at(shapely.box(0, 0, 6000, 6000))
    for line in (((0, 3000), (6000, 3000)), ((3000, 0), (3000, 6000))):
        plan = planned(layers(boundary=area, road=at(shapely.LineString(line))), cell_km=1.0,
                       exclude=[{"layer": "road", "buffer_km": 0.5}])  # fmt: skip
        assert plan.funnel.steps[0].hit == 12


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("overlap", "buffer_km"), [(0.5, 0.0), (1.0, 0.0), (0.02, 0.0), (0.3, 0.8)]
)
def test_exclusions_by_overlap_are_those_of_the_union(seed, overlap, buffer_km):
    rng = np.random.default_rng(200 + seed)
    area = at(nasty(rng))
    parks = at(*(star(rng, 9e3, 7, rng.uniform(-3e4, 3e4, 2)) for _ in range(12)))  # they overlap
    plan = planned(layers(boundary=area, parks=parks), cell_km=1.0,
                   exclude=[{"layer": "parks", "overlap": overlap, "buffer_km": buffer_km}])  # fmt: skip
    ids, x, y = all_cells(area, 1000.0)
    union = shapely.union_all(shapely.buffer(parks, buffer_km * 1000.0)) if buffer_km else shapely.union_all(parks)  # fmt: skip
    boxes = shapely.box(x - 500, y - 500, x + 500, y + 500)
    share = shapely.area(shapely.intersection(union, boxes)) / 1e6
    expected = shapely.contains_xy(area[0], x, y) & (share < overlap - 1e-9)
    assert not (np.abs(share - overlap + 1e-9) < 1e-10).any()  # none too close to call
    assert set(ids_of(plan)) == set(ids[expected])


def test_shares_sum_to_the_area_and_do_not_depend_on_the_block():
    rng = np.random.default_rng(5)
    shapes = merged(np.array(at(nasty(rng), star(rng, 2e4, 11))), 0.0)
    lattice = Lattice.over(tuple(shapely.total_bounds(shapes)), 700.0)
    edges = Outlines.of(shapes).edges
    whole = shares(edges, lattice)
    assert whole.sum() * 700.0**2 == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    assert whole.min() > -1e-9
    assert whole.max() < 1 + 1e-9
    part = lattice._replace(column=lattice.column + 17, row=lattice.row + 9, columns=23, rows=31)
    np.testing.assert_allclose(shares(edges, part), whole[9:40, 17:40], atol=1e-9)


def test_inclusions_bring_cells_back_but_only_within_the_boundary():
    area = at(shapely.box(0, 0, 10e3, 10e3))
    found = layers(
        boundary=area,
        park=at(shapely.box(0, 0, 10e3, 5e3)),
        campus=at(shapely.box(8e3, 2e3, 15e3, 7e3)),
    )
    plan = planned(found, cell_km=1.0, exclude=[{"layer": "park"}], include=[{"layer": "campus"}])
    assert [step[1:] for step in plan.funnel.steps] == [(50, 50, "", 50), (6, 6, "", 56)]
    assert plan.funnel.removed == (50, -6)
    alone = planned(
        found,
        cell_km=1.0,
        exclude=[{"layer": "park"}],
        include=[{"layer": "campus"}],
        contiguous_ha=1e5 / 2 + 1,
    )
    assert len(alone.cells) == 10  # what is held stays however small its patch


@pytest.mark.parametrize("seed", range(5))
def test_the_steps_sum_to_what_is_kept(seed):
    rng = np.random.default_rng(300 + seed)
    found = layers(
        boundary=at(nasty(rng)), a=at(*(star(rng, 7e3, 6, rng.uniform(-3e4, 3e4, 2)) for _ in range(9))),
        b=at(*shapely.points(rng.uniform(-3e4, 3e4, (40, 2)))),
    )  # fmt: skip
    plan = planned(
        found, cell_km=0.8, exclude=[{"layer": "a", "overlap": 0.4}, {"layer": "b", "buffer_km": 3.0}],
        include=[{"layer": "b", "buffer_km": 1.0}], contiguous_ha=400.0, campus_ha=500.0,
    )  # fmt: skip
    funnel = plan.funnel
    assert funnel.within - sum(funnel.removed) == funnel.kept == len(plan.cells)
    assert len(funnel.steps) == 5
    more = funnel.with_steps([Step("a requirement", 3, 3, "", funnel.kept - 3)])
    assert more.within - sum(more.removed) == more.kept == funnel.kept - 3


def test_a_cell_keeps_its_id_and_place_in_the_order_when_the_area_changes():
    rng = np.random.default_rng(7)
    large = at(nasty(rng))
    small = at(shapely.box(-17e3, -8e3, 11e3, 9e3))
    both = [large[0].intersection(small[0])]
    whole, part = (planned(layers(boundary=area), cell_km=0.4) for area in (large, both))
    wanted = set(ids_of(part))
    assert [name for name in ids_of(whole) if name in wanted] == ids_of(part).tolist()


def test_neighbours_in_the_order_are_neighbours_in_space():
    side = np.arange(16)
    x, y = (part.ravel() for part in np.meshgrid(side, side))
    along = hilbert(x, y, 4)
    assert sorted(along) == list(range(256))
    order = np.argsort(along)
    assert (np.abs(np.diff(x[order])) + np.abs(np.diff(y[order])) == 1).all()


def test_cells_are_found_by_their_id_west_and_south_of_the_origin_too(tmp_path):
    box = gpd.GeoDataFrame(geometry=[shapely.box(-3000, -2000, 2000, 4000)], crs=5070)
    plan = plan_cells(
        Grid(cell_km=1.0, within="b"), layers(b=box), CRS.from_epsg(5070), places, Findings()
    )
    ids = ids_of(plan)
    assert {"cell--3--2", "cell-0-0", "cell-1-3", "cell--1-3"} <= set(ids)
    assert [plan.cells.find(name) for name in ids] == list(range(30))
    for name in ("cell-2-0", "cell-00-0", "cell-0", "nowhere", f"cell-{2**40}-0"):
        assert plan.cells.find(name) is None
    plan.cells.save(tmp_path)
    again = Cells.open(tmp_path)
    assert isinstance(again.key, np.memmap)
    assert again.crs == plan.cells.crs
    assert again.half_width_m == 500.0
    assert np.asarray(again.site_ids(slice(3, 9))).tolist() == ids[3:9].tolist()
    for name in ("key", "area_ha"):
        np.testing.assert_array_equal(getattr(again, name), getattr(plan.cells, name))
    np.testing.assert_array_equal(again.centres(slice(2, 8)), plan.cells.centres(slice(2, 8)))


def test_a_raster_excludes_where_its_value_at_the_centre_meets_the_condition():
    steps = SimpleNamespace(
        sample=lambda x, _y, _crs: np.where(x < 5.02e5, np.nan, (x - 5e5) / 1000.0)
    )
    found = layers(boundary=at(shapely.box(0, 0, 6e3, 2e3)), slope=steps)
    known, steep = ([step.hit for step in planned(found, cell_km=1.0, exclude=[{"layer": "slope"} | extra]).funnel.steps]
                    for extra in ({"where": "value >= 0"}, {"where": "value > 4"}))  # fmt: skip
    assert (known, steep) == ([8], [4])
    assert refused(found, exclude=[{"layer": "slope"}])[0][0] == "PW103"
    assert refused(found, exclude=[{"layer": "slope", "overlap": 0.5}])[0][0] == "PW102"
    assert refused(found, exclude=[{"layer": "slope", "where": "slope > 4"}])[0][0] == "PW105"


def test_what_cannot_be_planned_is_a_finding():
    area = at(shapely.box(0, 0, 6e3, 2e3))
    table = pd.DataFrame({"name": ["a"]})
    road = at(shapely.LineString([(0, 0), (1, 1)]))
    found = layers(boundary=area, road=road, table=table)
    cases = [
        ({"within": "boundry"}, "PW105", "did you mean `boundary`?"),
        ({"within": "road"}, "PW307", "polygons"),
        ({"within": "table"}, "PW307", "no geometry"),
        ({"where": "nothing == 1"}, "PW105", "`nothing`"),
        ({"exclude": [{"layer": "rode", "buffer_km": 1.0}]}, "PW105", "did you mean `road`?"),
        ({"exclude": [{"layer": "table"}]}, "PW307", "no geometry"),
        ({"exclude": [{"layer": "road"}]}, "PW102", "buffer_km"),
        ({"exclude": [{"layer": "road", "where": "a b"}]}, "PW102", "cannot read"),
        ({"exclude": [{"layer": "boundary"}]}, "PW102", "none of 12 cells is left"),
        ({"cell_km": 50.0}, "PW102", "no cell has its centre"),
        ({"cell_km": 0.00005}, "PW102", "too many"),
        ({"campus_ha": 100.0, "campus_km": 40.0}, "PW102", "81 cells across"),
    ]
    for keys, code, words in cases:
        told = refused(found, **keys)
        assert [item[0] for item in told] == [code], keys
        assert words in " ".join(told[0][1:]), keys
