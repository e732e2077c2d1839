"""What moved between two rankings: which ingredient, layer, row and key moved it; nothing is guessed."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import SITES

import powerwall as pw
from powerwall.ranking.compare import Changes, compare
from powerwall.ranking.ingredients import differing
from powerwall.ranking.replay import with_one, with_rows
from powerwall.region.differences import cell_changes

AS_OF = date(2026, 8, 22)


def ranked(path: Path | pw.Region, **options: object) -> pw.Ranking:
    region = path if isinstance(path, pw.Region) else pw.read(path)
    region = region.with_request(**options)
    return pw.rank(region, pw.measure(region))


def edit(file: Path, key: str, **cells: str) -> None:
    """Change cells of the row whose first cell is the key."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    (row,) = [row for row in rows if next(iter(row.values())) == key]
    assert set(cells) <= set(row)
    row.update(cells)
    write(file, rows)


def write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def example(regions) -> pw.Ranking:
    return ranked(regions / "example.toml")


@pytest.fixture
def copied(regions, tmp_path) -> Path:
    """The example region, to be changed."""
    return copy_of(regions, tmp_path)


def copy_of(regions: Path, folder: Path) -> Path:
    shutil.copytree(regions / "example", folder / "example")
    return Path(shutil.copy(regions / "example.toml", folder))


def moved_themselves(changes) -> set[str]:
    return set(changes.moved.index[changes.moved["change"] != "rank"])


# --------------------------------------------------------------------------------- nothing moves
def test_a_ranking_beside_itself_moves_nothing(example):
    changes = compare(example, example)
    assert changes.moved.empty
    assert changes.measures.empty
    assert changes.ingredients.empty
    assert changes.effects.empty
    assert changes.shifts["largest"] == 0
    assert changes.shifts["tau"] == 1


def test_rows_and_columns_in_another_order_move_nothing(copied, example):
    for name in ("policy", "sites", "points_of_interconnection", "jurisdictions", "time_to_power"):
        file = copied.parent / f"example/{name}.csv"
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        columns = list(reversed(rows[0]))
        write(file, [{column: row[column] for column in columns} for row in reversed(rows)])
    changes = compare(example, ranked(copied))
    assert changes.ingredients.empty
    assert changes.moved.empty


def test_another_text_in_a_note_is_a_change_that_moves_nothing(copied, example):
    edit(copied.parent / "example/policy.csv", "ex-cedar-moratorium", note="read again")
    changes = compare(example, ranked(copied))
    assert changes.moved.empty
    (row,) = changes.rows.to_dict("records")
    assert (row["layer"], row["row"], row["column"]) == ("policy", "ex-cedar-moratorium", "note")
    assert (row["old"], row["new"], row["sites"]) == ("", "read again", 0)


@pytest.mark.slow
def test_a_file_that_writes_its_numbers_otherwise_is_no_change(copied, example):
    file = copied.parent / "example/points_of_interconnection.csv"
    text = file.read_text(encoding="utf-8")
    assert ",230," in text
    file.write_text(text.replace(",230,", ",230.0,"), encoding="utf-8")
    assert differing(example, ranked(copied)) == []


# ------------------------------------------------------------------------------------ what moved
def test_one_cell_of_a_policy_moves_only_the_sites_of_its_authority_and_is_named(copied, example):
    file = copied.parent / "example/policy.csv"
    edit(file, "ex-cedar-moratorium", effective_to="2026-08-01")
    changes = compare(example, ranked(copied))
    authority = example.regions[0].sites["jurisdiction_id"]
    assert moved_themselves(changes) == set(authority.index[authority == "us-ks-cedar-twp"])
    assert {"ex-cedar-flats"} <= moved_themselves(changes)
    row = changes.sites.loc["ex-cedar-flats"]
    assert (row["status_base"], row["status_head"]) == ("out", "ranked")
    said = "policy ex-cedar-moratorium: effective_to 2027-03-01 → 2026-08-01"
    assert row["why"] == f"{said} ({file.as_posix()}:2)"
    (cell,) = changes.rows.to_dict("records")
    assert (cell["file"], cell["line"], cell["sites"]) == (file.as_posix(), 2, 2)


@pytest.mark.slow
def test_sites_that_only_give_way_are_not_said_to_have_moved_by_a_row(copied, example):
    edit(copied.parent / "example/policy.csv", "ex-cedar-moratorium", effective_to="2026-08-01")
    changes = compare(example, ranked(copied))
    passive = changes.moved[changes.moved["change"] == "rank"]
    assert len(passive)
    assert (passive["score_delta"] == 0).all()
    assert (passive["rank_shift"] != 0).all()
    assert set(passive["why"]) == {"others moved past it, or out of its way"}


