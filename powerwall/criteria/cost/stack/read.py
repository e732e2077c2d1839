"""Read: a stack as declared, each fault with the path of its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from powerwall.criteria.cost.stack.keys import shaped
from powerwall.criteria.cost.stack.layer import StackLayer, read_layer
from powerwall.criteria.cost.stack.stack import Scenario, Stack
from powerwall.criteria.cost.tariff.refusal import Refusals


def read_stack(content: Mapping[str, Any], place: str, folder: Path, refusals: Refusals, outer: Mapping[str, Any] | None = None) -> Stack:  # fmt: skip
    """A stack as declared.

    Parameters
    ----------
    content, place, folder
        The record, the path of its key, and where its files are looked for.
    refusals
        Takes what cannot be read.
    outer
        What the file says for all of its stacks: `currency as_of sources missing`.
    """
    outer = outer or {}
    content = shaped(content, place, refusals)
    name = str(content.get("stack_id") or content.get("id") or "")
    layers = []
    for at, record in enumerate(content.get("layers", [])):
        layer = read_layer(record, f"{place}layers[{at}]", folder, refusals)
        if layer is not None:
            layers.append(layer)
    currency = str(content.get("currency") or outer.get("currency") or "USD").upper()
    _check_together(layers, currency, place, refusals)
    titles = {key: str(one.get("title") or "") for key, one in _table(outer.get("sources")).items() if isinstance(one, Mapping)}  # fmt: skip
    stack = Stack(
        name, str(content.get("title") or name), str(content.get("utility_id") or ""), currency, tuple(layers),
        content.get("none") or {}, content.get("applies") or {}, str(content.get("grade") or "D"),
        str(content.get("as_of") or outer.get("as_of") or ""), str(content.get("terms") or ""), content.get("power_factor"),
        tuple(_scenarios(content, place, {one.id for one in layers}, refusals)), tuple(map(str, _list(content.get("missing")) or _list(outer.get("missing")))),
        titles,
    )  # fmt: skip
    for scenario in stack.scenarios:
        stack.under(scenario, folder, refusals, f"{place}scenarios.{scenario.id}.")
    return stack


def _check_together(layers: list[StackLayer], currency: str, place: str, refusals: Refusals) -> None:  # fmt: skip
    """What layers say of one another: one name each, one currency, and shares of what there is."""
    kinds = {one.id: one.kind for one in layers}
    names = [one.id for one in layers]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        refusals.add("bad-layer", f"{place}layers", f"two layers are called `{twice}`", "ids are unique inside a stack")  # fmt: skip
    for at, layer in enumerate(layers):
        if layer.price and layer.price.currency.upper() != currency:
            refusals.add("unknown-unit", f"{place}layers[{at}]", f"is priced in {layer.price.currency.upper()} in a stack in {currency}", "one currency a stack")  # fmt: skip
        for on in layer.on if layer.share is not None else ():
            if layer.kind != "tax" and kinds.get(on) in {"tax", "surcharge", "minimum"}:
                refusals.add("bad-layer", f"{place}layers[{at}]", f"takes a share of `{on}`, which comes after it", "a rider is taken of a charge, before minimum bill, surcharges and taxes")  # fmt: skip
            if on != "*" and on not in kinds:
                refusals.add("bad-layer", f"{place}layers[{at}]", f"takes a share of `{on}`, which is no layer", "name a layer by its id")  # fmt: skip


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _scenarios(content: Mapping[str, Any], place: str, known: set[str], refusals: Refusals) -> Iterable[Scenario]:  # fmt: skip
    for name, body in (content.get("scenarios") or {}).items():
        worded = isinstance(body, Mapping) and bool({"text", "status", "layers"} & set(body))
        changes = (body.get("layers") or {}) if worded else body
        if not isinstance(changes, Mapping) or any(not isinstance(one, Mapping) for one in changes.values()):  # fmt: skip
            refusals.add("bad-stack", f"{place}scenarios.{name}", "is no table of layers by id", 'write {"text": …, "layers": {"transmission": {…}}}')  # fmt: skip
            continue
        for layer in set(changes) - known:
            refusals.add("bad-layer", f"{place}scenarios.{name}", f"changes `{layer}`, which is no layer", "name a layer by its id")  # fmt: skip
        words = body if worded else {}
        yield Scenario(str(name), str(words.get("text", "")), str(words.get("status", "")), changes)
