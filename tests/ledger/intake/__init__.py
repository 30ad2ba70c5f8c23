"""Tests of `ledger.intake`."""
