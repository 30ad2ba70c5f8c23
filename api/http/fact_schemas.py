"""What a client may send of each fact, as JSON Schema (2020-12), worked out from the fact's declaration.

Free text is the string that the client writes; the entry later holds its digest. Imports starlette.
"""

from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.openapi import Operation, describes
from ledger.domain.errors import Refused
from ledger.domain.registry import KINDS, Kind, find_kind
from ledger.intake.parse import MAXIMUM_TEXT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {
    "type": "string",
    "pattern": r"\S",
    "maxLength": MAXIMUM_TEXT,
    "description": f"Free text, at most {MAXIMUM_TEXT:,} bytes of UTF-8; kept beside the entry, to be erasable.",
}


@cache
def schema_of(kind: Kind) -> dict[str, Any]:
    """The JSON Schema of a fact's `data`."""
    (found,), components = msgspec.json.schema_components([kind.struct], ref_template="#/$defs/{name}")
    body = components.pop(kind.name) if "$ref" in found else found
    if "Narrative" in components:
        components["Narrative"] = _TEXT
    head = {"$schema": DIALECT, "$id": kind.type, "title": kind.name, "description": kind.meaning}
    return {**head, **{key: value for key, value in body.items() if key not in head}, "$defs": components}


def all_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of every fact, by its type name."""
    return {name: schema_of(kind) for name, kind in KINDS.items()}


@describes(
    Operation(
        summary="Every fact that may be recorded.",
        answers={200: "Each with where its schema is."},
        produces={"application/json": {"type": "array", "items": {"type": "object"}}},
        public=True,
    )
)
async def get_facts(_: Request) -> Response:
    """`GET /facts`: every fact, with where its schema is."""
    rows = [
        {"type": kind.type, "name": kind.name, "meaning": kind.meaning, "schema": f"/facts/{kind.type}"}
        for kind in KINDS.values()
    ]
    return Response(msgspec.json.encode(rows), media_type="application/json")


@describes(
    Operation(
        summary="The JSON Schema of a fact, by its type or name.",
        answers={200: "JSON Schema 2020-12."},
        produces={"application/schema+json": {"type": "object"}},
        public=True,
    )
)
async def get_fact(request: Request) -> Response:
    """`GET /facts/{type}`: the JSON Schema of a fact, by its type or name; raises Refused if there is none."""
    kind = find_kind(request.path_params["type"])
    if kind is None:
        raise Refused.because("UNKNOWN_FACT", "no fact has this type; /facts lists them")
    return Response(msgspec.json.encode(schema_of(kind)), media_type="application/schema+json")
