"""The documentation site: it builds strictly, nothing in it comes from elsewhere, and its pages are whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path, PurePosixPath
from types import ModuleType

import pytest
import typer

from powerwall.cli import app
from powerwall.criteria.criterion import registry
from powerwall.region.findings import CODES

REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED = ("mkdocs", "material", "mkdocstrings", "bokeh", "jinja2", "matplotlib")
MISSING = [name for name in NEEDED if find_spec(name) is None]
REGIONS = sorted(
    path.stem for path in (REPOSITORY / "regions").glob("*.toml") if path.stem != "example"
)
#: Element → the attribute by which a browser fetches something without being asked to.
FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src", "object": "data",
    "use": "href", "image": "href",
}  # fmt: skip
LINKED = {"stylesheet", "preload", "preconnect", "dns-prefetch", "icon", "modulepreload", "manifest"}  # fmt: skip

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


class Page(HTMLParser):
    """What a page fetches, where it leads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.fetches: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "link" and LINKED & set(given.get("rel", "").split()):
            self.fetches.append(given.get("href", ""))
        if tag in FETCHED and (address := given.get(FETCHED[tag])):
            self.fetches.append(address)
        self.fetches += re.findall(r"url\(([^)]*)\)", given.get("style", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def away(addresses: list[str]) -> list[str]:
    """Those of another host."""
    return [address for address in addresses if re.match(r"([a-z]+:)?//", address)]


def built(folder: Path, *, gallery: bool) -> Path:
    """The site as `make site` builds it, in a folder."""
    words = ["mkdocs", "build", "--strict", "--quiet", "-f", ".mkdocs.yml", "-d", str(folder)]
    run = subprocess.run(
        [sys.executable, "-m", *words], cwd=REPOSITORY, capture_output=True, check=False, encoding="utf-8",
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SITE_GALLERY": str(gallery).lower()},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site without its pictures, which take most of the time."""
    return built(tmp_path_factory.mktemp("site"), gallery=False)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """The pages by their path."""
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """`docs/hooks.py`, which is no module of a package."""
    spec = spec_from_file_location("hooks", REPOSITORY / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_no_page_fetches_anything_from_another_host(pages: dict[str, Page]) -> None:
    assert len(pages) > 30
    assert {name: found for name, page in pages.items() if (found := away(page.fetches))} == {}


@pytest.mark.slow
def test_no_style_sheet_fetches_anything_from_another_host(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        addresses = [
            *re.findall(r"url\(\s*[\"']?([^)\"']+)", text),
            *re.findall(r"@import\s+[\"']([^\"']+)", text),
        ]
        assert away(addresses) == [], sheet.name


@pytest.mark.slow
def test_every_link_of_a_page_leads_to_a_page_and_anchor_that_are_there(
    site: Path, pages: dict[str, Page]
) -> None:
    broken = []
    for name, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link) or name == "404.html":
                continue
            path, _, anchor = link.partition("#")
            target = (site / name).parent / path if path else site / name
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target.resolve().relative_to(site.resolve()).as_posix())
            if not target.is_file() or (anchor and known and anchor not in known.anchors):
                broken.append(f"{name}: {link}")
    assert broken == []


@pytest.mark.slow
def test_every_code_verb_and_criterion_has_an_anchor(pages: dict[str, Page]) -> None:
    verbs = typer.main.get_group(app).commands
    expected = {
        "reference/findings.html": {code.lower() for code in CODES},
        "reference/cli.html": {f"powerwall-{verb}" for verb in verbs},
        "reference/criteria.html": set(registry()),
        "reference/python.html": {"powerwall.region.read.read", "powerwall.criteria.measure.measure", "powerwall.ranking.rank.rank", "powerwall.ranking.rank.Ranking.save"},
    }  # fmt: skip
    for name, anchors in expected.items():
        assert anchors - pages[name].anchors == set()


@pytest.mark.slow
def test_the_gallery_shows_a_map_and_a_report_of_every_real_region(tmp_path: Path) -> None:
    site = built(tmp_path / "site", gallery=True)
    gallery = Page(site / "gallery.html")
    assert REGIONS
    for name in REGIONS:
        assert f"gallery/{name}.svg" in gallery.fetches
        assert f"gallery/{name}.html" in gallery.links
        assert "</svg>" in (site / "gallery" / f"{name}.svg").read_text(encoding="utf-8")
        assert away(Page(site / "gallery" / f"{name}.html").fetches) == []
    text = (site / "gallery.html").read_text(encoding="utf-8")
    assert text.count("First is") == len(REGIONS)


@pytest.mark.slow
def test_the_search_works_without_a_server(site: Path) -> None:
    assert (site / "search" / "search_index.js").read_text(encoding="utf-8").startswith("var __index")  # fmt: skip
    assert 'src="assets/iframe-worker.js"' in (site / "index.html").read_text(encoding="utf-8")


def test_a_link_that_leaves_the_docs_leads_to_the_repository_or_is_plain_text(
    hooks: ModuleType,
) -> None:
    folder = PurePosixPath("docs/how-to")
    for text, repository, expected in (
        ("[the action](../../.github/action.yml)", None, "the action"),
        ("[the action](../../.github/action.yml)", "https://host/x/", "[the action](https://host/x/blob/HEAD/.github/action.yml)"),
        ("[README](../../README.md#a-part)", "https://host/x", "[README](https://host/x/blob/HEAD/README.md#a-part)"),
        ("[layers](../reference/layers.md#units)", "https://host/x", "[layers](../reference/layers.md#units)"),
    ):  # fmt: skip
        assert hooks.outward(text, folder, repository) == expected


def test_links_inside_code_are_left_alone(hooks: ModuleType) -> None:
    text = "`[a](../../b)`\n\n```md\n[a](../../b)\n```\n\n[`a`](../../b)\n"
    assert hooks.outward(text, PurePosixPath("docs/how-to"), None) == text.replace("[`a`](../../b)", "`a`")  # fmt: skip


def test_the_sentence_of_a_region_without_a_ranked_site_names_no_first(hooks: ModuleType) -> None:
    request = {"mw": 300.0, "need_by": "2031-01-01", "as_of": "2026-08-22"}
    sites = [{"status": "unranked", "rank": None}, {"status": "out", "rank": None}]
    ranking = {"powerwall": {"regions": [{"request": request}]}, "sites": sites}
    assert hooks.sentence(ranking) == "For 300 MW by 2031-01-01, seen from 2026-08-22, 2 places: 1 out by a requirement, 1 not ranked."  # fmt: skip


def test_the_sentence_says_an_unknown_as_such(hooks: ModuleType) -> None:
    request = {"mw": 300.0, "need_by": "2031-01-01", "as_of": "2026-08-22"}
    site = {"status": "ranked", "rank": 1, "name": "Ash", "score": 61.25, "score_low": 50.0, "score_high": 70.0,
            "criteria": {"time_to_power_months": {"measure": 12.0}, "on_time_probability": {"why": "unknown"}}}  # fmt: skip
    ranking = {"powerwall": {"regions": [{"request": request}]}, "sites": [site]}
    assert "**Ash** with 61.2 points (50–70 with its unknowns): first power 2027-08, and ? that all of it" in hooks.sentence(ranking)  # fmt: skip
