"""The command line: one file a verb, no arithmetic; stdout is the answer, stderr everything else."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import Annotated

import typer

import powerwall
from powerwall.cli import (
    backtest,
    bill,
    check,
    compare,
    criteria,
    explain,
    fit,
    import_,
    init,
    plan,
    score,
)

app = typer.Typer(
    name="powerwall",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Rank candidate sites for AI data centres, with power as the first constraint.",
    epilog="Example: powerwall score regions/northern-virginia.toml --mw 300 --need-by 2031-01",
)
app.command("score")(score.score)
app.command("explain")(explain.explain)
app.command("plan")(plan.plan)
app.command("bill")(bill.bill)
app.command("check")(check.check)
app.command("compare")(compare.compare)
app.command("fit")(fit.fit)
app.command("backtest")(backtest.backtest)
app.command("criteria")(criteria.criteria)
app.command("import")(import_.import_)
app.command("init")(init.init)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"powerwall {powerwall.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and leave with its exit code: 0 done, 1 said no, 2 could not, 130 Ctrl-C."""
    # Large layers are many small objects, none of which are in cycles: looking for cycles less
    # often, and not at all on leaving, saves a tenth of the time.
    gc.set_threshold(50_000, 20, 100)
    try:
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = _reader_gone()
    except SystemExit as left:
        # typer itself leaves with 1 where a plain write finds that the reader has gone
        if not isinstance(left.__context__, BrokenPipeError):
            raise
        code = _reader_gone()
    except Exception as error:  # noqa: BLE001 — the outermost edge: usage errors, then bugs
        code = _failed(error)
    finally:
        gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _reader_gone() -> int:
    """Leave quietly, and let nothing complain at shutdown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _failed(error: Exception) -> int:
    """Exit code 2, with what went wrong in words."""
    show = getattr(error, "show", None)
    if callable(show):  # a usage error of the command line knows how to print itself
        show()
        return int(getattr(error, "exit_code", 2)) or 2
    if type(error).__name__ == "Abort":
        return 130
    if "--debug" in sys.argv:
        traceback.print_exception(error)
        return 2
    if isinstance(error, OSError):  # a full disk, a folder that may not be entered: no bug
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stderr.write(f"error: {type(error).__name__}: {error}\n")
    sys.stderr.write(
        "  = help: this is a bug of powerwall; run it again with --debug and report what it prints\n"
    )
    return 2
