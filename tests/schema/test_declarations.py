"""The committed schema is the live one. Every member has a description, every fact its mutation and input."""

import difflib
from pathlib import Path

import msgspec
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    get_introspection_query,
    get_named_type,
    is_required_input_field,
)

import schema
from ledger.domain.registry import KINDS, Kind

COMMITTED = Path(schema.__file__).parent / "schema.graphql"


@pytest.fixture(scope="module")
def live() -> GraphQLSchema:
    return build_schema(schema.build().as_str())


def test_the_committed_schema_is_the_live_one() -> None:
    committed, live = COMMITTED.read_text(encoding="utf-8"), schema.build().as_str() + "\n"
    changes = difflib.unified_diff(committed.splitlines(), live.splitlines(), "committed", "live", lineterm="")
    breaking = [
        change.description for change in find_breaking_changes(build_schema(committed), build_schema(live))
    ]
    meaning = "; ".join(breaking) or "none is breaking"
    assert "\n".join(changes) == "", f"run: make facts; of the changes these are breaking: {meaning}"


def test_a_breaking_change_is_named() -> None:
    committed = COMMITTED.read_text(encoding="utf-8")
    without = committed.replace(
        '  """The council, by its ONS code; null for another body."""\n  council: String\n', "", 1
    )
    assert without != committed
    (change,) = find_breaking_changes(build_schema(committed), build_schema(without))
    assert change.description == "Field Notice.council was removed."


def test_everything_is_described(live: GraphQLSchema) -> None:
    bare = []
    for name, declared in live.type_map.items():
        if name.startswith("__"):
            continue
        if not declared.description:
            bare.append(name)
        if isinstance(declared, GraphQLEnumType):
            descriptions = {value: v.description or "" for value, v in declared.values.items()}
            bare += [
                f"{name}.{value}"
                for value, meaning in descriptions.items()
                if meaning.rstrip(".").upper() in (value, "")
            ]
        elif isinstance(declared, GraphQLInputObjectType):
            bare += [f"{name}.{field}" for field, f in declared.fields.items() if not f.description]
        elif isinstance(declared, GraphQLObjectType | GraphQLInterfaceType):
            for field, f in declared.fields.items():
                if not f.description:
                    bare.append(f"{name}.{field}")
                bare += [f"{name}.{field}({arg})" for arg, a in f.args.items() if not a.description]
    assert bare == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_each_fact_has_a_mutation_with_all_its_fields(kind: Kind, live: GraphQLSchema) -> None:
    assert live.mutation_type is not None
    mutation = live.mutation_type.fields[kind.struct.act]
    assert str(mutation.type) == "RecordPayload"
    input_type = get_named_type(mutation.args["input"].type)
    assert isinstance(input_type, GraphQLInputObjectType)
    data = get_named_type(input_type.fields["data"].type)
    assert isinstance(data, GraphQLInputObjectType)
    assert data.name == f"{kind.name}Input"
    declared = msgspec.structs.fields(kind.struct)
    assert list(data.fields) == [field.encode_name for field in declared]
    required = {name for name, field in data.fields.items() if is_required_input_field(field)}
    assert required == {field.encode_name for field in declared if field.required}


def test_there_is_no_mutation_beside_the_facts(live: GraphQLSchema) -> None:
    assert live.mutation_type is not None
    assert set(live.mutation_type.fields) == {kind.struct.act for kind in KINDS.values()}


async def test_introspection_fits_within_the_limits() -> None:
    result = await schema.build().execute(get_introspection_query(descriptions=True))
    assert result.errors is None
    assert result.data is not None
