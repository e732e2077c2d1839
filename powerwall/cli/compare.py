"""`powerwall compare`: what moved between two region files, revisions, dates or rankings, and what moved it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from powerwall.cli import options as opt
from powerwall.cli.cells import named

if TYPE_CHECKING:
    from rich.console import Console

    from powerwall.output.compare import Comparison
    from powerwall.output.forge.moved import Origin
    from powerwall.ranking.compare import Changes
    from powerwall.ranking.gates import Held
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region
    from powerwall.region.revision import Source

_FORMATS = ("table", "json", "csv", "md", "github", "sarif", "junit")
_FAULTS = ("json", "github", "sarif", "junit")  # formats that a program reads


@dataclass(frozen=True)
class _Side:
    """One side: its file where it can be read, and its ranking if it is a region."""

    source: Source
    path: Path
    root: Path | None
    ranking: Ranking | None


def compare(
    base: Annotated[
        str,
        typer.Argument(metavar="BASE", help="Region file, its name in regions/, FILE@REVISION, REVISION:FILE, or a ranking.csv.",
                       show_default=False),
    ],
    head: Annotated[
        str | None,
        typer.Argument(metavar="[HEAD]", help="The same for the newer side. Silent: BASE as it stands now, or at --as-of.", show_default=False),
    ] = None,
    as_of: opt.AsOf = None,
    base_as_of: Annotated[
        Any,
        typer.Option("--base-as-of", parser=opt.day, metavar="DATE", help="As-of date of BASE.", show_default=False),
    ] = None,
    mw: opt.Mw = None,
    need_by: opt.NeedBy = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Sites in the table.")] = 15,
    today: Annotated[
        Any,
        typer.Option("--today", parser=opt.day, metavar="DATE", help="Day that the gate fail_on_stale is judged on.", show_default=False),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Draws for the gate min_top_held; 0 leaves it unmeasured.")
    ] = 4096,
    top_k: opt.TopK = None,
    output: Annotated[list[Path] | None, opt.files("json, csv, md, sarif or xml (JUnit)")] = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets; github is workflow commands, which annotate a pull request."),
    ] = "table",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Show what moved between two states of a region, and which layer, row, weight or date moved it.

    Exit code 1: a gate of [gates] in HEAD is broken.

    Example: powerwall compare regions/example.toml --base-as-of 2026-08-22 --as-of 2027-03-15
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    drawing = opt.drawn(draws, top_k, None)
    from powerwall.output.console import console

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    with opt.failing(err):
        from powerwall.output.compare_files import SUFFIXES, save, text
        from powerwall.output.files import check_targets
        from powerwall.region.revision import source_of

        check_targets(output or [], SUFFIXES)
        sources = _sources(source_of(base), source_of(head) if head is not None else None, dated=bool(as_of or base_as_of))  # fmt: skip
        asked = {"mw": mw, "need_by": need_by}
        options = ({**asked, "as_of": base_as_of}, {**asked, "as_of": as_of})
        with _told(form, sources, out), _read(sources, options) as sides:
            if not quiet:
                _warn(sides, err)
            held = _held(sides[1], draws, drawing)
            found = _compared(sides, today or date.today(), held, err)  # noqa: DTZ011 — a civil day
            origin = _origin(sides, found.changes)
        for path in output or []:
            _keep_sources(path, sides)
            save(found, path, origin)
    if form == "table":
        from powerwall.output.compare import print_comparison

        print_comparison(found, out, top)
    else:
        out.file.write(text(found, form, origin))
    opt.wrote(output, err, quiet=quiet)
    raise typer.Exit(_verdict(found, err, said=form in {"table", "github"}))


@contextmanager
def _told(form: str, sources: tuple[Source, Source], out: Console) -> Iterator[None]:
    """The findings of sides that cannot be read, in the format that was asked for; they go on."""
    from powerwall.region.findings import CODES, BadInput

    try:
        yield
    except BadInput as error:
        if form in _FAULTS:
            from powerwall.output.forge.formats import text
            from powerwall.output.forge.moved import Origin, suite_of_faults
            from powerwall.output.forge.result import Report, repository

            here = Path.cwd()
            base, head = sources
            origin = Origin({}, {}, (base.revision, head.revision), here, repository(here))
            name = f"{base.words} → {head.words}"
            suite = suite_of_faults(name, head.path.as_posix(), error.findings, origin)
            more = shlex.join(["powerwall", "compare", base.words, head.words])
            out.file.write(text(Report("compare", (suite,), CODES, more), form))
        raise


def _verdict(found: Comparison, err: Console, *, said: bool) -> int:
    """1 if a gate is broken, which stderr says where stdout does not."""
    from powerwall.output.compare import gate_line

    for gate in [] if said else found.broken:
        err.print(gate_line(gate), soft_wrap=True)
    return 1 if found.broken else 0


def _sources(base: Source, head: Source | None, *, dated: bool) -> tuple[Source, Source]:
    """Both sides: with one named, its last revision against the file, or the file at two dates."""
    base = base._replace(path=opt.located(base.path))
    if head is not None:
        return base, head._replace(path=opt.located(head.path))
    if base.revision:
        return base, base._replace(revision="")
    return (base if dated else base._replace(revision="HEAD")), base


@contextmanager
def _read(sources: tuple[Source, Source], options: tuple[dict[str, object], dict[str, object]]) -> Iterator[tuple[_Side, _Side]]:  # fmt: skip
    """Both sides, read and ranked, or the findings of both; revisions stay on disk meanwhile."""
    from powerwall.region.findings import BadInput, Finding
    from powerwall.region.revision import checked_out

    with ExitStack() as stack:
        sides: list[_Side] = []
        found: list[Finding] = []
        for source, given in zip(sources, options, strict=True):
            root: Path | None = None
            try:
                path = source.path
                if source.revision:
                    path, root = stack.enter_context(checked_out(source))
                sides.append(_Side(source, path, root, _ranked(path, given)))
            except BadInput as error:
                found += [replace(f, file=_named(f.file, source, root)) for f in error.findings]
        if found:
            raise BadInput(set(found))
        yield sides[0], sides[1]


def _named(text: str, source: Source, root: Path | None) -> str:
    """A text that names files of a revision by `REVISION:path`."""
    return text.replace(f"{root.as_posix()}/", f"{source.revision}:") if root else text


def _ranked(path: Path, given: dict[str, object]) -> Ranking | None:
    """Ranking of a region file; None for a ranking in a file, which takes no options."""
    from powerwall.region.findings import Findings

    if path.suffix != ".csv":
        from powerwall.criteria.measure import measure
        from powerwall.ranking.rank import rank

        region = named(opt.requested(path, given))
        return rank(region, measure(region))
    options = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    findings = Findings()
    if options:
        findings.add("PW603", f"{path.name} is a ranking as it was computed: it takes no {', '.join(options)}",
                     remedy="name region files")  # fmt: skip
    findings.raise_errors()
    return None


def _warn(sides: tuple[_Side, _Side], err: Console) -> None:
    found = tuple({f for side in sides if side.ranking for region in side.ranking.regions for f in region.findings})  # fmt: skip
    opt.warn(found, err, quiet=False)
    regions = [side.ranking.regions[0] for side in sides if side.ranking]
    if len({region.name for region in regions}) > 1:
        err.print(f"two regions are compared: {regions[0].name} and {regions[1].name}")


def _held(head: _Side, draws: int, asked: dict[str, Any]) -> Held | None:
    """How well the first site of HEAD holds, where a gate asks for it."""
    from powerwall.ranking.gates import held_by_first

    if (
        head.ranking is None
        or not draws
        or head.ranking.regions[0].table.gates.min_top_held is None
    ):
        return None
    return held_by_first(head.ranking, draws, **asked)


def _compared(sides: tuple[_Side, _Side], today: date, held: Held | None, err: Console) -> Comparison:  # fmt: skip
    from powerwall.output.compare import Comparison
    from powerwall.ranking.gates import gates

    changes = _changes(sides, err)
    head = sides[1].ranking
    region = head.regions[0] if head is not None else None
    words = [_words(side, sides[1 - n]) for n, side in enumerate(sides)]
    return Comparison(
        words[0], words[1], region.table.title if region else "", changes,
        tuple(gates(changes, region, today, held)) if region else (), _next(changes, sides[1], region),
    )  # fmt: skip


def _origin(sides: tuple[_Side, _Side], changes: Changes) -> Origin:
    """Where the gates, the keys that differ and the files of both sides stand."""
    from powerwall.output.compare import part_name
    from powerwall.output.forge.moved import Origin
    from powerwall.output.forge.result import repository

    gates: dict[str, tuple[str, int, int]] = {}
    keys: dict[str, tuple[str, int, int]] = {}
    base, head = sides
    if head.ranking is not None:
        region = head.ranking.regions[0]

        def at(*key: str) -> tuple[str, int, int]:
            place = region.places(*key)
            file = _named(place["file"].as_posix(), head.source, head.root)
            return file, place["line"], place["column"]

        gates = {name: at("gates", name) for name in type(region.table.gates).model_fields}
        parts = [part for _, part in changes.ingredients.iterrows() if part["kind"] != "layer"]
        keys = {part_name(part): at(*_key(str(part["kind"]), str(part["name"]), region)) for part in parts}  # fmt: skip
    return Origin(gates, keys, (base.source.revision, head.source.revision), Path.cwd(), repository(Path.cwd()))  # fmt: skip


def _key(kind: str, name: str, region: Region) -> tuple[str, ...]:
    """Key of the region file that an ingredient is; the next above it has a place for certain."""
    if kind in {name, "region"}:
        return (name,)
    if kind == "provenance":
        return ("sites",) if name == "sites" else ("layers", name)
    if kind == "values" and name not in region.table.values:
        return ("criteria", name, "value")
    return (kind, *name.split("."))


def _changes(sides: tuple[_Side, _Side], err: Console) -> Changes:
    """What moved; two regions with their rows, anything else as files hold it."""
    base, head = sides
    if base.ranking is not None and head.ranking is not None:
        from powerwall.ranking.compare import compare as compare_rankings

        with opt.waiting(err, "comparing …"):
            changes = compare_rankings(base.ranking, head.ranking)
    else:
        from powerwall.output.committed import committed, compare_committed, read_committed

        files = [committed(s.ranking) if s.ranking is not None else read_committed(s.path) for s in sides]  # fmt: skip
        changes = compare_committed(*files)
    for side in sides:
        if side.root is not None:
            changes = _with_names(changes, side)
    return changes


def _with_names(changes: Changes, side: _Side) -> Changes:
    """The changes with files of a revision by their own names."""

    def named(cell: object) -> object:
        return _named(cell, side.source, side.root) if isinstance(cell, str) else cell

    return replace(
        changes,
        sites=changes.sites.assign(why=changes.sites["why"].map(named)),
        measures=changes.measures.assign(why=changes.measures["why"].map(named)),
        rows=changes.rows.assign(file=changes.rows["file"].map(named)),
    )


def _words(side: _Side, other: _Side) -> str:
    """The file, and what its request has of its own."""
    if side.ranking is None or other.ranking is None:
        return side.source.words
    mine, theirs = (s.ranking.regions[0].request for s in (side, other) if s.ranking is not None)
    said = {"as_of": f"as of {mine.as_of}", "mw": f"{mine.mw:g} MW", "need_by": f"by {mine.need_by}"}  # fmt: skip
    own = [text for key, text in said.items() if getattr(mine, key) != getattr(theirs, key)]
    return " ".join([side.source.words, *own])


def _next(changes: Changes, head: _Side, region: Region | None) -> str:
    """What to look at next: the first site that moved, on the day of the newer side."""
    there = changes.moved[changes.moved["status_head"].notna()]
    if there.empty:
        return ""
    file = head.source.path
    if region is None:  # a committed ranking stands in the folder named after its region
        beside = file.parent.with_suffix(".toml")
        return f"powerwall explain {beside.as_posix()} {there.index[0]}" if beside.is_file() else f"powerwall compare {file.as_posix()} --format json"  # fmt: skip
    day = region.request.as_of
    dated = f" --as-of {day}" if region.table.as_of != day else ""
    return f"powerwall explain {file.as_posix()} {there.index[0]}{dated}"


def _keep_sources(path: Path, sides: tuple[_Side, _Side]) -> None:
    """No output takes the place of a file that was read."""
    from powerwall.region.findings import Findings

    findings = Findings()
    for side in sides:
        layers = [layer.path for layer in side.ranking.regions[0].layers.values()] if side.ranking else []  # fmt: skip
        if path.resolve() in {file.resolve() for file in (side.path, *layers)}:
            findings.add("PW601", f"{path} is a file that is compared", file=path, remedy="write to another file")  # fmt: skip
    findings.raise_errors()
