"""powerwall: where can I have N megawatts, by when, who pays, and who will let me.

    >>> import powerwall as pw
    >>> region = pw.read("regions/example.toml")       # doctest: +SKIP
    >>> measures = pw.measure(region)                  # doctest: +SKIP
    >>> ranking = pw.rank(region, measures)            # doctest: +SKIP
    >>> ranking.save("ranking.csv")                    # doctest: +SKIP

The four wings, in the order data flow through them: `region` reads, `criteria` measures,
`ranking` ranks, `output` shows; `cli` is those four lines plus printing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: Public name → the module it lives in; loaded at first use, so that `--help` stays fast.
_PUBLIC = {
    "BadInput": "powerwall.region.findings",
    "Criterion": "powerwall.criteria.criterion",
    "Finding": "powerwall.region.findings",
    "Measures": "powerwall.criteria.measure",
    "Parameter": "powerwall.criteria.criterion",
    "Ranking": "powerwall.ranking.rank",
    "Region": "powerwall.region.read",
    "Request": "powerwall.region.request",
    "check": "powerwall.ranking.check",
    "criterion": "powerwall.criteria.criterion",
    "measure": "powerwall.criteria.measure",
    "rank": "powerwall.ranking.rank",
    "read": "powerwall.region.read",
    "screening": "powerwall.ranking.screening",
}
__all__ = [
    "BadInput",
    "Criterion",
    "Finding",
    "Measures",
    "Parameter",
    "Ranking",
    "Region",
    "Request",
    "__version__",
    "check",
    "criterion",
    "measure",
    "rank",
    "read",
    "screening",
]

if TYPE_CHECKING:
    from powerwall.criteria.criterion import Criterion, Parameter, criterion
    from powerwall.criteria.measure import Measures, measure
    from powerwall.ranking.check import check
    from powerwall.ranking.rank import Ranking, rank
    from powerwall.ranking.screening import screening
    from powerwall.region.findings import BadInput, Finding
    from powerwall.region.read import Region, read
    from powerwall.region.request import Request


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return list(__all__)
