"""One module per view: its tables, its fold and its queries."""
