"""Tests of `ledger.append`."""
