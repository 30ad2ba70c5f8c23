"""Audit of GraphQL over HTTP by the npm package `graphql-http`, from the authors of the specification."""

import json
from pathlib import Path

import pytest

from tests.api.service import Service
from tests.conformance.npm import installed, node

pytestmark = [pytest.mark.database, pytest.mark.long]


def test_every_audit_is_ok(service: Service, tmp_path: Path) -> None:
    place = installed("graphql_http", tmp_path)
    output = node("audit.mjs", f"{service.url}/graphql", service.notice.tokens["officer"], place=place)
    audits = [json.loads(line) for line in output.splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
