"""The page on continuous integration shows what the commands print in a repository with that change.

`python tests/output/test_forge_page.py` writes the output into the page anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from powerwall.output.readme import WIDTH, refreshed

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs/how-to/ci.md"
WHO = ("-c", "user.name=Made Up", "-c", "user.email=made@up.invalid", "-c", "commit.gpgsign=false")


def changed(folder: Path) -> None:
    """A repository with the example region, and the change of the page on a branch of it."""
    (folder / "regions").mkdir()
    shutil.copy(REPOSITORY / "regions/example.toml", folder / "regions")
    shutil.copytree(REPOSITORY / "regions/example", folder / "regions/example")
    for words in (["init", "--quiet", "--initial-branch", "main"], ["add", "."], ["commit", "--quiet", "--message", "one"]):  # fmt: skip
        subprocess.run(["git", *WHO, *words], cwd=folder, check=True)
    script = re.search(r"^```sh\n(git switch.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]  # fmt: skip
    subprocess.run(["bash", "-euc", script], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="needs git and bash")
def test_the_page_shows_what_a_reviewer_sees(tmp_path, monkeypatch):
    changed(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)  # set here, so that it is taken back
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("\n$ powerwall ") == 4
    assert "::error file=regions/example.toml,line=" in text
    assert refreshed(text) == text, "python tests/output/test_forge_page.py writes it anew"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        changed(Path(temporary))
        os.chdir(temporary)
        PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
