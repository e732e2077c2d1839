"""`powerwall bill`: a year's bill of a load under a rate record or a tariff stack."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from powerwall.cli import options as opt

if TYPE_CHECKING:
    import numpy as np

    from powerwall.criteria.cost.billing import Billed
    from powerwall.criteria.cost.sheets import Sheet

_LAST_START = 2200
_FORMATS = ("table", "csv", "json", "md")


def bill(
    tariff: Annotated[
        Path,
        typer.Argument(metavar="TARIFF", help="Rate record (JSON, or a row of the bulk CSV), or a file of tariff stacks.", show_default=False),
    ],
    mw: Annotated[
        float | None, typer.Option("--mw", min=0.001, max=100_000, help="Peak of a flat load [MW]; 300 where nothing is said.", show_default=False)
    ] = None,
    load_factor: Annotated[
        float | None, typer.Option("--load-factor", min=0.5, max=1, help="Mean over peak of that load; 0.85 where nothing is said.", show_default=False)
    ] = None,
    load: Annotated[
        Path | None, typer.Option("--load", metavar="FILE", help="A load of your own: CSV with a column load_kw, 8760·n rows.", show_default=False)
    ] = None,
    terms: Annotated[
        str, typer.Option("--terms", metavar="ID", help="Large-load terms, e.g. us-ks-evergy-llps.", show_default=False)
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="LABEL", help="Which record or stack of a file of several.", show_default=False)
    ] = "",
    start: Annotated[
        Any, typer.Option("--start", parser=opt.day, metavar="DATE", help="First day of the contract of a stack.")
    ] = "2031-01-01",
    minimum_mw: Annotated[
        float | None, typer.Option("--minimum-mw", min=0, help="Contract minimum under the billing demand of a record [MW].", show_default=False)
    ] = None,
    power_factor: Annotated[
        float | None, typer.Option("--power-factor", min=0.01, max=1, help="For charges per kVA or kVAR.", show_default=False)
    ] = None,
    coincidence_share: Annotated[
        float | None, typer.Option("--coincidence-share", min=0, max=1, help="Load at the system's peak over the peak of the month.", show_default=False)
    ] = None,
    supply_elsewhere: Annotated[
        bool, typer.Option("--supply-elsewhere", help="Bill a sheet of delivery or of supply alone.")
    ] = False,
    output: opt.Output = None,
    form: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS), help="What stdout gets.")] = "table",
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
    debug: opt.Debug = False,
) -> None:  # fmt: skip
    """Print what a load pays in a year, month by month and charge by charge, or why it cannot be billed.

    Example: powerwall bill regions/example/tariffs.json --name ex-prairie-large --mw 300 --load-factor 0.9
    """
    del debug
    opt.one_of(form, _FORMATS, "--format")
    if load is not None and (mw is not None or load_factor is not None):
        raise typer.BadParameter("a load of your own has its own MW and load factor", param_hint="--load")  # fmt: skip
    if not 2000 <= start.year <= _LAST_START:
        raise typer.BadParameter(
            f"a contract begins from 2000 to {_LAST_START}", param_hint="--start"
        )
    from powerwall.output.console import console, print_findings

    out, err = console(color=not no_color), console(stderr=True, color=not no_color)
    given = {
        "minimum_demand_kw": None if minimum_mw is None else 1000 * minimum_mw, "power_factor": power_factor,
        "coincidence_share": coincidence_share, "supply_elsewhere": supply_elsewhere,
    }  # fmt: skip
    with opt.failing(err):
        from powerwall.output.bill import SUFFIXES, print_bill, save, text
        from powerwall.output.files import check_targets

        check_targets(output or [], SUFFIXES)
        sheet = _chosen(tariff, name)
        _of_a_record(
            sheet, terms, {"--minimum-mw": minimum_mw, "--coincidence-share": coincidence_share}
        )
        billed = _billed(sheet, _load(load, mw, load_factor), start, terms, given)
        for path in output or []:
            save(billed, path)
    if billed.findings and not quiet:
        print_findings(billed.findings, err)
    if form == "table":
        print_bill(billed, out)
    else:
        out.file.write(text(billed, form))
    opt.wrote(output, err, quiet=quiet)


def _chosen(path: Path, name: str) -> Sheet:
    """The record or stack that is meant."""
    from powerwall.criteria.cost.sheets import read_sheets
    from powerwall.region.findings import Findings, did_you_mean

    findings = Findings()
    sheets = read_sheets(path, findings)
    findings.raise_errors()
    names = [sheet.name for sheet in sheets]
    if not name and len(sheets) > 1:
        findings.add("PW603", f"{path} holds {len(sheets)} rates", file=path, remedy=f"say which with --name: {', '.join(names[:6])}")  # fmt: skip
    elif name and name not in names:
        findings.add("PW603", f"{path} holds no `{name}`", file=path, remedy=did_you_mean(name, names))  # fmt: skip
    findings.raise_errors()
    return sheets[names.index(name)] if name else sheets[0]


def _of_a_record(sheet: Sheet, terms: str, options: dict[str, float | None]) -> None:
    """Options that a stack or terms would pass over are usage errors."""
    for option, value in options.items():
        if value is not None and (terms or sheet.kind == "stack"):
            raise typer.BadParameter("is for a record alone: a stack states it in its layers and terms", param_hint=option)  # fmt: skip


def _load(path: Path | None, mw: float | None, load_factor: float | None) -> np.ndarray:
    from powerwall.criteria.cost.shape import LOAD_FACTOR, unit_shape
    from powerwall.criteria.cost.sheets import read_load
    from powerwall.region.findings import Findings

    findings = Findings()
    if path is None:
        return 1000 * (mw or 300.0) * unit_shape(LOAD_FACTOR.value if load_factor is None else load_factor)  # fmt: skip
    found = read_load(path, findings)
    findings.raise_errors()
    if found is None:  # the findings hold an error then
        raise RuntimeError(path)
    return found


def _billed(sheet: Sheet, load: np.ndarray, start: date, terms: str, given: dict[str, Any]) -> Billed:  # fmt: skip
    from powerwall.criteria.cost.billing import bill_sheet
    from powerwall.criteria.cost.tariff import TariffRefusal
    from powerwall.region.findings import Findings

    try:
        return bill_sheet(sheet, load, start, terms, **given)
    except TariffRefusal as refusal:
        findings = Findings()
        sheet.add(refusal.refusals, findings)
        findings.raise_errors()
        raise
