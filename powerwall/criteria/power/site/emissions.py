"""Emissions: nitrogen oxides, carbon dioxide and gas of own generation, against permit thresholds.

What stands here is arithmetic and a first look at the permit path. Whether a plant keeps a limit
is for its permit to say; the designation of the area and the rules of the state come from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from powerwall.criteria.criterion import Parameter
from powerwall.criteria.power.site.services import gas_parameter, service
from powerwall.region.findings import did_you_mean

HOURS_PER_YEAR = 8760
_LB_PER_TON, _G_PER_LB, _KW_PER_HP = 2000.0, 453.59237, 0.745699872  # short tons
_METHOD_19 = "40 CFR 60 Appendix A-7, Method 19, tables 19-1 and 19-2, equation 19-1"
NOX_LB_PER_DSCF_PPM = Parameter(1.194e-7, "lb/dscf/ppm", None, None, _METHOD_19)
GAS_F_FACTOR = Parameter(8710, "dscf/MMBtu", None, None, _METHOD_19)
AIR_O2 = Parameter(20.9, "%", None, None, _METHOD_19)
REFERENCE_O2 = Parameter(15.0, "%", None, None, "40 CFR 60 subparts JJJJ and KKKK: 15 % oxygen")

#: Service → NOx of its exhaust, dry, at 15 % oxygen. A control that no permit makes enforceable
#: does not lower a potential to emit, hence the turbines stand without catalyst.
NOX_PPM = {
    "recip_gas": Parameter(9, "ppm", 5, 50, "assumed: lean-burn engine with catalyst; 50 without one (about 0.5 g/bhp-h)"),
    "aero_ct": Parameter(25, "ppm", 2.5, 25, "assumed: dry low-NOx or water injection as delivered; 2.5 with a catalyst"),
    "aero_ct_leased": Parameter(25, "ppm", 2.5, 42, "assumed: as delivered; trailers seldom carry a catalyst, older ones reach 42"),
    "frame_ct": Parameter(9, "ppm", 2.5, 25, "assumed: dry low-NOx burners, no catalyst on a simple cycle"),
    "ccgt": Parameter(2, "ppm", 2, 5, "assumed: catalyst in the heat-recovery boiler, as permits of the last years ask"),
    "sofc": Parameter(0.1, "ppm", 0, 1, "assumed: no flame; makers state some thousandths of a lb/MWh"),
}  # fmt: skip
#: Emergency engines run on diesel, so their NOx is stated by energy, not by gas.
BACKUP_NOX_LB_PER_MWH = Parameter(14.1, "lb/MWh", 1.5, 14.1, "assumed: Tier 2 limit of 6.4 g/kWh, hydrocarbons included; Tier 4 is 0.67")  # fmt: skip
BACKUP_PTE_HOURS = Parameter(500, "h/year", 100, 8760, "EPA memorandum of 6 September 1995 on emergency generators: a default (unverified)")  # fmt: skip
_SUBPART_IIII = "40 CFR 60.4211(f) (unverified): "
EMERGENCY_TEST_HOURS = Parameter(100, "h/year", None, None, _SUBPART_IIII + "maintenance and testing, all other hours within it")  # fmt: skip
EMERGENCY_OTHER_HOURS = Parameter(50, "h/year", None, None, _SUBPART_IIII + "non-emergency, not for peak shaving or for pay")  # fmt: skip
TITLE_V = Parameter(100, "ton/year", None, None, "40 CFR 70.2: major source, operating permit")
PSD = Parameter(250, "ton/year", None, None, "40 CFR 52.21(b)(1)(i)(b): major stationary source")
PSD_LISTED = Parameter(100, "ton/year", None, None, "40 CFR 52.21(b)(1)(i)(a): listed categories; that a combined cycle is one is common practice (unverified)")  # fmt: skip
LISTED_HEAT_INPUT = Parameter(250, "MMBtu/h", None, None, "40 CFR 52.21(b)(1)(i)(a): fossil-fuel steam electric plants above it are listed")  # fmt: skip
_LADDER = "40 CFR 51 Appendix S II.A.4(i)(b) and 40 CFR 70.2, nitrogen oxides"
#: Class of an ozone nonattainment area → NOx that makes a source major.
OZONE_NONATTAINMENT = {
    name: Parameter(tpy, "ton/year", None, None, _LADDER)
    for name, tpy in {"marginal": 100, "moderate": 100, "serious": 50, "severe": 25, "extreme": 10}.items()
}  # fmt: skip


class PermitFinding(NamedTuple):
    """The potential to emit of one site against one threshold.

    Attributes
    ----------
    tpy, low_tpy, high_tpy
        Potential to emit of all units, with the range of heat rates and of NOx. [short ton/year]
    limit_tpy, margin_tpy
        From the limit on a source is major; limit less potential, signed. [short ton/year]
    threshold, text, source
        Its name, one line for a reader, and where the threshold stands.
    """

    threshold: str
    tpy: float
    low_tpy: float
    high_tpy: float
    limit_tpy: float
    margin_tpy: float
    text: str
    source: str

    @property
    def major(self) -> bool:
        """Tell whether the potential reaches the threshold."""
        return self.margin_tpy <= 0


class EngineHours(NamedTuple):
    """Hours asked of emergency engines, the limit outside emergencies, and limit less hours."""

    hours_per_year: float
    limit_h_per_year: float
    margin_h_per_year: float
    text: str


def nox_lb_per_mmbtu(ppm: object) -> np.ndarray:
    """NOx of burnt natural gas by its ppm in dry exhaust at 15 % oxygen. [lb/MMBtu], any shape.

    `ppm · 1.194e-7 · 8710 · 20.9/(20.9 − 15)` of EPA Method 19; negative or missing is NaN.

    >>> float(nox_lb_per_mmbtu(9).round(6))
    0.033156
    """
    excess = AIR_O2.value / (AIR_O2.value - REFERENCE_O2.value)
    return _known(ppm) * NOX_LB_PER_DSCF_PPM.value * GAS_F_FACTOR.value * excess


def nox_tons_per_year(
    mw: object, heat_rate: object, ppm: object, capacity_factor: object = 1.0
) -> np.ndarray:
    """NOx of a gas plant. [short ton/year], arrays broadcast.

    Parameters
    ----------
    mw
        Power. [MW]
    heat_rate
        Fuel by higher heating value. [MMBtu/MWh]
    ppm
        NOx in dry exhaust, corrected to 15 % oxygen. [ppm]
    capacity_factor
        Share of the year at full power. The potential to emit takes 1 unless a permit limits the
        hours. [share]

    Raises
    ------
    ValueError
        If a capacity factor is outside 0–1.

    >>> float(nox_tons_per_year(100, 8.5, 9).round(1))
    123.4
    """
    mwh = _known(mw) * HOURS_PER_YEAR * _factor(capacity_factor)
    return mwh * _known(heat_rate, above=True) * nox_lb_per_mmbtu(ppm) / _LB_PER_TON


def mw_under_threshold(
    tpy: object, heat_rate: object, ppm: object, capacity_factor: object = 1.0
) -> np.ndarray:
    """Power of a gas plant whose NOx just reaches a threshold `tpy`. [MW], arrays broadcast.

    The inverse of `nox_tons_per_year`; without NOx or hours any power stays below: infinite.

    >>> float(mw_under_threshold(250, 9.5, 25).round())
    65.0
    """
    one = nox_tons_per_year(1.0, heat_rate, ppm, capacity_factor)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _known(tpy) / one


def engine_nox_lb_per_mwh(g_per_bhp_h: object, generator_efficiency: object) -> np.ndarray:
    """NOx of an engine stated by its shaft, at the terminals. [lb/MWh], arrays broadcast.

    `g_per_bhp_h` in g/bhp-h; the efficiency is electric over shaft power, that of the generator and
    not of the engine. [share]

    >>> float(engine_nox_lb_per_mwh(1, 1).round(3))
    2.956
    """
    share = np.asarray(generator_efficiency, dtype=float)
    share = np.where((share > 0) & (share <= 1), share, np.nan)
    return _known(g_per_bhp_h) * 1000 / _KW_PER_HP / _G_PER_LB / share


def co2_t_per_mwh(heat_rate: object) -> np.ndarray:
    """CO2 of a gas plant by its energy, heat rate in MMBtu/MWh. [t/MWh]

    >>> float(co2_t_per_mwh(8.5).round(3))
    0.451
    """
    return _known(heat_rate, above=True) * gas_parameter("co2").value


def co2_kt_per_year(mw: object, heat_rate: object, capacity_factor: object = 1.0) -> np.ndarray:
    """CO2 of a gas plant by MW, MMBtu/MWh and share of the year. [kt/year]

    >>> float(co2_kt_per_year(100, 8.5, 0.9).round(1))
    355.6
    """
    mwh = _known(mw) * HOURS_PER_YEAR * _factor(capacity_factor)
    return mwh * co2_t_per_mwh(heat_rate) / 1000


def gas_mmbtu_per_day(mw: object, heat_rate: object) -> np.ndarray:
    """Gas at full power by MW and MMBtu/MWh; what a lateral must carry. [MMBtu/day]"""
    return _known(mw) * _known(heat_rate, above=True) * 24


def gas_mcf_per_day(mw: object, heat_rate: object) -> np.ndarray:
    """Gas at full power in thousand cubic feet, by MW and MMBtu/MWh. [Mcf/day]"""
    return gas_mmbtu_per_day(mw, heat_rate) / gas_parameter("gas_heat_content").value


def fuel_usd_per_mwh(heat_rate: object, price_usd_per_mmbtu: object) -> np.ndarray:
    """Fuel in the cost of energy: heat rate [MMBtu/MWh] times price [USD/MMBtu]. [USD/MWh]"""
    return _known(heat_rate, above=True) * np.asarray(price_usd_per_mmbtu, dtype=float)


def permit_findings(
    units: Iterable[tuple[str, float]],
    *,
    ozone_class: str | None = None,
    ppm: Mapping[str, float] | None = None,
) -> list[PermitFinding]:
    """Potential to emit of one site under common control against every threshold.

    Parameters
    ----------
    units
        Service and installed power of each block, spares included. [MW]
    ozone_class
        Class of the ozone nonattainment area the site lies in, or `attainment`; None: not known.
    ppm
        Service → NOx that a permit makes enforceable, in place of `NOX_PPM`. [ppm]

    Returns
    -------
    list of PermitFinding
        One per threshold; empty where no unit burns anything.

    Raises
    ------
    ValueError
        For an unknown service or class, a power that is not above 0, or a limit in ppm that is
        none.

    Notes
    -----
    All blocks add up, all hours of the year count, and emergency engines count
    `BACKUP_PTE_HOURS`. Only NOx is looked at: carbon monoxide or a hazardous air pollutant
    (formaldehyde of engines) may make a source major first.

    >>> [(f.limit_tpy, round(f.margin_tpy, 1)) for f in permit_findings([("recip", 100)])]
    [(250.0, 126.6), (100.0, -23.4)]
    """
    blocks = [(service(name).id, float(mw)) for name, mw in units]
    for name, mw in blocks:
        if not 0 < mw < np.inf:
            raise ValueError(f"{name}: {mw:g} MW is not a power above 0")
    enforceable = {service(name).id: value for name, value in (ppm or {}).items()}
    for name, value in enforceable.items():
        if name not in NOX_PPM or not 0 <= value < np.inf:
            raise ValueError(f"{name}: {value} ppm is no limit of a plant that burns gas")
    each = [_potential(name, mw, enforceable.get(name)) for name, mw in blocks]
    burning = [one for one in each if one is not None]
    if not burning:
        return []
    low, tpy, high = (sum(column) for column in zip(*burning, strict=True))
    return [
        _finding(title, limit, tpy, low, high)
        for title, limit in _thresholds(_listed(blocks), ozone_class)
    ]


def permit_path(findings: Iterable[PermitFinding]) -> str:
    """What the findings ask of an applicant, in one line; no finding, no air permit for NOx.

    >>> permit_path(permit_findings([("recip", 100)]))
    'major source under Title V: operating permit; below major for PSD: state construction permit; hangs on enforceable limits: the range straddles PSD and Title V'
    """
    given = list(findings)
    if not given:
        return "nothing burns: no permit for nitrogen oxides"
    asks = {
        "Nonattainment": "major source in nonattainment: lowest achievable emission rate, offsets",
        "PSD": "major source under PSD: best available control technology, modelling and review",
        "Title": "major source under Title V: operating permit",
    }
    classes = {one.threshold.split(" ", 1)[0]: one for one in given}
    parts = [text for word, text in asks.items() if word in classes and classes[word].major]
    if not parts:
        parts.append("minor source by nitrogen oxides: state construction permit")
    elif not any(classes[w].major for w in ("PSD", "Nonattainment") if w in classes):
        parts.append("below major for PSD: state construction permit")
    open_ones = [one.threshold for one in given if one.low_tpy < one.limit_tpy <= one.high_tpy]
    if open_ones:
        parts.append(f"hangs on enforceable limits: the range straddles {' and '.join(open_ones)}")
    return "; ".join(parts)


def engine_hours(curtailed_h_per_year: float) -> EngineHours:
    """Curtailed hours a year that emergency engines would bridge, against what they may run.

    Curtailment on a contract is no emergency. Engines permitted as non-emergency units are free
    of the limit and meet stricter standards.

    >>> engine_hours(177).margin_h_per_year
    -127.0
    """
    limit = EMERGENCY_OTHER_HOURS.value
    margin = limit - curtailed_h_per_year
    text = (
        f"{curtailed_h_per_year:g} curtailed hours a year on emergency engines against"
        f" {limit:g} h outside emergencies (of {EMERGENCY_TEST_HOURS.value:g} h with testing),"
        f" margin {margin:+g} h; unverified, and not for peak shaving or pay"
    )
    return EngineHours(float(curtailed_h_per_year), limit, float(margin), text)


def _potential(name: str, mw: float, ppm: float | None) -> tuple[float, float, float] | None:
    """Potential to emit of one block, low, stated and high; None where nothing burns."""
    if name == "flexible_own_backup":
        rate, hours = BACKUP_NOX_LB_PER_MWH, BACKUP_PTE_HOURS.value
        low, value, high = (mw * hours * x / _LB_PER_TON for x in _range(rate))
        return low, value, high
    if name not in NOX_PPM:
        return None
    heat_rate = service(name).heat_rate_mmbtu_per_mwh
    if heat_rate is None:
        raise ValueError(f"{name} burns gas and has no heat rate")
    exhaust = _range(NOX_PPM[name]) if ppm is None else (ppm, ppm, ppm)
    low, value, high = (
        float(nox_tons_per_year(mw, heat, nox))
        for heat, nox in zip(_range(heat_rate), exhaust, strict=True)
    )
    return low, value, high


def _listed(blocks: list[tuple[str, float]]) -> bool:
    """Tell whether the combined cycles of the site are large enough to be a listed category."""
    rate = service("ccgt").heat_rate_mmbtu_per_mwh
    heat = sum(mw * rate.value for name, mw in blocks if rate and name == "ccgt")
    return heat > LISTED_HEAT_INPUT.value


def _thresholds(listed: bool, ozone_class: str | None) -> list[tuple[str, Parameter]]:  # noqa: FBT001
    psd = ("PSD of a listed category", PSD_LISTED) if listed else ("PSD", PSD)
    word = (ozone_class or "attainment").strip().lower()
    if word == "attainment":
        return [psd, ("Title V", TITLE_V)]
    if word not in OZONE_NONATTAINMENT:
        known = ["attainment", *OZONE_NONATTAINMENT]
        raise ValueError(f"no ozone class `{ozone_class}`; {did_you_mean(word, known)}")
    ladder = OZONE_NONATTAINMENT[word]
    # the definition of a major source under Title V follows the same ladder
    return [psd, ("Title V", ladder), (f"Nonattainment review, {word} for ozone", ladder)]


def _finding(title: str, limit: Parameter, tpy: float, low: float, high: float) -> PermitFinding:
    margin = limit.value - tpy
    text = (
        f"{title}: {tpy:,.1f} tpy NOx ({low:,.1f} to {high:,.1f}) against {limit.value:,.0f} tpy,"
        f" margin {margin:+,.1f} tpy"
    )
    return PermitFinding(title, tpy, low, high, float(limit.value), margin, text, limit.source)


def _range(of: Parameter) -> tuple[float, float, float]:
    low, high = (of.value if bound is None else bound for bound in (of.low, of.high))
    return float(low), float(of.value), float(high)


def _known(values: object, *, above: bool = False) -> np.ndarray:
    """Numbers from 0 on, or above it; any other is unknown (NaN)."""
    given = np.asarray(values, dtype=float)
    return np.where((given > 0) if above else (given >= 0), given, np.nan)


def _factor(capacity_factor: object) -> np.ndarray:
    share = np.asarray(capacity_factor, dtype=float)
    if np.any((share < 0) | (share > 1)):
        raise ValueError(f"capacity factor {capacity_factor} is not a share from 0 to 1")
    return share
