"""What is no change: another order of rows, columns or weights, another encoding, a common factor."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from test_compare import copy_of, ranked, write

import powerwall as pw
from powerwall.output.files import save
from powerwall.ranking.compare import compare


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["reordered", "scaled"])
def test_weights_in_another_order_or_ten_times_as_many_change_no_byte(regions, tmp_path, weights):
    file = copy_of(regions, tmp_path)
    lines = file.read_text(encoding="utf-8").splitlines()
    first = lines.index("[weights]") + 1
    last = next(at for at in range(first, len(lines)) if not lines[at].strip())
    own = lines[first:last]
    assert len(own) > 1
    if weights == "scaled":
        own = [f"{key} = {10 * float(points)}" for key, points in (line.split("#")[0].split("=") for line in own)]  # fmt: skip
    lines[first:last] = reversed(own)
    written = [save(ranked(regions / "example.toml"), tmp_path / "base.csv")]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    head = ranked(file)
    written.append(save(head, tmp_path / "head.csv"))
    assert written[0].read_bytes() == written[1].read_bytes()
    changes = compare(ranked(regions / "example.toml"), head)
    assert changes.ingredients.empty
    assert changes.moved.empty


def shuffled(file: Path) -> None:
    """The rows of a file backwards and its columns, or keys, the other way round."""
    if file.suffix != ".csv":
        content = json.loads(file.read_text(encoding="utf-8"))
        content = {key: content[key] for key in reversed(content)}
        (rows,) = {"stacks", "features"} & set(content)
        content[rows] = [{key: row[key] for key in reversed(row)} for row in reversed(content[rows])]  # fmt: skip
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    columns = list(reversed(rows[0]))
    write(file, [{column: row[column] for column in columns} for row in reversed(rows)])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["example", "central-ohio", "dallas-fort-worth", "dublin", "northern-virginia", "phoenix"])  # fmt: skip
def test_every_layer_of_a_bundled_region_in_another_order_is_no_change(regions, tmp_path, name):
    """Encoding too: a byte order mark and line ends of another system stand in every second file."""
    shutil.copytree(regions / name, tmp_path / name)
    file = Path(shutil.copy(regions / f"{name}.toml", tmp_path))
    base = ranked(regions / f"{name}.toml")
    files = sorted(
        {layer.path for layer in pw.read(file).layers.values() if layer.path.suffix == ".csv"}
    )
    assert files
    for at, path in enumerate(files):
        shuffled(path)
        if at % 2 and path.suffix == ".csv":
            path.write_bytes("﻿".encode() + path.read_bytes().replace(b"\n", b"\r\n"))
    changes = compare(base, ranked(file))
    assert list(changes.ingredients["what"]) == []
    assert changes.moved.empty
    assert changes.measures.empty
