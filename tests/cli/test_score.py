"""`powerwall score` on real regions: formats, options, statuses, widths."""

from __future__ import annotations

import functools
import io
import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.criteria.criterion import registry
from powerwall.output.explain import print_site
from powerwall.output.table import markdown, print_ranking
from powerwall.output.texts import csv_text, json_text
from powerwall.ranking.rank import Ranking

REPOSITORY = Path(__file__).resolve().parents[2]
VIRGINIA, PHOENIX, DUBLIN = (
    f"regions/{name}.toml" for name in ("northern-virginia", "phoenix", "dublin")
)
EXAMPLE = "regions/example.toml"
REAL = sorted(
    f"regions/{path.name}"
    for path in (REPOSITORY / "regions").glob("*.toml")
    if path.stem != "example"
)
LEAD = ["site_id", "name", "rank", "status", "score", "score_low", "score_high", "coverage", "reasons"]  # fmt: skip
MONTH_DAYS = 30.4375


@pytest.fixture(autouse=True)
def _in_repository(monkeypatch: pytest.MonkeyPatch, computed_once: None) -> None:
    del computed_once
    monkeypatch.chdir(REPOSITORY)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result.stdout


@functools.cache
def ranking(region: str) -> Ranking:
    """The ranking of a region as it is, through the library."""
    read = pw.read(region)
    return pw.rank(read, pw.measure(read))


@functools.cache
def printed(region: str, width: int = 200) -> str:
    """The table of a region as it is, through the library."""
    to = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    print_ranking(ranking(region), to)
    return to.file.getvalue()


@functools.cache
def sites(*arguments: str) -> tuple[dict[str, Any], ...]:
    """Records of a ranking, in order; the same question is asked once."""
    plain = len(arguments) == 1
    text = json_text(ranking(*arguments)) if plain else run("score", *arguments, "--format", "json")
    return tuple(json.loads(text)["sites"])


@functools.cache
def scored(*arguments: str) -> pd.DataFrame:
    """The CSV of a ranking; the same question is asked once."""
    plain = len(arguments) == 1
    text = csv_text(ranking(*arguments)) if plain else run("score", *arguments, "--format", "csv")
    return pd.read_csv(io.StringIO(text), index_col="site_id")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one ranking in all six formats."""
    folder = tmp_path_factory.mktemp("saved")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        names = [f"out.{suffix}" for suffix in ("csv", "json", "geojson", "gpkg", "parquet", "md")]
        run("score", VIRGINIA, *[part for n in names for part in ("-o", str(folder / n))])
    return folder


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ranking in a copy of the example region, and the working directory beside it."""
    shutil.copy(REPOSITORY / EXAMPLE, tmp_path)
    shutil.copytree(REPOSITORY / "regions/example", tmp_path / "example")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "example/ranking.csv"


# ------------------------------------------------------------------------------------- formats
def test_the_csv_has_the_lead_columns_then_four_for_each_criterion(saved: Path) -> None:
    header = (saved / "out.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    expected = [
        f"{name}{part}"
        for name in registry()
        for part in ("", "_value", "_contribution", "_status")
    ]
    assert header == [*LEAD, *expected]


def test_the_command_prints_what_the_library_gives() -> None:
    assert run("score", VIRGINIA, "--format", "csv") == csv_text(ranking(VIRGINIA))
    assert run("score", VIRGINIA) == printed(VIRGINIA)


