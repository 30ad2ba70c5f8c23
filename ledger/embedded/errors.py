"""The exception of the embedded database. Imports the standard library only."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used. The message says what is wrong, where, and how to fix it."""
