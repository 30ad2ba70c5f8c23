"""From untrusted JSON to a fact, and from a fact to the bytes of its entry. No database."""
