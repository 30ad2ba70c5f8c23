"""Null for every argument of every field: it means the same as an absent argument, or is a clear error."""

from typing import Any

from graphql import GraphQLNonNull, GraphQLObjectType, build_schema, get_named_type, is_leaf_type

import schema
from tests.schema.conftest import NOTICE, World
from tests.schema.test_questions import paths


async def test_null_is_as_if_absent_or_a_clear_error(world: World) -> None:
    live = build_schema(schema.build().as_str())
    routes: dict[str, list[str]] = {"Query": []} | paths(live)
    counted = 0
    for name, path in routes.items():
        declared = live.type_map[name]
        assert isinstance(declared, GraphQLObjectType)
        for field, each in declared.fields.items():
            for argument, of in each.args.items():
                kind = of.type.of_type if isinstance(of.type, GraphQLNonNull) else of.type
                below = "" if is_leaf_type(get_named_type(each.type)) else " { __typename }"
                others = {"id": "$notice"} if "id" in each.args and argument != "id" else {}
                arguments = ", ".join(f"{key}: {value}" for key, value in ({argument: "$null"} | others).items())
                document = " { ".join([*path, f"{field}({arguments}){below}"]) + " }" * len(path)
                uses = "$notice: ID!, " if "$notice" in document else ""
                query = f"query({uses}$null: {kind}) {{ {document} }}"
                result = await world.ask(query, "operator", null=None, **({"notice": NOTICE} if uses else {}))
                codes = [(error.extensions or {}).get("code") for error in result.errors or ()]
                expected_codes: list[Any] = ["GRAPHQL_VALIDATION_FAILED"] if argument == "id" else []
                assert codes == expected_codes, (query, result.errors)
                counted += 1
    assert counted > 80
