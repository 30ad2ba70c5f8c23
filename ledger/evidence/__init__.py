"""Store documents next to the ledger, decide who may open one, and check media types."""
