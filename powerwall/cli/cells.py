"""`powerwall score` of a region that screens: every cell, on threads or workers."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from powerwall.cli import options as opt

if TYPE_CHECKING:
    from rich.console import Console

    from powerwall.region.read import Region


class CellOptions(NamedTuple):
    """What `score` was asked of cells."""

    top: int
    output: list[Path]
    form: str
    points: dict[str, float]
    profile: str
    unknown: str
    threads: int | None
    workers: int
    scheduler: str
    work: Path | None


FORMS = ("table", "json")


def refuse(given: dict[str, object], beside: str) -> None:
    """Options that have no meaning here are an error, not silence."""
    for option, value in given.items():
        if value:
            raise typer.BadParameter(f"does not go with {beside}", param_hint=option)


def named(region: Region) -> Region:
    """A region whose sites are measured in full, and not screened.

    Raises
    ------
    BadInput
        If it is screened.
    """
    if region.table.sites.screen:
        from powerwall.region.findings import Findings

        findings = Findings()
        findings.add("PW603", f"{region.name} is screened: only score, explain, plan and check read its cells",
                     remedy="take the best cells as the sites of a region of their own", **region.places("sites", "screen"))  # fmt: skip
        findings.raise_errors()
    return region


def score_cells(
    path: Path, wanted: dict[str, object], asked: CellOptions, out: Console, err: Console
) -> Region:
    """Read and screen a region, write its files and print the best cells."""
    from powerwall.criteria.proximity.ahead import Ahead
    from powerwall.output.cells import check_cell_targets, json_text, save
    from powerwall.output.screening import print_screening
    from powerwall.ranking.screening import Hands, screening

    if asked.scheduler and asked.workers:
        raise typer.BadParameter("the scheduler has workers of its own", param_hint="--workers")
    if asked.scheduler and asked.work is None:
        raise typer.BadParameter("its workers need a folder that all of them see: --work-dir", param_hint="--scheduler")  # fmt: skip
    if asked.form not in FORMS:
        raise typer.BadParameter(f"`{asked.form}` is none of {', '.join(FORMS)} for cells", param_hint="--format")  # fmt: skip
    # workers read for themselves
    ahead = None if asked.workers or asked.scheduler else Ahead()
    region = opt.requested(path, wanted, ready=ahead)
    sites = region.table.sites.path
    read = [layer.path for layer in region.layers.values()]
    read += [region.path, *([region.path.parent / sites] if sites else [])]
    check_cell_targets(asked.output, read)
    beside = asked.output[0].parent if asked.output else None
    hands = Hands(asked.threads, asked.workers, asked.scheduler)
    with _ended_like_ctrl_c(), _progress(err) as told, screening(
        region, weights=asked.points, profile=asked.profile, unknown=asked.unknown,
        hands=hands, work=asked.work, beside=beside, ahead=ahead, told=told,
    ) as found:  # fmt: skip
        for file in asked.output:
            save(found, file, asked.top)
        if asked.form == "json":
            out.file.write(json_text(found, asked.top))
        else:
            print_screening(found, out, asked.top)
    return region


@contextmanager
def _progress(err: Console) -> Iterator[Callable[[int, int], object]]:
    """A bar on a terminal's stderr from the first part to the last; nothing elsewhere."""
    if not err.is_terminal:
        yield lambda _done, _of: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.completed:,} of {task.total:,} cells"), BarColumn(), TimeRemainingColumn())  # fmt: skip
    bar = Progress(*columns, console=err, transient=True)
    task = bar.add_task("", total=1)

    def told(done: int, of: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=of)
        if done >= of:
            bar.stop()

    try:
        yield told
    finally:
        bar.stop()


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A batch system's SIGTERM cleans up as Ctrl-C does."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread, which alone gets signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
