"""Site: the power plan of one site, and what stands beside its firm service."""
