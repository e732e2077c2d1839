"""Ingredients: what a ranking is made of, where two differ, and one with a single part taken from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.criterion import Criterion, Shared
from powerwall.criteria.measure import Measures
from powerwall.ranking.rank import Ranking, rank_with
from powerwall.ranking.requirements import resolve
from powerwall.ranking.settings import Settings
from powerwall.region.differences import CellChange, cell_changes, in_system_of, key_column
from powerwall.region.findings import Findings
from powerwall.region.joins import join_sites
from powerwall.region.layers import Layer, Layers
from powerwall.region.request import Request
from powerwall.region.sites import sites_of

if TYPE_CHECKING:
    from powerwall.region.read import Region

_MONEY = ("currency", "money_of", "usd_per_currency", "rate_note")
SCORE_STEP = 5e-7  # points: what a file with six decimals shows
MEASURED = ("value", "low", "high", "bound")  # columns of a measure that are numbers
_SAME = 1e-12  # shares of the weight that differ by less are equal


@dataclass(frozen=True)
class Ingredient:
    """One part in which two rankings differ.

    Attributes
    ----------
    kind
        `layer`, `as_of`, `request`, `weights`, `values`, `require`, `criteria`, `sites` or `region`.
    name
        Layer, key or criterion.
    keys
        (key, old, new) as text; empty is silent; no key where a layer as a whole came or went.
    cells
        Cells of a layer that differ.
    """

    kind: str
    name: str
    keys: tuple[tuple[str, str, str], ...] = ()
    cells: tuple[CellChange, ...] = ()

    @property
    def label(self) -> str:
        """`layer policy`, `as_of`, `request mw`: how it is named wherever it is listed."""
        return self.name if self.kind == self.name else f"{self.kind} {self.name}"

    @property
    def words(self) -> str:
        """What differs, in a few words."""
        said = [f"{key} {old or '–'} → {new or '–'}" if key else new for key, old, new in self.keys]
        for change in ("changed", "added", "removed"):
            count = len({cell.row for cell in self.cells if cell.change == change})
            said += [f"{count} row{'s' if count != 1 else ''} {change}"] if count else []
        return "; ".join(said)


def differing(base: Ranking, head: Ranking) -> list[Ingredient]:
    """Parts in which two rankings of one region each differ, the data first."""
    before, after = base.regions[0], head.regions[0]
    return [
        *_layers(before, after),
        *_sites(before, after),
        *_request(before.request, after.request),
        *_settings(base, head),
    ]


def _layers(before: Region, after: Region) -> list[Ingredient]:
    found = []
    for name in sorted({*before.layers, *after.layers}):
        old, new = before.layers.get(name), after.layers.get(name)
        if old is None or new is None:
            found.append(_whole(name, old, new))
            continue
        moved = replace(new, frame=in_system_of(new, before.sites.crs))
        cells = () if old.sha256 == new.sha256 and _alike(before, after, name) else tuple(cell_changes(old, moved))  # fmt: skip
        keys = tuple(_pairs(f"layers.{name}.", _about(old), _about(new)))
        if cells or keys:
            found.append(Ingredient("layer", name, keys, cells))
    return found


def _whole(name: str, old: Layer | None, new: Layer | None) -> Ingredient:
    """A layer that only one side has, as rows that all came or went."""
    there = new if old is None else old
    assert there is not None  # noqa: S101 — the name comes from one of the two
    none = replace(there, frame=there.frame.iloc[:0])
    cells = cell_changes(none, there) if old is None else cell_changes(there, none)
    return Ingredient("layer", name, (("", "", "added" if old is None else "removed"),), tuple(cells))  # fmt: skip


def _alike(before: Region, after: Region, name: str) -> bool:
    """Tell whether one file would be read alike: same columns, sentinels and coordinate system."""

    def entry(region: Region) -> Any:
        return region.table.sites if name == "sites" else region.table.layers.get(name)

    return bool(entry(before) == entry(after) and before.table.crs == after.table.crs)


def _about(layer: Layer) -> dict[str, Any]:
    return {"as_of": layer.as_of, "fresh_days": layer.fresh_days, **layer.extra}


def _pairs(lead: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Keys whose values differ."""
    return [
        (f"{lead}{key}", _said(old.get(key)), _said(new.get(key)))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_said(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = " ".join(_said(item) for item in value)
        return f"({inner})" if all(not isinstance(item, list | tuple) for item in value) else inner
    return str(value)


def _sites(before: Region, after: Region) -> list[Ingredient]:
    parts = [
        {name: getattr(region.table.sites, name) for name in ("path", "id", "around", "grid")}
        for region in (before, after)
    ]
    if bool(parts[0]["path"]) == bool(parts[1]["path"]):  # another file is a change of its rows
        for part in parts:
            part.pop("path")
    keys = tuple(_pairs("sites.", *parts))
    found = [Ingredient("sites", "sites", keys)] if keys else []
    if before.table.crs != after.table.crs:
        found.append(Ingredient("region", "crs", (("crs", before.table.crs, after.table.crs),)))
    return found


def _request(old: Request, new: Request) -> list[Ingredient]:
    found = []
    for item in fields(Request):
        a, b = getattr(old, item.name), getattr(new, item.name)
        if a == b or item.name in _MONEY:
            continue
        key = (item.name if item.name == "as_of" else f"request.{item.name}", _said(a), _said(b))
        found.append(Ingredient("as_of" if item.name == "as_of" else "request", item.name, (key,)))
    money = [{name: getattr(part, name) for name in _MONEY} for part in (old, new)]
    keys = tuple(_pairs("", *money))
    return [*found, Ingredient("region", "currency", keys)] if keys else found


def _settings(base: Ranking, head: Ranking) -> list[Ingredient]:
    old, new = base.settings, head.settings
    before, after = base.regions[0].table, head.regions[0].table
    found = []
    customs = [{n: c.model_dump(exclude={"weight", "value"}) for n, c in t.criteria.items()} for t in (before, after)]  # fmt: skip
    keys = _pairs("criteria.", *customs)
    renamed = set(base.criteria) != set(head.criteria)
    if keys or renamed:
        found.append(Ingredient("criteria", "criteria", tuple(keys)))
    if not renamed:  # with other criteria the weights mean something else: they go along
        shares = _weights(base, head)
        found += [Ingredient("weights", "weights", shares)] if shares else []
    for name in sorted({*old.values} & {*new.values}):
        keys = _pairs("values.", {name: tuple(old.values[name])}, {name: tuple(new.values[name])})
        found += [Ingredient("values", name, tuple(keys))] if keys and not renamed else []
    limits = [{n: r.model_dump(by_alias=True, exclude_none=True) for n, r in t.require.items()} for t in (before, after)]  # fmt: skip
    found += [Ingredient("require", key[0].split(".")[1], (key,)) for key in _pairs("require.", *limits)]  # fmt: skip
    coverage = _pairs("", {"min_coverage": old.min_coverage}, {"min_coverage": new.min_coverage})
    return [*found, *(Ingredient("region", "min_coverage", (key,)) for key in coverage)]


def _weights(base: Ranking, head: Ranking) -> tuple[tuple[str, str, str], ...]:
    """Declared points that differ; shares where nothing declared explains other shares."""
    old, new = base.settings.weights, head.settings.weights
    if all(abs(old.criteria[n] - new.criteria.get(n, 0.0)) < _SAME for n in old.criteria):
        return ()
    keys = _pairs("weights.", _flat(base.regions[0].table.weights), _flat(head.regions[0].table.weights))  # fmt: skip
    shares = [{n: round(100 * w, 4) for n, w in part.criteria.items()} for part in (old, new)]
    return tuple(keys or [(f"weight of {k}", f"{a} %", f"{b} %") for k, a, b in _pairs("", *shares)])  # fmt: skip


def _flat(table: Mapping[str, Any], lead: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= _flat(value, f"{lead}{key}.") if isinstance(value, Mapping) else {lead + key: value}  # fmt: skip
    return found


def with_one(base: Ranking, head: Ranking, item: Ingredient) -> Ranking | None:
    """The base with one ingredient of the head; None for one that cannot be taken alone."""
    before, after = base.regions[0], head.regions[0]
    if item.kind == "layer":
        layers = Layers(before.layers)
        layers.pop(item.name, None)
        if item.name in after.layers:
            new = after.layers[item.name]
            layers[item.name] = replace(new, frame=in_system_of(new, before.sites.crs))
        return _measured(base, _region(before, layers))
    if item.kind == "sites":
        sites = {name: getattr(after.table.sites, name) for name in ("path", "id", "around", "grid")}  # fmt: skip
        table = before.table.model_copy(update={"sites": before.table.sites.model_copy(update=sites)})  # fmt: skip
        return _measured(base, _region(replace(before, table=table), before.layers))
    if item.kind in {"request", "as_of"} or item.name == "currency":
        names = _MONEY if item.name == "currency" else (item.name,)
        given = {name: getattr(after.request, name) for name in names}
        return _measured(base, replace(before, request=replace(before.request, **given)))
    return None if item.name == "crs" else _settled(base, head, item)


def with_rows(base: Ranking, head: Ranking, layer: str, row: str) -> Ranking:
    """The base with one row of a layer as the head has it."""
    before = base.regions[0]
    old, new = before.layers[layer], head.regions[0].layers[layer]
    theirs = in_system_of(new, before.sites.crs)
    key = key_column(old.frame, theirs, old.schema.key)
    kept = old.frame[old.frame[key].astype(str) != row]
    taken = theirs[theirs[key].astype(str) == row].dropna(axis=1, how="all")
    taken = taken.set_axis(
        old.frame.index[old.frame[key].astype(str) == row]
        if len(kept) < len(old.frame) and len(taken)
        else pd.RangeIndex(len(old.frame), len(old.frame) + len(taken))
    )
    frame = pd.concat([kept, taken]).sort_index() if len(taken) else kept
    layers = Layers({**before.layers, layer: replace(old, frame=frame)})
    return _measured(base, _region(before, layers))


def _region(region: Region, layers: Layers) -> Region:
    """The region with other layers; which candidates there are, and what they lie in, follows."""
    unheard = Findings()
    sites = sites_of(region.table, layers, region.sites.crs, region.places, unheard)
    return replace(region, layers=layers, sites=join_sites(sites, layers, unheard))


def _measured(base: Ranking, region: Region, criteria: dict[str, Criterion] | None = None) -> Ranking:  # fmt: skip
    criteria = criteria or base.criteria
    shared = Shared(region.sites, region.layers, region.request)
    measures = Measures(criteria, {name: shared.measure(item) for name, item in criteria.items()})
    limits = resolve(region.table.require, criteria, region.request.mw, region.places, Findings())
    return rank_with((region,), measures, replace(base.settings, requirements=limits))


def _settled(base: Ranking, head: Ranking, item: Ingredient) -> Ranking:
    """The base with settings of the head."""
    region, settings, new = base.regions[0], base.settings, head.settings
    if item.kind == "criteria":
        both = {**new.weights.criteria}
        taken = replace(settings, weights=replace(new.weights, criteria=both), values=new.values)
        return _measured(replace(base, settings=taken), region, head.criteria)
    if item.kind == "require":
        require = dict(region.table.require)
        require.pop(item.name, None)
        theirs = head.regions[0].table.require
        require |= {item.name: theirs[item.name]} if item.name in theirs else {}
        limits = resolve(require, base.criteria, region.request.mw, region.places, Findings())
        return _reranked(base, replace(settings, requirements=limits))
    if item.kind == "weights":
        return _reranked(base, replace(settings, weights=new.weights))
    if item.kind == "values":
        values = {**settings.values, item.name: new.values[item.name]}
        return _reranked(base, replace(settings, values=values))
    return _reranked(base, replace(settings, min_coverage=new.min_coverage))


def _reranked(base: Ranking, settings: Settings) -> Ranking:
    region = base.regions[0]
    frames = {name: frame.loc[region.sites.index] for name, frame in base.measures.items()}
    return rank_with((region,), Measures(base.criteria, frames), settings)


def moved_between(base: Ranking, head: Ranking) -> pd.Index:
    """Sites of both whose own score, status or risk differs."""
    common = base.frame.index.intersection(head.frame.index)
    a, b = base.frame.loc[common], head.frame.loc[common]
    score = np.abs(a["score"].to_numpy() - b["score"].to_numpy()) >= SCORE_STEP
    status = (a["status"].to_numpy() != b["status"].to_numpy()) | (
        at_risk(a).to_numpy() != at_risk(b).to_numpy()
    )
    return common[score | status]


def at_risk(frame: pd.DataFrame) -> pd.Series:
    """Tell which sites stay in although a requirement may fail."""
    return frame["reasons"].fillna("").astype(str).str.contains("at risk: ", regex=False)


def differing_measure(a: pd.DataFrame, b: pd.DataFrame) -> np.ndarray:
    """Tell at which sites a measure or its range differs, in more than its last bits."""
    differs = np.zeros(len(a), dtype=bool)
    for part in MEASURED:
        old, new = a[part].to_numpy(dtype=float), b[part].to_numpy(dtype=float)
        differs |= ~np.isclose(old, new, rtol=1e-9, atol=1e-9, equal_nan=True)
    return differs
