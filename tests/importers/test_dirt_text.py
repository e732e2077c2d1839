"""Text: marks of byte order, line ends, hard blanks and other encodings change no row of any table."""

from __future__ import annotations

import pytest
from layer_import import by_command
from made_up_sources import TABLES, table_file

from powerwall.importers.sources import SOURCES

#: Texts that a publisher writes in an encoding of its own, which is read.
RECODED = ("fema-nri",)
#: A column in which each source keeps a name.
NAMES = {"lbnl-queue": "county", "iso-queue": "County", "neso-tec": "Project Name", "fema-nri": "COUNTY", "eia-plants": "plant_name", "osm-power": "name",
         "hifld-substations": "NAME", "im3-atlas": "county", "moratoria": "jurisdiction", "ordinances": "County",
         "pjm-upgrades": "Description"}  # fmt: skip


def written(source, path, output):
    """What a table becomes, and what is told of it."""
    told = by_command(source, path, output=output)
    return output.read_bytes(), told.stderr


def dirty(text: str) -> str:
    """The header with hard blanks, between its words and after the last of each column."""
    header, body = text.split("\n", 1)
    names = [name.replace(" ", "\u00a0") + "\u00a0" for name in header.split(",")]
    return "\n".join([",".join(names), body])


@pytest.mark.parametrize("source", list(TABLES))
def test_a_byte_order_mark_is_told_and_with_crlf_and_hard_blanks_moves_no_row(tmp_path, source):
    path = table_file(source, tmp_path)
    clean, told = written(source, path, tmp_path / "clean.csv")
    assert "PW206" not in told
    text = dirty(path.read_text(encoding="utf-8")).replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    found, told = written(source, path, tmp_path / "dirty.csv")
    assert found == clean
    assert "warning[PW206]" in told


@pytest.mark.parametrize("source", list(TABLES))
def test_text_in_latin_letters_is_read_right_or_refused_and_never_garbled(tmp_path, monkeypatch, source):  # fmt: skip
    shared, rows = TABLES[source]
    monkeypatch.setitem(TABLES, source, ({**shared, NAMES[source]: "Doña Ana"}, [{**row, NAMES[source]: "Doña Ana"} for row in rows]))  # fmt: skip
    path = table_file(source, tmp_path)
    right, _ = written(source, path, tmp_path / "right.csv")
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    if source in RECODED:
        assert written(source, path, tmp_path / "out.csv")[0] == right
        assert "Doña Ana" in right.decode("utf-8")
        return
    told = by_command(source, path, output=tmp_path / "out.csv", code=2)
    assert told.stderr.count("error[") == told.stderr.count("error[PW202]") == 1
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "source", [name for name in TABLES if name in SOURCES and name != "osm-power"]
)
@pytest.mark.parametrize("content", [b"Queue ID,ID\n1,2\n", b"<!DOCTYPE html><html>gone</html>"])
def test_a_table_or_a_page_under_the_name_of_a_workbook_is_one_error(tmp_path, source, content):
    path = tmp_path / "synthetic.xlsx"
    path.write_bytes(content)
    told = by_command(source, path, output=tmp_path / "out.csv", code=2)
    assert told.stderr.count("error[") == told.stderr.count("error[PW202]") == 1
    assert not (tmp_path / "out.csv").exists()
