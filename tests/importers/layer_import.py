"""What tests of one-layer importers share: run one, and read what it wrote in a region."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.sources import SOURCES
from powerwall.importers.written import as_table, kept
from powerwall.region.findings import Findings


def imported(source, *files, **asked):
    """Rows as they are written (None where there are none), the tally and the findings."""
    tally, findings, wanted = Tally(), Findings(), Asked(**asked)
    delivery = SOURCES[source].load()([Path(file) for file in files], wanted, tally, findings)
    if delivery is None:
        return None, tally, list(findings)
    return as_table(kept(delivery, wanted, tally)), tally, list(findings)


def by_command(source, *files, output, code=0, options=()):
    """Run `powerwall import`."""
    result = CliRunner().invoke(app, ["import", source, *map(str, files), "-o", str(output), *map(str, options)])  # fmt: skip
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def in_region(make_region, folder, source, *files, suffix=".csv", **layers):
    """The tiny region with a layer that was imported, by the block that the command printed."""
    result = by_command(source, *files, output=folder / f"imported{suffix}")
    region = make_region(folder, toml="\n".join(line for line in result.stdout.splitlines() if "as_of = ?" not in line), **layers)  # fmt: skip
    return pw.read(region)


def about(region, layer):
    """Findings of a region that speak of a layer, in so many words."""
    return [finding.message for finding in region.findings if layer in f"{finding.message} {finding.file}"]  # fmt: skip


def write_geojson(path, rows, crs="EPSG:4326"):
    """Rows with a shapely `geometry`."""
    gpd.GeoDataFrame(rows, geometry="geometry", crs=crs).to_file(path, driver="GeoJSON")
    return path


def write_book(path, **sheets):
    """A workbook; the name of each sheet with `_` for a blank, and its rows."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path
