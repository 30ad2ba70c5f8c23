"""Tests of `api.auth`."""
