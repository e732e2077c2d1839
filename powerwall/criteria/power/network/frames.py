"""Frames: what the buses and branches of a network hold, and what must be true of them.

Every reader yields the same two frames by position, with `id` and `place`, and all that is wrong
is told at once.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from powerwall.region.findings import Findings, did_you_mean

BASE_MVA = 100.0
BUS = ("kv", "load_mw", "gen_mw", "gen_max_mw", "response_share")
BRANCH = ("from_bus", "to_bus", "x_pu", "tap", "shift_deg", "rate_normal_mva",
          "rate_emergency_mva", "in_service")  # fmt: skip
NO_GENERATION = "no generation, so nothing answers a withdrawal"
GENERATE = "give gen_max_mw (Pmax of a case) where generation stands, or response_share"
APART = "connect the buses by a branch in service, or take them out with their load and generation"
Tables = tuple[pd.DataFrame | None, pd.DataFrame | None]


def checked(bus: pd.DataFrame | None, branch: pd.DataFrame | None, findings: Findings) -> Tables:
    """The frames by id, once everything in them has been looked at."""
    for frame, what in ((bus, "bus"), (branch, "branch")):
        if frame is not None:
            _check_ids(frame, what, findings)
    if bus is not None:
        _check_shares(bus, findings)
    if branch is not None:
        _check_branches(branch, findings)
    if bus is None or branch is None:
        return bus, branch
    if not findings.errors:
        _check_generation(bus, findings)
    known, whole = set(bus["id"]), True
    for name in ("from_bus", "to_bus"):
        for _, row in branch[~branch[name].isin(known) & branch[name].notna()].iterrows():
            whole = False
            findings.add("PW409", f"branch `{row['id']}`: {name} is `{row[name]}`, which is no bus", **row["place"],
                         remedy=did_you_mean(str(row[name]), [str(k) for k in known]))  # fmt: skip
    places = bus["place"].to_numpy()
    bus = bus.set_index(pd.Index(bus["id"], name="bus"))[list(BUS)]
    branch = branch.set_index(pd.Index(branch["id"], name="branch"))[list(BRANCH)]
    branch["tap"] = branch["tap"].where(branch["tap"] != 0, 1.0)
    if whole and not findings.errors:
        bus, branch = _one_part(bus, branch, places, findings)
    return bus, branch


def _check_ids(frame: pd.DataFrame, what: str, findings: Findings) -> None:
    for _, row in frame[frame["id"].duplicated() | (frame["id"] == "")].iterrows():
        if row["id"] == "":
            findings.add("PW405", f"a {what} without an id", **row["place"])
        elif row["id"] is not None:
            findings.add("PW404", f"{what} `{row['id']}` occurs twice", **row["place"])


def _check_shares(bus: pd.DataFrame, findings: Findings) -> None:
    share = bus["response_share"]
    for _, row in bus[share < 0].iterrows():
        findings.add("PW402", f"bus `{row['id']}`: response_share {row['response_share']:g} is negative", **row["place"])  # fmt: skip
    total = share.sum()
    if share.notna().any() and abs(total - 1) > 1e-3:
        findings.add("PW402", f"response_share sums to {total:g}; it was scaled to 1" if total > 0 else "response_share is 0 throughout",
                     severity="warning" if total > 0 else "error", file=bus["place"].iloc[0]["file"])  # fmt: skip


def _check_generation(bus: pd.DataFrame, findings: Findings) -> None:
    """An error where nothing can answer a withdrawal."""
    if len(bus) and not (bus[["gen_max_mw", "response_share"]] > 0).to_numpy().any():
        file = bus["place"].iloc[0]["file"]
        findings.add("PW402", NO_GENERATION, file=file, remedy=GENERATE)


def _check_branches(branch: pd.DataFrame, findings: Findings) -> None:
    live = branch["in_service"] == 1
    no_x = branch[(live & (branch["x_pu"] == 0)).to_numpy(bool)]
    for _, row in no_x.iterrows():
        findings.add("PW402", f"branch `{row['id']}`: x is 0, which no load flow can take", **row["place"],
                     remedy="give its reactance; a tie takes a small one, such as 0.0001 on 100 MVA")  # fmt: skip
    faults = (
        ("tap is negative", branch["tap"] < 0),
        ("rate_normal_mva is negative", branch["rate_normal_mva"] < 0),
        ("rate_emergency_mva is negative", branch["rate_emergency_mva"] < 0),
        ("in_service is neither 0 nor 1", branch["in_service"].notna() & ~branch["in_service"].isin([0, 1])),
        ("both ends are at one bus", branch["from_bus"].notna() & (branch["from_bus"] == branch["to_bus"])),
    )  # fmt: skip
    for said, wrong in faults:
        for _, row in branch[wrong.to_numpy(bool)].iterrows():
            findings.add("PW402", f"branch `{row['id']}`: {said}", **row["place"])
    open_ended = (branch["rate_normal_mva"] > 0) & ~(branch["rate_emergency_mva"] > 0) & live
    if open_ended.any():
        findings.add("PW402", f"{open_ended.sum()} branches have a normal rating and no emergency rating: "
                     "after an outage nothing limits them", severity="warning", file=branch["place"].iloc[0]["file"])  # fmt: skip


def _one_part(
    bus: pd.DataFrame, branch: pd.DataFrame, places: np.ndarray, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The largest connected part; another part may go only if it carries nothing."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    live = branch[branch["in_service"] == 1]
    i, j = (bus.index.get_indexer(live[name]) for name in ("from_bus", "to_bus"))
    links = coo_array((np.ones(len(live)), (i, j)), shape=(len(bus), len(bus)))
    parts, part = connected_components(links, directed=False)
    if parts == 1:
        return bus, branch
    out = part != np.bincount(part).argmax()
    carries = out & (bus[["load_mw", "gen_mw", "gen_max_mw"]] != 0).any(axis=1).to_numpy()
    for rows, severity, said, remedy in (
        (carries, "error", "are not connected to the rest and carry load or generation", APART),
        (out & ~carries, "note", "are not connected to the rest, carry nothing and were left out", ""),
    ):  # fmt: skip
        names, where = bus.index[rows], places[rows]
        if len(names):
            shown = ", ".join(f"`{name}`" for name in names[:20]) + (
                ", …" if len(names) > 20 else ""
            )
            findings.add("PW412", f"{len(names)} buses {said}: {shown}", severity=severity,
                         remedy=remedy, **where[0])  # fmt: skip
    gone = set(bus.index[out])
    return bus[~out], branch[~(branch["from_bus"].isin(gone) | branch["to_bus"].isin(gone))]
