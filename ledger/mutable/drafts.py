"""Store drafts of advisers' reports in a table outside the ledger.

Only the adviser who wrote a draft can see it. A draft keeps the adviser's input unchanged, even if the input could
not be issued.
"""

from datetime import date, datetime

import msgspec
from msgspec import Struct, structs

from ledger.append.receipt import Receipt, receipt
from ledger.domain.errors import Refused
from ledger.store.database import connect
from ledger.store.entries import find_keys

MOST = 50
"""Maximum number of drafts that an adviser may have in a notice."""


class AreaDraft(Struct, frozen=True, kw_only=True):
    """Draft of the report's part on one area."""

    area: str
    ended: bool = False
    """True if the area has ended, so that it needs no statement."""
    judgement: str = ""
    """Judgement of the area: PROGRESS, CONCERN, or empty while the adviser has chosen neither."""
    text: str = ""


class RequirementDraft(Struct, frozen=True, kw_only=True):
    """Draft of the report's part on one requirement of the notice."""

    number: str
    text: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """An adviser's report that is not issued yet."""

    draft: str
    """Id of the draft. The id of the event that issues the report derives from it."""
    report: str
    """Id that the report will have."""
    first: date
    last: date
    position: int
    """Position at which the report's figures are read."""
    areas: tuple[AreaDraft, ...] = ()
    requirements: tuple[RequirementDraft, ...] = ()
    other: str = ""
    confirm: tuple[str, ...] = ()
    """Kinds of warning about personal data that the adviser has confirmed."""
    saved_at: datetime | None = None


class Drafts:
    """Report drafts in one database. Each method raises Unavailable when the database cannot be reached."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def of(self, notice: str, actor: str) -> list[Draft]:
        """Return an adviser's drafts in a notice, the latest saved first."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "SELECT body::text, saved_at FROM ledger.report_drafts WHERE notice = %s AND actor = %s "
                "ORDER BY saved_at DESC, draft",
                (notice, actor),
            )
            return [_draft(*row) for row in await cursor.fetchall()]

    async def get(self, notice: str, actor: str, draft: str) -> Draft | None:
        """Return an adviser's draft with this id in a notice, or None if there is no such draft."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "SELECT body::text, saved_at FROM ledger.report_drafts "
                "WHERE notice = %s AND actor = %s AND draft = %s",
                (notice, actor, draft),
            )
            row = await cursor.fetchone()
            return None if row is None else _draft(*row)

    async def add(self, notice: str, actor: str, draft: Draft) -> None:
        """Store a new draft.

        Raises:
            Refused: The adviser already has `MOST` drafts in the notice.
            Unavailable: The database cannot be reached.
        """
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "INSERT INTO ledger.report_drafts (notice, actor, draft, body) SELECT %s, %s, %s, %s::jsonb "
                "WHERE (SELECT count(*) FROM ledger.report_drafts WHERE notice = %s AND actor = %s) < %s",
                (notice, actor, draft.draft, _body(draft), notice, actor, MOST),
            )
            if not cursor.rowcount:
                raise Refused.because("TOO_MANY", f"you have {MOST} drafts in {notice}; issue or delete one first")

    async def save(self, notice: str, actor: str, draft: Draft) -> bool:
        """Replace a draft's content. Return False if the draft no longer exists: it was issued or deleted."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "UPDATE ledger.report_drafts SET body = %s::jsonb, saved_at = now() "
                "WHERE notice = %s AND actor = %s AND draft = %s",
                (_body(draft), notice, actor, draft.draft),
            )
            return bool(cursor.rowcount)

    async def delete(self, notice: str, actor: str, draft: str) -> bool:
        """Delete a draft. Return whether the draft existed."""
        async with await connect(self._url, "ledger_writer") as connection:
            cursor = await connection.execute(
                "DELETE FROM ledger.report_drafts WHERE notice = %s AND actor = %s AND draft = %s",
                (notice, actor, draft),
            )
            return bool(cursor.rowcount)

    async def issued(self, notice: str, source: str, key: str) -> Receipt | None:
        """Return the receipt of the entry that issued a draft, or None if no entry issued it.

        Args:
            notice: Id of the notice.
            source: Source of the event that issues the draft.
            key: Id of that event.
        """
        async with await connect(self._url, "ledger_writer") as connection:
            rows = await find_keys(connection, notice, [(source, key)])
            return receipt(rows[source, key], duplicate=True) if rows else None


def _body(draft: Draft) -> str:
    return msgspec.json.encode(structs.replace(draft, saved_at=None)).decode()


def _draft(body: str, saved_at: datetime) -> Draft:
    return structs.replace(msgspec.json.decode(body, type=Draft), saved_at=saved_at)
