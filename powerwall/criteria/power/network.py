"""Network: how much more a bus of a transmission network can draw before a branch is full.

A linear (DC) load flow: losses, voltage, stability and short circuit are not in it. One sparse
factorisation serves every bus and every outage; no matrix of all branches by all buses is formed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from powerwall.criteria.power.network_files import BASE_MVA, read_tables
from powerwall.region.findings import BadInput, Finding, Findings, did_you_mean

GENERATION = "generation"
COLUMNS = ("headroom_n0_mw", "limit_branch_n0", "headroom_n1_mw", "limit_branch_n1", "outage_n1",
           "radial")  # fmt: skip
#: Below this share of a withdrawal [MW per MW] a branch does not count as burdened; the cut-offs
#: in use for transfer studies lie between 0.01 and 0.03.
CUT_OFF = 0.01
#: An outage whose own transfer factor is this close to 1 islands; the graph finds it first.
_ISLANDS = 1e-6
_BUSES, _OUTAGES, _GROUP, _PAIRS = 256, 128, 8, 1 << 16  # block sizes: < 20 MB an array
_NAMED = 20  # branches that a finding lists
_BOUNDLESS_MW = 1e12  # stands for infinity where infinity times zero would not be a number


@dataclass(frozen=True, eq=False)
class Network:
    """A transmission network at one hour.

    Attributes
    ----------
    bus
        Index `bus` (text); `kv load_mw gen_mw gen_max_mw response_share`. The share says which
        generation answers a withdrawal; empty throughout, it follows the spare generation.
    branch
        Index `branch` (text); `from_bus to_bus x_pu tap shift_deg rate_normal_mva
        rate_emergency_mva in_service`; x on 100 MVA, a rating of 0 or NaN is unlimited.
    findings
        What was notable in the files; no errors, or there would be no Network.

    Examples
    --------
    >>> bus = pd.DataFrame(
    ...     {"load_mw": [0.0, 60, 0], "gen_mw": [60.0, 0, 0], "gen_max_mw": [300.0, 0, 0]},
    ...     index=["1", "2", "3"],
    ... ).assign(kv=230.0, response_share=np.nan)
    >>> branch = pd.DataFrame(
    ...     {"from_bus": ["1", "1", "2"], "to_bus": ["2", "3", "3"]}, index=["12", "13", "23"]
    ... ).assign(x_pu=0.1, tap=1.0, shift_deg=0.0, in_service=1)
    >>> branch = branch.assign(rate_normal_mva=100.0, rate_emergency_mva=100.0)
    >>> network = Network(bus, branch)
    >>> network.base_flows().round(6).tolist()
    [40.0, 20.0, -20.0]
    >>> result = network.withdrawal_headroom(["3"], n1=True)
    >>> result[["headroom_n0_mw", "headroom_n1_mw"]].round(6).to_numpy().tolist()
    [[120.0, 40.0]]
    """

    bus: pd.DataFrame
    branch: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    @cached_property
    def _grid(self) -> _Grid:
        return _Grid(self.bus, self.branch)

    @cached_property
    def _radial(self) -> np.ndarray:
        grid = self._grid
        return _radial(len(self.bus), grid.start, grid.end, self.bus["gen_max_mw"].to_numpy(float))

    def base_flows(self) -> pd.Series:
        """Flow of each branch, positive from `from_bus` to `to_bus`; 0 out of service. [MW]

        Generation that does not match load is balanced by the response shares.
        """
        live = pd.Series(self._grid.base, index=self._grid.names)
        return live.reindex(self.branch.index, fill_value=0.0).rename("flow_mw")

    def withdrawal_headroom(
        self,
        buses: Iterable[str] | None = None,
        n1: bool = False,  # noqa: FBT001, FBT002 — reads as what it is where it is called by name
        *,
        load_ahead: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Withdrawal that fills the first branch, at each bus by itself.

        Parameters
        ----------
        buses
            Ids of buses; None means all.
        n1
            Whether to look at every single outage too, against emergency ratings.
        load_ahead
            Bus → load that comes first. [MW]

        Returns
        -------
        DataFrame
            Index `bus`; `headroom_n0_mw limit_branch_n0 headroom_n1_mw limit_branch_n1 outage_n1
            radial`. An N-1 number is never above the N-0 one; where N-0 binds, `outage_n1` is
            None. Without `n1` its columns are NaN and None.

        Raises
        ------
        BadInput
            For an unknown bus, a network in several parts, or one without any generation.

        Notes
        -----
        A branch that is overloaded already gives 0 at the buses that burden it further. Where no
        branch limits, the spare generation does and the limit is called `generation`; it is no
        cap elsewhere. `radial`: one outage cuts the bus off, on the side with fewer buses; of
        equal sides the one with less generation, then the one without the first bus. The N-1
        number leaves such outages out, so at a radial bus it is not a firm supply.
        """
        grid, ahead = self._grid, dict(load_ahead or {})
        names = list(self.bus.index) if buses is None else _listed(buses)
        wanted = self._positions(names)
        flows = grid.base + grid.flows(
            -grid.shared(self._positions(ahead), np.array(list(ahead.values()), dtype=float))
        )
        spare_mw = max(_spare(self.bus).sum() - sum(ahead.values()), 0.0)
        best = _Best(len(wanted), spare_mw)
        _search_base(grid, wanted, flows, best)
        frame = pd.DataFrame(index=pd.Index(names, name="bus", dtype=object))
        frame[COLUMNS[0]], frame[COLUMNS[1]] = best.mw.clip(0.0), best.named(best.limit, grid.names)
        if n1:
            outages = np.setdiff1d(np.arange(len(grid.names)), grid.bridges())
            for part in _blocks(len(wanted), _BUSES):
                _search_outages(grid, wanted[part], flows, outages, best.view(part))
        frame[COLUMNS[2]] = best.mw.clip(0.0) if n1 else np.nan
        frame[COLUMNS[3]] = best.named(best.limit, grid.names) if n1 else None
        outage = [grid.names[k] if n1 and k >= 0 else None for k in best.outage]
        frame[COLUMNS[4]] = pd.Series(outage, index=frame.index, dtype=object)
        frame[COLUMNS[5]] = self._radial[wanted]
        return frame

    def _positions(self, names: Iterable[str]) -> np.ndarray:
        listed = list(names)
        positions = self.bus.index.get_indexer(pd.Index(listed, dtype=object))
        findings = Findings()
        for name, position in zip(listed, positions, strict=True):
            if position < 0:
                findings.add("PW105", f"the network has no bus `{name}`",
                             remedy=did_you_mean(str(name), [str(bus) for bus in self.bus.index]))  # fmt: skip
        findings.raise_errors()
        return positions


