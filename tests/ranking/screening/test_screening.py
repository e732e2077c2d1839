"""Screening: every cell of a made-up country, however its parts are cut and whoever measures them."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from made_up_country import CRS, WEST, country

import powerwall as pw
from powerwall.ranking.screening import Hands, job
from powerwall.region import candidates


def whole(path, **options):
    """All candidates of a screening as one frame by id."""
    with pw.screening(pw.read(path), **options) as found:
        return frame_of(found)


def frame_of(found):
    from powerwall.output.cells import save

    target = found.files[0].parent / "all.parquet"
    save(found, target, 5)
    return gpd.read_parquet(target).set_index("site_id")


def test_a_cell_is_measured_as_a_site_of_its_own_would_be(tmp_path):
    path = country(tmp_path, cell_km=3)
    cells = whole(path)
    points = cells.to_crs(CRS).geometry
    features = {name: gpd.read_parquet(tmp_path / f"{name}.parquet") for name in ("stations", "wires", "catchments")}  # fmt: skip
    high = features["wires"][features["wires"]["voltage_kv"] >= 230]
    for name, layer in (("substation_km", features["stations"]), ("wire_km", high)):
        plane = [layer.distance(point).min() / 1000 for point in points]
        np.testing.assert_allclose(cells[name], plane, rtol=0.01, atol=1e-3)  # 5070 bends by 1 %
    expected = np.select([points.x < WEST + 15_000, points.x < WEST + 30_000], [0.2, 0.7], np.nan)
    np.testing.assert_allclose(cells["basin_share"], expected, rtol=1e-6)


def test_a_score_is_the_weighted_sum_of_the_values_with_what_is_unknown_at_half(tmp_path):
    cells = whole(country(tmp_path, cell_km=3))
    parts = {
        "substation_km": (2, [0, 20], [1, 0]),
        "wire_km": (3, [0, 5, 30], [1, 0.8, 0]),
        "basin_share": (1, [0, 1], [1, 0]),
    }
    for column, neutral in (("score", 0.5), ("score_low", 0.0), ("score_high", 1.0)):
        expected = sum(
            weight * pd.Series(np.interp(cells[name], xs, vs), index=cells.index).where(cells[name].notna(), neutral)
            for name, (weight, xs, vs) in parts.items()
        )  # fmt: skip
        np.testing.assert_allclose(cells[column], 100 * expected / 6, atol=2e-4)
    np.testing.assert_allclose(cells["coverage"], np.where(cells["basin_share"].isna(), 5 / 6, 1))


def test_ranks_follow_the_score_and_equal_scores_the_id(tmp_path):
    path = country(tmp_path)
    steep = (
        path.read_text().replace("[20, 0.0]", "[1, 0.0]").replace("[5, 0.8], [30, 0.0]", "[1, 0.0]")
    )
    path.write_text(steep)  # most cells are as bad as can be
    cells = whole(path)
    ranked = cells[cells["status"] == "ranked"].sort_values("rank")
    expected = ranked.reset_index().sort_values(["score", "site_id"], ascending=[False, True])
    assert ranked.index.tolist() == expected["site_id"].tolist()
    assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
    assert ranked["score"].duplicated().any(), "the fixture must hold ties"
    out = cells[cells["status"] == "out"]
    assert len(out)
    assert (out["wire_km"] > 25).all()
    assert out["rank"].isna().all()
    assert out["reasons"].eq("wire km required ≤ 25 km").all()


@pytest.mark.parametrize("rows", [97, 1000, 10**6])
def test_how_the_parts_are_cut_moves_no_byte_of_a_number(tmp_path, monkeypatch, rows):
    path = country(tmp_path)
    usual = whole(path)
    monkeypatch.setattr(candidates, "PART_ROWS", rows)
    monkeypatch.setattr(job, "CHUNK", max(rows // 3, 1))
    pd.testing.assert_frame_equal(whole(path), usual, check_exact=True)


def test_threads_move_no_byte_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "PART_ROWS", 500)
    path = country(tmp_path)
    written = []
    for threads in (1, 4):
        with pw.screening(pw.read(path), hands=Hands(threads=threads)) as found:
            from powerwall.output.cells import save

            save(found, tmp_path / "cells.parquet", 5)
        written.append((tmp_path / "cells.parquet").read_bytes())
    assert written[0] == written[1]


def test_a_geoparquet_of_sites_gives_the_numbers_of_the_grid_in_any_order(tmp_path):
    path = country(tmp_path, cell_km=3)
    cells = whole(path)
    table = cells[["geometry"]].reset_index().sample(frac=1, random_state=1)
    table.to_parquet(tmp_path / "cells.parquet", row_group_size=111)
    found = whole(country(tmp_path, sites='path = "cells.parquet"'))
    columns = ["rank", "status", "score", "substation_km", "wire_km", "basin_share"]
    pd.testing.assert_frame_equal(found.loc[cells.index, columns], cells[columns], rtol=1e-6)


def test_what_is_not_declared_is_said_to_be_left_out(tmp_path):
    more = "night_noise_margin_db = { min = 0 }"
    path = country(tmp_path, more=more)
    path.write_text(path.read_text().replace("proximity = 1", "proximity = 1\npower = 4"))
    with pw.screening(pw.read(path)) as found:
        assert {"months_late", "night_noise_margin_db"} <= set(found.screen.left_out)  # fmt: skip
        assert sum(found.screen.in_use.weights.criteria.values()) == pytest.approx(1)


def test_the_funnel_adds_up_to_what_is_ranked(tmp_path):
    more = "substation_km = { max = 12 }"
    with pw.screening(pw.read(country(tmp_path, more=more))) as found:
        cells = frame_of(found)
        first, second = found.failures
        assert (first.bound.requirement.name, second.bound.requirement.name) == ("substation_km", "wire_km")  # fmt: skip
        far, off = cells["substation_km"] > 12, cells["wire_km"] > 25
        assert (first.hit, second.hit) == (far.sum(), off.sum())
        assert (first.alone, second.alone) == ((far & ~off).sum(), (off & ~far).sum())
        assert (first.left, second.left) == ((~far).sum(), (~far & ~off).sum())
        assert second.left == len(found.merged.order)
        assert first.near == (far & (cells["substation_km"] <= 13.2)).sum()
        assert first.median == pytest.approx((cells["substation_km"][far] - 12).median(), abs=1e-4)


def test_the_top_is_the_head_of_the_whole(tmp_path):
    with pw.screening(pw.read(country(tmp_path))) as found:
        top, cells = found.top(7), frame_of(found)
    best = cells.sort_values("rank").head(7)
    assert top.index.tolist() == best.index.tolist()
    np.testing.assert_array_equal(top["score"], best["score"])
    np.testing.assert_allclose(top["lon"], best.geometry.x)


def test_parts_that_are_there_are_taken_up_and_those_of_another_screening_are_not(tmp_path, monkeypatch):  # fmt: skip
    monkeypatch.setattr(candidates, "PART_ROWS", 1000)
    path, work = country(tmp_path), tmp_path / "work"
    first = whole(path, work=work)
    measured = []
    real = job._measured
    monkeypatch.setattr(job, "_measured", lambda *a: measured.append(1) or real(*a))
    pd.testing.assert_frame_equal(whole(path, work=work), first)
    assert not measured
    next(work.glob("*/part-00002.arrow")).write_bytes(b"half a part")
    pd.testing.assert_frame_equal(whole(path, work=work), first)
    assert len(measured) == 1
    other = whole(path, work=work, weights={"wire_km": 9.0})
    assert len(measured) == 1 + 4
    assert not other["score"].equals(first["score"])


def test_a_screening_leaves_nothing_behind(tmp_path):
    path = country(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pw.screening(pw.read(path), beside=tmp_path):
        assert sorted(tmp_path.iterdir()) != before
    assert sorted(tmp_path.iterdir()) == before


def test_weights_of_nothing_declared_are_an_error_at_their_place(tmp_path):
    path = country(tmp_path)
    path.write_text(path.read_text().replace("proximity = 1", "power = 1"))
    with pytest.raises(pw.BadInput) as caught, pw.screening(pw.read(path)):
        pass
    (found,) = caught.value.findings
    assert found.code == "PW106"
    assert found.line


def test_the_parquet_says_where_its_numbers_come_from(tmp_path):
    from powerwall.output.cells import save

    with pw.screening(pw.read(country(tmp_path))) as found:
        save(found, tmp_path / "cells.parquet", 5)
    metadata = pq.read_schema(tmp_path / "cells.parquet").metadata
    told = json.loads(metadata[b"powerwall"])
    assert told["weights"] == {"basin_share": 0.166667, "near_count": 0.0, "substation_km": 0.333333, "wire_km": 0.5}  # fmt: skip
    assert told["requirements"] == ["wire_km: required ≤ 25 km"]
    assert len(told["layers"]["wires"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda t: t.assign(site_id=[None, *t["site_id"][1:]]), "PW405"),
        (lambda t: t.assign(site_id=["  ", *t["site_id"][1:]]), "PW405"),
        (lambda t: t.assign(site_id=["a", "a", *t["site_id"][2:]]), "PW404"),
        (lambda t: t.assign(area_ha="12 ha"), "PW401"),
        (lambda t: t.set_geometry([None, *t.geometry[1:]], crs=t.crs), "PW301"),
        (lambda t: t.set_geometry([shapely.MultiPoint([(1, 2), (3, 4)]), *t.geometry[1:]], crs=t.crs), "PW301"),
        (lambda t: t.set_geometry(t.geometry.buffer(0.01)), "PW301"),
        (lambda t: t.set_crs(None, allow_override=True), "PW302"),
        (lambda t: t.iloc[:0], "PW204"),
        (lambda t: t.drop(columns="site_id"), "PW203"),
    ],
    ids=["no id", "blank id", "twice", "area in words", "no point", "two points", "areas", "no crs", "empty", "no id column"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
def test_a_table_that_cannot_be_screened_is_a_finding_and_no_number(tmp_path, spoil, code):
    table = whole(country(tmp_path, cell_km=6))[["geometry"]].reset_index()
    spoil(table).to_parquet(tmp_path / "cells.parquet")
    path = country(tmp_path, sites='path = "cells.parquet"')
    with pytest.raises(pw.BadInput) as caught, pw.screening(pw.read(path)):
        pass
    assert [found.code for found in caught.value.findings] == [code]
    assert [found.code for found in pw.check(path) if found.severity == "error"] == [code]


def test_an_area_that_is_a_sentinel_is_unknown(tmp_path):
    table = whole(country(tmp_path, cell_km=6))[["geometry"]].reset_index()
    table["area_ha"] = [-9999.0, *[40.0] * (len(table) - 1)]
    table.to_parquet(tmp_path / "cells.parquet")
    found = whole(country(tmp_path, sites='path = "cells.parquet"'))
    assert np.isnan(found.loc[table["site_id"][0], "area_ha"])
    assert (found["area_ha"].dropna() == 40).all()


def test_negative_weights_of_declared_criteria_are_refused(tmp_path):
    path = country(tmp_path)
    path.write_text(path.read_text().replace("weight = 2", "weight = -2"))
    with pytest.raises(pw.BadInput, match="weight"):
        pw.read(path)


def test_findings_come_back_from_another_process():
    import pickle

    from powerwall.region.findings import Findings

    findings = Findings()
    findings.add("PW210", "other files", file="a.toml", line=3, remedy="look")
    sent = pickle.loads(pickle.dumps(pw.BadInput(findings)))
    assert sent.findings == list(findings)


def test_cells_where_a_requirement_is_open_say_so(tmp_path):
    path = country(tmp_path, more="basin_share = { max = 0.5 }")
    with pw.screening(pw.read(path)) as found:
        best = found.top(3600)
    open_ = best["basin_share"].isna()
    assert open_.any()
    assert best["reasons"][open_].str.startswith("at risk: basin share required").all()
    assert best["reasons"][~open_].eq("").all()
