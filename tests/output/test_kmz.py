"""The KMZ is valid KML 2.2, escaped, self-contained and the same bytes every time."""

from __future__ import annotations

import html
import struct
import zipfile
import zlib
from xml.etree import ElementTree as ET

import pytest

import powerwall as pw
from powerwall.output.kmz import kml_text, write_kmz
from powerwall.output.signs import STATUS_SIGNS

K = "{http://www.opengis.net/kml/2.2}"
#: Order of the children of a feature in the schema of KML 2.2 (OGC 07-147r2, clause 9.1).
ORDER = ["name", "visibility", "open", "description", "styleUrl", "Style", "ExtendedData", "Point", "MultiGeometry", "Folder", "Placemark"]  # fmt: skip


@pytest.fixture(scope="module")
def ranking(bundled):
    return bundled("example")


@pytest.fixture(scope="module")
def document(ranking):
    return ET.fromstring(kml_text(ranking)).find(f"{K}Document")


def folders(document):
    return {folder.findtext(f"{K}name"): folder for folder in document.findall(f"{K}Folder")}


def test_sites_stand_in_a_folder_of_their_status(document, ranking):
    found = folders(document)
    for status, sign in STATUS_SIGNS.items():
        rows = ranking.frame[ranking.frame["status"] == status]
        marks = found[f"{sign.title} ({len(rows)})"].findall(f"{K}Placemark")
        assert [mark.find(f".//{K}Data[@name='site_id']/{K}value").text for mark in marks] == list(rows.index)  # fmt: skip
        assert {mark.findtext(f"{K}styleUrl") for mark in marks} == {f"#{status}"}


def test_coordinates_are_longitude_then_latitude(document, ranking):
    seen = 0
    for mark in document.iter(f"{K}Placemark"):
        key = mark.find(f".//{K}Data[@name='site_id']/{K}value")
        if key is None:
            continue
        point = ranking.frame.geometry[key.text]
        lon, lat = map(float, mark.findtext(f"{K}Point/{K}coordinates").split(","))
        assert (lon, lat) == pytest.approx((point.x, point.y), abs=1e-6)
        seen += 1
    assert seen == len(ranking.frame)
    for text in document.iter(f"{K}coordinates"):
        for pair in text.text.split():
            lon, lat = map(float, pair.split(","))
            assert -99.5 < lon < -97
            assert 38 < lat < 39.5


def test_lines_and_nodes_of_the_region_are_further_folders(document, ranking):
    layers = ranking.regions[0].layers
    lines, nodes = len(layers["transmission_lines"].frame), len(layers["points_of_interconnection"].frame)  # fmt: skip
    found = folders(document)
    assert len(found[f"transmission lines, example ({lines})"].findall(f"{K}Placemark")) == lines
    assert len(found[f"points of interconnection, example ({nodes})"].findall(f"{K}Placemark")) == nodes  # fmt: skip


def test_the_children_of_every_feature_stand_in_the_order_of_the_schema(document):
    features = [document, *document.iter(f"{K}Folder"), *document.iter(f"{K}Placemark")]
    for feature in features:
        places = [ORDER.index(child.tag.removeprefix(K)) for child in feature]
        if feature is document:  # styles come before the features, after the description
            places = [ORDER.index("description") if child.tag == f"{K}Style" else place for child, place in zip(feature, places, strict=True)]  # fmt: skip
        assert places == sorted(places)


def test_every_style_that_is_used_is_declared_and_every_icon_is_inside(document, ranking, tmp_path):
    declared = {style.get("id") for style in document.findall(f"{K}Style")}
    used = {mark.findtext(f"{K}styleUrl").lstrip("#") for mark in document.iter(f"{K}Placemark")}
    assert used <= declared
    write_kmz(ranking, tmp_path / "out.kmz")
    with zipfile.ZipFile(tmp_path / "out.kmz") as archive:
        names = archive.namelist()
    assert names[0] == "doc.kml"
    assert {href.text for href in document.iter(f"{K}href")} == set(names[1:])
    assert not any("://" in href.text for href in document.iter(f"{K}href"))


