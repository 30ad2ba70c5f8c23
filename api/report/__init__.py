"""The adviser's report (clause 12): one model, read through GraphQL at one position, in four formats.

A report that is rebuilt at its position is the same, byte for byte. It depends on no clock, machine or later
entry, except an erasure. Imports `api.charts`, `schema` and `ledger`.
"""
