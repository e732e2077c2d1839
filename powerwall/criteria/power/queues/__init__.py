"""Queues: what became of other requests, from tables of queues and of finished works."""
