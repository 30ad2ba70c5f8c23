"""Verify the stored record. Imports nothing of `ledger.append`."""
