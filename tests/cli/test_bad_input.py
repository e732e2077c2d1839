"""Bad input ends in a clear finding with its place, exit 2 (1 from `check`), and nothing half-written."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.region.findings import CODES

REPOSITORY = Path(__file__).resolve().parents[2]
TOML, SITES, POLICY = "example.toml", "example/sites.csv", "example/policy.csv"
CLIMATE = "example/climate.csv"
NODES, OUTLINES = "example/points_of_interconnection.csv", "example/jurisdictions.csv"
Spoil = Callable[[Path], object]


class At(NamedTuple):
    """A place: where a pattern first matches in the spoilt file."""

    name: str
    pattern: str
    with_column: bool = True

    def found(self, folder: Path) -> str:
        """`file:line:column` of the match."""
        lines = (folder / self.name).read_text(encoding="utf-8-sig").splitlines()
        for number, line in enumerate(lines, 1):
            if match := re.search(self.pattern, line):
                return f"{self.name}:{number}" + (
                    f":{match.start() + 1}" if self.with_column else ""
                )
        pytest.fail(f"{self.pattern} is not in {self.name}")


class Case(NamedTuple):
    """How the region is spoilt, the code, the place (`file:line:column`) and a part of the message or remedy."""

    spoil: Spoil
    code: str
    place: str | At
    words: str


def replaced(name: str, pattern: str, text: str, count: int = 1) -> Spoil:
    """Spoil a file by substitution; a pattern that is not there fails the test."""

    def spoil(folder: Path) -> None:
        path = folder / name
        after, times = re.subn(
            pattern, text, path.read_text(encoding="utf-8"), count=count, flags=re.MULTILINE
        )
        assert times, f"nothing to spoil in {name}"
        path.write_text(after, encoding="utf-8")

    return spoil


def appended(name: str, text: str) -> Spoil:
    def spoil(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return spoil


def written(name: str, content: bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(content)


def removed(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def header_only(name: str) -> Spoil:
    return rewritten(name, lambda content: content.split(b"\n")[0] + b"\n")


def repeated(name: str) -> Spoil:
    """Repeat the first row at the end."""
    return rewritten(name, lambda content: content + content.split(b"\n")[1] + b"\n")


def both(*parts: Spoil) -> Spoil:
    return lambda folder: [part(folder) for part in parts]


def instead_of_receptors(name: str) -> Spoil:
    return replaced(TOML, r"example/receptors\.csv", f"example/{name}")


def receptors(name: str, crs: str | None, lon: float = -98.2) -> Spoil:
    """One receptor in another format, with or without a coordinate system."""

    def spoil(folder: Path) -> None:
        points = gpd.points_from_xy([lon], [38.6])
        frame = gpd.GeoDataFrame({"receptor_id": ["r"], "kind": ["x"]}, geometry=points, crs=crs)
        path = folder / "example" / name
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pyogrio warns of what this test is about
                frame.to_file(path)
        instead_of_receptors(name)(folder)

    return spoil


def as_parquet(name: str) -> Spoil:
    """A table as the file that a script would write, declared in its place."""

    def spoil(folder: Path) -> None:
        made = str(Path(name).with_suffix(".parquet"))
        pd.read_csv(folder / name, dtype=str).to_parquet(folder / made)
        replaced(TOML, f'path = "{name}"', f'path = "{made}"')(folder)

    return spoil


def where(text: str) -> Spoil:
    return replaced(TOML, r'where = "voltage_kv >= 138"', f'where = "{text}"')


def own(pattern: str, text: str) -> Spoil:
    """Spoil the criterion that the region file declares itself."""
    return replaced(TOML, pattern, text)


def weight(text: str) -> Spoil:
    return replaced(TOML, r"^power = .*$", text)


def values(text: str) -> Spoil:
    return appended(TOML, f"\n[values]\n{text}\n")


#: What is wrong → how it is spoilt, code, place, and what the message or its remedy must say.
SPOILT: dict[str, Case] = {
    # the region file
    "not TOML": Case(appended(TOML, "x = [\n"), "PW101", At(TOML, r"^x = \["), "strings stand in quotes"),
    "region file in Latin-1": Case(rewritten(TOML, lambda c: c + b"# \xe9\n"), "PW101", TOML, "save the file as UTF-8"),
    "unknown key": Case(replaced(TOML, r"^as_of = ", "as_off = "), "PW104", At(TOML, "^as_off"), "did you mean `as_of`?"),
    "unknown key of a layer": Case(
        replaced(TOML, r"^fresh_days = 30$", "fresh_day = 30"), "PW104", At(TOML, "^fresh_day ="), "did you mean `fresh_days`?"),
    "missing key": Case(replaced(TOML, r"^crs = .*\n", ""), "PW103", f"{TOML}:1:1", "add `crs = …`"),
    "missing key of a table": Case(replaced(TOML, r"^need_by = .*\n", ""), "PW103", At(TOML, r"request\]"), "add `need_by = …`"),
    "unknown schema": Case(replaced(TOML, r"^schema = 1", "schema = 2"), "PW102", f"{TOML}:1:1", "should be 1"),
    "wrong type": Case(replaced(TOML, r"^mw = .*$", 'mw = "lots"'), "PW102", At(TOML, "^mw ="), "`request.mw` = 'lots'"),
    "no power asked for": Case(replaced(TOML, r"^mw = .*$", "mw = 0"), "PW102", At(TOML, "^mw ="), "greater than 0"),
    "infinite power": Case(replaced(TOML, r"^mw = .*$", "mw = inf"), "PW102", At(TOML, "^mw ="), "finite number"),
    "first block above the whole": Case(replaced(TOML, r"^first_mw = .*$", "first_mw = 900"), "PW102", At(TOML, "^first_mw"), "more than mw = 300"),
    "need before as_of": Case(replaced(TOML, r"^need_by = .*$", "need_by = 2020-01-01"), "PW102", At(TOML, "^need_by"), "not after as_of"),
    "month that is none": Case(replaced(TOML, r"^need_by = .*$", 'need_by = "2031-13"'), "PW102", At(TOML, "^need_by"), "month must be in 1..12"),
    "unknown cooling": Case(replaced(TOML, r"^cooling = .*$", 'cooling = "ice"'), "PW102", At(TOML, "^cooling"), "known: air-chiller"),
    "degrees": Case(replaced(TOML, "EPSG:32614", "EPSG:4326"), "PW303", At(TOML, "^crs"), "geographic, in degrees"),
    "feet": Case(replaced(TOML, "EPSG:32614", "EPSG:2264"), "PW303", At(TOML, "^crs"), "in US survey foot"),
    "unknown crs": Case(replaced(TOML, "EPSG:32614", "EPSG:99"), "PW303", At(TOML, "^crs"), "is not known"),
    "sites from nowhere": Case(
        replaced(TOML, r'^(path = "example/sites.csv"|around = .*)\n', "", 2), "PW103", At(TOML, r"sites\]"), "neither a path, nor around, nor grid"),
    # weights, value functions, requirements, criteria of one's own
    "negative weight": Case(weight("power = -1"), "PW106", At(TOML, "^power ="), "0 or more"),
    "NaN weight": Case(weight("power = nan"), "PW106", At(TOML, "^power ="), "finite number"),
    "all weights zero": Case(
        replaced(TOML, r"^(power|cost|water|noise|policy|proximity) = .*$", r"\1 = 0", 6), "PW106", At(TOML, r"weights\]"), "at least one subject"),
    "subject without a criterion": Case(
        replaced(TOML, r"^(months_late|on_time_if_permitted_probability) = .*$", r"\1 = 0", 2), "PW106", At(TOML, "^power ="), "no criterion in use"),
    "unknown subject": Case(weight("powr = 5"), "PW105", At(TOML, "^powr"), "did you mean `power`?"),
    "unknown value": Case(values("months_lat = [[0, 1], [9, 0]]"), "PW105", At(TOML, "^months_lat ="), "did you mean `months_late`?"),
    "level breakpoints": Case(values("months_late = [[0, 1], [0, 0]]"), "PW107", At(TOML, r"^months_late = \["), "must rise strictly"),
    "one breakpoint": Case(values("months_late = [[0, 1]]"), "PW107", At(TOML, r"^months_late = \["), "at least two points"),
    "value above one": Case(values("months_late = [[0, 2], [9, 0]]"), "PW107", At(TOML, r"^months_late = \["), "between 0 and 1"),
    "NaN breakpoint": Case(values("months_late = [[nan, 1], [9, 0]]"), "PW107", At(TOML, r"^months_late = \["), "not finite"),
    "unknown requirement": Case(replaced(TOML, r"^area_ha = ", "area_haa = "), "PW105", At(TOML, "^area_haa"), "did you mean `area_ha`?"),
    "requirement of nothing": Case(replaced(TOML, r"^area_ha = .*$", "area_ha = {}"), "PW102", At(TOML, "^area_ha"), "give it min, max or is"),
    "requirement nothing meets": Case(
        replaced(TOML, r"^area_ha = .*$", "area_ha = { min = 5, max = 1 }"), "PW102", At(TOML, "^area_ha"), "nothing is ≥ 5 and ≤ 1"),
    "criterion of no layer": Case(own(r'^layer = "transmission_lines"', 'layer = "transmission_line"'), "PW105",
                                  At(TOML, r"criteria\.line"), "did you mean `transmission_lines`?"),
    "criterion of no column": Case(own("voltage_kv_nominal >=", "voltage_kv_nominl >="), "PW203", At(TOML, r"criteria\.line"),
                                   "did you mean `voltage_kv_nominal`?"),
    "criterion without a radius": Case(own('"distance_km"', '"count_within"'), "PW103", At(TOML, r"criteria\.line"), "needs  within_km"),
    "criterion without a column": Case(own('"distance_km"', '"value_at"'), "PW103", At(TOML, r"criteria\.line"), "needs  column"),
    "criterion with a bad condition": Case(own("voltage_kv_nominal >= 230", "voltage_kv_nominal >"), "PW102",
                                           At(TOML, '^where = "voltage_kv_nominal'), "cannot read the condition"),
    "criterion with a taken name": Case(own(r"^\[criteria\.line_230_km\]", "[criteria.months_late]"), "PW105",
                                        At(TOML, r"criteria\.months_late"), "choose another name"),
    "around no layer": Case(
        replaced(TOML, r'layer = "points_of_interconnection", where', 'layer = "points_of_interconection", where'),
        "PW105", At(TOML, "^around"), "did you mean `points_of_interconnection`?"),
    "around a table": Case(
        replaced(TOML, r'layer = "points_of_interconnection", where = "[^"]*"', 'layer = "utilities"'),
        "PW307", At(TOML, "^around"), "has no geometry"),
    "a criterion of words as numbers": Case(
        replaced(TOML, r'^where = "voltage_kv_nominal >= 230"', 'where = "name >= 230"'),
        "PW102", At(TOML, "^where = .name"), "holds words"),
    "a site at 0, 0": Case(
        replaced(SITES, r",-98\.\d+,38\.\d+,", ",0,0,"), "PW304", At(SITES, ",0,0,", with_column=False), "1 of 10 rows"),
    "around no column": Case(where("voltage_kw >= 138"), "PW105", At(TOML, "where = .voltage_kw"), "did you mean `voltage_kv`?"),
    "around words as numbers": Case(where("name >= 138"), "PW102", At(TOML, "where = .name"), "holds words"),
    "half a condition": Case(where("voltage_kv >="), "PW102", At(TOML, "where = .voltage_kv >=."), "cannot read the condition"),
    "call in a condition": Case(where("open(1)"), "PW102", At(TOML, "where = .open"), "cannot read the condition"),
    "grid within no layer": Case(
        replaced(TOML, r"^around = .*$", 'grid = { cell_km = 1.0, within = "jurisdiction" }'), "PW105", At(TOML, "^grid"),
        "did you mean `jurisdictions`?"),
    # files
    "missing layer file": Case(removed(POLICY), "PW201", At(TOML, 'path = "example/policy'), "no file policy.csv"),
    "misspelt layer file": Case(replaced(TOML, "example/policy.csv", "example/polcy.csv"), "PW201", At(TOML, 'path = "example/polcy'),
                                "did you mean `policy.csv`?"),
    "wrong checksum": Case(replaced(TOML, r'^path = "example/policy\.csv"', 'path = "example/policy.csv"\nsha256 = "00"'), "PW210",
                           At(TOML, "^sha256"), "if it is right, set  sha256 = "),
    "mapped column that is absent": Case(
        replaced(TOML, r"^\[layers\.policy\]", '[layers.policy.columns]\ntrigger_mw = { from = "trigga_mw" }\n[layers.policy]'), "PW212",
        At(TOML, "^trigger_mw"), "did you mean `trigger_mw`?"),
    "header only": Case(header_only(POLICY), "PW204", f"{POLICY}:1:1", "has no rows"),
    "sites without a row": Case(header_only(SITES), "PW204", f"{SITES}:1:1", "has no rows"),
    "zero bytes": Case(written(POLICY, b""), "PW204", f"{POLICY}:1", "the file is empty"),
    "semicolons": Case(rewritten("example/utilities.csv", lambda c: c.replace(b",", b";")), "PW205", "example/utilities.csv:1:1", 'delimiter = ";"'),
    "not UTF-8": Case(written("example/utilities.csv", b"utility_id,name,kind\nu,caf\xe9,IOU\n"), "PW202", "example/utilities.csv:2",
                      "save the file as UTF-8"),
    "byte-order mark, then Latin-1": Case(written("example/utilities.csv", b"\xef\xbb\xbfutility_id,name,kind\nu,caf\xe9,IOU\n"), "PW202",
                                          "example/utilities.csv:2", "save the file as UTF-8"),
    "null bytes": Case(written(POLICY, b"a,b\x00\n"), "PW202", f"{POLICY}:1", "null bytes"),
    "ragged row": Case(replaced(SITES, r"^(ex-dune-road,.*)$", r"\1,more"), "PW207", At(SITES, "^ex-dune-road"), "26 cells, the header 25"),
    "unclosed quote": Case(appended(SITES, '"ex-open,abc\n'), "PW207", At(SITES, '^"ex-open'), "double quotes"),
    "column named twice": Case(replaced(SITES, "zoning_notes", "name"), "PW203", f"{SITES}:1", "two columns are called `name`"),
    "missing column": Case(replaced(NODES, "voltage_kv", "volts"), "PW203", f"{NODES}:1:1", "voltage_kv = { from ="),
    "not JSON": Case(written("example/tariffs.json", b"{"), "PW202", "example/tariffs.json", "layer `tariffs`"),
    "JSON without stacks": Case(written("example/tariffs.json", b"[]"), "PW202", "example/tariffs.json:1", "no list `stacks`"),
    "not Parquet": Case(both(written("example/r.parquet", b"PAR1"), instead_of_receptors("r.parquet")), "PW202", "example/r.parquet",
                        "layer `receptors`"),
    "not a GeoPackage": Case(both(written("example/r.gpkg", b"SQLite?"), instead_of_receptors("r.gpkg")), "PW202", "example/r.gpkg",
                             "layer `receptors`"),
    "GeoJSON that breaks off": Case(both(written("example/r.geojson", b'{"type": "FeatureCollection", "features": ['),
                                         instead_of_receptors("r.geojson")), "PW202", "example/r.geojson", "layer `receptors`"),
    # geometry
    "GeoParquet without a coordinate system": Case(receptors("r.parquet", None), "PW302", At(TOML, "path = .example/r.parquet"), 'crs = "EPSG:4326"'),
    "GeoPackage without a coordinate system": Case(receptors("r.gpkg", None), "PW302", At(TOML, "path = .example/r.gpkg"), 'crs = "EPSG:4326"'),
    "unknown coordinate system of a layer": Case(
        replaced(TOML, r'^path = "example/receptors.csv"', 'path = "example/receptors.csv"\ncrs = "EPSG:99"'), "PW302", At(TOML, '^crs = "EPSG:99"'),
        "unknown coordinate system"),
    "layer from elsewhere": Case(receptors("r.parquet", "EPSG:4326", lon=8.5), "PW304", "example/r.parquet", "swapped?"),
    "bad WKT": Case(replaced(OUTLINES, r"POLYGON \(\(", "POLYGON ("), "PW306", At(OUTLINES, '"POLYGON'), "longitude latitude order"),
    "lines for outlines": Case(replaced(OUTLINES, r"POLYGON \(\((.*?)\)\)", r"LINESTRING (\1)", 99), "PW307", f"{OUTLINES}:2", "not a polygon"),
    "lon and lat swapped": Case(replaced(SITES, "lon,lat", "lat,lon"), "PW304", f"{SITES}:2", "are lon and lat swapped?"),
    "site without a position": Case(replaced(SITES, r",-98\.205,38\.64,", ",,38.64,"), "PW301", At(SITES, "^ex-alder-north", with_column=False),
                                    "give it lon and lat"),
    "longitude off the globe": Case(replaced(SITES, r",-98\.205,", ",-981,"), "PW402", At(SITES, "-981"), "outside -180 … 180"),
    # cells
    "text in a number column": Case(replaced(NODES, r",230,", ",high,"), "PW401", At(NODES, "high,"), "write the number alone"),
    "thousands separator": Case(replaced(SITES, r",140,,by_right", ',"1,500",,by_right'), "PW401", At(SITES, '"1,500"'), "no thousands separators"),
    "duplicate site": Case(repeated(SITES), "PW404", f"{SITES}:12:1", "first in line 2"),
    "duplicate node": Case(repeated(NODES), "PW404", f"{NODES}:10:1", "first in line 2"),
    "empty id": Case(replaced(NODES, r"^ex-poi-birch,", ","), "PW405", At(NODES, "^,Birch"), "`poi_id` is empty"),
    "date in words": Case(replaced(POLICY, r",2026-03-01,", ",next May,"), "PW408", At(POLICY, "next May"), "YYYY-MM-DD"),
    "day that is none": Case(replaced(POLICY, r",2026-03-01,", ",2026-02-30,"), "PW408", At(POLICY, "2026-02-30"), "action_date: day "),
    "end before start": Case(replaced(POLICY, r",2027-03-01,", ",2020-03-01,"), "PW507", At(POLICY, "2020-03-01"), "not after the start"),
    "unknown unit": Case(
        replaced(TOML, r"^\[layers\.policy\]", '[layers.policy.columns]\ntrigger_mw = { from = "trigger_mw", unit = "parsec" }\n[layers.policy]'),
        "PW407", f"{POLICY}:1:1", "known: GW, MW, kW"),
    "P90 below P50": Case(replaced("example/time_to_power.csv", r",9,14,", ",14,9,"), "PW411", At("example/time_to_power.csv", "9,,,,,tso"),
                          "not quantiles of one duration"),
    "day of 23 hours": Case(replaced(CLIMATE, r"profile,peak_tdb,(\d+),5,", r"profile,peak_tdb,\1,6,"), "PW414", At(CLIMATE, r"(?<=profile,peak_tdb,\d,)1,"), "has not its 24 hours"),
    "site at an unknown node": Case(replaced(SITES, r",ex-poi-fern,open,", ",ex-poi-frn,open,"), "PW409", At(SITES, "ex-poi-frn"),
                                    "did you mean `ex-poi-fern`?"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed_once: None) -> Path:
    """A copy of the example region, and the working directory beside it."""
    del computed_once
    shutil.copy(REPOSITORY / "regions/example.toml", tmp_path)
    shutil.copytree(REPOSITORY / "regions/example", tmp_path / "example")
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("name", SPOILT)
def test_bad_input_is_a_finding_with_its_place_and_leaves_nothing_behind(
    name: str, folder: Path
) -> None:
    case = SPOILT[name]
    case.spoil(folder)
    place = case.place.found(folder) if isinstance(case.place, At) else case.place
    before = files(folder)
    scored = CliRunner().invoke(app, ["score", "example.toml", "-o", "out.csv"])
    assert scored.exit_code == 2, scored.output
    assert scored.stdout == ""
    reported = re.findall(
        rf"^error\[{case.code}\]: .*\n  --> (.+)\n(?:.*\n)*?(?=error\[|\d+ error)",
        scored.stderr,
        re.MULTILINE,
    )
    assert place in reported, scored.stderr
    assert case.words in scored.stderr
    assert "Traceback" not in scored.stderr
    assert files(folder) == before


#: The first bad input of each code.
FIRST = {case.code: name for name, case in reversed(SPOILT.items())}


@pytest.mark.parametrize("name", sorted(FIRST.values()))
def test_check_reports_bad_input_at_the_same_place_as_score(name: str, folder: Path) -> None:
    case = SPOILT[name]
    case.spoil(folder)
    place = case.place.found(folder) if isinstance(case.place, At) else case.place
    checked = CliRunner().invoke(app, ["check", "example.toml", "--all"])
    assert checked.exit_code == (2 if case.code == "PW101" else 1), checked.output
    assert f"error[{case.code}]" in checked.stdout
    assert f"--> {place}\n" in checked.stdout
    assert checked.stderr == ""


def test_every_bad_input_of_the_table_has_a_code_that_is_explained() -> None:
    assert {case.code for case in SPOILT.values()} <= set(CODES)


def test_most_codes_that_are_errors_are_met_by_the_table() -> None:
    met = {case.code for case in SPOILT.values()} | {case.code for case in WARNED.values()}
    beyond = {code for code in CODES if code[2] in "1234"} - met
    # regions that differ, staleness, provenance, infinite cells and networks are tested where they belong
    assert beyond <= {"PW109", "PW110", "PW208", "PW209", "PW402", "PW410", "PW412", "PW413"}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("verb", ["score", "check", "explain"])
def test_a_missing_region_file_is_named_and_exits_two(verb: str) -> None:
    result = CliRunner().invoke(
        app, [verb, "exampel.toml", *(["ex-elm-switch"] if verb == "explain" else [])]
    )
    assert result.exit_code == 2
    assert "error[PW101]: no region file exampel.toml\n  --> exampel.toml\n" in result.output
    assert "did you mean `example`?" in result.output


@pytest.mark.usefixtures("folder")
def test_a_folder_is_no_region_file() -> None:
    result = CliRunner().invoke(app, ["score", "."])
    assert result.exit_code == 2
    assert "PW101" in result.stderr


def test_faults_of_several_files_are_all_reported_in_one_run(folder: Path) -> None:
    for name in ("text in a number column", "duplicate site", "missing layer file", "bad WKT"):
        SPOILT[name].spoil(folder)
    result = CliRunner().invoke(app, ["score", "example.toml"])
    assert result.exit_code == 2
    assert set(re.findall(r"error\[(PW\d{3})\]", result.stderr)) == {
        "PW401",
        "PW404",
        "PW201",
        "PW306",
    }
    assert result.stderr.rstrip().endswith("4 errors")


def test_faults_of_one_region_file_are_all_reported_in_one_run(folder: Path) -> None:
    for name in ("unknown key", "wrong type", "missing key", "unknown key of a layer"):
        SPOILT[name].spoil(folder)
    result = CliRunner().invoke(app, ["score", "example.toml"])
    assert re.findall(r"error\[(PW\d{3})\]", result.stderr) == ["PW102", "PW103", "PW104", "PW104"]


def test_faults_of_several_weights_and_values_are_all_reported_in_one_run(folder: Path) -> None:
    for name in ("negative weight", "unknown value", "unknown requirement"):
        SPOILT[name].spoil(folder)
    result = CliRunner().invoke(app, ["score", "example.toml"])
    assert re.findall(r"error\[(PW\d{3})\]", result.stderr) == ["PW105", "PW105", "PW106"]


def test_faults_of_two_regions_are_reported_together(folder: Path) -> None:
    shutil.copy("example.toml", "other.toml")
    SPOILT["unknown key"].spoil(folder)
    replaced("other.toml", "EPSG:32614", "EPSG:4326")(folder)
    result = CliRunner().invoke(app, ["score", "example.toml", "other.toml"])
    assert result.exit_code == 2
    assert re.findall(r"error\[(PW\d{3})\]", result.stderr) == ["PW104", "PW303"]


@pytest.mark.usefixtures("folder")
def test_a_region_named_twice_is_refused() -> None:
    result = CliRunner().invoke(app, ["score", "example.toml", "example.toml"])
    assert result.exit_code == 2
    assert "error[PW603]: two of the regions are called `example`" in result.stderr


WARNED: dict[str, Case] = {
    "byte-order mark": Case(rewritten(SITES, lambda content: b"\xef\xbb\xbf" + content), "PW206", f"{SITES}:1:1", "byte-order mark"),
    "sentinel": Case(replaced(NODES, r",230,", ",-9999,"), "PW403", At(NODES, "-9999"), "nodata = [-9999.0]"),
    "unknown word": Case(replaced(SITES, r",by_right,", ",by_wright,"), "PW406", At(SITES, "by_wright"), "did you mean `by_right`?"),
    "crossed outline": Case(replaced(OUTLINES, r"POLYGON \(\((\S+ \S+), (\S+ \S+), (\S+ \S+), ", r"POLYGON ((\1, \3, \2, "), "PW305",
                            f"{OUTLINES}:2", "`us-ks-example` crossed itself and was repaired"),
    "alias of a layer": Case(replaced(TOML, r"^\[layers\.water_systems\]", "[layers.water_utilities]"), "PW211",
                             At(TOML, r"layers\.water_utilities"), "`water_systems`"),
    "half a value function": Case(values("months_late = [[0, 0.9], [60, 0.1]]"), "PW108", At(TOML, r"^months_late = \["), "from 0.1 to 0.9"),
    "turned value function": Case(values("months_late = [[0, 0], [60, 1]]"), "PW107", At(TOML, r"^months_late = \["), "against its direction"),
    "value out of range": Case(replaced("example/noise_rules.csv", r"22:00,60,", "22:00,-60,"), "PW402", At("example/noise_rules.csv", "-60"), "limit_db = -60"),
    "generated file without a checksum": Case(as_parquet("example/policy.csv"), "PW213", At(TOML, r"layers\.policy\]"), 'sha256 = "'),
    "infinite number": Case(replaced(NODES, r",230,", ",inf,"), "PW410", At(NODES, "inf,-98"), "counts as unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNED)
def test_what_only_warns_still_ranks_and_check_shows_its_place(name: str, folder: Path) -> None:
    case = WARNED[name]
    case.spoil(folder)
    place = case.place.found(folder) if isinstance(case.place, At) else case.place
    scored = CliRunner().invoke(app, ["score", "example.toml", "--format", "csv", "-o", "out.csv"])
    assert scored.exit_code == 0, scored.output
    assert "ex-alder-north" in scored.stdout
    assert (folder / "out.csv").read_text(encoding="utf-8") == scored.stdout
    assert "on reading; powerwall check shows them" in scored.stderr
    checked = CliRunner().invoke(app, ["check", "example.toml", "--all"])
    assert checked.exit_code == 0
    shown = re.findall(
        rf"^warning\[{case.code}\]: (.*)\n  --> (.+)\n(?:.*\n)*?(?=warning\[|example\.toml: )",
        checked.stdout,
        re.MULTILINE,
    )
    assert place in {where for _, where in shown}, checked.stdout
    assert case.words in checked.stdout


def test_a_sentinel_is_exactly_an_empty_cell(folder: Path) -> None:
    def ranking() -> str:
        return CliRunner().invoke(app, ["score", "example.toml", "--format", "csv"]).stdout

    whole = ranking()
    replaced(NODES, r",420,utility_letter,", ",-9999,utility_letter,")(folder)
    read_as_sentinel = ranking()
    replaced(NODES, r",-9999,utility_letter,", ",,utility_letter,")(folder)
    assert ranking() == read_as_sentinel
    assert read_as_sentinel != whole


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("out.xyz", "no format `.xyz`"),
        ("out.csvv", "did you mean `csv`?"),
        ("out", "known: csv"),
        ("nowhere/out.csv", "create it first"),
        ("example.csv", "is a folder"),
        ("example/sites.csv", "is the layer `sites` of example"),
        ("example/../example/tariffs.json", "is the layer `tariffs` of example"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_written(
    target: str, words: str, folder: Path
) -> None:
    (folder / "example.csv").mkdir()
    before = files(folder)
    layers = (folder / SITES).read_bytes()
    result = CliRunner().invoke(app, ["score", "example.toml", "-o", "good.csv", "-o", target])
    assert result.exit_code == 2
    assert "error[PW601]" in result.stderr
    assert words in result.stderr
    assert result.stdout == ""
    assert files(folder) == before
    assert (folder / SITES).read_bytes() == layers


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mw", "0"], "is not a positive number"),
        (["--mw", "nan"], "is not a positive number"),
        (["--mw", "inf"], "is not a positive number"),
        (["--mw", "lots"], "--mw"),
        (["--first-mw", "-1"], "is not a positive number"),
        (["--first-mw", "500"], "--first-mw 500 is more than --mw 300"),
        (["--need-by", "soon"], "write YYYY-MM or YYYY-MM-DD"),
        (["--need-by", "2031-02-30"], "is not a date"),
        (["--need-by", "2020-01"], "not after the as-of date 2026-08-22"),
        (["--as-of", "2031-01-01"], "not after the as-of date 2031-01-01"),
        (["-w", "power"], "write NAME=X"),
        (["-w", "power=-1"], "0 or more"),
        (["-w", "power=nan"], "0 or more"),
        (["-w", "power=inf"], "0 or more"),
        (["-w", "powr=1"], "did you mean `power`?"),
        (["-w", "months_lat=1"], "did you mean `months_late`?"),
        (["--format", "xml"], "none of table, csv, json, geojson, md"),
        (["--unknown", "best"], "none of neutral, worst"),
        (["--top", "0"], "--top"),
        (["--seed", "-1"], "--seed"),
        (["--fromat", "csv"], "--format"),
    ],
)
def test_a_bad_option_exits_two_and_says_which(
    arguments: list[str], words: str, folder: Path
) -> None:
    before = files(folder)
    result = CliRunner().invoke(app, ["score", "example.toml", "-o", "out.csv", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert files(folder) == before


def test_a_date_beyond_the_calendar_is_no_crash(folder: Path) -> None:
    replaced(TOML, r"^need_by = .*$", "need_by = 9999-12-31")(folder)
    replaced(TOML, r"^horizon = .*$", "horizon = 9999-12-31")(folder)
    result = CliRunner().invoke(app, ["score", "example.toml", "--as-of", "9999-01"])
    assert result.exit_code == 0, result.output
    assert "∞" in result.stdout


def test_a_name_over_two_lines_stays_on_one_line_of_markdown(folder: Path) -> None:
    replaced(SITES, r",Alder North,", ',"Alder | A\nNorth",')(folder)
    result = CliRunner().invoke(app, ["score", "example.toml", "--format", "md"])
    assert r"| Alder \| A North |" in result.stdout
