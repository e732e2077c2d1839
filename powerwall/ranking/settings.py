"""Settings: the weights, value functions and requirements in use, checked before anything is ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from powerwall.criteria.criterion import Criterion
from powerwall.ranking import requirements as req
from powerwall.ranking.overlap import check_overlaps
from powerwall.ranking.profiles import find_profile
from powerwall.ranking.values import Points, faults
from powerwall.ranking.weights import KeyPlaces, Weights, resolve
from powerwall.region.findings import Finding, Findings, did_you_mean

if TYPE_CHECKING:
    from powerwall.region.read import Region


@dataclass(frozen=True)
class Settings:
    """What turns measures into an order.

    Attributes
    ----------
    weights
        Shares that sum to 1.
    values
        Criterion → breakpoints, of every criterion that has them.
    requirements
        Limits apart from the score.
    min_coverage
        Share of the weight that must be known for a rank.
    findings
        Warnings; errors were raised.
    profile
        `profile county, assumed` where a profile stands in for the region's weights, else "".
    left_out
        Criteria that the profile weighs and that are not measured.
    over
        Subjects and criteria whose points were given over those of the profile.
    """

    weights: Weights
    values: dict[str, Points]
    requirements: list[req.Requirement]
    min_coverage: float
    findings: tuple[Finding, ...]
    profile: str = ""
    left_out: tuple[str, ...] = ()
    over: tuple[str, ...] = ()

    @property
    def whose(self) -> str:
        """The profile with what it leaves out and what was given over it; "" without one."""
        without = f", without {', '.join(self.left_out)}" if self.left_out else ""
        over = f", other points for {', '.join(self.over)}" if self.over else ""
        return f"{self.profile}{without}{over}" if self.profile else ""


def settings(
    regions: Sequence[Region],
    criteria: Mapping[str, Criterion],
    weights: Mapping[str, float],
    profile: str = "",
) -> Settings:
    """Settings of one region, or of several that agree.

    Raises
    ------
    BadInput
        With every fault, each at its place.
    """
    findings = Findings()
    first = regions[0]
    criteria = _valued(first, criteria)
    _check_declared(first, criteria, findings)
    chosen = find_profile(profile, first, criteria, findings) if profile else None
    base = first.table.weights if chosen is None else chosen.points
    given = _with_options(base, weights, criteria, findings)
    in_use = resolve(given, criteria, _places_of(profile, first), findings)
    check_overlaps(in_use, _places_of(profile, first), findings)
    values = _values(first, criteria, findings)
    limits = req.resolve(first.table.require, criteria, first.request.mw, first.places, findings)
    for other in regions[1:]:
        _agree(first, other, findings)
    findings.raise_errors()
    found = Settings(in_use, values, limits, first.table.min_coverage, tuple(findings))
    if chosen is None:
        return found
    over = tuple(sorted(weights))
    return replace(found, profile=chosen.label, left_out=chosen.left_out, over=over)


def for_request(in_use: Settings, criteria: Mapping[str, Criterion], region: Region) -> Settings:
    """The settings with value functions that follow a request scaled for that of a region."""
    own = {
        name: points for name, item in criteria.items()
        if item.scale is not None and name not in region.table.values and (points := item.points(region.request)) is not None
    }  # fmt: skip
    return replace(in_use, values={**in_use.values, **own})


def _valued(region: Region, criteria: Mapping[str, Criterion]) -> dict[str, Criterion]:
    """The criteria, with the value functions that the region gives to those without one."""
    given = region.table.values
    return {name: replace(item, value=tuple(given[name])) if item.value is None and name in given else item for name, item in criteria.items()}  # fmt: skip


def _check_declared(region: Region, criteria: Mapping[str, Criterion], findings: Findings) -> None:
    """Every set of weights of the file, in use or not: a ranking is shown under each of them."""
    resolve(region.table.weights, criteria, region.places, findings)
    for name in region.table.profiles:
        points, places = (
            find_profile(name, region, criteria, findings).points,
            _places_of(name, region),
        )
        check_overlaps(resolve(points, criteria, places, findings), places, findings)


def _places_of(profile: str, region: Region) -> KeyPlaces:
    """Where weights stand: under `[weights]`, in a profile of the file, or in no file."""
    if not profile:
        return region.places
    if profile not in region.table.profiles:
        return lambda *_: {}
    first = list(region.table.profiles[profile])[:1]  # a table of tables has no place of its own
    return lambda *key: region.places("profiles", profile, *(key[1:] or first))


def _with_options(
    given: Mapping[str, float | Mapping[str, float]],
    options: Mapping[str, float],
    criteria: Mapping[str, Criterion],
    findings: Findings,
) -> dict[str, float | Mapping[str, float]]:
    """Weights of the file with those of the command line over them."""
    merged: dict[str, float | Mapping[str, float]] = dict(given)
    subjects = sorted({item.subject for item in criteria.values()})
    if any(name in subjects for name in options) and not any(
        isinstance(p, int | float) for p in given.values()
    ):
        from powerwall.ranking.weights import DEVELOPER

        merged |= DEVELOPER
    for name, points in options.items():
        if name in criteria:
            table = f"{criteria[name].subject}_criteria"
            inner = merged.get(table, {})
            merged[table] = {**(inner if isinstance(inner, Mapping) else {}), name: points}
        elif name in subjects:
            merged[name] = points
        else:
            findings.add("PW105", f"--weight names the unknown subject or criterion `{name}`",
                         remedy=did_you_mean(name, [*subjects, *criteria]))  # fmt: skip
    return merged


def _values(
    region: Region, criteria: Mapping[str, Criterion], findings: Findings
) -> dict[str, Points]:
    values: dict[str, Points] = {
        name: own
        for name, item in criteria.items()
        if (own := item.points(region.request)) is not None
    }
    declared = {name: item.value for name, item in region.table.criteria.items() if item.value}
    for name, points in {**declared, **region.table.values}.items():
        place = region.places(
            *(("values", name) if name in region.table.values else ("criteria", name, "value"))
        )
        if name not in criteria:
            findings.add(
                "PW105",
                f"[values] names the unknown criterion `{name}`",
                remedy=did_you_mean(name, list(criteria)),
                **place,
            )
            continue
        wrong = faults(points)
        for fault in wrong:
            findings.add("PW107", f"value function of `{name}`: {fault}", **place)
        if wrong:
            continue
        ends = {v for _, v in points}
        if not {0.0, 1.0} <= ends:
            findings.add("PW108", f"the value function of `{name}` runs from {min(ends):g} to {max(ends):g}, not from 0 to 1",
                         severity="warning", remedy="let its ends stand at 0 and 1, and weigh it less instead", **place)  # fmt: skip
        if _turned(criteria[name].value, points):
            findings.add("PW107", f"the value function of `{name}` runs against its direction", severity="warning",
                         remedy="is a larger number really better here?", **place)  # fmt: skip
        values[name] = points
    return values


def _turned(own: Points | None, given: Points) -> bool:
    """Tell whether one rises throughout and the other falls."""
    if own is None:
        return False
    (a, b), (c, d) = (own[0][1], own[-1][1]), (given[0][1], given[-1][1])
    return (a - b) * (c - d) < 0


def _agree(first: Region, other: Region, findings: Findings) -> None:
    for part in ("weights", "profiles", "values", "require", "min_coverage"):
        if getattr(first.table, part) != getattr(other.table, part):
            findings.add("PW109", f"[{part}] of {other.name} differs from that of {first.name}, which counts for both", severity="warning",
                         remedy=f"make [{part}] equal in both files", **other.places(part))  # fmt: skip
