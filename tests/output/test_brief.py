"""The brief fits a page and says when, who pays, water, noise, rules, what is open, and on whose data."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.output.brief import brief_text
from powerwall.output.markdown import capped, plain, table
from powerwall.output.numbers import month, percent, shown

SECTIONS = ["When power comes", "Who pays", "Water and cooling", "Neighbours: noise", "Council and rules", "Unknown, and worth finding out",
            "Sources and licences"]  # fmt: skip
MOST_LINES = 80
REGIONS = ["northern-virginia", "central-ohio", "dublin", "phoenix", "dallas-fort-worth"]


def ranked(path):
    region = pw.read(path)
    return pw.rank(region, pw.measure(region))


@pytest.fixture(scope="module")
def ranking(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def brief(ranking):
    return brief_text(ranking, "ex-alder-north")


def section(text, title):
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_sections_stand_in_order(brief):
    assert [line[3:] for line in brief.splitlines() if line.startswith("## ")] == SECTIONS
    assert brief.startswith("# Alder North\n")
    assert brief.endswith("\n")


@pytest.mark.slow
def test_every_site_of_the_example_fits_a_page(ranking):
    drawn = ranking.with_draws(64)
    for site_id in ranking.frame.index:
        text = brief_text(drawn, site_id)
        assert text.count("\n") <= MOST_LINES, site_id
        for word in ("NaN", " nan", "None", "<NA>", "compliant", "available"):
            assert word not in text, (site_id, word)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGIONS)
def test_the_first_and_the_last_of_a_bundled_region_fit_a_page(regions, name):
    found = ranked(regions / f"{name}.toml")
    for site_id in (found.frame.index[0], found.frame.index[-1]):
        text = brief_text(found, site_id)
        assert text.count("\n") <= MOST_LINES
        assert "NaN" not in text


def test_it_says_what_was_asked_and_where_the_site_stands(ranking, brief):
    row = ranking.frame.loc["ex-alder-north"]
    assert "300 MW (first block 50 MW) by 2031-01-01" in brief
    assert f"**Rank {row['rank']} of 9**, score **{row['score']:.1f}**" in brief


def test_dates_and_odds_are_those_of_the_ranking(ranking, brief):
    plan = ranking.measures["time_to_power_months"].loc["ex-alder-north"]
    as_of = ranking.regions[0].request.as_of
    told = section(brief, "When power comes")
    p50, p10, p90 = (month(as_of, plan[key]) for key in ("value", "low", "high"))
    assert f"**{p50}** (P10 {p10} – P90 {p90})" in told
    odds = ranking.measures["power_success_probability"]["value"]["ex-alder-north"]
    assert f"**{percent(odds)}** that it comes at all" in told


def test_it_names_what_binds_the_stages_and_the_bridge(brief):
    told = section(brief, "When power comes")
    assert "what binds in 2030-11" in told
    assert "| backbone | 2030-06 |" in told
    assert "--bridge recip:100" in told


def test_the_bill_by_component_adds_up_to_its_total(brief):
    rows = [line.strip("| ").split(" | ") for line in section(brief, "Who pays").splitlines() if line.startswith("| ")]  # fmt: skip
    head, _, *parts, total = rows
    assert head[0] == "bill of 2033"
    assert total[0] == "total"
    assert sum(float(part[1]) for part in parts) == pytest.approx(float(total[1]), abs=0.01)
    assert [part[0] for part in parts] == ["distribution", "fixed", "transmission", "capacity", "energy", "rider", "tax"]  # fmt: skip


def test_a_tariff_shows_its_state_its_date_and_the_rules_that_may_come(brief):
    told = section(brief, "Who pays")
    assert "(effective, read 2026-07-01)" in told
    assert "may come: the capacity price without its cap, proposed: 59.85 instead of 55.49 USD/MWh" in told  # fmt: skip


def test_a_price_that_is_no_tariff_says_so(bundled):
    told = section(brief_text(bundled("northern-virginia"), "va-gwu-ashburn"), "Who pays")
    assert "not a tariff" in told
    assert "grade D 2023" in told
    assert "cash before power: unknown" in told
    assert "bill of" not in told


def test_noise_shows_the_rule_with_its_state_and_date(ranking, brief):
    told = section(brief, "Neighbours: noise")
    margin = ranking.measures["night_noise_margin_db"]["value"]["ex-alder-north"]
    assert f"**{shown(margin)} dB under the limit**" in told
    assert "in force, verified, 2026-03-01" in told
    assert "a site noise study by a qualified person is needed" in told


def test_a_broken_limit_is_over_and_has_no_minus(ranking):
    margins = ranking.measures["night_noise_margin_db"]["value"]
    loud = margins.idxmin()
    assert margins[loud] < 0
    told = section(brief_text(ranking, loud), "Neighbours: noise")
    assert f"**{shown(-margins[loud])} dB over the limit**" in told


def test_acts_carry_date_status_and_what_they_mean_here(brief):
    told = section(brief, "Council and rules")
    assert "authority: Town of Alder (us-ks-alder)" in told
    assert "2026-02-24 statute: Large loads, made up: in force, restricts, us-ks (verified, 2026-03-01" in told  # fmt: skip
    assert "duty: ex-study-fee, to pay: Fee of the study: 100,000 USD" in told


def test_an_unknown_that_counts_says_how_far_it_moves_the_score(ranking):
    unknown = ranking.values["night_noise_margin_db"].isna()
    site = str(unknown.index[unknown & (ranking.frame["status"] == "ranked")][0])
    told = section(brief_text(ranking, site), "Unknown, and worth finding out")
    weight = ranking.settings.weights.criteria["night_noise_margin_db"]
    assert f"moves the score by up to {50 * weight:.1f} points either way" in told


def test_draws_tell_how_firm_its_place_is(ranking):
    text = brief_text(ranking.with_draws(256), "ex-alder-north")
    assert "of 256 draws of weights and measures" in text


def test_a_site_without_a_date_says_why(ranking):
    dateless = ranking.measures["time_to_power_months"]["value"].isna()
    site = str(dateless.index[dateless][0])
    text = brief_text(ranking, site)
    assert f"No date: {ranking.measures['time_to_power_months']['why'][site]}" in text
    assert "**Not ranked**" in text


def test_sources_name_dates_and_licences(ranking, brief):
    told = section(brief, "Sources and licences")
    layer = ranking.regions[0].layers["policy"]
    (line,) = [line for line in told.splitlines() if f"policy ({layer.as_of})" in line]
    assert layer.title in line
    assert layer.licenses[0] in line


def test_the_same_ranking_gives_the_same_text(ranking, brief):
    assert brief_text(ranking, "ex-alder-north") == brief


def test_text_of_a_region_is_never_markup(make_region, tmp_path):
    from conftest import SITES

    name = "Ash | [x](http://x.example) <img src=x> `c`"
    found = ranked(make_region(tmp_path, sites=[{**SITES[0], "name": name}, *SITES[1:]]))
    first = brief_text(found, "a").splitlines()[0]
    assert first == "# Ash \\| \\[x](http://x.example) &lt;img src=x> \\`c\\`"


def test_a_site_of_regions_ranked_together_has_its_brief(make_region, tmp_path, tiny_measures):
    read = [pw.read(make_region(tmp_path, name=name)) for name in ("one", "two")]
    found = pw.rank(read, [tiny_measures] * 2)
    text = brief_text(found, "two:a")
    assert text.startswith("# Ash\n")
    assert "`two:a`" in text
    assert "powerwall plan" in text
    assert "two.toml a --bridge" in text


def test_a_colon_in_an_id_is_part_of_it(make_region, tmp_path):
    from conftest import SITES

    found = ranked(make_region(tmp_path, sites=[{**SITES[0], "site_id": "x:y"}, *SITES[1:]]))
    assert "`x:y`" in brief_text(found, "x:y")


def test_score_writes_the_brief_of_a_site_and_the_table_without_one(make_region, tmp_path):
    region, out = make_region(tmp_path), tmp_path / "out.md"
    first = CliRunner().invoke(app, ["score", str(region), "--site", "Beech", "-o", str(out), "-o", str(tmp_path / "out.csv")])  # fmt: skip
    assert first.exit_code == 0, first.stderr
    assert out.read_text(encoding="utf-8").startswith("# Beech\n")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith("site_id,")
    assert CliRunner().invoke(app, ["score", str(region), "-o", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("# Tiny (SYNTHETIC)")


def test_an_unknown_site_is_a_finding_and_writes_nothing(make_region, tmp_path):
    region, out = make_region(tmp_path), tmp_path / "out.md"
    result = CliRunner().invoke(app, ["score", str(region), "--site", "Beach", "-o", str(out)])
    assert result.exit_code == 2
    assert "error[PW603]: no site `Beach`" in result.stderr
    assert not out.exists()


def test_a_site_without_a_brief_to_write_is_a_usage_error(make_region, tmp_path):
    result = CliRunner().invoke(app, ["score", str(make_region(tmp_path)), "--site", "Beech", "-o", str(tmp_path / "out.csv")])  # fmt: skip
    assert result.exit_code == 2
    assert "--site" in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_plain_leaves_one_line_without_markup():
    assert plain("a\n| b * c") == "a \\| b \\* c"
    assert plain(None) == plain(float("nan")) == "?"


def test_a_table_keeps_its_columns():
    assert table(("a", "b"), [["x|y", ""]]) == ["| a | b |", "| --- | --- |", "| x\\|y |   |"]


def test_what_is_cut_is_counted():
    assert capped([str(n) for n in range(7)], 5) == ["0", "1", "2", "3", "- and 3 more"]
    assert capped(["a"], 1) == ["a"]
