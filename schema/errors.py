"""What a client is told when something could not be answered: a sentence, and a stable word in `extensions.code`.

Errors of the ledger keep their own code. What nobody expected is masked: the client gets an id, the log the rest.
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
    """What the client reads in place of an error."""

    code: str
    message: str


def problem(code: str, message: str) -> GraphQLError:
    """The error that a resolver raises when it knows why it can't answer."""
    return GraphQLError(message, extensions={"code": code})


NO_NOTICE = "there is no such notice, or you have no part in it; check its id and your token"
"""Of a notice that does not exist, and of one of which the reader reads nothing: nobody learns which it is."""


def no_notice() -> GraphQLError:
    """The error for such a notice."""
    return problem(NOT_FOUND, NO_NOTICE)


def settle(errors: Iterable[GraphQLError], *, executed: bool) -> list[GraphQLError]:
    """The errors as the client gets them, each with a code; `executed`: the document was found valid."""
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
    message = f"something failed here that should not; ask whoever runs the ledger, naming error {number}"
    return _replaced(error, message, {"code": INTERNAL, "id": number})


def _of_the_ledger(error: Exception | None) -> _Answer | None:
    """The code and the sentence of the ledger's own errors."""
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
    """The code of what graphql-core found wrong with the document or its variables."""
    if isinstance(error.original_error, RecursionError) and not executed:
        return _Answer(PARSE_FAILED, "the document is nested too deeply to be read; split it")
    if isinstance(error, GraphQLSyntaxError):
        return _Answer(PARSE_FAILED, error.message)
    if not executed and error.original_error is None:
        return _Answer(VALIDATION_FAILED, error.message)
    if executed and not error.path:  # before any field was resolved there are only the variables
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
