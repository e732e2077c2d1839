"""Applied: the water rules that hold at each site, against the plant that serves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from powerwall.criteria.water.rules.rows import Rule, provider_rules, rules_in
from powerwall.criteria.water.rules.triggers import (
    Answer,
    Hit,
    Place,
    binding,
    evaluate,
    holds,
    information,
    lowest_possible,
)
from powerwall.criteria.water.rules.units import METRICS
from powerwall.region.joins import LOCALITY

if TYPE_CHECKING:
    import geopandas as gpd

    from powerwall.criteria.water.operation import Operation
    from powerwall.region.layers import Layers
    from powerwall.region.request import Request

LAYER = "water_systems"
_ATTRIBUTES = ("supplier_kind", "source_kind")
_SITE_ATTRIBUTES = ("floor_area_sqft", "deq_air_permit")


@dataclass(frozen=True)
class AppliedRules:
    """Hits of every site.

    Attributes
    ----------
    codes
        Index `site_id`; which group of sites each belongs to.
    hits
        Hits of each group, in the order of the rules' ids.
    told
        Rows of each group that are information only, and whether they hold for certain.
    """

    codes: pd.Series
    hits: list[list[Hit]]
    told: list[list[tuple[Rule, Answer]]]

    def of(self, site_id: str) -> list[Hit]:
        """Hits of a site."""
        return self.hits[int(self.codes.loc[site_id])]

    def information_at(self, site_id: str) -> list[tuple[Rule, Answer]]:
        """Rows at a site that are information only."""
        return self.told[int(self.codes.loc[site_id])]


def apply_rules(sites: gpd.GeoDataFrame, layers: Layers, request: Request, operation: Operation) -> AppliedRules:  # fmt: skip
    """Every rule at every site; sites of one place, provider and climate are looked at once."""
    rules = rules_in(layers)
    places = _places(sites, layers)
    providers = _providers(layers)
    keys = pd.DataFrame({
        "place": [hash(place) for place in places], "water": sites["water_area_id"].fillna("").to_numpy(),
        "climate": operation.climate.frame["climate"].cat.codes.to_numpy(),
        **{name: sites[name].astype(str).to_numpy() for name in _SITE_ATTRIBUTES if name in sites},
    })  # fmt: skip
    codes = keys.groupby(list(keys), sort=False).ngroup().to_numpy() if len(keys) else np.zeros(0, dtype=int)  # fmt: skip
    _, first = np.unique(codes, return_index=True)
    hits, told = [], []
    for at in first:
        provider = providers.get(str(keys["water"].iloc[at]), {})
        site = sites.iloc[int(at)]
        attributes = {name: provider.get(name) for name in _ATTRIBUTES} | {name: site.get(name) for name in _SITE_ATTRIBUTES}  # fmt: skip
        outputs = _outputs(operation.frame.iloc[int(at)], request)
        here = [*rules, *provider_rules(provider)] if provider else rules
        found = [evaluate(rule, places[int(at)], _dated(rule, attributes, request), outputs, request.as_of) for rule in here]  # fmt: skip
        hits.append([hit for hit in found if hit is not None and hit.applies != "no"])
        told.append(information(here, places[int(at)], attributes))
    return AppliedRules(pd.Series(codes, index=sites.index), hits, told)


def _providers(layers: Layers) -> dict[str, dict[Any, Any]]:
    frame = layers.frame(LAYER)
    return {} if frame is None else {str(row["water_area_id"]): row for row in frame.to_dict("records")}  # fmt: skip


def _outputs(row: Any, request: Request) -> dict[str, float]:
    """What rules compare, for the plant of a site."""
    named = {name: float(row[name]) for name in METRICS if name in row.index}
    return named | {"facility_mw": request.mw, "it_mw": float(row["it_mw"])}


def _dated(rule: Rule, attributes: Mapping[str, object], request: Request) -> dict[str, object]:
    """Attributes with the first day on which construction could start; that alone never says no."""
    start = request.as_of.isoformat()
    dated = [c for c in rule.conditions if c.name == "construction_start"]
    known = all(holds(condition, start) == "yes" for condition in dated)
    return {**attributes, "construction_start": start if known else None}


def _places(sites: gpd.GeoDataFrame, layers: Layers) -> list[Place]:
    """Country, state and authorities of each site."""
    outlines = layers.frame("jurisdictions")
    rows = {} if outlines is None else {row["jurisdiction_id"]: row for row in outlines.drop(columns="geometry", errors="ignore").to_dict("records")}  # fmt: skip
    countries = {str(name).split("-", maxsplit=1)[0].upper() for name in rows}
    alone = countries.pop() if len(countries) == 1 else ""
    cache: dict[tuple[object, ...], Place] = {}
    found = []
    for own, maybe, state in zip(sites["jurisdiction_id"], sites["jurisdiction_candidates"], sites["state"], strict=True):  # fmt: skip
        key = (own, tuple(maybe), state)
        if key not in cache:
            cache[key] = _place(own, tuple(maybe), state, rows, alone)
        found.append(cache[key])
    return found


def _place(own: object, maybe: tuple[str, ...], state: object, rows: Mapping[str, Any], alone: str) -> Place:  # fmt: skip
    """Place of a site; what holds its authority, and is the only one of its kind there, is certain too."""
    sure = [own] if isinstance(own, str) else []
    if isinstance(own, str):
        own_rank = _rank(rows.get(own, {}))
        wider = [name for name in maybe if _rank(rows.get(name, {})) < own_rank]
        ranks = [_rank(rows.get(name, {})) for name in wider]
        sure += [name for name, rank in zip(wider, ranks, strict=True) if ranks.count(rank) == 1]
    country = own.split("-", maxsplit=1)[0].upper() if isinstance(own, str) else alone
    named = {name: str(rows[name]["name"]) for name in (*sure, *maybe) if name in rows}
    return Place(
        country if len(country) == 2 else alone, state if isinstance(state, str) else "",
        tuple(named[name] for name in sure if name in named),
        tuple(named[name] for name in maybe if name in named and name not in sure),
    )  # fmt: skip


def _rank(row: Mapping[str, Any]) -> int:
    return LOCALITY.get(str(row.get("kind")), 3)


#: Volumes of a year carry its range, those of a day, a month or the sewer that of the peak day.
_ANNUAL = frozenset({"annual_makeup_m3", "annual_consumption_m3", "avg_day_makeup_m3", "wue_l_per_kwh"})  # fmt: skip


def rule_margin(hits: list[Hit], row: Any) -> dict[str, object]:
    """Margin of the binding limit as a measure: value, range, and what it rests on.

    Parameters
    ----------
    hits
        Of one site.
    row
        Its row of the operation, with the ranges of its volumes.
    """
    sure, maybe = binding(hits), lowest_possible(hits)
    open_ = None if maybe is None or np.isnan(maybe.margin_low_share) else maybe
    if sure is None:
        named = f"{maybe.rule.rule_id} may hold here (not known: {', '.join(maybe.unknown) or 'its margin'})" if maybe else "no cap or prohibition known here"  # fmt: skip
        return {"value": np.nan, "why": named}
    low, high = _range(sure, row)
    note = _words(sure)
    if open_ is not None and open_.margin_low_share < low:
        low, note = open_.margin_low_share, f"{note}; {open_.rule.rule_id} may hold here too"
    rule = sure.rule
    return {
        "value": sure.margin_share, "low": low, "high": high, "layer": rule.layer or None, "row": rule.rule_id, "source": rule.source,
        "as_of": rule.as_of, "status": rule.status or {"primary": "verified", "secondary": "secondary"}.get(rule.evidence, "unverified"),
        "grade": {"primary": "B", "secondary": "C"}.get(rule.evidence, "C" if rule.status == "verified" else "D"),
        "note": note, "gates": sure.gates, "why": None,
    }  # fmt: skip


def _range(hit: Hit, row: Any) -> tuple[float, float]:
    """Margins at the high and at the low end of the output, by the drawn range of the year or of the peak day."""
    prefix, middle = ("annual", "annual_consumption_m3") if hit.rule.metric in _ANNUAL else ("day", "max_day_makeup_m3")  # fmt: skip
    if hit.rule.metric in {"it_mw", "facility_mw"} or hit.limit_si == 0 or np.isnan(hit.limit_si):
        return hit.margin_share, hit.margin_share
    ends = [float(row[f"{prefix}_{end}"]) for end in ("high", "low")]
    drawn = row[middle] > 0  # what a typical year does not draw at all has no ratio
    high, low = (1 - (hit.value_si * end / row[middle] if drawn else end) / hit.limit_si for end in ends)  # fmt: skip
    return min(high, hit.margin_share), max(low, hit.margin_share)


def _words(hit: Hit) -> str:
    rule = hit.rule
    margin = f"{abs(hit.margin_native):,.4g} {hit.unit} {'left' if hit.margin_native >= 0 else 'over'}" if hit.unit else "no amount is allowed"  # fmt: skip
    return f"{rule.consequence_class} {rule.rule_id}: {margin} ({hit.force})"
