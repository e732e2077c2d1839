"""Workers: the same bytes from one process, from two, and from two of which one is killed."""

from __future__ import annotations

import os
import signal

import pytest
from made_up_country import country

import powerwall as pw
from powerwall.output.cells import save
from powerwall.ranking.screening import Hands

pytest.importorskip("distributed", reason="workers need the extra `scale`")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]  # a cluster warns of its ports


def written(path, target, **options):
    with pw.screening(pw.read(path), **options) as found:
        save(found, target, 5)
    return target.read_bytes()


def test_two_workers_write_the_bytes_of_one_process(tmp_path):
    path = country(tmp_path, cell_km=0.1)
    alone = written(path, tmp_path / "alone.parquet", hands=Hands(threads=1))
    assert written(path, tmp_path / "two.parquet", hands=Hands(workers=2, threads=1)) == alone


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_worker_that_is_killed_costs_time_and_no_result(tmp_path):
    from distributed import LocalCluster

    path = country(tmp_path, cell_km=0.1)
    alone = written(path, tmp_path / "alone.parquet", hands=Hands(threads=1))
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        pids = [nanny.pid for nanny in cluster.workers.values()]
        killed = []

        def told(done, _of):
            if not killed and done:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(done)

        found = written(
            path, tmp_path / "killed.parquet",
            hands=Hands(scheduler=cluster.scheduler_address), beside=tmp_path, told=told,
        )  # fmt: skip
        assert killed
        assert found == alone
