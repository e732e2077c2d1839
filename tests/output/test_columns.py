"""Columns: what goes, what folds, and that no number is ever cut."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from powerwall.output.columns import Head, fitting_table

_MARK = "not shown at this width: "
_WORD = st.text("abcdefghij_", min_size=1, max_size=26)
_TITLE = st.lists(st.text("klmnopqrst", min_size=1, max_size=12), min_size=1, max_size=3).map(" ".join)  # fmt: skip
_NUMBER = st.one_of(
    st.floats(-1e6, 1e6).map(lambda value: f"{value:+.2f}".replace("-", "−")),
    st.tuples(st.integers(1, 99), st.integers(100, 999)).map(lambda ends: f"{ends[0]}–{ends[1]}"),
    st.integers(0, 10**9).map(lambda value: f"{value:,}"),
)


def printed(heads, rows, width) -> tuple[list[str], list[str]]:
    """Lines of a table without its caption, and the headers named as not shown."""
    table = fitting_table(heads, rows, width)
    hidden = str(table.caption).removeprefix(_MARK).split(", ") if table.caption else []
    table.caption = None
    to = io.StringIO()
    Console(file=to, width=width, color_system=None).print(table)
    return to.getvalue().splitlines(), hidden


@st.composite
def tables(draw):
    """Heads and rows: a name, then names, prose and numbers in any order."""
    titles = draw(st.lists(_TITLE, min_size=2, max_size=9, unique=True))
    heads = [Head(titles[0], right=False)]
    for title in titles[1:]:
        right = draw(st.booleans())
        wraps = not right and draw(st.booleans())
        heads.append(Head(title, right=right, goes=draw(st.sampled_from([0, 0, 1, 2])), wraps=wraps))  # fmt: skip
    row = st.tuples(*(_NUMBER if head.right else _WORD for head in heads)).map(list)
    return heads, draw(st.lists(row, min_size=1, max_size=4))


@given(tables(), st.sampled_from([40, 60, 80]))
def test_every_number_is_whole_or_its_column_is_named_as_not_shown(table, width):
    heads, rows = table
    lines, hidden = printed(heads, rows, width)
    assert max(map(len, lines)) <= width
    at = 0
    for row in rows:
        wanted = [cell for head, cell in zip(heads, row, strict=True) if head.right and head.text not in hidden]  # fmt: skip
        # the first line of a row has all its numbers, in order
        while at < len(lines) and [w for w in lines[at].split() if any(c.isdigit() for c in w)] != wanted:  # fmt: skip
            at += 1
        assert at < len(lines), (wanted, lines)
        at += 1


@given(tables(), st.sampled_from([40, 60, 80]))
def test_no_word_of_a_header_is_cut(table, width):
    heads, rows = table
    lines, hidden = printed(heads, rows, width)
    rule = next(at for at, line in enumerate(lines) if "─" in line)
    words = sorted(word for line in lines[:rule] for word in line.split())
    shown = [head for head in heads if head.text not in hidden]
    assert words == sorted(word for head in shown for word in head.text.split())


@given(tables())
def test_on_a_wide_screen_nothing_goes_and_nothing_folds(table):
    heads, rows = table
    lines, hidden = printed(heads, rows, 600)
    assert not hidden
    assert len(lines) == 2 + len(rows)


MOVED = (
    Head("site", right=False), Head("criterion", right=False), Head("measure"), Head("unit", right=False, goes=4), Head("points"),
    Head("moved by", right=False, goes=5, wraps=True),
)  # fmt: skip


def test_a_long_name_folds_beside_whole_numbers():
    row = ["near-switchyard-of-the-north", "policy_success_probability", "0.25 → 0.75", "share", "+17.80", "noise weight"]  # fmt: skip
    lines, hidden = printed(MOVED, [row], 60)
    assert hidden == ["unit", "moved by"]
    assert "0.25 → 0.75" in lines[2]
    assert lines[2].endswith("+17.80")
    start, end = lines[0].index("criterion"), lines[2].index("0.25")
    assert "".join(line[start:end].strip() for line in lines[2:]) == row[1]


def test_where_folding_is_not_enough_a_column_goes_by_name():
    lines, hidden = printed([Head("site", right=False), Head("first", goes=1), Head("second"), Head("third")],
                            [["s1", "1" * 12, "2" * 20, "3" * 20]], 40)  # fmt: skip
    assert hidden == ["first", "third"]
    assert "2" * 20 in lines[2]


def test_a_day_in_a_column_of_names_stays_on_one_line():
    lines, hidden = printed([Head("layer", right=False), Head("day", right=False), Head("n")], [["a" * 40, "2026-08-22", "12"]], 40)  # fmt: skip
    assert not hidden
    assert "2026-08-22" in "\n".join(lines)
    assert sum(line.count("a") for line in lines[2:]) == 40
