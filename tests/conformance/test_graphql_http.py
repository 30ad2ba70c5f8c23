"""GraphQL over HTTP by the audit of those who write its specification: the npm package `graphql-http`."""

import json
from pathlib import Path

import pytest

from tests.api.service import Service
from tests.conformance.npm import installed, node

pytestmark = [pytest.mark.database, pytest.mark.long]


def test_every_audit_is_ok(service: Service, tmp_path: Path) -> None:
    place = installed("graphql_http", tmp_path)
    said = node("audit.mjs", f"{service.url}/graphql", service.notice.tokens["officer"], place=place)
    audits = [json.loads(line) for line in said.splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
