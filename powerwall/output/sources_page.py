"""Sources page: what `powerwall import` reads, one section a source, from the importers themselves."""

from __future__ import annotations

import inspect
import sys

from powerwall.importers.sources import OTHERS, SOURCES, Source


def sources_page() -> str:
    """The page as Markdown."""
    every = dict(sorted((SOURCES | OTHERS).items()))
    parts = [
        "# Sources\n",
        (
            "What `powerwall import SOURCE FILE…` and `powerwall init --from SOURCE=FILE` read. Licences are those of the publisher's page or of the sample that was read: look at the terms of your own copy. "
            "*By schema* means that no native file was at hand to try the importer on.\n"
        ),
        "| source | layer | files | tried on | licence | fresh |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    parts += [_row(name, source) for name, source in every.items()]
    parts += [_section(name, source) for name, source in every.items()]
    return "\n".join(parts)


def _row(name: str, source: Source) -> str:
    tried = "by schema" if source.schema_only else "native or derived files"
    cells = (f"[`{name}`](#{name})", f"`{source.layer}`", source.about, tried, ", ".join(source.licenses), f"{source.fresh_days:,} d")  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _section(name: str, source: Source) -> str:
    reader = source.load()
    about = inspect.cleandoc(sys.modules[reader.__module__].__doc__ or "")
    lines = [f"\n## {name}\n", about, "", f"- from: {source.title}" + (f", <{source.url}>" if source.url else "")]  # fmt: skip
    lines += [f"- layer: [`{source.layer}`](layers.md#{source.layer})" if source.layer != "tariffs" else "- layer: `tariffs`, JSON"]  # fmt: skip
    lines += [f"- say beside it: {source.attribution}"] if source.attribution else []
    return "\n".join(lines)
