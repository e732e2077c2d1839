"""County names: which county a queue means by a name in a state, by a table of counties.

Without a table nothing is matched. A plain `Richmond` may be the county or the city: the county is
taken, and flagged, also where the table holds one of the two. No name is matched by its likeness.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import NamedTuple

import pandas as pd

from powerwall.region.findings import did_you_mean

#: Words that end a county's name, the longest first.
_KIND = re.compile(r"\s+(?:county|co|parish|borough|census area|municipio|planning region)$")
_OF_CITY = re.compile(r"^(?:city of\s+(?P<after>.+)|(?P<before>.+?)\s+city)$")
_SEVERAL = re.compile(r"\s*(?:[,;/&]|\band\b)\s*")
#: Counties beside which a city of the same name is a county of its own, by state and name.
#: https://www.census.gov/library/reference/code-lists/ansi.html
TWINS = {
    ("MD", "baltimore"): "24005", ("MO", "stlouis"): "29189", ("VA", "fairfax"): "51059", ("VA", "franklin"): "51067",
    ("VA", "richmond"): "51159", ("VA", "roanoke"): "51161",
}  # fmt: skip
_NOWHERE = frozenset({"unknown", "tbd", "various", "multiple", "offshore", "none", "n/a", "na", "not available", "-", "statewide"})  # fmt: skip


class Place(NamedTuple):
    """What a name means.

    Attributes
    ----------
    fips
        Code of the county, or "".
    how
        `county`, `city`, `ambiguous_county_taken`, `first_of_several` or `unmatched`; "" without a table.
    """

    fips: str
    how: str


class Counties:
    """Counties by state and name.

    Parameters
    ----------
    table
        One row a county: `fips`, `name`, `state` (postal code), `kind` (`city` for an independent
        city, else a county). None or empty: nothing is matched.
    """

    def __init__(self, table: pd.DataFrame | None) -> None:
        self._county: dict[tuple[str, str], str] = {}
        self._city: dict[tuple[str, str], str] = {}
        self._names: dict[str, list[str]] = defaultdict(list)
        self.known = table is not None and not table.empty
        if table is None:
            return
        for fips, name, state, kind in table[["fips", "name", "state", "kind"]].astype(str).itertuples(index=False):  # fmt: skip
            plain = _plain(name)
            if kind == "city":
                plain = re.sub(r"\s+city$", "", plain)
            own = self._city if kind == "city" else self._county
            own.setdefault((state, _key(_KIND.sub("", plain))), fips)
            own.setdefault((state, _key(plain)), fips)
            self._names[state].append(name)

    def find(self, state: str, text: str) -> Place:
        """The county that a cell names.

        >>> table = pd.DataFrame({"fips": ["51159", "51760"], "name": "Richmond", "state": "VA", "kind": ["county", "city"]})
        >>> Counties(table).find("VA", "city of richmond")
        Place(fips='51760', how='city')
        """
        plain = _plain(text)
        if not self.known:
            return Place("", "")
        if self.says_none(text):
            return Place("", "unmatched")
        found = self._one(state, plain)
        if found.fips:
            return found
        parts = [part for part in _SEVERAL.split(plain) if part]
        if len(parts) > 1 and (first := self._one(state, parts[0])).fips:
            return Place(first.fips, "first_of_several")
        return Place("", "unmatched")

    @property
    def states(self) -> list[str]:
        """States of which the table holds counties."""
        return list(self._names)

    def says_none(self, text: str) -> bool:
        """Whether a cell only says that no county is known: unknown, various, a state."""
        plain = _plain(text)
        return not plain or plain in _NOWHERE or (len(plain) == 2 and plain.upper() in self._names)

    def _one(self, state: str, plain: str) -> Place:
        city = _OF_CITY.match(plain)
        if city:
            own = self._city.get((state, _key(city["after"] or city["before"])), "")
            if own:
                return Place(own, "city")
        county = self._county.get((state, _key(plain))) or self._county.get((state, _key(_KIND.sub("", plain))), "")  # fmt: skip
        twin = self._city.get((state, _key(plain)), "")
        if (state, _key(plain)) in TWINS:  # a table of a part of the state may lack one of the two
            return Place(TWINS[state, _key(plain)], "ambiguous_county_taken")
        if county:
            return Place(county, "ambiguous_county_taken" if twin else "county")
        return Place(twin, "city" if twin else "unmatched")

    def nearest(self, state: str, text: str) -> str:
        """A remedy that names the county that a misspelt one looks like."""
        return did_you_mean(text.strip().title(), self._names.get(state, []))

    def places(self, state: pd.Series, text: pd.Series) -> pd.DataFrame:
        """Columns `fips` and `fips_match` of many cells; each pair is looked up once."""
        pairs = pd.MultiIndex.from_arrays([state.fillna("").astype(str), text.fillna("").astype(str)])  # fmt: skip
        found = {pair: self.find(*pair) for pair in pairs.unique()}
        made = pd.DataFrame([found[pair] for pair in pairs], index=text.index, columns=["fips", "fips_match"])  # fmt: skip
        return made.astype("string").replace("", pd.NA)


def _plain(text: str) -> str:
    """A name in lower case without accents, dots and double blanks; saint is st."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    bare = " ".join(bare.lower().replace(".", " ").replace("&", " and ").replace("'", "").split())
    return re.sub(r"\bsaint\b", "st", bare)


def _key(plain: str) -> str:
    """A name without its blanks: de witt is dewitt."""
    return plain.replace(" ", "")
