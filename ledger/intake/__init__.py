"""Decode untrusted JSON to facts, and encode facts to the bytes of entries. Uses no database."""
