"""Tests of the package `schema`."""
