"""Interfaces of the ledger: HTTP, identity, intake of events, reports, pages, settings and the command line.

This top layer may import every other package. No other package imports it.
"""
