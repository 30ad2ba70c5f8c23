"""The adviser's report (clause 12): one model, read through GraphQL at one position, in four formats.

Rebuilt at its position it is the same, byte for byte: it depends on no clock, machine or later entry, except an
erasure. Imports `api.charts`, `schema` and `ledger`.
"""
