"""Tests of `ledger.verify`."""
