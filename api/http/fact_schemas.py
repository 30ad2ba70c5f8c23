"""Publish the JSON Schema (2020-12) of each fact's data, derived from the fact's declaration.

A narrative is a string for the client; its entry holds the digest. Imports starlette.
"""

from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.openapi import Operation, describes
from ledger.domain.errors import Refused
from ledger.domain.registry import KINDS, Kind, find_kind
from ledger.intake.parse import MAXIMUM_NARRATIVE

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {
    "type": "string",
    "pattern": r"\S",
    "maxLength": MAXIMUM_NARRATIVE,
    "description": f"Narrative of at most {MAXIMUM_NARRATIVE:,} bytes of UTF-8, stored outside the entry.",
}


@cache
def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of a fact's `data`."""
    (root,), components = msgspec.json.schema_components([kind.struct], ref_template="#/$defs/{name}")
    body = components.pop(kind.name) if "$ref" in root else root
    if "Narrative" in components:
        components["Narrative"] = _TEXT
    head = {"$schema": DIALECT, "$id": kind.type, "title": kind.name, "description": kind.meaning}
    return {**head, **{key: value for key, value in body.items() if key not in head}, "$defs": components}


def all_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every fact, by its type name."""
    return {name: schema_of(kind) for name, kind in KINDS.items()}


@describes(
    Operation(
        summary="Return every fact that can be recorded.",
        answers={200: "Each fact with the address of its schema."},
        produces={"application/json": {"type": "array", "items": {"type": "object"}}},
        public=True,
    )
)
async def get_facts(_: Request) -> Response:
    """Return every fact with the address of its schema: `GET /facts`."""
    rows = [
        {"type": kind.type, "name": kind.name, "meaning": kind.meaning, "schema": f"/facts/{kind.type}"}
        for kind in KINDS.values()
    ]
    return Response(msgspec.json.encode(rows), media_type="application/json")


@describes(
    Operation(
        summary="Return the JSON Schema of a fact, by its type or name.",
        answers={200: "JSON Schema 2020-12."},
        produces={"application/schema+json": {"type": "object"}},
        public=True,
    )
)
async def get_fact(request: Request) -> Response:
    """Return the JSON Schema of a fact, by its type or name: `GET /facts/{type}`.

    Raises:
        Refused: No fact has this type or name.
    """
    kind = find_kind(request.path_params["type"])
    if kind is None:
        raise Refused.because("UNKNOWN_FACT", "no fact has this type; /facts lists all facts")
    return Response(msgspec.json.encode(schema_of(kind)), media_type="application/schema+json")
