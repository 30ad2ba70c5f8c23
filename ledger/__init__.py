"""Append and prove: the entries of improvement notices, their order, their bytes and their proofs.

May import eventsourcing, psycopg, msgspec and cryptography; nothing of the packages above it.
"""
