"""Files are written whole or not at all, and a writer's failure is a finding."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import powerwall as pw
from powerwall.cli import app
from powerwall.output import files, texts
from powerwall.region.findings import BadInput


@pytest.fixture(scope="module")
def ranking(tiny, tiny_measures):
    return pw.rank(tiny, tiny_measures)


def breaks_off(path: Path) -> None:
    """Write half a file, then find the disk full."""
    path.write_text("half a fi", encoding="utf-8")
    raise OSError(28, "No space left on device")


def spoil(monkeypatch, suffix: str) -> None:
    if suffix in files._TEXT:
        monkeypatch.setattr(Path, "write_text", lambda path, *_, **__: breaks_off_raw(path))
    else:
        replace_writer(monkeypatch, suffix, lambda _, path: breaks_off(path))


def replace_writer(monkeypatch, suffix: str, write) -> None:
    """Another writer of a format that is no text, with the same needs."""
    monkeypatch.setitem(files._BINARY, suffix, files._BINARY[suffix]._replace(write=write))


def breaks_off_raw(path: Path) -> None:
    path.write_bytes(b"half a fi")
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_a_write_that_breaks_off_leaves_the_old_file_and_no_other(
    suffix, ranking, tmp_path, monkeypatch
):
    target = tmp_path / f"out{suffix}"
    target.write_bytes(b"the old file")
    spoil(monkeypatch, suffix)
    with pytest.raises(BadInput) as caught:
        ranking.save(target)
    finding = caught.value.findings[0]
    assert finding.code == "PW601"
    assert "No space left on device" in finding.message
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"the old file"


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_an_interrupted_write_leaves_nothing(suffix, ranking, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    if suffix in files._TEXT:
        monkeypatch.setitem(files._TEXT, suffix, interrupted)
    else:
        replace_writer(monkeypatch, suffix, interrupted)
    with pytest.raises(KeyboardInterrupt):
        ranking.save(tmp_path / f"out{suffix}")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_a_file_is_replaced_by_the_new_one_and_may_be_read_by_others(suffix, ranking, tmp_path):
    target = tmp_path / f"out{suffix}"
    target.write_bytes(b"the old file")
    assert ranking.save(target) == target
    assert target.read_bytes() != b"the old file"
    assert target.stat().st_mode & 0o777 == 0o644
    beside = {f"{target.name}.meta.json"} if suffix == ".csv" else set()
    assert {path.name for path in tmp_path.iterdir()} == {target.name} | beside


def test_a_failed_write_of_the_command_is_a_finding_and_exits_two(
    make_region, tmp_path, monkeypatch
):
    region = make_region(tmp_path)
    replace_writer(monkeypatch, ".gpkg", lambda _, path: breaks_off(path))
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(app, ["score", str(region), "-o", str(tmp_path / "out.gpkg")])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "error[PW601]: cannot write" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_suffix_counts_whatever_its_case(ranking, tmp_path):
    ranking.save(tmp_path / "OUT.CSV")
    assert (tmp_path / "OUT.CSV").read_text(encoding="utf-8") == texts.csv_text(ranking)


@pytest.mark.parametrize(
    ("suffix", "gone", "extra"),
    [(".xlsx", "openpyxl", "excel"), (".png", "matplotlib", "report"), (".svg", "matplotlib", "report"), (".html", "bokeh", "report"),
     (".html", "jinja2", "report")],
)  # fmt: skip
def test_a_format_whose_extra_is_not_installed_is_refused_before_anything_is_read(
    suffix, gone, extra, make_region, tmp_path, monkeypatch
):
    real = files.find_spec
    monkeypatch.setattr(files, "find_spec", lambda name: None if name == gone else real(name))
    region = make_region(tmp_path)
    monkeypatch.setattr(pw.region.read, "read", None)  # what would read it fails
    result = CliRunner().invoke(app, ["score", str(region), "-o", str(tmp_path / f"out{suffix}")])
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "error[PW601]" in told
    assert f"{gone} is not installed" in told
    assert f'pip install "powerwall[{extra}]"' in told
    assert not (tmp_path / f"out{suffix}").exists()


def test_every_extra_that_a_format_asks_for_is_declared():
    import tomllib

    root = Path(__file__).resolve().parents[2]
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]  # fmt: skip
    for suffix, writer in files._BINARY.items():
        declared = {entry.split(">")[0] for entry in extras.get(writer.extra, [])}
        assert set(writer.needs) <= declared, suffix


def test_the_help_names_every_format():
    import typer

    score = typer.main.get_command(app).commands["score"]
    (output,) = (item for item in score.params if item.name == "output")
    words = output.help.replace(",", " ").replace(";", " ").split()
    assert all(suffix.lstrip(".") in words for suffix in files.SUFFIXES)


@pytest.mark.parametrize("name", ["out", "out.txt", ".csv", "gone/out.csv"])
def test_a_target_that_cannot_be_is_refused_by_the_library_too(name, ranking, tmp_path):
    with pytest.raises(BadInput, match="PW601"):
        ranking.save(tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_no_text_format_says_nan_or_none(ranking):
    for form in ("csv", "json", "geojson", "md"):
        text = files.text(ranking, form)
        for word in ("NaN", "nan,", "None", "<NA>", "Infinity", "\r"):
            assert word not in text, (form, word)


def test_every_row_of_the_csv_has_as_many_cells_as_its_header(ranking):
    import csv
    import io

    rows = list(csv.reader(io.StringIO(texts.csv_text(ranking))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == len(ranking.frame) + 1


def test_an_unknown_is_an_empty_cell_whose_status_says_so(ranking):
    flat = texts.table(ranking)
    for name, measure in ranking.measures.items():
        unknown = measure["value"].isna().to_numpy()
        assert flat[name].isna().to_numpy().tolist() == unknown.tolist()
        assert (flat.loc[unknown, f"{name}_status"] == "unknown").all()
        assert not (flat.loc[~unknown, f"{name}_status"] == "unknown").any()
    assert flat["rank"].isna().sum() == (ranking.frame["status"] != "ranked").sum()
    assert isinstance(flat, pd.DataFrame)


def test_a_changed_cell_is_named_by_its_site(ranking, tmp_path):
    path = tmp_path / "ranking.csv"
    ranking.save(path)
    assert files.changed_sites(path, ranking) == []
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Beech", "Birch"), encoding="utf-8")
    assert files.changed_sites(path, ranking) == ["b"]
    path.unlink()
    assert set(ranking.frame.index) <= set(files.changed_sites(path, ranking))
