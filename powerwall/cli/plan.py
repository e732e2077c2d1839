"""`powerwall plan`: the power plan of one site, with its bridges and what it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from powerwall.cli import options as opt

if TYPE_CHECKING:
    from powerwall.criteria.compute.delivery import Delivery
    from powerwall.criteria.power.site.plan import SitePlan
    from powerwall.criteria.power.site.services import Bridge
    from powerwall.criteria.water.operation import Operation
    from powerwall.region.read import Region

_FORMATS = ("table", "json", "csv", "md")
_MOST_BRIDGES = 4  # every set of tranches that may succeed is worked out


def plan(
    region: opt.RegionPath,
    site: Annotated[
        str,
        typer.Argument(
            metavar="SITE", help="Id of the site, or a part of its name.", show_default=False
        ),
    ],
    mw: opt.Mw = None,
    first_mw: opt.FirstMw = None,
    need_by: opt.NeedBy = None,
    horizon: opt.Horizon = None,
    as_of: opt.AsOf = None,
    cooling: opt.Cooling = None,
    ramp_months: Annotated[
        float | None,
        typer.Option("--ramp-months", min=0, max=240, help="Months from the first block to the whole request.", show_default=False),
    ] = None,
    bridge: Annotated[
        list[str] | None,
        typer.Option(
            "--bridge",
            metavar="SERVICE:MW[:keep]",
            help="On-site generation or storage until the firm service arrives, e.g. recip:100; may be repeated.",
            show_default=False,
        ),
    ] = None,
    flex: Annotated[
        float | None,
        typer.Option(
            "--flex",
            metavar="SHARE",
            help="Interim non-firm service for the rest, if this share of the energy may be curtailed: 0.0025, 0.005, 0.01, 0.05.",
            show_default=False,
        ),
    ] = None,
    outside_weight: Annotated[
        float | None,
        typer.Option("--outside-weight", min=0, max=1, help="Weight of the outside view in every date.", show_default=False),
    ] = None,
    accelerator: Annotated[
        str | None,
        typer.Option("--accelerator", metavar="ID", help="Accelerator model, e.g. gb300-nvl72.", show_default=False),
    ] = None,
    precision: Annotated[
        str, typer.Option("--precision", metavar="bf16|fp8|fp4", help="Precision of the FLOP.")
    ] = "bf16",
    mfu: Annotated[
        float | None,
        typer.Option("--mfu", min=0.01, max=1, help="Model FLOP/s over peak that the software reaches.", show_default=False),
    ] = None,
    goodput: Annotated[
        float | None,
        typer.Option("--goodput", min=0.01, max=1, help="Share of the time in useful steps.", show_default=False),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=64, max=2**16, help="Draws, raised to a power of two.")
    ] = 4096,
    seed: opt.Seed = None,
    output: opt.Output = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets.")
    ] = "table",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Show when the megawatts of a site arrive, through what, at what odds, and what they compute.

    Example: powerwall plan regions/northern-virginia.toml va-possum-point --bridge recip:100
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    from powerwall.output.console import console

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    with opt.failing(err):
        from dataclasses import replace

        from powerwall.criteria.criterion import Shared
        from powerwall.criteria.power.site.sheet import sheet
        from powerwall.output.files import check_targets
        from powerwall.output.plan_files import SUFFIXES, save, text
        from powerwall.ranking.cooling import plant_of

        check_targets(output or [], SUFFIXES)
        _check_hardware(accelerator, precision)
        bridges = _bridges(bridge or [], flex)
        read = opt.requested(
            region,
            {"mw": mw, "first_mw": first_mw, "need_by": need_by, "horizon": horizon, "as_of": as_of, "cooling": cooling,
             "ramp_months": ramp_months, "outside_weight": outside_weight, "accelerator": accelerator, "seed": seed},
            site,
        )  # fmt: skip
        names = dict(zip(read.sites.index.astype(str), read.sites["name"].astype(str), strict=True))
        site_id = opt.find_site(site, names)
        with opt.waiting(err, "simulating the plan"):
            found = _planned(read, site_id, bridges, flex, draws)
            tranches = sheet(found, read.layers)
            here = replace(read.request, cooling=plant_of(read, site_id))
            shared = Shared(read.sites.loc[[site_id]], read.layers, here)
            computed = _delivered(found, precision, mfu, goodput, shared("operation"))
            costs = shared("costs")
        for path in output or []:
            save(found, tranches, computed, path)
    opt.warn(read.findings, err, quiet=quiet)
    if form == "table":
        from powerwall.output.cost import print_cost
        from powerwall.output.noise import print_bridges
        from powerwall.output.plan import print_plan, starts

        print_plan(found, tranches, computed, out)
        print_bridges(read, site_id, here.cooling, found.bridges, starts(found, tranches), out)
        out.print()
        print_cost(costs, found.site_id, out)
        out.print(f"\nNext: powerwall explain {read.path.as_posix()} {found.site_id}")
    else:
        out.file.write(text(found, tranches, computed, form))
    opt.wrote(output, err, quiet=quiet)


def _bridges(given: list[str], flex: float | None) -> list[Bridge]:
    """The bridges a user names; what cannot be read is a usage error."""
    from powerwall.criteria.power.site.bridging import INTERIM
    from powerwall.criteria.power.site.flexible import area_service
    from powerwall.criteria.power.site.services import parse_bridge

    try:
        bridges = [parse_bridge(text) for text in given]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--bridge") from None
    for bridge in bridges:
        if bridge.keep and bridge.service.process_id == INTERIM:
            raise typer.BadParameter(f"{bridge.service.id} comes over the wires of the firm service and cannot be kept beside it", param_hint="--bridge")  # fmt: skip
    delivering = sum(bridge.service.duration_h is None for bridge in bridges)
    if delivering > _MOST_BRIDGES:
        raise typer.BadParameter(f"{delivering} bridges: a plan takes up to {_MOST_BRIDGES} that deliver power", param_hint="--bridge")  # fmt: skip
    try:
        if flex is not None:
            area_service(flex)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--flex") from None
    return bridges


def _planned(
    region: Region, site_id: str, bridges: list[Bridge], flex: float | None, draws: int
) -> SitePlan:
    from dataclasses import replace

    from powerwall.criteria.check import check_rows
    from powerwall.criteria.criterion import registry
    from powerwall.criteria.policy.obligations import Unit, obligations
    from powerwall.criteria.power.site.bridging import INTERIM
    from powerwall.criteria.power.site.plan import plan_site
    from powerwall.region.findings import Findings

    findings = Findings()
    check_rows(region, findings)
    findings.raise_errors()
    registry()
    plan = plan_site(
        region, site_id, bridges, flexible_share=flex, draws=draws, seed=region.request.seed
    )
    kept = [Unit(b.mw) for b in bridges if b.keep and b.service.process_id != INTERIM]
    return replace(plan, duties=tuple(obligations(region, site_id, kept)))


def _check_hardware(name: str | None, precision: str) -> None:
    """An accelerator or a precision that is none is a usage error, before anything is read."""
    from powerwall.criteria.compute.hardware import DEFAULT_ACCELERATOR, PRECISIONS, accelerator

    opt.one_of(precision, PRECISIONS, "--precision")
    try:
        accelerator(DEFAULT_ACCELERATOR if name is None else name).peak(precision)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--accelerator") from None


def _delivered(
    plan: SitePlan, precision: str, mfu: float | None, goodput: float | None, operation: Operation
) -> Delivery | None:
    from powerwall.criteria.compute.delivery import deliver

    if plan.simulation is None:
        return None
    try:
        return deliver(plan, precision, mfu=mfu, goodput=goodput, operation=operation)
    except ValueError as error:  # the region's own accelerator may lack the precision
        raise typer.BadParameter(str(error), param_hint="--precision") from None
