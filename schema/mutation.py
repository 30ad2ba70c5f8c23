"""Mutations: one for each fact in `ledger.domain.registry.KINDS`, named by the fact's `act`.

The input of a mutation is the fact, and the client's part of the envelope. A refusal of the ledger is part of the
payload, not a GraphQL error. Imports strawberry, msgspec and `ledger`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias, cast

import strawberry
from msgspec import Struct
from strawberry.types import Info, get_object_definition
from strawberry.types.arguments import InputContext

from ledger.domain.entry import NoticeId
from ledger.domain.errors import Refused
from ledger.domain.registry import KINDS, Kind
from ledger.intake import parse
from schema.compiled.sources import read
from schema.compiled.tree_builder import notice_tree
from schema.context import Context, Standpoint, may
from schema.derive.inputs import input_of, plain
from schema.derive.node import resolver
from schema.errors import NO_NOTICE, NOT_FOUND
from schema.types import entries
from schema.types.enums import RefusalCode
from schema.types.notice import Notice
from schema.types.scalars import Count

Submission: TypeAlias = Mapping[str, Any]
"""A coerced input: the members of MutationInput by their GraphQL names."""


class _Where(Struct, frozen=True):
    notice: NoticeId


@strawberry.type(
    description="Reason why a fact was not recorded. Nothing of it is stored, and its id can be used again."
)
class Refusal:
    """A refusal by the ledger."""

    code: RefusalCode = strawberry.field(description="Stable code for programs, such as NOT_FOUND.")
    message: str = strawberry.field(description="One sentence for people: the fault, its place, and the fix.")
    path: str = strawberry.field(description="Field of the input, such as data.due; empty for the whole input.")


@strawberry.type(description="Outcome of a mutation.")
class RecordPayload:
    """Outcome of a mutation: a receipt, or refusals."""

    at: strawberry.Private[str]
    receipt: entries.Receipt | None = strawberry.field(description="Receipt; null if the fact was refused.")
    refusals: list[Refusal] = strawberry.field(
        description="Every reason for the refusal; empty if the fact was recorded."
    )

    @resolver(
        "The notice, read after its views have reached the receipt's position. Null if the fact was refused, "
        "or if the recorder may not read the notice."
    )
    async def notice(self, info: Info[Context, None]) -> Notice | None:
        """Return the notice at the receipt's position or later; None without a receipt or the right to read it."""
        if self.receipt is None or not may(await info.context.viewer.roles(self.at), "notice"):
            return None
        read_notice, _ = await read(info, Standpoint(self.at, at_least=self.receipt.position), notice_tree)
        return cast(Notice, read_notice)


@strawberry.input(description="Envelope of a mutation, without the fact.")
class MutationInput:
    """The client's part of an entry's envelope; each mutation's input adds `data`."""

    notice: strawberry.ID = strawberry.field(description="Notice in whose ledger the fact is recorded.")
    id: strawberry.ID = strawberry.field(
        description="The source's own id for the fact; sending the same fact again changes nothing."
    )
    source: strawberry.ID = strawberry.field(description="Source of the fact; a source belongs to one actor.")
    subject: strawberry.ID | None = strawberry.field(default=None, description="Subject of the fact, by id.")
    time: datetime | None = strawberry.field(
        default=None, description="When it happened; the time of recording if omitted."
    )
    clauses: list[str] = strawberry.field(
        default_factory=list, description="Clauses of the notice that the fact answers."
    )
    confirm: list[str] = strawberry.field(
        default_factory=list, description="Kinds of personal-data warning that the recorder confirms."
    )
    expected_position: Count | None = strawberry.field(
        default=None, description="Last position that the ledger must have; otherwise the fact is refused."
    )
    data: strawberry.Private[object] = None


def _refused(notice: str, refused: Refused) -> RecordPayload:
    refusals = [Refusal(code=RefusalCode(r.code), message=r.message, path=r.path) for r in refused.refusals]
    return RecordPayload(at=notice, receipt=None, refusals=refusals)


async def record(context: Context, kind: Kind, submission: Submission) -> RecordPayload:
    """Record the fact of an input, and return its receipt or the refusals."""
    notice = submission["notice"]
    try:
        parse.convert({"notice": notice}, _Where, "")
        if not await context.viewer.roles(notice):
            raise Refused.because(NOT_FOUND, NO_NOTICE, "notice")
        item = parse.accept(_event(kind, submission))
        expected = submission.get("expectedPosition")
        receipt = await context.append(notice, item, context.viewer.credential, expected)
    except Refused as refused:
        return _refused(notice, refused)
    return RecordPayload(at=notice, receipt=entries.receipt_of(receipt), refusals=[])


def _event(kind: Kind, submission: Submission) -> dict[str, Any]:
    """Return the CloudEvent of an input."""
    event = {
        "specversion": "1.0",
        "id": submission["id"],
        "source": submission["source"],
        "type": kind.type,
        "subject": submission.get("subject"),
        "time": submission.get("time"),
        "clauses": " ".join(submission["clauses"]) or None,
        "confirm": " ".join(submission["confirm"]) or None,
        "data": plain(submission["data"], kind.struct),
    }
    return {name: value for name, value in event.items() if value is not None}


def _input(kind: Kind) -> type[MutationInput]:
    name = f"{kind.struct.act[:1].upper()}{kind.struct.act[1:]}Input"
    members = {
        "__annotations__": {"data": input_of(kind.struct)},
        "__module__": __name__,
        "data": strawberry.field(description=kind.meaning),
    }
    input_type = strawberry.input(
        type(name, (MutationInput,), members),
        description=f"Input of {kind.struct.act}: the fact and its envelope.",
    )
    get_object_definition(input_type, strict=True).from_input = _as_coerced
    return input_type


def _as_coerced(_: type, submission: Submission, __: InputContext) -> Submission:
    """Return a coerced input unchanged, because `plain` takes mappings and not strawberry's objects."""
    return submission


def _resolver(kind: Kind) -> Callable[..., Awaitable[RecordPayload | None]]:
    async def resolve(
        info: Info[Context, None],
        input: Submission,  # noqa: A002 - GraphQL's name for it
    ) -> RecordPayload | None:
        return await record(info.context, kind, input)

    described = strawberry.argument(description="The fact, and its envelope.")
    resolve.__annotations__["input"] = Annotated[_input(kind), described]
    return resolve


def mutations() -> type:
    """Return the root type of mutations."""
    fields = {
        kind.struct.act: strawberry.mutation(
            _resolver(kind), name=kind.struct.act, description=f"Record a fact: {_lower(kind.meaning)}"
        )
        for kind in KINDS.values()
    }
    return strawberry.type(type("Mutation", (), fields), description="One mutation for each fact.")


def _lower(sentence: str) -> str:
    return " ".join((sentence[:1].lower() + sentence[1:]).split())
