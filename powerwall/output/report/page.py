"""Page: the report of a ranking, put together from its parts."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from powerwall.output.report.answers import LEADERS, answers
from powerwall.output.report.cards import MOST, card
from powerwall.output.report.firmness import firmness
from powerwall.output.report.map import BY_SCORE, RAMP, bokeh_script, region_map
from powerwall.output.report.provenance import (
    data_of,
    method_words,
    request_table,
    requirement_words,
    weight_table,
)
from powerwall.output.report.ranking_table import ranking_table
from powerwall.output.report.sources import Cited
from powerwall.output.report.study import Study
from powerwall.output.signs import STATUS_SIGNS

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from powerwall.ranking.rank import Ranking


_TOGETHER = re.compile(
    r"(\b\d{4}-\d{2}(?:-\d{2})?\b|[≤≥]? ?\d[\d,.]* (?:%|MW|M|km|m|dB|months|USD/MWh)(?![\w/]))"
)


@cache
def environment() -> Environment:
    """The templates of this package; whatever they are given is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("powerwall.output.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    made.filters["prose"] = prose
    return made


def prose(words: str) -> Markup:
    """A sentence, escaped, in which neither a date nor a number and its unit are torn apart."""
    from markupsafe import Markup, escape

    return Markup(_TOGETHER.sub(r'<span class="n">\1</span>', str(escape(words))))  # noqa: S704 — escaped before


def file_text(name: str) -> str:
    """A file of this package that stands inside the page as it is."""
    from importlib.resources import files

    return files("powerwall.output.report").joinpath(name).read_text(encoding="utf-8")


def frame_of_page() -> dict[str, Any]:
    """What every page holds: style, scripts, and the signs of the map."""
    return {"style": file_text("report.css"), "script": file_text("report.js"), "bokeh": bokeh_script(), "ramp": RAMP, "signs": STATUS_SIGNS, "scored": BY_SCORE}  # fmt: skip


def ranking_page(ranking: Ranking) -> str:
    """The whole page of a ranking."""
    request = ranking.regions[0].request
    cited = Cited(ranking)
    studies = [Study(ranking, str(site_id), number) for number, site_id in enumerate(ranking.frame.index[:MOST])]  # fmt: skip
    leaders = [study for study in studies[:LEADERS] if study.status == "ranked"]
    counts = ranking.frame["status"].value_counts()
    title = ", ".join(region.table.title for region in ranking.regions)
    asked = {(r.request.mw, r.request.need_by, r.request.as_of, r.request.cooling) for r in ranking.regions}  # fmt: skip
    found = environment().get_template("report.html.j2").render(
        title=title,
        asked=f"{request.mw:g} MW by {request.need_by}, cooling {request.cooling}, as of {request.as_of}",
        differ=len(asked) > 1,
        counts=", ".join(f"{counts[s]:,} {s}" for s in STATUS_SIGNS if s in counts),
        synthetic=any(region.table.synthetic for region in ranking.regions),
        screening=any(region.table.edition == "screening" for region in ranking.regions),
        answers=answers(ranking, leaders),
        maps=[region_map(ranking, region, number) for number, region in enumerate(ranking.regions)],
        table=ranking_table(ranking),
        cards=[card(study, cited) for study in studies],
        beyond=len(ranking.frame) - len(studies),
        firmness=firmness(ranking),
        method=method_words(ranking.settings, ranking.unknown),
        weights=weight_table(ranking.settings, ranking.criteria),
        requirements=requirement_words(ranking.settings),
        requests=[request_table(region) for region in ranking.regions],
        data=[data_of(region) for region in ranking.regions],
        sources=cited.lines,
        **frame_of_page(),
    )  # fmt: skip
    return found + "\n"
