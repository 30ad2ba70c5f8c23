"""Test the published JSON Schemas: each accepts exactly what the intake accepts, as far as a schema can."""

import httpx
import pytest

from api.http.fact_schemas import all_schemas, schema_of
from ledger.domain.registry import KINDS, find_kind
from tests.api.service import NO_TLS, Service


def test_every_fact_has_a_schema_in_which_every_field_is_explained() -> None:
    schemas = all_schemas()
    assert set(schemas) == set(KINDS)
    for name, schema in schemas.items():
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert schema["description"]
        for field, shape in schema["properties"].items():
            assert shape, f"{name}: {field} may be anything"


def test_free_text_is_the_string_that_a_client_writes() -> None:
    kind = find_kind("BoardDecisionRecorded")
    assert kind is not None
    schema = schema_of(kind)
    assert schema["$defs"]["Narrative"]["type"] == "string"
    assert schema["properties"]["options"]["items"] == {"$ref": "#/$defs/Narrative"}
    assert "sha256" not in str(schema)


@pytest.mark.database
def test_schemas_are_found_by_type_and_by_name(service: Service) -> None:
    with httpx.Client(base_url=service.url, verify=NO_TLS) as client:
        for row in client.get("/facts").json():
            answer = client.get(row["schema"])
            assert answer.headers["content-type"] == "application/schema+json"
            assert answer.json() == client.get(f"/facts/{row['name']}").json() == schema_of(KINDS[row["type"]])
        unknown = client.get("/facts/Guessed")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN_FACT")
