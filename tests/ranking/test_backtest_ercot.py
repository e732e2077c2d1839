"""Backtest on ERCOT's interconnection reports: what 2022-01 knew, and what 2023-12 had seen.

The region is built here and nowhere kept: projects of the report of 2022-01 at the middle of their
county, stage durations and odds of leaving from reports up to that month alone. These are
generators, not loads; see `docs/concepts/backtest.md`.
"""

from __future__ import annotations

import csv
import json
import math
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from powerwall.cli import app
from powerwall.criteria.power.queues.survival import fit
from powerwall.criteria.power.queues.tables import read_queue

AS_OF, END = date(2022, 1, 31), date(2023, 12, 31)
PANEL = "ercot_large_gen_panel_2018-12_2023-12.parquet"
EVENTS = "ercot_project_events_2018-12_2023-12.parquet"
SOURCE = "ERCOT, Generator Interconnection Status report"
DONE = 0.1  # months of a stage that the components of the reports do not tell apart


def latest(folder: Path) -> pd.DataFrame:
    """The last revision of every month."""
    panel = pd.read_parquet(folder / PANEL)
    last = panel.groupby("report_month")["revision"].transform("max")
    return panel[panel["revision"] == last]


def waiting_in(panel: pd.DataFrame, month: str) -> pd.DataFrame:
    """Projects with a capacity that one report shows as not yet approved to energise or synchronise."""
    report = panel[panel["report_month"] == month]
    waits = report["approved_energization"].isna() & report["approved_synchronization"].isna()
    return report[waits & (report["capacity_mw"] > 0)].set_index("inr").sort_index()


