"""The other verbs: every number of a site, every finding of a region, the registry, a new region."""

from __future__ import annotations

import io
import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.criterion import registry
from powerwall.output.explain import print_site
from powerwall.ranking.whatif import bottleneck, changes, target
from powerwall.region.findings import CODES

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = "regions/example.toml"


@pytest.fixture(autouse=True)
def _in_repository(monkeypatch: pytest.MonkeyPatch, computed_once: None) -> None:
    del computed_once
    monkeypatch.chdir(REPOSITORY)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example region, and the working directory beside it."""
    shutil.copy(REPOSITORY / EXAMPLE, tmp_path)
    shutil.copytree(REPOSITORY / "regions/example", tmp_path / "example")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def example():
    """The example region, its measures and its ranking."""
    region = pw.read(REPOSITORY / EXAMPLE)
    measures = pw.measure(region)
    return region, measures, pw.rank(region, measures)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result.stdout


# ------------------------------------------------------------------------------------- explain
def page(ranking, site: str) -> str:
    """What explain prints of a site, through the library."""
    to = Console(file=io.StringIO(), width=200, highlight=False, color_system=None)
    print_site(ranking, site, to)
    return to.file.getvalue()


@pytest.fixture(scope="module")
def explained() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        patch.delenv("COLUMNS", raising=False)
        return run("explain", EXAMPLE, "ex-hazel-farm")


def test_explain_shows_every_criterion_with_its_measure_value_and_points(explained, example):
    _, _, ranking = example
    numbers = explained.split("contributions add up to")[0]
    rows = {line.split()[0]: line.split() for line in numbers.splitlines() if "   " in line and line.split()}  # fmt: skip
    assert set(registry()) | {"line_230_km"} <= set(rows)
    for name, weight in ranking.settings.weights.criteria.items():
        if weight > 0:
            gained = ranking.contributions[name]["ex-hazel-farm"]
            assert {f"{100 * weight:.1f}", f"{gained:.2f}", f"{100 * weight - gained:.2f}"} <= set(rows[name])  # fmt: skip


def test_the_points_that_explain_prints_add_up_to_the_score_it_prints(explained, example):
    _, _, ranking = example
    points = [float(f"{p:.2f}") for n, p in ranking.contributions.loc["ex-hazel-farm"].items()
              if ranking.settings.weights.criteria[n] > 0]  # fmt: skip
    score = float(re.search(r"rank 4 of 9, score ([\d.]+) ", explained)[1])
    total = float(re.search(r"contributions add up to ([\d.]+)", explained)[1])
    assert score == total == pytest.approx(ranking.frame["score"]["ex-hazel-farm"], abs=0.005)
    assert sum(points) == pytest.approx(total, abs=0.005 * (len(points) + 1))


def test_explain_gives_the_source_of_every_number_that_has_one(explained, example):
    _, measures, _ = example
    sources = explained.split("where the numbers come from")[1]
    for name, frame in measures.items():
        row = frame.loc["ex-hazel-farm"]
        line = next(line for line in sources.splitlines() if re.search(rf"\b{name}\b.*?: ", line))
        for part in ("source", "as_of", "row"):
            if isinstance(row[part], str) and row[part]:
                assert row[part] in line, (name, part)


def test_explain_says_why_an_unknown_is_unknown(example):
    text = page(example[2], "ex-iris-corner")
    assert "no power plan: no point of interconnection of the needed voltage" in text
    assert "unranked, score" in text
    assert re.search(r"delivered_cost_usd_per_mwh: .*no tariff stack for this site", text)


def test_explain_as_json_holds_what_the_ranking_holds(example):
    _, _, ranking = example
    record = json.loads(run("explain", EXAMPLE, "ex-hazel-farm", "--format", "json"))
    assert record["site_id"] == "ex-hazel-farm"
    assert set(record["criteria"]) == set(ranking.criteria)
    parts = sum(entry.get("contribution", 0) for entry in record["criteria"].values())
    assert parts == pytest.approx(record["score"], abs=1e-5)
    assert all("unit" in entry for entry in record["criteria"].values())
    assert all(
        "why" in entry
        for entry in record["criteria"].values()
        if "measure" not in entry and "bound" not in entry
    )


def test_explain_takes_a_part_of_a_name_that_only_one_site_has(explained, example):
    assert run("explain", EXAMPLE, "hazel farm") == explained
    assert page(example[2].with_draws(4096), "ex-hazel-farm") == explained


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("ex-elm-swich", "did you mean `ex-elm-switch`?"),
        ("near", "fits 7 sites"),
        ("zzzz", "no site `zzzz`"),
    ],
)
def test_explain_of_no_site_says_which_may_be_meant(wanted, words):
    result = CliRunner().invoke(app, ["explain", EXAMPLE, wanted])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr


def test_explain_answers_for_the_request_of_its_options(explained):
    text = run("explain", EXAMPLE, "ex-hazel-farm", "--need-by", "2036-01", "-w", "cost=0")
    assert re.search(r"months_late +−", text)
    assert re.search(r"delivered_cost_usd_per_mwh .* 0 ", text)
    assert text != explained


def put_back(measures, criterion: str, site: str, value: float):
    """The measures with one number changed, known to the last digit."""
    frame = measures[criterion].copy()
    frame.loc[site, ["value", "low", "high"]] = value
    return pw.Measures(measures.criteria, {**measures.frames, criterion: frame})


def test_what_would_have_to_be_true_is_true_when_it_is_put_back(example):
    region, measures, ranking = example
    tried = 0
    for site in ranking.frame.index[1:6]:
        above = target(ranking, site, 2)
        for change in changes(ranking, site, above):
            if np.isnan(change.needed):
                continue
            tried += 1
            again = pw.rank(region, put_back(measures, change.criterion, site, change.needed)).frame
            assert again["score"][site] > ranking.frame["score"][above], (site, change)
            assert again["score"][above] == ranking.frame["score"][above]
            if not np.isnan(change.value):
                short = change.value + 0.9 * (change.needed - change.value)
                less = pw.rank(region, put_back(measures, change.criterion, site, short)).frame
                assert less["score"][site] < ranking.frame["score"][above], (site, change)
    assert tried > 10


def test_a_change_said_to_be_out_of_reach_fails_even_at_the_best_value(example):
    region, measures, ranking = example
    site = "ex-alder-north"
    above = target(ranking, site, 2)
    hopeless = [c.criterion for c in changes(ranking, site, above) if np.isnan(c.needed)]
    assert "policy_success_probability" in hopeless
    for name in hopeless:
        best = max(ranking.settings.values[name], key=lambda point: point[1])[0]
        again = pw.rank(region, put_back(measures, name, site, best)).frame
        assert again["score"][site] <= ranking.frame["score"][above]


def test_the_leader_and_an_unranked_site_have_nobody_to_pass(example):
    _, _, ranking = example
    assert target(ranking, ranking.frame.index[0], 2) is None
    assert target(ranking, "ex-iris-corner", 2) is None
    assert "to pass" not in page(ranking, ranking.frame.index[0])
    assert "to pass" not in page(ranking, "ex-iris-corner")


def test_explain_prints_the_bottleneck_and_the_changes_that_would_do(explained, example):
    _, _, ranking = example
    name, lost = bottleneck(ranking, "ex-hazel-farm")
    assert f"bottleneck: {name}, {lost:.1f} points lost" in explained
    above = target(ranking, "ex-hazel-farm", 2)
    tail = explained.split(f"({above}), one of these alone would do, all else unchanged:\n")[1]
    assert [line.split(":")[0].strip() for line in tail.splitlines()] == [
        change.criterion for change in changes(ranking, "ex-hazel-farm", above)
    ]


def test_an_unknown_measure_is_printed_as_one_and_never_as_zero(example):
    text = page(example[2], "near-ex-poi-birch")
    row = next(line for line in text.splitlines() if line.startswith("area_ha"))
    assert row.split()[1] == "?"
    assert row.rstrip().endswith("unknown")


# --------------------------------------------------------------------------------------- check
def test_check_groups_findings_by_code_and_says_how_many_follow(folder):
    path = folder / "example/points_of_interconnection.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r",(600|1200),(\d+),", r",-9999,-9999,", text).replace(",50,us-ks", ",-9999,us-ks"), encoding="utf-8")  # fmt: skip
    short = run("check", "example.toml", "--today", "2026-08-23")
    assert short.count("warning[PW403]") == 3
    more = int(re.search(r"… and (\d+) more PW403; --all shows them", short)[1])
    whole = run("check", "example.toml", "--today", "2026-08-23", "--all")
    assert whole.count("warning[PW403]") == 3 + more
    assert "--all shows them" not in whole
    codes = re.findall(r"warning\[(PW\d+)\]", whole)
    assert codes == sorted(codes)


def test_check_prints_the_most_severe_last_and_counts_them(folder):
    (folder / "example/policy.csv").unlink()
    path = folder / "example/points_of_interconnection.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",1200,", ",-9999,"), encoding="utf-8")
    text = run("check", "example.toml", code=1)
    severities = re.findall(r"^(error|warning|note)\[", text, re.MULTILINE)
    assert severities == sorted(severities, key=["note", "warning", "error"].index)
    warnings, notes = severities.count("warning"), severities.count("note")
    told = f"{notes} note{'s' * (notes != 1)}"
    assert text.endswith(f"example.toml: 1 error, {warnings} warnings, {told}\n")


def test_strict_turns_warnings_into_a_failure():
    run("check", EXAMPLE, "--today", "2026-08-23")
    run("check", EXAMPLE, "--today", "2026-08-23", "--strict", code=1)


def test_a_layer_ages_by_the_day_that_is_named_and_only_in_check():
    region = pw.read(EXAMPLE)
    fresh = run("check", EXAMPLE, "--today", "2026-08-23", "--all")
    assert "PW208" not in fresh
    late = run("check", EXAMPLE, "--today", "2046-01-01", "--all")
    stale = set(re.findall(r"warning\[PW208\]: layer `(\w+)` is \d+ days old", late))
    assert stale == {name for name, layer in region.layers.items() if layer.fresh_days}
    one = run("check", EXAMPLE, "--today", "2026-09-11", "--all")
    assert re.findall(r"\[PW208\]: (.*)", one) == ["layer `policy` is 31 days old, fresh for 30"]


@pytest.mark.usefixtures("folder")
def test_check_of_several_regions_takes_the_worst_of_their_exit_codes():
    shutil.copy("example.toml", "other.toml")
    other = Path("other.toml")
    other.write_text(other.read_text().replace("mw = 300", "mw = -1", 1))
    text = run("check", "example.toml", "other.toml", code=1)
    assert "example.toml: " in text
    assert "other.toml: 1 error" in text
    other.write_text("x = [\n")
    run("check", "other.toml", "example.toml", code=2)


def test_check_explains_every_code():
    for code, (title, text) in CODES.items():
        printed = run("check", "--explain", code).replace("\n", " ")
        assert printed.startswith(f"{code}: {title} ")
        assert text in printed


@pytest.mark.parametrize("arguments", [["check"], ["check", "--explain", "PW999"],
                                       ["check", EXAMPLE, "--today", "soon"]])  # fmt: skip
def test_check_without_a_question_exits_two(arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Invalid value" in result.stderr


# ------------------------------------------------------------------------------------ criteria
def test_criteria_lists_the_registry_in_order_with_unit_and_weight():
    rows = [line.split() for line in run("criteria").splitlines()]
    listed = [(row[1], row[2], row[3]) for row in rows if len(row) > 4 and row[1] in registry()]
    assert listed == [(name, item.unit, f"{item.weight:g}") for name, item in registry().items()]


def test_criteria_describes_each_in_full():
    for name, item in registry().items():
        text = run("criteria", name)
        assert text.startswith(f"{name} [{item.unit}]\n{item.title}.\n")
        assert re.search(rf"subject: +{item.subject}\n", text)
        assert all(layer in text for layer in item.needs)
        if item.value is None:
            assert "none: shown, never scored" in text


def test_an_unknown_criterion_exits_two_and_names_the_closest():
    result = CliRunner().invoke(app, ["criteria", "monts_late"])
    assert result.exit_code == 2
    assert "did you mean `months_late`?" in result.stderr


# ---------------------------------------------------------------------------------------- init
@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        ("-81.2", "37.4", "EPSG:32617"),
        ("-98", "39", "EPSG:32614"),
        ("151", "-33.9", "EPSG:32756"),
        ("0", "0", "EPSG:32631"),
        ("180", "10", "EPSG:32660"),
        ("-180", "10", "EPSG:32601"),
    ],
)
def test_a_new_region_is_accepted_by_check_and_score(lon, lat, crs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = run("init", "my-county", "--lon", lon, "--lat", lat)
    assert text.endswith("\nNext: powerwall check regions/my-county.toml\n")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == [
        "regions/my-county.toml",
        "regions/my-county/points_of_interconnection.csv",
        "regions/my-county/sites.csv",
    ]
    assert tomllib.loads(Path("regions/my-county.toml").read_text())["crs"] == crs
    checked = run("check", "regions/my-county.toml")
    assert "error[" not in checked
    ranked = run("score", "my-county", "--format", "csv").splitlines()
    assert {line.split(",")[0] for line in ranked[1:]} == {"first-site", "near-first-node"}


def test_init_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("init", "mine")
    path = Path("regions/mine.toml")
    path.write_text("mine\n")
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(app, ["init", "mine"])
    assert result.exit_code == 2
    assert "or its folder exists already" in result.stderr
    assert path.read_text() == "mine\n"
    path.unlink()
    assert CliRunner().invoke(app, ["init", "mine"]).exit_code == 2  # its folder is still there
    assert sorted(tmp_path.rglob("*")) == [p for p in before if p.name != "mine.toml"]


@pytest.mark.parametrize("name", ["My County", "../up", "a/b", "a.b", "", "-", "-a", "a-", "a_b", "ü", "A"])  # fmt: skip
def test_init_refuses_a_name_that_is_none(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["init", "--", name])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "lower-case letters, digits and hyphens" in result.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("place", [["--lon", "181"], ["--lat", "85"], ["--lon", "nan"]])
def test_init_refuses_a_place_off_the_map(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init", "mine", *place]).exit_code == 2
    assert not any(tmp_path.iterdir())
