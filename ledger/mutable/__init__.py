"""Store rows that may change: drafts of reports, the directory of people and ended sessions.

These rows are never entries of a ledger.
"""