def test_every_format_is_written_and_nothing_else_but_the_provenance(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "out.csv", "out.csv.meta.json", "out.geojson", "out.gpkg", "out.json", "out.md", "out.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "parquet"])
def test_a_map_format_read_again_holds_the_same_sites_in_the_same_order(
    suffix: str, saved: Path
) -> None:
    flat = pd.read_csv(saved / "out.csv")
    path = saved / f"out.{suffix}"
    frame = gpd.read_parquet(path) if suffix == "parquet" else gpd.read_file(path)
    assert frame["site_id"].tolist() == flat["site_id"].tolist()
    assert frame.crs.to_epsg() == 4326
    assert [name for name in frame.columns if name != "geometry"] == list(flat.columns)
    assert frame["score"].astype(float).to_numpy() == pytest.approx(flat["score"], abs=1e-6)
    west, south, east, north = frame.total_bounds
    assert -80 < west < east < -76
    assert 37 < south < north < 40


def test_json_and_markdown_hold_the_same_sites_in_the_same_order(saved: Path) -> None:
    flat = pd.read_csv(saved / "out.csv")
    records = json.loads((saved / "out.json").read_text(encoding="utf-8"))["sites"]
    assert [record["site_id"] for record in records] == flat["site_id"].tolist()
    rows = [
        line.split(" | ")
        for line in (saved / "out.md").read_text(encoding="utf-8").splitlines()
        if re.match(r"\| (\d+|–) \|", line)
    ]
    assert [row[1].split(", via ")[0] for row in rows] == flat["name"].tolist()


def test_the_provenance_names_every_layer_with_its_hash_and_date(saved: Path) -> None:
    meta = json.loads((saved / "out.csv.meta.json").read_text(encoding="utf-8"))
    region = pw.read(VIRGINIA)
    layers = meta["regions"][0]["layers"]
    assert set(layers) == set(region.layers)
    assert all(re.fullmatch(r"[0-9a-f]{64}", layer["sha256"]) for layer in layers.values())
    assert all(layer["as_of"] and layer["licenses"] for layer in layers.values())
    assert meta["regions"][0]["request"]["seed"] == 0
    assert meta["powerwall"] == pw.__version__
    assert not any(str(REPOSITORY) in path.read_text(encoding="utf-8", errors="ignore")
                   for path in saved.iterdir() if path.suffix != ".gpkg")  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "json", "geojson", "md"])
def test_stdout_gets_the_bytes_that_a_file_gets(form: str, saved: Path) -> None:
    assert run("score", VIRGINIA, "--format", form).encode() == (saved / f"out.{form}").read_bytes()


