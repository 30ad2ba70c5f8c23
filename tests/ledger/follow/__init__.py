"""Tests of following other ledgers."""
