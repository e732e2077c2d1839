"""Classes: which receptors a rule protects, by the words of the rule and of the receptor."""

from __future__ import annotations

RESIDENTIAL, COMMERCIAL, INDUSTRIAL = "residential", "commercial", "industrial"
#: Words under which rules protect homes.
HOMES = frozenset({
    RESIDENTIAL, "dwelling", "noise_sensitive_property", "noise_sensitive_location", "sensitive_building", "fr_zer", "mn_nac1", "il_class_a",
})  # fmt: skip
#: Zones of homes in Germany; a home whose zone is not known is taken to lie in the strictest (assumed).
_GERMAN_HOMES = frozenset({"de_wr", "de_wa_ws", "de_kur"})
_UNZONED = "de_wr"
_GROUPS = {
    COMMERCIAL: frozenset({COMMERCIAL, "nonresidential", "central_business_district", "mn_nac2", "de_mi_md_mk", "de_mu"}),
    INDUSTRIAL: frozenset({INDUSTRIAL, "mn_nac3", "il_class_c", "de_ge", "de_gi"}),
}  # fmt: skip
_KINDS = {
    RESIDENTIAL: ("subdivision", "housing", "house", "home", "hamlet", "village", "town_centre", "dwelling", "apartments", "farmhouse"),
    "noise_sensitive_property": ("school", "hospital", "clinic", "care_home", "nursery", "church", "library"),
    COMMERCIAL: ("office", "shop", "retail", "hotel", "commercial"),
    INDUSTRIAL: ("factory", "works", "warehouse", "industrial"),
}  # fmt: skip
_CLASS_OF_KIND = {kind: found for found, kinds in _KINDS.items() for kind in kinds}
#: Every word a rule may have for what it protects.
KNOWN = frozenset({"", "any", "mixed_use_residential", *HOMES, *_GERMAN_HOMES, *_GROUPS[COMMERCIAL], *_GROUPS[INDUSTRIAL]})  # fmt: skip


def matches(rule_class: str, receptor_class: str) -> bool:
    """Tell whether a rule of one class protects a receptor of another.

    >>> matches("dwelling", "residential"), matches("industrial", "residential"), matches("any", "industrial")
    (True, False, True)
    """
    if rule_class in {"", "any", receptor_class}:
        return True
    if receptor_class in HOMES:
        return rule_class in HOMES or rule_class == _UNZONED
    if receptor_class in _GERMAN_HOMES:
        return rule_class in HOMES
    return rule_class in _GROUPS.get(receptor_class, frozenset())


def class_of_kind(kind: str) -> str | None:
    """Class of a receptor by its kind; None where the kind says nothing of it."""
    return _CLASS_OF_KIND.get(kind)
