"""What may be asked: strawberry types, queries, mutations, limits, and the committed `schema.graphql`.

It may import `projections` and `ledger`, and neither `api` nor a database driver: whoever serves it passes in the
reader, the way to append and the viewer (`schema.context.Context`).
"""

from schema.assembly import LedgerSchema, build

__all__ = ["LedgerSchema", "build"]
