"""The region file: one TOML, checked key by key, each key with its place."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from powerwall.region.findings import BadInput, Findings, did_you_mean, shown
from powerwall.region.grid_table import Exclusion, Grid, Inclusion
from powerwall.region.keys import Day, Points, Positive, Strict
from powerwall.region.noise_request import NoiseTable
from powerwall.region.places import Path as KeyPath
from powerwall.region.places import key_places, nearest_place
from powerwall.region.request import RequestTable


class Source(Strict):
    """Where data come from."""

    title: str = Field(description="name of the publication")
    path: str = Field("", description="address of the page or file")


class Rate(Strict):
    """A declared exchange rate; money is never converted without one."""

    usd: Positive = Field(description="US dollars for one unit of the currency")
    as_of: Day = Field(description="day of the rate")
    source: str = Field(description="who published the rate")


class Around(Strict):
    """One screening candidate round every feature of a point layer."""

    layer: str = Field("points_of_interconnection", description="point layer to go round")
    where: str = Field("", description="condition on its columns, e.g. `voltage_kv >= 138`")
    radius_km: Positive = Field(
        2.0, description="the candidate lies somewhere within this distance [km]"
    )


class ColumnMap(Strict):
    """Where a canonical column comes from."""

    from_: str = Field(alias="from", description="name of the column in the file")
    unit: str | None = Field(None, description="unit in the file, where it is not the suffix's")
    nodata: list[str | float] = Field(
        default_factory=list, description="cells that mean no data in this column"
    )


class FileTable(Strict):
    """What the file of a dataset does not say itself."""

    as_of: Day | None = Field(None, description="day the data describe")
    source: Source | None = Field(None, description="where the data come from")
    licenses: list[str] = Field(default_factory=list, description="SPDX identifiers or names")
    attribution: str = Field("", description="sentence the licence asks for")
    fresh_days: Annotated[int, Field(gt=0)] | None = Field(
        None, description="age after which `check` calls it stale [d]"
    )
    sha256: str | None = Field(None, description="checksum of the file")
    layer: str | None = Field(None, description="layer inside a GeoPackage")
    crs: str | None = Field(None, description="coordinate system, where the file has none itself")
    delimiter: str = Field(",", min_length=1, max_length=1, description="separator of a CSV")
    nodata: list[str | float] = Field(default_factory=list, description="cells that mean no data")
    columns: dict[str, ColumnMap] = Field(
        default_factory=dict, description="canonical name → native column"
    )


class LayerTable(FileTable):
    """One dataset."""

    path: str = Field(description="file, relative to the region file")
    geometry: Literal["none"] | None = Field(
        None, description='"none" for a table that joins by a key'
    )
    join: str | None = Field(None, description="the key it joins by")
    covers: list[str] = Field(
        default_factory=list,
        description="authorities whose acts or events it was searched for, even where none was found",
    )
    covers_from: Day | None = Field(None, description="first day of the events it was searched for")
    covers_to: Day | None = Field(None, description="last day of the events it was searched for")
    band: Annotated[int, Field(ge=1)] = Field(1, description="band of a raster, from 1")
    scale: float = Field(1.0, description="factor of the numbers of a raster")
    offset: float = Field(0.0, description="added to them after the factor")


class SitesTable(FileTable):
    """The candidates."""

    path: str | None = Field(None, description="file of named places, relative to the region file")
    id: str = Field("site_id", description="its key column")
    around: Around | None = Field(None, description="candidates round the features of a layer")
    grid: Grid | None = Field(None, description="candidates on a grid")
    screen: bool = Field(
        False,
        description="measure only the criteria declared in this file, in arrays, at every cell of the grid or row of a GeoParquet",
    )


class RequirementTable(Strict):
    """A limit that puts a site out; bounds are inclusive."""

    min: float | None = Field(None, description="smallest value that passes")
    max: float | None = Field(None, description="largest value that passes")
    min_per_mw: float | None = Field(None, description="smallest value for each requested MW")
    max_per_mw: float | None = Field(None, description="largest value for each requested MW")
    is_: bool | None = Field(None, alias="is", description="the truth value that passes")


class GatesTable(Strict):
    """What `powerwall compare` fails on."""

    max_rank_shift: int | None = Field(None, description="largest shift of a rank")
    min_top_held: float | None = Field(
        None, description="smallest share of draws that keep the leaders"
    )
    fail_on_stale: bool = Field(False, description="stale layers fail the run")


class CustomCriterion(Strict):
    """A measure declared here instead of in Python."""

    measure: Literal[
        "distance_km", "count_within", "sum_within", "length_within",
        "share_covered", "value_at", "area_weighted_mean",
    ] = Field(description="generic measure")  # fmt: skip
    layer: str = Field(description="layer it reads")
    column: str | None = Field(
        None, description="column, for sum_within, value_at and area_weighted_mean of features"
    )
    where: str = Field("", description="condition on the layer's columns; a raster's is `value`")
    weights: str | None = Field(
        None, description="raster layer that weights an area_weighted_mean of a raster"
    )
    within_km: Positive | None = Field(
        None, description="radius, for the measures that look round a site [km]"
    )
    value: Points | None = Field(None, description="breakpoints of the value function")
    weight: Annotated[float, Field(ge=0)] = Field(1.0, description="points within its subject")
    subject: str = Field("proximity", description="subject it counts in")
    title: str = Field("", description="heading")


class RegionTable(Strict):
    """The region file."""

    schema_: Literal[1] = Field(alias="schema", description="version of this format")
    name: str = Field(description="short name, as in the file's own name")
    title: str = Field(description="name to print")
    version: str = Field("", description="version of the data")
    description: str = Field("", description="a sentence or two")
    as_of: Day | None = Field(
        None,
        description="month 0 of every plan; rules in force on this day; silent: the newest layer's",
    )
    edition: Literal["screening", "checked"] = Field(
        "checked", description="screening: what is still open is a finding"
    )
    synthetic: bool = Field(
        False, description="made-up data: left out where real regions are ranked together"
    )
    licenses: list[str] = Field(
        default_factory=list, description="of the region file and its layers"
    )
    contributors: list[str] = Field(default_factory=list, description="who made it")
    sources: list[Source] = Field(default_factory=list, description="where it comes from")
    crs: str = Field(
        description="projected coordinate system in metres; distances are computed in it"
    )
    currency: str = Field("USD", description="currency of the tariffs")
    money_of: int | None = Field(None, description="year whose money is printed")
    rates: dict[str, Rate] = Field(default_factory=dict, description="declared exchange rates")
    min_coverage: float = Field(
        0.5, ge=0, le=1, description="share of the weight that must be known for a rank"
    )
    request: RequestTable = Field(description="what is to be built")
    sites: SitesTable = Field(description="the candidates")
    layers: dict[str, LayerTable] = Field(default_factory=dict, description="the datasets")
    weights: dict[str, float | dict[str, float]] = Field(
        default_factory=dict,
        description="points of each subject, and `<subject>_criteria` within one",
    )
    profiles: dict[str, dict[str, float | dict[str, float]]] = Field(
        default_factory=dict,
        description="named sets of weights, each like `[weights]`; `--profile NAME` ranks by one",
    )
    values: dict[str, Points] = Field(
        default_factory=dict, description="breakpoints that replace a criterion's own"
    )
    require: dict[str, RequirementTable] = Field(default_factory=dict, description="requirements")
    gates: GatesTable = Field(default_factory=GatesTable, description="limits for `compare`")
    criteria: dict[str, CustomCriterion] = Field(
        default_factory=dict, description="custom measures"
    )


class Places:
    """Where the keys of one region file stand."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._places = key_places(text)

    def __call__(self, *key: str) -> dict[str, Any]:
        """Place of a key as the keyword arguments of `Findings.add`."""
        line, column = nearest_place(self._places, key)
        return {"file": self.path, "line": line, "column": column}