def test_a_second_run_and_another_working_directory_write_the_same_bytes(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["out.csv", "out.json", "out.geojson", "out.parquet"]
    run("score", str(REPOSITORY / VIRGINIA), *[part for name in names for part in ("-o", name)])
    for name in (*names, "out.csv.meta.json"):
        assert (tmp_path / name).read_bytes() == (saved / name).read_bytes(), name


def test_the_name_of_a_bundled_region_stands_for_its_file() -> None:
    assert run("score", "phoenix", "--format", "csv") == csv_text(ranking(PHOENIX))


def test_stdout_is_the_answer_and_stderr_everything_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    result = CliRunner().invoke(app, ["score", EXAMPLE, "--format", "csv", "-o", str(target)])
    assert result.stdout == target.read_text(encoding="utf-8")
    assert f"wrote {target}" in result.stderr.replace("\n", "")
    quiet = CliRunner().invoke(
        app, ["score", EXAMPLE, "--format", "csv", "--quiet", "-o", str(target)]
    )
    assert quiet.stdout == result.stdout
    assert quiet.stderr == ""


# --------------------------------------------------------------------------------- the request
def test_more_megawatts_make_every_site_later_and_change_the_order() -> None:
    base, larger = scored(VIRGINIA), scored(VIRGINIA, "--mw", "900")
    assert list(base.index) != list(larger.index)
    later = (larger["months_late"].reindex(base.index) - base["months_late"]).dropna()
    assert len(later) > 40
    assert (later > 0).all()


def test_a_later_need_shifts_months_late_by_exactly_the_change_of_date() -> None:
    base, later = scored(VIRGINIA), scored(VIRGINIA, "--need-by", "2033-01")
    days = (pd.Timestamp("2033-01-01") - pd.Timestamp("2031-01-01")).days
    shift = (base["months_late"] - later["months_late"].reindex(base.index)).dropna()
    assert len(shift) > 40
    assert shift.to_numpy() == pytest.approx(days / MONTH_DAYS, abs=2e-6)
    assert later["score"].max() > base["score"].max()
    assert (later["on_time_probability"] >= base["on_time_probability"].reindex(later.index)).sum() > 40  # fmt: skip


def test_an_earlier_need_costs_points_and_never_gains_any() -> None:
    base, earlier = scored(VIRGINIA), scored(VIRGINIA, "--need-by", "2029-01")
    lost = (base["score"] - earlier["score"].reindex(base.index)).dropna()
    assert (lost >= 0).all()
    assert lost.max() > 5


def test_another_seed_moves_the_dates_a_little() -> None:
    base, other = scored(VIRGINIA), scored(VIRGINIA, "--seed", "7")
    moved = (base["months_late"] - other["months_late"].reindex(base.index)).abs().dropna()
    assert 0 < moved.max() < 3


# ----------------------------------------------------------------------------------- weights
def test_a_weight_changes_the_scores_and_the_order() -> None:
    base, weighed = scored(VIRGINIA), scored(VIRGINIA, "-w", "noise=20")
    assert list(base.index) != list(weighed.index)
    assert (base["score"] - weighed["score"].reindex(base.index)).abs().max() > 5


def test_scaling_every_weight_by_the_same_factor_changes_no_byte(saved: Path) -> None:
    scaled = [f"{name}={10 * points}" for name, points in pw.read(VIRGINIA).table.weights.items()
              if not isinstance(points, dict)]  # fmt: skip
    text = run("score", VIRGINIA, "--format", "csv", *[p for w in scaled for p in ("-w", w)])
    assert text == (saved / "out.csv").read_text(encoding="utf-8")


def test_a_weight_of_zero_shows_a_criterion_and_does_not_count_it() -> None:
    frame = scored(VIRGINIA, "-w", "cost=0")
    assert frame["delivered_cost_usd_per_mwh"].notna().any()
    assert frame["delivered_cost_usd_per_mwh_contribution"].abs().max() == 0


def test_a_criterion_may_be_weighed_within_its_subject() -> None:
    frame = scored(VIRGINIA, "-w", "on_time_if_permitted_probability=0")
    assert frame["on_time_if_permitted_probability_contribution"].abs().max() == 0
    assert frame["months_late_contribution"].max() > scored(VIRGINIA)["months_late_contribution"].max()  # fmt: skip


@pytest.mark.parametrize("region", [*REAL, EXAMPLE])
def test_the_printed_contributions_add_up_to_the_printed_score(region: str) -> None:
    frame = scored(region)
    parts = frame.filter(like="_contribution").sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["score"], abs=1e-5)
    assert (frame["score_low"] <= frame["score"] + 1e-9).all()
    assert (frame["score"] <= frame["score_high"] + 1e-9).all()


# --------------------------------------------------------------------------- order and unknowns
@pytest.mark.parametrize("region", [*REAL, EXAMPLE])
def test_ranks_run_from_one_without_a_gap_and_scores_never_rise(region: str) -> None:
    frame = scored(region)
    ranked = frame[frame["status"] == "ranked"]
    assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
    assert ranked["score"].is_monotonic_decreasing
    assert frame.loc[frame["status"] != "ranked", "rank"].isna().all()
    assert list(frame.index[: len(ranked)]) == list(ranked.index)


def test_ranking_by_the_worst_orders_by_the_low_end() -> None:
    frame = scored(VIRGINIA, "--unknown", "worst")
    ranked = frame[frame["status"] == "ranked"]
    assert ranked["score_low"].is_monotonic_decreasing
    assert not ranked["score"].is_monotonic_decreasing
    assert ranked["score"].to_dict() == scored(VIRGINIA)["score"][ranked.index].to_dict()


def test_top_limits_the_table_and_says_how_many_follow() -> None:
    text = run("score", VIRGINIA, "--top", "3")
    ranked = int((scored(VIRGINIA)["status"] == "ranked").sum())
    assert re.findall(r"^ *(\d+)   ", text, re.MULTILINE) == ["1", "2", "3"]
    assert f"and {ranked - 3} more ranked sites: --top {ranked}" in text
    whole = run("score", VIRGINIA, "--top", "3", "--format", "csv")
    assert whole == csv_text(ranking(VIRGINIA))


