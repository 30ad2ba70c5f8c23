"""The REST part of the interface as OpenAPI 3.1, worked out from the routes and from what their endpoints say.

An endpoint says by `describes` what its route does; a route whose endpoint says nothing stands with the first
sentence of its docstring. Imports starlette, `ledger` and `api.http.problem`.
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
    """Something that a client may send beside the body."""

    name: str
    place: str
    """query or header"""
    description: str
    schema: Json = field(default_factory=lambda: dict(_NUMBER))


class Operation(Struct, frozen=True, kw_only=True):
    """What a route does."""

    summary: str
    answers: Mapping[int, str]
    """Each status that says something of its own, and what."""
    produces: Mapping[str, Json] = {}
    """Media type → the schema of a good answer."""
    takes: Mapping[str, Json] = {}
    """Media type → the schema of the body."""
    parameters: Sequence[Parameter] = ()
    public: bool = False
    """Whether it answers without a token."""


def describes(operation: Operation) -> Callable[[_E], _E]:
    """Says what an endpoint does."""

    def note(endpoint: _E) -> _E:
        _OPERATIONS[id(endpoint)] = operation
        return endpoint

    return note


def reference(struct: type[Struct]) -> Json:
    """The schema of a struct that stands among the components."""
    return {"$ref": _REFERENCE.format(name=struct.__name__)}


def document(routes: Sequence[BaseRoute]) -> Json:
    """The OpenAPI document of these routes."""
    _, components = msgspec.json.schema_components([Receipt, Problem, Event], ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for route in routes:
        if isinstance(route, Route):
            path = re.sub(r":[a-z]+\}", "}", route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(path, {})[method.lower()] = _operation(route, path, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "improvement-ledger",
            "version": version("improvement-ledger"),
            "description": "The REST part: events in, the log and its proofs out. What may be asked is GraphQL's.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token of the ledger, or an access token of its issuer.",
                }
            },
        },
    }


def _operation(route: Route, path: str, method: str) -> Json:
    said = _OPERATIONS.get(id(route.endpoint))
    if said is None:
        first = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
        said = Operation(summary=first or path, answers={200: "Done."})
    answers: Json = {
        str(status): {
            "description": meaning,
            **(
                {"content": {kind: {"schema": shape} for kind, shape in said.produces.items()}}
                if said.produces
                else {}
            ),
        }
        for status, meaning in said.answers.items()
    }
    refused = {"schema": reference(Problem)}
    answers["default"] = {"description": "Why it was not done.", "content": {problem.MEDIA_TYPE: refused}}
    found: Json = {
        "operationId": f"{method.lower()}{re.sub(r'[^A-Za-z]+', '_', path).rstrip('_')}",
        "summary": said.summary,
        "responses": answers,
        "security": [] if said.public else [{"token": []}],
        "parameters": [
            *(_in_path(name) for name in re.findall(r"\{(\w+)\}", path)),
            *(
                {"name": p.name, "in": p.place, "description": p.description, "schema": p.schema}
                for p in said.parameters
            ),
        ],
    }
    if said.takes:
        content = {kind: {"schema": shape} for kind, shape in said.takes.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _in_path(name: str) -> Json:
    shape = msgspec.json.schema(NoticeId) if name == "notice" else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": shape}


@describes(
    Operation(
        summary="This document.", answers={200: "OpenAPI 3.1."}, produces={"application/json": {}}, public=True
    )
)
async def get_openapi(request: Request) -> Response:
    """`GET /openapi.json`."""
    return Response(msgspec.json.encode(document(request.app.routes)), media_type="application/json")
