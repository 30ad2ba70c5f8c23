"""Ask the regular questions of the demo's history, with gql, a third party's client."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.httpx import HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

from schema.questions import Question, questions
from tests.api.service import NO_TLS, Notice, Service, issue
from tests.databases import copied_database
from tests.ledger.history import NOTICE
from tests.projections.stored import store
from tests.schema.history_answers import VARIABLES

pytestmark = pytest.mark.database
PATIENCE = 120
"""Seconds that an answer may take on a busy machine."""


@pytest.fixture(scope="module")
def demo(template: str) -> Iterator[Service]:
    """Run a service with the invented history, and return it with a token for its adviser."""
    with copied_database(template, "ledger_template") as url:
        asyncio.run(store(url))
        token = asyncio.run(issue(url, NOTICE, "adviser", "ADVISER"))
        with Service(url, Notice(NOTICE, {"adviser": token})) as running:
            yield running


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
async def test_the_same_answer_by_http_and_by_websocket(demo: Service, question: Question) -> None:
    headers = {"Authorization": f"Bearer {demo.notice.tokens['adviser']}"}
    by_http = HTTPXTransport(url=f"{demo.url}/graphql", headers=headers, verify=NO_TLS, timeout=PATIENCE)
    by_socket = WebsocketsTransport(
        url=demo.url.replace("http", "ws") + "/graphql",
        headers=headers,
        connect_timeout=PATIENCE,
        ack_timeout=PATIENCE,
    )
    document = gql(question.document)
    document.variable_values = {"notice": NOTICE} | VARIABLES.get(question.name, {})
    first: dict[str, Any] = await asyncio.to_thread(
        Client(transport=by_http, execute_timeout=PATIENCE).execute, document
    )
    async with Client(transport=by_socket, execute_timeout=PATIENCE) as session:
        second = await session.execute(document)
    assert first == second
    assert all(first.values())
