"""Scene: campuses, receptors and rules of a region together, and each limit that is to be tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from powerwall.criteria.noise.flags import Flag
from powerwall.criteria.noise.receptors import (
    BELOW_LEQ_DB,
    Receptors,
    ambient_of_sites,
    read_receptors,
)
from powerwall.criteria.noise.rulebook import (
    LEVELS,
    OWN_BOUNDARY,
    RELATIVE,
    Rulebook,
    flags_of,
    measured_at_line,
    rulebook,
)
from powerwall.criteria.noise.rules.classes import matches
from powerwall.criteria.noise.rules.limits import effective_limit
from powerwall.criteria.noise.rules.rows import NoiseRule
from powerwall.criteria.noise.rules.standing import tested_sources
from powerwall.criteria.noise.sources import LAYER as EQUIPMENT
from powerwall.criteria.noise.sources import equipment_table
from powerwall.criteria.noise.states import CAMPUS_HA_PER_MW, Campus, campus, radius_class
from powerwall.region.geometry import nearest, nearest_position
from powerwall.region.layers import Layers
from powerwall.region.request import Request

_OREGON_M = 7.62  # toward the source from the building, 25 ft
_FEW = 40  # levels without the campus that each get a limit of their own
_BIN_STEPS = np.linspace(0.0, 1.0, 11)  # of a bin of 1 dB, in which a limit may not be monotone


class Candidate(NamedTuple):
    """A limit against every site.

    Attributes
    ----------
    rule, period, state
        The rule, `day` or `night`, and the loudest operating state that it meets.
    limit_db
        What the campus alone may cause: a number, one a site, or nine bands. [dB]
    holds
        True for the sites at which it is tested. Shape (sites,)
    metres, slack_m
        Distance from the centre to where it is tested, and its standard deviation. [m]
    receptor
        Position of the receptor; -1 is the campus's own boundary.
    ambient_assumed, flags
        Whether the limit rests on an assumed level; what is special. Shape (sites,)
    ambient_known
        True where the limit was formed over a known level without the campus.
    """

    rule: NoiseRule
    period: str
    state: str
    limit_db: Any
    holds: np.ndarray
    metres: np.ndarray
    slack_m: np.ndarray
    receptor: np.ndarray
    ambient_assumed: np.ndarray
    flags: np.ndarray
    ambient_known: bool = False


@dataclass(frozen=True)
class Scene:
    """What the noise of a request meets in a region.

    Attributes
    ----------
    sites, request
        The sites, and what is to be built.
    campuses, code
        Campuses that occur, and which one each site would have. Shape (sites,)
    radius_m
        Radius of each site's campus, before it is rounded up to a table. [m]
    receptors, book
        Receptors (None: no layer) and rules.
    """

    sites: gpd.GeoDataFrame
    request: Request
    campuses: tuple[Campus, ...]
    code: np.ndarray
    radius_m: np.ndarray
    receptors: Receptors | None
    book: Rulebook
    layers: Layers
    _near: dict[Any, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    @property
    def tonal(self) -> bool:
        """True if a tone of the campus is heard."""
        return any(one.tonal for one in self.campuses)

    @property
    def accuracy_m(self) -> np.ndarray:
        """Standard deviation of each site's position. [m]"""
        return np.nan_to_num(self.sites["location_accuracy_m"].to_numpy(dtype=float))

    @cached_property
    def position(self) -> np.ndarray:
        """Coordinates of the sites in the region's system. [m], shape (sites, 2)"""
        return np.asarray(shapely.get_coordinates(self.sites.geometry.to_numpy()))

    def near(self, key: object, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nearest of some receptors to each site, as a position, and its distance. [m]"""
        assert self.receptors is not None  # noqa: S101 — positions of nothing are never asked for
        if key not in self._near:
            known = self.receptors.position
            if known is None:
                which, metres = nearest(self.sites.geometry, self.receptors.frame.geometry.iloc[positions])  # fmt: skip
            else:
                which, metres = nearest_position(self.position, known[positions], self.sites.crs)
            self._near[key] = positions[which], metres
        return self._near[key]

    def meant_for(self, rule: NoiseRule) -> np.ndarray:
        """Sites whose land and history a rule is made for; what is not known of a site is tested."""
        known = [name for name in ("greenfield", "source_class") if name in self.sites]
        if not known:
            return np.full(
                len(self.sites), tested_sources(rule, greenfield=None, source_class=None)
            )
        pairs = self.sites[known].astype(object)
        code, each = pd.factorize(pd.MultiIndex.from_frame(pairs.fillna("")))
        answers = []
        for values in each:
            told = dict(zip(known, values, strict=True))
            new = {"yes": True, "no": False}.get(str(told.get("greenfield")))
            answers.append(
                tested_sources(
                    rule, greenfield=new, source_class=str(told.get("source_class") or "") or None
                )
            )
        return np.array(answers, dtype=bool)[code]

    def limit(self, rule: NoiseRule, ambient_dba: Any) -> Any:
        """What the campus alone may cause under a rule. [dB]"""
        ambient = ambient_dba
        if rule.background_metric == "LA90" and ambient is not None:
            ambient = np.asarray(ambient) - BELOW_LEQ_DB.value
        preloaded = rule.rule_set in self.request.noise.preloaded
        return effective_limit(rule, ambient, tonal=self.tonal, preloaded=preloaded)


def scene(sites: gpd.GeoDataFrame, layers: Layers, request: Request, cooling: str) -> Scene:
    """Campuses, receptors and rules of a region.

    Raises
    ------
    ValueError
        If the cooling plant or a row of equipment has no level.
    """
    table = equipment_table(layers.frame(EQUIPMENT))
    settings = request.noise
    given = _column(sites, "campus_radius_m", settings.campus_radius_m or np.nan)
    area = _column(sites, "area_ha")
    radius = radius_class(area, given, request.mw)
    porous = _column(sites, "ground_porous_share", settings.ground)
    pairs, code = np.unique(np.column_stack([radius, porous]), axis=0, return_inverse=True)
    campuses = tuple(
        campus(request.mw, cooling, table, settings, radius_m=float(metres), ground=float(share)) for metres, share in pairs
    )  # fmt: skip
    taken = np.fmin(area, request.mw * CAMPUS_HA_PER_MW.value)
    exact = np.where(np.isnan(given), np.sqrt(taken * 1e4 / np.pi), given)
    return Scene(
        sites, request, campuses, code.reshape(-1), exact, read_receptors(layers), rulebook(layers, request), layers
    )  # fmt: skip


def _column(sites: pd.DataFrame, name: str, otherwise: float = np.nan) -> np.ndarray:
    own = sites[name].to_numpy(dtype=float) if name in sites else np.full(len(sites), np.nan)
    return np.where(np.isnan(own), otherwise, own)


def candidates(one: Scene, period: str) -> Iterator[Candidate]:
    """Every limit that holds in a period, at receptors and at the campus's own boundary."""
    if one.receptors is not None:
        for authority in sorted({kind.authority for kind in one.receptors.kinds if kind.authority}):
            for rule in _tested(one, authority, period):
                if rule.assess_at not in OWN_BOUNDARY:
                    yield from _at_receptors(one, one.receptors, authority, rule, period)
    for authority in sorted(one.sites["jurisdiction_id"].dropna().unique()):
        for rule in _tested(one, authority, period):
            if rule.assess_at in OWN_BOUNDARY:
                yield _at_boundary(one, authority, rule, period)


def _tested(one: Scene, authority: str, period: str) -> list[NoiseRule]:
    return [rule for rule in one.book.of(authority) if rule.kind in LEVELS and one.book.at(rule, period)]  # fmt: skip


def _at_receptors(
    one: Scene, receptors: Receptors, authority: str, rule: NoiseRule, period: str
) -> Iterator[Candidate]:
    """A rule at the nearest receptor of those that it protects, one candidate a limit."""
    codes = [
        at for at, kind in enumerate(receptors.kinds)
        if kind.authority == authority and matches(rule.receptor_class, kind.receptor_class)
    ]  # fmt: skip
    if not codes:
        return
    if rule.kind not in RELATIVE:
        key = frozenset(codes)
        limit = one.limit(rule, None)
        yield _candidate(one, receptors, rule, period, limit, key, receptors.of_kinds(codes))
        return
    positions = receptors.of_kinds(codes)
    ambient = receptors.ambient_dba[period][positions]
    few = len(np.unique(ambient[~np.isnan(ambient)])) <= _FEW
    bins = ambient if few else np.floor(ambient)
    steps = np.zeros(1) if few else _BIN_STEPS
    for start in np.unique(bins[~np.isnan(bins)]):
        limit = float(np.min(one.limit(rule, start + steps)))
        yield _candidate(one, receptors, rule, period, limit, (rule.rule_id, period, start), positions[bins == start])  # fmt: skip
    if np.isnan(bins).any():
        limit = one.limit(rule, None)
        yield _candidate(one, receptors, rule, period, limit, (rule.rule_id, period), positions[np.isnan(bins)])  # fmt: skip


def _candidate(
    one: Scene, receptors: Receptors, rule: NoiseRule, period: str, limit: Any, key: object, positions: np.ndarray
) -> Candidate:  # fmt: skip
    which, metres = one.near(key, positions)
    if rule.assess_at == "oregon_point":
        metres = np.maximum(metres - _OREGON_M, 0.0)
    if not np.isnan(rule.min_source_distance_m):
        metres = np.maximum(metres, rule.min_source_distance_m)
    relative = rule.kind in RELATIVE
    ambient = receptors.ambient_dba[period][which]
    assumed = ~receptors.measured[period][which] & relative
    told = {
        Flag.PARCEL_MISSING: receptors.is_point[which] & measured_at_line(rule),
        Flag.CLASS_ASSUMED: receptors.assumed_class[which],
        Flag.AMBIENT_ASSUMED: assumed & ~np.isnan(ambient),
        Flag.AMBIENT_MISSING: np.isnan(ambient) & relative,
        Flag.AMBIENT_ABOVE_LIMIT: (ambient > rule.limit_db) & (rule.kind == "absolute") & (rule.weighting == "A"),
    }  # fmt: skip
    return Candidate(
        rule, period, one.book.state(rule, period), limit, one.meant_for(rule), metres, np.hypot(one.accuracy_m, receptors.accuracy_m[which]),
        which, assumed, _flags(one, rule, metres, told), relative and not bool(np.isnan(ambient).any()),
    )  # fmt: skip


def _at_boundary(one: Scene, authority: str, rule: NoiseRule, period: str) -> Candidate:
    """A rule at the campus's own boundary: the rim of a circle of the site's area, or of the campus."""
    area = _column(one.sites, "area_ha")
    metres = np.where(np.isnan(area), one.radius_m, np.maximum(np.sqrt(area * 1e4 / np.pi), one.radius_m))  # fmt: skip
    ambient, measured = ambient_of_sites(one.sites, one.layers)
    relative = rule.kind in RELATIVE
    limit = one.limit(rule, ambient[period]) if relative else one.limit(rule, None)
    here = (one.sites["jurisdiction_id"] == authority).to_numpy()
    assumed = ~measured[period] & relative
    told = {
        Flag.PARCEL_MISSING: np.ones(len(metres), dtype=bool),
        Flag.AMBIENT_ABOVE_LIMIT: (ambient[period] > rule.limit_db)
        & (rule.kind == "absolute")
        & (rule.weighting == "A"),
        Flag.AMBIENT_ASSUMED: assumed & ~np.isnan(ambient[period]),
        Flag.AMBIENT_MISSING: np.isnan(ambient[period]) & relative,
    }
    return Candidate(
        rule, period, one.book.state(rule, period), limit, here & one.meant_for(rule), metres, np.zeros(len(metres)),
        np.full(len(metres), -1), assumed, _flags(one, rule, metres, told),
    )  # fmt: skip


def _flags(one: Scene, rule: NoiseRule, metres: np.ndarray, told: dict[Flag, np.ndarray]) -> np.ndarray:  # fmt: skip
    always = flags_of(rule)
    if one.tonal and rule.tonal_penalty_db > 0:
        always |= Flag.TONAL_APPLIED
    if any(item.equipment.status == "unverified" for item in one.campuses[0].groups):
        always |= Flag.SOURCE_LEVEL_ASSUMED
    inside = metres < one.radius_m
    told |= {
        Flag.BEYOND_1KM: metres > 1000.0,
        Flag.RECEPTOR_INSIDE_CAMPUS: inside,
        Flag.COMPACT_SOURCE_VIOLATED: (metres < 4 * one.radius_m) & (one.request.noise.extent == "point"),
    }  # fmt: skip
    flags = np.full(len(metres), int(always))
    for flag, holds in told.items():
        flags |= np.where(holds, int(flag), 0)
    return flags
