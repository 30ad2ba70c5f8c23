"""GraphiQL: what a browser is shown at `GET /graphql`, with the adviser's ten questions as tabs.

Its files are those of a locked manifest (`api.http.assets`) and the three beside it; none comes from another
host, and the page's policy allows none. Imports starlette and graphql-core.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from graphql import OperationDefinitionNode, parse, print_ast
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from api.http.assets import package
from api.http.openapi import Operation, describes
from ledger.domain.errors import LedgerError
from schema.questions import questions
from schema.types.scalars import instant_text

HERE = Path(__file__).parent
PACKAGED: Mapping[str, tuple[str, str]] = {
    "graphiql.min.js": ("graphiql", "graphiql.min.js"),
    "graphiql.min.css": ("graphiql", "graphiql.min.css"),
    "react.production.min.js": ("react", "umd/react.production.min.js"),
    "react-dom.production.min.js": ("react-dom", "umd/react-dom.production.min.js"),
}
"""File → the package that it comes from, and its place there."""
OWN = ("start.js", "start.css")
EXAMPLE = "tameside-2022"
"""The notice that the questions name until somebody has said who they are."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_GUARDED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def wanted(request: Request) -> bool:
    """Whether a browser asks for the page, and not a client for an answer."""
    accepted = ",".join(request.headers.getlist("accept")).lower().split(",")
    ranges = {each.partition(";")[0].strip() for each in accepted}
    return request.method == "GET" and "text/html" in ranges and "query" not in request.query_params


def page() -> Response:
    """The page; no other site may show it in a frame, and it loads from no other."""
    nonce = secrets.token_urlsafe(16)
    tabs = msgspec.json.encode(_tabs(datetime.now(UTC))).decode().replace("<", "\\u003c")
    html = Template((HERE / "page.html").read_text("utf-8")).substitute(tabs=tabs, nonce=nonce)
    policy = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
    return HTMLResponse(html, headers=_GUARDED | policy)


@describes(
    Operation(
        summary="A file of GraphiQL, which a browser is shown at /graphql.",
        answers={200: "The file.", 404: "There is none of that name."},
        produces={"text/javascript": {"type": "string"}, "text/css": {"type": "string"}},
        public=True,
    )
)
async def get_file(request: Request) -> Response:
    """`GET /graphql/{file}`: a file of the page; raises HTTPException (404, 503)."""
    name = request.path_params["file"]
    if name in OWN:
        path = HERE / name
    elif name in PACKAGED:
        of, place = PACKAGED[name]
        try:
            path = package(of) / place
        except LedgerError as error:
            raise HTTPException(503, str(error)) from None
    else:
        raise HTTPException(404, "there is no such file")
    return FileResponse(path, headers=_GUARDED | {"Cache-Control": "no-cache"})


def _tabs(now: datetime) -> list[dict[str, Any]]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [{"query": each.document, "variables": _example(each.document, today)} for each in questions()]


def _example(document: str, today: datetime) -> dict[str, Any]:
    """The variables that a question needs, for the last year."""
    (operation,) = (each for each in parse(document).definitions if isinstance(each, OperationDefinitionNode))
    found: dict[str, Any] = {}
    instant = today - timedelta(days=365)
    for each in operation.variable_definitions or ():
        match print_ast(each.type):
            case "ID!":
                found[each.variable.name.value] = EXAMPLE
            case "Int!":
                found[each.variable.name.value] = 1
            case "DateTime!":
                found[each.variable.name.value] = instant_text(instant)
                instant = today
    return found
