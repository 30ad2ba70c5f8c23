"""A working ledger: a writer, a runner of views and a reader on a real database, queried through the schema.

`HISTORY` is recorded first; its positions are those of the list, from 1.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from strawberry.types.execution import ExecutionResult

import schema
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role
from ledger.intake import parse
from ledger.proof.checkpoint import Signer
from ledger.proof.checkpoint_signer import CheckpointSigner
from projections.engine.runner import Runner
from projections.query.reader import Reader
from projections.views.registry import ALL
from schema.context import Context

NOTICE = "tameside-2022"
SIGNER = Signer.generate("ledger.example/k1")
OPERATOR = Credential("operator", role=Role.OPERATOR)
HISTORY: list[tuple[str, dict[str, Any]]] = [
    (
        "notice.NoticeIssued",
        {
            "kind": "IMPROVEMENT_NOTICE",
            "council": "E08000008",
            "issuer": "DfE",
            "issuedOn": "2022-07-05",
            "title": "Improvement notice",
            "trigger": "An inspection",
            "packDigest": "A" * 43 + "=",
        },
    ),
    ("notice.AreaRegistered", {"area": "1a", "title": "Leaders' understanding"}),
    (
        "notice.ClauseRegistered",
        {
            "number": "4",
            "obligor": "COUNCIL",
            "modality": "MUST",
            "rule": "access-provided",
            "parameters": {"maximum_days": 92},
            "text": "Keep a plan",
        },
    ),
    ("people.RoleGranted", {"actor": "alice", "role": "COUNCIL_OFFICER"}),
    ("people.RoleGranted", {"actor": "bea", "role": "BOARD_MEMBER"}),
    ("people.RoleGranted", {"actor": "olga", "role": "RECORDS_OFFICER"}),
    ("people.RoleGranted", {"actor": "dora", "role": "DATA_PROTECTION_OFFICER"}),
    ("people.RoleGranted", {"actor": "feed", "role": "INTEGRATION"}),
    (
        "plan.ObjectiveAdded",
        {"objective": "O1", "title": "See leaders", "areas": ["1a"], "owner": "alice", "due": "2023-06-30"},
    ),
    (
        "plan.ObjectiveAdded",
        {"objective": "O2", "title": "Write it down", "areas": ["1a"], "owner": "feed", "due": "2023-05-31"},
    ),
    (
        "plan.ProgressRecorded",
        {"objective": "O1", "narrative": "Started", "activityRating": "AMBER", "impactRating": "RED"},
    ),
]
HEAD = len(HISTORY)


def event(number: int | str, fact: str, data: dict[str, Any], **attributes: str) -> parse.SubmittedFact:
    members = {
        "specversion": "1.0",
        "id": str(number),
        "source": "operator",
        "type": f"improvement-ledger.{fact}.v1",
        "data": data,
    }
    return parse.accept(members | attributes)


class Someone:
    """A viewer with the roles recorded for them."""

    def __init__(self, writer: Writer, credential: Credential, notices: Sequence[str]) -> None:
        self.credential = credential
        self._writer = writer
        self._notices = notices
        self.is_expired = False

    async def is_live(self) -> bool:
        return not self.is_expired

    async def roles(self, notice: str) -> Sequence[Role]:
        if self.is_expired:
            return []
        if self.credential.role is not None:
            return [self.credential.role]
        state = await self._writer.state(notice)
        return state.people.roles_at(self.credential.actor, datetime.now(UTC))

    async def allowed(self) -> Sequence[str]:
        return [notice for notice in self._notices if await self.roles(notice)]


class World:
    """A working ledger."""

    def __init__(
        self, writer: Writer, reader: Reader, runner: Runner, log: CheckpointSigner | None = None
    ) -> None:
        self.writer = writer
        self.reader = reader
        self.runner = runner
        self.sign = log.checkpoint if log is not None else None
        self.schema = schema.build()
        self.notices = [NOTICE]

    def context(self, actor: str, wait: float = 10.0) -> Context:
        credential = OPERATOR if actor == "operator" else Credential(actor)
        viewer = Someone(self.writer, credential, self.notices)
        return Context(self.reader, self.writer.append, viewer, sign=self.sign, wait=wait)

    async def ask(self, document: str, actor: str = "alice", **variables: Any) -> ExecutionResult:
        return await self.schema.ask(self.context(actor), document, variables)

    async def data(self, document: str, actor: str = "alice", **variables: Any) -> dict[str, Any]:
        result = await self.ask(document, actor, **variables)
        assert result.errors is None, result.errors
        assert result.data is not None
        return result.data

    async def error(self, document: str, actor: str = "alice", **variables: Any) -> tuple[str, str]:
        """Return the code and the message of the one error."""
        result = await self.ask(document, actor, **variables)
        assert result.errors is not None, result.data
        (error,) = result.errors
        assert error.extensions is not None
        return error.extensions["code"], error.message

    async def record(self, fact: str, data: dict[str, Any], number: str, notice: str = NOTICE) -> Receipt:
        return await self.writer.append(notice, event(number, fact, data), OPERATOR)

    async def caught_up(self, position: int, notice: str = NOTICE) -> None:
        async with self.reader.at(notice, at_least=position):
            pass


@pytest.fixture
def database(views_database: str) -> str:
    """Return the URL of an empty database with the views' tables."""
    return views_database


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    runner = await Runner(database, ALL).open()
    following = asyncio.create_task(runner.run())
    async with (
        Writer(database, on_commit=runner.wake) as writer,
        Reader(database, ALL) as reader,
        CheckpointSigner(database, "ledger.example", SIGNER) as log,
    ):
        items = [event(number, *fact) for number, fact in enumerate(HISTORY, 1)]
        await writer.append_all(NOTICE, items, OPERATOR, strict=True)
        world = World(writer, reader, runner, log)
        await world.caught_up(HEAD)
        yield world
    await runner.close()
    await asyncio.wait([following])
