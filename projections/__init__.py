"""Derive views from entries, read the views, and narrate a notice's history.

A view's module has the view's tables, fold and relations. A runner keeps the views up to date. The package may
import `ledger`, but not `schema` or `api`.
"""