def read_table(path: Path, findings: Findings) -> tuple[RegionTable, Places]:
    """Read a region file; every fault of it is recorded before any is raised.

    Raises
    ------
    BadInput
        If the file is missing, is not TOML or does not fit the model.
    """
    text = _text(path, findings)
    places = Places(path, text)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column = _decode_place(error, text)
        findings.add(
            "PW101", f"not valid TOML: {str(error).split(' (at')[0]}", file=path, line=line, column=column,
            remedy="strings stand in quotes, dates do not; tables start with [name]",
        )  # fmt: skip
        findings.raise_errors()
    try:
        table = RegionTable.model_validate(content)
    except ValidationError as error:
        _record(error, places, findings)
        findings.raise_errors()
        raise
    _check_numbers(content, places, findings)
    findings.raise_errors()
    return table, places


def _text(path: Path, findings: Findings) -> str:
    if not path.is_file():
        folders = {path.parent, Path("regions")}
        near = sorted({p.stem for folder in folders for p in folder.glob("*.toml")} - {"pyproject"})
        findings.add(
            "PW101",
            f"no region file {shown(path)}",
            file=path,
            remedy=did_you_mean(path.stem, near),
        )
        raise BadInput(findings)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        findings.add(
            "PW101", f"not UTF-8 at byte {error.start}", file=path, remedy="save the file as UTF-8"
        )
        raise BadInput(findings) from error


