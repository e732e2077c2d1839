"""Rank: measures → values, weights, requirements and an order that no other site can move."""
