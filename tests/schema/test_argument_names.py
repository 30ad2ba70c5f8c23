"""Bad values for every argument of the schema: each error names the argument, or the member within it."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    parse,
    validate,
)

import schema
from schema.limits import RULES, NamedValues
from tests.schema.conftest import NOTICE, World

BAD = {
    "Int": "3000000000",
    "ID": "1.5",
    "String": "5",
    "Boolean": "5",
    "Date": '"yesterday"',
    "DateTime": '"yesterday"',
}
"""A bad value of each scalar; other types are enums."""


def bad_values(kind: object, name: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield bad values of a type as GraphQL, each with the path that the error has to name."""
    if isinstance(kind, GraphQLNonNull):
        yield name, "null"
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        yield from ((path, f"[{value}]") for path, value in bad_values(kind.of_type, name, seen))
    elif isinstance(kind, GraphQLInputObjectType):
        yield name, "5"
        if kind.name not in seen:
            seen.add(kind.name)
            for member, field in kind.fields.items():
                below = bad_values(field.type, f"{name}.{member}", seen)
                yield from ((path, f"{{{member}: {value}}}") for path, value in below)
    else:
        yield name, BAD.get(getattr(kind, "name", ""), "NONSENSE")


def test_a_bad_value_in_a_document_is_named() -> None:
    """Search the whole schema, so that no list by hand can miss an argument."""
    built, seen, count = schema.build().graphql, set[str](), 0
    assert NamedValues in RULES
    for declared in list(built.type_map.values()):
        if not isinstance(declared, GraphQLObjectType | GraphQLInterfaceType) or declared.name.startswith("__"):
            continue
        for field, each in declared.fields.items():
            for argument, of in each.args.items():
                if str(of.type) + argument in seen:
                    continue
                seen.add(str(of.type) + argument)
                bad = list(bad_values(of.type, argument, seen))
                calls = [f"a{at}: {field}({argument}: {value})" for at, (_, value) in enumerate(bad)]
                document = "\n".join([f"fragment f on {declared.name} {{", *calls, "}"])
                names: dict[int, set[str]] = {at: set() for at in range(len(bad))}
                for error in validate(built, parse(document), [NamedValues], max_errors=10_000):
                    names[(error.locations or [])[0].line - 2].add(error.message.partition(": ")[0])
                for at, (path, _) in enumerate(bad):
                    # an object without its required members is named itself
                    parents = {path[:dot] for dot, sign in enumerate(path) if sign == "."}
                    assert names[at], calls[at]
                    assert names[at] <= {path} | parents, (calls[at], names[at])
                    count += 1
    assert count > 2_000


@pytest.mark.database
@pytest.mark.parametrize(
    ("selection", "name"),
    [
        ('notice(id: "\\u0000") { id }', "id"),
        ('node(id: "\\u0000") { id }', "id"),
        ('notices(filter: {councilIn: ["Bury", "\\u0000"]}) { totalCount }', "filter.councilIn"),
        ('notice(id: $notice) { entries(filter: {text: "\\u0000"}) { totalCount } }', "filter.text"),
        ('notice(id: $notice) { entries(filter: {actorIn: ["\\u0000"]}) { totalCount } }', "filter.actorIn"),
        (
            'notice(id: $notice) { plan { actions(filter: {or: [{owner: "\\u0000"}]}) { totalCount } } }',
            "filter.or.owner",
        ),
        ("notice(id: $notice) { plan { actions(first: -1) { totalCount } } }", "first"),
        ("notice(id: $notice) { plan { actions(last: 1001) { totalCount } } }", "last"),
        ('notice(id: $notice) { plan { actions(before: "x") { totalCount } } }', "before"),
        ("notice(id: $notice, atLeast: -1) { id }", "atLeast"),
        ("notice(id: $notice, asOf: {position: -1}) { id }", "asOf.position"),
    ],
)
async def test_a_bad_value_that_only_its_execution_shows_is_named(world: World, selection: str, name: str) -> None:
    uses = "query($notice: ID!) " if "$notice" in selection else ""
    code, message = await world.error(f"{uses}{{ {selection} }}", **({"notice": NOTICE} if uses else {}))
    assert (code, message.startswith(f"{name} ")) == ("BAD_USER_INPUT", True), message
