"""A country to screen: a region file with eight layers, real where the open data are at hand.

    python tests/benchmarks/country.py FOLDER [--cells N…] [--share S] [--shared FOLDER]

writes the layers once and a region file for each number of cells (`country.toml` where there is
one number), and prints what is real.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
CRS, NAME = "EPSG:5070", "country"
LINES, SUBSTATIONS, TOWNS, GAS, FIBRE, AIRPORTS = 94_197, 61_474, 80_000, 20_000, 15_000, 5_000
BASINS, COUNTIES = (100, 100, 36), (57, 57, 30)  # columns, rows, pieces of a border
MADE_UP, REAL = "made up for benchmarks", "open data"
#: States and territories that are not in the contiguous United States.
ELSEWHERE = ("AK", "HI", "PR", "GU", "VI", "AS", "MP")
#: Layer → file of the open data it may be read from.
OPEN_LAYERS = {
    "power_lines": "us_transmission_hifld/transmission_lines_us",
    "line_ends": "us_transmission_hifld/derived_substations_us",
    "boundary": "us_boundaries/states_us_500k_2016",
    "counties": "us_boundaries/counties_us_500k_2016",
}

#: Criterion → what it measures, with value function and weight.
CRITERIA: dict[str, dict[str, Any]] = {
    "line_km": {"measure": "distance_km", "layer": "power_lines", "value": [[0, 1.0], [10, 0.8], [50, 0.0]], "weight": 3},
    "substation_km": {"measure": "distance_km", "layer": "line_ends", "value": [[0, 1.0], [15, 0.7], [60, 0.0]], "weight": 3},
    "town_km": {"measure": "distance_km", "layer": "towns", "value": [[0, 0.0], [5, 1.0], [40, 0.6], [120, 0.0]], "weight": 1},
    "gas_km": {"measure": "distance_km", "layer": "gas_pipelines", "value": [[0, 1.0], [20, 0.6], [80, 0.0]], "weight": 1},
    "fibre_km": {"measure": "distance_km", "layer": "fibre", "value": [[0, 1.0], [5, 0.8], [60, 0.0]], "weight": 2},
    "airports_count": {"measure": "count_within", "layer": "airports", "within_km": 25, "value": [[0, 1.0], [5, 0.5], [20, 0.0]], "weight": 1},
    "stress_score": {"measure": "value_at", "layer": "drainage_areas", "column": "stress_score", "value": [[0, 1.0], [40, 0.6], [100, 0.0]], "weight": 2},
    "price_usd_per_mwh": {"measure": "value_at", "layer": "counties", "column": "price_usd_per_mwh", "value": [[30, 1.0], [80, 0.3], [150, 0.0]], "weight": 2},
}  # fmt: skip
#: Requirement of the region.
REQUIRE = {"line_km": {"max": 80}}


class Country(NamedTuple):
    """What was written.

    Attributes
    ----------
    regions
        Number of cells that was asked for → region file.
    real, made_up
        Layers by origin, with their number of features.
    """

    regions: dict[int, Path]
    real: dict[str, int]
    made_up: dict[str, int]


def write_country(
    folder: Path, cells: Sequence[int], *, shared: Path | None = None, share: float = 1.0, screen: bool = True
) -> Country:  # fmt: skip
    """Write the layers, and a region file for each number of cells.

    Parameters
    ----------
    folder
        Where to; the layers stand in a folder of their own below it.
    cells
        Wanted numbers of cells; what a region has differs by what its border cuts.
    shared
        Folder of open data; None for made-up layers of the same size.
    share
        Share of the features of the made-up layers; real layers are taken whole or, below 1, not
        at all.
    """
    import geopandas as gpd

    (folder / NAME).mkdir(parents=True, exist_ok=True)
    open_data = shared / "data" if shared is not None and share >= 1 else None
    frames, real = _frames(open_data, share)
    area_km2 = frames["boundary"].area.sum() / 1e6
    for name, frame in frames.items():
        # in degrees, as downloads come, so that a run pays for the transformation
        gpd.GeoDataFrame(frame).to_crs("EPSG:4326").to_parquet(folder / NAME / f"{name}.parquet")
    regions = {}
    for count in cells:
        path = folder / (f"{NAME}-{count}.toml" if len(cells) > 1 else f"{NAME}.toml")
        text = _region_text(sorted(frames), real, (area_km2 / count) ** 0.5, screen=screen)
        path.write_text(text, encoding="utf-8")
        regions[count] = path
    sizes = {name: len(frame) for name, frame in frames.items()}
    return Country(
        regions,
        {name: size for name, size in sizes.items() if name in real},
        {name: size for name, size in sizes.items() if name not in real},
    )


def _frames(open_data: Path | None, share: float) -> tuple[dict[str, Any], set[str]]:
    import geopandas as gpd
    import numpy as np
    import shapely
    from made_up_layers import clustered_points, outline, tessellation, wandering_lines

    rng = np.random.default_rng(0)

    def part(count: int) -> int:
        return max(2, round(count * share))

    def frame(shapes: Any, **columns: Any) -> Any:
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)

    def polygons(columns: int, rows: int, pieces: int) -> Any:
        return tessellation(rng, max(2, round(columns * share**0.5)), max(2, round(rows * share**0.5)), pieces)  # fmt: skip

    basins = polygons(*BASINS)
    frames = {
        "towns": frame(shapely.points(clustered_points(rng, part(TOWNS)))),
        "gas_pipelines": frame(wandering_lines(rng, part(GAS), 12, 2_000.0)),
        "fibre": frame(wandering_lines(rng, part(FIBRE), 20, 1_500.0)),
        "airports": frame(shapely.points(clustered_points(rng, part(AIRPORTS)))),
        "drainage_areas": frame(basins, stress_score=rng.uniform(0, 100, len(basins)).round(1)),
    }
    real = {} if open_data is None else open_layers(open_data)
    frames |= real
    if "power_lines" not in real:
        # 7 segments a line, as the real layer has
        kv = rng.choice([69.0, 138.0, 230.0, 345.0, 500.0], part(LINES))
        frames["power_lines"] = frame(wandering_lines(rng, part(LINES), 8, 1_400.0), voltage_kv=kv)  # fmt: skip
    if "line_ends" not in real:
        frames["line_ends"] = frame(shapely.points(clustered_points(rng, part(SUBSTATIONS))))
    if "counties" not in real:
        frames["counties"] = frame(polygons(*COUNTIES))
    if "boundary" not in real:
        frames["boundary"] = frame(outline(rng))
    frames["counties"]["price_usd_per_mwh"] = rng.uniform(30, 150, len(frames["counties"])).round(2)
    return frames, set(real)


def open_layers(open_data: Path, names: Collection[str] = OPEN_LAYERS) -> dict[str, Any]:
    """The wanted layers that are among the open data, in the region's coordinate system."""
    import geopandas as gpd

    found: dict[str, Any] = {}
    for name in names:
        path = open_data / f"{OPEN_LAYERS[name]}.parquet"
        if path.is_file():
            frame = gpd.read_parquet(path).to_crs(CRS)
            if name == "boundary":
                frame = frame[~frame["STUSPS"].isin(ELSEWHERE)].reset_index(drop=True)
            if name == "power_lines":
                frame["voltage_kv"] = frame["voltage_kv_nominal"]
            columns = [column for column in ("voltage_kv", "geometry") if column in frame]
            found[name] = frame[columns].copy()
    return found