# ------------------------------------------------------------------------------------- statuses
def test_taken_places_are_scored_and_never_ranked() -> None:
    for region in REAL:
        frame = scored(region)
        named = ranking(region).regions[0].sites
        taken = set(named.index[named["availability"] == "taken"])
        assert set(frame.index[frame["status"] == "reference"]) == taken
        assert frame.loc[sorted(taken), "rank"].isna().all()
        assert frame.loc[sorted(taken), "score"].notna().all()
        assert frame.loc[sorted(taken), "reasons"].str.startswith("already taken").all()


def test_a_site_without_a_power_plan_is_no_candidate() -> None:
    row = scored(VIRGINIA).loc["near-va-poi-new-1"]
    assert row["status"] == "unranked"
    assert "no power plan: planned node without a date" in row["reasons"]
    assert math.isnan(row["rank"])


def test_every_node_of_138_kv_and_more_has_a_screening_candidate() -> None:
    for path in REAL:
        region = ranking(path).regions[0]
        nodes = region.layers["points_of_interconnection"].frame
        expected = {f"near-{poi}" for poi in nodes.loc[nodes["voltage_kv"] >= 138, "poi_id"]}
        assert expected == set(region.sites.index[region.sites["origin"] == "screening"])


def test_the_screening_candidates_of_dublin_are_unranked_for_what_is_unknown_of_them() -> None:
    frame = scored(DUBLIN)
    near = frame[frame.index.str.startswith("near-")]
    assert len(near) > 5
    assert (near["status"] == "unranked").all()
    assert (near["coverage"] < 0.5).all()
    assert near["reasons"].str.contains(r"only \d+ % of the weight is known, 50 % needed").all()
    text = printed(DUBLIN)
    assert "of the weight is known, 50 % needed" in re.sub(r"\s+", " ", text.split("not ranked:")[1])  # fmt: skip


def test_prices_of_dublin_are_unknown_for_want_of_sheets_and_never_a_number() -> None:
    assert pw.read(DUBLIN).request.currency == "EUR"
    for record in sites(DUBLIN):
        cost = record["criteria"]["delivered_cost_usd_per_mwh"]
        assert "measure" not in cost
        assert "value" not in cost
        assert "lacks" in cost["why"] or "no tariff stack" in cost["why"]


def test_a_price_in_another_currency_is_unknown_without_a_declared_rate(copied: Path) -> None:
    file, prices = copied.parents[1] / "example.toml", copied.parent / "tariffs.json"
    text = prices.read_text(encoding="utf-8")
    prices.write_text(
        text.replace('"USD"', '"EUR"').replace('"usd_per_', '"eur_per_'), encoding="utf-8"
    )
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('currency = "USD"', 'currency = "EUR"'), encoding="utf-8")
    records = json.loads(run("score", "example.toml", "--format", "json"))["sites"]
    cost = {r["site_id"]: r["criteria"]["delivered_cost_usd_per_mwh"] for r in records}
    assert "measure" not in cost["ex-alder-north"]
    assert "EUR and no rate to USD is declared" in cost["ex-alder-north"]["why"]


def test_a_site_whose_requirement_is_unknown_stays_and_is_marked_at_risk() -> None:
    frame = scored(EXAMPLE)
    risky = frame[(frame["status"] == "ranked") & frame["reasons"].str.contains("at risk", na=False)]  # fmt: skip
    assert len(risky) == 6
    assert risky.loc["near-ex-poi-birch", "reasons"].startswith("at risk: area unknown, required ≥ 30 ha")  # fmt: skip
    assert "6 ranked sites are at risk of a requirement" in printed(EXAMPLE)


def test_a_site_is_out_with_the_reason_the_margin_and_its_score() -> None:
    frame = scored(EXAMPLE)
    row = frame.loc["ex-gorse-bend"]
    assert row["status"] == "out"
    assert "area 12 ha, required ≥ 30 ha, margin −18 ha" in row["reasons"]
    assert row["score"] > 0


