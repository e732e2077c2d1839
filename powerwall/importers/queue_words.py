"""Queue words: what a request is by its fuel, where it stands by its status, and the kV of its node."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from powerwall.importers.delivery import Tally

_STORAGE = frozenset({
    "battery", "batteries", "battery storage", "battery energy storage", "bess", "storage", "energy storage", "energy storage system", "other storage",
    "pumped storage", "pumped-storage", "pumped-storage hydro", "pumped storage hydro", "pump storage", "flywheel", "compressed air storage",
    "compressed air energy storage", "gravity via rail", "bat", "es", "ps", "ba",
})  # fmt: skip
_LOAD = frozenset({"load", "demand", "data centre", "data center"})
_WIRES = frozenset({"ac transmission", "dc transmission", "transmission", "high voltage dc", "hvdc", "etu", "interconnector"})  # fmt: skip
_BETWEEN = re.compile(r"\s*[+/;,&]\s*")
#: Voltages of transmission in North America, and in Great Britain. [kV]
NORTH_AMERICA_KV = (34.5, 46.0, 69.0, 88.0, 115.0, 138.0, 161.0, 230.0, 287.0, 345.0, 500.0, 765.0)
GREAT_BRITAIN_KV = (11.0, 33.0, 66.0, 132.0, 275.0, 400.0)
_KV = re.compile(r"(?i)(?<![\d.])(\d{2,3}(?:\.\d)?)\s*-?\s*kv")
_PAIR = re.compile(r"(?i)(?<![\d.])(\d{2,3}(?:\.\d)?)(?:\s*kv)?\s*[/-]\s*(\d{2,3}(?:\.\d)?)\s*-?\s*kv")  # fmt: skip
#: A voltage this near to one that is built is taken for it.
_NEAR = 0.03


def kinds(fuel: pd.Series) -> pd.Series:
    """Kind of each request: generation, storage, load or transmission; unknown without a word.

    A hybrid with a generator is generation.
    """
    words = fuel.fillna("").astype(str)
    return words.map({word: _kind(word) for word in words.unique()}).astype("string")


def _kind(word: str) -> str:
    plain = word.strip().lower().lstrip("=")
    if not plain:
        return "unknown"
    parts = [part for part in _BETWEEN.split(plain) if part]
    codes = word.split()
    if len(parts) == 1 and all(code.isupper() and len(code) <= 3 for code in codes):
        parts = [code.lower() for code in codes]  # ISO-NE: SUN BAT
    for kind, known in (("load", _LOAD), ("transmission", _WIRES), ("storage", _STORAGE)):
        if parts and all(part in known for part in parts):
            return kind
    return "generation"


def states(words: pd.Series, known: Mapping[str, str], tally: Tally) -> pd.Series:
    """Status words as those of the layer; a word that is not known counts as unknown, and is told."""
    plain = words.fillna("").astype(str).str.strip().str.lower()
    found = plain.map(known)
    for word, count in plain[found.isna() & (plain != "")].value_counts().items():
        tally.noted[f"of status `{word}`, which is not known"] += int(count)
    return found.fillna("unknown").astype("string")


def node_kv(names: pd.Series, tally: Tally, built: Sequence[float] = NORTH_AMERICA_KV) -> pd.Series:
    """Voltage that the name of a node says. [kV]

    Missing where it names two. One that lies next to a voltage that is built is taken for it; any
    other stays as named.
    """
    text = names.fillna("").astype(str)
    read = {name: _kv(name, built) for name in text.unique()}
    told = text.map({name: what for name, (_, what) in read.items()})
    for what, count in told[told != ""].value_counts().items():
        tally.noted[f"of a node {what}"] += int(count)
    return text.map({name: kv for name, (kv, _) in read.items()}).astype(float)


def _kv(name: str, built: Sequence[float]) -> tuple[float, str]:
    found = {float(kv) for kv in _KV.findall(name)} | {float(kv) for pair in _PAIR.findall(name) for kv in pair}  # fmt: skip
    if not found:
        return float("nan"), ""
    if len(found) > 1:
        return float("nan"), "that names two voltages: none is taken"
    own = found.pop()
    near = min(built, key=lambda kv: abs(kv - own))
    if abs(near - own) > _NEAR * near:
        return own, "of a voltage that is not usual, kept as named"
    return near, "" if near == own else "whose voltage is taken for the usual one next to it"
