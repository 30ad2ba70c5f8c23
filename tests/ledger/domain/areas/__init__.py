"""Tests of `ledger.domain.areas`."""
