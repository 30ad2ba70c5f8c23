"""Derive views from entries: a module per view, and a runner that keeps the views up to date.

A view's module has its tables, fold and relations. The package may import `ledger`, but not `schema` or `api`.
"""
