"""Reasons why graphql-core, and not the database, completes the answer to an operation."""

from typing import Literal

Reason = Literal[
    "operation",  # a mutation or a subscription
    "invalid",  # the document or the variables are refused
    "introspection",
    "refused",  # an argument is wrong, the reader may not see all of it, or a notice cannot be read
    "limit",  # too many rows, or too much time
    "inexact",  # a required value is missing or too large for its type, or a list is too long
]
"""Reason why graphql-core completes an operation, as the metrics label it."""


class NotCompiled(Exception):
    """Exception because graphql-core has to complete the operation, for one of the reasons."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
