"""Errors as a client reads them: a sentence, and a stable code in `extensions.code`.

Expected errors of the ledger keep their own code. Unexpected errors are masked: the client gets a number, and the
log has the details. Imports graphql-core, strawberry, and the error types of `ledger` and `projections`.
"""

import logging
import re
import uuid
from collections.abc import Iterable

from graphql import GraphQLError, GraphQLSyntaxError
from msgspec import Struct
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from projections.errors import ReadingError

log = logging.getLogger("ledger.schema")
_NO_OPERATION = (InvalidOperationTypeError, MissingQueryError)
_TOO_MANY_TOKENS = re.compile(r"Document contains more than (\d+) tokens")

BAD_REQUEST = "BAD_REQUEST"
BAD_USER_INPUT = "BAD_USER_INPUT"
FORBIDDEN = "FORBIDDEN"
NOT_FOUND = "NOT_FOUND"
UNAUTHENTICATED = "UNAUTHENTICATED"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
INTERNAL = "INTERNAL_SERVER_ERROR"


class _Answer(Struct, frozen=True):
    """A code and a message that replace an error."""

    code: str
    message: str


def problem(code: str, message: str) -> GraphQLError:
    """Return an error with a code, for a resolver to raise."""
    return GraphQLError(message, extensions={"code": code})


NOT_READABLE = "this notice does not exist, or you have no role that reads it; check its id and your token"
NO_NOTICE = "this notice does not exist, or you have no role in it; check its id and your token"
"""Message for a missing notice, and for one in which the reader has no role; the reader cannot tell which."""


EXPIRED = "the token has expired or was revoked; request another and connect again"


def is_text(value: str) -> bool:
    """Return True if the database can store a text: it contains neither NUL nor a lone surrogate."""
    if value.isascii():
        return "\0" not in value
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def check_text(name: str, value: str) -> None:
    """Check that the database can store the text of an argument.

    Raises:
        GraphQLError: BAD_USER_INPUT, if the text contains NUL or a lone surrogate.
    """
    if not is_text(value):
        raise problem(BAD_USER_INPUT, f"{name} contains the character NUL or a lone surrogate; remove it")


def no_notice() -> GraphQLError:
    """Return the error for a missing or inaccessible notice."""
    return problem(NOT_FOUND, NOT_READABLE)


def settle(errors: Iterable[GraphQLError], *, executed: bool) -> list[GraphQLError]:
    """Return the errors as the client reads them, each with a code.

    Args:
        errors: Errors from graphql-core and from resolvers.
        executed: True if the document passed validation.
    """
    return [_settled(error, executed=executed) for error in errors]


def _settled(error: GraphQLError, *, executed: bool) -> GraphQLError:
    if (error.extensions or {}).get("code"):
        return error
    answer = _of_the_ledger(error.original_error) or _of_the_document(error, executed=executed)
    if answer is not None:
        return _replaced(error, answer.message, {"code": answer.code})
    number = uuid.uuid4().hex
    where = ".".join(str(step) for step in error.path or ())
    log.error("error %s at %s", number, where or "the operation", exc_info=error.original_error or error)
    message = f"the server failed unexpectedly; contact its operator and quote error {number}"
    return _replaced(error, message, {"code": INTERNAL, "id": number})


def _of_the_ledger(error: Exception | None) -> _Answer | None:
    """Return the code and the message of an expected error of the ledger; None for any other error."""
    match error:
        case ReadingError():
            return _Answer(error.code, str(error))
        case Refused():
            return _Answer(error.refusals[0].code, str(error))
        case Busy():
            return _Answer("BUSY", str(error))
        case Unavailable():
            return _Answer("UNAVAILABLE", str(error))
        case LedgerError() | None:
            return None
    return None


def _of_the_document(error: GraphQLError, *, executed: bool) -> _Answer | None:
    """Return the code and message of an error in the request; None for any other error."""
    cause = error.original_error
    if executed:
        # An error without a path comes before any resolver: it is about the variables. graphql-core checks an
        # argument when it executes the field: a variable may still be null there.
        is_input = not error.path or (cause is None and error.message.startswith("Argument '"))
        return _Answer(BAD_USER_INPUT, error.message) if is_input else None
    if cause is None:
        return _of_validation(error)
    if isinstance(cause, RecursionError):
        return _Answer(PARSE_FAILED, "the document is nested too deeply; split it")
    if error.message.startswith("Variable '$"):  # a subscription's variables are read before it is executed
        return _Answer(BAD_USER_INPUT, error.message)
    if isinstance(cause, CannotGetOperationTypeError):
        return _Answer(BAD_REQUEST, cause.as_http_error_reason())
    return _Answer(BAD_REQUEST, error.message) if isinstance(cause, _NO_OPERATION) else None


def _of_validation(error: GraphQLError) -> _Answer:
    """Return the code and message of an error that graphql-core found in the document."""
    if not isinstance(error, GraphQLSyntaxError):
        return _Answer(VALIDATION_FAILED, error.message)
    limit = _TOO_MANY_TOKENS.search(error.message)
    if limit:
        return _Answer(LIMIT_EXCEEDED, f"the document has more than {limit[1]} tokens; split it")
    return _Answer(PARSE_FAILED, error.message)


def _replaced(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
