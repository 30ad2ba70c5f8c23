"""Models of the report's answers: made from the queries and the committed schema."""

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema

from api.report import query_models
from tools.report_models import ROOT, DocumentModels, lines

SCHEMA = """
type Query { notice: Notice }
"Improvement notice. It has areas."
type Notice { issuedOn: Date! areas: [Area!]! plan: Plan tally: JSON }
"Area."
type Area { area: ID! position: Int }
"Plan."
type Plan { areas(after: String): AreaConnection! }
"ListPage of areas."
type AreaConnection { nodes: [Area!]! pageInfo: PageInfo! }
"Place."
type PageInfo { hasNextPage: Boolean! endCursor: String }
scalar Date
scalar JSON
"""


def notice() -> GraphQLObjectType:
    """Return the type of a notice in a small schema."""
    kind = build_schema(SCHEMA).type_map["Notice"]
    assert isinstance(kind, GraphQLObjectType)
    return kind


def test_the_models_are_those_of_the_queries_and_the_schema() -> None:
    committed = Path(query_models.__file__).read_text(encoding="utf-8")
    assert committed == "\n".join(lines()) + "\n", "run: make facts"


def test_a_query_has_a_class_for_each_selection_and_fragment() -> None:
    models = DocumentModels(
        "query Frame { notice { ...Head first: areas { ...Head2 position } tally } } "
        "fragment Head on Notice { issuedOn } fragment Head2 on Area { area }"
    )
    assert models.query("frame", notice()) == 'Query("frame", FrameNotice)'
    assert models.classes == {
        "Head": 'class Head(QueryModel, frozen=True, kw_only=True):\n    """Improvement notice."""\n\n'
        "    issued_on: date",
        "Head2": 'class Head2(QueryModel, frozen=True, kw_only=True):\n    """Area."""\n\n    area: str',
        "FrameFirst": 'class FrameFirst(Head2, frozen=True, kw_only=True):\n    """Area."""\n\n'
        "    position: int | None",
        "FrameNotice": 'class FrameNotice(Head, frozen=True, kw_only=True):\n    """Improvement notice."""\n\n'
        "    first: tuple[FrameFirst, ...]\n    tally: Any",
    }


def test_a_query_of_one_long_list_has_its_path_and_the_class_of_its_rows() -> None:
    models = DocumentModels(
        "query Areas($after: String) { notice { plan { areas(after: $after) { nodes { area } } } } }"
    )
    assert models.query("areas", notice()) == 'ListQuery("areas", "plan.areas", AreasRow)'


def test_a_query_of_several_notices_has_each_by_its_name() -> None:
    models = DocumentModels(
        "query Both { then: notice { ...Head } now: notice { ...Head } } fragment Head on Notice { issuedOn }"
    )
    assert models.query("both", notice()) == 'Query("both", Both)'
    assert models.classes["Both"].splitlines()[-2:] == ["    then: Head", "    now: Head"]


def test_a_field_that_the_schema_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError, match="unknown"):
        DocumentModels("query Frame { notice { unknown } }").query("frame", notice())


def test_the_models_are_made_by_make_facts() -> None:
    assert "python -m tools.report_models" in (ROOT / "Makefile").read_text(encoding="utf-8")
