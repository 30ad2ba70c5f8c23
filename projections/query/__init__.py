"""Read views at one position: relations, the tree of an answer, and the only code that writes SQL queries."""
