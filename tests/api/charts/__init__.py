"""Tests of `api.charts`."""
