"""Screening: a country of candidates ranked on the criteria that a region file declares.

`sources` makes the candidates, `job` measures one part of them, `runners` has the parts measured
on threads, workers or a cluster, `merge` puts them in one order. A screening makes no power plan:
its best candidates are places to look at, with `explain` and `plan`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from powerwall.ranking.screening import merge, scoring
from powerwall.ranking.screening.job import (
    Job,
    Screen,
    digest,
    forget,
    keep,
    measures_of,
    screen_of,
)
from powerwall.ranking.screening.runners import Hands, run
from powerwall.ranking.screening.sources import plan_source
from powerwall.region.findings import BadInput, Findings

if TYPE_CHECKING:
    from powerwall.criteria.proximity.ahead import Ahead
    from powerwall.ranking.screening.merge import Failures, Merged
    from powerwall.region.grid import Funnel
    from powerwall.region.read import Region

__all__ = ["Hands", "Screening", "screening"]


@dataclass(frozen=True)
class Screening:
    """Candidates in order, as files of parts.

    Attributes
    ----------
    region, screen
        What was screened, and on what.
    files
        The parts in their order; they are gone once the screening is left.
    merged
        Ranks and statuses of all candidates.
    removed
        What the grid removed, exclusion by exclusion.
    failures
        What each requirement removed.
    unknown
        "neutral" or "worst": by the score, or by its low end.
    """

    region: Region
    screen: Screen
    files: tuple[Path, ...]
    merged: Merged
    removed: Funnel
    failures: tuple[Failures, ...]
    unknown: str

    @property
    def rows(self) -> int:
        """Candidates that were measured."""
        return len(self.merged.rank)

    def top(self, count: int) -> pd.DataFrame:
        """The best ones: index `site_id`, rank, score and its interval, degrees, measures."""
        best = merge.take(self.files, self.merged.order[:count])
        limits, least = self.screen.limits, self.screen.in_use.min_coverage
        told = [scoring.reasons(code, limits, least) for code in best["code"].to_pylist()]
        frame = best.drop_columns(["geometry", "code"]).to_pandas().set_index("site_id")
        points = best["geometry"].combine_chunks()
        frame.insert(0, "rank", range(1, len(frame) + 1))
        return frame.assign(
            reasons=told, lon=points.field("x").to_numpy(), lat=points.field("y").to_numpy()
        )


@contextmanager
def screening(
    region: Region, *, weights: Mapping[str, float] | None = None, profile: str = "", unknown: str = "neutral",
    hands: Hands | None = None, work: Path | None = None, beside: Path | None = None, ahead: Ahead | None = None,
    told: Callable[[int, int], object] = lambda _rows, _of: None,
) -> Iterator[Screening]:  # fmt: skip
    """Screen a region; the parts live as long as the context.

    Parameters
    ----------
    region
        Read from a file with `screen = true`.
    weights, profile, unknown
        As `rank` takes them.
    hands
        Who measures; None is a thread a core.
    work
        Folder for the parts, which are kept and taken up by the next run of the same screening.
        Workers of other machines must see it under the same path.
    beside
        Folder in which one is made and removed, where none is given.
    ahead
        Measures that were made ready while the region was read: the `Ahead` that `read` was given.
    told
        Hears how many candidates are measured, of how many.

    Raises
    ------
    BadInput
        If the region cannot be screened.

    Examples
    --------
    >>> import powerwall as pw
    >>> with pw.screening(pw.read("country.toml")) as found:  # doctest: +SKIP
    ...     found.top(20)
    """
    points, options = dict(weights or {}), _wanted(region)
    key = digest(region, points, profile)
    with _folder(work, beside, key) as folder:
        source, removed = plan_source(region, folder)
        screen = screen_of(region, source, points, profile)
        job = Job(str(region.path.resolve()), options, points, profile, str(folder.resolve()), key)
        done = 0

        def count(rows: int) -> None:
            nonlocal done
            done += rows
            told(done, source.rows)

        hands = hands or Hands()
        if hands.here:
            keep(job, screen, measures_of(region, source, ahead))
        try:
            run(job, source.parts, hands, count)
        finally:
            forget()
        files = tuple(job.part_file(number) for number in range(source.parts))
        limits = screen.limits
        found = merge.merged(files, limits, source.id_order, "score_low" if unknown == "worst" else "score")  # fmt: skip
        yield Screening(
            region, screen, files, found, removed, tuple(merge.failures(files, limits)), unknown
        )


def _wanted(region: Region) -> dict[str, Any]:
    """Options under which a worker reads the same request from the file."""
    request = region.request
    return {"mw": request.mw, "first_mw": request.first_mw, "need_by": request.need_by, "horizon": request.horizon,
            "as_of": request.as_of, "cooling": request.cooling, "seed": request.seed}  # fmt: skip


@contextmanager
def _folder(work: Path | None, beside: Path | None, key: str) -> Iterator[Path]:
    """A folder for the parts of one screening; another one never finds them there."""
    if work is not None:
        own = work / key[:16]
        try:
            own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            findings = Findings()
            findings.add("PW601", f"the working folder {work} cannot be made: {error.strerror}", file=work, remedy="name another one")  # fmt: skip
            raise BadInput(findings) from error
        yield own
        return
    with tempfile.TemporaryDirectory(prefix=".screening-", dir=beside, ignore_cleanup_errors=True) as folder:  # fmt: skip
        yield Path(folder)
