"""GraphiQL: the page for a browser at `GET /graphql`, with the regular questions as tabs.

The page's files come from a locked manifest (`api.http.assets`) and from this folder. The page's policy allows no
other host. Imports starlette and graphql-core.
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

from api.http.accept import quality
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
"""Package of each file of the page, and the file's path in the package."""
OWN = ("start.js", "start.css")
EXAMPLE = "tameside-2022"
"""Notice in the variables of the regular questions, until the viewer enters a token."""
EXAMPLE_ACTOR = "council-officer"
"""Actor in the variables of the regular questions."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_GUARDED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def is_page_request(request: Request) -> bool:
    """Return True if a browser requests the page, and False if a client sends a query."""
    accepts_html = quality(request, "text/html", named=True) > 0
    return request.method == "GET" and accepts_html and "query" not in request.query_params


def page() -> Response:
    """Return the page, which no other site may frame and which loads nothing from other sites."""
    nonce = secrets.token_urlsafe(16)
    tabs = msgspec.json.encode(_tabs(datetime.now(UTC))).decode().replace("<", "\\u003c")
    html = Template((HERE / "page.html").read_text("utf-8")).substitute(tabs=tabs, nonce=nonce)
    policy = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
    return HTMLResponse(html, headers=_GUARDED | policy)


@describes(
    Operation(
        summary="A file of the GraphiQL page at /graphql.",
        answers={200: "The file.", 404: "No file has that name."},
        produces={"text/javascript": {"type": "string"}, "text/css": {"type": "string"}},
        public=True,
    )
)
async def get_file(request: Request) -> Response:
    """Serve `GET /graphql/{file}`: a file of the page.

    Raises:
        HTTPException: 404 for an unknown file, 503 if the package is missing.
    """
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
        raise HTTPException(404, "there is no such file; the page names those that exist")
    return FileResponse(path, headers=_GUARDED | {"Cache-Control": "no-cache"})


def _tabs(now: datetime) -> list[dict[str, Any]]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [{"query": each.document, "variables": _example(each.document, today)} for each in questions()]


def _example(document: str, today: datetime) -> dict[str, Any]:
    """Return example variables for the document of a regular question, over the last year."""
    (operation,) = (each for each in parse(document).definitions if isinstance(each, OperationDefinitionNode))
    variables: dict[str, Any] = {}
    instant = today - timedelta(days=365)
    for each in operation.variable_definitions or ():
        match print_ast(each.type):
            case "ID!":
                variables[each.variable.name.value] = EXAMPLE
            case "String!":
                variables[each.variable.name.value] = EXAMPLE_ACTOR
            case "Int!":
                variables[each.variable.name.value] = 1
            case "DateTime!":
                variables[each.variable.name.value] = instant_text(instant)
                instant = today
    return variables
