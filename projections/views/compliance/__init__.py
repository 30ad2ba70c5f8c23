"""Compliance: each clause's status, the instant from which it holds, its reason and the entries that show it.

`verdict` has the clause and its verdict. `rules` has one judge for each kind of rule. `timeline` judges a clause
over its occurrences and deadlines. `view` stores the statuses and declares how they are read.
"""
