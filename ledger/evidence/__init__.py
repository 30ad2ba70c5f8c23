"""Documents next to the ledger: the object store, who may open one, and their media types."""
