"""What may be asked: the GraphQL types, queries, mutations and subscriptions, and their limits.

It may import `projections` and `ledger`, not `api`; it leaves the database to them and imports no psycopg.
"""
