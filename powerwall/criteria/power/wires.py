"""Wires: what lines and transformers can carry; near a node an upper bound, never its capacity."""

from __future__ import annotations

import numpy as np

from powerwall.criteria.criterion import Parameter

MILE_KM = 1.609344
_STANDARD = "assumed: textbook surge impedance of the voltage class"
#: Voltage class [kV] → surge impedance.
SURGE_IMPEDANCE_OHM = {
    69.0: Parameter(400.0, "ohm", 350, 420, _STANDARD),
    138.0: Parameter(400.0, "ohm", 350, 420, _STANDARD),
    230.0: Parameter(400.0, "ohm", 350, 420, _STANDARD),
    345.0: Parameter(300.0, "ohm", 280, 380, _STANDARD + ", two conductors a phase"),
    500.0: Parameter(270.0, "ohm", 250, 300, _STANDARD + ", bundled"),
}
SHORT_LINE_SIL = Parameter(
    3.0,
    "1",
    2.5,
    3.0,
    "Dunlop, Gutman and Marchenko 1979, IEEE Trans. PAS-98(2): loadability of short lines",
)
_CURVE, _POWER = 43.261, -0.6678
EMERGENCY_FACTOR = Parameter(
    1.1, "1", 1.0, 1.2, "assumed: short-time rating of a transformer over its nameplate"
)
POWER_FACTOR = Parameter(0.95, "1", 0.9, 1.0, "assumed: power factor of the load at its peak")


