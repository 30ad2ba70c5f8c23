"""The committed schema passes graphql-eslint's recommended and Relay rules; its settings name the exceptions."""

import shutil
from pathlib import Path

import pytest

from tests.conformance.npm import installed, node
from tests.conformance.test_graphql_clients import SCHEMA

pytestmark = pytest.mark.long


def test_the_schema_follows_the_rules(tmp_path: Path) -> None:
    place = installed("schema_lint", tmp_path)
    shutil.copyfile(SCHEMA, place / "schema.graphql")
    assert node("node_modules/eslint/bin/eslint.js", "schema.graphql", place=place) == ""
    (place / "other.graphql").write_text("type Query { noDescription: String }\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        node("node_modules/eslint/bin/eslint.js", "other.graphql", place=place)
