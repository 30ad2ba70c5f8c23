"""Read views at one position: relations, trees of answers, and the SQL of these trees."""
