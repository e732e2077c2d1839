"""Bad input ends in a clear finding with its place, exit 2 (1 from `check`), and nothing half-written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from powerwall.cli import app

REPOSITORY = Path(__file__).resolve().parents[2]


def replaced(name: str, pattern: str, text: str, count: int = 1) -> Callable[[Path], None]:
    """Spoil a file of the example region by one substitution."""

    def spoil(folder: Path) -> None:
        path = folder / name
        before = path.read_text(encoding="utf-8")
        after = re.sub(pattern, text, before, count=count, flags=re.MULTILINE)
        assert after != before, f"nothing to spoil in {name}"
        path.write_text(after, encoding="utf-8")

    return spoil


def appended(name: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return spoil


def written(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def header_only(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")

    return spoil


def semicolons(folder: Path) -> None:
    path = folder / "example/utilities.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")


def repeated(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([*lines, lines[1]]), encoding="utf-8")

    return spoil


def without_crs(folder: Path) -> None:
    """A GeoParquet that does not say its coordinate system, in the place of the receptors."""
    frame = gpd.GeoDataFrame({"receptor_id": ["r"], "kind": ["x"]}, geometry=gpd.points_from_xy([-98.2], [38.6]))
    frame.to_parquet(folder / "example/receptors.parquet")
    replaced("example.toml", r"example/receptors\.csv", "example/receptors.parquet")(folder)


def lines_for_outlines(folder: Path) -> None:
    replaced("example/jurisdictions.csv", r"POLYGON \(\((.*?)\)\)", r"LINESTRING (\1)", 99)(folder)


SITES, TOML = "example/sites.csv", "example.toml"
NODES = "example/points_of_interconnection.csv"
#: What is wrong → (how it is spoilt, code, where it is reported).
SPOILT: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "not TOML": (appended(TOML, "x = [\n"), "PW101", r"example\.toml:\d+:\d+"),
    "unknown key": (replaced(TOML, r"^as_of = ", "as_off = "), "PW104", r"example\.toml:\d+:1"),
    "missing key": (replaced(TOML, r"^crs = .*$", ""), "PW103", r"example\.toml:1:1"),
    "wrong type": (replaced(TOML, r"^mw = .*$", 'mw = "lots"'), "PW102", r"example\.toml:\d+:1"),
    "negative weight": (replaced(TOML, r"^power = .*$", "power = -1"), "PW106", r"example\.toml:\d+:1"),
    "NaN weight": (replaced(TOML, r"^power = .*$", "power = nan"), "PW106", r"example\.toml:\d+:1"),
    "unknown subject": (replaced(TOML, r"^power = .*$", "powr = 5"), "PW105", r"example\.toml:\d+:1"),
    "unknown value": (appended(TOML, "\n[values]\nmonths_lat = [[0, 1], [9, 0]]\n"), "PW105", r"example\.toml:\d+:1"),
    "flat breakpoints": (appended(TOML, "\n[values]\nmonths_late = [[0, 1], [0, 0]]\n"), "PW107", r"example\.toml:\d+:1"),
    "unknown requirement": (replaced(TOML, r"^area_ha = ", "area_haa = "), "PW105", r"example\.toml:\d+:1"),
    "degrees": (replaced(TOML, r"EPSG:32614", "EPSG:4326"), "PW303", r"example\.toml:\d+:1"),
    "feet": (replaced(TOML, r"EPSG:32614", "EPSG:2264"), "PW303", r"example\.toml:\d+:1"),
    "unknown crs": (replaced(TOML, r"EPSG:32614", "EPSG:99"), "PW303", r"example\.toml:\d+:1"),
    "missing layer": (lambda folder: (folder / "example/policy.csv").unlink(), "PW201", r"example\.toml:\d+:1"),
    "empty layer": (header_only("example/policy.csv"), "PW204", r"policy\.csv:1"),
    "zero bytes": (written("example/policy.csv", b""), "PW204", r"policy\.csv:1"),
    "semicolons": (semicolons, "PW205", r"utilities\.csv:1:1"),
    "not UTF-8": (written("example/utilities.csv", b"utility_id,name,kind\nu,caf\xe9,IOU\n"), "PW202", r"utilities\.csv:2"),
    "text in numbers": (replaced(NODES, r",230(\.0)?,", ",high,"), "PW401", rf"{NODES}:\d+:\d+"),
    "thousands": (replaced(SITES, r",\d+(\.\d+)?,([\d.]*),by_right", r',"1,500",\2,by_right'), "PW401", rf"{SITES}:\d+:\d+"),
    "duplicate site": (repeated(SITES), "PW404", rf"{SITES}:12:1"),
    "duplicate node": (repeated(NODES), "PW404", rf"{NODES}:\d+:1"),
    "empty id": (replaced(NODES, r"^ex-poi-birch,", ","), "PW405", rf"{NODES}:\d+:1"),
    "ragged row": (replaced(SITES, r"^(ex-dune-road,.*)$", r"\1,more"), "PW207", rf"{SITES}:\d+:1"),
    "missing column": (replaced(NODES, r"voltage_kv", "volts"), "PW203", rf"{NODES}:1:1"),
    "bad WKT": (replaced("example/jurisdictions.csv", r"POLYGON \(\(", "POLYGON ("), "PW306", r"jurisdictions\.csv:2:\d+"),
    "wrong geometry": (lines_for_outlines, "PW307", r"jurisdictions\.csv:2"),
    "swapped lon and lat": (replaced(SITES, r"lon,lat", "lat,lon"), "PW304", rf"{SITES}:\d+"),
    "no crs": (without_crs, "PW302", r"example\.toml:\d+:1"),
    "bad date": (replaced("example/policy.csv", r",2026-\d\d-\d\d,", ",next May,"), "PW408", r"policy\.csv:\d+:\d+"),
    "unknown unit": (
        replaced(TOML, r"^\[layers\.policy\]", '[layers.policy.columns]\ntrigger_mw = { from = "trigger_mw", unit = "parsec" }\n[layers.policy]'),
        "PW407", r"policy\.csv:1:1",
    ),
    "not JSON": (written("example/tariffs.json", b"{"), "PW202", r"tariffs\.json"),
    "not Parquet": (
        lambda folder: (written("example/r.parquet", b"PAR1")(folder), replaced(TOML, r"example/receptors\.csv", "example/r.parquet")(folder)) and None,
        "PW202", r"r\.parquet",
    ),
    "need before as_of": (replaced(TOML, r"^need_by = .*$", "need_by = 2020-01-01"), "PW102", r"example\.toml:\d+:1"),
    "around nothing": (replaced(TOML, r'layer = "points_of_interconnection", where', 'layer = "nodes", where'), "PW105", r"example\.toml:\d+:\d+"),
    "bad condition": (replaced(TOML, r'where = "voltage_kv >= 138"', 'where = "voltage_kv >="'), "PW102", r"example\.toml:\d+:\d+"),
    "call in a condition": (replaced(TOML, r'where = "voltage_kv >= 138"', 'where = "open(1)"'), "PW102", r"example\.toml:\d+:\d+"),
    "criterion of nothing": (replaced(TOML, r'^layer = "transmission_lines"', 'layer = "lines"'), "PW105", r"example\.toml:\d+:\d+"),
    "unknown cooling": (replaced(TOML, r"^cooling = .*$", 'cooling = "ice"'), "PW102", r"example\.toml:\d+:1"),
    "taken name": (replaced(TOML, r"^\[criteria\.line_230_km\]", "[criteria.months_late]"), "PW105", r"example\.toml:\d+:\d+"),
    "p90 below p50": (replaced("example/time_to_power.csv", r",9,14,", ",14,9,"), "PW411",
                      r"time_to_power\.csv:\d+:\d+"),
    "unknown node": (replaced(SITES, r",(us-ks-\w+|),ex-poi-\w+,(open|contested|unknown),", r",\1,ex-poi-brich,\2,"), "PW409", rf"{SITES}:\d+:\d+"),
    "end before start": (replaced("example/policy.csv", r",2027-03-01,", ",2020-03-01,"), "PW507", r"policy\.csv:\d+:\d+"),
    "wrong checksum": (replaced(TOML, r'^path = "example/policy\.csv"', 'path = "example/policy.csv"\nsha256 = "00"'), "PW210", r"example\.toml:\d+:1"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example region, and the working directory beside it."""
    shutil.copy(REPOSITORY / "regions/example.toml", tmp_path)
    shutil.copytree(REPOSITORY / "regions/example", tmp_path / "example")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SPOILT)
