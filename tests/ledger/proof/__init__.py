"""Tests of `ledger.proof`."""
