"""`powerwall bill` and `import urdb`: a bill by hand, every format, and a place for all that is refused."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from powerwall.cli import app

FLAT = [[0] * 24] * 12
RECORD = {
    "label": "made-up-1", "utility": "Made-up Power", "name": "Large", "servicetype": "Bundled", "eiaid": 99901, "peakkwcapacitymin": 1000,
    "energyratestructure": [[{"rate": 0.045, "adj": 0.003}]], "energyweekdayschedule": FLAT, "energyweekendschedule": FLAT,
    "flatdemandstructure": [[{"rate": 12.0}]], "flatdemandmonths": [0] * 12, "fixedchargefirstmeter": 2500, "fixedchargeunits": "$/month",
}  # fmt: skip


def run(*arguments: object, code: int = 0, verb: str = "bill"):
    result = CliRunner().invoke(app, [verb, *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def rate(tmp_path):
    """The made-up record in a file of its own."""
    return write(tmp_path, RECORD)


def write(folder, content, name="rate.json"):
    path = folder / name
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def test_a_flat_load_is_billed_as_by_hand(rate):
    out = run(rate, "--mw", "300", "--load-factor", "1").stdout
    assert (
        "Made-up Power Large: 300 MW, 2,628,000 MWh: 169,374,000.00 USD a year, 64.4498 USD/MWh"
        in out
    )
    assert "0.048 USD/kWh" in out
    assert "12 USD/kW" in out


@pytest.mark.parametrize("form", ["csv", "json", "md", "table"])
def test_every_format_holds_the_bill(rate, form):
    text = run(rate, "--load-factor", "1", "--format", form).stdout
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(float(row["total_usd"]) for row in rows) == pytest.approx(169_374_000)
    elif form == "json":
        content = json.loads(text)
        assert content["per_mwh"] == pytest.approx(64.449772, abs=1e-6)
        assert content["lines"][0]["component"] == "energy"
    else:
        assert "169,374,000" in text
    assert run(rate, "--load-factor", "1", "--format", form).stdout == text


def test_a_file_is_written_in_the_format_of_its_suffix(rate, tmp_path):
    run(rate, "-o", tmp_path / "bill.md", "-o", tmp_path / "bill.csv", "-o", tmp_path / "bill.json")
    assert (tmp_path / "bill.md").read_text(encoding="utf-8").startswith("# Made-up Power Large")
    assert (
        (tmp_path / "bill.csv")
        .read_text(encoding="utf-8")
        .startswith("month,energy_mwh,peak_mw,energy_usd")
    )
    assert json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))["name"] == "made-up-1"


@pytest.mark.parametrize(("column", "value"), [("load_kw", 1000), ("load_mw", 1)])
def test_a_load_of_your_own_is_billed(rate, tmp_path, column, value):
    load = tmp_path / "load.csv"
    load.write_text(f"{column}\n" + f"{value}\n" * 8760, encoding="utf-8")
    assert "1 MW, 8,760 MWh: 594,480.00 USD" in run(rate, "--load", load).stdout


@pytest.mark.parametrize(
    ("rows", "words"),
    [(["load_kw", *["1"] * 8759, "a"], "load.csv:8761:1"), (["load_kw", *["1"] * 8759, "-2"], "load.csv:8761:1"), (["power", "1"], "load_kw"),
     (["load_kw", "1", "2"], "no year of 8,760 hours"), (["load_kw"], "0 values")],
)  # fmt: skip
def test_a_load_that_is_none_is_refused_with_its_place(rate, tmp_path, rows, words):
    load = tmp_path / "load.csv"
    load.write_text("\n".join(rows) + "\n", encoding="utf-8")
    result = run(rate, "--load", load, code=2)
    assert words in result.stderr
    assert result.stdout == ""


def broken(key, value):
    return {**RECORD, key: value}


@pytest.mark.parametrize(
    ("record", "place", "reason"),
    [
        (broken("energyratestructure", [[{"rate": 0.05, "unit": "therms"}]]), '"therms"', "unknown-unit"),
        (broken("energyratestructure", [[{"rate": "cheap"}]]), '"cheap"', "`cheap` is no number"),
        (broken("energyweekdayschedule", [[0] * 23 + [7]] * 12), "7", "period 7, and the structure has 1"),
        ({k: v for k, v in RECORD.items() if k != "energyweekdayschedule"}, "{", "the structure has no schedule"),
        (broken("servicetype", "Delivery"), '"Delivery"', "stack-incomplete"),
        (broken("mincharge", 100), "{", "minimum-without-unit"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_billed_exits_two_with_place_and_reason(
    tmp_path, record, place, reason
):
    path = write(tmp_path, {"items": [record]})
    result = run(path, "-o", tmp_path / "bill.csv", code=2)
    assert reason in result.stderr
    line, column = (
        int(part) for part in result.stderr.split("rate.json:")[1].split("\n")[0].split(":")
    )
    assert path.read_text(encoding="utf-8").splitlines()[line - 1][column - 1 :].startswith(place)
    assert not (tmp_path / "bill.csv").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not valid JSON"), ('{"a": 1}', "holds no rate record"), ("[]", "holds no rate record"), ("\ufeff" + json.dumps(RECORD), None)],
)  # fmt: skip
def test_a_file_that_holds_no_rate_is_refused(tmp_path, text, words):
    path = tmp_path / "rate.json"
    path.write_text(text, encoding="utf-8")
    result = run(path, code=2 if words else 0)
    assert words is None or words in result.stderr


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "no file" in run(tmp_path / "nothing.json", code=2).stderr


def test_a_row_of_the_bulk_table_is_billed_by_its_label(tmp_path):
    path = tmp_path / "usurdb.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "name", "energyratestructure/period0/tier0rate", "energyratestructure/period0/tier0unit",
                         "energyratestructure/period1/tier0unit", "energyweekdayschedule", "energyweekendschedule"])  # fmt: skip
        writer.writerow(["a", "One", "0.05", "kWh", "kWh", json.dumps(FLAT), json.dumps(FLAT)])
        writer.writerow(["b", "Two", "0.06", "therms", "kWh", json.dumps(FLAT), json.dumps(FLAT)])
    assert "say which with --name: a, b" in run(path, code=2).stderr
    assert "50.0000 USD/MWh" in run(path, "--name", "a").stdout
    refused = run(path, "--name", "b", code=2).stderr
    assert "usurdb.csv:3:1" in refused
    assert "therms" in refused
    assert "holds no `z`" in run(path, "--name", "z", code=2).stderr


# ------------------------------------------------------------------------------------------ stacks
def test_a_stack_is_billed_with_its_terms_for_the_whole_contract(regions):
    out = run(
        regions / "example" / "tariffs.json", "--name", "ex-prairie-large", "--load-factor", "0.9"
    ).stdout
    assert "contract year 2" in out  # the peaks of the first year stand behind it
    assert "minimum 80 % distribution and transmission; 12 years" in out
    assert "12 contract years from 2031-01-01" in out
    assert "price held beyond its last year: capacity" in out


def test_a_stack_that_lacks_a_layer_is_refused_by_name(regions):
    result = run(regions / "example" / "tariffs.json", "--name", "ex-meadow-large", code=2)
    assert "stack-incomplete: no price of supply" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "region", ["central-ohio", "dallas-fort-worth", "dublin", "northern-virginia", "phoenix"]
)
def test_no_stack_of_a_real_region_is_billed_today(regions, region):
    path = regions / region / "tariffs.json"
    for stack in json.loads(path.read_text(encoding="utf-8"))["stacks"]:
        assert "stack-incomplete" in run(path, "--name", stack["stack_id"], code=2).stderr


def test_terms_may_be_put_over_a_record(rate):
    out = run(rate, "--terms", "us-ks-evergy-llps", "--load-factor", "0.9").stdout
    assert (
        "terms us-ks-evergy-llps (effective): minimum 80 % demand; 12 years + ramp ≤ 5; security 24 months"
        in out
    )
    # 80 % of 300 MW at 12 USD/kW, and 2,500 USD
    assert "minimum bill 2,882,500 USD a month" in out
    refused = run(rate, "--terms", "us-ks-everygy", code=2).stderr
    assert "unknown-terms" in refused


def test_terms_do_not_make_a_sheet_of_delivery_a_whole_price(tmp_path):
    delivery = write(tmp_path, broken("servicetype", "Delivery"))
    assert "stack-incomplete" in run(delivery, "--terms", "us-ks-evergy-llps", code=2).stderr


@pytest.mark.parametrize("option", ["--minimum-mw", "--coincidence-share"])
def test_an_option_that_a_stack_would_pass_over_is_refused(regions, rate, option):
    path = regions / "example" / "tariffs.json"
    assert (
        "for a record alone" in run(path, "--name", "ex-prairie-large", option, "1", code=2).stderr
    )
    assert (
        "for a record alone"
        in run(rate, "--terms", "us-ks-evergy-llps", option, "1", code=2).stderr
    )


def test_a_load_that_a_stack_is_not_made_for_is_refused(regions):
    result = run(
        regions / "example" / "tariffs.json", "--name", "ex-prairie-large", "--mw", "50", code=2
    )
    assert "outside-applicability: the stack applies from 100 MW" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--mw", "0"], "--mw"), (["--load-factor", "0.3"], "--load-factor"), (["--load", "x.csv", "--mw", "3"], "has its own MW"),
     (["--format", "xml"], "--format"), (["-o", "bill.xml"], "bill.xml")],
)  # fmt: skip
def test_a_bad_option_exits_two_and_says_which(rate, options, words):
    assert words in run(rate, *options, code=2).stderr


def test_a_pipe_that_closes_is_no_failure(rate):
    shell = f"{sys.executable} -m powerwall bill {rate} | head -1"
    found = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("Made-up Power Large")


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_a_narrow_screen_keeps_month_and_total(rate, width):
    result = CliRunner().invoke(app, ["bill", str(rate)], env={"COLUMNS": width})
    assert result.exit_code == 0
    table = [line for line in result.stdout.splitlines() if line.startswith(("month", "12 "))]
    assert all(len(line) <= int(width) for line in table)
    assert "total" in result.stdout


# ------------------------------------------------------------------------------------------ import
def test_records_become_stacks_that_can_be_billed(rate, tmp_path):
    out = tmp_path / "tariffs.json"
    result = run("urdb", rate, "-o", out, "--utility", "us-ks-made-up", verb="import")
    assert "tariffs.json: 1 stack" in result.stderr
    (stack,) = json.loads(out.read_text(encoding="utf-8"))["stacks"]
    assert (stack["utility_id"], stack["grade"], stack["applies"]) == (
        "us-ks-made-up",
        "C",
        {"mw_min": 1.0},
    )
    assert "64.4498 USD/MWh" in run(out, "--load-factor", "1").stdout


def test_a_record_that_does_not_say_what_it_holds_is_no_whole_price(tmp_path):
    silent = {key: value for key, value in RECORD.items() if key != "servicetype"}
    out = tmp_path / "tariffs.json"
    run("urdb", write(tmp_path, silent), "-o", out, verb="import")
    assert "no price of energy" in run(out, code=2).stderr


def test_a_record_that_cannot_be_billed_is_left_out_with_its_place(rate, tmp_path):
    bad = write(tmp_path, broken("mincharge", 5) | {"label": "bad"}, "bad.json")
    out = tmp_path / "tariffs.json"
    result = run("urdb", rate, bad, rate, "-o", out, verb="import")
    assert "left out 1: cannot be billed" in result.stderr
    assert "left out 1: stands in an earlier record" in result.stderr
    assert "minimum-without-unit" in result.stderr
    nothing = run("urdb", bad, "-o", tmp_path / "none.json", verb="import", code=2)
    assert "nothing is written" in nothing.stderr
    assert not (tmp_path / "none.json").exists()


def test_an_import_never_takes_the_place_of_what_it_reads(rate):
    assert "is a table that is read" in run("urdb", rate, "-o", rate, verb="import", code=2).stderr


# ----------------------------------------------------------------------------------- explain, plan
@pytest.fixture(scope="module")
def explained(regions):
    return (
        CliRunner()
        .invoke(
            app, ["explain", str(regions / "example.toml"), "ex-elm-switch"], env={"COLUMNS": "200"}
        )
        .stdout
    )


@pytest.mark.parametrize(
    "words",
    ["who pays", "ex-prairie-large: Schedule LP", "bill of contract year 3, from 2033-01-01: 300 MW", "2.6/2.3 USD/kW", "cash, millions of USD of constant money",
     "before energisation: contribution 13.00, study fee 0.10, energisation fee 18.00", "if it leaves: what other customers carry",
     "12cp: ", "proposed", "what being off in those hours would save", "of the ramp appears"],
)  # fmt: skip
def test_explain_shows_bill_cash_exits_and_rules(explained, words):
    assert words in explained


def test_the_bill_that_explain_shows_adds_up(regions, explained):
    import powerwall as pw
    from powerwall.criteria.criterion import Shared, registry
    from powerwall.output.cost import bill_rows

    registry()
    region = pw.read(regions / "example.toml")
    cost = Shared(region.sites.loc[["ex-elm-switch"]], region.layers, region.request)("costs").cost(
        "ex-prairie-large"
    )
    *rows, total = [float(row[4].replace(",", "")) for row in bill_rows(cost)]
    assert sum(rows) == pytest.approx(total, abs=0.005)
    assert f"{total:,.3f}" in explained


def test_plan_shows_who_pays_too(regions):
    out = (
        CliRunner()
        .invoke(
            app,
            ["plan", str(regions / "dallas-fort-worth.toml"), "tx-midlothian", "--draws", "64"],
            env={"COLUMNS": "200"},
        )
        .stdout
    )
    assert (
        "no all-in price: stack ercot-transmission-retail lacks transmission, delivery, supply, riders"
        in out
    )
    assert "looked for and not found: ERCOT 2026 postage-stamp rate" in out
    assert "12cp-min-demand: not priced" in out


def test_the_table_names_the_terms_in_force_and_both_states(regions):
    out = (
        CliRunner()
        .invoke(app, ["score", str(regions / "example.toml")], env={"COLUMNS": "400"})
        .stdout
    )
    assert "USD/MW if it pays, " in out
    virginia = (
        CliRunner()
        .invoke(app, ["score", str(regions / "northern-virginia.toml")], env={"COLUMNS": "400"})
        .stdout
    )
    assert (
        "Dominion Energy Virginia GS-5 (approved, read 2025-11-25): minimum 85 % transmission and distribution, 60 % generation; 14 years; security ?"
        in virginia
    )
    assert "what others carry is unknown (stack dominion-gs5 lacks delivery" in virginia


# -------------------------------------------------------------------- what must not be passed over
def changed(regions, folder, old, new):
    text = (regions / "example" / "tariffs.json").read_text(encoding="utf-8")
    assert old in text
    path = folder / "tariffs.json"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("-9999", "no price of transmission"),
        ("NaN", "no price of transmission"),
        ("Infinity", "no number"),
        ('"48"', "no number"),
    ],
)
def test_a_price_that_is_none_never_becomes_a_partial_bill(regions, tmp_path, new, words):
    path = changed(regions, tmp_path, '"usd_per_kw_year": 48.0', f'"usd_per_kw_year": {new}')
    result = run(path, "--name", "ex-prairie-large", code=2)
    assert words in result.stderr
    assert result.stdout == ""


def test_a_fault_of_the_terms_is_shown_where_they_stand(regions, tmp_path):
    path = changed(
        regions, tmp_path, '"months_of_minimum_bill": 24', '"months_of_minimum_bill": "24"'
    )
    result = run(path, "--name", "ex-prairie-large", code=2)
    line = int(result.stderr.split("tariffs.json:")[1].split(":")[0])
    assert "security" in "".join(path.read_text(encoding="utf-8").splitlines()[line - 3 : line + 1])


@pytest.mark.parametrize(
    ("terms", "mw", "words"),
    [
        ("us-ks-evergy-llps", 50, "binds loads from 75 MW"),
        ("us-fl-def-llc1", 300, "binds nobody yet"),
    ],
)
def test_terms_that_do_not_bind_are_said_to_be_left_out(rate, terms, mw, words):
    assert f"no terms in it: {terms}" in run(rate, "--terms", terms, "--mw", mw).stdout
    assert words in run(rate, "--terms", terms, "--mw", mw).stdout


def test_terms_that_tell_components_apart_leave_the_minimum_of_a_whole_sheet_unknown(rate):
    assert (
        "minimum bill ? USD a month, security ? USD"
        in run(rate, "--terms", "us-va-dominion-gs5").stdout
    )


def test_two_records_of_one_label_have_names_of_their_own(tmp_path):
    dear = broken("energyratestructure", [[{"rate": 0.48}]])
    path = write(tmp_path, {"items": [RECORD, dear]})
    assert "made-up-1, made-up-1#2" in run(path, code=2).stderr
    assert "480" in run(path, "--name", "made-up-1#2", "--load-factor", "1").stdout


@pytest.mark.parametrize("start", ["9999-01-01", "1999-01-01"])
def test_a_contract_beyond_the_calendar_is_a_usage_error(rate, start):
    assert "--start" in run(rate, "--start", start, code=2).stderr


def test_a_file_that_is_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    assert "nested too deeply" in run(path, code=2).stderr


def test_a_load_of_nothing_has_no_price_per_megawatt_hour(rate, tmp_path):
    load = tmp_path / "load.csv"
    load.write_text("load_kw\n" + "0\n" * 8760, encoding="utf-8")
    assert "? USD/MWh" in run(rate, "--load", load).stdout