def test_bad_input_is_a_finding_with_its_place_and_leaves_nothing_behind(name: str, folder: Path) -> None:
    spoil, code, place = SPOILT[name]
    spoil(folder)
    before = sorted(folder.iterdir())
    runner = CliRunner()
    scored = runner.invoke(app, ["score", "example.toml", "-o", "out.csv"])
    assert scored.exit_code == 2, scored.output
    assert scored.stdout == ""
    assert f"[{code}]" in scored.stderr
    assert re.search(rf"--> (\S*/)?{place}", scored.stderr), scored.stderr
    assert "Traceback" not in scored.output
    assert sorted(folder.iterdir()) == before
    checked = runner.invoke(app, ["check", "example.toml"])
    assert checked.exit_code == (2 if code == "PW101" else 1), checked.output
    assert f"[{code}]" in checked.stdout


def test_there_are_more_than_twenty_bad_inputs() -> None:
    assert len(SPOILT) >= 20


def test_a_missing_region_file_is_named_and_exits_two(folder: Path) -> None:
    for verb in ("score", "check"):
        result = CliRunner().invoke(app, [verb, "exampel.toml"])
        assert result.exit_code == 2
        assert "did you mean `example`?" in result.output


def test_several_faults_are_all_reported_at_once(folder: Path) -> None:
    for name in ("text in numbers", "duplicate site", "missing layer", "bad WKT"):
        SPOILT[name][0](folder)
    result = CliRunner().invoke(app, ["score", "example.toml"])
    assert {"PW401", "PW404", "PW201", "PW306"} <= set(re.findall(r"PW\d{3}", result.stderr))


