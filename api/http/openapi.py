"""Describe the REST interface as OpenAPI 3.1, derived from the routes and their endpoints.

The decorator `describes` attaches an Operation to an endpoint. Without an Operation, the first line of the
docstring is the summary. Imports starlette, `ledger` and `api.http.problem`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.http import problem
from api.http.problem import Problem
from ledger.append.receipt import Receipt
from ledger.domain.entry import NoticeId
from ledger.intake.parse import Event

Json = dict[str, Any]
_E = TypeVar("_E")
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_REFERENCE = "#/components/schemas/{name}"
_OPERATIONS: dict[int, "Operation"] = {}


class Parameter(Struct, frozen=True):
    """A parameter in the query or a header."""

    name: str
    place: str
    """Place of the parameter: `query` or `header`."""
    description: str
    schema: Json = field(default_factory=lambda: dict(_NUMBER))


class Operation(Struct, frozen=True, kw_only=True):
    """Description of one route."""

    summary: str
    answers: Mapping[int, str]
    """Meaning of each status that is special to the route, by status."""
    produces: Mapping[str, Json] = {}
    """Schema of the body of each answer in `answers`, by media type."""
    takes: Mapping[str, Json] = {}
    """Schema of the request body, by media type."""
    parameters: Sequence[Parameter] = ()
    public: bool = False
    """True if the route answers without a token."""


def describes(operation: Operation) -> Callable[[_E], _E]:
    """Return a decorator that attaches the description to an endpoint."""

    def attach(endpoint: _E) -> _E:
        _OPERATIONS[id(endpoint)] = operation
        return endpoint

    return attach


def reference(struct: type[Struct]) -> Json:
    """Return a reference to a struct's schema among the components."""
    return {"$ref": _REFERENCE.format(name=struct.__name__)}


_QUERY_METHODS = frozenset({"GET", "POST"})
"""Methods of an endpoint that refuses other methods itself: GraphQL."""


def document(routes: Sequence[BaseRoute]) -> Json:
    """Return the OpenAPI document of these routes."""
    _, components = msgspec.json.schema_components([Receipt, Problem, Event], ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for route in routes:
        if isinstance(route, Route):
            path = re.sub(r":[a-z]+\}", "}", route.path)
            for method in sorted((route.methods or _QUERY_METHODS) - {"HEAD"}):
                paths.setdefault(path, {})[method.lower()] = _operation(route, path, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "improvement-ledger",
            "version": version("improvement-ledger"),
            "description": "Record events; read the log and its proofs. Queries use GraphQL.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token of the ledger, or an access token from its issuer.",
                }
            },
        },
    }


def _operation(route: Route, path: str, method: str) -> Json:
    operation = _OPERATIONS.get(id(route.endpoint))
    if operation is None:
        first = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
        operation = Operation(summary=first or path, answers={200: "Done."})
    answers: Json = {
        str(status): {
            "description": meaning,
            **(
                {"content": {kind: {"schema": shape} for kind, shape in operation.produces.items()}}
                if operation.produces
                else {}
            ),
        }
        for status, meaning in operation.answers.items()
    }
    refused = {"schema": reference(Problem)}
    answers["default"] = {"description": "Reason for the refusal.", "content": {problem.MEDIA_TYPE: refused}}
    described: Json = {
        "operationId": f"{method.lower()}{re.sub(r'[^A-Za-z]+', '_', path).rstrip('_')}",
        "summary": operation.summary,
        "responses": answers,
        "security": [] if operation.public else [{"token": []}],
        "parameters": [
            *(_in_path(name) for name in re.findall(r"\{(\w+)\}", path)),
            *(
                {"name": p.name, "in": p.place, "description": p.description, "schema": p.schema}
                for p in operation.parameters
            ),
        ],
    }
    if operation.takes:
        content = {kind: {"schema": shape} for kind, shape in operation.takes.items()}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _in_path(name: str) -> Json:
    shape = msgspec.json.schema(NoticeId) if name == "notice" else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": shape}


@describes(
    Operation(
        summary="Return this document.",
        answers={200: "OpenAPI 3.1."},
        produces={"application/json": {}},
        public=True,
    )
)
async def get_openapi(request: Request) -> Response:
    """Return the OpenAPI document: `GET /openapi.json`."""
    return Response(msgspec.json.encode(document(request.app.routes)), media_type="application/json")