def read_network(path: str | Path, *, snapshot: str | None = None) -> Network:
    """Read a network.

    Parameters
    ----------
    path
        A folder with `bus.csv` and `branch.csv`, a MATPOWER case `.m`, or a folder of PyPSA CSVs.
    snapshot
        Hour of a PyPSA folder; None takes the one of the highest load.

    Raises
    ------
    BadInput
        With every error of the files.

    Notes
    -----
    Branches that the base case overloads are named by a warning in `findings`, the worst first.
    """
    bus, branch, findings = read_tables(Path(path), snapshot)
    network = Network(bus, branch, findings)
    flows, rating = network.base_flows().abs(), _limit(branch["rate_normal_mva"])
    over = (flows / rating)[(flows > rating * (1 + 1e-9)).to_numpy()]
    notes = Findings()
    if len(over):
        worst = over.sort_values(ascending=False, kind="stable").index[:_NAMED]
        said = [f"`{k}` {flows[k]:.1f} of {branch['rate_normal_mva'][k]:g}" for k in worst]
        more = ", …" if len(over) > _NAMED else ""
        notes.add("PW402", f"branches overloaded in the base case ({len(over)}) [MW of MVA]: {', '.join(said)}{more}",
                  severity="warning", file=path, remedy="buses that load them further have a headroom of 0")  # fmt: skip
    return Network(bus, branch, (*findings, *notes))


