"""Importers: public downloads → layers of a region, one file a source.

`sources` lists what is read. Most sources become one layer by a reader each (`hifld_lines`,
`lbnl_queue`, `esb_capacity` …): it opens its files with `native` (features) or `sheets` (tables),
picks `columns` by name, and makes a `delivery` with the tally of every row; `written` cuts it to a
region (`extent`), writes it and the block that names it. Queues share `queue_rows`, `queue_dates`,
`queue_words` and `county_names`; operators' own postings have `iso_native` and its `iso_forms`. What
only one source needs stands beside it (`grid_hours`, `pjm_works`, `osm_elements`, `esb_positions`).
Acts and ordinances are read out of words into `imported` rows, by `layers`; rates, weather and
weights have ways of their own.

What a source says in words is read only where it is plain; everything else stays in the note and is
a finding with its line, never a guess.
"""
