"""Runners: the parts of a job on threads, on workers of this machine, or on a cluster.

Each runner calls one function with one number; which one, how many and in what order changes no
byte of a part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from powerwall.ranking.screening.job import Job, measure_part
from powerwall.region.findings import BadInput, Findings

_RETRIES = 2  # of a part whose worker was lost, or that failed
INSTALL = 'pip install "powerwall[scale]"'


@dataclass(frozen=True)
class Hands:
    """Who measures.

    Attributes
    ----------
    threads
        Threads of each process; None takes a core each.
    workers
        Processes of this machine; 0 is this process alone.
    scheduler
        Address of a cluster that is there already, such as tcp://10.0.0.1:8786.
    """

    threads: int | None = None
    workers: int = 0
    scheduler: str = ""

    @property
    def here(self) -> bool:
        """Whether this process measures."""
        return not (self.workers or self.scheduler)


def run(job: Job, parts: int, hands: Hands, told: Callable[[int], object]) -> None:
    """Measure every part; `told` hears the rows of each as it is done.

    Raises
    ------
    BadInput
        If a part cannot be measured, or there is no scheduler to be reached.
    """
    if not hands.here:
        _distributed(job, parts, hands, told)
        return
    with ThreadPoolExecutor(hands.threads or os.cpu_count() or 1) as pool:
        waiting = {pool.submit(measure_part, job, number) for number in range(parts)}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    told(future.result())
        finally:
            _cancel(waiting)


def _cancel(waiting: set[Future[int]]) -> None:
    for future in waiting:
        future.cancel()


def _distributed(job: Job, parts: int, hands: Hands, told: Callable[[int], object]) -> None:
    with _client(hands, parts) as client:
        from distributed import KilledWorker, as_completed

        futures = client.map(
            measure_part, [job] * parts, range(parts), retries=_RETRIES, pure=False
        )
        try:
            for future in as_completed(futures):  # type: ignore[no-untyped-call]
                told(future.result())
                future.release()
        except KilledWorker as error:
            findings = Findings()
            findings.add("PW603", f"workers died again and again on one part: {error.last_worker}", remedy="give each more memory, or fewer threads")  # fmt: skip
            raise BadInput(findings) from error
        finally:
            client.cancel(futures)


@contextmanager
def _client(hands: Hands, parts: int) -> Iterator[Any]:
    """A client of the cluster asked for, which is made here unless it is there already."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        findings = Findings()
        findings.add("PW603", "workers need dask and distributed, which are not installed", remedy=INSTALL)  # fmt: skip
        raise BadInput(findings) from None
    with dask.config.set(_SETTINGS):
        if hands.scheduler:
            try:
                client = Client(hands.scheduler, timeout=_SECONDS)  # type: ignore[no-untyped-call]
            except (OSError, ValueError) as error:
                findings = Findings()
                findings.add("PW603", f"no scheduler answers at {hands.scheduler}: {error}", remedy="start one with  dask scheduler")  # fmt: skip
                raise BadInput(findings) from error
            with client:
                yield client
            return
        threads = hands.threads or max(1, (os.cpu_count() or 1) // hands.workers)
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=min(hands.workers, parts),
                threads_per_worker=threads,
                dashboard_address=None,
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client


_SECONDS = 10
_SETTINGS = {
    "distributed.worker.daemon": True,  # workers of ours end with us
    # Dask has its workers give what they free back at once, and that also keeps the C library from
    # holding larger arrays: a third of the time would go into asking for the same memory again.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**28,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    "distributed.admin.log-format": "%(message)s",
    "logging.distributed": "error",
}
