"""Follow other ledgers by logical replication: publish at the source, subscribe at the copy, watch the copy."""
