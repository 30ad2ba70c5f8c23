"""Compliance: each clause's status, since when, for which reason, shown by which entries.

`verdict` has the clause and its verdict. `rules` has one judge for each kind of rule. `timeline` judges a clause
over its occurrences and deadlines. `view` folds and reads.
"""
