"""Tests of `api.pages`."""
