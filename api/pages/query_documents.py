"""What pages ask: the documents in `queries/`, what each takes from a page's address, and their answers.

A document's own declarations say what a page takes from its address: a variable that the page does not set is the
parameter of that name, and `$readsBoard` is whether the reader may read the view `board`.
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
from api.pages.time_control import called, instant
from api.services import Ledger
from ledger.domain.calendar import ENGLAND
from ledger.domain.errors import Refused
from projections.narrate import sentence
from schema.context import Context, Viewer

_FRAME = "frame"
_VARIABLE = re.compile(r"\$(\w+): (\w+)(!?)")
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
    """A query, and the variables that it declares: name → type."""

    text: str
    variables: Mapping[str, str]


@cache
def document(name: str) -> QueryDocument:
    """The query of that name, with the fragment that every page of a notice asks for."""
    text = _read(name)
    whole = f"{text}\n{_read(_FRAME)}" if "...Frame" in text else text
    return QueryDocument(whole, {variable: kind for variable, kind, _ in _VARIABLE.findall(text)})


def _read(name: str) -> str:
    return files("api.pages").joinpath("queries", f"{name}.graphql").read_text("utf-8")


async def ask(ledger: Ledger, viewer: Viewer, name: str, variables: Mapping[str, object]) -> dict[str, Any]:
    """The data of an answer; raises HTTPException with the first error's sentence when there is one."""
    asked = document(name)
    context = Context(ledger.reader, ledger.writer.append, viewer, sign=ledger.log.checkpoint)
    given = {variable: value for variable, value in variables.items() if variable in asked.variables}
    try:
        return dict(await schema_client.ask(context, asked.text, given))
    except Refused as refused:
        first = refused.refusals[0]
        said = _INSTANT.sub(_in_words, first.message)
        raise HTTPException(_STATUSES.get(first.code) or status_of(first.code), said) from None


def _in_words(exact: re.Match[str]) -> str:
    """An instant of a message as people say it; the last of a day as the end of it."""
    found = datetime.fromisoformat(exact[0]).astimezone(ENGLAND)
    ends = (found + timedelta(microseconds=1)).date() > found.date()
    return f"the end of {sentence.day(found)}" if ends else sentence.instant(found, ENGLAND)


def chosen(name: str, params: QueryParams, taken: Mapping[str, object]) -> dict[str, object]:
    """The variables that the address sets; raises HTTPException (400) for one that is not of its type."""
    return {
        variable: _value(variable, kind, params[variable].strip())
        for variable, kind in document(name).variables.items()
        if variable not in taken and params.get(variable, "").strip()
    }


def _value(name: str, kind: str, text: str) -> object:
    if kind == "Boolean":
        if text not in ("yes", "no"):
            raise HTTPException(400, f"{called(name)} is {text[:40]!r}; write yes or no")
        return text == "yes"
    if kind == "Int":
        return whole_number(name, text)
    if kind == "DateTime":
        return instant(name, text, begins=True).isoformat()
    return text


def whole_number(name: str, text: str) -> int:
    """A number of an address; raises HTTPException (400) where it is none."""
    if not _WHOLE_NUMBER.fullmatch(text):
        raise HTTPException(400, f"{called(name)} is {text[:40]!r}; write a whole number")
    return int(text)
