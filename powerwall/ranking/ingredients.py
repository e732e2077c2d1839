"""Ingredients: the parts of a ranking in which two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from powerwall.ranking.attribution.points import changed_points, same_shares
from powerwall.ranking.rank import Ranking
from powerwall.region.differences import CellChange, cell_changes, in_system_of
from powerwall.region.layers import Layer
from powerwall.region.request import Request

if TYPE_CHECKING:
    from powerwall.region.read import Region

MONEY = ("currency", "money_of", "usd_per_currency", "rate_note")
#: What a layer says of its source; it moves no number by itself.
PROVENANCE = ("as_of", "title", "url", "licenses", "attribution")


@dataclass(frozen=True)
class Ingredient:
    """One part in which two rankings differ.

    Attributes
    ----------
    kind
        `layer`, `provenance`, `as_of`, `request`, `weights`, `values`, `require`, `criteria`, `sites`
        or `region`.
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
        if new is None:
            found.append(_whole(name, before.layers[name], "removed"))
            continue
        if old is None:
            found.append(_whole(name, new, "added"))
            continue
        moved = replace(new, frame=in_system_of(new, before.sites.crs))
        cells = () if old.sha256 == new.sha256 and _alike(before, after, name) else tuple(cell_changes(old, moved))  # fmt: skip
        keys = tuple(_pairs(f"layers.{name}.", _about(old), _about(new)))
        if cells or keys:
            found.append(Ingredient("layer", name, keys, cells))
        stated = [{key: getattr(layer, key) or None for key in PROVENANCE} for layer in (old, new)]
        if said := tuple(_pairs("", *stated)):
            found.append(Ingredient("provenance", name, said))
    return found


def _whole(name: str, layer: Layer, change: str) -> Ingredient:
    """A layer that only one side has, as rows that all came or went."""
    none = replace(layer, frame=layer.frame.iloc[:0])
    sides = (none, layer) if change == "added" else (layer, none)
    return Ingredient("layer", name, (("", "", change),), tuple(cell_changes(*sides)))


def _alike(before: Region, after: Region, name: str) -> bool:
    """Tell whether one file would be read alike: same columns, sentinels and coordinate system."""

    def entry(region: Region) -> Any:
        return region.table.sites if name == "sites" else region.table.layers.get(name)

    return bool(entry(before) == entry(after) and before.table.crs == after.table.crs)


def _about(layer: Layer) -> dict[str, Any]:
    return {"fresh_days": layer.fresh_days, **layer.extra}


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
        if a == b or item.name in MONEY:
            continue
        key = (item.name if item.name == "as_of" else f"request.{item.name}", _said(a), _said(b))
        found.append(Ingredient("as_of" if item.name == "as_of" else "request", item.name, (key,)))
    money = [{name: getattr(part, name) for name in MONEY} for part in (old, new)]
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
        found += _weights(base, head)
    for name in sorted({*old.values} & {*new.values}):
        if base.criteria[name].scale and not any(name in table.values for table in (before, after)):
            continue  # it follows the request, which is an ingredient itself
        keys = _pairs("values.", {name: tuple(old.values[name])}, {name: tuple(new.values[name])})
        found += [Ingredient("values", name, tuple(keys))] if keys and not renamed else []
    limits = [{n: r.model_dump(by_alias=True, exclude_none=True) for n, r in t.require.items()} for t in (before, after)]  # fmt: skip
    found += [Ingredient("require", key[0].split(".")[1], (key,)) for key in _pairs("require.", *limits)]  # fmt: skip
    coverage = _pairs("", {"min_coverage": old.min_coverage}, {"min_coverage": new.min_coverage})
    return [*found, *(Ingredient("region", "min_coverage", (key,)) for key in coverage)]


def _weights(base: Ranking, head: Ranking) -> list[Ingredient]:
    """Declared points that differ, one each; the shares where nothing declared explains them."""
    old, new = base.settings.weights, head.settings.weights
    if same_shares(old, new):
        return []
    if found := changed_points(base, head):
        return [Ingredient("weights", key, ((f"weights.{key}", a, b),)) for key, a, b in found]
    shares = [{n: round(100 * w, 4) for n, w in part.criteria.items()} for part in (old, new)]
    pairs = tuple((f"weight of {k}", f"{a} %", f"{b} %") for k, a, b in _pairs("", *shares))
    return [Ingredient("weights", "weights", pairs)]
