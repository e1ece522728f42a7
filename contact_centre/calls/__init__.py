"""Calls: the list, one call with its ledger, and what may be done to a live one."""