def st_clair_mw(kv: object, length_km: object, surge_impedance_ohm: object) -> np.ndarray:
    """Loadability of one circuit by the St Clair curve. [MW], arrays broadcast.

    Parameters
    ----------
    kv
        Nominal voltage. [kV]
    length_km
        Length of the line. [km]
    surge_impedance_ohm
        Surge impedance. [ohm]

    Notes
    -----
    `P = SIL · min(3, 43.261 · miles^-0.6678)`, `SIL = kV²/Z`. A missing or non-positive input is
    unknown (NaN). Below about 88 km the thermal limit usually governs instead.

    References
    ----------
    Dunlop, Gutman, Marchenko, "Analytical development of loadability characteristics for EHV and
    UHV transmission lines", IEEE Trans. PAS-98 no. 2, 1979.

    >>> float(st_clair_mw(345, 50, 300).round(0))
    1190.0
    """
    volts, km, ohm = (
        np.asarray(part, dtype=float) for part in (kv, length_km, surge_impedance_ohm)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        known = (volts > 0) & (km > 0) & (ohm > 0)
        sil_mw = volts**2 / ohm
        multiple = np.minimum(SHORT_LINE_SIL.value, _CURVE * (km / MILE_KM) ** _POWER)
        return np.where(known, sil_mw * multiple, np.nan)


def short_line_bound_mw(kv: object, classes: object) -> np.ndarray:
    """Upper bound of one short circuit at a node of a voltage and its class. [MW]"""
    ohm = np.array(
        [
            SURGE_IMPEDANCE_OHM[c].value if c in SURGE_IMPEDANCE_OHM else np.nan
            for c in np.atleast_1d(np.asarray(classes))
        ]
    )
    return st_clair_mw(np.atleast_1d(np.asarray(kv, dtype=float)), np.full(len(ohm), 1.0), ohm)


def thermal_mva(kv: object, ka: object) -> np.ndarray:
    """Thermal limit of one three-phase circuit. [MVA], arrays broadcast.

    Parameters
    ----------
    kv
        Nominal voltage between phases. [kV]
    ka
        Rated current. [kA]

    Notes
    -----
    `√3 · kV · kA`; a missing or non-positive input is unknown (NaN).

    >>> float(thermal_mva(345, 2).round(1))
    1195.1
    """
    return np.sqrt(3.0) * _known(kv) * _known(ka)


def circuits_firm_mw(n_circuits: object, thermal_mw: object, st_clair_mw: object) -> np.ndarray:
    """What parallel circuits carry after the loss of one of them. [MW], arrays broadcast.

    Parameters
    ----------
    n_circuits
        Circuits of a radial or looped service.
    thermal_mw, st_clair_mw
        Thermal limit and loadability of one circuit. [MW]

    Notes
    -----
    `(n − 1) · min(thermal, St Clair)`: a single circuit carries nothing firm. A missing or
    non-positive input is unknown (NaN).

    >>> float(circuits_firm_mw(2, 1100, 1190))
    1100.0
    """
    one = np.minimum(_known(thermal_mw), _known(st_clair_mw))
    return np.maximum(_known(n_circuits) - 1, 0.0) * one


def substation_firm_mw(
    transformer_mva: object,
    n: object,
    emergency_factor: object = EMERGENCY_FACTOR.value,
    power_factor: object = POWER_FACTOR.value,
) -> np.ndarray:
    """What equal transformers carry after the loss of one of them. [MW], arrays broadcast.

    Parameters
    ----------
    transformer_mva
        Nameplate of one transformer, one winding of it. [MVA]
    n
        Number of transformers.
    emergency_factor, power_factor
        Short-time rating over nameplate, and MW over MVA of the load.

    Notes
    -----
    `(n − 1) · S · c · pf`: one transformer carries nothing firm. A missing or non-positive input
    is unknown (NaN). Published "installed MVA" may add up both windings of a transformer.

    >>> float(substation_firm_mw(100, 3, 1.1, 0.95).round(1))
    209.0
    """
    others = np.maximum(_known(n) - 1, 0.0)
    return others * _known(transformer_mva) * _known(emergency_factor) * _known(power_factor)


def substation_margin_mw(
    transformer_mva: object,
    n: object,
    peak_mw: object,
    growth: object = 0.0,
    years: object = 0.0,
    queued_mw: object = 0.0,
    emergency_factor: object = EMERGENCY_FACTOR.value,
    power_factor: object = POWER_FACTOR.value,
) -> np.ndarray:
    """What a substation has left after its grown peak and the load ahead. [MW], arrays broadcast.

    Parameters
    ----------
    transformer_mva, n, emergency_factor, power_factor
        As in `substation_firm_mw`.
    peak_mw
        Peak of today; 0 is a gap in the data, not an idle station. [MW]
    growth, years
        Growth a year and the years it runs. [share per year, years]
    queued_mw
        Load ahead, weighted by its odds. [MW]

    Returns
    -------
    numpy.ndarray
        `firm − peak · (1 + growth)^years − queued`, negative where the station is overdrawn: a
        finding, and no rank. NaN where an input is missing, growth is not above −1, or years or
        queue are negative.

    >>> float(substation_margin_mw(100, 3, 140, emergency_factor=1.1, power_factor=0.95).round(1))
    69.0
    """
    firm = substation_firm_mw(transformer_mva, n, emergency_factor, power_factor)
    rate, span, queued = (np.asarray(part, dtype=float) for part in (growth, years, queued_mw))
    known = (rate > -1) & (span >= 0) & (queued >= 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        grown = _known(peak_mw) * (1 + rate) ** span
        return np.where(known, firm - grown - queued, np.nan)


def substation_headroom_mw(
    transformer_mva: object,
    n: object,
    peak_mw: object,
    growth: object = 0.0,
    years: object = 0.0,
    queued_mw: object = 0.0,
    emergency_factor: object = EMERGENCY_FACTOR.value,
    power_factor: object = POWER_FACTOR.value,
) -> np.ndarray:
    """What a substation can still give: `substation_margin_mw`, never below 0. [MW]

    >>> float(substation_headroom_mw(100, 1, 140))
    0.0
    """
    margin = substation_margin_mw(
        transformer_mva, n, peak_mw, growth, years, queued_mw, emergency_factor, power_factor
    )
    return np.maximum(margin, 0.0)


def _known(values: object) -> np.ndarray:
    given = np.asarray(values, dtype=float)
    return np.where(given > 0, given, np.nan)