WARNED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "byte-order mark": (
        lambda folder: (folder / SITES).write_bytes(b"\xef\xbb\xbf" + (folder / SITES).read_bytes()) and None, "PW206", rf"{SITES}:1:1",
    ),
    "sentinel": (replaced(NODES, r",230(\.0)?,", ",-9999,"), "PW403", rf"{NODES}:\d+:\d+"),
    "unknown word": (replaced(SITES, r",by_right,", ",by_wright,"), "PW406", rf"{SITES}:\d+:\d+"),
    "crossed outline": (
        replaced("example/jurisdictions.csv", r"POLYGON \(\((\S+ \S+), (\S+ \S+), (\S+ \S+), ", r"POLYGON ((\1, \3, \2, "),
        "PW305", r"jurisdictions\.csv:2",
    ),
    "alias": (replaced(TOML, r"^\[layers\.water_systems\]", "[layers.water_utilities]"), "PW211", r"example\.toml:\d+:\d+"),
    "half a value function": (appended(TOML, "\n[values]\nmonths_late = [[0, 0.9], [60, 0.1]]\n"), "PW108", r"example\.toml:\d+:1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNED)
def test_what_only_warns_still_ranks_and_check_shows_it(name: str, folder: Path) -> None:
    spoil, code, place = WARNED[name]
    spoil(folder)
    assert CliRunner().invoke(app, ["score", "example.toml"]).exit_code == 0
    checked = CliRunner().invoke(app, ["check", "example.toml", "--all"])
    assert checked.exit_code == 0
    assert re.search(rf"warning\[{code}\][^\[]*--> (\S*/)?{place}", checked.stdout), checked.stdout
    assert CliRunner().invoke(app, ["check", "example.toml", "--strict"]).exit_code == 1


@pytest.mark.parametrize("target", ["out.xyz", "nowhere/out.csv"])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_computed(target: str, folder: Path) -> None:
    result = CliRunner().invoke(app, ["score", "example.toml", "-o", "good.csv", "-o", target])
    assert result.exit_code == 2
    assert "PW601" in result.stderr
    assert not (folder / "good.csv").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--mw", "0"], ["--mw", "nan"], ["--need-by", "soon"], ["-w", "power"], ["-w", "power=-1"], ["--format", "xml"],
     ["--unknown", "best"], ["--top", "0"], ["--need-by", "2020-01"], ["-w", "powr=1"]],
)  # fmt: skip
def test_bad_options_exit_two(arguments: list[str], folder: Path) -> None:
    result = CliRunner().invoke(app, ["score", "example.toml", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