def test_a_window_that_ended_between_two_days_is_named_with_its_row(example):
    later = ranked(example.regions[0], as_of=date(2027, 3, 15))
    changes = compare(example, later)
    row = changes.sites.loc["ex-cedar-flats"]
    assert (row["status_base"], row["status_head"]) == ("out", "ranked")
    assert row["why"].startswith("policy ex-cedar-moratorium: its window ended 2027-03-01 (")
    (dated,) = changes.rows[changes.rows["change"] == "dated"].to_dict("records")
    assert (dated["row"], dated["column"], dated["new"]) == ("ex-cedar-moratorium", "effective_to", "2027-03-01")  # fmt: skip


@pytest.mark.slow
def test_backwards_the_window_had_not_ended(example):
    later = ranked(example.regions[0], as_of=date(2027, 3, 15))
    words = compare(later, example).sites.loc["ex-cedar-flats", "why"]
    assert not words.startswith("policy ex-cedar-moratorium: its window ended")


@pytest.mark.slow
def test_a_day_that_no_window_ends_on_is_named_by_the_dates_alone(example):
    changes = compare(example, ranked(example.regions[0], as_of=date(2026, 9, 22)))
    assert changes.sites.loc["ex-cedar-flats", "change"] == "score"
    assert changes.sites.loc["ex-cedar-flats", "why"] == "as_of 2026-08-22 → 2026-09-22"
    assert (changes.rows["row"] != "ex-cedar-moratorium").all()


def test_a_weight_that_changed_is_named_by_its_key(copied, example):
    copied.write_text(copied.read_text(encoding="utf-8").replace("cost = 3", "cost = 4"), encoding="utf-8")  # fmt: skip
    changes = compare(example, ranked(copied))
    assert set(changes.ingredients["what"]) == {"weights.cost 3 → 4"}
    assert set(changes.sites.loc[list(moved_themselves(changes)), "why"]) == {"weights.cost 3 → 4"}
    assert (changes.measures["old"].fillna(-1) == changes.measures["new"].fillna(-1)).all()


@pytest.mark.slow
def test_weights_in_other_points_of_the_same_proportion_are_no_change(make_region, tmp_path):
    sides = [
        ranked(make_region(tmp_path / str(k), toml={"weights": {"power": 5 * k, "cost": 3 * k, "policy": 2 * k}}))
        for k in (1, 2)
    ]  # fmt: skip
    assert "weights" not in {item.kind for item in differing(*sides)}
    assert compare(*sides).moved.empty


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ({"request": {"mw": 500}}, "request.mw 300 → 500"),
        ({"require": {"area_ha": {"min": 70.0}}}, "require.area_ha – → {min = 70}"),
        ({"values": {"months_late": [[-12, 1.0], [12, 0.0]]}}, "values.months_late "),
    ],
)
def test_a_key_of_the_region_file_that_moves_sites_is_named(make_region, tmp_path, tiny, tiny_measures, toml, what):  # fmt: skip
    changes = compare(pw.rank(tiny, tiny_measures), ranked(make_region(tmp_path, toml=toml)))
    (said,) = changes.ingredients["what"]
    assert said.startswith(what)
    own = list(moved_themselves(changes))
    assert own
    assert set(changes.sites.loc[own, "why"]) == {said}


@pytest.mark.slow
def test_a_coverage_that_is_no_longer_enough_is_named(make_region, tmp_path):
    sides = [
        ranked(make_region(tmp_path / str(k), toml={"min_coverage": k}, noise_rules=None))
        for k in (0.5, 1.0)
    ]
    changes = compare(*sides)
    assert changes.sites.loc["a", "status_head"] == "unranked"
    assert changes.sites.loc["a", "why"] == "min_coverage 0.5 → 1"


def test_sites_on_one_side_only_are_added_or_removed(make_region, tmp_path, tiny, tiny_measures):
    base = pw.rank(tiny, tiny_measures)
    fewer = ranked(make_region(tmp_path, sites=[s for s in SITES if s["site_id"] != "b"]))
    assert compare(base, fewer).sites.loc["b", "change"] == "removed"
    back = compare(fewer, base)
    assert back.sites.loc["b", "change"] == "added"
    assert moved_themselves(back) == {"b"}  # values are absolute: nobody else's score moves


def test_a_layer_that_came_is_named_and_so_is_what_rests_on_it(make_region, tmp_path, tiny, tiny_measures):  # fmt: skip
    bare = ranked(make_region(tmp_path, noise_rules=None))
    changes = compare(bare, pw.rank(tiny, tiny_measures))
    (item,) = changes.ingredients.to_dict("records")
    assert (item["kind"], item["name"]) == ("layer", "noise_rules")
    assert item["what"].startswith("added")
    assert any("noise_rules" in why for why in changes.measures["why"])


def test_several_regions_in_one_ranking_are_refused(example, tiny):
    both = pw.rank([example.regions[0], tiny], [example.measures, pw.measure(tiny)])
    with pytest.raises(ValueError, match="one region"):
        compare(both, example)