def _region_text(layers: Sequence[str], real: set[str], cell_km: float, *, screen: bool) -> str:
    lines = [
        "schema = 1", f'name = "{NAME}"', 'title = "A country of cells, for benchmarks"', 'version = "1"', "as_of = 2026-11-01",
        'edition = "screening"', "synthetic = true", 'licenses = ["CC0-1.0"]', f'crs = "{CRS}"', "",
        "[request]", "mw = 300", "need_by = 2031-01-01", "",
        "[sites]", *(["screen = true"] if screen else []), f'grid = {{ cell_km = {cell_km:.6g}, within = "boundary" }}', "",
    ]  # fmt: skip
    for name in layers:
        title = REAL if name in real else MADE_UP
        lines += [f"[layers.{name}]", f'path = "{NAME}/{name}.parquet"', "as_of = 2026-07-01", 'licenses = ["CC0-1.0"]',
                  f'source = {{ title = "{title}" }}', "fresh_days = 36500", ""]  # fmt: skip
    for name, keys in CRITERIA.items():
        lines += [f"[criteria.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items()), ""]  # fmt: skip
    lines += ["[weights]", "proximity = 1", ""]
    for name, limits in REQUIRE.items():
        lines += [f"[require.{name}]", *(f"{key} = {value}" for key, value in limits.items()), ""]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a country from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, nargs="+", default=[100_000])
    parser.add_argument("--share", type=float, default=1.0, help="share of the features of every layer")  # fmt: skip
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of open data")
    given = parser.parse_args(arguments)
    shared = given.shared if given.shared.is_dir() else None
    country = write_country(given.folder, given.cells, shared=shared, share=given.share)
    written = {
        "regions": {str(count): str(path) for count, path in country.regions.items()},
        "real": country.real,
        "made_up": country.made_up,
    }
    sys.stdout.write(json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
