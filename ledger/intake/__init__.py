"""Untrusted JSON decoded to facts, and facts encoded to the bytes of entries. No database."""
