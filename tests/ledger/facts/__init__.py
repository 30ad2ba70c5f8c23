"""Tests of the facts and their rules: pure, no database."""
