"""Odd values for every member of every mutation's input, and for the arguments of subscriptions.

The inputs and their types come from the schema. Each value is recorded, or refused in a sentence with its place.
"""

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLNonNull, GraphQLObjectType, GraphQLSchema
from graphql import build_schema as built

from schema.derive.filters import COMBINED
from tests.schema.compiled.odd_values import odd_values, usual_value
from tests.schema.conftest import NOTICE, World

CLEAR = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED", "NOT_FOUND", "NOT_CAUGHT_UP"}
"""Codes of errors that a wrong argument may have."""
WHOLE = {"FORBIDDEN", "PERSONAL_DATA", "INVALID_JSON", "ALREADY_EXISTS"}
"""Codes of refusals of a whole input, which have no path."""
LENGTH = 5_000
"""Characters of a message: fewer than an argument that it must not repeat."""
NAMED = ("position", "an argument contains", "type is", "Too many errors")
"""Parts of messages that name another place than a variable."""
SAMPLE = 2_000
"""Odd inputs of the short test, drawn with a fixed seed."""
SUBSCRIBED = 120
"""Odd arguments of the short test of subscriptions."""
WAIT = 0.5
"""Seconds to wait for the first result of a subscription, which may have none."""
OF_THE_WHOLE = ("Too many errors", "the variables have more than")
"""Beginnings of messages that are not about one part of the input."""
MUTATION = """mutation($input: {kind}) {{
    {field}(input: $input) {{ receipt {{ position }} refusals {{ code message path }} }} }}"""
ENTRIES = """subscription($notice: ID!, $after: Int, $filter: EntryFilter) {
    entries(notice: $notice, after: $after, filter: $filter) { position } }"""
COMPLIANCE = "subscription($notice: ID!) { compliance(notice: $notice) { clause } }"


def mutations(live: GraphQLSchema) -> Iterator[tuple[str, GraphQLInputType]]:
    """Yield each mutation and the type of its input."""
    root = live.mutation_type
    assert isinstance(root, GraphQLObjectType)
    for field, declared in root.fields.items():
        yield field, declared.args["input"].type


def odd_inputs(kind: GraphQLInputType, *, envelope: bool) -> Iterator[dict[str, Any]]:
    """Yield inputs of a mutation, odd in one place of the fact or, for one mutation, of the envelope."""
    named = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    assert isinstance(named, GraphQLInputObjectType)
    usual = {"notice": NOTICE, "source": "operator", "data": usual_value(named.fields["data"].type)}
    for name, field in named.fields.items():
        if name == "data" or envelope:
            yield from (usual | {name: value} for value in odd_values(field.type))


async def check_mutation(world: World, number: int, field: str, kind: object, value: dict[str, Any]) -> None:
    """Send an input, and fail on an obscure answer."""
    request = {"id": f"odd-{number}"} | value
    document = MUTATION.format(kind=kind, field=field)
    result = await world.schema.execute(document, {"input": request}, world.context("operator"))
    about = (field, str(value)[:300], result.errors, result.data)
    for error in result.errors or ():
        assert (error.extensions or {}).get("code") in CLEAR, about
        assert "input" in error.message or error.message.startswith(OF_THE_WHOLE), about
        assert len(error.message) < LENGTH, about
    if not result.errors:
        assert result.data is not None, about
        payload = result.data[field]
        assert bool(payload["receipt"]) != bool(payload["refusals"]), about
        for refusal in payload["refusals"]:
            assert len(refusal["message"]) < LENGTH, about
            assert refusal["path"] or refusal["code"] in WHOLE, about


def all_odd_inputs(live: GraphQLSchema) -> list[tuple[str, GraphQLInputType, dict[str, Any]]]:
    return [
        (field, kind, value)
        for number, (field, kind) in enumerate(mutations(live))
        for value in odd_inputs(kind, envelope=not number)
    ]


def is_quiet(caplog: pytest.LogCaptureFixture) -> bool:
    return not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]


async def test_odd_values_of_facts(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Send a sample of all odd inputs, with some of every mutation."""
    live = built(world.schema.as_str())
    calls = all_odd_inputs(live)
    draw = random.Random(22)
    sample = draw.sample(calls, SAMPLE) + [
        next(call for call in calls if call[0] == f) for f, _ in mutations(live)
    ]
    for number, (field, kind, value) in enumerate(sample):
        await check_mutation(world, number, field, kind, value)
    assert is_quiet(caplog)
    assert len(calls) > 3_000


@pytest.mark.long(seconds=20)
@pytest.mark.timeout(1_200)
async def test_all_odd_values_of_facts(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for number, (field, kind, value) in enumerate(all_odd_inputs(built(world.schema.as_str()))):
        await check_mutation(world, number, field, kind, value)
    assert is_quiet(caplog)


def odd_subscriptions(live: GraphQLSchema) -> list[tuple[str, dict[str, Any]]]:
    """Return documents of subscriptions, each with variables that are odd in one place."""
    root = live.subscription_type
    assert isinstance(root, GraphQLObjectType)
    usual = {"notice": NOTICE, "after": 0}
    calls: list[tuple[str, dict[str, Any]]] = []
    for name, argument in root.fields["entries"].args.items():
        for value in odd_values(argument.type):
            calls.append((ENTRIES, usual | {name: value}))
            if name == "filter" and isinstance(value, dict) and not COMBINED.keys() & value:
                calls.append((ENTRIES, usual | {name: {"or": [value, {}]}}))
    calls += [
        (COMPLIANCE, {"notice": value}) for value in odd_values(root.fields["compliance"].args["notice"].type)
    ]
    return calls


async def check_subscription(world: World, document: str, variables: dict[str, Any]) -> None:
    """Follow until the first result, if there is one at once, and fail on an obscure error."""
    context = world.context("operator", wait=0)
    results = await world.schema.stream(document, variables, context)
    result = None
    with suppress(TimeoutError, StopAsyncIteration):
        async with asyncio.timeout(WAIT):
            result = await anext(results)
    await results.aclose()
    for error in (result and result.errors) or ():
        about = (str(variables)[:300], error)
        assert (error.extensions or {}).get("code") in CLEAR, about
        assert len(error.message) < LENGTH, about
        assert any(part in error.message for part in (*variables, *NAMED)), about


async def test_odd_arguments_of_subscriptions(world: World, caplog: pytest.LogCaptureFixture) -> None:
    calls = odd_subscriptions(built(world.schema.as_str()))
    for document, variables in random.Random(22).sample(calls, SUBSCRIBED):
        await check_subscription(world, document, variables)
    assert is_quiet(caplog)


@pytest.mark.long(seconds=40)
@pytest.mark.timeout(1_200)
async def test_all_odd_arguments_of_subscriptions(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for document, variables in odd_subscriptions(built(world.schema.as_str())):
        await check_subscription(world, document, variables)
    assert is_quiet(caplog)
