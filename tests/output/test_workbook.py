"""The workbook opens again, its numbers are numbers, and no text of a region becomes a formula."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest

import powerwall as pw
from powerwall.output import workbook_rows
from powerwall.output.workbook import write_workbook

TITLES = ["Ranking", "Contributions", "Requirements", "Sources", "Method"]
FORMULAS = ['=HYPERLINK("http://x.example","y")', "+1+1", "-2", "@SUM(A1)", "#N/A"]


@pytest.fixture(scope="module")
def ranking(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def book(ranking, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "out.xlsx"
    write_workbook(ranking, path)
    return openpyxl.load_workbook(path)


def rows_of(sheet):
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_it_has_five_sheets_with_a_frozen_header(book):
    assert book.sheetnames == TITLES
    assert [book[title].freeze_panes for title in TITLES] == ["C2", "C2", "B2", "C2", "A2"]


def test_every_sheet_of_sites_is_filtered_to_its_last_row(book, ranking):
    for title in TITLES[:4]:
        assert book[title].auto_filter.ref == book[title].dimensions
    assert book["Ranking"].max_row == len(ranking.frame) + 1


def test_ranking_keeps_the_order_and_the_numbers(book, ranking):
    rows = rows_of(book["Ranking"])
    assert [row["site_id"] for row in rows] == list(ranking.frame.index)
    for row, score in zip(rows, ranking.frame["score"], strict=True):
        assert row["score [0–100]"] == pytest.approx(score, abs=1e-6)
    months = ranking.measures["months_late"]["value"]
    for row, value in zip(rows, months, strict=True):
        cell = row["months_late [months]"]
        assert cell == "?" if value != value else cell == pytest.approx(value, abs=1e-6)  # noqa: PLR0124


def test_every_measure_carries_its_unit_in_the_header(book, ranking):
    heads = [cell.value for cell in book["Ranking"][1]]
    for name in ranking.criteria:
        (head,) = [text for text in heads if text.split(" [")[0] == name]
        assert head.endswith("]")


def test_an_unknown_is_a_question_mark_and_no_cell_of_a_measure_is_empty(book):
    rows = rows_of(book["Ranking"])
    for row in rows:
        assert all(value is not None for key, value in row.items() if "[" in key), row["site_id"]
    assert any(row["area_ha [ha]"] == "?" for row in rows)
    assert all(row["rank"] == "–" for row in rows if row["status"] != "ranked")


def test_an_upper_bound_says_so_and_is_no_number(book, ranking):
    room = ranking.measures["firm_capacity_mw"]
    bounded = list(room.index[room["value"].isna() & room["bound"].notna()])
    cells = {row["site_id"]: row["firm_capacity_mw [MW]"] for row in rows_of(book["Ranking"])}
    assert bounded
    assert all(cells[site].startswith("≤ ") for site in bounded)


def test_dates_are_dates_of_a_month(book):
    sheet = book["Ranking"]
    column = [cell.value for cell in sheet[1]].index("first power P50 [month]")
    cell = sheet.cell(2, column + 1)
    assert isinstance(cell.value, datetime)
    assert cell.number_format == "yyyy-mm"


def test_contributions_add_up_to_the_score_and_name_what_counts_half(book):
    rows = rows_of(book["Contributions"])
    for row in rows:
        points = sum(value for key, value in row.items() if "points]" in key)
        assert points == pytest.approx(row["score [0–100]"], abs=1e-4)
    assert any(row["unknown, counted half"] for row in rows)


def test_the_shares_in_the_headers_of_the_contributions_add_up_to_a_hundred(book):
    heads = [cell.value for cell in book["Contributions"][1]]
    shares = [float(head.split("[of ")[1].split()[0]) for head in heads if "[of " in head]
    assert sum(shares) == pytest.approx(100, abs=0.5)


def test_requirements_show_state_and_margin_of_every_site(book, ranking):
    rows = rows_of(book["Requirements"])
    assert len(rows) == len(ranking.settings.requirements) * len(ranking.frame)
    broken = [row for row in rows if row["state"] == "out"]
    assert broken
    assert all(row["reason"] for row in broken)
    assert {row["margin (negative fails)"] for row in rows if row["requirement"] == "moratorium"} == {"–"}  # fmt: skip


def test_sources_name_licence_date_and_hash_of_every_layer(book, ranking):
    rows = {row["layer"]: row for row in rows_of(book["Sources"])}
    for name, layer in ranking.regions[0].layers.items():
        assert rows[name]["licence"] == "; ".join(layer.licenses)
        assert rows[name]["sha256"] == layer.sha256
        assert rows[name]["as of"].date() == layer.as_of
    assert "(region file)" in rows


def test_the_method_tells_request_weights_and_value_functions(book, ranking):
    rows = rows_of(book["Method"])
    parts = {(row["part"], row["name"]): row["value"] for row in rows}
    assert parts["request, example", "mw"] == 300
    assert sum(v for (part, _), v in parts.items() if part == "weights of subjects") == pytest.approx(1, abs=1e-5)  # fmt: skip
    for name in ranking.settings.values:
        assert "→" in parts["value functions", name]


def test_the_same_ranking_gives_the_same_bytes_whatever_the_clock(ranking, tmp_path, monkeypatch):
    import time

    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    write_workbook(ranking, first)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2_000_000_000))
    write_workbook(ranking, second)
    assert first.read_bytes() == second.read_bytes()


def test_it_is_dated_by_the_ranking(book, ranking, tmp_path):
    as_of = ranking.regions[0].request.as_of
    assert book.properties.created.date() == as_of
    assert book.properties.modified.date() == as_of
    write_workbook(ranking, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None


def test_text_that_looks_like_a_formula_stays_text(make_region, tmp_path):
    from conftest import SITES

    names = [*FORMULAS[:3], FORMULAS[4]]
    sites = [{**row, "name": name} for row, name in zip(SITES, names, strict=True)]
    region = pw.read(make_region(tmp_path, sites=sites, toml={"title": FORMULAS[3]}))
    path = tmp_path / "out.xlsx"
    write_workbook(pw.rank(region, pw.measure(region)), path)
    found = set()
    for sheet in openpyxl.load_workbook(path):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type not in {"f", "e"}, (sheet.title, cell.coordinate, cell.value)
            if cell.value in FORMULAS:
                found.add(cell.value)
                assert cell.data_type == "s"
                assert cell.quotePrefix or cell.value == "#N/A"
    assert found == set(FORMULAS)


def test_signs_that_a_workbook_cannot_hold_are_left_out(make_region, tmp_path):
    from conftest import SITES

    sites = [{**row, "name": f"{row['name']}\x07 & <b>"} for row in SITES]
    region = pw.read(make_region(tmp_path, sites=sites))
    write_workbook(pw.rank(region, pw.measure(region)), tmp_path / "out.xlsx")
    rows = rows_of(openpyxl.load_workbook(tmp_path / "out.xlsx")["Ranking"])
    assert {row["site"] for row in rows} == {"Ash & <b>", "Beech & <b>", "Cedar & <b>", "Dogwood & <b>"}  # fmt: skip


def test_draws_add_their_columns(ranking, tmp_path):
    write_workbook(ranking.with_draws(64), tmp_path / "out.xlsx")
    rows = rows_of(openpyxl.load_workbook(tmp_path / "out.xlsx")["Ranking"])
    assert all(0 <= row["held [%]"] <= 1 for row in rows if row["status"] == "ranked")
    assert {row["held [%]"] for row in rows if row["status"] == "reference"} == {"–"}


def test_a_share_of_draws_that_is_unknown_is_no_empty_cell(ranking, tmp_path):
    drawn = ranking.with_draws(16)
    write_workbook(drawn, tmp_path / "out.xlsx")
    rows = {row["site_id"]: row for row in rows_of(openpyxl.load_workbook(tmp_path / "out.xlsx")["Ranking"])}  # fmt: skip
    unknown = drawn.robustness.sites["p_out"]
    unknown = unknown.index[unknown.isna()]
    assert len(unknown)
    assert all(rows[site]["out [%]"].startswith(("?", "≥ ")) for site in unknown)
    assert all(row[head] is not None for row in rows.values() for head in ("held [%]", "rank P5", "rank P95", "out [%]"))  # fmt: skip


def test_regions_ranked_together_name_the_region_of_each_site(make_region, tmp_path, tiny_measures):
    read = [pw.read(make_region(tmp_path, name=name)) for name in ("tiny", "other")]
    ranking = pw.rank(read, [tiny_measures] * 2)
    write_workbook(ranking, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "out.xlsx").read_bytes()))
    assert {row["region"] for row in rows_of(book["Ranking"])} == {"tiny", "other"}
    assert {row["region"] for row in rows_of(book["Sources"])} == {"tiny", "other"}


def test_a_number_shows_about_three_figures():
    shown = [workbook_rows._form(value, "MW") for value in (0.0, 0.42, 3.1, 450.0, 2e9)]
    assert shown == ["#,##0", "0.000", "0.0", "#,##0", "0.00E+00"]
    assert workbook_rows._form(0.42, "share") == "0%"
