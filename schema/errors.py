"""Errors as a client reads them: a sentence, and a stable code in `extensions.code`.

Errors of the ledger keep their own code. Unexpected errors are masked: the client gets a number, the log the rest.
Imports graphql-core, and the error types of `ledger` and `projections`.
"""

import logging
import uuid
from collections.abc import Iterable

from graphql import GraphQLError, GraphQLSyntaxError
from msgspec import Struct

from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from projections.errors import ReadingError

log = logging.getLogger("ledger.schema")

BAD_REQUEST = "BAD_REQUEST"
BAD_USER_INPUT = "BAD_USER_INPUT"
FORBIDDEN = "FORBIDDEN"
NOT_FOUND = "NOT_FOUND"
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


NO_NOTICE = "this notice does not exist, or you have no role in it; check its id and your token"
"""Message for a missing notice and for one without a role: the reader cannot tell which."""


def no_notice() -> GraphQLError:
    """Return the error for a missing or inaccessible notice."""
    return problem(NOT_FOUND, NO_NOTICE)


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
    """Return the code and the message of the ledger's own errors."""
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
    """Return the code of an error in the document or its variables."""
    if isinstance(error.original_error, RecursionError) and not executed:
        return _Answer(PARSE_FAILED, "the document is nested too deeply; split it")
    if isinstance(error, GraphQLSyntaxError):
        return _Answer(PARSE_FAILED, error.message)
    if not executed and error.original_error is None:
        return _Answer(VALIDATION_FAILED, error.message)
    if executed and not error.path:  # an error without a path comes before any resolver: it is about the variables
        return _Answer(BAD_USER_INPUT, error.message)
    return None


def _replaced(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
