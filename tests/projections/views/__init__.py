"""Tests of `projections.views`."""
