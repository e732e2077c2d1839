"""Report: a ranking, or a screening, as one HTML page that opens without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from powerwall.region.findings import Findings

if TYPE_CHECKING:
    from powerwall.ranking.rank import Ranking
    from powerwall.ranking.screening import Screening

__all__ = ["write_report", "write_screening_report"]

_NEEDED = ("jinja2", "bokeh")


def write_report(ranking: Ranking, path: Path) -> None:
    """Write the report of a ranking.

    Raises
    ------
    BadInput
        If the extra `report` is not installed.
    OSError
        If the file cannot be written.
    """
    _check_installed(path)
    from powerwall.output.report.page import ranking_page

    path.write_text(ranking_page(ranking), encoding="utf-8", newline="\n")


def write_screening_report(found: Screening, path: Path, top: int) -> None:
    """Write the report of a screening, with its best cells.

    Raises
    ------
    BadInput
        If the extra `report` is not installed.
    OSError
        If the file cannot be written.
    """
    _check_installed(path)
    from powerwall.output.report.screening import screening_page

    path.write_text(screening_page(found, top), encoding="utf-8", newline="\n")


def _check_installed(path: Path) -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        findings = Findings()
        findings.add("PW601", f"{path.suffix} needs {' and '.join(missing)}", remedy='pip install "powerwall[report]"')  # fmt: skip
        findings.raise_errors()
