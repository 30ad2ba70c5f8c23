"""Programs for developers; no package imports them."""
