"""The one exception of the embedded database. Imports the standard library only."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used: the message says what is wrong, where, and what mends it."""
