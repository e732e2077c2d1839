"""Region text: how `powerwall init` writes a region file, and the made-up rows that are to be replaced."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

_FILE = """\
{about}
schema = 1
name = "{name}"
title = "{title}"
version = "0.1.0"
as_of = {as_of}              # month 0 of every plan; rules in force on this day
edition = "screening"
crs = "{crs}"          # projected, metres{which}
currency = "USD"

[request]
mw = 300
need_by = {need_by}

[sites]
{sites}
{layers}
[weights]                      # the developer's view, assumed
power = 5
cost = 3
water = 1
noise = 1
policy = 2
"""
#: One candidate, to be replaced.
SITES = """\
site_id,name,lon,lat,location_accuracy_m,area_ha,zoning_status,availability,source_title,source_url,as_of,status,note
first-site,First site,{lon},{lat},500,,unknown,unknown,made-up row: replace it,,{as_of},unverified,
"""
HIGH_KV = 138  # nodes from here on are for a large load


class Start(NamedTuple):
    """What a region file begins with: its name, its day and its projected coordinate system."""

    name: str
    as_of: date
    crs: str

    @property
    def title(self) -> str:
        """Its name in words."""
        return self.name.replace("-", " ").title()

    def text(self, about: str, sites: str, layers: str, which: str = "") -> str:
        """The region file: a comment, the keys under `[sites]`, the blocks of the layers."""
        need_by = self.as_of.replace(year=self.as_of.year + 5, day=1)
        return _FILE.format(about=about, title=self.title, need_by=need_by, sites=sites, layers=layers, which=which, **self._asdict())  # fmt: skip


def around(where: str) -> str:
    """The keys under `[sites]` that put a candidate at each node that meets a condition."""
    condition = f'where = "{where}", ' if where else ""
    return f'around = {{ layer = "points_of_interconnection", {condition}radius_km = 2 }}\n'


def own_sites(name: str) -> str:
    """The keys under `[sites]` that name a file of candidates."""
    return f'path = "{name}/sites.csv"\nlicenses = ["CC0-1.0"]\n'


def utm(lon: float, lat: float) -> str:
    """Code of the UTM zone of a place in degrees."""
    zone = min(int((lon + 180) // 6), 59) + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
