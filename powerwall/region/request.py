"""The request: what is to be built, by when, seen from the as-of date."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from pydantic import Field

from powerwall.region.dates import months_between
from powerwall.region.keys import ByMonth, Day, Positive, Strict
from powerwall.region.noise_request import NoiseTable


class RequestTable(Strict):
    """What is to be built."""

    mw: Positive = Field(300.0, description="requested grid power at full build-out [MW]")
    first_mw: Positive | None = Field(
        None, description="first block of power; silent: the whole request [MW]"
    )
    need_by: Day = Field(description="day by which the power is needed")
    horizon: Day | None = Field(None, description="last day that counts")
    cooling: str = Field(
        "mixed-hall", description="cooling plant; `auto` takes the best one of each site"
    )
    cooling_parameters: dict[str, bool | float | str] | None = Field(
        None, description="parameters of the cooling plant in place of the shipped ones, by name"
    )
    accelerator: str | None = Field(None, description="accelerator model")
    deliveries: ByMonth | None = Field(
        None, description="accelerators in hand by month, cumulative"
    )
    heat_rejection_mw: ByMonth | None = Field(
        None, description="heat rejection built and permitted by month, cumulative [MW]"
    )
    contracted_mw: ByMonth | None = Field(
        None, description="generation contracted or owned by month, cumulative [MW]"
    )
    ramp_months: float = Field(
        0.0, ge=0, le=240, description="months from the first block to the whole request"
    )
    outside_weight: float = Field(
        0.0, ge=0, le=1, description="weight of the outside view in every date and probability"
    )
    permit_hazard: bool = Field(
        False, description="local events and refusals of other projects lower the odds of a permit"
    )
    noise: NoiseTable | None = Field(None, description="how the campus sounds; see below")


@dataclass(frozen=True)
class Request:
    """What every measure is a function of, beside the site itself.

    Attributes
    ----------
    mw, first_mw
        Requested grid power at full build-out, and its first block. [MW]
    as_of
        Month 0 of every plan; rules are read as in force on this day.
    need_by, horizon
        Day by which the power is needed; last day that counts.
    ramp_months
        Months from the first block to the whole request; 0 is everything at once.
    outside_weight
        Weight of the outside view in every date and probability, 0–1.
    permit_hazard
        Local events and refusals of other projects lower the odds of a permit, by assumed ratios.
    cooling, cooling_parameters
        Cooling plant, or `auto`; and its parameters in place of the shipped ones.
    deliveries, heat_rejection_mw, contracted_mw
        Accelerators in hand, heat rejection built and permitted, generation contracted, each
        cumulative by month; silent is no constraint.
    noise
        How the campus sounds, and the method of propagation.
    currency, rates
        Currency of the tariffs and its declared rates to US dollars.
    """

    mw: float
    need_by: date
    as_of: date
    first_mw: float | None = None
    horizon: date | None = None
    cooling: str = "mixed-hall"
    cooling_parameters: dict[str, bool | float | str] = field(default_factory=dict)
    currency: str = "USD"
    money_of: int | None = None
    usd_per_currency: float | None = None
    rate_note: str = ""
    seed: int = 0
    draws: int = 4096
    accelerator: str | None = None
    deliveries: dict[str, float] = field(default_factory=dict)
    heat_rejection_mw: dict[str, float] = field(default_factory=dict)
    contracted_mw: dict[str, float] = field(default_factory=dict)
    ramp_months: float = 0.0
    outside_weight: float = 0.0
    permit_hazard: bool = False
    noise: NoiseTable = field(default_factory=NoiseTable)

    @property
    def need_by_months(self) -> float:
        """Months from the as-of date to the day of need. [months]"""
        return months_between(self.as_of, self.need_by)

    @property
    def horizon_months(self) -> float:
        """Months from the as-of date to the horizon; NaN where there is none. [months]"""
        return months_between(self.as_of, self.horizon) if self.horizon else float("nan")

    def with_options(self, **given: object) -> Request:
        """The request with the options that were given; None leaves a value alone."""
        changes = {name: value for name, value in given.items() if value is not None}
        return replace(self, **changes)  # type: ignore[arg-type]
