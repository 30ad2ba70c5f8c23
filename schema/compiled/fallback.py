"""Reasons why graphql-core answers an operation, from the same statements."""

from typing import Literal

Reason = Literal[
    "operation",  # a mutation or a subscription
    "invalid",  # the document or the variables are refused
    "introspection",
    "others",  # a field at the root other than `notice`
    "arguments",  # refused arguments of a field at the root, or a refused cursor or filter
    "signed",  # a proof or a checkpoint, which no view contains
    "cursor",  # a cursor of a list below a row: it is refused for every other row
    "refused",  # the reader may not see all of it, or the snapshot cannot be read
    "limit",  # too many rows, or too much time
    "inexact",  # a required value is missing or too large for its type, or a list is too long
]
"""Reasons, as the metrics label them."""


class NotCompiled(Exception):
    """The answer is more than the statement's bytes: graphql-core has to execute the operation."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
