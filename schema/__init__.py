"""The GraphQL schema: types, queries, mutations, subscriptions, limits, and the committed `schema.graphql`.

Imports `projections` and `ledger`, and neither `api` nor a database driver. The server passes in the reader, the
writer and the viewer in a `schema.context.Context`.
"""

from schema.assembly import LedgerSchema, build

__all__ = ["LedgerSchema", "build"]