def test_a_moratorium_puts_a_site_out_until_its_day_and_not_after() -> None:
    ohio = "regions/central-ohio.toml"
    for asked, status in (((ohio,), "out"), ((ohio, "--as-of", "2027-01-31"), "ranked")):
        found = {record["site_id"]: record for record in sites(*asked)}
        assert found["oh-sunbury-park"]["status"] == status
    assert "moratorium of" not in found["oh-sunbury-park"]["reasons"]


# ------------------------------------------------------------------------------ several regions
def test_several_regions_rank_together_with_the_scores_they_have_alone() -> None:
    together = sites(VIRGINIA, PHOENIX)
    alone = {record["site_id"]: record for path in (VIRGINIA, PHOENIX) for record in sites(path)}
    assert len(together) == len(alone)
    ranks = [record["rank"] for record in together if record["status"] == "ranked"]
    assert ranks == list(range(1, len(ranks) + 1))
    for record in together:
        region, _, site = record["site_id"].partition(":")
        assert region == record["region"]
        for key in ("score", "score_low", "score_high", "coverage", "status", "reasons"):
            assert record[key] == alone[site][key], (site, key)


def test_the_order_in_which_regions_are_named_changes_no_rank() -> None:
    one, other = sites(VIRGINIA, PHOENIX), sites(PHOENIX, VIRGINIA)
    assert [record["site_id"] for record in one] == [record["site_id"] for record in other]


def test_a_synthetic_region_is_left_out_beside_real_ones_and_said_so() -> None:
    result = CliRunner().invoke(app, ["score", VIRGINIA, EXAMPLE, "--format", "csv"])
    assert "example is synthetic and is left out beside real regions" in result.stderr
    assert result.stdout == csv_text(ranking(VIRGINIA))
    assert "ex-alder-north" in run("score", EXAMPLE, "--format", "csv")


# --------------------------------------------------------------------------------------- --check
@pytest.mark.usefixtures("copied")
def test_a_fresh_ranking_is_up_to_date() -> None:
    result = CliRunner().invoke(app, ["score", "example.toml", "--check"])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "example/ranking.csv: up to date" in result.stderr


