"""Capacity: how many megawatts a node can give, on the best rung of evidence at hand.

The ladder: utility letter, hosting map (a map, or transformer ratings and a peak the operator
publishes), study, open network. Below them, a short line of the node's voltage bounds from above.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Z90, Parameter
from powerwall.criteria.facts import fact_table
from powerwall.criteria.power.pipeline import ever_energised, pipeline_of
from powerwall.criteria.power.wires import (
    POWER_FACTOR,
    short_line_bound_mw,
    substation_headroom_mw,
)

if TYPE_CHECKING:
    from powerwall.region.layers import Layers

_RUNG = "assumed: spread of the logarithm of a capacity on this rung"
#: Rung → standard deviation of the logarithm of the value; from the best rung down.
SPREAD = {
    "utility_letter": Parameter(0.1, "1", 0.05, 0.2, _RUNG),
    "hosting_map": Parameter(0.3, "1", 0.2, 0.5, _RUNG),
    "study": Parameter(0.3, "1", 0.2, 0.5, _RUNG),
    "open_network": Parameter(0.8, "1", 0.5, 1.2, _RUNG),
}
_DISAGREE = 2.0  # rungs further apart than this many spreads of the lower one contradict each other


def node_capacity(frame: pd.DataFrame, layers: Layers) -> pd.DataFrame:
    """Capacity at the node of every site.

    Parameters
    ----------
    frame
        The plan: one row a site, with the columns of its node.
    layers
        The region's; `network` and `load_queue` are read where they are there.

    Returns
    -------
    pandas.DataFrame
        `headroom_mw`, `queue_mw`, `firm_mw`, `low_mw`, `high_mw`, `bound_mw` [MW], `rung`, `note`.
    """
    stated = frame["published_headroom_mw"].astype(float)
    rungs = frame["headroom_rung"].where(stated.notna())
    ladder = [
        (rungs, stated.where(rungs.isin(SPREAD)), ""),
        ("hosting_map", _substation(frame), "N-1 of the published transformers less the published peak"),
        ("open_network", *_network(frame, layers)),
    ]  # fmt: skip
    headroom = pd.Series(np.nan, index=frame.index)
    rung, note = (pd.Series([None] * len(frame), index=frame.index, dtype=object) for _ in range(2))
    disagree = pd.Series("", index=frame.index)
    for name, values, words in ladder:
        better = headroom.notna() & values.notna()
        spread = SPREAD[name].value if isinstance(name, str) else math.nan
        apart = np.abs(np.log(headroom.clip(lower=1) / values.clip(lower=1))) > _DISAGREE * spread
        disagree = disagree.where(~(better & apart), "another rung says " + values.map("{:,.0f} MW".format))  # fmt: skip
        new = headroom.isna() & values.notna()
        headroom, rung = headroom.where(~new, values), rung.where(~new, name)
        note = note.where(~new, words)
    stated_queue, expected = frame["queue_ahead_mw"].astype(float), expected_queue_mw(frame, layers)
    both = stated_queue.notna() & (expected > 0)
    told = pd.Series(np.where(both, "the node states its queue: load_queue is not used", ""), index=frame.index)  # fmt: skip
    return _firm(frame, headroom, rung, stated_queue.fillna(expected), [note, disagree, told])


def _firm(
    frame: pd.DataFrame,
    headroom: pd.Series,
    rung: pd.Series,
    queue: pd.Series,
    notes: list[pd.Series],
) -> pd.DataFrame:
    spread = rung.map({name: p.value for name, p in SPREAD.items()}).astype(float)
    ends = [(headroom * np.exp(z * spread) - queue).clip(lower=0.0) for z in (-Z90, Z90)]
    low_rung = frame["published_headroom_mw"].astype(float).where(headroom.isna())
    wires = pd.Series(
        short_line_bound_mw(frame["voltage_kv"].astype(float), frame["klass"].astype(float)),
        index=frame.index,
    )
    # a headroom on a low rung, or without its queue, bounds better than the wires do
    bound = headroom.where(queue.isna()).fillna(low_rung).clip(lower=0.0)
    bound = bound.fillna(wires.where(headroom.isna()))
    words = np.where(
        headroom.isna(),
        np.where(
            low_rung.isna(), "one circuit of the node's voltage on a short line, St Clair", ""
        ),
        np.where(queue.isna(), "queue ahead unknown: the headroom is an upper bound", ""),
    )
    joined = [
        "; ".join(part for part in parts if isinstance(part, str) and part)
        for parts in zip(words, *notes, strict=True)
    ]
    known = frame["poi_id"].notna()
    below = frame["headroom_rung"].where(low_rung.notna(), "line_proximity")
    return pd.DataFrame({
        "headroom_mw": headroom, "queue_mw": queue, "firm_mw": (headroom - queue).clip(lower=0.0),
        "low_mw": ends[0], "high_mw": ends[1], "bound_mw": bound.where(known),
        "rung": rung.where(rung.notna(), below).where(known, None),
        "note": joined,
    })  # fmt: skip


def _substation(frame: pd.DataFrame) -> pd.Series:
    """Headroom of stations whose transformers and peak are published. [MW]"""
    count, rating, peak = (
        frame[name].astype(float) for name in ("transformer_count", "transformer_mva", "published_peak_mva")
    )  # fmt: skip
    return pd.Series(
        substation_headroom_mw(rating, count, peak * POWER_FACTOR.value), index=frame.index
    )


def _network(frame: pd.DataFrame, layers: Layers) -> tuple[pd.Series, str]:
    """N-1 headroom at the buses that nodes name, where the region has a network. [MW]"""
    layer = layers.get("network")
    buses = frame["network_bus"].dropna().astype(str)
    if layer is None or buses.empty:
        return pd.Series(np.nan, index=frame.index), ""
    from powerwall.criteria.power.network import read_network

    network = read_network(layer.path.parent)
    table = network.withdrawal_headroom(sorted(set(buses)), n1=True)
    headroom = table["headroom_n1_mw"].where(~table["radial"].astype(bool), 0.0)
    headroom = headroom.clip(upper=network.spare_generation_mw())
    words = "DC withdrawal headroom, N-1, no more than the spare generation; a bus on one branch has none"
    return frame["network_bus"].astype("string").map(headroom).astype(float), words


def expected_queue_mw(frame: pd.DataFrame, layers: Layers) -> pd.Series:
    """Expected load of the requests ahead at each node, never their plain sum. [MW]

    Each request of the layer `load_queue` counts with the odds of its state in the operator's
    pipeline and the share of contracted power that is drawn. A state without odds leaves the queue
    unknown, and so does a node of which the layer says nothing: silence is no empty queue.
    """
    queue = layers.frame("load_queue")
    if queue is None or not {"poi_id", "mw", "pipeline_state"} <= set(queue):
        return pd.Series(np.nan, index=frame.index)
    found = {
        (poi, operator): _expected(rows, str(operator or ""))
        for operator in set(frame["operator"].dropna())
        for poi, rows in queue.groupby("poi_id")
    }
    nodes = zip(frame["poi_id"], frame["operator"], strict=True)
    return pd.Series([found.get(node, math.nan) for node in nodes], index=frame.index, dtype=float)


def _expected(rows: pd.DataFrame, operator: str) -> float:
    pipeline, drawn = pipeline_of(operator), _drawn_share(operator)
    total = 0.0
    for mw, state in zip(rows["mw"], rows["pipeline_state"], strict=True):
        if pipeline is None or state not in pipeline.states or math.isnan(mw):
            return math.nan
        odds = ever_energised(pipeline.hazard, pipeline.cancel, pipeline.states.index(state))
        total += float(mw) * odds * drawn
    return total


def _drawn_share(operator: str) -> float:
    """Share of contracted power that is drawn, the newest published figure. [share]"""
    rows = fact_table("pipeline_hazards")
    rows = rows[(rows["region"] == f"US-{operator}") & (rows["quantity"] == "utilisation")]
    return float(rows.sort_values("as_of")["value"].iloc[-1]) if len(rows) else 1.0
