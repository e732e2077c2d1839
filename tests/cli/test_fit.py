"""`powerwall fit`: what it prints at every width, what it writes, and how it fails."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from powerwall.cli.fit import fit
from powerwall.output.fit import percentages

app = typer.Typer()
app.command("fit")(fit)

ROWS = "queue_id,request_date,completed_date,withdrawn_date,status,mw,region\n" + "".join(
    f"r{i},20{10 + i % 9}-0{1 + i % 7}-01,{f'20{13 + i % 9}-0{1 + i % 5}-15' if i % 3 == 0 else ''},"
    f"{f'20{11 + i % 9}-06-01' if i % 3 == 1 else ''},{('completed', 'withdrawn', 'active')[i % 3]},{i},{'NS'[i % 2]}\n"
    for i in range(90)
)


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up queue of 90 requests and one broken row, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    path = Path("queue.csv")
    path.write_text(ROWS + "broken,2020-01-01,,,completed,1,N\n", encoding="utf-8")
    return path


def run(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result


def test_the_fit_shows_shares_times_and_the_rows_it_could_not_use(queue):
    printed = run(str(queue), "--by", "region").stdout
    assert "queue.csv: queue table, as of" in printed
    for words in ("% completed", "% withdrawn", "after 2/4/6/10 years", "P50 months", "sigma", "P10/P50/P90 months if completed",
                  "1 of 91 rows are not used:", "completed without a date", "were nothing ever withdrawn", "Next: powerwall fit queue.csv"):  # fmt: skip
        assert words in printed
    first = next(line.split() for line in printed.splitlines() if line.startswith("all"))
    assert first[1:5] == ["90", "30", "30", "30"]
    assert [line.split()[0] for line in printed.splitlines() if line[:2] in {"N ", "S "}] == ["N", "S"] * 2  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_of_a_table_is_wider_than_the_terminal(queue, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run(str(queue), "--by", "region").stdout.splitlines()
    assert max(len(line) for line in lines) <= width
    rows = [line for line in lines if line.startswith(("all", "N ", "S "))]
    assert len(rows) >= 6  # no row is broken over two lines
    assert all("/" in line for line in rows)
    hidden = [line for line in lines if line.startswith("not shown at this width")]
    assert bool(hidden) == (width < 200)


def test_a_csv_gets_its_provenance_beside_it_and_is_the_same_each_time(queue):
    run(str(queue), "--by", "region", "-o", "fit.csv", "-o", "fit.json", "-o", "fit.md")
    first = {name: Path(name).read_bytes() for name in ("fit.csv", "fit.json", "fit.md", "fit.csv.meta.json")}  # fmt: skip
    run(str(queue), "--by", "region", "-o", "fit.csv", "-o", "fit.json", "-o", "fit.md")
    assert all(Path(name).read_bytes() == content for name, content in first.items())
    rows = list(csv.DictReader(first["fit.csv"].decode().splitlines()))
    assert [row["group"] for row in rows] == ["all", "N", "S"]
    assert (rows[0]["n"], rows[0]["dropped"]) == ("90", "1")
    assert float(rows[0]["p90_months"]) > float(rows[0]["p50_months"]) > 0
    assert json.loads(first["fit.csv.meta.json"])["layout"] == "queue table"
    content = json.loads(first["fit.json"])
    assert content["groups"][0]["dropped"] == {"completed without a date": 1}
    assert len(content["powerwall"]["sha256"]) == 64
    assert "| all | 90 |" in first["fit.md"].decode()


def test_the_times_of_a_small_group_are_unknown_in_every_format_and_the_notes_say_why(queue):
    why = "N, S: fewer than 20 completed: too few to fit, so the times are unknown"
    run(str(queue), "--by", "region", "-o", "fit.csv", "-o", "fit.json", "-o", "fit.md")
    printed = run(str(queue), "--by", "region").stdout
    assert why in " ".join(printed.split())
    every, north = (
        [line.split() for line in printed.splitlines() if line.startswith(name)][1]
        for name in ("all", "N ")
    )
    assert "?" not in "".join(every)
    assert north[1:5] == ["?", "?", "?", "?/?/?"]
    assert "| N | ? | ? | ? | ?/?/? | ? |" in Path("fit.md").read_text(encoding="utf-8")
    assert why in Path("fit.md").read_text(encoding="utf-8")
    times = ["p50_months", "p90_months", "sigma", "completed_median_months",
             *(f"given_completion_p{p}_months" for p in (10, 50, 90))]  # fmt: skip
    content = json.loads(Path("fit.json").read_text(encoding="utf-8"))
    whole, group = content["groups"][:2]
    assert all(whole[name] > 0 for name in times)
    assert all(group[name] is None for name in times)
    assert group["completed"] == 15
    assert "few_completed" in group["flags"]
    assert why in content["powerwall"]["notes"]
    row = list(csv.DictReader(Path("fit.csv").read_text(encoding="utf-8").splitlines()))[1]
    assert all(row[name] == "" for name in times)
    assert float(row["completed_24_months"]) >= 0
    assert why in json.loads(Path("fit.csv.meta.json").read_text(encoding="utf-8"))["notes"]


def test_a_share_below_a_tenth_has_one_decimal():
    assert percentages([0.005, 0.018, 0.0949, 0.0997, 0.14, 0.0, math.nan]) == "0.5/1.8/9.5/10/14/0/?"  # fmt: skip


def test_stdout_takes_each_format(queue):
    printed = {form: run(str(queue), "--format", form).stdout for form in ("csv", "json", "md")}
    assert printed["csv"].startswith("group,n,completed,")
    assert json.loads(printed["json"])["groups"][0]["group"] == "all"
    assert printed["md"].startswith("# queue.csv: queue table")


def test_a_month_as_of_means_its_last_day(queue):
    printed = run(str(queue), "--as-of", "2016-02", "--since", "2011-01").stdout
    assert "as of 2016-02-29" in printed


def test_bad_input_leaves_with_code_2_and_says_what_to_do(queue):
    assert "PW201" in run("none.csv", code=2).stderr
    assert "is a folder, not a table" in run(".", code=2).stderr
    assert "did you mean `region`?" in run(str(queue), "--by", "regoin", code=2).stderr
    assert "PW603" in run(str(queue), "--component", "screening_to_agreement", code=2).stderr
    assert "PW601" in run(str(queue), "-o", "fit.xlsx", code=2).stderr
    assert "the queue itself" in run(str(queue), "-o", str(queue), code=2).stderr
    assert "none of table, csv, json, md" in run(str(queue), "--format", "yaml", code=2).stderr
    assert run(str(queue), "--as-of", "soon", code=2).stderr
    assert Path(queue).read_text(encoding="utf-8").startswith("queue_id")


def test_a_byte_order_mark_is_a_warning_unless_quiet(queue):
    queue.write_bytes(b"\xef\xbb\xbf" + queue.read_bytes())
    assert "PW206" in run(str(queue)).stderr
    assert not run(str(queue), "--quiet").stderr


@pytest.mark.slow
def test_the_ercot_panel_is_fitted_by_component(shared):
    panel = shared / "data/texas_ercot/ercot_large_gen_panel_2018-12_2023-12.parquet"
    printed = run(str(panel), "--component", "agreement_to_energisation", "--by", "fuel").stdout
    assert "agreement to energisation, as of 2023-12-31" in " ".join(printed.split())
    first = next(line.split() for line in printed.splitlines() if line.startswith("all"))
    assert first[1:5] == ["595", "260", "61", "274"]
    assert "more than 30 % still wait" in printed
