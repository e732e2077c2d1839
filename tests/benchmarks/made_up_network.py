"""A made-up network with the degrees and the loadings of a real one, as large as a continent's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from powerwall.criteria.power.network import Network


def made_up_network(rng: np.random.Generator, buses: int, branches: int) -> Network:
    """A network with the degrees and loadings of a real one, balanced and without overloads.

    Points in a plane; a spanning tree of short edges, of which some leaves stay radial, then the
    edges to near neighbours, short ones rather, and some parallel circuits. Normal ratings are 1.2
    to 3 times the base flow with a floor by voltage class; emergency ratings are 15 % higher and
    hold after every outage, so that no bus is without headroom and the search cannot stop early.
    """
    place = rng.random((buses, 2))
    far, near = cKDTree(place).query(place, k=9)
    pairs = np.column_stack([np.repeat(np.arange(buses), 8), near[:, 1:].ravel()])
    length = far[:, 1:].ravel() * rng.lognormal(0.0, 0.4, len(pairs))
    start, end = _edges(pairs, length, buses, branches, rng)
    kv = np.where(rng.random(buses) < 0.3, 380.0, 220.0)
    step = np.hypot(*(place[start] - place[end]).T) * np.sqrt(buses)
    x_pu = 0.02 * (0.1 + step) * rng.lognormal(0.0, 0.5, branches)
    load = np.where(rng.random(buses) < 0.6, rng.lognormal(3.4, 0.9, buses), 0.0)
    gen_max = np.where(rng.random(buses) < 0.16, rng.lognormal(5.2, 1.0, buses), 0.0)
    gen_max *= 1.3 * load.sum() / gen_max.sum()
    names = [str(k) for k in range(buses)]
    bus = pd.DataFrame({"kv": kv, "load_mw": load, "gen_mw": gen_max / 1.3, "gen_max_mw": gen_max,
                        "response_share": np.nan}, index=pd.Index(names, name="bus"))  # fmt: skip
    branch = pd.DataFrame(
        {"from_bus": bus.index[start], "to_bus": bus.index[end], "x_pu": x_pu, "tap": 1.0, "shift_deg": 0.0,
         "rate_normal_mva": 0.0, "rate_emergency_mva": 0.0, "in_service": 1.0},
        index=pd.Index([str(k) for k in range(branches)], name="branch"),
    )  # fmt: skip
    flow = Network(bus, branch).base_flows().abs().to_numpy()
    floor = np.where(np.minimum(kv[start], kv[end]) > 300, 800.0, 250.0)
    rate = np.maximum(flow * rng.uniform(1.2, 3.0, branches), floor)
    secure = np.maximum(1.15 * rate, 1.05 * _worst_flow(Network(bus, branch)))
    return Network(bus, branch.assign(rate_normal_mva=rate, rate_emergency_mva=secure))


def _worst_flow(network: Network) -> np.ndarray:
    """Largest flow of each branch after any single outage that does not island. [MW]"""
    grid = network._grid
    every = np.arange(len(grid.names))
    worst = np.abs(grid.base)
    for outages in np.array_split(np.setdiff1d(every, grid.bridges()), len(every) // 128):
        after = grid.base[:, None] + grid.transfers(outages, every) * grid.base[outages]
        after[outages, np.arange(len(outages))] = 0.0
        worst = np.maximum(worst, np.nanmax(np.abs(after), axis=1))
    return worst


def _edges(
    pairs: np.ndarray, length: np.ndarray, buses: int, branches: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of a spanning tree, near neighbours away from radial leaves, and parallel circuits."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    graph = coo_array((length, pairs.T), shape=(buses, buses)).tocsr()
    tree = minimum_spanning_tree(graph.minimum(graph.T) + graph.maximum(graph.T)).tocoo()
    _, part = connected_components(tree, directed=False)
    first = np.unique(part, return_index=True)[1]
    start = np.concatenate([tree.coords[0], first[:-1]])
    end = np.concatenate([tree.coords[1], first[1:]])
    degree = np.bincount(np.concatenate([start, end]), minlength=buses)
    leaf = (degree == 1) & (rng.random(buses) < 0.25)
    low, high = np.sort(pairs, axis=1).T
    meshed = (
        pd.DataFrame(
            {"low": low, "high": high, "length": length * rng.exponential(1.0, len(length))}
        )
        .sort_values("length")
        .drop_duplicates(["low", "high"])
    )
    known = set(zip(np.minimum(start, end), np.maximum(start, end), strict=True))
    fresh = [k not in known for k in zip(meshed["low"], meshed["high"], strict=True)]
    away = ~(leaf[meshed["low"]] | leaf[meshed["high"]])
    doubled = rng.choice(np.flatnonzero(~(leaf[start] | leaf[end])), branches // 12, replace=False)
    more = meshed[np.array(fresh) & away][: branches - len(start) - len(doubled)]
    start = np.concatenate([start, start[doubled], more["low"]])
    end = np.concatenate([end, end[doubled], more["high"]])
    assert len(start) == branches
    return start, end
