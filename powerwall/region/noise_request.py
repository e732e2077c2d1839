"""Noise request: how loud the campus is taken to be, and by which method its noise is carried."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from powerwall.region.keys import Positive, Strict

Share = Annotated[float, Field(ge=0, le=1)]


class NoiseTable(Strict):
    """How the campus sounds, and the method; all of it has defaults."""

    edition: Literal["1996", "2024"] = Field("1996", description="edition of ISO 9613-2")
    ground: Share = Field(
        0.5, description="ground factor where a site has none: 0 hard, 1 porous [0–1]"
    )
    temperature_c: float = Field(10.0, ge=-40, le=60, description="air [°C]")
    humidity_pct: float = Field(70.0, gt=0, le=100, description="relative humidity [%]")
    pressure_kpa: float = Field(101.325, ge=50, le=110, description="air pressure [kPa]")
    extent: Literal["disc", "point", "edge"] = Field(
        "disc",
        description="power spread over a disc, at its centre, or all of it at the near rim",
    )
    campus_radius_m: Positive | None = Field(
        None, description="radius of the equipment yards; silent: from the area of the site [m]"
    )
    night_duty_db: float = Field(
        0.0, ge=-20, le=0, description="level of the cooling plant at night over that by day [dB]"
    )
    tonality: Literal["untreated", "treated"] = Field(
        "untreated", description="`treated`: no group has a tone that a rule punishes"
    )
    redundancy: float = Field(
        1.25, ge=1, le=3, description="installed over needed units, where a unit is chosen"
    )
    onsite_mw: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="generation that runs at all hours [MW]"
    )
    onsite_source: str = Field(
        "recip_engine_plant", description="what it is, an id of the equipment table"
    )
    standby_mw: Positive | None = Field(
        None, description="standby generator sets; silent: as many as the request needs [MW]"
    )
    tested_sets: int = Field(1, ge=0, description="standby sets that are tested at one time")
    source_sigma_db: float = Field(
        2.5,
        ge=0,
        le=10,
        description="standard deviation of the sound power; less once a unit is chosen [dB]",
    )
    path_sigma_db: float = Field(
        1.5,
        ge=0,
        le=10,
        description="standard deviation of the propagation up to 1 km; doubled beyond [dB]",
    )
    ambient_sigma_db: float = Field(
        5.0, ge=0, le=15, description="standard deviation of a limit over an assumed ambient [dB]"
    )
    buffer_db: float = Field(
        2.0, ge=0, le=20, description="margin that mitigation is to leave [dB]"
    )
    count: list[Literal["guidance", "proposed", "draft", "unknown"]] = Field(
        [], description="legal states of rules that count beside those in force"
    )
    preloaded: list[str] = Field(
        [], description="rule sets whose limit other plants already use up in part"
    )