def _decode_place(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, int]:
    words = str(error).replace(",", " ").replace(")", " ").split()
    numbers = [int(word) for word in words if word.isdigit()]
    return (numbers[-2], numbers[-1]) if len(numbers) >= 2 else (len(text.splitlines()) or 1, 1)


def _record(error: ValidationError, places: Places, findings: Findings) -> None:
    for item in error.errors():
        key = tuple(str(part) for part in item["loc"] if not isinstance(part, int))
        name = ".".join(key)
        place = places(*key)
        if item["type"] == "extra_forbidden":
            findings.add(
                "PW104",
                f"unknown key `{name}`",
                remedy=did_you_mean(key[-1], known_keys(key[:-1])),
                **place,
            )
        elif item["type"] == "missing":
            findings.add("PW103", f"`{name}` is missing", remedy=f"add `{key[-1]} = …`", **place)
        else:
            given = item["input"]
            message, _, remedy = item["msg"].removeprefix("Value error, ").partition("; write ")
            told = f"`{name}`" if isinstance(given, dict) else f"`{name}` = {given!r}"
            findings.add("PW102", f"{told}: {message}", remedy=f"write {remedy}" if remedy else "", **place)  # fmt: skip


def known_keys(path: KeyPath) -> list[str]:
    """Keys that the table at a path of the region file knows."""
    model: type[BaseModel] | None = RegionTable
    free: dict[str, type[BaseModel]] = {
        "layers": LayerTable,
        "columns": ColumnMap,
        "rates": Rate,
        "require": RequirementTable,
        "criteria": CustomCriterion,
    }
    fixed: dict[str, type[BaseModel]] = {
        "request": RequestTable,
        "noise": NoiseTable,
        "sites": SitesTable,
        "around": Around,
        "grid": Grid,
        "exclude": Exclusion,
        "include": Inclusion,
        "source": Source,
        "gates": GatesTable,
    }
    for part in path:
        model = fixed.get(part) or free.get(part) or model
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def _check_numbers(
    content: Mapping[str, Any], places: Places, findings: Findings, path: KeyPath = ()
) -> None:
    """TOML allows `nan` and `inf`; no key of a region file does."""
    for key, value in content.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            _check_numbers(value, places, findings, here)
        elif isinstance(value, float) and not math.isfinite(value):
            code = "PW106" if {"weights", "profiles"} & set(here) else "PW102"
            findings.add(
                code, f"`{'.'.join(here)}` = {value}: must be a finite number", **places(*here)
            )
