"""ISO forms: the native postings of CAISO, NYISO, PJM and SPP, as columns and words of the layer.

Headings, sheets and words are those that open readers of the postings name; no native file was at
hand to try them on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Names = Mapping[str, tuple[str, ...]]


class Form(NamedTuple):
    """The native posting of an operator.

    Attributes
    ----------
    entity
        Operator.
    marks
        Sets of folded headings, any of which tells the form.
    names
        Column of the layer → folded headings, the first that is there counts.
    status
        Words of its column of states, in lower case → state of the layer.
    sheets
        Beginnings of names of sheets, in lower case → state of their rows. That of ended requests is for
        all rows; on others, and on sheets that are not named, a row's own word goes before.
    zone
        Zone whose midnights it writes in UTC.
    """

    entity: str
    marks: tuple[tuple[str, ...], ...]
    names: Names
    status: Mapping[str, str]
    sheets: Mapping[str, str] = {}
    zone: str | None = None


_PLACE: Names = {"county_raw": ("county", "location_county"), "state": ("state", "st")}
CAISO = Form(
    "CAISO", (("queue_position", "queue_date"),),
    {"queue_id": ("queue_position",), "status_raw": ("application_status",), "queue_date": ("queue_date",), **_PLACE,
     "project_name": ("project_name", "project_name_confidential"), "utility": ("utility",), "poi_name": ("station_or_transmission_line",),
     "capacity": ("net_mws_to_grid",), "fuel": ("type_1",), "fuel_2": ("type_2",), "fuel_3": ("type_3",), "study_phase": ("study_process",),
     "proposed_in_service_date": ("current_on_line_date",), "in_service_date": ("actual_on_line_date",), "withdrawn_date": ("withdrawn_date",),
     "agreement_status": ("interconnection_agreement_status",)},
    {"active": "active", "completed": "in_service", "withdrawn": "withdrawn"},
    {"completed": "in_service", "withdrawn": "withdrawn"}, "America/Los_Angeles",
)  # fmt: skip
NYISO = Form(
    "NYISO", (("queue_pos.", "project_name"), ("queue_number", "peak_mw_load")),
    {"queue_id": ("queue_pos.", "queue_number"), "project_name": ("project_name", "project:_project_name"), **_PLACE,
     "queue_date": ("date_of_ir", "ir_submission_date"), "capacity": ("peak_mw_load",), "summer_mw": ("sp_(mw)",), "winter_mw": ("wp_(mw)",),
     "fuel": ("type_fuel",), "end_use": ("end_use",), "zone": ("z", "nyiso_zone"), "utility": ("utility", "cto_utility"),
     "poi_name": ("interconnection_point", "points_of_interconnection"), "status_code": ("project_status_#", "s"),
     "last_update": ("last_update", "last_updated_date"),
     "proposed_in_service_date": ("proposed_in_service_initial_backfeed_date", "proposed_initial_backfeed_date", "proposed_in_service")},
    {"withdrawn": "withdrawn", "in service commercial": "in_service", "in service for test": "energised", "partial in-service": "energised", "under construction": "agreed",
     "ia completed": "agreed", "interconnection agreement completed": "agreed"},
    {"interconnection queue": "active", "cluster projects-withdrawn": "withdrawn", "cluster projects": "active", "load projects": "active",
     "withdrawn": "withdrawn", "in service": "in_service"},
)  # fmt: skip
PJM = Form(
    "PJM", (("project_id", "mfo"), ("queue_number", "mfo")),
    {"queue_id": ("project_id", "queue_number"), "status_raw": ("status",), "queue_date": ("submitted_date", "queue_date"), **_PLACE,
     "project_name": ("commercial_name",), "poi_name": ("name",), "utility": ("transmission_owner",), "capacity": ("mfo",), "summer_mw": ("mw_capacity",),
     "winter_mw": ("mw_energy",), "fuel": ("fuel",), "project_type": ("project_type",),
     "proposed_in_service_date": ("revised_in_service_date", "projected_in_service_date"), "filed_date": ("projected_in_service_date",), "in_service_date": ("actual_in_service_date",),
     "withdrawn_date": ("withdrawal_date",)},
    {"active": "active", "confirmed": "active", "under study": "active", "suspended": "suspended", "engineering and procurement": "agreed",
     "under construction": "agreed", "partially in service - under construction": "energised", "in service": "in_service",
     **dict.fromkeys(("withdrawn", "retracted", "annulled", "canceled", "cancelled"), "withdrawn")},
)  # fmt: skip
SPP = Form(
    "SPP", (("generation_interconnection_number", "request_received"),),
    {"queue_id": ("generation_interconnection_number",), "status_raw": ("status",), "queue_date": ("request_received",), "town_or_county": ("nearest_town_or_county",),
     "state": ("state",), "utility": ("to_at_poi",), "poi_name": ("substation_or_line",), "capacity": ("capacity",), "summer_mw": ("max_summer_mw",),
     "winter_mw": ("max_winter_mw",), "fuel": ("fuel_type",), "fuel_else": ("generation_type",), "study_phase": ("current_cluster",), "service_type": ("service_type",),
     "withdrawn_date": ("date_withdrawn",), "proposed_in_service_date": ("commercial_operation_date",)},
    {"ia fully executed/commercial operation": "in_service", "ia fully executed/on schedule": "agreed", "ia fully executed/on suspension": "agreed",
     "withdrawn": "withdrawn", "terminated": "withdrawn",
     **dict.fromkeys(("ia pending", "disis stage", "facility study stage", "special study", "eras", "ics"), "active")},
)  # fmt: skip
FORMS = (CAISO, NYISO, PJM, SPP)
#: Codes of NYISO's column of types; the key below its sheets goes before.
NYISO_FUELS = {
    "AC": "AC Transmission", "C": "Coal", "CC": "Combined Cycle", "CT": "Combustion Turbine", "D": "Dual Fuel", "DC": "DC Transmission", "ES": "Energy Storage",
    "F": "Flywheel", "FC": "Fuel Cell", "H": "Hydro", "L": "Load", "M": "Methane", "NG": "Natural Gas", "NU": "Nuclear", "O": "Oil", "OSW": "Offshore Wind",
    "PS": "Pumped Storage", "S": "Solar", "ST": "Steam Turbine", "SW": "Solid Waste", "W": "Wind",
}  # fmt: skip
