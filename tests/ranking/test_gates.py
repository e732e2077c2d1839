"""Gates: what a region allows a comparison to move."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

import powerwall as pw
from powerwall.ranking.compare import Changes, compare
from powerwall.ranking.gates import Held, gates

AS_OF = date(2026, 8, 22)


@pytest.fixture(scope="module")
def changes(tiny, tiny_measures) -> Changes:
    """A comparison that moved nothing but the ranks that are set here."""
    ranking = pw.rank(tiny, tiny_measures)
    found = compare(ranking, ranking)
    ranks = pd.array([4, 1] + [None] * (len(found.sites) - 2), dtype="Int64")
    before = pd.array([1, 2] + [None] * (len(found.sites) - 2), dtype="Int64")
    return replace(found, sites=found.sites.assign(rank_base=before, rank_head=ranks, rank_shift=ranks - before))  # fmt: skip


def region(make_region, folder, **limits: object) -> pw.Region:
    return pw.read(make_region(folder, toml={"gates": limits}))


@pytest.mark.parametrize(("limit", "state"), [(3, "holds"), (2, "broken")])
def test_a_gate_on_shifts_names_the_site_that_broke_it(changes, make_region, tmp_path, limit, state):  # fmt: skip
    (gate,) = gates(changes, region(make_region, tmp_path, max_rank_shift=limit), AS_OF)
    assert (gate.name, gate.state) == ("max_rank_shift", state)
    moved = str(changes.sites.index[0])
    assert gate.words == (f"{moved} from rank 1 to 4" if state == "broken" else "largest shift 3")


def test_a_gate_on_freshness_looks_at_the_day_it_is_told(changes, make_region, tmp_path):
    head = region(make_region, tmp_path, fail_on_stale=True)
    assert gates(changes, head, date(2027, 1, 1))[0].state == "holds"
    (gate,) = gates(changes, head, date(2046, 1, 1))
    assert gate.state == "broken"
    assert "layer policy is 7124 days old, fresh for 3650" in gate.words


def test_without_draws_the_share_of_the_first_site_is_not_measured(changes, make_region, tmp_path):
    (gate,) = gates(changes, region(make_region, tmp_path, min_top_held=0.9), AS_OF)
    assert (gate.state, gate.limit) == ("not measured", "0.9")


@pytest.mark.parametrize(
    ("share", "state", "said"),
    [(0.94, "holds", "94 %"), (0.9, "holds", "90 %"), (0.8999, "broken", "89.99 %"), (0.31, "broken", "31 %")],
)  # fmt: skip
def test_the_share_that_the_first_site_holds_is_named_with_its_draws(changes, make_region, tmp_path, share, state, said):  # fmt: skip
    head = region(make_region, tmp_path, min_top_held=0.9)
    (gate,) = gates(changes, head, AS_OF, Held("a", share, 3, 4096))
    assert gate.state == state
    half = 196 * (share * (1 - share) / 4096) ** 0.5
    assert gate.words == f"a, ranked first, is among the first 3 in {said} of 4,096 draws (95 %: ± {half:.1f} percentage points)"  # fmt: skip


def test_no_gate_is_judged_that_is_not_declared(changes, tiny):
    assert gates(changes, tiny, AS_OF, Held("a", 0.1, 3, 4096)) == []
