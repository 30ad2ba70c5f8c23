"""Tests of `ledger.bundle`."""
