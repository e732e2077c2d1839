"""Real lines, substations and water areas of Virginia, measured again by another way."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

import powerwall as pw

GEOD = Geod(ellps="WGS84")
RADIUS_KM = 5.0
#: Points of this test's own choosing across the state, in towns and far from any.
PLACES = {
    "ashburn": (-77.4875, 39.0437), "manassas": (-77.4753, 38.7509), "richmond": (-77.4360, 37.5407), "boydton": (-78.3875, 36.6676),
    "culpeper": (-77.9967, 38.4732), "roanoke": (-79.9414, 37.2710), "highland": (-79.6000, 38.3600), "shore": (-75.8500, 37.6000),
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(shared):
    folder = shared / "data/virginia"
    if not folder.is_dir():
        pytest.skip("the Virginia data are not beside this checkout")
    return folder


@pytest.fixture(scope="module")
def measures(bundle, make_region, tmp_path_factory):
    sites = [
        {"site_id": name, "lon": lon, "lat": lat, "location_accuracy_m": 10}
        for name, (lon, lat) in PLACES.items()
    ]
    none = dict.fromkeys(("climate_stations", "climate")) | dict.fromkeys(
        [
            "points_of_interconnection",
            "utilities",
            "jurisdictions",
            "policy",
            "noise_rules",
            "receptors",
            "water_systems",
        ]
    )
    layers = {
        "transmission_lines": {"path": str(bundle / "transmission_lines_va.geojson")},
        "substation_places": {"path": str(bundle / "derived_substations_va.geojson")},
        "water_areas": {"path": str(bundle / "water_service_areas_va.parquet")},
    }
    criteria = {
        "line_km": {"measure": "distance_km", "layer": "transmission_lines"},
        "line_230_km": {
            "measure": "distance_km",
            "layer": "transmission_lines",
            "where": "voltage_kv_nominal >= 230",
        },
        "substation_km": {
            "measure": "distance_km",
            "layer": "substation_places",
            "where": "max_voltage_kv_nominal >= 138",
        },
        "substation_count": {
            "measure": "count_within",
            "layer": "substation_places",
            "within_km": RADIUS_KM,
        },
        "corridor_km": {
            "measure": "length_within",
            "layer": "transmission_lines",
            "within_km": RADIUS_KM,
        },
        "water_share": {"measure": "share_covered", "layer": "water_areas", "within_km": RADIUS_KM},
        "water_km": {"measure": "distance_km", "layer": "water_areas"},
    }
    toml = {"crs": "EPSG:32618", "layers": layers, "criteria": criteria}
    path = make_region(
        tmp_path_factory.mktemp("virginia"), sites=sites, toml=toml, tariffs=None, **none
    )
    return pw.measure(pw.read(path))


@pytest.fixture(scope="module")
def native(bundle):
    lines = gpd.read_file(bundle / "transmission_lines_va.geojson")
    substations = gpd.read_file(bundle / "derived_substations_va.geojson")
    return lines, substations, gpd.read_parquet(bundle / "water_service_areas_va.parquet")


def round_the(name):
    """A plane with the place at its origin, in which distances from the origin are geodesic."""
    lon, lat = PLACES[name]
    return Transformer.from_crs(
        "EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84 +units=m", always_xy=True
    )


def in_plane(name, shapes):
    transformer = round_the(name)

    def flat(coordinates):
        return np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1]))

    return shapely.transform(shapes, flat)


def metres_to(name, shapes):
    return float(shapely.distance(in_plane(name, np.asarray(shapes)), shapely.Point(0, 0)).min())


@pytest.mark.parametrize("name", sorted(PLACES))
def test_distances_to_lines_and_areas_agree_to_a_metre(measures, native, name):
    lines, _, water = native
    high = lines[lines["voltage_kv_nominal"] >= 230]
    for criterion, shapes in (("line_km", lines), ("line_230_km", high), ("water_km", water)):
        found = measures[criterion].loc[name, "value"] * 1000
        assert found == pytest.approx(metres_to(name, shapes.geometry), abs=1.0), criterion


@pytest.mark.parametrize("name", sorted(PLACES))
def test_distances_and_counts_of_substations_agree_with_geodesics(measures, native, name):
    _, substations, _ = native
    lon, lat = PLACES[name]
    x, y = substations.geometry.x.to_numpy(), substations.geometry.y.to_numpy()
    _, _, metres = GEOD.inv(np.full(len(x), lon), np.full(len(x), lat), x, y)
    high = (substations["max_voltage_kv_nominal"] >= 138).to_numpy()
    assert measures["substation_km"].loc[name, "value"] * 1000 == pytest.approx(
        metres[high].min(), abs=1.0
    )
    slack = RADIUS_KM * 1000 * 1e-3  # the plane is off by its scale
    fewest, most = (np.count_nonzero(metres <= RADIUS_KM * 1000 + s) for s in (-slack, slack))
    assert fewest <= measures["substation_count"].loc[name, "value"] <= most


@pytest.mark.parametrize("name", sorted(PLACES))
def test_lengths_and_shares_inside_the_circle_agree(measures, native, name):
    lines, _, water = native
    circle = shapely.Point(0, 0).buffer(RADIUS_KM * 1000, quad_segs=256)
    length = (
        shapely.length(
            shapely.intersection(in_plane(name, lines.geometry.to_numpy()), circle)
        ).sum()
        / 1000
    )
    assert measures["corridor_km"].loc[name, "value"] == pytest.approx(length, rel=2e-3, abs=1e-6)
    lon, lat = PLACES[name]
    near = water.geometry[
        water.intersects(shapely.box(lon - 0.2, lat - 0.2, lon + 0.2, lat + 0.2))
    ].to_numpy()
    union = shapely.union_all(in_plane(name, near)) if len(near) else shapely.Polygon()
    share = shapely.intersection(union, circle).area / circle.area
    assert measures["water_share"].loc[name, "value"] == pytest.approx(share, abs=1e-3)
