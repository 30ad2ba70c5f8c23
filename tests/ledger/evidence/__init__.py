"""Tests of `ledger.evidence`."""
