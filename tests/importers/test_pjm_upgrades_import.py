"""PJM upgrades: lead times in their order, codes of status, and positions that place nothing."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from conftest import write_csv
from layer_import import about, by_command, imported, in_region, write_book

from powerwall.criteria.power.queues.tables import dropped, fit_queue, read_queue
from powerwall.importers.pjm_upgrades import NAME_MATCH_M, lead_months

SAMPLE = "data/pjm_aep_ohio_upgrades/aep_ohio_transmission_upgrades_points.geojson"
#: Headings as open readers of PJM's workbook name them; the work is made up.
WORK = {"Upgrade Id": "b0001.1", "Description": "SYNTHETIC: rebuild\nAsh - Elm", "Project Type": "Baseline", "Voltage": "345/138", "Cost Estimate": "14.2",
        "Required Date": "6/1/2023", "Transmission Owner": "AEP", "State": "OH", "Location": "Ash", "Equipment": "Transmission Line", "Status": "IS", "Driver": "Made up",
        "Projected In Service Date": "12/1/2022", "Revised In-Service Date": "", "Actual In Service Date": "1/1/2022", "Percent Complete": "100", "Immediate Need": "No",
        "Initial TEAC Date": "1/1/2020", "Latest TEAC Date": "2/1/2020", "Last Updated": "3/1/2024"}  # fmt: skip


def works(folder, *changes):
    rows = [{**WORK, "Upgrade Id": f"b{n}", **change} for n, change in enumerate(changes)]
    return write_csv(folder / "synthetic-upgrades.csv", rows)


def row(folder, **change):
    frame, tally, _ = imported("pjm-upgrades", works(folder, {key.replace("_", " "): cell for key, cell in change.items()}))  # fmt: skip
    return frame.iloc[0], tally


def geojson(folder, *features, made="2025-12-10T14:24:00+00:00"):
    path = folder / "synthetic-upgrades.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "metadata": {"generated_at": made}, "features": list(features)}))  # fmt: skip
    return path


def feature(shape, **properties):
    return {"type": "Feature", "geometry": shape, "properties": {"upgrade_id": "b1", "status": "EP", "initial_teac_date": "2024-01-01", **properties}}  # fmt: skip


def test_a_work_stands_in_canonical_columns(tmp_path):
    one, _ = row(tmp_path)
    assert (one["upgrade_id"], one["status"], one["status_raw"]) == ("b0", "in_service", "IS")
    assert one["description"] == "SYNTHETIC: rebuild Ash - Elm"
    assert (one["voltage_kv"], one["voltages"], one["cost_usd"], one["complete_share"]) == (345, "345/138", 14_200_000, 1)  # fmt: skip
    dates = one[["first_review_date", "latest_review_date", "required_date", "expected_date", "in_service_date", "as_of"]]  # fmt: skip
    assert dates.tolist() == ["2020-01-01", "2020-02-01", "2023-06-01", "2022-12-01", "2022-01-01", "2024-03-01"]  # fmt: skip
    assert one["immediate_need"] == "no"
    assert lead_months(pd.DataFrame([one])).round(2).tolist() == [24.02]


@pytest.mark.parametrize(("text", "highest"), [("345/138", 345), ("138/69/34.5", 138), ("34.5", 34.5), ("138 kV / 765 kV", 765), ("", None), ("n/a", None)])  # fmt: skip
def test_of_several_voltages_the_highest_counts_and_none_is_unknown(tmp_path, text, highest):
    found = row(tmp_path, Voltage=text)[0]["voltage_kv"]
    assert pd.isna(found) if highest is None else found == highest


@pytest.mark.parametrize(
    ("word", "status"),
    [("EP", "engineering"), ("EP:Engineering and Procurement", "engineering"), ("UC", "construction"), ("UC-ISP", "construction"), ("IS", "in_service"), ("In Service", "in_service"),
     ("On Hold", "on_hold"), ("ON-HOLD", "on_hold"), ("Cancelled", "cancelled"), ("Canceled", "cancelled"), ("Withdrawn", "cancelled"), ("Active", "planned"), ("PL", "planned")],
)  # fmt: skip
def test_codes_of_status_become_words_and_stay_beside_them(tmp_path, word, status):
    one, _ = row(tmp_path, Status=word)
    assert (one["status"], one["status_raw"]) == (status, word)


def test_a_status_that_is_not_known_is_unknown_and_told(tmp_path):
    one, tally = row(tmp_path, Status="Deferred")
    assert pd.isna(one["status"])
    assert tally.noted["of status `deferred`, which is not known"] == 1


def test_active_is_told_as_planned(tmp_path):
    assert row(tmp_path, Status="Active")[1].noted["of status `Active`, listed and not in engineering yet: planned"] == 1  # fmt: skip


def test_service_before_the_first_review_is_no_lead_time_and_counted(tmp_path):
    frame, tally, _ = imported("pjm-upgrades", works(tmp_path, {}, {"Actual In Service Date": "12/31/2019"}, {"Actual In Service Date": "1/1/2020"}))  # fmt: skip
    assert lead_months(frame).notna().tolist() == [True, False, True]
    assert frame["note"].notna().tolist() == [False, True, False]
    assert tally.noted["in_service_date before first_review_date: no lead time"] == 1


def test_what_status_and_dates_say_against_each_other_is_told(tmp_path):
    _, tally, _ = imported("pjm-upgrades", works(tmp_path, {"Actual In Service Date": ""}, {"Status": "UC"}))  # fmt: skip
    assert tally.noted["in service without in_service_date"] == 1
    assert tally.noted["with in_service_date, and by their status not in service: the status stays"] == 1  # fmt: skip


@pytest.mark.parametrize(("cost", "usd"), [("$1,250.5", 1_250_500_000), ("0", None), ("0.00", None), ("-3", None), ("14200000", None), ("TBD", None), ("", None)])  # fmt: skip
def test_a_cost_is_in_millions_and_zero_is_no_cost(tmp_path, cost, usd):
    one, tally = row(tmp_path, Cost_Estimate=cost)
    assert pd.isna(one["cost_usd"]) if usd is None else one["cost_usd"] == usd
    assert sum(tally.emptied.values()) == (usd is None and cost != "")


@pytest.mark.parametrize(("cells", "shares"), [(("100", "35"), [1, 0.35]), (("75%", "5%"), [0.75, 0.05]), (("1", "0.35"), [1, 0.35]), (("130", "1"), [None, 0.01]), (("", "0"), [None, 0])])  # fmt: skip
def test_what_is_complete_is_a_share(tmp_path, cells, shares):
    frame, _, _ = imported("pjm-upgrades", works(tmp_path, *({"Percent Complete": cell} for cell in cells)))  # fmt: skip
    assert frame["complete_share"].astype(object).where(frame["complete_share"].notna(), None).tolist() == shares  # fmt: skip


def test_a_revised_date_stands_in_where_none_is_projected(tmp_path):
    assert row(tmp_path, Projected_In_Service_Date="", **{"Revised In-Service Date": "7/4/2027"})[0]["expected_date"] == "2027-07-04"  # fmt: skip


def test_rows_without_an_id_or_under_one_twice_are_counted(tmp_path):
    frame, tally, _ = imported("pjm-upgrades", works(tmp_path, {}, {"Upgrade Id": "b0", "Status": "EP"}, {"Upgrade Id": ""}))  # fmt: skip
    assert frame[["upgrade_id", "status"]].to_numpy().tolist() == [["b0", "in_service"]]
    assert tally.left_out == {"no upgrade id": 1, "stands in an earlier row under the same id": 1}


def test_a_workbook_with_a_title_above_and_odd_headings_gives_the_same_rows(tmp_path):
    plain, _, _ = imported("pjm-upgrades", works(tmp_path, {}))
    heads = [name.replace("Cost Estimate", "Cost  Estimate ($M)").replace("In Service", "In-Service").upper() for name in WORK]  # fmt: skip
    cells = [14.2 if name == "Cost Estimate" else "b0" if name == "Upgrade Id" else cell for name, cell in WORK.items()]  # fmt: skip
    book = write_book(tmp_path / "synthetic.xlsx", Notes=[["SYNTHETIC"]], Data=[["made up"], heads, cells])  # fmt: skip
    found, _, findings = imported("pjm-upgrades", book)
    assert [f.code for f in findings if f.severity != "note"] == []
    pd.testing.assert_frame_equal(found, plain, check_dtype=False)


def test_a_feature_without_a_place_stays_and_a_place_is_beside_the_row_alone(tmp_path):
    path = geojson(
        tmp_path,
        feature({"type": "Point", "coordinates": [-83, 40]}, matched_substations=["Ash", "Elm"]),
        feature(None, upgrade_id="b2"),
        feature({"type": "Point", "coordinates": [400, 40]}, upgrade_id="b3"),
    )
    frame, tally, _ = imported("pjm-upgrades", path)
    assert frame["matched_lon"].fillna(0).tolist() == [-83, 0, 0]
    assert frame["position_status"].fillna("").tolist() == ["approximate", "", ""]
    assert frame["matched_accuracy_m"].fillna(0).tolist() == [NAME_MATCH_M.value, 0, 0]
    assert frame["position_of"].iloc[0] == "Ash;Elm"
    assert tally.emptied["coordinates that are no place in degrees"] == 1
    assert set(frame["as_of"]) == {"2025-12-10"}
    assert not {"lon", "lat", "geometry"} & set(frame)


def test_the_day_of_a_file_that_says_none_is_the_newest_of_its_rows_or_the_one_given(tmp_path):
    path = works(tmp_path, {}, {"Last Updated": "4/1/2024"})
    assert "as_of = 2024-04-01" in by_command("pjm-upgrades", path, output=tmp_path / "x.csv").stdout  # fmt: skip
    bare = works(tmp_path, {"Last Updated": ""})
    result = by_command("pjm-upgrades", bare, output=tmp_path / "y.csv", options=["--as-of", "2025-01-31"])  # fmt: skip
    assert "as_of = 2025-01-31" in result.stdout
    assert pd.read_csv(tmp_path / "y.csv")["as_of"].tolist() == ["2025-01-31"]


def test_with_a_region_the_works_of_its_states_are_kept(tmp_path):
    path = works(tmp_path, {}, {"State": "PA"}, {"State": "WV/OH"}, {"State": ""})
    frame, tally, _ = imported("pjm-upgrades", path, fips=("39049",))
    assert frame["upgrade_id"].tolist() == ["b0", "b2", "b3"]
    assert tally.left_out == {"of no state of the region": 1}


def test_a_state_in_full_is_not_cut_into_codes_of_others(tmp_path):
    path = works(tmp_path, {"State": "Virginia"}, {"State": "Indiana"})
    frame, tally, _ = imported("pjm-upgrades", path, fips=("51107",))
    assert len(frame) == 2
    assert tally.noted["of a state that is no postal code: kept"] == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("x.csv", b"PK\x03\x04", "PW202"), ("x.csv", b"<html>404</html>", "PW202"), ("x.csv", b"a,b\n1,2\n", "PW203"), ("x.xlsx", b"a,b\n", "PW202"),
     ("x.csv", b"Upgrade Id,State\nb1,OH\n", "PW203"), ("x.geojson", b"<html>", "PW202"), ("x.geojson", b"[]", "PW203"), ("x.geojson", b'{"features": []}', "PW204"),
     ("x.geojson", b'{"features": [{"properties": {"name": "Ash"}}]}', "PW203"), ("x.geojson", b"\xff\xfe", "PW202"), ("x.geojson", b"null", "PW203")],
)  # fmt: skip
def test_a_wrong_file_under_a_right_name_is_one_clear_finding(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    by_command("pjm-upgrades", path, output=tmp_path / "out.csv", code=2)
    assert [f.code for f in imported("pjm-upgrades", path)[2] if f.severity == "error"] == [code]
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_is_no_file(tmp_path):
    assert [f.message for f in imported("pjm-upgrades", tmp_path)[2]] == ["is a folder"]


def test_a_file_that_is_not_there_names_its_neighbour(tmp_path):
    path = works(tmp_path, {})
    for missing in (path.with_name("synthetic-upgrade.csv"), geojson(tmp_path, feature(None)).with_name("synthetic-upgrade.geojson")):  # fmt: skip
        found = imported("pjm-upgrades", missing)[2]
        assert [f.code for f in found] == ["PW201"]
        assert "did you mean `synthetic-upgrades." in found[0].remedy


def test_a_region_reads_the_layer_without_a_finding(make_region, tmp_path):
    region = in_region(make_region, tmp_path, "pjm-upgrades", works(tmp_path, {}, {"Status": "Active", "Actual In Service Date": ""}))  # fmt: skip
    assert sorted(region.layers.frame("reinforcements")["status"]) == ["in_service", "planned"]
    assert about(region, "reinforcements") == []
    assert about(region, "imported.csv") == []


def test_a_region_tells_a_word_that_is_no_status_of_a_work(make_region, tmp_path):
    import powerwall as pw

    rows = [{"upgrade_id": "b1", "status": "stalled"}, {"upgrade_id": "b2", "status": "on_hold"}]
    path = make_region(tmp_path, reinforcements=rows, toml={"layers": {"reinforcements": {"geometry": "none"}}})  # fmt: skip
    found = [f for f in pw.read(path).findings if "stalled" in f.message]
    assert [(f.code, f.line) for f in found] == [("PW406", 2)]


def test_fit_reads_the_layer_and_lets_unfinished_works_wait(tmp_path):
    path = works(
        tmp_path, {}, *({"Status": word, "Actual In Service Date": ""} for word in ("EP", "UC", "Active", "On Hold", "Cancelled", "IS")),
        {"Actual In Service Date": "12/31/2019"}, {"Initial TEAC Date": ""},
    )  # fmt: skip
    by_command("pjm-upgrades", path, output=tmp_path / "layer.csv")
    queue = read_queue(tmp_path / "layer.csv")
    assert (queue.layout, queue.as_of.isoformat()) == ("layer `reinforcements`", "2024-03-01")
    assert queue.used["event"].tolist() == [1, 0, 0, 0, 0]
    assert dropped(queue.rows) == {
        "completed without a date": 1, "ends before it starts": 1, "no request date": 1, "withdrawn without a date": 1}  # fmt: skip


def test_the_same_works_give_the_same_bytes(tmp_path):
    path = works(tmp_path, {}, {"Status": "EP"})
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    by_command("pjm-upgrades", path, output=one)
    by_command("pjm-upgrades", path, output=two)
    assert one.read_bytes() == two.read_bytes()


# ------------------------------------------------------------------------------- the real sample
@pytest.fixture(scope="module")
def sample(shared):
    path = shared / SAMPLE
    if not path.is_file():
        pytest.skip("the upgrades of AEP Ohio are not beside this checkout")
    return path


@pytest.fixture(scope="module")
def upgrades(sample):
    return imported("pjm-upgrades", sample)


def test_every_upgrade_of_aep_ohio_has_its_status(upgrades):
    frame, tally, findings = upgrades
    assert len(frame) == tally.read == 967
    assert not tally.left_out
    assert frame["status"].value_counts().to_dict() == {
        "in_service": 557, "engineering": 300, "planned": 67, "construction": 23, "cancelled": 13, "on_hold": 7}  # fmt: skip
    assert [f.code for f in findings if f.severity != "note"] == []


def test_lead_times_of_aep_ohio_are_those_in_order_and_the_rest_is_counted(upgrades):
    frame, tally, _ = upgrades
    months = lead_months(frame).dropna()
    assert len(months) == 516
    assert tally.noted["in_service_date before first_review_date: no lead time"] == 29
    assert months.quantile([0.25, 0.5, 0.75]).round(1).tolist() == [13.1, 26.3, 41.9]


@pytest.mark.parametrize(
    ("low", "high", "n", "median", "quarter"),
    [(115, 138, 304, 27.1, 14.5), (345, 345, 55, 25.5, 14.0), (500, 800, 8, 25.3, 15.3), (0, 114, 145, 22.6, 10.0)],
)  # fmt: skip
def test_lead_times_of_aep_ohio_by_voltage_are_the_published_ones(upgrades, low, high, n, median, quarter):  # fmt: skip
    months = lead_months(upgrades[0])[upgrades[0]["voltage_kv"].between(low, high)].dropna()
    assert len(months) == n
    assert months.median() == pytest.approx(median, abs=0.051)
    assert months.quantile(0.25) == pytest.approx(quarter, abs=0.051)


def test_costs_of_aep_ohio_add_up_and_a_cost_of_zero_is_unknown(upgrades):
    frame, tally, _ = upgrades
    assert frame["cost_usd"].sum() / 1e6 == pytest.approx(5364.8, abs=0.05)
    assert frame["cost_usd"].max() == pytest.approx(154.5e6, abs=0.05e6)
    assert frame["cost_usd"].isna().sum() == 31
    assert sum(tally.emptied.values()) == 31


def test_a_fit_of_the_layer_is_that_of_the_table_it_came_from(sample, tmp_path):
    by_command("pjm-upgrades", sample, output=tmp_path / "layer.csv")
    layer, native = read_queue(tmp_path / "layer.csv"), read_queue(sample)
    assert dropped(layer.rows) == dropped(native.rows)
    assert dropped(layer.rows)["ends before it starts"] == 29
    one, other = fit_queue(layer)[0], fit_queue(native)[0]
    assert (one.n, one.completed) == (904, 516)
    assert one.completed_median_months == pytest.approx(26.3, abs=0.05)
    assert (one.p50_months, one.p90_months) == pytest.approx((other.p50_months, other.p90_months))
