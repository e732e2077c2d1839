"""Criterion, Parameter and Measure: what a subject declares, and what measuring gives back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from powerwall.region.layers import Layers
from powerwall.region.request import Request

if TYPE_CHECKING:
    import geopandas as gpd

Z90 = 1.2815515655446004  # quantile of the standard normal at 0.9
Points = Sequence[tuple[float, float]]
#: Function of a criterion: sites, layers, request (and what it asks for by name) → Measure.
Function = Callable[..., "pd.Series | pd.DataFrame"]

#: Columns of a measure, beside its `value`; index `site_id`.
MEASURE_COLUMNS = {
    "value": "the number in the criterion's unit; NaN is unknown",
    "low": "favourable or unfavourable end of its range, the smaller number",
    "high": "the other end, the larger number",
    "bound": "upper bound where no value is known; printed `≤ x`, never scored",
    "grade": "A checked by hand, B recent database, C stale or partial, D average or generic",
    "status": "verified, secondary, approximate, unverified or assumed",
    "layer": "layer the number comes from",
    "row": "key of the row in that layer",
    "source": "title of the source",
    "as_of": "date of the source",
    "note": "what a reader must know beside the number",
    "why": "reason why it is unknown",
    "gates": "False where the evidence may not put a site out",
}


class Parameter(NamedTuple):
    """A number with its unit, its range and where it comes from.

    Attributes
    ----------
    value, unit
        The number and its unit.
    low, high
        Bounds of the stated value, which a sensitivity run swings.
    source
        Address, citation, or a text that begins with `assumed`.
    """

    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    source: str = ""

    @property
    def assumed(self) -> bool:
        """Tell whether the number is this project's own choice."""
        return self.source.startswith("assumed")


class Spread(NamedTuple):
    """What the ends of a measure's range are, for whoever draws from it.

    Attributes
    ----------
    low, high
        Quantiles at which the ends stand; 0 and 1 are bounds, between which all is as likely.
    shared
        True where sites that rest on one row share its error; False where each has its own.
    """

    low: float
    high: float
    shared: bool = True


BOUNDS = Spread(0.0, 1.0)
P10_P90, P5_P95 = Spread(0.1, 0.9), Spread(0.05, 0.95)
WILSON_95 = Spread(0.025, 0.975)


class Scale(NamedTuple):
    """What turns breakpoints into the criterion's unit for a request.

    Attributes
    ----------
    unit
        Unit of the breakpoints as they are declared.
    factor
        Request → amount of the criterion's unit that one such unit is.
    """

    unit: str
    factor: Callable[[Request], float]


@dataclass(frozen=True)
class Criterion:
    """A measure with its unit, its value function and the data it reads.

    Attributes
    ----------
    name, subject
        Name (its suffix is its unit) and the subject it counts in.
    function
        Measures the sites.
    unit
        Unit as printed.
    value, why
        Breakpoints (x, v) of the value function and the reason for them; None is never scored.
    needs
        Layer to the columns that must be there.
    weight
        Points within the subject where the region is silent; 0 is measured and shown, not counted.
    uncertainty, grade
        What the range says, and the best grade its inputs can have.
    scale
        Set where the breakpoints are stated per unit of the request, and not in the criterion's own.
    spread
        What the ends of its range are.
    """

    name: str
    subject: str
    function: Function
    unit: str
    value: tuple[tuple[float, float], ...] | None
    why: str
    needs: Mapping[str, tuple[str, ...]]
    weight: float
    uncertainty: str
    grade: str
    kind: str = "number"
    scale: Scale | None = None
    spread: Spread = BOUNDS

    def points(self, request: Request) -> tuple[tuple[float, float], ...] | None:
        """Breakpoints in the criterion's own unit, for a request; the same at every site."""
        if self.value is None or self.scale is None:
            return self.value
        factor = self.scale.factor(request)
        return tuple((x * factor, v) for x, v in self.value)

    @property
    def title(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.function) or self.name).splitlines()[0].rstrip(".")

    @property
    def asks_for(self) -> tuple[str, ...]:
        """Names of the shared results its function takes, beside sites, layers and request."""
        return tuple(
            p
            for p in inspect.signature(self.function).parameters
            if p not in {"sites", "layers", "request", "rng"}
        )


_REGISTRY: dict[str, Criterion] = {}
_PROVIDERS: dict[str, Callable[..., Any]] = {}


def criterion(
    *,
    unit: str,
    value: Points | None = None,
    why: str = "",
    needs: Mapping[str, Sequence[str]] | None = None,
    weight: float = 0.0,
    uncertainty: str = "none stated",
    grade: str = "",
    kind: str = "number",
    scale: Scale | None = None,
    spread: Spread = BOUNDS,
) -> Callable[[Function], Function]:
    """Register a function as a criterion; its name is the function's, its subject the module's.

    The function takes `sites`, `layers`, `request` and, by name, any shared result of a
    `provides` function; it returns a Series of values or a DataFrame of `MEASURE_COLUMNS`.
    """

    def register(function: Function) -> Function:
        subject = function.__module__.split("criteria.", 1)[-1].split(".")[0]
        _REGISTRY[function.__name__] = Criterion(
            function.__name__, subject, function, unit, tuple((float(x), float(v)) for x, v in value) if value else None,
            why, {layer: tuple(columns) for layer, columns in (needs or {}).items()}, weight, uncertainty, grade, kind, scale, spread,
        )  # fmt: skip
        return function

    return register


