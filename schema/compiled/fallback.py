"""Why an operation is answered field by field."""

from typing import Literal

Reason = Literal[
    "operation",  # it is no query
    "invalid",  # the document or the variables are refused
    "introspection",
    "interface",  # `node`, whose type is known once it is found
    "others",  # a field that is neither of a relation nor of the reading, such as who asks
    "arguments",  # of a form that the compiler does not take, or such as are refused
    "signed",  # a proof or a checkpoint, which is no part of the views
    "cursor",  # a cursor of a list that hangs on a row
    "refused",  # the reader may not see it all, or there is nothing to be read
    "stopped",  # a view of the notice: whether it is asked for is found field by field
    "limit",  # the answer's rows or the time are too many
    "inexact",  # a value is missing that never is, or too large for its type
]
"""The words by which it is counted."""


class NotCompiled(Exception):
    """The operation has to be answered field by field."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
