"""Cooling: what a plant does with outdoor air and water in an hour, as formulas on arrays."""
