"""Decode untrusted JSON and TOML to facts, and encode facts to the bytes of entries. Uses no database."""
