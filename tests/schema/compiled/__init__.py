"""Tests of `schema.compiled`."""
