"""The grid of candidate cells, as the region file declares it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from powerwall.region.keys import Positive, Strict

Distance = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Exclusion(Strict):
    """Features, or cells of a raster, where no candidate may lie."""

    layer: str = Field(description="vector or raster layer")
    where: str = Field(
        "", description="condition on its columns, e.g. `gap_status <= 2`; a raster's is `value`"
    )
    buffer_km: Distance = Field(
        0.0, description="distance kept from its features, in the plane [km]"
    )
    overlap: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="share of a cell's area that the buffered features must cover together for it to go; silent: its centre decides",
    )


class Inclusion(Strict):
    """Features, or cells of a raster, where a cell is a candidate whatever excludes it."""

    layer: str = Field(description="vector or raster layer")
    where: str = Field("", description="condition on its columns; a raster's is `value`")
    buffer_km: Distance = Field(
        0.0, description="distance round its features that counts as they do [km]"
    )


class Grid(Strict):
    """A regular grid of candidate cells."""

    cell_km: Positive | None = Field(None, description="width of a square cell [km]")
    h3_resolution: Annotated[int, Field(ge=0, le=15)] | None = Field(
        None, description="resolution of hexagonal H3 cells, instead of `cell_km`"
    )
    within: str = Field(
        description="polygon layer that limits the grid: cells have their centre in it"
    )
    where: str = Field("", description="condition on the columns of that layer")
    exclude: list[Exclusion] = Field(
        default_factory=list, description="where no candidate may lie, in the order of the funnel"
    )
    include: list[Inclusion] = Field(
        default_factory=list,
        description="where a cell stays whatever excludes it, or too small a patch, still inside `within`",
    )
    contiguous_ha: Positive | None = Field(
        None,
        description="smallest patch of cells joined by edges that a cell may belong to [ha]",
    )
    campus_ha: Positive | None = Field(
        None,
        description="of square cells: smallest area that a cell and the cells joined to it by edges must make inside the campus window; `area_ha` is then that area [ha]",
    )
    campus_km: Positive | None = Field(
        None,
        description="half the width of the square campus window round a cell, at most 31 cells [km]; silent: the smallest window that could hold `campus_ha` twice over (assumed)",
    )

    @model_validator(mode="after")
    def _fits(self) -> Grid:
        if self.cell_km is None and self.h3_resolution is None:
            raise ValueError("the cells have no size; write  cell_km = 2.0  or  h3_resolution = 7")
        if self.cell_km is not None and self.h3_resolution is not None:
            raise ValueError("gives both cell_km and h3_resolution; write  one of the two")
        if self.campus_km is not None and self.campus_ha is None:
            raise ValueError("gives campus_km without campus_ha; write  campus_ha = 200  beside it")
        return self
