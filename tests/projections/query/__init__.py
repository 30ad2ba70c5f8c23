"""Tests of `projections.query`."""
