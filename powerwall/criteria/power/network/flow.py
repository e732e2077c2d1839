"""Flow: the sparse grid, factorised once; flows, and what a withdrawal or an outage adds to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from powerwall.criteria.power.network.bridges import walk
from powerwall.criteria.power.network.frames import APART, BASE_MVA, GENERATE, NO_GENERATION
from powerwall.region.findings import BadInput, Findings

#: An outage whose own transfer factor is this close to 1 islands; the graph finds it first.
_ISLANDS = 1e-6
#: Angles found again with a larger error [rad per rad] are those of a matrix that rounding alone keeps regular.
_SINGULAR = 1e-4
_NAMED = 20  # branches that a finding lists


class Grid:
    """The branches in service as arrays, factorised; the first bus is the reference."""

    def __init__(self, bus: pd.DataFrame, branch: pd.DataFrame) -> None:
        live = branch[branch["in_service"].to_numpy(float) > 0]
        self.names, self.count = live.index, len(bus)
        self.start, self.end = (bus.index.get_indexer(live[c]) for c in ("from_bus", "to_bus"))
        self.mw_per_rad = BASE_MVA / (live["x_pu"] * live["tap"]).to_numpy(float)
        self.normal = limit_mva(live["rate_normal_mva"])
        self.emergency = limit_mva(live["rate_emergency_mva"])
        self.response = _response(bus)
        self._factorise()
        shift_mw = self.mw_per_rad * np.deg2rad(live["shift_deg"].to_numpy(float))
        supply = (bus["gen_mw"] - bus["load_mw"]).to_numpy(float)
        np.add.at(supply, self.start, shift_mw)
        np.subtract.at(supply, self.end, shift_mw)
        self.base = self.flows(supply - self.response * supply.sum()) - shift_mw

    def _factorise(self) -> None:
        """Factorise the matrix of angles without the reference.

        With x > 0 throughout it is symmetric with a strong diagonal, so that pivots may follow the
        sparsity alone. A series capacitor (x < 0) weakens the diagonal and may even leave no solution.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
        from scipy.sparse.linalg import splu

        i, j, b = self.start, self.end, self.mw_per_rad
        rows, columns = np.concatenate([i, j, i, j]), np.concatenate([j, i, i, j])
        matrix = coo_array(
            (np.concatenate([-b, -b, b, b]), (rows, columns)), shape=(self.count, self.count)
        ).tocsc()
        links = coo_array((np.ones(len(i)), (i, j)), shape=matrix.shape)
        if connected_components(links, directed=False, return_labels=False) > 1:
            raise _unusable("PW412", "the network is in several parts", APART)
        strong = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}  # fmt: skip
        plain, inner = bool((b > 0).all()), matrix[1:, 1:].tocsc()
        try:
            self._factor = splu(inner, **(strong if plain else {}))
        except RuntimeError as error:
            raise self._singular() from error
        if not plain:
            wanted = np.cos(np.arange(self.count - 1))
            off = self._factor.solve(inner @ wanted) - wanted
            if not np.abs(off).max(initial=0.0) < _SINGULAR:
                raise self._singular()

    def _singular(self) -> BadInput:
        """Why there is no load flow; the branches with x < 0 are the ones to blame where there are any."""
        blamed = [f"`{name}`" for name in self.names[self.mw_per_rad < 0]]
        more = f", … ({len(blamed)} in all)" if len(blamed) > _NAMED else ""
        if blamed:
            return _unusable("PW402", f"no load flow: x < 0 cancels the x of others; branches with x < 0: {', '.join(blamed[:_NAMED])}{more}",
                             "merge a series capacitor with its line into one branch of the net x, or correct the sign")  # fmt: skip
        return _unusable("PW402", "no load flow: the matrix of the branches is singular",
                         "look for an x that is far too small or too large")  # fmt: skip

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
        """PTDF columns: flow that a withdrawal of 1 MW adds. Shape (branches, buses). [MW per MW]"""
        supply = np.repeat(self.response[:, None], len(buses), axis=1)
        supply[buses, np.arange(len(buses))] -= 1.0
        return self.flows(supply)

    def transfers(self, outages: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """LODF columns: share of an outage's flow that others take over. Shape (rows, outages)."""
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
        found = walk(self.count, self.start, self.end).bridges
        return np.array([edge for edge, _ in found], dtype=int)


def _response(bus: pd.DataFrame) -> np.ndarray:
    """Share of each bus in the answer to a withdrawal; sums to 1."""
    given = bus["response_share"].to_numpy(float)
    largest = bus["gen_max_mw"].to_numpy(float).clip(0.0)
    for weight in (np.nan_to_num(given), spare_mw(bus), largest):
        if weight.sum() > 0:
            return weight / weight.sum()
    raise _unusable("PW402", NO_GENERATION, GENERATE)


def spare_mw(bus: pd.DataFrame) -> np.ndarray:
    """Generation of each bus that does not run. [MW]"""
    return (bus["gen_max_mw"] - bus["gen_mw"]).to_numpy(float).clip(0.0)


def limit_mva(rating: pd.Series) -> np.ndarray:
    """Rating, infinite where it is 0 or unknown. [MVA]"""
    mva = rating.to_numpy(float)
    return np.where(mva > 0, mva, np.inf)


def _unusable(code: str, message: str, remedy: str) -> BadInput:
    findings = Findings()
    findings.add(code, message, remedy=remedy)
    return BadInput(findings)
