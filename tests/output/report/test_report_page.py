"""The page of a ranking: whole in one file, the same bytes each time, honest, and escaped."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

import powerwall as pw
from powerwall.output.report import write_report
from powerwall.output.report.provenance import data_of
from powerwall.region.findings import BadInput

HOSTILE = "</script><img src=x onerror=alert(1)> & \u2028 'x' \"y\""
LARGEST = 3_000_000  # bytes for 50 sites


def ranked(region, draws=0):
    found = pw.rank(region, pw.measure(region))
    return found.with_draws(draws) if draws else found


def written(ranking, folder):
    path = folder / "report.html"
    write_report(ranking, path)
    return path.read_text(encoding="utf-8")


def body(page):
    """The page without its style and scripts."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


def words(page):
    """What a reader sees."""
    return " ".join(re.sub(r"<[^>]+>", " ", body(page)).split())


class Structure(HTMLParser):
    """Start tags with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def of(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def page(tiny, tmp_path_factory):
    return written(ranked(tiny), tmp_path_factory.mktemp("page"))


def test_nothing_is_loaded_from_anywhere(page):
    tags = Structure(page).tags
    loaded = [attributes.get(name) for tag, attributes in tags for name in ("src", "srcset", "data", "poster") if tag != "a"]  # fmt: skip
    loaded += [attributes["href"] for tag, attributes in tags if tag == "link"]
    assert [address for address in loaded if address and not address.startswith("data:")] == []
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_has_language_one_title_landmarks_captions_and_scopes(page):
    found = Structure(page)
    assert found.of("html")[0]["lang"] == "en"
    assert len(found.of("h1")) == 1
    assert all(found.of(name) for name in ("header", "nav", "main", "footer"))
    assert len(found.of("table")) == len(found.of("caption"))
    assert all(attributes.get("scope") in {"col", "row"} for attributes in found.of("th"))
    assert all(attributes.get("role") == "img" or attributes.get("aria-hidden") for attributes in found.of("svg"))  # fmt: skip
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inside = [attributes["href"][1:] for attributes in found.of("a") if attributes["href"].startswith("#")]  # fmt: skip
    assert set(inside) <= set(ids)


def test_every_chart_has_its_numbers_in_a_table_or_in_words(page):
    for block in re.findall(r'<section class="block">.*?</section>', body(page), re.DOTALL):
        if "<svg" in block:
            assert "<table" in block or " of 100" in block, re.sub(r"<[^>]+>", " ", block)[:200]


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(make_region, tmp_path):
    region = make_region(tmp_path)
    code = (
        "import sys, powerwall as pw; from pathlib import Path; from powerwall.output.report import write_report; "
        "r = pw.read(sys.argv[1]); k = pw.rank(r, pw.measure(r)).with_draws(64); [write_report(k, Path(p)) for p in sys.argv[2:]]"
    )
    paths = [tmp_path / f"{name}.html" for name in "abc"]
    for seed, names in (("1", paths[:2]), ("2", paths[2:])):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, region, *names], check=True, env=environment)
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again == other


def test_names_from_a_region_are_escaped_in_text_attributes_and_json(make_region, tmp_path):
    from conftest import LAYERS, SITES

    region = pw.read(make_region(
        tmp_path, toml={"title": HOSTILE, "description": HOSTILE}, sites=[{**site, "name": HOSTILE} for site in SITES],
        jurisdictions=[{**row, "name": HOSTILE} for row in LAYERS["jurisdictions"]],
        receptors=[{**row, "name": HOSTILE} for row in LAYERS["receptors"]],
        policy=[{**row, "subject": HOSTILE, "source_title": HOSTILE} for row in LAYERS["policy"]],
    ))  # fmt: skip
    page = written(ranked(region), tmp_path)
    assert "<img" not in page.replace(_scripts(page), "")
    assert "</script><img" not in page
    item = re.search(r"<script type=\"application/json\"[^>]*>(.*?)</script>", page, re.DOTALL).group(1)  # fmt: skip
    assert not set("<>&\u2028") & set(item)
    assert "\\u003c/script\\u003e\\u003cimg" in item


def _scripts(page):
    return max(re.findall(r"<script>.*?</script>", page, re.DOTALL), key=len)


def of_receptors(make_region, folder, **changes):
    """Row of the layer of receptors in the provenance, and the notices of the region."""
    data = data_of(pw.read(make_region(folder, toml={"layers": {"receptors": changes}})))
    return next(row for row in data.layers if row.name == "receptors"), data.notices


def test_an_address_that_is_none_is_no_link(make_region, tmp_path):
    row, _ = of_receptors(make_region, tmp_path, source={"title": "evil", "path": "javascript:alert(1)"})  # fmt: skip
    assert (row.source, row.url) == ("evil", "")
    row, _ = of_receptors(make_region, tmp_path, source={"title": "good", "path": "https://example.org/a"})  # fmt: skip
    assert row.url == "https://example.org/a"


def test_unknowns_are_question_marks_and_the_forbidden_words_never_stand(page):
    told = words(page)
    assert "compliant" not in told.lower()
    assert not re.search(r"\b(nan|NaN|<NA>)\b", told)
    assert " ? " in told


def test_a_region_without_draws_is_told_how_to_get_them(page):
    assert "--draws 4096" in words(page)


def test_a_region_with_draws_has_held_rank_intervals_and_questions(tiny, tmp_path):
    told = words(written(ranked(tiny, draws=64), tmp_path))
    assert "64 draws of weights" in told
    assert "in the first 3" in told
    assert "Rank, and the ranks of 90 % of the draws" in told


def test_the_layers_stand_with_licence_date_and_checksum(tiny, page):
    told = words(page)
    for name, layer in tiny.layers.items():
        assert f"{name.replace('_', ' ')} synthetic, made for tests 2026-07-01" in told
        assert layer.sha256[:12] in told


def test_an_open_database_licence_brings_its_notice(make_region, tmp_path):
    _, notices = of_receptors(make_region, tmp_path, licenses=["ODbL-1.0"], attribution="© OpenStreetMap contributors")  # fmt: skip
    assert len(notices) == 1
    assert "Open Database License" in notices[0]
    assert notices[0].endswith("© OpenStreetMap contributors.")
    assert of_receptors(make_region, tmp_path, licenses=["CC0-1.0"])[1] == []


def test_a_layer_older_than_its_days_is_stale(make_region, tmp_path):
    row, _ = of_receptors(make_region, tmp_path, fresh_days=51)
    assert (row.age, row.stale) == ("52 d", True)
    assert not of_receptors(make_region, tmp_path, fresh_days=52)[0].stale


@pytest.mark.parametrize(
    "missing",
    [
        {"policy": None},
        {"tariffs": None},
        {"climate": None, "climate_stations": None},
        {"points_of_interconnection": None},
        {"noise_rules": None, "receptors": None, "water_systems": None, "jurisdictions": None},
    ],
    ids=" ".join,
)
def test_a_region_that_lacks_layers_still_has_its_page(make_region, tmp_path, missing):
    told = words(written(ranked(pw.read(make_region(tmp_path, **missing))), tmp_path))
    assert "nknown" in told
    assert not re.search(r"\b(nan|NaN)\b", told)


def test_where_everything_is_out_the_page_says_so(make_region, tmp_path):
    region = pw.read(make_region(tmp_path, toml={"require": {"area_ha": {"min": 1000}}}))
    told = words(written(ranked(region, draws=16), tmp_path))
    assert "Nowhere under these requirements" in told
    assert "3 are out: 3 × area" in told


def test_regions_ranked_together_have_a_map_each(make_region, tmp_path):
    regions = [pw.read(make_region(tmp_path, name=name)) for name in ("one", "two")]
    page = written(pw.rank(regions, [pw.measure(region) for region in regions]), tmp_path)
    assert [attributes["data-map"] for attributes in Structure(page).of("div") if "data-map" in attributes] == ["0", "1"]  # fmt: skip
    assert len(re.findall(r'<details class="card', page)) == 8


def test_without_the_extra_it_says_what_to_install(tiny, tmp_path, monkeypatch):
    ranking, find = ranked(tiny), importlib.util.find_spec
    monkeypatch.setattr("powerwall.output.report.find_spec", lambda name: None if name == "bokeh" else find(name))  # fmt: skip
    with pytest.raises(BadInput) as raised:
        write_report(ranking, tmp_path / "report.html")
    (finding,) = raised.value.findings
    assert (finding.code, finding.remedy) == ("PW601", 'pip install "powerwall[report]"')
    assert "bokeh" in finding.message
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_fifty_sites_with_bills_and_acts_stay_under_three_megabytes(regions, tmp_path):
    region = pw.read(regions / "example.toml")
    own = region.sites[region.sites["availability"] != "taken"]
    copies = [own.set_axis([f"{i}-{n}" for i in own.index]) for n in range(4)]
    sites = pd.concat(copies).head(50).rename_axis(own.index.name)
    page = written(ranked(replace(region, sites=sites), draws=64), tmp_path)
    assert len(re.findall(r'<details class="card', page)) == 50
    assert len(page.encode()) <= LARGEST