def became(panel: pd.DataFrame, events: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """Day of energisation, and of leaving, of every project; None where neither had come.

    Energised is the approval to energise, else to synchronise, else to operate commercially. Who
    was cancelled after the as-of date, stands among the inactive at the end, or left the reports
    is withdrawn.
    """
    last = panel[panel["inr"].isin(ids)].sort_values("report_month").groupby("inr").last()
    by_kind = {kind: part.groupby("inr") for kind, part in events.groupby("kind")}
    whole = by_kind["commissioned"].apply(lambda g: g.loc[g["commissioning_category"].str.startswith("Commercial"), "event_date"].max(), include_groups=False)  # fmt: skip
    on = last["approved_energization"].fillna(last["approved_synchronization"]).fillna(whole)
    cancelled = by_kind["cancelled"]["event_date"].max()
    idle = events[(events["kind"] == "inactive") & (events["report_month"] == f"{END:%Y-%m}")]
    seen = pd.PeriodIndex(last["report_month"], freq="M").to_timestamp(how="end").date
    gone = pd.Series(seen, index=last.index).where(seen < END)
    off = cancelled.where(cancelled > AS_OF).reindex(ids)
    off = off.fillna(idle.groupby("inr")["event_date"].max()).fillna(gone)
    frame = pd.DataFrame({"energised_on": on.reindex(ids), "withdrawn_on": off.reindex(ids)})
    frame["withdrawn_on"] = frame["withdrawn_on"].where(frame["energised_on"].isna())
    return frame.map(lambda day: "" if pd.isna(day) else f"{day:%Y-%m-%d}")


def earlier_shares(panel: pd.DataFrame) -> pd.Series:
    """Share energised within 23 months of those that waited in the report of 2020-02, by group.

    What a person could have counted in 2022-01: agreement signed or not, planned operation within
    the window or not.
    """
    known = panel[panel["report_month"] <= f"{AS_OF:%Y-%m}"]
    then = waiting_in(known, "2020-02")
    last = known.sort_values("report_month").groupby("inr")[["approved_energization", "approved_synchronization"]].last()  # fmt: skip
    on = last["approved_energization"].fillna(last["approved_synchronization"]).reindex(then.index)
    return on.notna().groupby(group_of(then, date(2022, 1, 31))).mean()


def group_of(projects: pd.DataFrame, by: date) -> pd.Series:
    """2: agreement signed and operation planned by a day; 1: planned by it alone; 0: neither."""
    planned = projects["projected_cod"].map(lambda day: not pd.isna(day) and day <= by)
    return planned.astype(int) * (1 + projects["ia_signed"].notna())


def fitted(folder: Path, component: str):
    """Months and exits of one component, from reports up to 2022-01 alone."""
    used = read_queue(folder / PANEL, component=component, as_of=AS_OF).used
    return fit(used["months"], used["event"])


def rows_of(path: Path, rows: list[dict]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def stage_rows(folder: Path, projects: pd.DataFrame) -> tuple[list[dict], dict[bool, float]]:
    """Rows of `time_to_power`, and the odds of staying to the deadline without and with an agreement.

    Study ends with the signature, the substation with energisation; the rest take no time.
    """
    study, build = fitted(folder, "screening_to_agreement"), fitted(folder, "agreement_to_energisation")  # fmt: skip
    about = {"utility_id": "ercot", "kind": "stage", "basis": "derived", "source_title": SOURCE, "as_of": AS_OF.isoformat()}  # fmt: skip
    months = dict.fromkeys(("agreement", "transformer", "breakers", "substation_design", "commissioning", "shell"), (DONE, DONE))  # fmt: skip
    months |= {"study": (study.p50_months, study.p90_months), "substation": (build.p50_months, build.p90_months)}  # fmt: skip
    rows = [{"process_id": f"all-{stage}", "stage_id": stage, "stage": stage, "p50_months": p50, "p90_months": p90, **about}
            for stage, (p50, p90) in months.items()]  # fmt: skip
    for inr, project in projects.iterrows():
        own = {"site_id": inr, **about}
        begun, signed = project["screening_started"], project["ia_signed"]
        if not pd.isna(signed):
            rows += [{"process_id": f"{inr}-{s}", "stage_id": s, "stage": s, "done_on": signed, **own} for s in ("study", "agreement")]  # fmt: skip
            rows.append({"process_id": f"{inr}-build", "stage_id": "substation", "stage": "substation", "started_on": signed, **own})  # fmt: skip
        elif not pd.isna(begun):
            rows.append({"process_id": f"{inr}-study", "stage_id": "study", "stage": "study", "started_on": begun, **own})  # fmt: skip
    window = (END - AS_OF).days / 30.4375
    stays = {signed: math.exp(-item.exit_per_month * window) for signed, item in ((False, study), (True, build))}  # fmt: skip
    return rows, stays


def write_region(folder: Path, to: Path, *, odds: bool = True, planned: bool = False) -> Path:
    """The region of the cohort, and its outcomes beside it; the path of the region file.

    `odds` puts the withdrawals of the reports over the shipped ones; `planned` gives each project
    a node whose works end on its planned date of operation.
    """
    panel, events = latest(folder), pd.read_parquet(folder / EVENTS)
    projects = waiting_in(panel, f"{AS_OF:%Y-%m}")
    county = gpd.read_parquet(folder / "counties_tx.parquet").set_index("NAME").to_crs("EPSG:3083")
    place = county.geometry.centroid.to_crs("EPSG:4326").reindex(projects["county"].to_numpy())
    shares = earlier_shares(panel)
    groups = group_of(projects, END)
    sites, nodes, permits = [], [], []
    rows, stays = stage_rows(folder, projects)
    for (inr, project), point in zip(projects.iterrows(), place, strict=True):
        signed = not pd.isna(project["ia_signed"])
        node = inr if planned else project["county"]
        works = {"reinforcement_status": "under_construction", "expected_date": project["projected_cod"]} if planned else {}  # fmt: skip
        at = {"lon": round(point.x, 6), "lat": round(point.y, 6), "location_accuracy_m": 20000}
        sites.append({
            "site_id": inr, "name": project["project_name"], **at, "utility_id": "ercot", "poi_id": node,
            "capacity_mw": project["capacity_mw"], "ia_signed": "yes" if signed else "no", "projected_cod": project["projected_cod"],
            "ia_and_cod": groups[inr], "ia_and_cod_probability": round(shares.get(groups[inr], 0.0), 4),
        })  # fmt: skip
        nodes.append({"poi_id": node, "name": project["county"], "kind": "substation", "voltage_kv": 138, **works, **at})  # fmt: skip
        permits.append({"permit_id": f"stay-{inr}", "site_id": inr, "category": "approved", "p50_months": DONE, "p90_months": DONE,
                        "success_probability": round(stays[signed], 4) if odds else 1.0})  # fmt: skip
    to.mkdir(parents=True, exist_ok=True)
    tables = {
        "points_of_interconnection": [*{row["poi_id"]: row for row in nodes}.values()], "time_to_power": rows, "permit_paths": permits,
        "utilities": [{"utility_id": "ercot", "name": "ERCOT", "kind": "operator"}],
    }  # fmt: skip
    about = f'as_of = {AS_OF}\nlicenses = ["none"]\nsource = {{ title = "{SOURCE}" }}\n'
    head = f'schema = 1\nname = "ercot"\ntitle = "ERCOT, January 2022"\nas_of = {AS_OF}\ncrs = "EPSG:3083"'
    request = f'[request]\nmw = 100\nneed_by = {END}\n[sites]\npath = "sites.csv"\n{about}'
    weights = "[weights]\npower = 1\ncost = 0\nwater = 0\nnoise = 0\npolicy = 0\n"
    parts = [head, request, weights]
    rows_of(to / "sites.csv", sites)
    for name, table in tables.items():
        rows_of(to / f"{name}.csv", table)
        none = "" if name == "points_of_interconnection" else 'geometry = "none"\n'
        parts.append(f'[layers.{name}]\npath = "{name}.csv"\n{none}{about}')
    ends = became(panel, events, projects.index)
    rows_of(to / "outcomes.csv", [{"site_id": i, **row, "followed_to": END} for i, row in ends.to_dict("index").items()])  # fmt: skip
    path = to / "ercot.toml"
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


BASELINES = (
    "ia_signed",
    "projected_cod",
    "ia_and_cod",
    "ia_and_cod_probability",
    "capacity_mw:low",
)


@pytest.fixture(scope="module")
def folder(shared):
    found = shared / "data" / "texas_ercot"
    if not (found / PANEL).is_file():
        pytest.skip("the reports are not beside this checkout")
    return found


def held(path: Path, monkeypatch, *arguments: str):
    monkeypatch.chdir(path.parent)
    given = [part for name in BASELINES for part in ("--baseline", name)]
    sample = "every project of the report of 2022-01 with a capacity, not yet approved to energise or synchronise"
    result = CliRunner().invoke(app, [
        "backtest", path.name, "--as-of", str(AS_OF), "--outcomes", "outcomes.csv", "--deadline", str(END), "--k", "110",
        "--sample", sample, *given, *arguments,
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    return result


def by_name(rows: list[dict]) -> dict[str, dict]:
    return {row["forecast"]: row for row in rows}


@pytest.mark.slow
def test_the_cohort_of_january_2022_and_what_beats_powerwall_on_it(folder, tmp_path, monkeypatch):
    path = write_region(folder, tmp_path / "ercot")
    content = json.loads(held(path, monkeypatch, "--format", "json").stdout)
    counts = content["sample"]
    assert [counts[key] for key in ("cases", "energised", "withdrawn", "waiting", "lost")] == [678, 110, 84, 484, 0]  # fmt: skip
    assert {layer["use"] for layer in content["powerwall"]["layers"]} == {"known"}
    order, odds, dates = (by_name(content[key]) for key in ("order", "odds", "dates"))
    assert all(row["n"] == 678 and row["events"] == 110 for row in order.values())
    # powerwall: much better than the base rate, close to the trivial baseline
    ours, trivial = order["P(on time)"], order["ia_signed"]
    assert 0.80 < ours["auc"] < 0.86
    assert 0.75 < ours["auc_low"] < ours["auc"] < ours["auc_high"] < 0.90
    assert 0.78 < order["score"]["auc"] < 0.86
    assert trivial["auc"] == pytest.approx(0.808, abs=0.002)
    assert order["projected_cod"]["auc"] == pytest.approx(0.866, abs=0.002)
    assert 0.094 < odds["P(on time)"]["brier"] < 0.106
    assert odds["base rate for all"]["brier"] == pytest.approx(110 / 678 * 568 / 678, abs=1e-6)
    assert odds["P(on time)"]["skill"] > 0.2
    assert odds["ia_signed"]["brier"] == pytest.approx(0.0983, abs=2e-4)
    assert odds["ia_and_cod_probability"]["brier"] == pytest.approx(0.0973, abs=2e-4)
    assert 0.10 < odds["P(on time)"]["predicted"] < odds["P(on time)"]["realised"]
    # the medians of a queue whose slow half still waits lie beyond two years
    assert dates["P50 date"]["below_p50"] == 1.0
    assert dates["P50 date"]["n_dated"] == 110
    assert 0.04 < dates["P50 date"]["due_p10"] < 0.16
    # a baseline that does better is named, and only such a one
    told = next(line for line in content["verdicts"] if line.startswith("AUC"))
    best = max(row["auc"] for row in content["order"] if row["ours"])
    for name in BASELINES:
        assert (f"{name} {order[name]['auc']:.3f}" in told) == (order[name]["auc"] > best)


@pytest.mark.slow
def test_with_the_planned_dates_declared_the_odds_are_better(folder, tmp_path, monkeypatch):
    path = write_region(folder, tmp_path / "planned", odds=False, planned=True)
    content = json.loads(held(path, monkeypatch, "--format", "json").stdout)
    order, odds = by_name(content["order"]), by_name(content["odds"])
    assert 0.84 < order["P(on time)"]["auc"] < 0.88
    assert 0.090 < odds["P(on time)"]["brier"] < 0.099


def test_the_shares_of_the_cohort_are_those_that_its_readme_counts(folder):
    panel, events = latest(folder), pd.read_parquet(folder / EVENTS)
    projects = waiting_in(panel, "2022-01")
    came = became(panel, events, projects.index)["energised_on"] != ""
    signed, groups = projects["ia_signed"].notna(), group_of(projects, END)
    assert came[signed].mean() == pytest.approx(0.50, abs=0.01)
    assert came[~signed].mean() == pytest.approx(0.051, abs=0.001)
    assert [came[groups == code].mean() for code in (2, 1, 0)] == pytest.approx([0.52, 0.074, 0.0], abs=0.003)  # fmt: skip


def test_no_report_after_january_2022_reaches_the_region(folder, tmp_path):
    panel = pd.read_parquet(folder / PANEL)
    panel[panel["report_month"] <= "2022-01"].to_parquet(tmp_path / PANEL)
    for component in ("screening_to_agreement", "agreement_to_energisation"):
        whole, cut = fitted(folder, component), fitted(tmp_path, component)
        assert (whole.p50_months, whole.p90_months, whole.exit_per_month) == (cut.p50_months, cut.p90_months, cut.exit_per_month)  # fmt: skip
    assert earlier_shares(panel).equals(earlier_shares(panel[panel["report_month"] <= "2022-01"]))
