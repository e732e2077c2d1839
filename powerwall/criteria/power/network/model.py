"""Model: a network at one hour, its flows, and the headroom of its buses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.bridges import radial
from powerwall.criteria.power.network.flow import Grid, spare_mw
from powerwall.criteria.power.network.search import Best, search_base, search_outages
from powerwall.region.findings import Finding, Findings, did_you_mean

COLUMNS = ("headroom_n0_mw", "limit_branch_n0", "headroom_n1_mw", "limit_branch_n1", "outage_n1",
           "radial")  # fmt: skip


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

    Notes
    -----
    An N-1 number is never above the N-0 one; where N-0 binds, `outage_n1` is None. A branch that is
    overloaded already gives 0 at the buses that burden it further. Where no branch limits, the
    spare generation does and the limit is called `generation`. Elsewhere it is no cap: the columns
    say what the branches carry, and what lies above `spare_generation_mw` needs generation that
    does not run in the files (redispatch or imports). Take the smaller of the two.

    `radial`: one outage cuts the bus off, on the side with fewer buses; of equal sides the one with
    less generation, then the one without the first bus. The N-1 number leaves such outages out, so
    at a radial bus it is not a firm supply.

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
    >>> network.spare_generation_mw({"2": 40.0})
    200.0
    """

    bus: pd.DataFrame
    branch: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.bus, self.branch)

    @cached_property
    def _radial(self) -> np.ndarray:
        grid = self._grid
        return radial(grid.count, grid.start, grid.end, self.bus["gen_max_mw"].to_numpy(float))

    def base_flows(self) -> pd.Series:
        """Flow of each branch, positive from `from_bus` to `to_bus`; 0 out of service. [MW]

        Generation that does not match load is balanced by the response shares.
        """
        live = pd.Series(self._grid.base, index=self._grid.names)
        return live.reindex(self.branch.index, fill_value=0.0).rename("flow_mw")

    def spare_generation_mw(self, load_ahead: Mapping[str, float] | None = None) -> float:
        """Generation that does not run, less the load that comes first; never below 0. [MW]

        A headroom above it is limited by generation, whatever the branches carry.

        Parameters
        ----------
        load_ahead
            Bus → load that comes first. [MW]

        Raises
        ------
        BadInput
            For an unknown bus.
        """
        ahead = dict(load_ahead or {})
        self._positions(ahead)
        return max(float(spare_mw(self.bus).sum()) - sum(ahead.values()), 0.0)

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
            radial`. Without `n1` its columns are NaN and None. A headroom may exceed
            `spare_generation_mw(load_ahead)`, which then is the limit.

        Raises
        ------
        BadInput
            For an unknown bus, a network in several parts, or one without any generation.
        """
        names = list(self.bus.index) if buses is None else _listed(buses)
        wanted = self._positions(names)
        flows, spare = self._with_load(dict(load_ahead or {}))
        frame = pd.DataFrame(index=pd.Index(names, name="bus", dtype=object))
        self._fill(frame, wanted, flows, Best(len(wanted), spare), n1=n1)
        return frame

    def _with_load(self, ahead: dict[str, float]) -> tuple[np.ndarray, float]:
        """Flows of the branches and spare generation, once the load ahead is there. [MW]"""
        grid, mw = self._grid, np.array(list(ahead.values()), dtype=float)
        flows = grid.base + grid.flows(-grid.shared(self._positions(ahead), mw))
        return flows, self.spare_generation_mw(ahead)

    def _fill(
        self, frame: pd.DataFrame, wanted: np.ndarray, flows: np.ndarray, best: Best, *, n1: bool
    ) -> None:
        """Search and write the columns."""
        grid = self._grid
        search_base(grid, wanted, flows, best)
        frame[COLUMNS[0]], frame[COLUMNS[1]] = best.mw.clip(0.0), best.named(grid.names)
        if n1:
            search_outages(grid, wanted, flows, best)
        frame[COLUMNS[2]] = best.mw.clip(0.0) if n1 else np.nan
        frame[COLUMNS[3]] = best.named(grid.names) if n1 else None
        outage = [grid.names[k] if n1 and k >= 0 else None for k in best.outage]
        frame[COLUMNS[4]] = pd.Series(outage, index=frame.index, dtype=object)
        frame[COLUMNS[5]] = self._radial[wanted]

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


def _listed(buses: Iterable[str]) -> list[str]:
    return [buses] if isinstance(buses, str) else list(buses)
