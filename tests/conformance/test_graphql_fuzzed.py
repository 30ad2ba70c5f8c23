"""Random documents from the schema: none of them causes a server error."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

import schema
from tests.api.service import Service

pytestmark = [pytest.mark.database, pytest.mark.long(seconds=30)]
DOCUMENTS = 300
_ID = re.compile(r'\bid: "[^"]*"')


def test_no_document_is_a_server_error(service: Service) -> None:
    described = schemathesis.graphql.from_file(schema.build().as_str())
    answered: list[bool] = []
    reader = {"Authorization": f"Bearer {service.notice.tokens['adviser']}"}

    @settings(
        max_examples=DOCUMENTS, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=described["Query"].as_strategy())
    def answer_document(case: Any) -> None:
        document = _ID.sub(f'id: "{service.notice.name}"', str(case.body))
        with service.client("adviser") as client:
            answer = client.post("/graphql", json={"query": document}, headers=reader)
        assert answer.status_code < 500, (answer.status_code, document)
        answered.append(bool(answer.json().get("data")))
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert "INTERNAL_SERVER_ERROR" not in codes, (answer.text, document)

    answer_document()
    assert sum(answered) > DOCUMENTS // 20, "too few documents were answered"
