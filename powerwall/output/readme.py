"""README: its console blocks show what the commands print, or `make docs` has not been run."""

from __future__ import annotations

import os
import re
import shlex

_BLOCK = re.compile(r"```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL)
_MORE = "…"
WIDTH = "120"


def refreshed(text: str) -> str:
    """A Markdown text with the output of every `$ powerwall …` block as it is now.

    A block that ends in a line `…` keeps its number of lines. `$ make score` stands for the
    command that it runs.
    """
    return _BLOCK.sub(lambda match: _block(match["command"], match["output"]), text)


def _block(command: str, output: str) -> str:
    shown = _output(command)
    lines = output.rstrip("\n").splitlines()
    if lines and lines[-1] == _MORE:
        shown = "\n".join([*shown.splitlines()[: len(lines) - 1], _MORE])
    return f"```console\n$ {command}\n{shown.rstrip()}\n```"


def _output(command: str) -> str:
    from typer.testing import CliRunner

    from powerwall.cli import app

    run = command.replace("make score", "powerwall score regions/northern-virginia.toml")
    os.environ["COLUMNS"] = WIDTH
    result = CliRunner().invoke(app, shlex.split(run)[1:], prog_name="powerwall")
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())
