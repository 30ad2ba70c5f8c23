"""Test that the texts of requests do not fill the memory of the process that keeps prepared operations."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from schema.compiled.compiler import MEMORY_OF_ONE
from schema.limits import NAME_CHARACTERS
from schema.live_pages import request_key
from tests.schema.conftest import NOTICE, World

LENGTH = 1_000_000
"""Characters of a long text of a request, which may have 2.5 MB."""
MEETINGS = f"""query($long: ID!) {{ notice(id: "{NOTICE}") {{
    board {{ decisions(filter: {{ meetingIn: [$long] }}) {{ nodes {{ position }} }} }} }} }}"""


async def grown(requests: int, send: Callable[[int], Any]) -> int:
    """Return the bytes by which the memory has grown after this many requests."""
    await send(0)
    gc.collect()
    tracemalloc.start(1)
    try:
        for number in range(1, requests + 1):
            await send(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.database
async def test_long_values_of_variables_are_forgotten(world: World) -> None:
    async def send(number: int) -> None:
        await world.data(MEETINGS, long=f"{number:x>{LENGTH}}")

    assert await grown(16, send) < MEMORY_OF_ONE + 2 * LENGTH


@pytest.mark.database
async def test_a_long_name_of_an_operation_is_refused(world: World) -> None:
    name = "x" * (NAME_CHARACTERS + 1)
    document = f'query {name} {{ notice(id: "{NOTICE}") {{ title }} }}'
    result = await world.schema.ask(world.context("alice"), document, {}, name)
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "LIMIT_EXCEEDED"}
    assert not world.schema.is_subscription(document, name)


def test_the_key_of_a_subscription_is_short() -> None:
    keys = {request_key("subscription { entries }", {"after": "x" * LENGTH + end}, None) for end in ("y", "z")}
    assert len(keys) == 2
    assert all(sum(map(sys.getsizeof, key)) < 1_000 for key in keys)  # type: ignore[call-overload]
