"""Reasons for resolving an operation field by field."""

from typing import Literal

Reason = Literal[
    "operation",  # a mutation or a subscription
    "invalid",  # the document or the variables are refused
    "introspection",
    "interface",  # `node`: its type is known only after it is read
    "others",  # a field of neither a relation nor the standpoint, such as `me`
    "arguments",  # of a form that the compiler does not support, or refused
    "signed",  # a proof or a checkpoint, which no view contains
    "cursor",  # a cursor of a list below a row
    "refused",  # the reader may not see all of it, or there is nothing to read
    "stopped",  # a view of the notice has stopped; the fields tell if the answer needs it
    "limit",  # too many rows, or too much time
    "inexact",  # a required value is missing, or too large for its type
]
"""Reasons, as the metrics label them."""


class NotCompiled(Exception):
    """The operation has to be resolved field by field."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