class _Grid:
    """The branches in service as arrays, factorised; the first bus is the reference."""

    def __init__(self, bus: pd.DataFrame, branch: pd.DataFrame) -> None:
        live = branch[branch["in_service"].to_numpy(float) > 0]
        self.names, self.count = live.index, len(bus)
        self.start, self.end = (bus.index.get_indexer(live[c]) for c in ("from_bus", "to_bus"))
        self.mw_per_rad = BASE_MVA / (live["x_pu"] * live["tap"]).to_numpy(float)
        self.normal = _limit(live["rate_normal_mva"])
        self.emergency = _limit(live["rate_emergency_mva"])
        self.response = _response(bus)
        self._factorise()
        shift_mw = self.mw_per_rad * np.deg2rad(live["shift_deg"].to_numpy(float))
        supply = (bus["gen_mw"] - bus["load_mw"]).to_numpy(float)
        np.add.at(supply, self.start, shift_mw)
        np.subtract.at(supply, self.end, shift_mw)
        self.base = self.flows(supply - self.response * supply.sum()) - shift_mw

    def _factorise(self) -> None:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
        from scipy.sparse.linalg import splu

        i, j, b = self.start, self.end, self.mw_per_rad
        rows, columns = np.concatenate([i, j, i, j]), np.concatenate([j, i, i, j])
        matrix = coo_array(
            (np.concatenate([-b, -b, b, b]), (rows, columns)), shape=(self.count, self.count)
        ).tocsc()
        try:
            if connected_components(matrix, directed=False, return_labels=False) > 1:
                raise _unusable("PW409", "the network is in several parts")
            # symmetric with a strong diagonal, so that pivots may follow the sparsity alone
            self._factor = splu(
                matrix[1:, 1:].tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )  # fmt: skip
        except RuntimeError as error:
            raise _unusable("PW402", f"no load flow: {error}") from error

    def flows(self, supply_mw: np.ndarray) -> np.ndarray:
        """Flows of balanced injections, shape (buses,) or (buses, k). [MW]"""
        return self.across(supply_mw, self.start, self.end, self.mw_per_rad)

    def across(
        self, supply_mw: np.ndarray, start: np.ndarray, end: np.ndarray, mw_per_rad: np.ndarray
    ) -> np.ndarray:
        """Flows of some branches. [MW]"""
        angle = np.zeros_like(supply_mw)
        angle[1:] = self._factor.solve(np.asfortranarray(supply_mw[1:]))
        return (mw_per_rad * (angle[start] - angle[end]).T).T

    def shared(self, buses: np.ndarray, mw: np.ndarray) -> np.ndarray:
        """Load at some buses less the response to it: injections with the sign turned. [MW]"""
        supply = -self.response * mw.sum()
        np.add.at(supply, buses, mw)
        return supply

    def burdens(self, buses: np.ndarray) -> np.ndarray:
        """Flow that a withdrawal of 1 MW adds. Shape (branches, buses). [MW per MW]"""
        supply = np.repeat(self.response[:, None], len(buses), axis=1)
        supply[buses, np.arange(len(buses))] -= 1.0
        return self.flows(supply)

    def transfers(self, outages: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Share of an outage's flow that other branches take over. Shape (rows, outages)."""
        supply, k = np.zeros((self.count, len(outages))), np.arange(len(outages))
        supply[self.start[outages], k] += 1.0
        supply[self.end[outages], k] -= 1.0
        every = np.concatenate([rows, outages])
        factors = self.across(supply, self.start[every], self.end[every], self.mw_per_rad[every])
        own = factors[len(rows) + k, k]
        islands = np.abs(1.0 - own) < _ISLANDS
        return np.where(islands, np.nan, factors[: len(rows)] / np.where(islands, 1.0, 1.0 - own))

    def bridges(self) -> np.ndarray:
        """Branches whose outage islands."""
        _, _, _, found = _walk(self.count, self.start, self.end)
        return np.array([edge for edge, _ in found], dtype=int)


class _Best:
    """Smallest withdrawal found so far, and what limits it; -1 is generation, or no outage."""

    def __init__(self, count: int, spare_mw: float) -> None:
        self.spare_mw = spare_mw
        self.mw = np.full(count, np.inf)
        self.limit, self.outage = np.full(count, -1), np.full(count, -1)

    def view(self, part: slice) -> _Best:
        """The same numbers for some of the buses; changes reach the whole."""
        best = _Best(0, self.spare_mw)
        best.mw, best.limit, best.outage = self.mw[part], self.limit[part], self.outage[part]
        return best

    def named(self, positions: np.ndarray, names: pd.Index) -> list[str]:
        return [GENERATION if k < 0 else names[k] for k in positions]


def _search_base(grid: _Grid, buses: np.ndarray, flows: np.ndarray, best: _Best) -> None:
    """Every branch against its normal rating."""
    up, down = (grid.normal - flows)[:, None], (grid.normal + flows)[:, None]
    for part in _blocks(len(buses), _BUSES):
        room = _room_mw(grid.burdens(buses[part]), up, down)
        worst = room.argmin(axis=0)
        best.mw[part] = room[worst, np.arange(len(worst))]
        best.limit[part] = np.where(np.isinf(best.mw[part]), -1, worst)
    best.mw[np.isinf(best.mw)] = best.spare_mw


def _search_outages(
    grid: _Grid, buses: np.ndarray, flows: np.ndarray, outages: np.ndarray, best: _Best
) -> None:
    """Every limited branch after every outage, against its emergency rating.

    A pair is worked out only if `R - |f'| < (|d_l| + |LODF·d_m|)·H` with the smallest H so far:
    no other pair can lower it, so the result is exact.
    """
    rows = np.flatnonzero(np.isfinite(grid.emergency))
    burdens = grid.burdens(buses)
    order = np.lexsort((best.mw, best.limit))  # alike buses share a group, so the test bites
    groups = [order[part] for part in _blocks(len(order), _GROUP)]
    for part in _blocks(len(outages), _OUTAGES):
        taken = grid.transfers(outages[part], rows)
        after = flows[rows, None] + taken * flows[outages[part]]
        room = grid.emergency[rows, None] - np.abs(after)
        room[(rows[:, None] == outages[part]) | np.isnan(taken)] = np.inf
        size = np.abs(taken)
        for group in groups:
            used = np.abs(burdens[:, group]) * np.clip(best.mw[group], 0.0, _BOUNDLESS_MW)
            used = used.max(axis=1)
            branch, outage = np.nonzero(room < used[rows, None] + size * used[outages[part]])
            for some in _blocks(len(branch), _PAIRS):
                pair = branch[some], outage[some]
                lost = outages[part][pair[1]]
                d = burdens[np.ix_(rows[pair[0]], group)] + taken[pair][:, None] * burdens[np.ix_(lost, group)]  # fmt: skip
                limit, flow = grid.emergency[rows[pair[0]]], after[pair]
                _improve(best, group, _room_mw(d, (limit - flow)[:, None], (limit + flow)[:, None]),
                         rows[pair[0]], lost)  # fmt: skip


def _improve(best: _Best, group: np.ndarray, room: np.ndarray, limit: np.ndarray, outage: np.ndarray) -> None:  # fmt: skip
    """Take over what is smaller; the first of equals stays."""
    worst = room.argmin(axis=0)
    mw = room[worst, np.arange(len(group))]
    less = mw < best.mw[group]
    best.mw[group[less]] = mw[less]
    best.limit[group[less]], best.outage[group[less]] = limit[worst[less]], outage[worst[less]]


def _room_mw(d: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Withdrawal that fills a branch, from the room in either direction. [MW]"""
    size = np.abs(d)
    return np.divide(np.where(d > 0, up, down), size, out=np.full_like(size, np.inf), where=size > CUT_OFF)  # fmt: skip


def _walk(count: int, start: np.ndarray, end: np.ndarray) -> tuple[list[int], list[int], list[int], list[tuple[int, int]]]:  # fmt: skip
    """Depth-first order, entry and subtree size of each bus, and (bridge, bus below) pairs.

    Tarjan's lowpoints, in linear time and without recursion; parallel branches are no bridges.
    """
    ends = np.concatenate([start, end])
    order = np.argsort(ends, kind="stable")
    other = np.concatenate([end, start])[order].tolist()
    edge = (order % max(len(start), 1)).tolist()
    first = np.searchsorted(ends[order], np.arange(count + 1)).tolist()
    entry, low, via, size, at = [-1] * count, [0] * count, [-1] * count, [1] * count, first[:-1]
    seen: list[int] = []
    bridges: list[tuple[int, int]] = []
    path = [0]
    while path:
        bus = path[-1]
        if entry[bus] < 0:
            entry[bus] = low[bus] = len(seen)
            seen.append(bus)
        if at[bus] < first[bus + 1]:
            k = at[bus]
            at[bus] += 1
            if entry[other[k]] < 0:
                via[other[k]] = edge[k]
                path.append(other[k])
            elif edge[k] != via[bus]:
                low[bus] = min(low[bus], entry[other[k]])
            continue
        path.pop()
        if path:
            above = path[-1]
            low[above], size[above] = min(low[above], low[bus]), size[above] + size[bus]
            if low[bus] > entry[above]:
                bridges.append((via[bus], bus))
    return seen, entry, size, bridges


def _radial(count: int, start: np.ndarray, end: np.ndarray, gen_max_mw: np.ndarray) -> np.ndarray:
    """Whether one outage cuts a bus off, on the smaller side."""
    seen, entry, size, bridges = _walk(count, start, end)
    before = np.concatenate([[0.0], np.cumsum(gen_max_mw[seen])])
    cuts, everywhere = np.zeros(count + 1, dtype=int), 0
    for _, bus in bridges:
        first, last = entry[bus], entry[bus] + size[bus]
        below_mw = before[last] - before[first]
        above_larger = (count - size[bus], before[-1] - below_mw) >= (size[bus], below_mw)
        everywhere += not above_larger
        cuts[first] += 1 if above_larger else -1
        cuts[last] -= 1 if above_larger else -1
    radial = np.zeros(count, dtype=bool)
    radial[seen] = np.cumsum(cuts[:-1])[: len(seen)] + everywhere > 0
    return radial


def _response(bus: pd.DataFrame) -> np.ndarray:
    """Share of each bus in the answer to a withdrawal; sums to 1."""
    given = bus["response_share"].to_numpy(float)
    largest = bus["gen_max_mw"].to_numpy(float).clip(0.0)
    for weight in (np.nan_to_num(given), _spare(bus), largest):
        if weight.sum() > 0:
            return weight / weight.sum()
    raise _unusable("PW402", "no generation, so nothing answers a withdrawal")


def _spare(bus: pd.DataFrame) -> np.ndarray:
    return (bus["gen_max_mw"] - bus["gen_mw"]).to_numpy(float).clip(0.0)


def _limit(rating: pd.Series) -> np.ndarray:
    """Rating, infinite where it is 0 or unknown. [MVA]"""
    mva = rating.to_numpy(float)
    return np.where(mva > 0, mva, np.inf)


def _listed(buses: Iterable[str]) -> list[str]:
    return [buses] if isinstance(buses, str) else list(buses)


def _blocks(count: int, step: int) -> Iterator[slice]:
    return (slice(k, min(k + step, count)) for k in range(0, count, step))


def _unusable(code: str, message: str) -> BadInput:
    findings = Findings()
    findings.add(code, message)
    return BadInput(findings)
