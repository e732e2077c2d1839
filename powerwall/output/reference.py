"""Reference pages, written from the code so that they cannot drift: `python -m powerwall.output.reference`."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from powerwall import criteria
from powerwall.criteria.criterion import MEASURE_COLUMNS, SUBJECTS, Criterion, Parameter, registry
from powerwall.output.criteria import breakpoints
from powerwall.output.finding_examples import EXAMPLES, shown
from powerwall.output.readme import refreshed
from powerwall.output.sources_page import sources_page
from powerwall.output.validation import validation_page
from powerwall.region import grid_table
from powerwall.region import region as model
from powerwall.region.findings import CODES
from powerwall.region.noise_request import NoiseTable
from powerwall.region.request import RequestTable
from powerwall.region.schema import LAYERS
from powerwall.region.units import UNITS

FOLDER = Path("docs/reference")
_WRITTEN = "<!-- Written by `make docs` from the code; edit the code instead. -->\n"


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    return {
        "cli.md": _cli(),
        "cooling-validation.md": f"{_WRITTEN}\n{validation_page()}",
        "criteria.md": _criteria(),
        "findings.md": _findings(),
        "layers.md": _layers(),
        "region-file.md": _region_file(),
        "sources.md": f"{_WRITTEN}\n{sources_page()}\n",
        "region.schema.json": json.dumps(
            model.RegionTable.model_json_schema(by_alias=True), indent=1, ensure_ascii=False
        )
        + "\n",
    }


def _rows(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------------------- region file
_TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", model.RegionTable), ("[request]", RequestTable), ("[request.noise]", NoiseTable), ("[sites]", model.SitesTable), ("[sites] around", model.Around),
    ("[sites] grid", grid_table.Grid), ("[sites] grid exclude", grid_table.Exclusion), ("[sites] grid include", grid_table.Inclusion), ("[layers.<name>]", model.LayerTable), ("[layers.<name>.columns] <column>", model.ColumnMap),
    ("source", model.Source), ("[rates] <currency>", model.Rate), ("[require] <criterion>", model.RequirementTable),
    ("[criteria.<name>]", model.CustomCriterion), ("[gates]", model.GatesTable),
)  # fmt: skip


def _region_file() -> str:
    parts = [_WRITTEN, "# The region file\n", f"{inspect.getdoc(model)}\n",
             ("Paths are relative to the file. An unknown key is an error. Editors check a file against "
              "[`region.schema.json`](region.schema.json).\n")]  # fmt: skip
    for title, table in _TABLES:
        parts.append(f"\n## {'Top level' if not title else f'`{title}`'}\n")
        parts.append(f"{(inspect.getdoc(table) or '').splitlines()[0]}\n")
        parts.append(
            _rows(
                ("key", "type", "default", "what it is"),
                [_field(name, info) for name, info in table.model_fields.items()],
            )
        )
    parts.append("\n## Weights\n\n`[weights]` gives points to subjects: " + ", ".join(f"`{s}`" for s in SUBJECTS) + ". "
                 "`[weights.<subject>_criteria]` gives points to criteria within a subject; one that is silent has the default of "
                 "[its own page](criteria.md). Points are divided by their sum.\n")  # fmt: skip
    return "\n".join(parts)


def _field(name: str, info: typing.Any) -> tuple[str, ...]:
    default = "required" if info.is_required() else _default(info)
    return f"`{info.alias or name}`", f"`{_type(info.annotation)}`", default, info.description or ""


def _default(info: typing.Any) -> str:
    if info.default is PydanticUndefined or info.default is None or info.default == "":
        return "–"
    return f"`{json.dumps(info.default, default=str)}`"


def _type(annotation: typing.Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        return " or ".join(json.dumps(a) for a in arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type(a) for a in arguments if a is not type(None))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is tuple:
        return "pair"
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return {"str": "text", "float": "number", "int": "whole number", "bool": "true or false"}.get(
        annotation.__name__, annotation.__name__
    )


# ------------------------------------------------------------------------------------- criteria
def _criteria() -> str:
    parts = [
        _WRITTEN,
        "# Criteria\n",
        "Every measure of this package. Default weight 0: measured and shown, not counted. Formulas, assumptions and limits stand on the page that each names.\n",
    ]
    known = registry()
    parts.append(_rows(("subject", "criterion", "unit", "weight"), [
        (item.subject, f"[`{name}`](#{name})", item.unit, f"{item.weight:g}") for name, item in known.items()
    ]))  # fmt: skip
    parts += [_criterion(item) for item in known.values()]
    parts.append(
        "\n## Parameters\n\nNumbers inside the models. A source that begins with *assumed* is this project's own choice.\n"
    )
    parts.append(_rows(("where", "name", "value", "unit", "low – high", "source"), _parameters()))
    parts.append(
        "\n## Columns of a measure\n\n"
        + _rows(("column", "meaning"), [(f"`{k}`", v) for k, v in MEASURE_COLUMNS.items()])
    )
    return "\n".join(parts)


#: Criterion, or subject, → page of its formulas; what a region file declares is proximity.
_CONCEPTS = {
    "power": "time-to-power", "cost": "who-pays", "water": "water", "noise": "noise", "policy": "policy", "compute": "compute",
    "tax_usd_per_mw_year": "taxes", "incentive_usd_per_mw_year": "taxes", "it_mw_per_grid_mw": "cooling",
}  # fmt: skip


def _criterion(item: Criterion) -> str:
    reads = ", ".join(
        f"`{layer}`" + (f" ({', '.join(f'`{c}`' for c in columns)})" if columns else "")
        for layer, columns in item.needs.items()
    )
    lines = [
        f"\n### {item.name}\n",
        f"{item.title}.\n",
        f"- unit: {item.unit}",
        f"- value: {breakpoints(item)}",
    ]
    lines += [f"- why: {item.why}"] if item.why else []
    concept = _CONCEPTS.get(item.name) or _CONCEPTS.get(item.subject, "proximity")
    lines += [f"- formulas and limits: [{concept.replace('-', ' ')}](../concepts/{concept}.md)"]
    lines += [f"- reads: {reads}"] if reads else []
    lines += [
        f"- uncertainty: {item.uncertainty}",
        f"- best grade: {item.grade}" if item.grade else "",
        f"- default weight in `{item.subject}`: {item.weight:g}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _parameters() -> list[tuple[str, ...]]:
    """Parameters of every module that assigns them, loaded or not."""
    rows = []
    for found in pkgutil.walk_packages(criteria.__path__, "powerwall.criteria."):
        module = importlib.import_module(found.name)
        assigned = set(
            re.findall(r"^(\w+)(?::[^=\n]+)? = ", inspect.getsource(module), re.MULTILINE)
        )
        for constant in sorted(assigned & set(vars(module))):
            where = found.name.removeprefix("powerwall.")
            rows += _parameter_rows(where, constant, vars(module)[constant])
    return rows


def _parameter_rows(where: str, name: str, value: object) -> list[tuple[str, ...]]:
    if isinstance(value, Parameter):
        span = (
            f"{value.low:g} – {value.high:g}"
            if value.low is not None and value.high is not None
            else ""
        )
        return [(f"`{where}`", f"`{name}`", f"{value.value:g}", value.unit, span, value.source)]
    if isinstance(value, dict):
        return [
            row
            for key, item in value.items()
            if isinstance(item, Parameter)
            for row in _parameter_rows(where, f"{name}[{key}]", item)
        ]
    if isinstance(value, tuple) and not isinstance(value, Parameter):
        return [
            row
            for n, item in enumerate(value)
            if isinstance(item, Parameter)
            for row in _parameter_rows(where, f"{name}[{n}]", item)
        ]
    return []


# ------------------------------------------------------------------------------ findings, layers
_FAMILIES = {
    "1": "region file",
    "2": "layer files",
    "3": "geometry and coordinate systems",
    "4": "values and units",
    "5": "coverage",
    "6": "output and use",
}


def _findings() -> str:
    parts = [
        _WRITTEN,
        "# Findings\n",
        "Codes never change their meaning. `powerwall check --explain PW203` prints one. An error forbids a result, a warning and a note do not.\n",
        "Names and places in the examples are made up; a code may come with other words than those of its example.\n",
    ]
    for digit, title in _FAMILIES.items():
        codes = [code for code in CODES if code[2] == digit]
        parts.append(f"\n## PW{digit}: {title}\n")
        parts.append(_rows(("code", "title"), [(f"[`{code}`](#{code.lower()})", CODES[code][0]) for code in codes]))  # fmt: skip
        parts += [_finding(code) for code in codes]
    return "\n".join(parts)


def _finding(code: str) -> str:
    """Section of one code: what it means, an example, how it is mended."""
    title, meaning = CODES[code]
    example = EXAMPLES[code]
    return (
        f"\n### {code}\n\n**{title[0].upper()}{title[1:]}.** {meaning}\n\n"
        f"```text\n{shown(code, example)}\n```\n\n**Mend.** {example.mend}\n"
    )


def _layers() -> str:
    parts = [
        _WRITTEN,
        "# Layers and columns\n",
        "Layers the criteria know. Columns of your own are kept; layers of your own serve custom criteria.\n",
    ]
    for name, schema in LAYERS.items():
        parts.append(f"\n## `{name}`\n\n{schema.about[0].upper()}{schema.about[1:]}.\n")
        parts.append(f"- geometry: {schema.geometry}\n- key: `{schema.key}`")
        if schema.required:
            parts.append("- required: " + ", ".join(f"`{c}`" for c in schema.required))
        for column, words in schema.words.items():
            parts.append(f"- `{column}`: {', '.join(words)}")
        for label, columns in (
            ("lists, `;` separated", schema.lists),
            ("dates (year, month or day)", schema.dates),
        ):
            if columns:
                parts.append(f"- {label}: " + ", ".join(f"`{c}`" for c in columns))
    parts.append(
        "\n## Units\n\nThe ending of a column's name is its unit. Other units are turned into it by `unit = \"…\"` in the layer's columns.\n"
    )
    parts.append(_rows(("ending", "unit", "plausible", "also read"), [
        (f"`_{unit.suffix}`", unit.symbol, f"{unit.low:g} … {unit.high:g}", ", ".join(unit.also)) for unit in UNITS.values()
    ]))  # fmt: skip
    return "\n".join(parts)


# ------------------------------------------------------------------------------------------ cli
def _cli() -> str:
    import os

    import typer
    from typer.testing import CliRunner

    from powerwall.cli import app

    os.environ["COLUMNS"] = "100"
    runner = CliRunner()
    parts = [
        _WRITTEN,
        "# Command line\n",
        "Exit codes: 0 done · 1 a declared gate, or `check`, says no · 2 could not do it · 130 Ctrl-C.\n",
    ]
    for verb in ("", *typer.main.get_group(app).commands):
        text = runner.invoke(
            app, [*([verb] if verb else []), "--help"], prog_name="powerwall"
        ).output
        parts.append(
            f"\n## `powerwall{' ' + verb if verb else ''}`\n\n```text\n{text.strip()}\n```\n"
        )
    return "\n".join(parts)


#: Pages whose console blocks are run.
_SHOWN = (
    Path("README.md"),
    Path("docs/tutorial.md"),
    Path("docs/concepts/robustness.md"),
    Path("docs/how-to/portfolio.md"),
)


def _all() -> dict[Path, str]:
    texts = {FOLDER / name: text for name, text in pages().items()}
    return texts | {
        page: refreshed(page.read_text(encoding="utf-8")) for page in _SHOWN if page.is_file()
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = []
    for path, text in _all().items():
        if "--check" in arguments:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    sys.stderr.writelines(f"{page} is out of date: make docs\n" for page in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
