"""The notice itself as it stands: the instrument, its clauses and its areas for priority action."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.notice import AreaRegistered, ClauseRegistered, NoticeIssued
from projections.errors import UnknownNotice
from projections.position import Reading, Text
from projections.rows import Rows, Table
from projections.view import View


class Notice(Struct, frozen=True, kw_only=True):
    """The legal instrument as it stands in the view."""

    position: int
    kind: str
    council: str
    issuer: str
    issued_on: date
    zone: str
    predecessor: str | None
    pack_digest: str
    title_position: int
    title_path: str
    trigger_position: int
    trigger_path: str


class Clause(Struct, frozen=True, kw_only=True):
    """A clause and its obligation, as it stands in the view."""

    number: str
    position: int
    obligor: str
    modality: str
    rule: str
    parameters: dict[str, Any]
    text_position: int
    text_path: str


class Area(Struct, frozen=True, kw_only=True):
    """An area for priority action, as it stands in the view."""

    area: str
    position: int
    title_position: int
    title_path: str


# Position 1 always holds it: it is the first entry, and cannot be corrected.
NOTICES = Table("notices", Notice, ("position",))
CLAUSES = Table("clauses", Clause, ("number",))
AREAS = Table("areas", Area, ("area",))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the notice."""
    fact = entry.fact
    match fact:
        case NoticeIssued():
            title, trigger = rows.text("title"), rows.text("trigger")
            issued = Notice(
                position=entry.position,
                kind=fact.kind.value,
                council=fact.council,
                issuer=fact.issuer,
                issued_on=fact.issued_on,
                zone=fact.zone,
                predecessor=fact.predecessor,
                pack_digest=fact.pack_digest,
                title_position=title[0],
                title_path=title[1],
                trigger_position=trigger[0],
                trigger_path=trigger[1],
            )
            rows.put(NOTICES, issued)
        case ClauseRegistered():
            position, path = rows.text("text")
            clause = Clause(
                number=fact.number,
                position=entry.position,
                obligor=fact.obligor.value,
                modality=fact.modality.value,
                rule=fact.rule,
                parameters=dict(fact.parameters),
                text_position=position,
                text_path=path,
            )
            rows.put(CLAUSES, clause)
        case AreaRegistered():
            position, path = rows.text("title")
            area = Area(area=fact.area, position=entry.position, title_position=position, title_path=path)
            rows.put(AREAS, area)


VIEW = View(
    "notice", 1, (NOTICES, CLAUSES, AREAS), frozenset({NoticeIssued, ClauseRegistered, AreaRegistered}), fold
)


class NoticeRow(Struct, frozen=True):
    """The notice as it is read."""

    notice: str
    position: int
    """The entry that issued it."""
    kind: str
    council: str
    issuer: str
    issued_on: date
    zone: str
    predecessor: str | None
    pack_digest: str
    title: Text
    trigger: Text
    issued_at: datetime
    """When its issue was recorded."""


class ClauseRow(Struct, frozen=True):
    """A clause as it is read."""

    number: str
    position: int
    obligor: str
    modality: str
    rule: str
    parameters: dict[str, Any]
    text: Text


class AreaRow(Struct, frozen=True):
    """An area as it is read."""

    area: str
    position: int
    title: Text


async def read(reading: Reading) -> NoticeRow:
    """The notice at the reading's position."""
    rows = await reading.fetch(
        "SELECT v.notice, v.position, v.kind, v.council, v.issuer, v.issued_on, v.zone, v.predecessor, "
        "v.pack_digest, n.body, n.erased_by, t.body, t.erased_by, e.recorded_at FROM views.notices v "
        "JOIN ledger.entries e ON e.notice = v.notice AND e.position = v.position "
        "LEFT JOIN ledger.narratives n "
        "ON n.notice = v.notice AND n.position = v.title_position AND n.path = v.title_path "
        "LEFT JOIN ledger.narratives t "
        "ON t.notice = v.notice AND t.position = v.trigger_position AND t.path = v.trigger_path "
        "WHERE v.notice = %s",
        (reading.notice,),
    )
    if not rows:
        raise UnknownNotice(f"there is no notice {reading.notice}")
    (row,) = rows
    return NoticeRow(*[*row[:9], Text(row[9], row[10]), Text(row[11], row[12]), row[13]])


async def clauses(reading: Reading) -> list[ClauseRow]:
    """The clauses in the order in which they were registered."""
    rows = await reading.fetch(
        "SELECT v.number, v.position, v.obligor, v.modality, v.rule, v.parameters, n.body, n.erased_by "
        "FROM views.clauses v LEFT JOIN ledger.narratives n "
        "ON n.notice = v.notice AND n.position = v.text_position AND n.path = v.text_path "
        "WHERE v.notice = %s ORDER BY v.position",
        (reading.notice,),
    )
    return [ClauseRow(*[*row[:6], Text(row[6], row[7])]) for row in rows]


async def areas(reading: Reading) -> list[AreaRow]:
    """The areas for priority action in the order in which they were registered."""
    rows = await reading.fetch(
        "SELECT v.area, v.position, n.body, n.erased_by FROM views.areas v LEFT JOIN ledger.narratives n "
        "ON n.notice = v.notice AND n.position = v.title_position AND n.path = v.title_path "
        "WHERE v.notice = %s ORDER BY v.position",
        (reading.notice,),
    )
    return [AreaRow(row[0], row[1], Text(row[2], row[3])) for row in rows]
