"""Headroom of a made-up network as large as a continent's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_up_network import made_up_network
from protocol import Options, Result, demand, measured
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from powerwall.criteria.power.network import Network

BUSES, BRANCHES, OUTAGE_BUSES, BLOCK = 9_000, 16_000, 100, 256
N0_S, N1_S, MEMORY_MB = 80.0, 140.0, 1000.0
BOUND = "sparse LU, solved for every bus"


def _network(options: Options) -> tuple[Network, np.random.Generator]:
    rng = np.random.default_rng(0)
    return made_up_network(
        rng, max(300, options.part(BUSES)), max(534, options.part(BRANCHES))
    ), rng


def _solved(network: Network) -> None:
    """Angles of a megawatt at every bus, by the bare library."""
    bus, branch = network.bus, network.branch
    i, j = (bus.index.get_indexer(branch[name]) for name in ("from_bus", "to_bus"))
    b = 100 / (branch["x_pu"] * branch["tap"]).to_numpy(float)
    rows, columns = np.concatenate([i, j, i, j]), np.concatenate([j, i, i, j])
    matrix = coo_array(
        (np.concatenate([-b, -b, b, b]), (rows, columns)), shape=(len(bus), len(bus))
    )
    factor = splu(matrix.tocsc()[1:, 1:], permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})  # fmt: skip
    for start in range(0, len(bus) - 1, BLOCK):
        width = min(BLOCK, len(bus) - 1 - start)
        supply = np.zeros((len(bus) - 1, width), order="F")
        supply[start + np.arange(width), np.arange(width)] = 1.0
        factor.solve(supply)


def without_outage(options: Options) -> list[Result]:
    """Headroom of every bus with the network whole."""
    network, rng = _network(options)
    some = sorted(rng.choice(network.bus.index.to_numpy(), 5, replace=False))

    def check(found: pd.DataFrame) -> None:
        alone = network.withdrawal_headroom(some)["headroom_n0_mw"]
        same = np.allclose(alone, found.loc[some, "headroom_n0_mw"], rtol=1e-9)
        demand(same, "a bus among all has another headroom than alone")
        demand((found["headroom_n0_mw"] > 0).all(), "a bus of a network without overloads has no headroom")  # fmt: skip

    size = len(network.bus)
    return [
        measured(f"headroom N-0 of {size:,} buses", size, network.withdrawal_headroom, options, check=check,
                 bound=(BOUND, lambda: _solved(network)), aims={"seconds": N0_S, "peak_mb": MEMORY_MB})
    ]  # fmt: skip


def single_outages(options: Options) -> list[Result]:
    """Headroom of some buses after every single outage."""
    network, rng = _network(options)
    count = min(OUTAGE_BUSES, len(network.bus) // 10)
    chosen = sorted(rng.choice(network.bus.index.to_numpy(), count, replace=False))

    def check(found: pd.DataFrame) -> None:
        demand((found["headroom_n1_mw"] <= found["headroom_n0_mw"]).all(), "an outage gives more headroom")  # fmt: skip
        demand((found["headroom_n1_mw"] > 0).any(), "no bus has headroom after an outage")

    return [
        measured(f"headroom N-1 of {count} buses", len(network.branch), lambda: network.withdrawal_headroom(chosen, n1=True), options,
                 check=check, bound=(BOUND, lambda: _solved(network)), aims={"seconds": N1_S, "peak_mb": MEMORY_MB})
    ]  # fmt: skip