def provides(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function whose result several criteria share, computed once a measuring."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _PROVIDERS[name] = function
        return function

    return register


def registry() -> dict[str, Criterion]:
    """All criteria by name: those of this package, then those of installed ones.

    Outside packages register by the entry-point group `powerwall.criteria`; loading the entry
    point runs their decorators.
    """
    from powerwall import criteria

    criteria.load()
    for entry in metadata.entry_points(group="powerwall.criteria"):
        entry.load()
    return dict(
        sorted(
            _REGISTRY.items(), key=lambda item: (SUBJECTS.get(item[1].subject, 99), item[1].name)
        )
    )


#: Order of the subjects wherever they are listed: what is scarce comes first.
SUBJECTS = {
    "power": 0,
    "cost": 1,
    "water": 2,
    "noise": 3,
    "policy": 4,
    "land": 5,
    "compute": 6,
    "proximity": 7,
}


class Shared:
    """Results that several criteria read, each computed at its first use.

    `cooling`, the name of the cooling plant, is one of them: what asks for it, directly or through
    another result, is computed anew under another plant, and the rest is shared.
    """

    def __init__(self, sites: gpd.GeoDataFrame, layers: Layers, request: Request) -> None:
        self._given: dict[str, Any] = {"sites": sites, "layers": layers, "request": request, "cooling": request.cooling}  # fmt: skip

    def under(self, cooling: str) -> Shared:
        """The same under another cooling plant."""
        other = Shared(self("sites"), self("layers"), self("request"))
        kept = {name: value for name, value in self._given.items() if not depends("cooling", name)}
        other._given |= kept | {"cooling": cooling}
        return other

    def __call__(self, name: str) -> Any:
        """A shared result by name.

        Raises
        ------
        LookupError
            If no function provides it.
        """
        if name not in self._given:
            if name not in _PROVIDERS:
                msg = f"nothing provides `{name}`"
                raise LookupError(msg)
            provider = _PROVIDERS[name]
            self._given[name] = provider(
                **{p: self(p) for p in inspect.signature(provider).parameters}
            )
        return self._given[name]

    def measure(self, item: Criterion) -> pd.DataFrame:
        """One criterion at every site; a missing layer or column makes it unknown, never zero."""
        sites, layers = self("sites"), self("layers")
        lacking = [
            f"layer {layer}" if layer not in layers else f"column {layer}.{column}"
            for layer, columns in item.needs.items()
            for column in ([""] if layer not in layers else columns)
            if layer not in layers or column not in layers[layer].frame
        ]
        if lacking:
            return unknown(sites.index, "no " + ", no ".join(lacking))
        given = {name: self(name) for name in ("sites", "layers", "request", *item.asks_for)}
        wanted = inspect.signature(item.function).parameters
        return measured(
            item.function(**{k: v for k, v in given.items() if k in wanted}), sites.index
        )


def depends(on: str, name: str) -> bool:
    """Tell whether a shared result is, or rests on, another one."""
    if name == on:
        return True
    provider = _PROVIDERS.get(name)
    return provider is not None and any(depends(on, p) for p in inspect.signature(provider).parameters)  # fmt: skip


def measured(result: pd.Series | pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """A measure with all its columns, in the order of the sites."""
    frame = result.to_frame("value") if isinstance(result, pd.Series) else result
    if not frame.index.equals(index):
        frame = frame.reindex(index)
    given = {name: frame[name].to_numpy() for name in MEASURE_COLUMNS if name in frame}
    nothing = np.full(len(index), np.nan)
    value, low, high, bound = (
        np.asarray(given.get(name, nothing), dtype=float)
        for name in ("value", "low", "high", "bound")
    )
    known = ~np.isnan(value)
    columns: dict[str, Any] = {
        name: given.get(name, np.full(len(index), None)) for name in MEASURE_COLUMNS
    }
    columns |= {
        "value": value,
        "low": np.where(np.isnan(low), value, low),
        "high": np.where(np.isnan(high), value, high),
        "bound": bound,
        "why": np.where(known, None, columns["why"]),
        "gates": np.array(
            [cell is not False and cell is not np.False_ for cell in columns["gates"]]
        ),
    }
    return pd.DataFrame(columns, index=index)


def unknown(index: pd.Index, why: str | pd.Series) -> pd.DataFrame:
    """A measure that is unknown everywhere, with the reason."""
    return measured(pd.DataFrame({"value": np.nan, "why": why}, index=index), index)
