"""Wires: what a line can carry; an upper bound near a node, never its capacity."""

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