# ---------------------------------------------------------------------------- several at once
@pytest.fixture(scope="module")
def three(regions, example, tmp_path_factory) -> tuple[pw.Ranking, pw.Ranking]:
    """A row, a weight and the as-of date at once."""
    file = copy_of(regions, tmp_path_factory.mktemp("three"))
    edit(file.parent / "example/policy.csv", "ex-cedar-moratorium", effective_to="2026-08-01")
    file.write_text(file.read_text(encoding="utf-8").replace("cost = 3", "cost = 4"), encoding="utf-8")  # fmt: skip
    return example, ranked(file, as_of=date(2026, 10, 1))


@pytest.fixture(scope="module")
def three_changes(three) -> Changes:
    return compare(*three)


@pytest.mark.slow
def test_effects_and_what_is_left_over_add_up_to_the_whole(three_changes):
    changes = three_changes
    assert set(changes.ingredients["kind"]) == {"layer", "as_of", "weights"}
    for site, row in changes.sites.iterrows():
        mine = changes.effects[changes.effects["site_id"] == site]
        rest = 0.0 if "interaction" in set(mine["ingredient"]) else 0.005
        assert mine["points"].sum() == pytest.approx(row["score_delta"], abs=rest + 1e-6)


@pytest.mark.slow
def test_what_changes_a_status_alone_is_named_first(three_changes):
    why = three_changes.sites.loc["ex-cedar-flats", "why"].split("; ")
    assert why[0].startswith("policy ex-cedar-moratorium: effective_to 2027-03-01 → 2026-08-01")
    assert {"weights.cost 3 → 4", "as_of 2026-08-22 → 2026-10-01"} <= set(why)


@pytest.mark.slow
def test_an_ingredient_taken_alone_does_what_it_does_where_nothing_else_differs(three, copied):
    base, head = three
    (policy,) = [item for item in differing(base, head) if item.name == "policy"]
    alone = with_one(base, head, policy)
    edit(copied.parent / "example/policy.csv", "ex-cedar-moratorium", effective_to="2026-08-01")
    expected = ranked(copied)
    pd.testing.assert_frame_equal(
        pd.DataFrame(alone.frame.drop(columns="geometry")), pd.DataFrame(expected.frame.drop(columns="geometry"))
    )  # fmt: skip


@pytest.mark.slow
def test_a_row_that_no_measure_names_is_found_by_taking_rows_alone(copied, example):
    file = copied.parent / "example/time_to_power.csv"
    edit(file, "ex-line-345", p50_months="30", p90_months="46")
    edit(file, "ex-elm-statement", fixed_date="2028-07-01")
    changes = compare(example, ranked(copied))
    whys = {why for site, why in changes.sites["why"].items() if site in moved_themselves(changes)}
    assert len(whys) == 1
    (why,) = whys
    assert why.startswith("time_to_power ex-line-345: p50_months 22 → 30, p90_months 34 → 46")


@pytest.mark.slow
def test_a_row_taken_alone_leaves_the_others_as_they_were(copied, example):
    file = copied.parent / "example/time_to_power.csv"
    edit(file, "ex-line-345", p50_months="30")
    edit(file, "ex-study", p50_months="10")
    alone = with_rows(example, ranked(copied), "time_to_power", ["ex-study"])
    rows = alone.regions[0].layers["time_to_power"].frame.set_index("process_id")["p50_months"]
    assert (rows["ex-study"], rows["ex-line-345"]) == (10, 22)
    assert len(rows) == len(example.regions[0].layers["time_to_power"].frame)


@pytest.mark.slow
def test_taking_parts_alone_changes_neither_side(three):
    before = [side.frame["score"].copy() for side in three]
    compare(*three)
    for side, score in zip(three, before, strict=True):
        pd.testing.assert_series_equal(side.frame["score"], score)


# --------------------------------------------------------------------------------------- rows
def test_rows_come_go_and_change_by_key(copied, example):
    file = copied.parent / "example/policy.csv"
    edit(file, "ex-county-tax", trigger_mw="50")
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(x for x in lines if not x.startswith("ex-elm-approval")), encoding="utf-8")  # fmt: skip
    old, new = example.regions[0].layers["policy"], pw.read(copied).layers["policy"]
    found = [(c.row, c.change, c.column, c.old, c.new) for c in cell_changes(old, new)]
    assert found == [
        ("ex-county-tax", "changed", "trigger_mw", "25", "50"),
        ("ex-elm-approval", "removed", "", "", ""),
    ]
    back = [(c.row, c.change) for c in cell_changes(new, old)]
    assert back == [("ex-county-tax", "changed"), ("ex-elm-approval", "added")]


@pytest.mark.slow
def test_a_place_that_moved_is_a_change_of_its_geometry(copied, example):
    edit(copied.parent / "example/receptors.csv", "ex-r-elm-row", lon="-98.14")
    old, new = example.regions[0].layers["receptors"], pw.read(copied).layers["receptors"]
    assert {c.column for c in cell_changes(old, new)} == {"geometry", "lon"}
