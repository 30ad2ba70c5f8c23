"""Tests of `projections.narrate`."""
