"""Noise: a campus as a source, every limit that it meets at a site, distances, and what would help."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.text import Text

from powerwall.criteria.criterion import Shared
from powerwall.criteria.noise.campus import level_at
from powerwall.criteria.noise.exposure import (
    OWN_LINE,
    REACH_M,
    Exposure,
    exposure_of,
    read,
    readings,
)
from powerwall.criteria.noise.flags import STUDY, names, words
from powerwall.criteria.noise.mitigation import LAYER as MEASURES
from powerwall.criteria.noise.mitigation import Measure, Package, gain_dba, measures, package
from powerwall.criteria.noise.receptors import PERIODS
from powerwall.criteria.noise.rules.limits import generator_levels
from powerwall.criteria.noise.scene import Candidate, Scene, candidates
from powerwall.criteria.noise.setbacks import distance_under, keeps, spare_distance
from powerwall.criteria.noise.sources import GENERATION, STANDBY, equipment_table, group
from powerwall.criteria.noise.sources import LAYER as EQUIPMENT
from powerwall.criteria.noise.states import OUTAGE, with_generation
from powerwall.output.columns import Head, fitting_table
from powerwall.output.numbers import UNKNOWN, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from powerwall.criteria.noise.reading import Reading
    from powerwall.criteria.noise.rules.rows import NoiseRule
    from powerwall.criteria.noise.sources import Group
    from powerwall.criteria.noise.states import Campus
    from powerwall.criteria.power.site.services import Bridge
    from powerwall.ranking.rank import Ranking
    from powerwall.region.read import Region

_HEADS = (
    Head("limit", right=False), Head("by", right=False), Head("hours", right=False, goes=4), Head("dB", goes=2), Head("level", goes=3), Head("margin"), Head("P10 – P90", goes=6),
    Head("stays under", goes=9), Head("receptor", right=False, goes=7), Head("m", goes=1), Head("keep m", goes=5), Head("state", right=False),
    Head("status", right=False), Head("as of", right=False),
)  # fmt: skip


def print_noise(region: Region, site_id: str, cooling: str, to: Console) -> None:
    """Print the campus, the limits at a site, the distances they ask for and a package of measures."""
    exposure = _exposure(region, site_id, cooling)
    one = exposure.scene
    to.print(Text("noise", style="bold"))
    _print_campus(one, to)
    met = _met(one)
    if met:
        to.print(fitting_table(_HEADS, [_row(one, *pair) for pair in met], to.width))
        to.print(Text("  every limit that counts, by the nearest receptor that it protects; by day is 06–22 h and by night 22–06 h, which a rule may meet in part; m to the centre of the campus, keep m the distance that the limit asks for; a range is of two standard deviations where a position is a guess", style="dim"), soft_wrap=True)  # fmt: skip
    _print_binding(exposure, to)
    _print_unknown(exposure, to)
    _print_flags(exposure, to)
    _print_rest(one, to)
    hidden = any(isinstance(frame["why"].iloc[0], str) and math.isnan(frame["low_db"].iloc[0]) for frame in exposure.frames.values())  # fmt: skip
    _print_package(one, met, to, hidden=hidden)
    to.print(Text(f"  – {STUDY}", style="dim"), soft_wrap=True)
    to.print()


def _exposure(region: Region, site_id: str, cooling: str) -> Exposure:
    request = replace(region.request, cooling=cooling)
    found: Exposure = Shared(region.sites.loc[[site_id]], region.layers, request)("exposure")
    return found


def _met(one: Scene) -> list[tuple[Candidate, Reading]]:
    """Limits that hold at the one site, the smallest margin first."""
    found = [
        pair for period in PERIODS for pair in readings(one, period)
        if pair[0].holds[0] and (pair[0].metres[0] <= REACH_M.value or pair[0].receptor[0] < 0) and not math.isnan(pair[1].margin_db[0])
    ]  # fmt: skip
    return sorted(found, key=lambda pair: (float(pair[1].margin_db[0]), pair[0].period))


def _print_campus(one: Scene, to: Console) -> None:
    campus, settings = one.campuses[0], one.request.noise
    always = ", ".join(f"{each.equipment.source_id} {each.dba:.1f}" for each in campus.groups if each.runs == "always")  # fmt: skip
    tests = ", ".join(f"{each.equipment.source_id} {each.dba:.1f}" for each in campus.groups if each.runs == "test")  # fmt: skip
    gap = campus.low_frequency_gap_db
    to.print(
        f"{one.request.mw:g} MW with {one.request.cooling}: sound power {campus.sound_power_dba:.1f} dB(A), dB(C) {gap:.1f} above it; always {always}"
        + (f"; in tests {tests}" if tests else ""), soft_wrap=True,
    )  # fmt: skip
    tone = "a tone is heard" if one.tonal else "no tone is heard"
    ground = campus.settings.ground
    rounded = "" if round(campus.radius_m) == round(one.radius_m[0]) else f", rounded up to {campus.radius_m:,.0f} m"  # fmt: skip
    to.print(
        f"  {settings.extent} of {one.radius_m[0]:,.0f} m{rounded}, {tone}; ISO 9613-2:{settings.edition}, ground factor {ground:g}, "
        f"{settings.temperature_c:g} °C, {settings.humidity_pct:g} %; height above ground {_heights(campus)} m", soft_wrap=True,
    )  # fmt: skip
    unsure = [each.equipment for each in campus.groups if each.equipment.status == "unverified"]
    for kind in {each.source_id: each for each in unsure}.values():
        to.print(Text(f"  – {kind.source_id}: {kind.low_dba:g} to {kind.high_dba:g} dB(A) at 1 MW, {kind.mode_dba:g} taken; {kind.source}", style="dim"), soft_wrap=True)  # fmt: skip


def _heights(campus: Campus) -> str:
    heights = sorted({each.equipment.height_m for each in campus.groups if each.runs == "always"})
    return " and ".join(f"{height:g}" for height in heights)


def _row(one: Scene, candidate: Candidate, reading: Reading) -> list[str]:
    rule = candidate.rule
    guess = bool(reading.guess[0])
    margin, low, high = (float(values[0]) for values in (reading.margin_db, reading.low_db, reading.high_db))  # fmt: skip
    unit = "dB" if rule.weighting == "octave" else f"dB({rule.weighting})"
    band = "" if math.isnan(reading.band_hz[0]) else f" at {reading.band_hz[0]:g} Hz"
    limit = candidate.limit_db if rule.weighting == "octave" else float(reading.limit_db[0])
    kept = distance_under(one.campuses[0], rule, candidate.state, limit)
    return [
        rule.rule_id, candidate.period, _hours(rule), f"{reading.limit_db[0]:.1f} {unit}{band}", f"{reading.received_db[0]:.1f}", UNKNOWN if guess else signed(margin),
        f"{signed(low)} … {signed(high)}", UNKNOWN if guess else percent(float(reading.pass_probability[0])), _receptor(one, candidate), f"{candidate.metres[0]:,.0f}",
        _metres(kept), rule.rule_status.replace("_", " "), rule.status, rule.as_of or UNKNOWN,
    ]  # fmt: skip


def _hours(rule: NoiseRule) -> str:
    """Days and hours of a rule; the period of a margin is wider than they are."""
    if "otherwise" in rule.days:
        return "otherwise"
    window = f"{rule.window_start}–{rule.window_end}" if rule.window_start or rule.window_end else "all"  # fmt: skip
    return window if rule.days in {"", "all"} else f"{rule.days} {window}"


def _receptor(one: Scene, candidate: Candidate) -> str:
    at = int(candidate.receptor[0])
    return OWN_LINE if at < 0 or one.receptors is None else str(one.receptors.frame["receptor_id"].iloc[at])  # fmt: skip


def _metres(metres: float) -> str:
    return f"{metres:,.0f}" if math.isfinite(metres) else "> 20,000"


def signed(value: float) -> str:
    """A difference in dB with its sign."""
    return UNKNOWN if math.isnan(value) else f"{value:+.1f}".replace("-", "−")


def _print_binding(exposure: Exposure, to: Console) -> None:
    """Level by either weighting where the limit of each period binds."""
    for period, frame in exposure.frames.items():
        row = frame.iloc[0]
        if math.isnan(row["distance_m"]):
            continue
        gap = row["received_dbc"] - row["received_dba"]
        campus = exposure.scene.campuses[0]
        where = campus.distance_to(row["distance_m"])
        outage = float(level_at(campus.levels(OUTAGE, 1.5).table, where, "A"))
        to.print(f"by {period}: {row['received_dba']:.1f} dB(A) and {row['received_dbc']:.1f} dB(C), {gap:.1f} apart, at {row['receptor_id']}; {outage:.1f} dB(A) in an outage, all standby sets running, which counts against no limit", soft_wrap=True)  # fmt: skip


def _print_unknown(exposure: Exposure, to: Console) -> None:
    """Why a margin is not known, and the distance that is known all the same, by day and at night."""
    for period, frame in exposure.frames.items():
        why = frame["why"].iloc[0]
        if isinstance(why, str):
            to.print(f"margin by {period}: unknown, {why}", soft_wrap=True)
    found = keeps(exposure, 0)
    for period in PERIODS:
        each = [keep for keep in found if keep.period == period]
        if each:
            to.print(f"distance to keep by {period}: {_metres(each[0].metres)} m, {each[0].rule.caption}", soft_wrap=True)  # fmt: skip


def _print_flags(exposure: Exposure, to: Console) -> None:
    told: dict[str, list[str]] = {}
    for period, frame in exposure.frames.items():
        for text in words(int(frame["flags"].iloc[0])):
            told.setdefault(text, []).append(period)
    for text, periods in told.items():
        to.print(Text(f"  – {' and '.join(periods)}: {text}", style="dim"), soft_wrap=True)


def _print_rest(one: Scene, to: Console) -> None:
    """Distance rules, rules about generators, limits that cannot be formed, and rules that do not count."""
    own = one.sites["jurisdiction_id"].iloc[0]
    authority = own if isinstance(own, str) else None
    counted = one.book.of(authority)
    spare = spare_distance(one).iloc[0]
    unit = equipment_table(one.layers.frame(EQUIPMENT))[STANDBY]
    for rule in counted:
        if rule.kind == "setback":
            left = f", {spare['value']:,.0f} m to spare".replace("-", "−") if rule.rule_id == spare.get("row") and not math.isnan(spare["value"]) else ""  # fmt: skip
            to.print(f"distance rule: {rule.caption}{left}", soft_wrap=True)
        elif rule.kind == "generator_level":
            level, limit = generator_levels(rule, unit.unit_dba)
            to.print(f"standby set: {level:.1f} dB(A) at {rule.reference_distance_m:g} m against {limit:g}, {signed(limit - level)} dB; {rule.caption}", soft_wrap=True)  # fmt: skip
        elif rule.kind == "generator_window":
            to.print(f"tests of standby sets: {_hours(rule)}; {rule.caption}", soft_wrap=True)
    blind = {c.rule.caption for period in PERIODS for c in candidates(one, period) if c.holds[0] and np.isnan(c.limit_db).all()}  # fmt: skip
    for caption in sorted(blind):
        to.print(Text(f"  – counts, not formed without the level that is there: {caption}", style="dim"), soft_wrap=True)  # fmt: skip
    for rule in one.book.shown.get(authority or "", ()):
        if rule not in counted or rule.kind == "not_found":
            to.print(Text(f"  – recorded here, not counted: {rule.caption}", style="dim"), soft_wrap=True)  # fmt: skip


def package_for(one: Scene, met: list[tuple[Candidate, Reading]]) -> Package | None:
    """Measures that leave the wanted margin to every limit at the one site; None where none is known."""
    if not met:
        return None

    def margin_of(campus: Campus) -> float:
        quieter = replace(one, campuses=(campus,))
        return min(float(read(quieter, candidate).margin_db[0]) for candidate, _ in met)

    known = measures(one.layers.frame(MEASURES))
    return package(one.campuses[0], known, margin_of, one.request.noise.buffer_db)


def _print_package(one: Scene, met: list[tuple[Candidate, Reading]], to: Console, *, hidden: bool) -> None:  # fmt: skip
    """What a package would leave, each measure with its status, cost and side effect."""
    wanted = one.request.noise.buffer_db
    guesses = [reading for _, reading in met if reading.guess[0]]
    if hidden:
        to.print("mitigation: unknown, as the margin is")
        return
    if guesses:
        ends = [max(wanted - min(float(getattr(each, end)[0]) for each in guesses), 0.0) for end in ("high_db", "low_db")]  # fmt: skip
        to.print(f"mitigation: from {ends[0]:.1f} to {ends[1]:.1f} dB, since a position is a guess: no package is tried", soft_wrap=True)  # fmt: skip
        return
    found = package_for(one, met)
    if found is None:
        return
    if not found.measures and found.feasible_after:
        to.print(f"mitigation: none needed for {wanted:g} dB in hand")
        return
    end = f"{signed(found.after_db)} dB after it" if found.feasible_after else f"{signed(found.after_db)} dB after it, {found.residual_db:.1f} dB short of {wanted:g}"  # fmt: skip
    to.print(f"mitigation: needs about {max(wanted - found.before_db, 0):.1f} dB; {len(found.measures)} measure{'s' if len(found.measures) != 1 else ''}, {end}", soft_wrap=True)  # fmt: skip
    for measure in found.measures:
        cost = "cost unknown" if math.isnan(measure.cost_usd_low) else f"{measure.cost_usd_low:,.0f} to {measure.cost_usd_high:,.0f} {measure.cost_basis}"  # fmt: skip
        kind = _how(measure, one.campuses[0])
        more = "; ".join(filter(None, (kind, cost, measure.side_effect, measure.status, measure.source)))  # fmt: skip
        to.print(f"  – {measure.text}: {more}", soft_wrap=True)


def _how(measure: Measure, campus: Campus) -> str:
    """Where the loss of a measure comes from, and what it takes off each group at the source."""
    if math.isnan(measure.loss_db[0]):
        return "computed as a screen"
    gains = {each.equipment.source_id: gain_dba(measure, each) for each in campus.groups if each.runs == "always"}  # fmt: skip
    told = ", ".join(f"{gain:.1f} dB(A) off {name}" for name, gain in gains.items() if gain > 0)
    return f"{'claimed, spread over the bands' if measure.claimed else 'by band'}: {told}"


def noise_record(ranking: Ranking, site_id: str) -> dict[str, Any]:
    """Limits, distances, package and flags of a site of a ranking of one region, for JSON."""
    exposure = _exposure(ranking.regions[0], site_id, ranking.cooling_of(site_id))
    one = exposure.scene
    met = _met(one)
    found = None if any(reading.guess[0] for _, reading in met) else package_for(one, met)
    return {
        "method": f"ISO 9613-2:{one.request.noise.edition}", "note": STUDY, "sound_power_dba": round(one.campuses[0].sound_power_dba, 3),
        "limits": [_limit_record(one, *pair) for pair in met],
        "binding": {period: _binding_record(exposure, period) for period in PERIODS},
        "mitigation": None if found is None else {
            "measures": [measure.mitigation_id for measure in found.measures], "margin_before_db": round(found.before_db, 3),
            "margin_after_db": round(found.after_db, 3), "residual_db": round(found.residual_db, 3), "feasible_after": found.feasible_after,
        },
    }  # fmt: skip


def _binding_record(exposure: Exposure, period: str) -> dict[str, Any]:
    """The limit that binds in a period, and the distance to keep; what is unknown is left out."""
    row = exposure.frames[period].iloc[0]
    numbers = ("margin_db", "low_db", "high_db", "pass_probability", "limit_db", "received_db", "band_hz", "received_dba", "received_dbc")  # fmt: skip
    found = {name: round(float(row[name]), 3) for name in numbers if math.isfinite(row[name])}
    if "received_dbc" in found:
        found["low_frequency_gap_db"] = round(found["received_dbc"] - found["received_dba"], 3)
    if math.isfinite(row["distance_m"]):
        found["receptor_distance_m"] = round(float(row["distance_m"]), 3)
    kept = [keep.metres for keep in keeps(exposure, 0) if keep.period == period and math.isfinite(keep.metres)]  # fmt: skip
    if kept:
        found["setback_m"] = round(kept[0], 1)
    renamed = {"noise_rule_id": "rule_id", "receptor": "receptor_id", "caption": "caption", "status": "status", "as_of": "as_of", "source": "source", "why": "why"}  # fmt: skip
    words_ = {name: row[column] for name, column in renamed.items() if isinstance(row[column], str)}
    return found | words_ | {"flags": names(int(row["flags"]))}


def _limit_record(one: Scene, candidate: Candidate, reading: Reading) -> dict[str, Any]:
    rule = candidate.rule
    numbers = {"limit_db": reading.limit_db, "received_db": reading.received_db, "margin_db": reading.margin_db, "low_db": reading.low_db,
               "high_db": reading.high_db, "band_hz": reading.band_hz, "pass_probability": reading.pass_probability, "receptor_distance_m": candidate.metres}  # fmt: skip
    unsure = {"margin_db", "pass_probability"} if reading.guess[0] else set()
    return {
        "noise_rule_id": rule.rule_id, "period": candidate.period, "metric": rule.metric, "receptor": _receptor(one, candidate),
        **{name: None if name in unsure or not np.isfinite(values[0]) else round(float(values[0]), 3) for name, values in numbers.items()},
        "rule_status": rule.rule_status, "status": rule.status, "as_of": rule.as_of, "source": rule.source_title, "flags": names(int(candidate.flags[0])),
    }  # fmt: skip


def print_bridges(region: Region, site_id: str, cooling: str, bridges: Mapping[str, Bridge], starts: Mapping[str, str], to: Console) -> None:  # fmt: skip
    """Print what the generation beside the firm service does to the margins while it runs.

    Parameters
    ----------
    bridges, starts
        Tranche → what it is, and when it starts and leaves in words.
    """
    if not bridges:
        return
    quiet = _exposure(region, site_id, cooling)
    one = quiet.scene
    table = equipment_table(one.layers.frame(EQUIPMENT))
    loud = {name: GENERATION[bridge.service.id] for name, bridge in bridges.items() if bridge.service.id in GENERATION}  # fmt: skip
    to.print(Text("\nnoise while a bridge runs", style="bold"))
    running = [group(table[kind], bridges[name].mw) for name, kind in loud.items()]
    for name, each in zip(loud, running, strict=True):
        margins = _with(one, [each])
        told = ", ".join(f"{period} {signed(margins[period])} instead of {signed(_margin(quiet, period))} dB" for period in PERIODS)  # fmt: skip
        to.print(f"  {name} ({each.equipment.source_id}, {each.dba:.1f} dB(A)), {starts.get(name, UNKNOWN)}: margin by {told}", soft_wrap=True)  # fmt: skip
    if len(running) > 1:
        margins = _with(one, running)
        to.print(f"  all of them at once: {', '.join(f'{period} {signed(margins[period])} dB' for period in PERIODS)}", soft_wrap=True)  # fmt: skip
    silent = [name for name in bridges if name not in loud]
    if silent:
        to.print(Text(f"  – {', '.join(silent)}: no level is known, or it adds none; nothing is added", style="dim"), soft_wrap=True)  # fmt: skip
    to.print(Text(f"  – {STUDY}", style="dim"), soft_wrap=True)


def _with(one: Scene, running: list[Group]) -> dict[str, float]:
    """Margins with further generation, by period."""
    louder = replace(one, campuses=tuple(with_generation(campus, running) for campus in one.campuses))  # fmt: skip
    found = exposure_of(louder)
    return {period: _margin(found, period) for period in PERIODS}


def _margin(exposure: Exposure, period: str) -> float:
    return float(exposure.frames[period]["margin_db"].iloc[0])
