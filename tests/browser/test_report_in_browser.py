"""The report as a browser shows it: without a network, drawn, linked both ways, and within reach of everybody."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import devtools
import pytest

import powerwall as pw
from powerwall.output.report import write_report, write_screening_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(devtools.chromium() is None, reason="no chromium is installed"),
]
HOSTILE = "</script><img src=x onerror='window.hacked=1'> $$\\frac{1}{2}$$ & <b>Ash</b>"
REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = "[...Bokeh.index][0]"
SITES = f"{ROOT}.model.document.get_model_by_name('sites')"


@pytest.fixture(scope="module")
def report(make_region, tmp_path_factory):
    """Report of a made-up region with lines and draws, in which names try to be markup."""
    from conftest import LAYERS, SITES

    folder = tmp_path_factory.mktemp("report")
    sites = [{**site, "name": HOSTILE} if site["site_id"] == "a" else site for site in SITES]
    places = [{**row, "name": HOSTILE} for row in LAYERS["jurisdictions"]]
    lines = [{"line_id": "l1", "name": HOSTILE, "voltage_kv": 345, "wkt": "LINESTRING (-99.2 38.4, -98.8 38.7)"}]  # fmt: skip
    toml = {"title": HOSTILE, "require": {"area_ha": {"min": 70}}}
    region = pw.read(
        make_region(folder, toml=toml, sites=sites, jurisdictions=places, transmission_lines=lines)
    )
    path = folder / "report.html"
    write_report(pw.rank(region, pw.measure(region)).with_draws(64), path)
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """One browser for all tests of this file."""
    with devtools.browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


def marker(page, number):
    """Place of a site's marker in the window."""
    page.js("document.querySelector('.plot').scrollIntoView({block: 'center', behavior: 'instant'})")  # fmt: skip
    return page.js(f"""(() => {{
        const root = {ROOT}, source = {SITES}, at = Array.from(source.data.number).indexOf({number});
        const box = root.el.getBoundingClientRect(), frame = root.frame;
        return [box.left + frame.x_scale.compute(source.data.x[at]), box.top + frame.y_scale.compute(source.data.y[at])];
    }})()""")  # fmt: skip


def chosen(page):
    """Numbers of the sites that the map has selected, and of the rows that are marked."""
    return page.js(f"""[Array.from({SITES}.selected.indices, i => {SITES}.data.number[i]),
        [...document.querySelectorAll('tr[aria-current]')].map(row => Number(row.dataset.site))]""")


def test_it_opens_without_asking_any_host_and_without_a_complaint(page, report):
    page.open(report)
    asked = {urlsplit(event["params"]["request"]["url"]).scheme for event in page.told("Network.requestWillBeSent")}  # fmt: skip
    assert asked <= {"file", "data", "blob"}
    assert not page.told("Runtime.exceptionThrown", "Log.entryAdded", "Network.webSocketCreated")
    said = [event["params"]["type"] for event in page.told("Runtime.consoleAPICalled")]
    assert not {"error", "warning", "assert"} & set(said)


def test_names_of_a_region_are_words_and_never_markup(page, report):
    page.open(report)
    assert page.js("window.hacked") is None
    assert page.js("document.querySelectorAll('img').length") == 0
    assert "<b>Ash</b>" in page.js("document.querySelector('h1').textContent")
    x, y = marker(page, 0)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    page.js("new Promise(done => setTimeout(done, 500))")
    told = page.js("""(() => {
        const look = (node) => node.classList?.contains('tip') ? [node.textContent] : [...(node.shadowRoot?.children ?? []), ...node.children].flatMap(look);
        return look(document.body);
    })()""")
    assert len(told) == 1
    assert "</script><img src=x onerror=" in told[0]
    assert "rank 1, score" in told[0]
    assert page.js("window.hacked") is None
    assert page.js("window.MathJax") is None


def test_the_map_is_drawn_and_a_kilometre_is_as_long_across_as_up(page, report):
    page.open(report)
    colours = page.js("""(() => {
        const found = new Set();
        const look = (node) => {
            if (node.tagName === 'CANVAS' && node.width) {
                const data = node.getContext('2d').getImageData(0, 0, node.width, node.height).data;
                for (let i = 0; i < data.length; i += 4) if (data[i + 3]) found.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
            }
            for (const child of [...(node.shadowRoot?.children ?? []), ...node.children]) look(child);
        };
        look(document.querySelector('.plot'));
        return found.size;
    })()""")
    assert colours > 20
    across, up = page.js(f"""(() => {{
        const {{ frame, model }} = {ROOT};
        return [(model.x_range.end - model.x_range.start) / frame.bbox.width, (model.y_range.end - model.y_range.start) / frame.bbox.height];
    }})()""")  # fmt: skip
    assert across == pytest.approx(up, rel=1e-6)


def test_a_click_on_a_row_selects_and_centres_its_marker(page, report):
    page.open(report)
    page.js("document.querySelector('#ranked tbody tr[data-site=\"1\"] td').click()")
    assert chosen(page) == [[1], [1]]
    middle, place = page.js(f"""(() => {{
        const {{ model }} = {ROOT}, at = {SITES}.selected.indices[0];
        return [[(model.x_range.start + model.x_range.end) / 2, (model.y_range.start + model.y_range.end) / 2], [{SITES}.data.x[at], {SITES}.data.y[at]]];
    }})()""")  # fmt: skip
    assert middle == pytest.approx(place)


def test_enter_on_a_row_selects_its_marker(page, report):
    page.open(report)
    page.js("document.querySelector('#ranked tbody tr[data-site=\"2\"]').focus()")
    page.key("Enter")
    assert chosen(page) == [[2], [2]]


