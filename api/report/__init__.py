"""The adviser's report (clause 12): one model, read by GraphQL at one position, in four formats.

Made again at its position it is the same, byte for byte: nothing of it depends on the hour, the machine or what
was recorded later, save an erasure. Imports `api.charts`, `schema` and `ledger`.
"""
