"""Margins: the limit that binds at each site, what is unknown, and what says so."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import powerwall as pw
from powerwall.criteria.criterion import Shared
from powerwall.criteria.noise.campus import level_at, setback_distance
from powerwall.criteria.noise.exposure import REACH_M, exposure_of, readings
from powerwall.criteria.noise.flags import Flag, names, words
from powerwall.criteria.noise.rules import rule_from_record
from powerwall.criteria.noise.scene import scene
from powerwall.criteria.noise.sources import equipment_table
from powerwall.criteria.noise.states import DAY, NIGHT, campus
from powerwall.region.layers import Layer, Layers
from powerwall.region.noise_request import NoiseTable
from powerwall.region.tables import CellPlaces

FORBIDDEN = re.compile("complian|complies|conform|lawful|meets the ordinance|guarantee", re.IGNORECASE)  # fmt: skip


@pytest.fixture(scope="module")
def source():
    """A campus of 300 MW whose area is not known."""
    return campus(
        300, "mixed-hall", equipment_table(), NoiseTable(), radius_m=math.sqrt(30e4 / math.pi)
    )


def level(source, metres, weighting="A", state=NIGHT):
    return float(level_at(source.levels(state, 1.5).table, metres, weighting))


def rule(**cells):
    base = {"rule_id": "r", "jurisdiction_id": "us-ks-one", "metric": "LAeq", "kind": "absolute", "receptor_class": "residential",
            "period": "night", "window_start": "22:00", "window_end": "07:00", "limit_db": 50.0, "tonal_penalty_db": "",
            "effective_from": "2020-01-01", "effective_to": "", "rule_status": "in_force", "status": "verified"}  # fmt: skip
    return {**base, **cells}


def margin(make_region, folder, **given_):
    region = pw.read(make_region(folder, **given_))
    return pw.measure(region)["night_noise_margin_db"].loc["a"]


def site(**cells):
    return [
        {
            "site_id": "a",
            "lon": -99.0,
            "lat": 38.5,
            "location_accuracy_m": 20,
            "utility_id": "u1",
            **cells,
        }
    ]


def home(km, **cells):
    """A home some kilometres north of the site."""
    return [
        {
            "receptor_id": "h",
            "kind": "house",
            "lon": -99.0,
            "lat": 38.5 + km / 110.996,
            "location_accuracy_m": 10,
            **cells,
        }
    ]


def test_a_margin_is_the_limit_less_the_level_at_the_home(make_region, tmp_path, source):
    found = margin(make_region, tmp_path, sites=site(), receptors=home(2))
    assert found["value"] == pytest.approx(50 - level(source, 2000.0), abs=0.02)
    assert found["low"] < found["value"] < found["high"]
    assert found["row"] == "one-night"


def test_a_tone_takes_its_penalty_off_the_limit(make_region, tmp_path, source):
    assert source.tonal
    plain = margin(make_region, tmp_path / "x", sites=site(), receptors=home(2))
    strict = margin(
        make_region,
        tmp_path / "y",
        sites=site(),
        receptors=home(2),
        noise_rules=[rule(tonal_penalty_db=5)],
    )
    assert plain["value"] - strict["value"] == pytest.approx(5)


def test_the_smallest_margin_binds(make_region, tmp_path):
    rules = [rule(rule_id="loose", limit_db=60),
             rule(rule_id="tight", limit_db=45)]  # fmt: skip
    assert (
        margin(make_region, tmp_path, sites=site(), receptors=home(2), noise_rules=rules)["row"]
        == "tight"
    )


def test_a_draft_leaves_the_margin_unknown(make_region, tmp_path):
    rules = [rule(rule_status="draft")]
    found = margin(make_region, tmp_path, sites=site(), receptors=home(2), noise_rules=rules)
    assert math.isnan(found["value"])
    assert found["why"] == "no limit is known where the nearest receptor lies, by night"


def test_an_uncertain_position_gives_a_range_and_no_margin(make_region, tmp_path):
    found = margin(make_region, tmp_path, sites=site(location_accuracy_m=1500), receptors=home(2))
    assert math.isnan(found["value"])
    assert found["low"] < found["high"]
    assert "position uncertain" in found["why"]


def test_a_coarser_position_widens_the_range(make_region, tmp_path):
    widths = []
    for metres in (5, 300, 900):
        found = margin(
            make_region,
            tmp_path / str(metres),
            sites=site(location_accuracy_m=metres),
            receptors=home(2),
        )
        widths.append(found["high"] - found["low"])
    assert widths == sorted(widths)


@pytest.mark.parametrize(("km", "known"), [(4.95, True), (5.05, False)])
def test_a_home_beyond_five_kilometres_is_not_the_nearest_one_only_the_nearest_known(
    make_region, tmp_path, km, known
):
    found = margin(make_region, tmp_path, sites=site(), receptors=home(km))
    assert math.isnan(found["value"]) is not known
    if not known:
        assert found["why"] == "no home is known within 5 km"


def test_the_rule_holds_where_the_home_lies_not_where_the_site_lies(make_region, tmp_path):
    elsewhere = margin(
        make_region, tmp_path, sites=site(), receptors=home(2, jurisdiction_id="us-ks-two")
    )
    assert math.isnan(elsewhere["value"])


def test_a_limit_of_unverified_status_never_gates(make_region, tmp_path):
    rules = [rule(status="unverified", limit_db=20)]
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(1), noise_rules=rules,
                                 toml={"require": {"night_noise_margin_db": {"min": 0}}}))  # fmt: skip
    frame = pw.rank(region, pw.measure(region)).frame
    assert frame.loc["a", "status"] == "ranked"
    assert "at risk" in frame.loc["a", "reasons"]


def test_without_a_limit_the_setback_is_a_reference_and_says_so(make_region, tmp_path, source):
    rules = [rule(rule_status="draft")]
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(2), noise_rules=rules))
    found = pw.measure(region)["noise_setback_m"].loc["a"]
    assert found["value"] == pytest.approx(setback_distance(source.levels(NIGHT, 1.5).table, 45.0))
    assert found["grade"] == "reference"
    assert "no rule" in found["note"]


def test_doubling_the_megawatts_lowers_every_margin_by_three_decibels(tiny):
    """Without transformers and standby sets, which come in whole units, and with one radius."""
    name = "night_noise_margin_db"
    settings = NoiseTable(campus_radius_m=300.0)
    one, two = (
        pw.measure(tiny.with_request(mw=mw, noise=settings))[name]["value"] for mw in (200.0, 400.0)
    )
    np.testing.assert_allclose((one - two).loc[["a", "b"]], 3.0103, atol=1e-3)


CLASSES = ("residential", "commercial", "industrial")


def brute_region(count, seed=0, *, polygons=False):
    """Sites and receptors of three classes in two authorities, rules of several kinds; all synthetic."""
    rng = np.random.default_rng(seed)

    def points(number):
        return shapely.points(rng.uniform(4e5, 4.2e5, number), rng.uniform(4.1e6, 4.12e6, number))

    sites = gpd.GeoDataFrame({
        "site_id": [f"s{n}" for n in range(count)], "jurisdiction_id": rng.choice(["us-ks-one", "us-ks-two"], count),
        "location_accuracy_m": rng.choice([0.0, 20.0, 400.0], count), "area_ha": rng.choice([np.nan, 5.0, 40.0], count),
        "ground_porous_share": rng.choice([np.nan, 0.0, 1.0], count),
    }, geometry=points(count), crs="EPSG:32614").set_index("site_id", drop=False)  # fmt: skip
    shapes = points(count)
    if polygons:
        shapes = shapely.buffer(shapes, 60, cap_style="square")
    receptors = gpd.GeoDataFrame({
        "receptor_id": [f"r{n}" for n in range(count)], "kind": "x", "receptor_class": rng.choice(CLASSES, count),
        "jurisdiction_id": rng.choice(["us-ks-one", "us-ks-two"], count), "location_accuracy_m": 10.0,
        "ambient_day_dba": rng.uniform(35, 60, count), "ambient_night_dba": rng.uniform(25, 50, count),
    }, geometry=shapes, crs="EPSG:32614")  # fmt: skip
    rules = pd.DataFrame([
        rule(rule_id="a", limit_db=45), rule(rule_id="b", limit_db=60, receptor_class="commercial"),
        rule(rule_id="c", limit_db=65, metric="LCeq", receptor_class="industrial", window_start="", window_end="", period="all"),
        rule(rule_id="d", kind="background_plus", metric="LAeq", limit_db="", increment_db=5, compare="total", jurisdiction_id="us-ks-two"),
        rule(rule_id="e", kind="emergence", limit_db="", emergence_steps_db="35:6;45:5", jurisdiction_id="us-ks-two", receptor_class="commercial"),
        rule(rule_id="f", metric="octave", limit_db="", jurisdiction_id="us-ks-two", receptor_class="industrial",
             **{f"limit_{band}_hz_db": 75 - 4 * at for at, band in enumerate(("31_5", 63, 125, 250, 500, 1000, 2000, 4000, 8000))}),
    ]).astype(object)  # fmt: skip
    frames = {"receptors": receptors, "noise_rules": rules}
    layers = Layers({name: Layer(name, None, frame, CellPlaces(None)) for name, frame in frames.items()})  # fmt: skip
    return sites, layers


@pytest.mark.parametrize("polygons", [False, True])
def test_the_nearest_receptor_of_each_limit_is_that_of_all_pairs(tiny, polygons):
    """Every pair by hand against one query a limit, for points and for outlines; limits over an ambient in bins of 1 dB."""
    count = 250 if polygons else 800
    sites, layers = brute_region(count, polygons=polygons)
    one = scene(sites, layers, tiny.request, "mixed-hall")
    frame = exposure_of(one).frames["night"]
    receptors = layers["receptors"].frame
    best = np.full(count, np.inf)
    pairs = _distances(sites, receptors)
    by_id = {r["rule_id"]: rule_from_record(r) for r in layers["noise_rules"].frame.to_dict("records")}  # fmt: skip
    for known in by_id.values():
        here = receptors["jurisdiction_id"].eq(known.jurisdiction_id) & receptors["receptor_class"].eq(known.receptor_class)  # fmt: skip
        few = receptors["ambient_night_dba"][here].nunique() <= 40
        for at in np.flatnonzero(here):
            metres = pairs[:, at]
            best = np.fmin(best, _margins_by_hand(one, known, receptors["ambient_night_dba"].iloc[at], metres, few))  # fmt: skip
    found = frame["margin_db"].where(frame["margin_db"].notna(), np.nan)
    settled = frame["why"].isna().to_numpy()
    assert settled.mean() > 0.5
    np.testing.assert_allclose(found[settled], best[settled], atol=1e-9)


def _distances(sites, receptors):
    from powerwall.region.geometry import ellipsoidal

    columns = [
        ellipsoidal(sites.geometry, gpd.GeoSeries([shape] * len(sites), index=sites.index, crs=sites.crs))
        for shape in receptors.geometry
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def _margins_by_hand(one, known, ambient, metres, few):
    """Margin of one receptor at every site; by its own ambient where they are few, else the strictest of its bin."""
    relative = known.kind != "absolute"
    steps = (ambient + np.zeros(1) if few else np.floor(ambient) + np.linspace(0, 1, 11)) if relative else None  # fmt: skip
    limit = one.limit(known, steps)
    limit = float(np.min(limit)) if relative else limit
    margins = np.full(len(metres), np.nan)
    for code, source in enumerate(one.campuses):
        at = (one.code == code) & ~np.isnan(metres)
        state = source.levels(NIGHT, 1.5)
        where = np.maximum(metres[at], 1.0)
        if known.metric != "octave":
            margins[at] = limit - level_at(state.table, where, known.weighting)
            continue
        bands = level_at(state.table, where)
        lowest = np.interp(np.log(where), np.log(state.table.distance_m), state.lowest_db)
        margins[at] = (limit - np.column_stack([lowest, bands])).min(axis=1)
    return np.where((metres <= REACH_M.value) | (margins < 0), margins, np.nan)


def test_permuting_the_receptors_changes_nothing(tiny):
    sites, layers = brute_region(300)
    first = exposure_of(scene(sites, layers, tiny.request, "mixed-hall"))
    shuffled = layers["receptors"].frame.sample(frac=1, random_state=1).reset_index(drop=True)
    again = Layers({**layers, "receptors": replace(layers["receptors"], frame=shuffled)})
    second = exposure_of(scene(sites, again, tiny.request, "mixed-hall"))
    for period in ("day", "night"):
        pd.testing.assert_frame_equal(first.frames[period], second.frames[period])


def test_other_sites_change_no_margin(tiny):
    sites, layers = brute_region(200)
    whole = exposure_of(scene(sites, layers, tiny.request, "mixed-hall")).frames["night"]
    part = exposure_of(scene(sites.iloc[50:90], layers, tiny.request, "mixed-hall")).frames["night"]
    pd.testing.assert_frame_equal(whole.iloc[50:90], part)


def test_a_parcel_is_never_farther_than_the_house_on_it(make_region, tmp_path):
    plain = margin(make_region, tmp_path / "house", sites=site(), receptors=home(2))
    lat = 38.5 + 2 / 110.996
    outline = f"POLYGON ((-99.004 {lat - 0.003}, -98.996 {lat - 0.003}, -98.996 {lat + 0.003}, -99.004 {lat + 0.003}, -99.004 {lat - 0.003}))"  # fmt: skip
    parcel = [{"receptor_id": "p", "kind": "house", "wkt": outline}]
    path = make_region(tmp_path / "parcel", sites=site(), receptors=parcel)
    exposure = Shared(*_given(pw.read(path)))("exposure")
    found = exposure.frames["night"].loc["a"]
    assert found["margin_db"] < plain["value"]
    assert not found["flags"] & Flag.PARCEL_MISSING
    assert found["distance_m"] == pytest.approx(2000 - 333, abs=3)


def _given(region):
    return region.sites, region.layers, region.request


def exposed(make_region, folder, **given_):
    region = pw.read(make_region(folder, **given_))
    return Shared(*_given(region))("exposure")


def test_flags_say_what_is_special(make_region, tmp_path):
    found = exposed(make_region, tmp_path, sites=site(), receptors=home(2)).frames["night"].loc["a"]
    told = names(int(found["flags"]))
    assert {"beyond_1km", "parcel_missing", "source_level_assumed"} <= set(told)
    assert "no_rule_found" not in told
    assert len(words(int(found["flags"]))) == len(told)


def test_a_receptor_inside_the_campus_is_told(make_region, tmp_path):
    found = exposed(make_region, tmp_path, sites=site(), receptors=home(0.2)).frames["night"].loc["a"]  # fmt: skip
    assert "receptor_inside_campus" in names(int(found["flags"]))


def test_a_rule_over_the_ambient_needs_to_know_it(make_region, tmp_path):
    over = rule(kind="background_plus", limit_db="", increment_db=5, compare="total", background_metric="LAeq")  # fmt: skip
    blind = margin(make_region, tmp_path / "x", sites=site(), receptors=home(2), noise_rules=[over])
    assert math.isnan(blind["value"])
    seen = exposed(make_region, tmp_path / "y", sites=site(), receptors=home(2, ambient_night_dba=40.0), noise_rules=[over])  # fmt: skip
    assert seen.frames["night"].loc["a", "limit_db"] == pytest.approx(43.35, abs=0.01)
    assumed = exposed(make_region, tmp_path / "z", sites=site(), receptors=home(2, land_use_class="quiet_residential"), noise_rules=[over])  # fmt: skip
    row = assumed.frames["night"].loc["a"]
    assert row["limit_db"] == pytest.approx(41.1 + 3.35, abs=0.01)
    assert "ambient_assumed" in names(int(row["flags"]))
    measured = seen.frames["night"].loc["a"]
    assert row["high_db"] - row["low_db"] > measured["high_db"] - measured["low_db"]


def test_the_background_lies_three_decibels_below_what_is_known_as_leq(make_region, tmp_path):
    over = rule(kind="background_plus", limit_db="", increment_db=10, compare="source", background_metric="LA90")  # fmt: skip
    found = exposed(make_region, tmp_path, sites=site(), receptors=home(2, ambient_night_dba=40.0), noise_rules=[over])  # fmt: skip
    assert found.frames["night"].loc["a", "limit_db"] == pytest.approx(47.0)


def test_tests_of_standby_sets_count_by_day_and_never_at_night(make_region, tmp_path):
    every = rule(period="all", window_start="", window_end="")
    found = exposed(make_region, tmp_path / "x", sites=site(), receptors=home(2), noise_rules=[every])  # fmt: skip
    day, night = (found.frames[period].loc["a", "margin_db"] for period in ("day", "night"))
    assert day < night
    spared = exposed(make_region, tmp_path / "y", sites=site(), receptors=home(2), noise_rules=[every | {"exempt": "generator_test"}])  # fmt: skip
    assert spared.frames["day"].loc["a", "margin_db"] == pytest.approx(night)


def test_a_night_limit_says_nothing_of_the_day(make_region, tmp_path):
    only = rule(window_start="22:00", window_end="06:00")
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(2), noise_rules=[only]))
    measures = pw.measure(region)
    assert math.isnan(measures["day_noise_margin_db"].loc["a", "value"])
    assert not math.isnan(measures["night_noise_margin_db"].loc["a", "value"])


def test_mitigation_needed_is_what_is_missing_to_the_wanted_margin(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(0.7)))
    measures = pw.measure(region)
    margin_, needed = (measures[name].loc["a"] for name in ("night_noise_margin_db", "mitigation_needed_db"))  # fmt: skip
    assert needed["value"] == pytest.approx(max(2.0 - margin_["value"], 0))
    assert needed["low"] <= needed["value"] <= needed["high"]


def test_the_pass_probability_is_that_of_the_margin_over_its_spread(make_region, tmp_path):
    from scipy.special import ndtr

    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(0.7)))
    measures = pw.measure(region)
    margin_ = measures["night_noise_margin_db"].loc["a"]
    sigma = (margin_["high"] - margin_["low"]) / (2 * 1.2815515655446004)
    assert measures["noise_pass_probability"].loc["a", "value"] == pytest.approx(float(ndtr(margin_["value"] / sigma)))  # fmt: skip


def test_a_rule_at_the_campus_boundary_binds_without_any_receptor(make_region, tmp_path):
    line = rule(assess_at="site_boundary", limit_db=70)
    region = pw.read(make_region(tmp_path, sites=site(area_ha=100, jurisdiction_id="us-ks-one"), noise_rules=[line], receptors=None))  # fmt: skip
    found = Shared(*_given(region))("exposure").frames["night"].loc["a"]
    assert found["receptor_id"] == "own boundary"
    assert found["distance_m"] == pytest.approx(math.sqrt(1e6 / math.pi))
    assert not math.isnan(found["margin_db"])


def test_what_is_left_of_a_distance_rule_is_measured_from_the_rim(make_region, tmp_path):
    rules = [rule(), rule(rule_id="far", kind="setback", metric="", limit_db="", setback_m=300, setback_from="residence")]  # fmt: skip
    region = pw.read(make_region(tmp_path, sites=site(area_ha=10, jurisdiction_id="us-ks-one"), receptors=home(2), noise_rules=rules))  # fmt: skip
    found = pw.measure(region)["setback_spare_m"].loc["a"]
    assert found["value"] == pytest.approx(2000 - math.sqrt(1e5 / math.pi) - 300, abs=1)
    assert found["row"] == "far"


def test_shipped_rules_serve_an_authority_of_which_the_region_records_none(tiny):
    """A county of Minnesota without rows of its own has those of the state."""
    outlines = tiny.layers["jurisdictions"].frame.copy()
    outlines["state"], outlines["jurisdiction_id"] = "MN", [f"us-mn-{n}" for n in range(len(outlines))]  # fmt: skip
    layers = Layers({**tiny.layers, "jurisdictions": replace(tiny.layers["jurisdictions"], frame=outlines)})  # fmt: skip
    one = scene(tiny.sites, layers, tiny.request, "mixed-hall")
    assert {r.jurisdiction for r in one.book.of("us-mn-0")} == {"State of Minnesota"}


def test_no_forbidden_word_is_in_any_note_or_caption(tiny):
    measures = pw.measure(tiny)
    for name in ("night_noise_margin_db", "day_noise_margin_db", "noise_setback_m", "mitigation_needed_db", "noise_pass_probability", "setback_spare_m"):  # fmt: skip
        for note in measures[name]["note"].dropna():
            assert not FORBIDDEN.search(note)
        for text in measures[name]["note"].dropna()[measures[name]["value"].notna()]:
            assert "in force" in text or "reference" in text


def test_every_limit_at_a_site_can_be_listed(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, sites=site(), receptors=home(2)))
    one = Shared(*_given(region))("noise_scene")
    found = list(readings(one, "night"))
    assert [candidate.rule.rule_id for candidate, _ in found] == ["one-night"]
    assert found[0][0].state == NIGHT
    assert {candidate.state for candidate, _ in readings(one, "day")} == {
        DAY
    }  # no test falls into 22 to 07


def test_tests_are_in_the_hours_that_the_authority_sets(make_region, tmp_path):
    every = rule(rule_id="all", period="all", window_start="", window_end="")
    window = rule(rule_id="window", kind="generator_window", metric="", limit_db="", window_start="23:00", window_end="23:30", days="mon-fri")  # fmt: skip
    late = exposed(make_region, tmp_path / "x", sites=site(), receptors=home(2), noise_rules=[every, window])  # fmt: skip
    day, night = (late.frames[period].loc["a", "margin_db"] for period in ("day", "night"))
    assert night < day
    spared = exposed(make_region, tmp_path / "y", sites=site(), receptors=home(2), noise_rules=[every, window | {"exempt": "generator_test"}])  # fmt: skip
    assert spared.frames["night"].loc["a", "margin_db"] == pytest.approx(day)


def gated(make_region, folder, *rules, name="night_noise_margin_db", **given_):
    region = pw.read(make_region(folder, sites=site(jurisdiction_id="us-ks-one"), noise_rules=list(rules), toml={"require": {name: {"min": 0}}}, **given_))  # fmt: skip
    return pw.rank(region, pw.measure(region)).frame.loc["a"]


def test_a_rule_that_never_puts_a_site_out_hides_none_that_does(make_region, tmp_path):
    strict = rule(rule_id="rumour", limit_db=30, status="unverified")
    sure = rule(rule_id="sure", limit_db=32)
    assert gated(make_region, tmp_path / "x", sure, receptors=home(1))["status"] == "out"
    assert gated(make_region, tmp_path / "y", strict, sure, receptors=home(1))["status"] == "out"
    assert gated(make_region, tmp_path / "z", strict, receptors=home(1))["status"] == "ranked"


def test_a_distance_rule_that_is_unverified_hides_none_that_is_not(make_region, tmp_path):
    far = rule(rule_id="rumour", kind="setback", metric="", limit_db="", setback_m=900, setback_from="residence", status="unverified")  # fmt: skip
    sure = far | {"rule_id": "sure", "setback_m": 800, "status": "verified"}
    for folder, rules, status in (("x", [sure], "out"), ("y", [far, sure], "out"), ("z", [far], "ranked")):  # fmt: skip
        frame = gated(make_region, tmp_path / folder, *rules, receptors=home(0.6), name="setback_spare_m")  # fmt: skip
        assert frame["status"] == status, folder


def test_a_home_that_a_rule_was_not_made_for_is_not_covered_by_it(make_region, tmp_path):
    """New land: the near home is protected only by a rule for used land, the far one by a rule for all."""
    used = rule(rule_id="used", source_trigger="new_on_used_site")
    everyone = rule(rule_id="every", jurisdiction_id="us-ks-two")
    homes = [*home(1, jurisdiction_id="us-ks-one"), home(3, jurisdiction_id="us-ks-two")[0] | {"receptor_id": "far"}]  # fmt: skip
    for word, known in (("yes", False), ("no", True)):
        found = exposed(make_region, tmp_path / word, sites=site(greenfield=word), receptors=homes, noise_rules=[used, everyone]).frames["night"].loc["a"]  # fmt: skip
        assert math.isnan(found["margin_db"]) is not known
        assert ("no_rule_found" in names(int(found["flags"]))) is not known


def test_a_near_home_without_a_known_ambient_is_not_covered_by_a_far_one_with_it(make_region, tmp_path):  # fmt: skip
    over = rule(kind="background_plus", limit_db="", increment_db=5, compare="total")
    homes = [*home(1), home(2)[0] | {"receptor_id": "far", "ambient_night_dba": 45.0}]
    found = exposed(make_region, tmp_path, sites=site(), receptors=homes, noise_rules=[over]).frames["night"].loc["a"]  # fmt: skip
    assert math.isnan(found["margin_db"])
    assert names(int(found["flags"])) == ["ambient_missing"]


def test_a_limit_that_is_broken_beyond_the_reach_counts(make_region, tmp_path):
    loud = {"request": {"noise": {"onsite_mw": 2000.0}}}
    found = exposed(make_region, tmp_path, sites=site(), receptors=home(5.2), noise_rules=[rule(limit_db=30)], toml=loud).frames["night"].loc["a"]  # fmt: skip
    assert found["margin_db"] < 0


def test_more_generation_never_raises_a_margin(make_region, tmp_path):
    margins = []
    for mw in (0.0, 100.0, 300.0, 400.0, 800.0):
        loud = {"request": {"noise": {"onsite_mw": mw}}}
        found = exposed(make_region, tmp_path / str(mw), sites=site(), receptors=home(2), noise_rules=[rule(tonal_penalty_db=6)], toml=loud)  # fmt: skip
        margins.append(found.frames["night"].loc["a", "margin_db"])
    assert margins == sorted(margins, reverse=True)


def test_an_ambient_that_was_measured_by_day_alone_is_assumed_at_night(make_region, tmp_path):
    over = rule(kind="background_plus", limit_db="", increment_db=5, compare="total", window_start="", window_end="", period="all")  # fmt: skip
    found = exposed(make_region, tmp_path, sites=site(), receptors=home(2, ambient_day_dba=48, land_use_class="quiet_residential"), noise_rules=[over])  # fmt: skip
    told = {period: names(int(frame.loc["a", "flags"])) for period, frame in found.frames.items()}
    assert "ambient_assumed" in told["night"]
    assert "ambient_assumed" not in told["day"]


def test_the_distance_to_keep_is_that_of_the_limit_that_binds(make_region, tmp_path):
    over = rule(kind="background_plus", limit_db=55, increment_db=0.1, compare="source", combine="fallback")  # fmt: skip
    region = pw.read(make_region(tmp_path, sites=site(jurisdiction_id="us-ks-one"), receptors=home(1, ambient_night_dba=35.0), noise_rules=[over]))  # fmt: skip
    measures = pw.measure(region)
    exposure = Shared(*_given(region))("exposure")
    found = measures["noise_setback_m"].loc["a"]
    table = exposure.scene.campuses[0].levels(NIGHT, 1.5).table
    assert found["value"] == pytest.approx(setback_distance(table, 35.1))
    assert found["low"] < found["value"] < found["high"]


def test_the_slope_at_the_home_widens_the_range(make_region, tmp_path):
    """σ of the position is the local slope of the level times the standard deviation of the distance."""
    found = exposed(make_region, tmp_path, sites=site(location_accuracy_m=0, area_ha=30), receptors=home(0.6, location_accuracy_m=40))  # fmt: skip
    row, one = found.frames["night"].loc["a"], found.scene.campuses[0]
    metres = row["distance_m"]
    slope = (level(one, metres * 1.005) - level(one, metres * 0.995)) / (0.01 * metres)
    sigma = math.sqrt(2.5**2 + 1.5**2 + (slope * 40) ** 2)
    assert (row["high_db"] - row["low_db"]) / 2 == pytest.approx(1.2815515655446004 * sigma, rel=0.02)  # fmt: skip


def test_a_rule_of_the_state_protects_homes_of_its_counties(make_region, tmp_path):
    """Through `parent_id`: the home is covered, and the margin is that of the state's limit."""
    path = make_region(tmp_path, sites=site(), receptors=home(2), noise_rules=[rule(rule_id="state", jurisdiction_id="us-ks")])  # fmt: skip
    file = tmp_path / "tiny/jurisdictions.csv"
    frame = pd.read_csv(file)
    state = frame.iloc[[0]].assign(jurisdiction_id="us-ks", kind="state", name="Kansas")
    pd.concat([frame.assign(parent_id="us-ks"), state]).to_csv(file, index=False)
    found = pw.measure(pw.read(path))["night_noise_margin_db"].loc["a"]
    assert found["row"] == "state"
    assert not math.isnan(found["value"])
