"""Tests of `ledger.embedded`."""
