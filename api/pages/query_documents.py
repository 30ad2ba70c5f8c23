"""Queries of the pages: the documents in `queries/`, their variables from the address, and their results.

A variable that the page does not set has the value of the address's parameter of the same name.
`$readsBoard` tells whether the reader may read the view `board`.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from api import schema_client
from api.http.problem import status_of
from api.pages.time_control import field_label, instant
from api.services import Ledger
from ledger.domain.calendar import ENGLAND
from ledger.domain.errors import Refused
from projections.narrate import sentence
from schema.context import Context, Viewer

_FRAME = "frame"
_VARIABLE = re.compile(r"\$(\w+): \[?(\w+)")
_STATUSES = {
    "NOT_FOUND": 404,
    "NOT_RECORDED_YET": 404,
    "BAD_USER_INPUT": 400,
    "NOT_CAUGHT_UP": 503,
    "LIMIT_EXCEEDED": 503,
    "INTERNAL_SERVER_ERROR": 500,
}
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+[+-][0-9]{2}:[0-9]{2}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


class QueryDocument(Struct, frozen=True):
    """A query, and the types of its variables by name."""

    text: str
    variables: Mapping[str, str]


@cache
def document(name: str) -> QueryDocument:
    """Return the query with this name, and the fragment `Frame` if the query uses it."""
    text = _read(name)
    complete = f"{text}\n{_read(_FRAME)}" if "...Frame" in text else text
    return QueryDocument(complete, dict(_VARIABLE.findall(text)))


def _read(name: str) -> str:
    return files("api.pages").joinpath("queries", f"{name}.graphql").read_text("utf-8")


async def ask(ledger: Ledger, viewer: Viewer, name: str, variables: Mapping[str, object]) -> dict[str, Any]:
    """Return the data that answers one of the pages' queries.

    Raises:
        Forbidden: The viewer's roles do not read the data.
        HTTPException: The query failed for another reason; the detail is the first error's message.
    """
    query = document(name)
    context = Context(ledger.reader, ledger.writer.append, viewer, sign=ledger.log.checkpoint)
    accepted = {variable: value for variable, value in variables.items() if variable in query.variables}
    try:
        return dict(await schema_client.ask(context, query.text, accepted))
    except schema_client.Forbidden:
        raise
    except Refused as refused:
        first = refused.refusals[0]
        message = _INSTANT.sub(_in_words, first.message)
        raise HTTPException(_STATUSES.get(first.code) or status_of(first.code), message) from None


def _in_words(match: re.Match[str]) -> str:
    """Return an instant in words; the last instant of a day becomes the end of that day."""
    moment = datetime.fromisoformat(match[0]).astimezone(ENGLAND)
    ends = (moment + timedelta(microseconds=1)).date() > moment.date()
    return f"the end of {sentence.day(moment)}" if ends else sentence.instant(moment, ENGLAND)


def address_variables(name: str, params: QueryParams, taken: Mapping[str, object]) -> dict[str, object]:
    """Return the variables that the address sets, apart from those in `taken`, which the page sets.

    Raises:
        HTTPException: 400 for a value of the wrong type.
    """
    return {
        variable: _value(variable, kind, params[variable].strip())
        for variable, kind in document(name).variables.items()
        if variable not in taken and params.get(variable, "").strip()
    }


def _value(name: str, kind: str, text: str) -> object:
    if kind == "Boolean":
        if text not in ("yes", "no"):
            raise HTTPException(400, f"{field_label(name)} is {text[:40]!r}; enter yes or no")
        return text == "yes"
    if kind == "Int":
        return whole_number(name, text)
    if kind == "DateTime":
        return instant(name, text, begins=True).isoformat()
    return text


def whole_number(name: str, text: str) -> int:
    """Return the whole number in the text of an address's parameter.

    Args:
        name: Name of the parameter.
        text: Text of the parameter.

    Raises:
        HTTPException: 400 if the text is not a whole number of at most nine digits.
    """
    if not _WHOLE_NUMBER.fullmatch(text):
        raise HTTPException(400, f"{field_label(name)} is {text[:40]!r}; enter a whole number")
    return int(text)
