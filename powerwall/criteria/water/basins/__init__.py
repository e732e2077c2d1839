"""Basins: the stress of the water that a site would draw on, by Aqueduct 4.0."""
