"""Attribution: effects that add up, seen forwards and backwards, down to the row and the column."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import LAYERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_compare import copy_of, edit, ranked

import powerwall as pw
from powerwall.criteria.criterion import Criterion, Shared
from powerwall.criteria.measure import measure_with
from powerwall.output.committed import committed, compare_committed
from powerwall.output.compare import Comparison, ingredient_cells
from powerwall.ranking.attribution.effects import INTERACTION
from powerwall.ranking.attribution.reuse import Reuse
from powerwall.ranking.compare import Changes, compare
from powerwall.ranking.moved import touched
from powerwall.ranking.replay import with_rows
from powerwall.region.layers import Layers

# ------------------------------------------------------- three sites that can be redone by hand
POINTS = {"power": 5, "cost": 3, "noise": 2}
TABLE = {"A": (24, 75, 5), "B": (48, 50, 8), "C": (30, 60, "")}
COLUMNS = ("wait_months", "price_usd_per_mwh", "margin_db")
SUBJECTS = ("power", "cost", "noise")
FUNCTIONS = (
    ((12.0, 1.0), (36.0, 0.6), (84.0, 0.0)),
    ((40.0, 1.0), (60.0, 0.5), (90.0, 0.0)),
    ((0.0, 0.0), (10.0, 1.0)),
)


def criterion(column: str, subject: str, points: tuple[tuple[float, float], ...]) -> Criterion:
    """One column of the layer `facts`, which the sites name by their id."""

    def read(sites: pd.DataFrame, layers: Layers) -> pd.DataFrame:
        rows = layers["facts"].frame.set_index("fact_id")[column].astype(float)
        return pd.DataFrame({"value": rows.reindex(sites.index), "layer": "facts", "row": sites.index}, index=sites.index)  # fmt: skip

    return Criterion(column, subject, read, "1", points, "", {"facts": (column,)}, 1.0, "", "")


def facts(table: dict[str, tuple[object, ...]]) -> list[dict[str, object]]:
    return [{"fact_id": site, **dict(zip(COLUMNS, cells, strict=True))} for site, cells in table.items()]  # fmt: skip


@pytest.fixture(scope="module")
def by_hand(make_region, tmp_path_factory):
    """Rankings of the three sites, by their table, points and value functions; they read one layer."""
    others = dict.fromkeys((*LAYERS, "tariffs"))

    def made(table=TABLE, points=POINTS, functions=FUNCTIONS) -> pw.Ranking:
        sites = [{"site_id": site, "name": site, "lon": -99 + n / 10, "lat": 38.5, "location_accuracy_m": 20, "area_ha": 100,
                  "availability": "open"} for n, site in enumerate(table)]  # fmt: skip
        toml = {"weights": dict(points), "layers": {"facts": {"geometry": "none"}}}
        region = pw.read(make_region(tmp_path_factory.mktemp("by-hand"), toml=toml, sites=sites, **others, facts=facts(table)))  # fmt: skip
        criteria = {
            c: criterion(c, s, f) for c, s, f in zip(COLUMNS, SUBJECTS, functions, strict=True)
        }
        return pw.rank(region, measure_with(criteria, Shared(region.sites, region.layers, region.request)))  # fmt: skip

    return made


def effects_at(changes: Changes, site: str) -> dict[str, dict[str, float]]:
    mine = changes.effects[changes.effects["site_id"] == site]
    return {row["ingredient"]: row for row in mine.to_dict("records")}


def test_a_weight_and_a_row_at_once_leave_what_they_do_only_together(by_hand):
    later = {**TABLE, "B": (54, 50, 8)}
    changes = compare(by_hand(), by_hand(later, {**POINTS, "cost": 4}), backwards=True)
    assert changes.sites.loc["B", "score_base"] == pytest.approx(61.0)
    assert changes.sites.loc["B", "score_head"] == pytest.approx(58.864, abs=5e-4)
    found = effects_at(changes, "B")
    assert found["weights cost"]["points"] == pytest.approx(1.273, abs=5e-4)
    assert found["layer facts"]["points"] == pytest.approx(-3.750, abs=5e-4)
    assert found[INTERACTION]["points"] == pytest.approx(0.341, abs=5e-4)
    back = {name: (row["points_backward"], row["points_midpoint"]) for name, row in found.items()}
    assert back["weights cost"] == pytest.approx((1.614, 1.443), abs=5e-4)
    assert back["layer facts"] == pytest.approx((-3.409, -3.580), abs=5e-4)
    assert sum(row["points"] for row in found.values()) == pytest.approx(changes.sites.loc["B", "score_delta"], abs=1e-9)  # fmt: skip
    midpoints = sum(back[name][1] for name in ("weights cost", "layer facts"))
    assert midpoints == pytest.approx(changes.sites.loc["B", "score_delta"], abs=1e-9)


def test_both_ways_are_taken_without_being_asked_where_more_is_left_than_any_part_does(by_hand):
    none = {"B": (48, 90, 0), "A": TABLE["A"]}
    base = by_hand(none, {"power": 0, "cost": 1, "noise": 0})
    head = by_hand({**none, "B": (48, 40, 0)}, {"power": 0, "cost": 1, "noise": 0})
    assert compare(base, head).effects["points_backward"].isna().all()  # one part leaves nothing
    idle = by_hand(none, {"power": 0, "cost": 0, "noise": 1})
    changes = compare(idle, head)  # the row counts only under the other weights
    assert changes.effects["points_midpoint"].notna().any()
    (left,) = changes.effects.loc[(changes.effects["site_id"] == "B") & (changes.effects["ingredient"] == INTERACTION), "points"]  # fmt: skip
    assert left == pytest.approx(100.0)


cells = st.tuples(st.integers(12, 84), st.integers(40, 90), st.integers(0, 10))


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    table=st.fixed_dictionaries(dict.fromkeys(TABLE, cells)),
    points=st.fixed_dictionaries({name: st.integers(1, 9) for name in POINTS}),
    bend=st.floats(0.2, 0.8),
)
def test_effects_and_the_remainder_are_the_whole_and_turn_with_the_direction(by_hand, table, points, bend):  # fmt: skip
    functions = (((12.0, 1.0), (36.0, bend), (84.0, 0.0)), *FUNCTIONS[1:])
    base, head = by_hand(), by_hand(table, points, functions)
    there, back = compare(base, head, backwards=True), compare(head, base, backwards=True)
    sums = there.effects[there.effects["ingredient"] != INTERACTION].groupby("site_id")["points"].sum()  # fmt: skip
    for site, row in there.sites.iterrows():
        assert sums.get(site, 0.0) + row["remainder"] == pytest.approx(row["score_delta"], abs=1e-9)
        assert row["score_delta"] == pytest.approx(-back.sites.loc[site, "score_delta"], abs=1e-9)
    forwards = there.effects.set_index(["site_id", "ingredient"])
    backwards = back.effects.set_index(["site_id", "ingredient"])
    for key, row in forwards.iterrows():
        if key[1] != INTERACTION:
            other = backwards["points_backward"].get(key, 0.0)
            assert row["points"] == pytest.approx(-other, abs=1e-8)


def test_each_weight_is_an_ingredient_of_its_own_and_a_common_factor_is_none(by_hand):
    base = by_hand()
    ten = compare(base, by_hand(points={"power": 50, "cost": 30, "noise": 20}))
    assert ten.ingredients.empty
    two = compare(base, by_hand(points={"power": 5, "cost": 4, "noise": 1}))
    assert list(two.ingredients["what"]) == ["weights.cost 3 → 4", "weights.noise 2 → 1"]
    scaled = compare(base, by_hand(points={"power": 50, "cost": 30, "noise": 10}))
    assert list(scaled.ingredients["what"]) == ["weights.noise 2 → 10 where the others are 10 times as many"]  # fmt: skip
    assert scaled.sites["remainder"].abs().max() == 0


def test_a_weight_alone_does_what_it_does_in_a_file_where_nothing_else_differs(by_hand):
    changes = compare(by_hand(), by_hand(points={"power": 5, "cost": 4, "noise": 1}))
    only = compare(by_hand(), by_hand(points={"power": 5, "cost": 4, "noise": 2}))
    for site in TABLE:
        expected = only.sites.loc[site, "score_delta"]
        assert effects_at(changes, site)["weights cost"]["points"] == pytest.approx(
            expected, abs=1e-9
        )


def test_of_the_columns_of_a_row_those_that_moved_the_measure_are_named(by_hand):
    changes = compare(by_hand(), by_hand({**TABLE, "B": (54, 50, 9)}))
    whys = dict(zip(changes.measures["criterion"], changes.measures["why"], strict=True))
    assert whys["wait_months"].startswith("facts B: wait_months 48 → 54 (")
    assert whys["margin_db"].startswith("facts B: margin_db 8 → 9 (")
    rows = changes.rows.set_index("column")["sites"]
    assert dict(rows) == {"wait_months": 1, "margin_db": 1}


def test_a_column_that_moves_nothing_is_listed_and_not_named(tmp_path, make_region):
    base = ranked(make_region(tmp_path / "a"))
    nodes = [{**row, **({"queue_ahead_mw": 90, "voltage_kv": 345} if row["poi_id"] == "p230" else {})} for row in LAYERS["points_of_interconnection"]]  # fmt: skip
    nodes[0]["name"] = "Another name"
    changes = compare(base, ranked(make_region(tmp_path / "b", points_of_interconnection=nodes)))
    (named,) = changes.rows.loc[changes.rows["column"] == "name", "sites"]
    assert named == 0
    assert all("name Ash" not in why for why in changes.measures["why"])


# ------------------------------------------------------------------------------- many rows
def test_fifty_rows_are_told_apart_by_a_dozen_replays(by_hand):
    many = {f"s{n:02}": (20 + n % 30, 60, 5) for n in range(50)}
    other = {site: (wait + 5, price, margin) for site, (wait, price, margin) in many.items()}
    seen: list[str] = []
    changes = compare(by_hand(many), by_hand(other), progress=seen.append)
    assert len(seen) == 12  # two halves for each of six digits
    own = changes.sites[changes.sites["change"] == "score"]
    assert len(own) == 50
    assert all(row["why"].startswith(f"facts {site}: wait_months ") for site, row in own.iterrows())
    assert (changes.rows["sites"] == 1).all()
    assert changes.notes == ()


@pytest.mark.slow
def test_rows_that_move_one_site_together_are_each_taken_alone(regions, example_ranking, tmp_path):
    file = copy_of(regions, tmp_path).parent / "example/time_to_power.csv"
    for key in ("ex-study", "ex-line-345"):
        edit(file, key, p50_months="30", p90_months="48")
    changes = compare(example_ranking, ranked(tmp_path / "example.toml"))
    named = {row for row, sites in zip(changes.rows["row"], changes.rows["sites"], strict=True) if sites}  # fmt: skip
    assert named == {"ex-study", "ex-line-345"}
    assert changes.rows["points"].notna().all()


@pytest.fixture(scope="module")
def example_ranking(bundled) -> pw.Ranking:
    return bundled("example")


@pytest.mark.slow
def test_what_is_not_measured_again_is_what_measuring_again_gives(example_ranking):
    """Half of the rows of each layer go; a region measured whole says the same, to the last digit."""
    base = example_ranking
    region = base.regions[0]
    reuse = Reuse(region, base.criteria)
    moved = 0
    for name in ("points_of_interconnection", "receptors", "time_to_power", "jurisdictions", "fiscal_terms"):  # fmt: skip
        layer = region.layers[name]
        half = layer.select(np.arange(len(layer.frame)) % 2 == 0)
        other = replace(region, layers=Layers({**region.layers, name: half}))
        key = layer.schema.key
        rows = set(layer.frame[key].astype(str)) - set(half.frame[key].astype(str))
        head = replace(base, regions=(other,))
        short, whole = (with_rows(base, head, name, rows, None, part) for part in (reuse, None))
        assert not touched(short, whole)
        pd.testing.assert_series_equal(short.frame["score"], whole.frame["score"])
        moved += len(touched(base, whole))
    assert moved


# ------------------------------------------------------------------------- the example region
EDITS = (
    ("time_to_power", "ex-line-345", "p50_months", "26"), ("policy", "ex-cedar-moratorium", "effective_to", "2026-08-01"),
    ("receptors", "ex-r-elm-row", "lon", "-98.14"), ("points_of_interconnection", "ex-poi-alder", "queue_ahead_mw", "400"),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chosen=st.sets(st.sampled_from(range(len(EDITS))), min_size=1, max_size=2),
    cost=st.sampled_from(("3", "4", "30")),
    late=st.sampled_from(("[[-12, 1.0], [36, 0.0]]", "[[-6, 1.0], [0, 0.7], [24, 0.0]]")),
)
def test_in_the_example_region_too_the_parts_are_the_whole(regions, example_ranking, tmp_path_factory, chosen, cost, late):  # fmt: skip
    file = copy_of(regions, tmp_path_factory.mktemp("edited"))
    for at in chosen:
        layer, key, column, value = EDITS[at]
        edit(file.parent / f"example/{layer}.csv", key, **{column: value})
    text = file.read_text(encoding="utf-8").replace("cost = 3", f"cost = {cost}")
    assert "[values]" not in text
    file.write_text(f"{text}\n[values]\nmonths_late = {late}\n", encoding="utf-8")
    changes = compare(example_ranking, ranked(file))
    sums = changes.effects[changes.effects["ingredient"] != INTERACTION].groupby("site_id")
    points, ranks = sums["points"].sum(), sums["ranks"].sum()
    for site, row in changes.sites.iterrows():
        assert points.get(site, 0.0) + row["remainder"] == pytest.approx(
            row["score_delta"], abs=1e-9
        )
        if not pd.isna(row["rank_shift"]) and not pd.isna(row["rank_remainder"]):
            assert ranks.get(site, 0.0) + row["rank_remainder"] == row["rank_shift"]
    named = {name for kind, name in zip(changes.ingredients["kind"], changes.ingredients["name"], strict=True) if kind == "layer"}  # fmt: skip
    assert named == {EDITS[at][0] for at in chosen}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "row", "column", "value", "site"),
    [("policy", "ex-cedar-moratorium", "effective_to", "2026-08-01", "ex-cedar-flats"), ("time_to_power", "ex-study", "p50_months", "11", None)],
)  # fmt: skip
def test_one_cell_names_its_layer_row_and_column_and_the_ranks_it_moved(regions, example_ranking, tmp_path, layer, row, column, value, site):  # fmt: skip
    file = copy_of(regions, tmp_path)
    edit(file.parent / f"example/{layer}.csv", row, **{column: value})
    changes = compare(example_ranking, ranked(file))
    (cell,) = changes.rows.to_dict("records")
    assert (cell["layer"], cell["row"], cell["column"], cell["new"]) == (layer, row, column, value)
    assert cell["sites"] > 0
    own = changes.moved[changes.moved["change"] != "rank"]
    assert site is None or site in own.index
    assert all(f"{layer} {row}: {column} " in why for why in own["why"])
    ranks = changes.effects.set_index("site_id")["ranks"]
    for name, shift in changes.moved["rank_shift"].dropna().items():
        assert ranks.get(name, 0.0) == shift


# -------------------------------------------------------------------------------- provenance
def test_another_source_or_date_of_a_layer_is_told_apart_and_moves_nothing(make_region, tmp_path, tiny, tiny_measures):  # fmt: skip
    other = {
        "layers": {"policy": {"as_of": date(2026, 8, 1), "source": {"title": "Another register"}}}
    }
    changes = compare(pw.rank(tiny, tiny_measures), ranked(make_region(tmp_path, toml=other)))
    assert changes.moved.empty
    (item,) = changes.ingredients.to_dict("records")
    assert (item["kind"], item["name"], item["sites"]) == ("provenance", "policy", 0)
    assert item["what"] == "as_of 2026-07-01 → 2026-08-01; title synthetic, made for tests → Another register"  # fmt: skip
    assert ingredient_cells(changes) == []
    assert Comparison("a", "b", "", changes, (), "").lead.endswith("; provenance policy differs and moved no score, rank or status")  # fmt: skip


def test_the_version_that_computed_a_saved_ranking_is_an_ingredient(tiny, tiny_measures):
    new = committed(pw.rank(tiny, tiny_measures))
    old = replace(new, provenance={**new.provenance, "powerwall": "0.0.9"})
    (cells,) = ingredient_cells(compare_committed(old, new))
    assert cells[0] == f"engine version 0.0.9 → {pw.__version__}"
    assert compare_committed(new, new).ingredients.empty
