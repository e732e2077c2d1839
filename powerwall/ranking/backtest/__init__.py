"""Backtest: a region as it was known on a day, held against what became of its sites."""