def test_a_changed_ranking_is_out_of_date_and_the_row_is_named(copied: Path) -> None:
    before = copied.read_text(encoding="utf-8")
    after = before.replace("ex-alder-north,Alder North,2,ranked,", "ex-alder-north,Alder North,1,ranked,")  # fmt: skip
    assert after != before
    copied.write_text(after, encoding="utf-8")
    result = CliRunner().invoke(app, ["score", "example.toml", "--check"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error[PW602]: 1 rows of the committed ranking differ: ex-alder-north" in result.stderr
    assert "= help: powerwall score example.toml -o example/ranking.csv" in result.stderr
    assert copied.read_text(encoding="utf-8") == after


def test_a_changed_layer_makes_the_committed_ranking_out_of_date(copied: Path) -> None:
    layer = copied.parent / "points_of_interconnection.csv"
    layer.write_text(layer.read_text(encoding="utf-8").replace(",900,study,", ",310,study,"), encoding="utf-8")  # fmt: skip
    result = CliRunner().invoke(app, ["score", "example.toml", "--check"])
    assert result.exit_code == 1
    assert "ex-elm-switch" in result.stderr


def test_an_absent_ranking_is_out_of_date(copied: Path) -> None:
    copied.unlink()
    result = CliRunner().invoke(app, ["score", "example.toml", "--check"])
    assert result.exit_code == 1
    assert "PW602" in result.stderr


def test_a_ranking_whose_rows_are_in_another_order_is_out_of_date(copied: Path) -> None:
    header, *rows = copied.read_text(encoding="utf-8").splitlines()
    copied.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["score", "example.toml", "--check"])
    assert result.exit_code == 1
    assert "order of the rows" in result.stderr


def test_the_committed_rankings_are_up_to_date() -> None:
    result = CliRunner().invoke(app, ["score", *REAL, EXAMPLE, "--check"])
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("up to date") == len(REAL) + 1


# ----------------------------------------------------------------------------------- the screen
@pytest.mark.parametrize("columns", [48, 80])
def test_the_width_of_the_terminal_is_kept_to(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run("score", VIRGINIA) == printed(VIRGINIA, columns)
    for verb in (["explain", VIRGINIA, "va-eskimo-hill"], ["criteria"]):
        lines = run(*verb).splitlines()
        rule = next(n for n, line in enumerate(lines) if set(line.strip()) == {"─"})
        last = next(n for n, line in enumerate(lines) if line.startswith(("contributions", "weight:")))  # fmt: skip
        assert max(len(line.rstrip()) for line in lines[: last + 1]) <= columns
        assert not any("…" in line.rstrip()[-1:] for line in lines[rule:last])


@pytest.mark.parametrize("region", [VIRGINIA, DUBLIN, EXAMPLE])
@pytest.mark.parametrize("columns", [48, 64, 80, 100])
def test_a_narrow_table_drops_whole_columns_and_cuts_no_cell(columns: int, region: str) -> None:
    wide, lines = printed(region).splitlines(), printed(region, columns).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= columns
    rule = next(n for n, line in enumerate(lines) if set(line.strip()) == {"─"})
    headers, full = (
        [part for part in re.split(r" {2,}", header.strip()) if part]
        for header in (lines[rule - 1], wide[1])
    )
    assert headers == [name for name in full if name in headers]
    assert headers[:4] == ["#", "site", "score", "first power"]
    assert len(headers) < len(full)
    hidden = re.sub(r"\s+", " ", " ".join(lines)).split("not shown at this width: ")[1]
    assert hidden.startswith(", ".join(name for name in full if name not in headers))
    table = lines[rule + 1 : next(n for n, line in enumerate(lines) if line.startswith("score: "))]
    for line in table:
        assert not re.search(r"…(?![+−])", line), (
            line
        )  # a range may hold one, a cut cell ends in one


def test_off_a_terminal_the_table_is_wide_enough_for_every_column() -> None:
    text = printed(VIRGINIA)
    assert "water m³/yr" in text.splitlines()[1]
    assert "not shown at this width" not in text


@pytest.mark.parametrize("verb", [["score", EXAMPLE], ["criteria"]])
def test_no_escape_code_is_printed_where_colour_is_refused(
    verb: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in CliRunner().invoke(app, verb).output  # off a terminal
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in run(*verb)
    assert "\x1b" not in CliRunner().invoke(app, [*verb, "--no-color"]).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(app, verb).output


# ------------------------------------------------------------------------------------ the words
@pytest.mark.parametrize("region", [*REAL, EXAMPLE])
def test_no_output_calls_a_site_compliant_or_a_capacity_available(region: str) -> None:
    first = scored(region).index[0]
    page = Console(file=io.StringIO(), width=200)
    print_site(ranking(region), first, page)
    for text in (printed(region), markdown(ranking(region)), page.file.getvalue()):
        assert not re.search(r"\bcompl(iant|ies|iance)\b", text, re.IGNORECASE)
        for line in text.splitlines():
            if re.search(r"firm_capacity|headroom|\bMW\b", line):
                assert not re.search(r"\bavailab(le|ility)\b", line, re.IGNORECASE), line


def test_a_capacity_that_is_only_a_bound_is_printed_as_one_and_with_its_rung() -> None:
    for record in sites(EXAMPLE):
        capacity = record["criteria"]["firm_capacity_mw"]
        if capacity.get("grade") in {"line_proximity", "area_share"}:
            assert "measure" not in capacity
    text = printed(EXAMPLE)
    assert "≤ 397 line proximity" in text
    assert not re.search(r"(?<!≤ )(?<![\d,])[\d,]+ (line proximity|area share)", text)


def test_a_state_average_is_printed_with_its_grade_and_year() -> None:
    assert "89.2 D 2023" in printed(VIRGINIA)
    assert not re.search(r"89\.2(?! D 2023)", printed(VIRGINIA))


def test_the_last_line_suggests_the_next_command_and_it_works() -> None:
    for region in REAL:
        last = printed(region).strip().splitlines()[-1]
        assert last == f"Next: powerwall explain {region} {scored(region).index[0]}"
    assert "contributions add up to" in run(*last.removeprefix("Next: powerwall ").split())
