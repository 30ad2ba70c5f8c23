"""Derive: a module per view with its table, its fold and its queries, and the runner that keeps views up to date.

It may import `ledger`, and neither `schema` nor `api`.
"""
