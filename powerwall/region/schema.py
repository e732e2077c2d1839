"""Layers as the product knows them: key, geometry, needed columns and words of each.

Numbers need no entry here: the suffix of a column is its unit (`units.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

Words = tuple[str, ...]

PROVENANCE: Words = ("source_title", "source_url", "as_of", "status", "note")
STATUS: Words = ("verified", "secondary", "approximate", "unverified")
RUNGS: Words = (
    "utility_letter",
    "hosting_map",
    "study",
    "open_network",
    "line_proximity",
    "area_share",
)


@dataclass(frozen=True)
class LayerSchema:
    """What one canonical layer must hold.

    Attributes
    ----------
    about
        One line for the reference page.
    key
        Column whose values are unique, or "".
    geometry
        `point`, `line`, `polygon`, `polygon or none` or `none`.
    required
        Columns that must exist; their cells may be empty, except in the key.
    words
        Columns that hold one of a few words.
    lists
        Columns that hold `;` separated ids.
    dates
        Columns that hold a year, a month or a day.
    refers
        Column to layer whose key it names.
    instead
        Columns of public tables, any of which is read in the place of the key and the required
        ones; their names are known in any case, with blanks or underscores.
    """

    about: str
    key: str
    geometry: str
    required: Words = ()
    words: dict[str, Words] = field(default_factory=dict)
    lists: Words = ()
    dates: Words = ()
    refers: dict[str, str] = field(default_factory=dict)
    instead: tuple[Words, ...] = ()


ZONING: Words = (
    "by_right", "administrative", "special_permit", "rezoning_needed", "approved",
    "prohibited", "moratorium", "denied", "none_county", "unknown",
)  # fmt: skip

LAYERS: dict[str, LayerSchema] = {
    "sites": LayerSchema(
        "candidate places, and places already taken",
        "site_id", "point",
        words={"zoning_status": ZONING, "availability": ("open", "taken", "contested", "unknown"),
               "pipeline_state": ("no_studies", "under_review", "studies_approved", "approved_to_energise"), "greenfield": ("yes", "no")},
        refers={"utility_id": "utilities", "jurisdiction_id": "jurisdictions", "poi_id": "points_of_interconnection",
                "climate_station_id": "climate_stations"},
    ),
    "points_of_interconnection": LayerSchema(
        "substations and switching stations where a load can meet the grid",
        "poi_id", "point", ("kind", "voltage_kv"),
        words={
            "kind": ("substation", "switching_station", "tap", "line_ends", "planned"),
            "name_status": ("public", "derived", "unverified_match", "description"),
            "headroom_rung": RUNGS,
            "reinforcement_status": (
                "in_service", "under_construction", "engineering", "approved", "approved_litigated",
                "consented", "planned", "planning", "proposed", "denied_by_planning_commission",
                "full", "on_hold", "cancelled",
            ),
        },
        lists=("defect_flag", "waits_for_line_ids"), dates=("expected_date",), refers={"utility_id": "utilities", "network_bus": "network",
                "waits_for_line_ids": "transmission_lines"},
    ),
    "network": LayerSchema(
        "buses of a transmission network (`bus.csv`), its `branch.csv` beside it; nodes name theirs in `network_bus`",
        "bus", "none", ("kv", "load_mw", "gen_mw", "gen_max_mw"),
    ),
    "load_queue": LayerSchema(
        "requests of large loads ahead at a node, and where each stands",
        "queue_id", "none", ("poi_id", "mw", "pipeline_state"),
        words={"pipeline_state": ("no_studies", "under_review", "studies_approved", "approved_to_energise")},
        dates=("requested_on",), refers={"poi_id": "points_of_interconnection"},
    ),
    "transmission_lines": LayerSchema(
        "corridors of transmission lines; a corridor is not a capacity",
        "line_id", "line",
        words={"line_status": (
            "in_service", "proposed", "approved", "engineering", "consented", "planning",
            "under_construction", "inactive", "unknown",
        )},
        dates=("expected_date",),
    ),
    "queue": LayerSchema(
        "requests in interconnection queues, told apart by `entity` and `queue_id`; the publisher's word stays in `status_raw`",
        "", "none", ("entity", "queue_id", "kind", "status", "queue_date", "capacity_mw"),
        words={"kind": ("generation", "storage", "load", "transmission", "unknown"),
               "status": ("active", "withdrawn", "suspended", "agreed", "energised", "in_service", "unknown")},
        dates=("queue_date", "agreement_date", "energised_date", "in_service_date", "withdrawn_date", "proposed_in_service_date"),
    ),
    "reinforcements": LayerSchema(
        "transmission works and how far they are, told apart by `upgrade_id`; from first review to service is a lead time, and no date of any one site",
        "upgrade_id", "none", ("upgrade_id", "status"),
        words={"status": ("planned", "engineering", "construction", "in_service", "on_hold", "cancelled"), "immediate_need": ("yes", "no")},
        dates=("first_review_date", "latest_review_date", "required_date", "expected_date", "in_service_date"),
    ),
    "generators": LayerSchema(
        "power plants and their units; nameplate, summer and net MW are different numbers",
        "generator_key", "point", ("plant_id", "capacity_mw", "fuel", "generator_status"),
        words={"generator_status": ("operating", "standby", "out_of_service", "retired", "planned", "under_construction", "cancelled", "unknown")},
        dates=("online_date", "retirement_date"),
    ),
    "data_centers": LayerSchema(
        "data centres that stand or are announced; a campus and the buildings in it are not added",
        "dc_id", "point", words={"kind": ("building", "campus", "point", "facility")}, refers={"contained_in": "data_centers"},
    ),
    "hazards": LayerSchema(
        "natural hazards by county, as published; scores are ranks among counties, not probabilities",
        "fips", "none",
    ),
    "utilities": LayerSchema(
        "who serves; requested, signed and peak MW are different states and never added",
        "utility_id", "none", ("name", "kind"),
    ),
    "jurisdictions": LayerSchema(
        "authorities that zone and permit",
        "jurisdiction_id", "polygon", ("name", "kind"),
        words={"kind": ("country", "state", "county", "city", "town", "village", "township", "local_authority"),
               "ozone_class": ("attainment", "marginal", "moderate", "serious", "severe", "extreme")},
        lists=("utility_ids",), refers={"parent_id": "jurisdictions"},
    ),
    "water_systems": LayerSchema(
        "water providers, their basin, caps and permit triggers",
        "water_area_id", "polygon or none", ("name",),
        words={
            "reclaimed_water": ("yes", "planned", "no", "unknown"),
            "supplier_kind": ("municipal", "water_district", "self"),
            "source_kind": ("potable", "reclaimed", "surface", "groundwater", "sea"),
            "cap_status": ("in_force", "local_agreement", "proposed"),
        },
        lists=("site_ids",),
    ),
    "noise_rules": LayerSchema(
        "one testable noise limit or setback a row; or `FIPS, Feature Type, Value Type, Value` with texts such as 55/50/45 dBA",
        "rule_id", "none", ("jurisdiction_id", "kind", "rule_status"),
        words={
            "kind": ("absolute", "background_plus", "emergence", "no_increase", "setback",
                     "generator_level", "generator_window", "not_found"),
            "metric": ("LAeq", "LA", "LCeq", "LAr", "LA50", "LA10", "LA1", "LAmax", "Lnight", "octave"),
            "period": ("day", "evening", "night", "all", "test"),
            "rule_status": ("in_force", "pending", "proposed", "draft", "guidance", "unknown", "repealed"),
        },
        dates=("effective_from", "effective_to"), instead=(("feature_type", "value_type", "value"), ("limit_day_dba",), ("limit_night_dba",)),
    ),
    "receptors": LayerSchema(
        "homes and other places where a noise limit holds: points, or outlines of parcels, buildings or zones",
        "receptor_id", "point or polygon", ("kind",), lists=("relevant_site_ids",),
        words={"land_use_class": ("noisy_commercial_industrial", "moderate_commercial_noisy_residential", "quiet_commercial_moderate_residential",
                                  "quiet_residential", "very_quiet_rural")},
    ),
    "ambient": LayerSchema(
        "outlines with the sound that is there without the campus: `ambient_day_dba`, `ambient_night_dba`",
        "ambient_id", "polygon",
    ),
    "equipment_sources": LayerSchema(
        "sound power of equipment; a row with the id of a shipped one stands in its place",
        "source_id", "none", ("category", "source_height_m"),
        words={"category": ("cooling", "backup_generation", "onsite_generation", "electrical"), "tonal": ("true", "false")},
    ),
    "mitigation": LayerSchema(
        "measures against noise, by band or as a claim; a row with the id of a shipped one stands in its place",
        "mitigation_id", "none", ("applies_to", "measure"),
    ),
    "policy": LayerSchema(
        "one dated act of an authority a row",
        "policy_id", "none", ("jurisdiction_id", "kind", "policy_status", "effect"),
        words={
            "kind": ("moratorium", "prohibition", "zoning", "special_permit", "setback", "statute",
                     "utility_rule", "tax", "tax_incentive", "transmission_siting", "approval",
                     "denial", "withdrawal", "litigation", "opposition"),
            "policy_status": ("pending", "active", "enacted", "decided", "expired", "replaced", "withdrawn",
                              "proposed", "introduced", "draft", "one chamber", "rescinded"),
            "effect": ("blocks", "restricts", "neutral", "enables"),
            "duration_kind": ("fixed", "until_date", "until_event", "indefinite", "unknown"),
        },
        dates=("action_date", "effective_from", "effective_to"),
        refers={"site_id": "sites", "jurisdiction_id": "jurisdictions"},
    ),
    "permit_paths": LayerSchema(
        "decided permits of an authority, or what is known of one site's; overrides the national class",
        "permit_id", "none", ("category",),
        words={"category": (*(word for word in ZONING if word != "moratorium"), "appeal")},
        refers={"site_id": "sites", "jurisdiction_id": "jurisdictions"},
    ),
    "opposition_events": LayerSchema(
        "local events that the press reported, one a row; `covers`, `covers_from` and `covers_to` of the region file say where it looked",
        "event_id", "none", ("jurisdiction_id", "event_date"),
        words={"level": ("county", "city", "town", "village", "township", "local_authority", "state", "federal", "court")},
        dates=("event_date",), refers={"jurisdiction_id": "jurisdictions"},
    ),
    "obligations": LayerSchema(
        "duties that a dated rule puts on a request, and what they ask for",
        "obligation_id", "none", ("policy_id", "duty"),
        words={"duty": ("onsite_generation", "renewable_energy", "backup_disclosure", "curtailment", "upfront_fee", "minimum_term",
                        "location_test")},
        refers={"policy_id": "policy"},
    ),
    "tariff_territories": LayerSchema(
        "outlines inside which one tariff stack serves; where two overlap the stack is unknown",
        "territory_id", "polygon", ("tariff_stack",),
    ),
    "fiscal_terms": LayerSchema(
        "one tax, agreed payment or incentive a row, with its window and the conditions that a plan must meet",
        "term_id", "none", ("jurisdiction_id", "instrument"),
        words={
            "instrument": ("sales_tax", "equipment_property_tax", "real_property_tax", "electricity_tax", "agreed_payment",
                           "sales_tax_exemption", "abatement"),
            "paused": ("no", "new_certificates", "all", "unknown"),
        },
        lists=("relieves",), dates=("effective_from", "effective_to", "sunset", "certificate_by", "paused_from", "paused_to"),
        refers={"policy_id": "policy", "jurisdiction_id": "jurisdictions", "relieves": "fiscal_terms"},
    ),
    "time_to_power": LayerSchema(
        "stage durations of a utility, and statements to compare with",
        "process_id", "none", ("utility_id", "kind", "stage"),
        words={
            "kind": ("stage", "total", "reference_class", "reference_case", "outside_view", "statement"),
            "factor_group": ("tso", "local", "supply", "build", "policy"),
            "basis": ("published", "published_calendar", "derived", "assumption"),
        },
        lists=("networks", "predecessors"), dates=("started_on", "done_on"), refers={"site_id": "sites"},
    ),
    "calendars": LayerSchema(
        "study windows and dates before which nothing can be energised",
        "calendar_id", "none", ("kind",),
        words={"kind": ("batch_window", "recurring_window", "continuous", "rule_deadline",
                        "effective_date", "not_before", "backbone_in_service")},
        lists=("jurisdiction_ids",), dates=("opens", "closes", "result_date"),
    ),
    "climate_stations": LayerSchema(
        "weather stations; one with rows in `climate` serves the sites nearest to it",
        "station_id", "point", words={"quality": ("ok", "moisture_suspect")},
    ),
    "climate": LayerSchema(
        "typical year of each station: joint bins of dry and wet bulb by month, three days of 24 hours, design pairs; or every hour",
        "", "none", ("station_id", "record", "month", "hour", "tdb_c", "twb_c", "hours"),
        words={"record": ("bin", "profile", "design", "percentile", "month", "hour")},
        refers={"station_id": "climate_stations"},
    ),
    "basins": LayerSchema(
        "river basins with water stress under the names of Aqueduct 4.0 (`bws_score`, `bws_01_raw` …)",
        "basin_id", "polygon",
    ),
    "water_rules": LayerSchema(
        "one dated trigger of a water rule a row; a row with the id of a shipped one stands in its place",
        "rule_id", "none", ("country", "metric", "comparator", "consequence_class", "rule_status"),
        words={
            "comparator": ("ge", "gt", "always"),
            "consequence_class": ("prohibit", "cap", "approval", "permit", "reuse_share", "plan", "environmental_review", "report", "information"),
            "rule_status": ("in_force", "proposed", "voluntary", "local_agreement", "informational", "vetoed", "superseded"),
            "evidence": ("primary", "secondary", "press"),
        },
        dates=("effective_from",),
    ),
    "grid_mix": LayerSchema(
        "generation of a balancing authority by fuel, for the water of power plants",
        "", "none", ("balancing_authority", "fuel", "generation_share"),
    ),
}  # fmt: skip

#: Words of the `status` column in every layer that keeps provenance there.
LAYER_ALIASES = {
    "substations": "points_of_interconnection",
    "water_utilities": "water_systems",
    "water": "water_systems",
}
