"""Store rows that may change: drafts and the directory of people. They are never in the log."""
