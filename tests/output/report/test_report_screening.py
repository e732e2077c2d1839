"""The page of a screening: a picture of all scores, the best cells, and the funnel."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from made_up_country import country

import powerwall as pw
from powerwall.output.report import write_screening_report
from powerwall.output.report.map import RAMP
from powerwall.output.report.picture import PIXELS, picture
from powerwall.ranking.screening import scoring
from powerwall.ranking.screening.job import read_part


def pixels(uri):
    """RGBA of a data URI, 0–255; rows from the north."""
    from matplotlib.image import imread

    found = imread(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])), format="png")
    return np.rint(found * 255).astype(int)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("country")


@pytest.fixture(scope="module")
def found(folder):
    with pw.screening(pw.read(country(folder, cell_km=2))) as made:
        yield made


def test_a_pixel_has_the_colour_of_its_cell_and_grey_where_it_is_out(found):
    drawn = picture(found, 30, 100)
    seen = pixels(drawn.uri)
    assert seen.shape[:2] == (30, 30)
    assert drawn.pixel_km == pytest.approx(2)
    part = read_part(found.files[0])
    best = found.merged.order[0]
    score = float(part["score"][int(best)].as_py())
    wanted = RAMP[min(int((score - 30) / 70 * len(RAMP)), len(RAMP) - 1)]
    rgb = tuple(int(wanted[at : at + 2], 16) for at in (1, 3, 5))
    assert (seen[..., :3] == rgb).all(axis=2).any()
    grey = (seen[..., :3] == (0xC9, 0xCE, 0xD4)).all(axis=2)
    assert grey.sum() == (found.merged.status != scoring.RANKED).sum()
    assert (seen[..., 3] == 255).all()


def test_the_north_is_up(found):
    top = found.top(1)
    drawn = picture(found, 30, 100)
    from pyproj import Transformer

    to = Transformer.from_crs("EPSG:4326", found.region.sites.crs, always_xy=True)
    x, y = (v[0] / 1000 for v in to.transform(top["lon"].to_numpy(), top["lat"].to_numpy()))
    row = int((drawn.extent.north - y) / drawn.pixel_km)
    column = int((x - drawn.extent.west) / drawn.pixel_km)
    score = float(top["score"].iloc[0])
    wanted = RAMP[min(int((score - 30) / 70 * len(RAMP)), len(RAMP) - 1)]
    assert tuple(pixels(drawn.uri)[row, column, :3]) == tuple(int(wanted[at : at + 2], 16) for at in (1, 3, 5))  # fmt: skip


def test_a_large_grid_is_drawn_on_no_more_pixels_than_a_screen_has(found, monkeypatch):
    monkeypatch.setattr("powerwall.output.report.picture.PIXELS", 10)
    drawn = picture(found, 30, 100)
    assert max(pixels(drawn.uri).shape) <= 10
    assert PIXELS <= 1500


def test_the_page_has_the_best_cells_the_funnel_and_what_was_not_looked_at(found, tmp_path):
    write_screening_report(found, tmp_path / "cells.html", 4)
    page = (tmp_path / "cells.html").read_text(encoding="utf-8")
    told = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    for site_id in found.top(4).index:
        assert f'<th scope="row">{site_id}' in told
    assert found.top(5).index[-1] not in told
    assert "wire_km required ≤ 25 km" in told
    assert "No power plan was made" in told
    assert "ties by id." in told
    assert "data:image/png;base64," in page


def test_the_same_screening_gives_the_same_bytes(found, tmp_path):
    for name in ("a.html", "b.html"):
        write_screening_report(found, tmp_path / name, 4)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_where_no_cell_can_be_ranked_the_page_says_so(folder):
    path = folder / "none.toml"
    text = (folder / "country.toml").read_text().replace("wire_km = { max = 25 }", "wire_km = { min = 900 }")  # fmt: skip
    path.write_text(text)
    with pw.screening(pw.read(path)) as found:
        write_screening_report(found, folder / "none.html", 4)
    assert "No candidate can be ranked." in (folder / "none.html").read_text(encoding="utf-8")
