"""Tests of `ledger.mutable`."""
