"""Examples of findings for the reference page: one message a code as `check` prints it, and how to mend it."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """One message of a code.

    Attributes
    ----------
    severity, place, message, remedy
        As a command prints them; the place and the names in the message are made up.
    mend
        What to do about this code, whatever its message.
    """

    severity: str
    place: str
    message: str
    remedy: str
    mend: str


def shown(code: str, example: Example) -> str:
    """The finding as `check` prints it, without the line of the file."""
    lines = [f"{example.severity}[{code}]: {example.message}", f"  --> {example.place}"]
    return "\n".join(lines + [f"   = help: {example.remedy}"] * bool(example.remedy))


_FILE, _LAYERS = "regions/my-county.toml", "regions/my-county/"
_POI, _SITES, _POLICY = (f"{_LAYERS}{name}.csv" for name in ("points_of_interconnection", "sites", "policy"))  # fmt: skip

EXAMPLES: dict[str, Example] = {
    "PW101": Example("error", f"{_FILE}:4:9", "not valid TOML: Invalid value", "strings stand in quotes, dates do not; tables start with [name]",
                     "Correct the line that is named, or save the file as UTF-8. A file that is missing is named with the closest name beside it."),
    "PW102": Example("error", f"{_FILE}:1:1", "need_by = 2026-05-01 is not after as_of = 2026-08-22", "",
                     "Write a value of the type and range in [the region file](region-file.md)."),
    "PW103": Example("error", f"{_FILE}:1:1", "`crs` is missing", "add `crs = …`", "Add the key; [the region file](region-file.md) says which have no default."),
    "PW104": Example("error", f"{_FILE}:14:1", "unknown key `request.need_bye`", "did you mean `need_by`?", "Correct the spelling, or remove the key."),
    "PW105": Example("error", f"{_FILE}:60:1", "weights name the unknown subject `watter`", "did you mean `water`?",
                     "Correct the name: `powerwall criteria` lists criteria and subjects, the region file its layers."),
    "PW106": Example("error", f"{_FILE}:62:1", "the weight of `noise` is -1; it must be a finite number, 0 or more", "", "Write 0 for what is shown and not counted."),
    "PW107": Example("warning", f"{_FILE}:70:1", "the value function of `months_late` runs against its direction", "is a larger number really better here?",
                     "List the breakpoints by rising x, with values from 0 to 1, and look whether the best end is the one you mean."),
    "PW108": Example("warning", f"{_FILE}:70:1", "the value function of `area_ha` runs from 0.2 to 1, not from 0 to 1", "let its ends stand at 0 and 1, and weigh it less instead",
                     "Stretch the function to both ends and lower the weight."),
    "PW109": Example("warning", "regions/other-county.toml:58:1", "[weights] of other-county differs from that of my-county, which counts for both", "make [weights] equal in both files",
                     "Copy the table from the first region, or rank the regions one by one."),
    "PW110": Example("warning", f"{_FILE}:58:1", "the peak PUE count twice: in `it_mw_per_grid_mw` and in `flop_by_horizon`", "set it_mw_per_grid_mw = 0: it is inside the FLOP",
                     "Give a weight to one of the two."),
    "PW201": Example("error", f"{_FILE}:31:1", "layer `policy`: no file polcy.csv", "did you mean `policy.csv`?", "Correct the path; it is relative to the region file."),
    "PW202": Example("error", f"{_POLICY}", "not UTF-8 at byte 1042", "save the file as UTF-8", "Save the file whole, in UTF-8 and in the format that its suffix names."),
    "PW203": Example("error", f"{_POI}:1:1", "layer `points_of_interconnection` has no column `voltage_kv`; columns found: id, KV, lon, lat",
                     'map it under [layers.points_of_interconnection.columns], e.g.  voltage_kv = { from = "id" }', "Add the column, or map the one that holds it."),
    "PW204": Example("error", f"{_FILE}:40:1", "layer `receptors` has no rows", "remove the layer, or fill it", "Fill the file, or take the layer out of the region: then it is unknown."),
    "PW205": Example("error", f"{_SITES}:1:1", "cells are separated by semicolons, not by commas", 'save as comma-separated, or declare  delimiter = ";"  in the layer',
                     "Declare the delimiter, or save the file with commas."),
    "PW206": Example("warning", f"{_SITES}:1:1", "starts with a byte-order mark, which was skipped", "save as `CSV UTF-8` without a byte-order mark", "Nothing is wrong with the numbers; saving without the mark keeps diffs clean."),
    "PW207": Example("error", f"{_SITES}:7:1", "the row has 12 cells, the header 11", "put cells that hold the delimiter in double quotes", "Quote the cell, or add the missing delimiter."),
    "PW208": Example("warning", f"{_FILE}:81:2", "layer `policy` is 104 days old, fresh for 30", "refresh it and its as_of",
                     "Look at the sources again, correct the rows, and move `as_of`. `fail_on_stale` in `[gates]` makes it a gate of `compare`."),
    "PW209": Example("warning", f"{_FILE}:31:2", "layer `policy` does not give a licence nor a source", "", "Declare `licenses`, `source` and `as_of` of the layer."),
    "PW210": Example("error", f"{_FILE}:34:1", "layer `transmission_lines`: lines.parquet is not the declared file", 'if it is right, set  sha256 = "9f2c…"',
                     "Take the declared file, or accept the new one by its checksum."),
    "PW211": Example("warning", f"{_FILE}:44:2", "layer `substations` is called `points_of_interconnection` here", "", "Rename the layer."),
    "PW212": Example("error", f"{_FILE}:37:1", "layer `points_of_interconnection` has no column `KVolt`", "did you mean `KV`?", "Correct the name behind `from`."),
    "PW213": Example("warning", f"{_FILE}:33:2", "layer `transmission_lines`: lines.parquet has no sha256", 'sha256 = "9f2c…"', "Paste the line into the layer."),
    "PW301": Example("error", f"{_SITES}:5", "sites: row 5 has no position", "give it lon and lat, or remove the row", "Enter longitude and latitude, with `location_accuracy_m` where they are coarse."),
    "PW302": Example("error", f"{_FILE}:31:2", "layer `receptors` does not say its coordinate system", 'declare it:  crs = "EPSG:4326"', "Declare `crs` in the layer."),
    "PW303": Example("error", f"{_FILE}:9:1", "crs `EPSG:4326` is geographic, in degrees; distances need metres", "take the UTM zone of the region, e.g. EPSG:32618 for 78–72° W",
                     "Take a projected system in metres; `powerwall init` writes the UTM zone of the place."),
    "PW304": Example("error", f"{_SITES}:2", "sites: 1 of 14 rows lie where WGS 84 / UTM zone 18N does not hold, the first at 38.52° E, -77.28° N", "are lon and lat swapped? is the layer's crs right?",
                     "Swap the two columns back, or correct `crs`."),
    "PW305": Example("warning", f"{_LAYERS}jurisdictions.csv:3", "jurisdictions: the outline of `my-town` crossed itself and was repaired", "mend it in the source", "Look at the repaired outline in a GIS and store it."),
    "PW306": Example("error", f"{_LAYERS}jurisdictions.csv:4", "layer `jurisdictions`: cannot read the geometry `POLYGON ((-77.5 39.0, -77.4 39.0, -77.4…`", "write WKT in longitude latitude order, e.g. POINT (-77.5 39.0)",
                     "Close every ring and bracket; longitude comes first."),
    "PW307": Example("error", f"{_LAYERS}jurisdictions.csv:2", "jurisdictions: `my-town` is a Point, not a polygon", "", "Give the layer the geometry that [its section](layers.md) names."),
    "PW401": Example("error", f"{_POI}:3:41", "queue_ahead_mw = `1,200` is not a number", "no thousands separators, and a point for decimals", "Write the number alone, or empty the cell."),
    "PW402": Example("warning", f"{_POI}:3:20", "voltage_kv = 230000 is outside 0.1 … 1500 kV", "", 'Correct the number, or declare the unit it is in: `unit = "V"`. The ranges stand under [units](layers.md#units).'),
    "PW403": Example("warning", f"{_POI}:4:41", "queue_ahead_mw = -9999 was read as unknown", "leave the cell empty, or declare  nodata = [-9999.0]", "Empty the cells, or declare the code under `nodata` of the layer."),
    "PW404": Example("error", f"{_SITES}:9:1", "sites: `site_id` = my-mill stands twice, first in line 4", "ids must be unique inside a layer", "Rename one of the rows, or remove it."),
    "PW405": Example("error", f"{_SITES}:9:1", "sites: `site_id` is empty", "", "Give the row an id that stays the same."),
    "PW406": Example("warning", f"{_SITES}:6:70", "zoning_status = `by right` is not a word of this column", "did you mean `by_right`?", "Take one of the words in [layers](layers.md), or empty the cell."),
    "PW407": Example("error", f"{_POI}:1:30", "queue_ahead_mw: cannot turn `kVA` into MW", "known: GW, MW, kW", "Declare a unit of the same quantity; [units](layers.md#units) lists them."),
    "PW408": Example("error", f"{_POLICY}:5:60", "effective_from: `3/1/2026` is not a date: write YYYY, YYYY-MM or YYYY-MM-DD", "", "Write the date in ISO form, as coarse as it is known."),
    "PW409": Example("error", f"{_SITES}:4:90", "sites: `utility_id` = us-va-domnion is not in `utilities`", "did you mean `us-va-dominion`?", "Correct the id, or add the row it points to."),
    "PW410": Example("warning", f"{_POI}:8:41", "queue_ahead_mw = inf is not finite and counts as unknown", "", "Empty the cell: what is unknown is blank."),
    "PW411": Example("error", f"{_LAYERS}time_to_power.csv:6", "time_to_power: study-3: p50 12 and p90 9 months are not quantiles of one duration", "p90 is p50 or more, and p50 is more than 0", "Correct the two numbers; one alone is not counted."),
    "PW412": Example("note", "network/bus.csv:17:1", "2 buses are not connected to the rest, carry nothing and were left out: `901`, `902`", "", "Add the branch that connects them, or remove the buses."),
    "PW413": Example("warning", "network/branch.csv", "branches overloaded in the base case (1) [MW of MVA]: `12` 104.0 of 100", "buses that load them further have a headroom of 0", "Take an hour or a dispatch that the network carries, or correct the rating."),
    "PW414": Example("error", "somewhere.epw:9:1", "8,736 hours after the eight header lines; a year has 8,760, a leap year 8,784", "take the whole file", "Take the file as it was published, whole and unsorted."),
    "PW501": Example("warning", f"{_FILE}", "1 of 17 sites have no certain jurisdiction: my-corner", "give them a jurisdiction_id, or load real boundaries", "Until then no rule of an authority counts there, and policy is unknown."),
    "PW502": Example("warning", f"{_FILE}:1:1", "`night_noise_margin_db` is unknown at every site: no home is known within 5 km", "its weight counts half; a dataset would decide it", "Add the rows it lacks, or give the criterion no weight."),
    "PW503": Example("warning", f"{_FILE}:1:1", "2 sites know less than 50 % of the weight: my-corner, near-my-poi-3", "", "Fill what `powerwall explain` shows as `?`, the heaviest first; `min_coverage` sets the bar."),
    "PW504": Example("warning", f"{_POLICY}:22", "layer `policy`: sources that name only a domain: 1 of 21", "enter the address of the page", "Enter the page that says it, so that another reader finds it."),
    "PW505": Example("warning", f"{_SITES}:5", "layer `sites`: positions known to more than 2 km only: 7 of 14", "", "Find the parcel. Distances of less than the accuracy say nothing until then."),
    "PW506": Example("warning", f"{_FILE}:65", "price of 24 of 37 sites: industrial average of Ohio 2023, not a tariff: no tariff stack for this site", "enter the missing sheets", "Write [a tariff stack](../how-to/tariff-stack.md) of the utility."),
    "PW507": Example("warning", f"{_POLICY}:3", "my-moratorium is called active, but its term has passed", "was it extended? otherwise set policy_status = expired", "Read the act again. Dates decide, never the status word."),
    "PW508": Example("warning", f"{_FILE}:31", "stage times are generic (grade D) (3 of 17 sites)", "", "Enter stage times, windows or dates of the utility: [what sharpens the power plan](../how-to/new-region.md#what-sharpens-the-power-plan)."),
    "PW509": Example("warning", f"{_POLICY}:10", "layer `policy`: rows that rest on a compilation without a licence: 1 of 21", "replace the source by a primary page", "Read the act at its own page and cite that."),
    "PW510": Example("warning", f"{_FILE}:1:1", "`scarcity_weighted_water_m3` is unknown at every site: no column climate_stations.pressure_pa, no layer climate", "its weight counts half; a dataset would decide it", "Add the layer, or give the criterion no weight."),
    "PW511": Example("note", "network/links.csv", "links are not read", "", "Nothing to mend in the region: read the headroom with it in mind, or give files that leave nothing open."),
    "PW512": Example("warning", f"{_LAYERS}basins.csv:2", "my-basin: bws_cat = 4, but the rest of its row makes it 3, which counts", "mend one of them", "Read the source, keep the row or the cell that it bears out."),
    "PW513": Example("note", f"{_LAYERS}obligations.csv:4", "my-study-fee: Fee of the study: 100,000 USD (statute of Kansas, in force since 2026-07-01)", "powerwall plan shows what a plan has of it", "Nothing to mend: the plan has to meet it. Add what the plan offers, as `--bridge recip:300:keep`."),
    "PW514": Example("warning", f"{_LAYERS}tariffs.json:12:5", "holidays: no-holidays: no holidays of 2026 are known", "", "Add what the sheet says, or read the bill with the assumption in mind."),
    "PW515": Example("warning", f"{_FILE}", "2 of 17 sites lie in several tariff territories or at an edge: my-corner, my-mill", "give them a tariff_stack, or mend the outlines", "Name the stack in the site's own column."),
    "PW516": Example("error", "rates.json:40:5", "no record can be billed: nothing is written", "", "Each reason is listed with the path of its key: correct the record by its sheet, or leave the layer missing."),
    "PW517": Example("warning", f"{_FILE}:31:2", "layer `receptors` is left out: its day is 2024-03-01, and no row says it was known on 2022-01-31", "to use it all the same: --keep receptors", "Keep a copy of the layer from before the day; `--keep` uses the later one and says so beside the figures."),
    "PW518": Example("error", "outcomes.csv:7:20", "my-mill: energised_on = 2021-12-31 is not after the as-of date 2022-01-31", "leave out what was known by then", "Correct the date, or leave the row out of the sample."),
    "PW601": Example("error", "ranking.xls", "cannot write ranking.xls: no format `.xls`", "did you mean `xlsx`?", "Take a suffix that is listed, create the folder, or install the extra that is named. Nothing has been written."),
    "PW602": Example("error", f"{_LAYERS}ranking.csv", "2 rows of the committed ranking differ: my-mill, my-corner", f"powerwall score {_FILE} -o {_LAYERS}ranking.csv", "Run the command, look at the diff, and commit it with the row that caused it."),
    "PW603": Example("error", "-", "no site `my-mil`", "did you mean `my-mill`?", "Look at `--help` of the command; every message names the option."),
}  # fmt: skip
