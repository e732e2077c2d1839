"""Check: stacks of a region that cannot be read, with the place in their file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powerwall.criteria.cost.large_load import shipped_terms
from powerwall.criteria.cost.stack.choice import Stacks
from powerwall.criteria.cost.tariff.refusal import Refusal
from powerwall.region.findings import Findings, did_you_mean
from powerwall.region.json_places import json_places, nearest

if TYPE_CHECKING:
    from powerwall.region.layers import Layer
    from powerwall.region.read import Region

_CODES = {"not-a-number": "PW401", "bad-date": "PW408"}


def check_stacks(region: Region, findings: Findings) -> None:
    """Record what is wrong with the stacks of a region, and terms or stacks that are not there."""
    layer = region.layers.get("tariffs")
    if layer is None:
        return
    stacks = Stacks(region.layers, region.request)
    text = layer.path.read_text(encoding="utf-8-sig") if layer.path.suffix == ".json" else ""
    places = json_places(text) if text else {}
    for name, refusals in stacks.refused.items():
        for one in refusals:
            refused(one, layer, places, findings, name)
    for one in stacks.terms_refused:
        refused(one, layer, places, findings, "terms")
    for name, stack in stacks.stacks.items():
        at = stacks.position[name]
        line, column = places.get(f"stacks[{at}].stack_id", (0, 0))
        for read in stack.layers:
            for note in read.sheet.findings if read.sheet is not None else ():
                findings.add(note.code, f"{stack.id}: {read.id}: {note.message}", severity="note", file=layer.path, line=line, column=column)  # fmt: skip
    known = {**shipped_terms(), **stacks.own_terms}
    for name, stack in stacks.stacks.items():
        at = stacks.position[name]
        if stack.terms and stack.terms not in known:
            line, column = places.get(f"stacks[{at}].terms", (0, 0))
            findings.add("PW409", f"{stack.id}: `{stack.terms}` are no large-load terms known here", file=layer.path, line=line, column=column,
                         severity="warning", remedy=did_you_mean(stack.terms, list(known)))  # fmt: skip
    _check_sites(region, stacks, findings)
    _check_territories(region, stacks, findings)


def refused(one: Refusal, layer: Layer, places: dict[str, tuple[int, int]], findings: Findings, name: str) -> None:  # fmt: skip
    """Record a refusal at the place of its key, or of the nearest key above it."""
    line, column = nearest(one.place, places)
    findings.add(_CODES.get(one.code, "PW516"), f"{name}: {one.place}: {one.code}: {one.message}", file=layer.path, line=line, column=column,
                 remedy=one.remedy)  # fmt: skip


def _check_sites(region: Region, stacks: Stacks, findings: Findings) -> None:
    """Stacks that a site names and the region has not."""
    outlines, layer = region.layers.frame("tariff_territories"), region.layers.get("sites")
    drawn = set() if outlines is None else set(outlines["tariff_stack"].dropna())
    for row, (site, name) in enumerate(region.sites["tariff_stack"].items()):
        if isinstance(name, str) and name not in stacks.stacks and name not in drawn:
            place = layer.places(row, "tariff_stack") if layer else {}
            findings.add("PW409", f"site {site}: `tariff_stack` = {name} is no stack of the region", severity="warning",
                         remedy=did_you_mean(name, list(stacks.stacks)), **place)  # fmt: skip


def _check_territories(region: Region, stacks: Stacks, findings: Findings) -> None:
    """Stacks that a territory names and the region has not."""
    layer = region.layers.get("tariff_territories")
    if layer is None:
        return
    for index, name in layer.frame["tariff_stack"].items():
        if isinstance(name, str) and name not in stacks.stacks:
            findings.add("PW409", f"tariff_territories: `{name}` is no stack of the region", severity="warning",
                         remedy=did_you_mean(name, list(stacks.stacks)), **layer.places(int(str(index)), "tariff_stack"))  # fmt: skip
