"""Keepers of the ledger: in memory for tests and simulations, SQL for life."""
