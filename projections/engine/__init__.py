"""Fold entries into versioned rows and keep the views up to date. The engine knows no view by name."""
