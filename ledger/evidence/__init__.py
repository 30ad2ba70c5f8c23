"""Store documents next to the ledger, decide who may open a document, and check media types."""
