"""Queries of the schema cannot be multiplied: one answer took a process for a minute."""

import pytest
from graphql import get_introspection_query

import schema
from schema.errors import LIMIT_EXCEEDED

ALIASES = " ".join(f"a{number}: fields {{ name }}" for number in range(3))
MULTIPLIED = {
    "aliases of a list": f"{{ __schema {{ types {{ {ALIASES} }} }} }}",
    "aliases of the whole": "{ one: __schema { types { name } } two: __schema { types { name } } }",
    "aliases below a type": f'{{ __type(name: "Notice") {{ {ALIASES} }} }}',
    "aliases in a fragment": f"{{ __schema {{ types {{ ...Many }} }} }} fragment Many on __Type {{ {ALIASES} }}",
    "aliases in an inline fragment": f"{{ __schema {{ types {{ ... on __Type {{ {ALIASES} }} }} }} }}",
    "members of members": "{ __schema { types { fields { type { ofType { fields { name } } } } } } }",
    "members of arguments": (
        '{ __type(name: "Mutation") { fields { args { type { ofType { inputFields { name } } } } } } }'
    ),
    "members of members in a fragment": (
        "{ __schema { types { ...Fields } } } fragment Fields on __Type { fields { type { ...Inner } } } "
        "fragment Inner on __Type { fields { name } }"
    ),
}


@pytest.mark.parametrize("document", MULTIPLIED.values(), ids=MULTIPLIED.keys())
async def test_a_query_of_the_schema_is_not_multiplied(document: str) -> None:
    result = await schema.build().execute(document)
    assert result.data is None
    assert {error.extensions["code"] for error in result.errors or () if error.extensions} == {LIMIT_EXCEEDED}


async def test_tools_read_the_schema_and_several_types_at_once() -> None:
    variants = [
        get_introspection_query(descriptions=described, specified_by_url=True) for described in (True, False)
    ]
    several = '{ a: __type(name: "Notice") { fields { name } } b: __type(name: "Entry") { fields { name } } }'
    for document in (*variants, several):
        result = await schema.build().execute(document)
        assert (result.errors, bool(result.data)) == (None, True)
