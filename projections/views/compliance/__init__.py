"""Compliance, clause by clause: what each asks, whether it is met, since when, why, and on which entries it rests.

`verdict` says what a rule answers; `rules` holds one kind of rule after the other, each pure; `course` lets time
run over a clause's happenings and deadlines; `view` folds and reads.
"""
