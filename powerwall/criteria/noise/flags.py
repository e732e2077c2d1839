"""Flags: what a reader must know beside a margin, by its name and in words."""

from __future__ import annotations

from enum import IntFlag, auto


class Flag(IntFlag):
    """What is special about a margin; several may hold at once."""

    BEYOND_1KM = auto()
    RULE_SECONDARY = auto()
    RULE_UNVERIFIED = auto()
    RULE_NOT_IN_FORCE = auto()
    RULE_STATUS_UNKNOWN = auto()
    AMBIENT_ASSUMED = auto()
    AMBIENT_MISSING = auto()
    AMBIENT_ABOVE_LIMIT = auto()
    EXTRAPOLATED_31_HZ = auto()
    TONAL_APPLIED = auto()
    LOW_FREQUENCY = auto()
    COMPACT_SOURCE_VIOLATED = auto()
    RECEPTOR_INSIDE_CAMPUS = auto()
    RECEPTOR_POSITION_UNCERTAIN = auto()
    PARCEL_MISSING = auto()
    ASSESS_AT_ASSUMED = auto()
    CLASS_ASSUMED = auto()
    HOURS_ASSUMED = auto()
    NO_INCREASE_CONVENTION = auto()
    LMAX_FROM_LEQ = auto()
    WORST_HOUR_FOR_ANNUAL = auto()
    SOURCE_LEVEL_ASSUMED = auto()
    NO_RULE_FOUND = auto()
    NO_RECEPTOR_KNOWN = auto()


#: A rule that has one of these never puts a site out.
NEVER_GATES = Flag.RULE_UNVERIFIED | Flag.RULE_NOT_IN_FORCE | Flag.RULE_STATUS_UNKNOWN
STUDY = "screening estimate over flat ground without buildings, one campus at a time: a site noise study by a qualified person is needed"
_WORDS = {
    Flag.BEYOND_1KM: "beyond 1 km, where the method states no accuracy",
    Flag.RULE_SECONDARY: "the rule was read in a secondary source",
    Flag.RULE_UNVERIFIED: "the rule is unverified",
    Flag.RULE_NOT_IN_FORCE: "the rule is not in force",
    Flag.RULE_STATUS_UNKNOWN: "whether the rule is in force is unknown",
    Flag.AMBIENT_ASSUMED: "the level without the campus is assumed, not measured",
    Flag.AMBIENT_MISSING: "a rule that asks for the level without the campus was left out",
    Flag.AMBIENT_ABOVE_LIMIT: "it is louder than the limit there without the campus",
    Flag.EXTRAPOLATED_31_HZ: "31.5 Hz lies outside the method",
    Flag.TONAL_APPLIED: "a tone takes its penalty",
    Flag.LOW_FREQUENCY: "dB(C) lies more than 15 dB over dB(A): low frequencies",
    Flag.COMPACT_SOURCE_VIOLATED: "too near for a source taken as a point",
    Flag.RECEPTOR_INSIDE_CAMPUS: "the receptor lies inside the disc of the campus",
    Flag.RECEPTOR_POSITION_UNCERTAIN: "the receptor's position is a guess",
    Flag.PARCEL_MISSING: "a rule at the property line, and no parcel is known",
    Flag.ASSESS_AT_ASSUMED: "where the rule is measured is not stated: taken as the property line",
    Flag.CLASS_ASSUMED: "taken as a home",
    Flag.HOURS_ASSUMED: "the hours of the rule are assumed",
    Flag.NO_INCREASE_CONVENTION: "no increase is read as 10 dB below what is there, 0.4 dB in all",
    Flag.LMAX_FROM_LEQ: "a limit on the maximum, against the mean of a steady plant",
    Flag.WORST_HOUR_FOR_ANNUAL: "a yearly limit, against the loudest hour",
    Flag.SOURCE_LEVEL_ASSUMED: "the sound power of some equipment is assumed",
    Flag.NO_RULE_FOUND: "no rule was found, which is not that there is none",
    Flag.NO_RECEPTOR_KNOWN: "no receptor is known",
}


def names(flags: int) -> list[str]:
    """Names of the flags that are set, for files."""
    return [str(one.name).lower() for one in Flag if flags & one]


def words(flags: int) -> list[str]:
    """What the flags that are set mean, for people."""
    return [_WORDS[one] for one in Flag if flags & one]
