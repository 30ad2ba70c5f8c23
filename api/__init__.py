"""Interfaces of the ledger: HTTP, identity, intake of events, reports, pages, settings and the command line.

The top layer: it may import every other package; none imports it.
"""