def test_the_icons_are_pictures_with_a_clear_rim(ranking, tmp_path):
    write_kmz(ranking, tmp_path / "out.kmz")
    with zipfile.ZipFile(tmp_path / "out.kmz") as archive:
        for name in archive.namelist()[1:]:
            data = archive.read(name)
            assert data.startswith(b"\x89PNG\r\n\x1a\n")
            width, height = struct.unpack(">II", data[16:24])
            start = data.index(b"IDAT") + 4
            size = struct.unpack(">I", data[start - 8 : start - 4])[0]
            pixels = zlib.decompress(data[start : start + size])
            assert len(pixels) == height * (1 + 4 * width)
            middle = (height // 2) * (1 + 4 * width) + 1 + 4 * (width // 2)
            assert pixels[middle + 3] == 255
            assert pixels[4] == 0  # the corner is clear


def test_the_description_tells_score_dates_and_reasons(document, ranking):
    best = str(ranking.frame.index[0])
    mark = next(m for m in document.iter(f"{K}Placemark") if (v := m.find(f".//{K}Data[@name='site_id']/{K}value")) is not None and v.text == best)  # fmt: skip
    told = html.unescape(mark.findtext(f"{K}description"))
    row = ranking.frame.loc[best]
    assert f"{row['score']:.1f}" in told
    assert "2030-08" in told
    assert all(reason in told for reason in row["reasons"].split("; ") if reason)
    assert mark.findtext(f"{K}name") == f"1 {row['name']}"


def test_text_of_a_region_is_never_markup(make_region, tmp_path):
    from conftest import SITES

    name = "Ash & <script>alert(1)</script> ]]> \x0b"
    region = pw.read(make_region(tmp_path, sites=[{**SITES[0], "name": name}, *SITES[1:]]))
    text = kml_text(pw.rank(region, pw.measure(region)))
    document = ET.fromstring(text)
    marks = [mark for mark in document.iter(f"{K}Placemark") if "script" in mark.findtext(f"{K}name")]  # fmt: skip
    assert len(marks) == 1
    assert "<script" not in text
    assert "<script" not in marks[0].findtext(f"{K}description")
    assert marks[0].findtext(f"{K}name").endswith("Ash & <script>alert(1)</script> ]]>")


def test_the_same_ranking_gives_the_same_bytes(ranking, tmp_path):
    for name in ("a.kmz", "b.kmz"):
        write_kmz(ranking, tmp_path / name)
    assert (tmp_path / "a.kmz").read_bytes() == (tmp_path / "b.kmz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.kmz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_reader_of_kml_finds_every_layer(ranking, tmp_path):
    import pyogrio

    if "LIBKML" not in pyogrio.list_drivers():
        pytest.skip("this GDAL reads no KML")
    path = tmp_path / "doc.kml"
    path.write_text(kml_text(ranking), encoding="utf-8")
    counts = {name: pyogrio.read_info(path, layer=name)["features"] for name, _ in pyogrio.list_layers(path)}  # fmt: skip
    assert counts["ranked (9)"] == 9
    assert sum(counts.values()) == len(ranking.frame) + sum(
        len(ranking.regions[0].layers[name].frame) for name in ("points_of_interconnection", "transmission_lines")
    )  # fmt: skip


def test_a_region_without_lines_still_has_its_sites(tiny, tiny_measures):
    document = ET.fromstring(kml_text(pw.rank(tiny, tiny_measures))).find(f"{K}Document")
    assert not any(name.startswith("transmission") for name in folders(document))
    assert len(list(document.iter(f"{K}Placemark"))) == 4 + 2


def test_sources_and_licences_are_named(document, ranking):
    told = html.unescape(document.findtext(f"{K}description"))
    for name in ("sites", "points_of_interconnection", "transmission_lines"):
        layer = ranking.regions[0].layers[name]
        assert layer.title in told
        assert all(licence in told for licence in layer.licenses)
