"""Cards: money apart by what it is, and acts that ended drawn no further than the as-of day."""

from __future__ import annotations

from datetime import date

import pytest

from powerwall.criteria.policy.timeline import Act
from powerwall.output.report.card_cost import cost_blocks, grade_words
from powerwall.output.report.card_place import act_bar
from powerwall.output.report.study import Study

AS_OF = date(2026, 8, 22)


@pytest.fixture(scope="module")
def leader(bundled):
    ranking = bundled("example")
    return Study(ranking, str(ranking.frame.index[0]), 0)


@pytest.fixture(scope="module")
def blocks(leader):
    return {block.title: block for block in cost_blocks(leader)}


def test_the_bill_of_a_year_is_without_the_fee_of_the_security(leader, blocks):
    table = blocks["Cash by year"].table
    heads = [head for head, _ in table.heads]
    bill, fee = heads.index("bill M USD"), heads.index("security fee M USD")
    for row, year in zip(table.rows[1:], leader.cost.table.itertuples(), strict=True):
        assert year.collateral_fee_usd > 0
        assert float(row[fee]) == pytest.approx(year.collateral_fee_usd / 1e6, abs=0.01)
        assert float(row[bill]) == pytest.approx((year.total_usd - year.collateral_fee_usd) / 1e6, abs=0.1)  # fmt: skip


def test_the_worst_year_of_an_exit_stands_in_its_table(leader, blocks):
    block = blocks["If it leaves: what other customers carry"]
    curve = leader.cost.exposure(leader.costs.works(leader.local_id))
    worst = curve["defaults_usd"].idxmax()
    (row,) = [row for row in block.table.rows if row[0] == str(worst)]
    assert f"At worst {row[-1]} M USD" in block.words[0]
    assert str(len(curve) - 1) in [row[0] for row in block.table.rows]


def test_a_price_of_the_lowest_grade_is_of_generic_figures():
    assert grade_words("D") == "generic figures"
    assert "not a tariff" in grade_words("D 2023")


def act(told, kind="statute", **row):
    return Act({"kind": kind, "subject": "x", **row}, "", told, float("nan"), "own", blocks=False)


@pytest.mark.parametrize(
    ("told", "kind", "end", "lasts"),
    [
        ("ended", "moratorium", AS_OF, True),
        ("in force, restricts", "statute", None, True),
        ("decided", "transmission_siting", None, False),
        ("withdrawn", "statute", None, False),
        ("in force", "denial", None, False),
    ],
)
def test_an_act_that_is_over_is_not_drawn_into_the_future(told, kind, end, lasts):
    bar = act_bar(act(told, kind, effective_from="2022-01"), AS_OF)
    assert (bar.end, bar.lasts) == (end, lasts)


def test_an_act_keeps_its_own_last_day_and_one_without_a_first_is_not_drawn():
    bar = act_bar(act("ended", effective_from="2022-01", effective_to="2023-02"), AS_OF)
    assert bar.end == date(2023, 2, 28)
    assert act_bar(act("in force"), AS_OF) is None
