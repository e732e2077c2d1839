"""Indirect water: published intensities, worked mixes, what is covered, and whose mix a site gets."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from conftest import LAYERS, SITES
from hypothesis import given
from hypothesis import strategies as st

import powerwall as pw
from powerwall.criteria.water.indirect import (
    DEFAULTS,
    FUELS,
    LINE_LOSS,
    METRICS,
    check_grid_mix,
    indirect_of_site,
    indirect_water,
    intensities,
    intensity,
    mix_of_sites,
)
from powerwall.region.findings import Findings

GALLON_L = 3.785411784
BUNDLED = {"northern-virginia": "PJM", "central-ohio": "PJM", "dallas-fort-worth": "ERCO", "phoenix": "AZPS"}  # fmt: skip
#: Shares of a mix of 40 to 100 % coal and gas, the rest of it wind.
PARTS = st.tuples(st.floats(0.2, 0.5), st.floats(0.2, 0.5))


def mix(**shares):
    return pd.DataFrame({"fuel": list(shares), "generation_share": list(shares.values())})


# ----------------------------------------------------------------------------------- intensities
@pytest.mark.parametrize(
    ("plant", "litres"),
    [  # medians of consumption, Macknick et al. 2012, table 1 [L/kWh]
        (("coal",), 2.60), (("gas",), 0.78), (("gas", "combined cycle", "dry"), 0.008), (("gas", "steam"), 3.13), (("nuclear",), 2.54),
        (("nuclear", "", "once-through"), 1.02), (("hydro",), 17.0), (("solar_pv",), 0.004), (("wind",), 0.0),
    ],
)  # fmt: skip
def test_medians_are_the_published_ones(plant, litres):
    assert intensity(*plant).l_per_kwh == pytest.approx(litres, rel=0.01, abs=5e-4)


def test_litres_per_kilowatt_hour_are_the_gallons_per_megawatt_hour_of_the_publication():
    table = intensities()
    assert set(table["unit"]) == {"gal/MWh"}
    assert table["l_per_kwh"].to_numpy() == pytest.approx(table["median"].astype(float).to_numpy() * GALLON_L / 1000, abs=5.1e-5)  # fmt: skip
    assert not table.duplicated(["fuel", "technology", "cooling", "metric"]).any()
    assert set(table["metric"]) == set(METRICS)
    assert set(table["fuel"]) == set(DEFAULTS)


def test_no_plant_draws_less_than_it_loses():
    pair = intensities().pivot_table(index=["fuel", "technology", "cooling"], columns="metric", values="l_per_kwh").dropna()  # fmt: skip
    assert len(pair) > 10
    assert (pair["withdrawal"] >= pair["consumption"]).all()


@pytest.mark.parametrize("fuel", DEFAULTS)
def test_the_default_of_every_fuel_has_a_figure_and_is_not_a_mean(fuel):
    found = intensity(fuel)
    rows = intensities().query("fuel == @fuel and metric == 'consumption'")
    assert found.l_per_kwh in set(rows["l_per_kwh"].astype(float))
    assert found.defaulted == (DEFAULTS[fuel][1] == "tower")


def test_a_technology_with_one_cooling_needs_no_word_for_it_and_no_tower_is_assumed():
    assert intensity("gas", "simple cycle or engine") == (0.0, False)
    assert intensity("geothermal", "binary").l_per_kwh == pytest.approx(1.0221)
    assert not intensity("geothermal", "binary").defaulted


@pytest.mark.parametrize("plant", [("oil",), ("other",), ("coal", "generic", "dry"), ("gas", "fuel cell"), ("",), ("Coal",)])  # fmt: skip
def test_what_has_no_figure_is_unknown_and_never_zero(plant):
    assert math.isnan(intensity(*plant).l_per_kwh)


def test_a_plant_without_cooling_withdraws_what_it_consumes():
    assert intensity("wind", metric="withdrawal").l_per_kwh == 0
    assert intensity("solar_pv", metric="withdrawal") == intensity("solar_pv")
    assert intensity("nuclear", cooling="once-through", metric="withdrawal").l_per_kwh == pytest.approx(44350 * GALLON_L / 1000, rel=1e-5)  # fmt: skip
    with pytest.raises(ValueError, match="metric"):
        intensity("coal", metric="discharge")


# ----------------------------------------------------------------------------------------- mixes
def test_a_mix_by_hand():
    found = indirect_water(1.2, mix(coal=0.2, gas=0.4, nuclear=0.3, hydro=0.1))
    thermal = 0.2 * 2.6006 + 0.4 * 0.776 + 0.3 * 2.5438
    assert found.l_per_kwh_without_hydro == pytest.approx(1.2 * thermal / 0.95, rel=1e-12)
    assert found.l_per_kwh_with_hydro == pytest.approx(1.2 * (thermal + 0.1 * 17.0003) / 0.95, rel=1e-12)  # fmt: skip
    assert found.covered_share == pytest.approx(1)
    assert (
        found.words == "100 % of generation covered; wet towers assumed for coal, gas and nuclear"
    )


@given(PARTS, st.floats(1, 2))
def test_water_follows_the_pue_and_lies_between_that_of_the_fuels(parts, pue):
    coal, gas = parts
    rows = mix(coal=coal, gas=gas, wind=1 - coal - gas)
    found = indirect_water(pue, rows)
    unit = pue / (1 - LINE_LOSS.value)
    assert (coal + gas) * 0.776 * unit - 1e-9 <= found.l_per_kwh_with_hydro <= (coal + gas) * 2.6006 * unit + 1e-9  # fmt: skip
    assert found.l_per_kwh_with_hydro == found.l_per_kwh_without_hydro
    assert found.l_per_kwh_with_hydro == pytest.approx(pue * indirect_water(1.0, rows).l_per_kwh_with_hydro, rel=1e-9)  # fmt: skip


@given(st.permutations(["coal", "gas", "nuclear", "hydro"]))
def test_the_order_of_fuels_changes_nothing(order):
    shares = {"coal": 0.1, "gas": 0.4, "nuclear": 0.3, "hydro": 0.2}
    found, plain = indirect_water(1.1, mix(**{fuel: shares[fuel] for fuel in order})), indirect_water(1.1, mix(**shares))  # fmt: skip
    assert found[:3] == pytest.approx(plain[:3], rel=1e-12)
    assert found.words == plain.words


def test_nine_tenths_stand_for_the_rest_and_less_do_not():
    some = indirect_water(1.0, mix(gas=0.9, other=0.1))
    assert some.l_per_kwh_with_hydro == pytest.approx(0.776 / 0.95)
    assert some.covered_share == pytest.approx(0.9)
    assert some.words == "90 % of generation covered, other not; the rest taken as the covered part; wet towers assumed for gas"  # fmt: skip
    few = indirect_water(1.0, mix(gas=0.89, other=0.11))
    assert np.isnan(few[:2]).all()
    assert few.covered_share == pytest.approx(0.89)
    assert "too little: 90 % are needed" in few.words


def test_a_share_that_is_left_out_or_unknown_is_not_covered():
    assert indirect_water(1.0, mix(gas=0.8)).covered_share == pytest.approx(0.8)
    found = indirect_water(1.0, mix(gas=0.8, coal=math.nan))
    assert np.isnan(found[:2]).all()
    assert "coal not" in found.words


def test_hydro_is_covered_with_and_without_its_reservoirs():
    found = indirect_water(1.0, mix(hydro=1.0))
    assert found.l_per_kwh_with_hydro == pytest.approx(17.0003 / 0.95)
    assert found.l_per_kwh_without_hydro == 0
    assert found.covered_share == 1


def test_what_a_row_declares_counts_before_the_default_and_its_own_figure_before_both():
    dry = mix(gas=1.0).assign(technology="combined cycle", cooling="dry")
    assert indirect_water(1.0, dry).l_per_kwh_with_hydro == pytest.approx(0.0076 / 0.95)
    assert "assumed" not in indirect_water(1.0, dry).words
    own = mix(oil=1.0).assign(consumption_l_per_kwh=1.9)
    assert indirect_water(1.0, own).l_per_kwh_with_hydro == pytest.approx(2.0)
    assert indirect_water(1.0, own).words == "100 % of generation covered"
    for unknown in (math.nan, -9999.0):
        assert np.isnan(indirect_water(1.0, own.assign(consumption_l_per_kwh=unknown))[0])


def test_withdrawal_is_the_same_function_and_says_that_towers_are_no_bound():
    found = indirect_water(1.0, mix(coal=0.5, wind=0.5), "withdrawal")
    assert found.l_per_kwh_with_hydro == pytest.approx(0.5 * 3.8043 / 0.95)
    assert "once through draw some 40 times" in found.words


def test_an_unknown_pue_stays_unknown_and_many_are_many():
    assert np.isnan(indirect_water(math.nan, mix(gas=1.0))[0])
    assert indirect_water([1.0, 2.0], mix(gas=1.0))[0] == pytest.approx([0.776 / 0.95, 2 * 0.776 / 0.95])  # fmt: skip


@pytest.mark.parametrize(
    ("pue", "shares", "words"),
    [(0.99, {"gas": 1.0}, "PUE"), (1.0, {"gas": 1.1}, "outside 0 to 1"), (1.0, {"gas": -0.1}, "outside 0 to 1"),
     (1.0, {"gas": 0.6, "coal": 0.5}, "add up to 1.1")],
)  # fmt: skip
def test_numbers_that_no_grid_has_are_refused(pue, shares, words):
    with pytest.raises(ValueError, match=words):
        indirect_water(pue, mix(**shares))


# ------------------------------------------------------------------------------- sites and layers
ROWS = [{"balancing_authority": "PJM", "fuel": fuel, "generation_share": share, "year": 2025} for fuel, share in
        {"gas": 0.6, "wind": 0.4}.items()]  # fmt: skip
OTHER = {**LAYERS["utilities"][1], "balancing_authority": "MISO"}
OWN = {**LAYERS["utilities"][0], "balancing_authority": "PJM"}


@pytest.fixture
def tiny(make_region, tmp_path):
    """A function that reads the tiny region with these utilities and this mix."""

    def read(rows=ROWS, utilities=(OWN, OTHER), **layers):
        return pw.read(make_region(tmp_path, grid_mix=rows, utilities=list(utilities), **layers))

    return read


def test_the_mix_is_that_of_the_utility_that_serves_the_site(tiny):
    sites = [{**site, "utility_id": utility} for site, utility in zip(SITES, ("u1", "u2", "", "u1"), strict=True)]  # fmt: skip
    region = tiny(sites=sites)
    found = mix_of_sites(region.sites, region.layers)
    assert found["balancing_authority"].tolist() == ["PJM", "MISO", None, "PJM"]
    assert found["why"].tolist()[:2] == [None, "no generation mix of MISO in the layer grid_mix"]
    assert "no single balancing authority" in found["why"].iloc[2]
    assert found["why"].iloc[3] is None


def test_without_a_utility_one_authority_for_all_utilities_is_certain(tiny):
    sites = [{**SITES[0], "utility_id": ""}]
    region = tiny(utilities=[OWN, {**OTHER, "balancing_authority": "PJM"}], sites=sites)
    assert mix_of_sites(region.sites, region.layers)["balancing_authority"].tolist() == ["PJM"]
    half = tiny(utilities=[OWN, {**OTHER, "balancing_authority": ""}], sites=sites)
    assert mix_of_sites(half.sites, half.layers)["balancing_authority"].tolist() == [None]


def test_a_utility_without_an_authority_and_a_region_without_a_mix_say_so(tiny):
    region = tiny(utilities=[{**OWN, "balancing_authority": ""}, OTHER])
    assert indirect_of_site(region.sites, region.layers, "a", 1.2) == "no balancing authority of u1 known"  # fmt: skip
    region = tiny(rows=None)
    assert indirect_of_site(region.sites, region.layers, "a", 1.2) == "no layer grid_mix"


def test_the_water_of_a_site_is_that_of_the_latest_year_of_its_authority(tiny):
    old = [{"balancing_authority": "PJM", "fuel": "coal", "generation_share": 1.0, "year": 2021}]
    elsewhere = [{"balancing_authority": "MISO", "fuel": "coal", "generation_share": 1.0, "year": 2026}]  # fmt: skip
    region = tiny(rows=[*old, *ROWS, *elsewhere])
    found = indirect_of_site(region.sites, region.layers, "a", 1.25)
    assert found.l_per_kwh_with_hydro == pytest.approx(1.25 * 0.6 * 0.776 / 0.95)
    assert found.words.startswith("generation of PJM, 2025, synthetic, made for tests: 100 %")


def test_shares_that_are_none_make_the_water_of_a_site_unknown(tiny):
    region = tiny(rows=[*ROWS, {**ROWS[0], "fuel": "coal"}])
    assert indirect_of_site(region.sites, region.layers, "a", 1.2) == "shares of generation add up to 1.600"  # fmt: skip


@pytest.mark.parametrize(("name", "authority"), BUNDLED.items())
def test_the_mix_of_a_bundled_region_covers_its_grid_and_gives_two_numbers(regions, kept, name, authority):  # fmt: skip
    region = kept[0](regions / f"{name}.toml")
    found = mix_of_sites(region.sites, region.layers)
    with_mix = found.index[found["why"].isna()]
    assert len(with_mix)
    assert set(found.loc[with_mix, "balancing_authority"]) == {authority}
    water = indirect_of_site(region.sites, region.layers, str(with_mix[0]), 1.0)
    assert 0.98 < water.covered_share <= 1.0001
    assert (
        1 < water.l_per_kwh_without_hydro <= water.l_per_kwh_with_hydro < 4.52
    )  # the mean of the US


def test_the_sites_of_the_other_utility_of_phoenix_have_no_mix(regions, kept):
    region = kept[0](regions / "phoenix.toml")
    found = mix_of_sites(region.sites, region.layers)
    other = region.sites.index[region.sites["utility_id"] == "us-az-srp"]
    assert len(other)
    assert (found.loc[other, "why"] == "no generation mix of SRP in the layer grid_mix").all()


@pytest.mark.parametrize(("name", "authority"), BUNDLED.items())
def test_bundled_shares_are_those_of_the_hourly_table(regions, shared, name, authority):
    path = shared / "data" / "grid_mix_2022" / "grid_mix_2022.parquet"
    if not path.is_file():
        pytest.skip("the hourly table is not beside this checkout")
    hours = pd.read_parquet(path)
    power = hours[hours["ba_code"] == authority].filter(like="_mw").dropna().sum()
    expected = (power / power.sum()).rename(lambda column: column.removesuffix("_mw").replace("solar", "solar_pv"))  # fmt: skip
    rows = pd.read_csv(regions / name / "grid_mix.csv").set_index("fuel")
    assert set(rows.index) == set(expected.index)
    assert rows["generation_share"].to_numpy() == pytest.approx(expected[rows.index].to_numpy(), abs=6e-6)  # fmt: skip
    assert set(rows["status"]) == {"secondary"}


# ----------------------------------------------------------------------------------------- check
def checked(region):
    findings = Findings()
    check_grid_mix(region, findings)
    return [(f.code, f.severity, f.line, f.message, f.remedy) for f in findings]


def test_a_sound_mix_and_none_have_no_finding(tiny):
    assert checked(tiny()) == []
    assert checked(tiny(rows=None)) == []


@pytest.mark.parametrize(
    ("change", "code", "severity", "words"),
    [
        ({"generation_share": 1.2}, "PW402", "error", "generation_share = 1.2 is no share"),
        ({"generation_share": -0.1}, "PW402", "error", "generation_share = -0.1 is no share"),
        ({"generation_share": 0.5}, "PW402", "error", "shares of PJM add up to 1.100"),
        ({"fuel": "solar"}, "PW406", "warning", "fuel = `solar` is not known here"),
        ({"fuel": "coal", "cooling": "dry"}, "PW406", "warning", "coal: `generic / dry` has no figure"),
        ({"fuel": "gas"}, "PW404", "error", "gas of PJM stands twice"),
        ({"balancing_authority": ""}, "PW405", "error", "`balancing_authority` is empty"),
        ({"balancing_authority": "PJMM"}, "PW409", "warning", "PJMM is the balancing authority of no utility here"),
    ],
)  # fmt: skip
def test_what_no_mix_has_is_a_finding_at_its_row(tiny, change, code, severity, words):
    found = [one for one in checked(tiny(rows=[ROWS[0], {**ROWS[1], **change}])) if words in one[3]]
    assert [one[:3] for one in found] == [(code, severity, 3)]
    assert found[0][4]


def test_a_wrong_fuel_is_answered_with_the_closest_one(tiny):
    found = checked(tiny(rows=[ROWS[0], {**ROWS[1], "fuel": "solar"}]))
    assert "solar_pv" in found[0][4]
    assert set(FUELS) >= {"oil", "other", "solar_pv"}


def test_oil_and_other_are_words_of_a_mix_without_a_figure(tiny):
    assert checked(tiny(rows=[ROWS[0], {**ROWS[1], "fuel": "oil"}])) == []
