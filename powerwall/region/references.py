"""References: ids that point to a row of another layer."""

from __future__ import annotations

from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.joins import split_ids
from powerwall.region.layers import Layers
from powerwall.region.schema import LAYERS

#: A site that names a node which is not there must not silently get another one.
_MUST = {"poi_id", "network_bus"}


def check_references(layers: Layers, findings: Findings) -> None:
    """Record ids that point nowhere; countries and states need no outline."""
    for layer in layers.values():
        for column, other in layer.schema.refers.items():
            target = layers.get(other)
            if target is None or column not in layer.frame:
                continue
            known = [str(value) for value in target.frame[LAYERS[other].key].dropna()]
            several = column in layer.schema.lists
            for row, cell in layer.frame[column].dropna().items():
                for value in split_ids(cell) if several else [str(cell)]:
                    wide = other == "jurisdictions" and value.count("-") <= 1
                    if value not in known and not wide:
                        findings.add(
                            "PW409", f"{layer.name}: `{column}` = {value} is not in `{other}`",
                            severity="error" if column in _MUST else "warning",
                            remedy=did_you_mean(value, known), **layer.places(int(str(row)), column),
                        )  # fmt: skip
