"""Interfaces of the ledger: HTTP, identity, reports, charts, pages, forms, settings and the command line.

This top layer may import `schema`, `projections` and `ledger`. None of these packages imports this layer.
"""
