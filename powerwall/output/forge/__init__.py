"""Forge: findings and comparisons as annotations, SARIF, JUnit, JSON and a job summary."""
