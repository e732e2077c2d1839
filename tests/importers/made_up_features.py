"""Synthetic files of features, and the import of them: nothing in them is real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd

from powerwall.importers.delivery import Asked, Tally
from powerwall.importers.sources import SOURCES
from powerwall.importers.written import kept
from powerwall.region.findings import Findings


def write_features(path: Path, rows: list[tuple[dict[str, Any] | None, dict[str, Any]]]) -> Path:
    """Write (geometry, properties) as GeoJSON, one feature a line."""
    features = [json.dumps({"type": "Feature", "geometry": geometry, "properties": own}) for geometry, own in rows]  # fmt: skip
    path.write_text('{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n", encoding="utf-8")  # fmt: skip
    return path


def in_crs(path: Path, target: Path, crs: str) -> Path:
    """The same features in another coordinate system."""
    gpd.read_file(path).to_crs(crs).to_file(target)
    return target


def read_source(name: str, *files: Path, **asked: Any):
    """Frame, tally, findings and delivery of a source's files; the frame is None after an error."""
    findings, tally = Findings(), Tally()
    delivery = SOURCES[name].load()(files, Asked(**asked), tally, findings)
    frame = None if delivery is None or findings.errors else kept(delivery, Asked(**asked), tally)
    return frame, tally, list(findings), delivery


def codes(findings) -> list[str]:
    """Codes of the errors and warnings."""
    return [finding.code for finding in findings if finding.severity != "note"]
