"""Tests of `ledger.packs`."""
