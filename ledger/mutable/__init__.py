"""Rows that may change: drafts and the directory of people. Never in the log."""
