"""Drafts of the adviser's reports: rows beside the ledger, never entries, each seen by its adviser alone.

What was typed is kept as it was typed, whether it could be issued or not.
"""

from datetime import date, datetime

import msgspec
from msgspec import Struct, structs

from ledger.append.receipt import Receipt, receipt
from ledger.domain.errors import Refused
from ledger.store.database import connect
from ledger.store.entries import find_keys

MOST = 50
"""The drafts that an adviser may keep in a notice."""


class AreaDraft(Struct, frozen=True, kw_only=True):
    """What a draft says of an area."""

    area: str
    ended: bool = False
    """Whether it has ended, so that nothing need be said of it."""
    judgement: str = ""
    """PROGRESS, CONCERN, or nothing yet."""
    text: str = ""


class RequirementDraft(Struct, frozen=True, kw_only=True):
    """What a draft says of a requirement."""

    number: str
    text: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """A report that is being written."""

    draft: str
    """Its id; the entry that issues it has its key from it."""
    report: str
    """The id that the report is to have."""
    first: date
    last: date
    position: int
    """The position at which its figures are read."""
    areas: tuple[AreaDraft, ...] = ()
    requirements: tuple[RequirementDraft, ...] = ()
    other: str = ""
    confirm: tuple[str, ...] = ()
    """The kinds of warning about personal data that the adviser confirms."""
    saved_at: datetime | None = None


class Drafts:
    """The drafts of one database. Each method raises Unavailable when it cannot be reached."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def of(self, notice: str, actor: str) -> list[Draft]:
        """The adviser's drafts, the latest saved first."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "SELECT body::text, saved_at FROM ledger.report_drafts WHERE notice = %s AND actor = %s "
                "ORDER BY saved_at DESC, draft",
                (notice, actor),
            )
            return [_draft(*row) for row in await cursor.fetchall()]

    async def get(self, notice: str, actor: str, draft: str) -> Draft | None:
        """A draft of the adviser's; None where they have none of that id."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "SELECT body::text, saved_at FROM ledger.report_drafts "
                "WHERE notice = %s AND actor = %s AND draft = %s",
                (notice, actor, draft),
            )
            row = await cursor.fetchone()
            return None if row is None else _draft(*row)

    async def add(self, notice: str, actor: str, draft: Draft) -> None:
        """Keeps a new draft; raises Refused when the adviser has as many as there may be."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "INSERT INTO ledger.report_drafts (notice, actor, draft, body) SELECT %s, %s, %s, %s::jsonb "
                "WHERE (SELECT count(*) FROM ledger.report_drafts WHERE notice = %s AND actor = %s) < %s",
                (notice, actor, draft.draft, _body(draft), notice, actor, MOST),
            )
            if not cursor.rowcount:
                raise Refused.because("TOO_MANY", f"you have {MOST} drafts in {notice}; issue or delete one first")

    async def save(self, notice: str, actor: str, draft: Draft) -> bool:
        """Keeps what a draft says now; False where it is there no more: it was issued, or deleted."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "UPDATE ledger.report_drafts SET body = %s::jsonb, saved_at = now() "
                "WHERE notice = %s AND actor = %s AND draft = %s",
                (_body(draft), notice, actor, draft.draft),
            )
            return bool(cursor.rowcount)

    async def delete(self, notice: str, actor: str, draft: str) -> bool:
        """Deletes a draft; whether it was there."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "DELETE FROM ledger.report_drafts WHERE notice = %s AND actor = %s AND draft = %s",
                (notice, actor, draft),
            )
            return bool(cursor.rowcount)

    async def issued(self, notice: str, source: str, key: str) -> Receipt | None:
        """The receipt of the entry of that key: of the report that a draft became; None where there is none."""
        async with await connect(self._url, "ledger_writer") as connection:
            rows = await find_keys(connection, notice, [(source, key)])
            return receipt(rows[source, key], duplicate=True) if rows else None


def _body(draft: Draft) -> str:
    return msgspec.json.encode(structs.replace(draft, saved_at=None)).decode()


def _draft(body: str, saved_at: datetime) -> Draft:
    return structs.replace(msgspec.json.decode(body, type=Draft), saved_at=saved_at)
