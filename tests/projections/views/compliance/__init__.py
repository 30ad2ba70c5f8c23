"""Compliance: its rules, its courses, and the table of the invented history as worked out by hand."""
