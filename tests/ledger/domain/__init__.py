"""Tests of `ledger.domain`."""
