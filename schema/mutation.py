"""One mutation for each fact, named by the act: its input is the fact's struct with what the client says of it.

Generated from `ledger.domain.registry.KINDS`. Whatever the ledger refuses is answered in the payload, never as an
error of GraphQL's. Imports strawberry, msgspec and `ledger`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import strawberry
from msgspec import Struct
from strawberry.types import Info

from ledger.domain.entry import NoticeId
from ledger.domain.errors import Refused
from ledger.domain.registry import KINDS, Kind
from ledger.intake import parse
from schema.context import Context, may
from schema.derive.inputs import input_of, plain
from schema.derive.node import resolved
from schema.errors import NO_NOTICE, NOT_FOUND
from schema.types import entries
from schema.types.notice import Notice, notice_at
from schema.types.scalars import Count


class _Where(Struct, frozen=True):
    notice: NoticeId


@strawberry.type(
    description="Why a fact was not recorded: nothing of it is in the ledger, and its id was not used up."
)
class Refusal:
    """A refusal of the ledger's."""

    code: str = strawberry.field(description="A stable word for programs, such as NOT_FOUND.")
    message: str = strawberry.field(description="One sentence for people: what, where, and the mend.")
    path: str = strawberry.field(description="The field of the input, such as data.due; empty for the whole.")


@strawberry.type(description="What came of an attempt to record a fact.")
class RecordPayload:
    """A receipt or refusals."""

    at: strawberry.Private[str]
    receipt: entries.Receipt | None = strawberry.field(description="The receipt; null when it was refused.")
    refusals: list[Refusal] = strawberry.field(description="Every reason for which it was refused; else empty.")

    @resolved(
        "The notice, read once its views have seen the fact; null when it was refused, or when the "
        "recorder may not read the notice."
    )
    async def notice(self, info: Info[Context, None]) -> Notice | None:
        """At the receipt's position, or a later one."""
        if self.receipt is None or not may(await info.context.viewer.roles(self.at), "notice"):
            return None
        return await notice_at(info.context, self.at, at_least=self.receipt.position)


@strawberry.input(description="What every mutation takes beside the fact.")
class Submission:
    """The client's part of an entry's envelope; the input of each mutation adds `data`."""

    notice: strawberry.ID = strawberry.field(description="The notice in whose ledger it is recorded.")
    id: strawberry.ID = strawberry.field(
        description="The source's own id for it; sending the same again changes nothing."
    )
    source: strawberry.ID = strawberry.field(description="Where it comes from; a source belongs to one actor.")
    subject: strawberry.ID | None = strawberry.field(default=None, description="What it is about.")
    time: datetime | None = strawberry.field(
        default=None, description="When it happened; when it is recorded, if left out."
    )
    clauses: list[str] = strawberry.field(
        default_factory=list, description="The clauses of the notice that it answers."
    )
    confirm: list[str] = strawberry.field(
        default_factory=list, description="The kinds of warning about personal data that are confirmed."
    )
    expected_position: Count | None = strawberry.field(
        default=None, description="Refuse it unless this is the ledger's last position."
    )
    data: strawberry.Private[object] = None


def _refused(notice: str, refused: Refused) -> RecordPayload:
    found = [Refusal(code=r.code, message=r.message, path=r.path) for r in refused.refusals]
    return RecordPayload(at=notice, receipt=None, refusals=found)


async def record(context: Context, kind: Kind, given: Submission) -> RecordPayload:
    """Records what an input says."""
    notice = str(given.notice)
    try:
        parse.convert({"notice": notice}, _Where, "")
        if not await context.viewer.roles(notice):
            raise Refused.because(NOT_FOUND, NO_NOTICE, "notice")
        item = parse.accept(_event(kind, given))
        receipt = await context.append(notice, item, context.viewer.credential, given.expected_position)
    except Refused as refused:
        return _refused(notice, refused)
    return RecordPayload(at=notice, receipt=entries.receipt(receipt), refusals=[])


def _event(kind: Kind, given: Submission) -> dict[str, Any]:
    """The CloudEvent of an input."""
    event = {
        "specversion": "1.0",
        "id": given.id,
        "source": given.source,
        "type": kind.type,
        "subject": given.subject,
        "time": given.time,
        "clauses": " ".join(given.clauses) or None,
        "confirm": " ".join(given.confirm) or None,
        "data": plain(given.data),
    }
    return {name: value for name, value in event.items() if value is not None}


def _input(kind: Kind) -> type[Submission]:
    name = f"{kind.struct.act[:1].upper()}{kind.struct.act[1:]}Input"
    members = {
        "__annotations__": {"data": input_of(kind.struct)},
        "__module__": __name__,
        "data": strawberry.field(description=kind.meaning),
    }
    made = type(name, (Submission,), members)
    return strawberry.input(made, description=f"What {kind.struct.act} records, and where.")


def _resolver(kind: Kind) -> Callable[..., Awaitable[RecordPayload | None]]:
    async def resolve(
        info: Info[Context, None],
        input: Submission,  # noqa: A002 - GraphQL's name for it
    ) -> RecordPayload | None:
        return await record(info.context, kind, input)

    described = strawberry.argument(description="The fact, and where it is recorded.")
    resolve.__annotations__["input"] = Annotated[_input(kind), described]
    return resolve


def mutations() -> type:
    """The root of mutations."""
    fields = {
        kind.struct.act: strawberry.mutation(
            _resolver(kind), name=kind.struct.act, description=f"Records that: {_lower(kind.meaning)}"
        )
        for kind in KINDS.values()
    }
    return strawberry.type(type("Mutation", (), fields), description="What may be recorded: one mutation a fact.")


def _lower(sentence: str) -> str:
    return " ".join((sentence[:1].lower() + sentence[1:]).split())