def test_a_click_on_a_marker_marks_its_row_and_opens_its_card(page, report):
    page.open(report)
    page.click(*marker(page, 1))
    assert chosen(page) == [[1], [1]]
    assert page.js("document.querySelector('details.card[data-site=\"1\"]').open")
    page.wait("Math.abs(document.querySelector('details.card[data-site=\"1\"]').getBoundingClientRect().top) < innerHeight")  # fmt: skip


def test_a_switch_hides_its_layer_and_shows_it_again(page, report):
    page.open(report)
    state = f"{ROOT}.model.renderers.filter(r => r.name === 'transmission_lines').map(r => r.visible)"  # fmt: skip
    assert page.js(state) == [True]
    page.js("document.querySelector('[data-layer=transmission_lines]').click()")
    assert page.js(state) == [False]
    page.js("document.querySelector('[data-layer=transmission_lines]').click()")
    assert page.js(state) == [True]


def test_the_buttons_zoom_and_come_back(page, report):
    page.open(report)
    width = f"{ROOT}.model.x_range.end - {ROOT}.model.x_range.start"
    whole = page.js(width)
    page.js("document.querySelector('[data-zoom=in]').click()")
    assert page.js(width) == pytest.approx(0.6 * whole)
    page.js("document.querySelector('[data-zoom=all]').click()")
    assert page.js(width) == pytest.approx(whole)


def test_a_box_drawn_with_the_mouse_zooms_when_it_is_asked_for(page, report):
    page.open(report)
    width = f"{ROOT}.model.x_range.end - {ROOT}.model.x_range.start"
    whole = page.js(width)
    page.js("document.querySelector('[data-zoom=box]').click()")
    x, y = marker(page, 0)
    page.call("Input.dispatchMouseEvent", type="mousePressed", x=x - 60, y=y - 60, button="left", clickCount=1)  # fmt: skip
    for step in range(1, 9):
        page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x - 60 + 15 * step, y=y - 60 + 15 * step, button="left", buttons=1)  # fmt: skip
    page.call("Input.dispatchMouseEvent", type="mouseReleased", x=x + 60, y=y + 60, button="left", clickCount=1)  # fmt: skip
    page.js("new Promise(done => setTimeout(done, 400))")
    assert page.js(width) < 0.5 * whole


def test_a_header_sorts_both_ways_with_the_unknown_last(page, report):
    page.open(report)
    order = "[...document.querySelectorAll('#ranked tbody tr')].map(row => row.cells[3].textContent.trim().split(' ')[0])"  # fmt: skip
    page.js("document.querySelectorAll('#ranked .sort')[3].click()")
    scores = [float(score) for score in page.js(order)]
    assert scores == sorted(scores)
    page.js("document.querySelectorAll('#ranked .sort')[3].click()")
    assert [float(score) for score in page.js(order)] == sorted(scores, reverse=True)
    page.js("document.querySelectorAll('#ranked .sort')[0].click()")
    ranks = page.js("[...document.querySelectorAll('#ranked tbody tr')].map(row => row.cells[0].textContent.trim())")  # fmt: skip
    assert ranks.index("–") == sum(rank != "–" for rank in ranks)


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_the_page_never_scrolls_sideways(page, report, width):
    page.open(report, width=width)
    page.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.js("document.documentElement.scrollWidth") <= width


def test_headings_are_in_order_and_there_is_one_title(page, report):
    page.open(report)
    levels = page.js("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")  # fmt: skip
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_print_has_the_cards_that_are_open_and_no_controls(page, report):
    page.open(report)
    drawn = "[...document.querySelectorAll('details.card .blocks')].filter(d => d.checkVisibility({contentVisibilityAuto: true}) && d.getBoundingClientRect().height > 0).length"  # fmt: skip
    page.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert page.js(drawn) == 1
        page.js("document.querySelector('#every-card').click()")
        assert page.js(drawn) == page.js("document.querySelectorAll('details.card').length") > 1
        assert page.js("getComputedStyle(document.querySelector('.maptools')).display") == "none"
        assert page.js("document.querySelector('#every-card').checkVisibility()") is False
        assert page.js("document.querySelector('.plot').getBoundingClientRect().height") > 100
        page.js("document.querySelector('#every-card').click()")
        assert page.js(drawn) == 0
    finally:
        page.call("Emulation.setEmulatedMedia", media="")


def violations(page):
    """What axe-core finds serious or critical with everything open; skips where it is not installed."""
    script = REPOSITORY / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("no axe-core: npm install --prefix .venv/axe axe-core")
    page.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.js(script.read_text(encoding="utf-8") + "; true")
    found = page.js("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 120)]))")  # fmt: skip
    return [each for each in found if each[0] in {"serious", "critical"}]


def test_axe_finds_nothing_serious(page, report):
    page.open(report)
    assert violations(page) == []


def test_a_screening_opens_with_its_picture_and_links_cells(page, tmp_path):
    from made_up_country import country

    path = tmp_path / "cells.html"
    with pw.screening(pw.read(country(tmp_path, cell_km=2))) as found:
        write_screening_report(found, path, 5)
    page.open(path)
    assert not page.told("Runtime.exceptionThrown", "Log.entryAdded")
    asked = {urlsplit(event["params"]["request"]["url"]).scheme for event in page.told("Network.requestWillBeSent")}  # fmt: skip
    assert asked <= {"file", "data", "blob"}
    page.js("document.querySelector('#ranked tbody tr[data-site=\"3\"] td').click()")
    assert chosen(page) == [[3], [3]]
    assert violations(page) == []
