"""Hooks of the site: maps and reports of the bundled regions, and links that leave this folder."""  # noqa: INP001

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from powerwall.output.numbers import month, percent

MARKER = "<!-- gallery -->"
LEFT_OUT = "Built without its pictures (`SITE_GALLERY=false`)."
MADE_UP = "example"
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((\.\.?/[^)\s]*)\)")
_FENCED = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`(?!\]))", re.MULTILINE | re.DOTALL)


class Shown(NamedTuple):
    """What the gallery has of a region: its files by suffix, and what the page says."""

    name: str
    text: str
    files: dict[str, bytes]


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the maps and reports, as files of the site that are never committed."""
    for one in _gallery(config):
        for suffix, content in one.files.items():
            files.append(File.generated(config, f"gallery/{one.name}{suffix}", content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Put in the gallery; links that leave `docs/` lead to the repository, or are plain text."""
    if page.parent is None:
        page.meta["hide"] = ["navigation"]  # nothing stands beside it
    if MARKER in markdown:
        shown = "\n".join(one.text for one in _gallery(config))
        markdown = markdown.replace(MARKER, shown or LEFT_OUT)
    folder = PurePosixPath("docs") / PurePosixPath(page.file.src_uri).parent
    return outward(markdown, folder, config.repo_url)


def outward(markdown: str, folder: PurePosixPath, repo_url: str | None) -> str:
    """A page of a folder, with the links that leave `docs/` led to the repository, or plain."""

    def led(found: re.Match[str]) -> str:
        path, _, anchor = found[2].partition("#")
        target = os.path.normpath(folder / path)
        if target.startswith("docs/"):
            return found[0]
        if not repo_url:
            return found[1]
        return (
            f"[{found[1]}]({repo_url.rstrip('/')}/blob/HEAD/{target}{'#' * bool(anchor)}{anchor})"
        )

    parts = _FENCED.split(markdown)  # what stands between code, and code, by turns
    parts[::2] = [_LINK.sub(led, part) for part in parts[::2]]
    return "".join(parts)


def _gallery(config: MkDocsConfig) -> list[Shown]:
    """The real regions, ranked once a build."""
    if not config.extra["gallery"]:
        return []
    folder = Path(config.config_file_path).parent / "regions"
    paths = [path for path in sorted(folder.glob("*.toml")) if path.stem != MADE_UP]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_shown, paths))


@functools.cache
def _shown(path: Path) -> Shown:
    """What `powerwall score` gives of a region: its map, its report, and a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        made = {suffix: Path(folder) / f"{path.stem}{suffix}" for suffix in (".svg", ".html")}
        command = ["score", str(path), "--quiet", "--format", "json"]
        for one in made.values():
            command += ["-o", str(one)]
        run = subprocess.run([sys.executable, "-m", "powerwall", *command], capture_output=True, check=False, encoding="utf-8")  # fmt: skip # noqa: S603
        if run.returncode:
            msg = f"no picture of {path.stem}: powerwall {' '.join(command)}\n{run.stderr}"
            raise PluginError(msg)
        files = {suffix: one.read_bytes() for suffix, one in made.items()}
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Shown(path.stem, _text(path.stem, table, json.loads(run.stdout)), files)


def _text(name: str, table: dict[str, Any], ranking: dict[str, Any]) -> str:
    """Heading, sentence, map and links of a region."""
    title = table["title"]
    return f"""
## {title}

{table["description"]} {sentence(ranking)} [Report](gallery/{name}.html)

[![Map of {title}: sites by rank and status, power lines and nodes](gallery/{name}.svg){{ loading=lazy }}](gallery/{name}.svg){{ .map }}
"""


def sentence(ranking: dict[str, Any]) -> str:
    """What a ranking says, in a sentence or two."""
    request = ranking["powerwall"]["regions"][0]["request"]
    sites = ranking["sites"]
    words = {"ranked": "ranked", "out": "out by a requirement", "unranked": "not ranked", "reference": "already taken"}  # fmt: skip
    counts = {status: sum(site["status"] == status for site in sites) for status in words}
    told = ", ".join(f"{count} {words[status]}" for status, count in counts.items() if count)
    asked = f"For {request['mw']:g} MW by {request['need_by']}, seen from {request['as_of']}, {len(sites)} places: {told}."  # fmt: skip
    first = next((site for site in sites if site["rank"] == 1), None)
    if first is None:
        return asked
    unknown = {"measure": float("nan")}
    months, odds = (first["criteria"][name] or unknown for name in ("time_to_power_months", "on_time_probability"))  # fmt: skip
    power = month(date.fromisoformat(request["as_of"]), months.get("measure", float("nan")))
    chance = percent(odds.get("measure", float("nan")))
    return (
        f"{asked} First is **{first['name']}** with {first['score']:.1f} points ({first['score_low']:.0f}–{first['score_high']:.0f} with its unknowns): "
        f"first power {power}, and {chance} that all of it comes by the day of need."
    )
