"""Fold entries into versioned rows and keep the views up to date. Knows no view by name."""
