"""The adviser's report (clause 12): a model with figures at one position, read through GraphQL, in four formats.

A report that is rebuilt at its position is the same, byte for byte. It depends on no clock, machine or later
entry, except an erasure.
"""
