"""`powerwall score` of a region that screens: every cell, on threads or workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from powerwall.region.read import Region


class Asked(NamedTuple):
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


def score_cells(region: Region, asked: Asked, out: Console, err: Console) -> None:
    """Screen a region, write its files and print the best cells."""
    from powerwall.output.cells import check_cell_targets, json_text, save
    from powerwall.output.screening import print_screening
    from powerwall.ranking.screening import Hands, screening

    if asked.form not in FORMS:
        raise typer.BadParameter(f"`{asked.form}` is none of {', '.join(FORMS)} for cells", param_hint="--format")  # fmt: skip
    sites = region.table.sites.path
    read = [layer.path for layer in region.layers.values()]
    read += [region.path, *([region.path.parent / sites] if sites else [])]
    check_cell_targets(asked.output, read)
    beside = asked.output[0].parent if asked.output else None
    hands = Hands(asked.threads, asked.workers, asked.scheduler)
    with _progress(err) as told, screening(
        region, weights=asked.points, profile=asked.profile, unknown=asked.unknown,
        hands=hands, work=asked.work, beside=beside, told=told,
    ) as found:  # fmt: skip
        for path in asked.output:
            save(found, path, asked.top)
        if asked.form == "json":
            out.file.write(json_text(found, asked.top))
        else:
            print_screening(found, out, asked.top)


@contextmanager
def _progress(err: Console) -> Iterator[Callable[[int, int], object]]:
    """A bar on a terminal's stderr; nothing elsewhere."""
    if not err.is_terminal:
        yield lambda _done, _of: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.completed:,} of {task.total:,} cells"), BarColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=1)

        def told(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield told
