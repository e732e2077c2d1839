"""Signs: how a map draws a status and a voltage, in colours that the colour-blind tell apart."""

from __future__ import annotations

import math
from typing import NamedTuple


class StatusSign(NamedTuple):
    """How the sites of a status are drawn.

    Attributes
    ----------
    title
        Name of the group.
    colour
        Of its icon, `#rrggbb`, where no score colours it.
    corners
        Polygon of the icon in the square −1…1, y upwards; empty is a disc.
    """

    title: str
    colour: str
    corners: tuple[tuple[float, float], ...]


class VoltageSign(NamedTuple):
    """How lines from a voltage on are drawn.

    Attributes
    ----------
    from_kv
        Lowest voltage of the class. [kV]
    title
        As the legend names it.
    colour, width
        `#rrggbb`, and the width of a stroke. [points]
    """

    from_kv: float
    title: str
    colour: str
    width: float


#: Colours of Okabe and Ito, Color Universal Design (2008).
STATUS_SIGNS = {
    "ranked": StatusSign("ranked", "#0072B2", ()),
    "out": StatusSign("out: breaks a requirement", "#D55E00", ((-1.0, 0.8), (1.0, 0.8), (0.0, -0.95))),
    "unranked": StatusSign("not ranked", "#FFFFFF", ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))),
    "reference": StatusSign("already taken, for reference", "#999999", ((-0.8, 0.8), (0.8, 0.8), (0.8, -0.8), (-0.8, -0.8))),
}  # fmt: skip

#: Darker and wider with the voltage, so that they differ without any colour too.
VOLTAGE_SIGNS = (
    VoltageSign(600.0, "600 kV and more", "#3B0A2A", 2.6),
    VoltageSign(400.0, "400–599 kV", "#7A1B2E", 1.9),
    VoltageSign(300.0, "300–399 kV", "#B0482F", 1.5),
    VoltageSign(200.0, "200–299 kV", "#CB8A4B", 1.1),
    VoltageSign(0.0, "below 200 kV", "#D9BE95", 0.8),
)
UNKNOWN_VOLTAGE = VoltageSign(math.nan, "voltage unknown", "#9A9A9A", 0.9)


def voltage_sign(kv: float) -> VoltageSign:
    """The class of a voltage. [kV]

    >>> voltage_sign(230).title, voltage_sign(float("nan")).title
    ('200–299 kV', 'voltage unknown')
    """
    if math.isnan(kv):
        return UNKNOWN_VOLTAGE
    return next(sign for sign in VOLTAGE_SIGNS if kv >= sign.from_kv)
