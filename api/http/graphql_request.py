"""Read the members of a GraphQL request from the query or the body. Imports starlette and strawberry."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import msgspec
from cross_web import HTTPException
from msgspec import Struct
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from api.http.accept import other_charset
from ledger.domain.errors import Refused
from ledger.intake.json_size import check_arrays
from ledger.intake.parse import unique

JSON = "application/json"


class GraphqlRequest(Struct, omit_defaults=True):
    """A GraphQL request with members of the right types."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation: str | None = msgspec.field(name="operationName", default=None)
    extensions: dict[str, Any] | None = None
    document_id: str | None = msgspec.field(name="documentId", default=None)

    def __post_init__(self) -> None:
        """Take an empty operation name for none, as the specification says."""
        self.operation = self.operation or None


def check_media_type(request: Request, whole: bytes) -> None:
    """Raise HTTPException (415) if a POST has a body that is not JSON in UTF-8."""
    if request.method != "POST" or not (whole or "content-type" in request.headers):
        return
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON or other_charset(parameters) is not None:
        raise HTTPException(415, f"a POST has a body of {JSON} in UTF-8; set Content-Type to it")


def request_of(request: Request, whole: bytes) -> GraphqlRequest | None:
    """Return the members of a GraphQL request, or None if the request is malformed.

    Raises:
        HTTPException: The body is JSON without members, or a parameter or a key is repeated (400).
    """
    try:
        if request.method == "GET":
            query = request.query_params
            repeated = {name for name in query if len(query.getlist(name)) > 1}
            if repeated:
                raise HTTPException(400, f"the request repeats {', '.join(sorted(repeated))}; send each once")
            decoded = {name: _decode(query[name]) for name in ("variables", "extensions") if name in query}
            return msgspec.convert(dict(query) | decoded, GraphqlRequest)
        return msgspec.convert(_decode(whole), GraphqlRequest)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        if request.method == "POST":
            _check_members(whole)
        return None


def refused_status(error: HTTPException | StarletteHTTPException) -> int:
    """Return the status of a refused request: 405 for a mutation by GET, which only a POST may contain."""
    cause = error.__cause__
    is_mutation = isinstance(cause, InvalidOperationTypeError) and cause.operation_type is OperationType.MUTATION
    return 405 if is_mutation else error.status_code


def _decode(text: str | bytes) -> object:
    """Return decoded JSON.

    Raises:
        HTTPException: A key is repeated (400): a proxy may have judged the other value.
        Refused: The JSON has too many arrays and objects.
        ValueError: The text is not JSON in UTF-8, or a number has more than 4,300 digits.
        RecursionError: The JSON has too many levels.
    """
    text = text if isinstance(text, str) else text.decode()  # Python would also read UTF-16 and half characters
    msgspec.json.decode(text, type=msgspec.Raw)  # stricter than Python: no NaN
    check_arrays(text)
    try:
        return json.loads(text, object_pairs_hook=unique)
    except Refused as refused:
        raise HTTPException(400, f"the JSON repeats the key {refused.refusals[0].path}; send it once") from None


def _check_members(whole: bytes) -> None:
    """Raise HTTPException (400) for JSON without members, such as null, a number or a text."""
    with suppress(msgspec.MsgspecError, RecursionError, ValueError):
        if not isinstance(msgspec.json.decode(whole), dict | list):
            raise HTTPException(400, "the request is not a JSON object; send one with a query")


def with_document(scope: Scope, graphql_request: GraphqlRequest) -> tuple[Scope, bytes]:
    """Return the scope and the body of a request, rewritten to contain its document instead of an id."""
    members = {
        "query": graphql_request.query,
        "variables": graphql_request.variables,
        "operationName": graphql_request.operation,
    }
    if scope["method"] == "POST":
        return scope, json.dumps(members).encode()
    query = {name: value for name, value in members.items() if isinstance(value, str)}
    query["variables"] = json.dumps(graphql_request.variables)
    return {**scope, "query_string": urlencode(query).encode()}, b""


def receive_body(whole: bytes, receive: Receive) -> Receive:
    """Return an ASGI `receive` that returns a body once, and then the client's further messages."""
    unread: list[Message] = [{"type": "http.request", "body": whole, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read
