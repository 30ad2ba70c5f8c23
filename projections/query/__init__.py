"""Read views at one position: relations, the tree of an answer, and the SQL that answers it."""
