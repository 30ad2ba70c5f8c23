"""Tests of `api.forms`."""
