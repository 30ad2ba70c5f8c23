"""Reads a report: its figures at one position, judged at the end of its period, and the adviser's words.

Everything is asked of GraphQL, as the reader; what their roles do not read is left out, and said to be.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, structs

from api.charts import Series, series_of
from api.report.model import (
    Access,
    Action,
    AreaWords,
    Basis,
    BoardReport,
    Cited,
    Claim,
    Decision,
    Notice,
    Report,
    Requirement,
    SlowObjective,
    cited,
)
from api.report.query_documents import Place, document, whole
from api.schema_client import ask
from ledger.domain.errors import Refused
from ledger.intake.parse import is_near, out_of_time
from projections.narrate.sentence import natural, zone_of
from schema.context import Context


class AreaStatement(Struct, frozen=True, rename="camel", kw_only=True):
    """What the adviser says of an area."""

    area: str
    judgement: str | None
    text: str | None
    text_erased_by: int | None = None


class RequirementStatement(Struct, frozen=True, rename="camel", kw_only=True):
    """What the adviser says of a requirement."""

    number: str
    text: str | None
    text_erased_by: int | None = None


class AdviserStatements(Struct, frozen=True, rename="camel", kw_only=True):
    """A report's frame and the adviser's words in it: as issued, or as a draft has them."""

    first: date
    last: date
    areas: tuple[AreaStatement, ...] = ()
    requirements: tuple[RequirementStatement, ...] = ()
    other: str | None = None
    other_erased_by: int | None = None
    report: str | None = None
    """None: it is not issued."""
    adviser: str | None = None
    issued_at: datetime | None = None
    pinned: int | None = None
    """The position at which its figures are read; None: the latest."""
    position: int | None = None
    """The entry that issued it."""


async def issued(context: Context, notice: str, report: str) -> AdviserStatements:
    """An issued report's frame and words, as they were issued; raises Refused when there is none of that id.

    What they say is read as of the report's own entry, so a later correction changes nothing; an erasure does.
    """
    answer: Any = await ask(context, document("issued"), {"notice": notice})
    reports = whole(answer["notice"]["adviserReports"], "the list of reports")
    known = {each["report"]: each["position"] for each in reports}
    if report not in known:
        listed = f"the reports issued are {', '.join(known)}" if known else "none was issued so far"
        raise Refused.because(
            "UNKNOWN_REPORT", f"{notice} has no report {report[:128]!r} of the adviser; {listed}"
        )
    at = {"notice": notice, "position": known[report]}
    words: Any = await ask(context, document("words"), at)
    said = words["notice"]["adviserReports"]["nodes"]
    return msgspec.convert(next(each for each in said if each["report"] == report), AdviserStatements)


async def position_at(context: Context, notice: str, when: int | datetime | None) -> int:
    """The position itself, or the last one recorded by an instant; the latest, if None. Raises Refused."""
    asked = {"knownAt": when.isoformat()} if isinstance(when, datetime) else _at(when)
    head: Any = await ask(context, _HEAD, {"notice": notice, "asOf": asked})
    return int(head["notice"]["asOf"]["position"])


async def outline(
    context: Context, notice: str, said: AdviserStatements
) -> tuple[tuple[AreaWords, ...], tuple[Requirement, ...]]:
    """The areas and the requirements that a report with these words speaks of; raises what `read` raises."""
    place, begun, _ = await _place(context, notice, said)
    answer = await place.ask("notice", begun=begun.isoformat())
    return _areas(answer["notice"]["areas"], said), _requirements(answer, said)


async def _place(context: Context, notice: str, said: AdviserStatements) -> tuple[Place, datetime, datetime]:
    """Where the figures are read, and the instants at which the period begins and has ended."""
    if not (is_near(said.first.isoformat()) and is_near(said.last.isoformat())):
        raise Refused((out_of_time("period"),))
    head: Any = await ask(context, _HEAD, {"notice": notice, "asOf": _at(said.pinned)})
    zone = zone_of(head["notice"]["zone"])
    begun, ended = _midnight(said.first, zone), _midnight(said.last + timedelta(days=1), zone)
    place = Place(context, notice, head["notice"]["asOf"]["position"], ended - timedelta(seconds=1))
    return place, begun, ended


async def read(context: Context, notice: str, said: AdviserStatements) -> Report:
    """The report that these words are in; raises Refused, with NOT_RECORDED_YET for a position yet to come."""
    place, begun, ended = await _place(context, notice, said)
    answer = await place.ask("notice", begun=begun.isoformat())
    found = await _figures(place, said, answer, begun, ended)
    positions = sorted({position for position in cited(found) if position <= place.position})
    entries: list[Cited] = []
    for start in range(0, len(positions), 500):
        some = positions[start : start + 500]
        entries += await place.every("entries", ("entries",), Cited, positions=some)
    return structs.replace(found, entries=tuple(entries))


_HEAD = (
    "query Head($notice: ID!, $asOf: AsOfInput) { notice(id: $notice, asOf: $asOf) { zone asOf { position } } }"
)


def _at(position: int | None) -> Mapping[str, int] | None:
    return None if position is None else {"position": position}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), zone)


async def _figures(
    place: Place, said: AdviserStatements, answer: Mapping[str, Any], begun: datetime, ended: datetime
) -> Report:
    notice, period = answer["notice"], {"from": begun.isoformat(), "to": ended.isoformat()}
    return Report(
        notice=msgspec.convert(notice, Notice),
        report=said.report,
        adviser=said.adviser,
        issued_at=said.issued_at,
        issued_position=said.position,
        first=said.first,
        last=said.last,
        position=place.position,
        recorded_at=msgspec.convert(notice["asOf"]["recordedAt"], datetime),
        root_hash=notice["ledger"]["rootHash"],
        on=place.on,
        areas=_areas(notice["areas"], said),
        requirements=_requirements(answer, said),
        measures=await _measures(place),
        slow=await place.read("slow", ("plan", "objectives"), SlowObjective),
        actions=await place.read("actions", ("plan", "actions"), Action),
        decisions=await place.read("decisions", ("board", "decisions"), Decision, **period),
        board_reports=await _board_reports(place, begun, ended),
        access=await _access(place, begun, ended),
        other=said.other,
        other_erased_by=said.other_erased_by,
    )


def _areas(areas: list[Any], said: AdviserStatements) -> tuple[AreaWords, ...]:
    words = {each.area: each for each in said.areas}
    return tuple(msgspec.convert(area | _builtins(words.get(area["area"])), AreaWords) for area in areas)


def _requirements(answer: Mapping[str, Any], said: AdviserStatements) -> tuple[Requirement, ...]:
    texts = {clause["number"]: clause for clause in answer["notice"]["clauses"]}
    before = {
        line["clause"]: line["status"] for line in whole(answer["begun"]["compliance"], "the list of obligations")
    }
    words = {each.number: each for each in said.requirements}
    return tuple(
        msgspec.convert(
            line
            | {
                "asks": texts[line["clause"]]["text"],
                "asksErasedBy": texts[line["clause"]]["textErasedBy"],
                "statusBefore": before.get(line["clause"]),
            }
            | _builtins(words.get(line["clause"])),
            Requirement,
        )
        for line in sorted(
            whole(answer["notice"]["compliance"], "the list of obligations"),
            key=lambda line: natural(line["clause"]),
        )
    )


def _builtins(words: AreaStatement | RequirementStatement | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = {} if words is None else msgspec.to_builtins(words)
    return found


async def _measures(place: Place) -> tuple[Series, ...] | None:
    found = await place.read("measures", ("measures",), dict)
    for measure in found or ():
        whole(measure["readings"], f"measure {measure['measure']}")
    return None if found is None else tuple(map(series_of, found))


class _BasisOf(Basis, frozen=True, kw_only=True):
    """A basis with what rests on it: report#number of a claim."""

    subject: str


async def _board_reports(place: Place, begun: datetime, ended: datetime) -> tuple[BoardReport, ...] | None:
    """The reports of the period, each claim with its evidence as it stood when it was made."""
    reports = await place.read("claims", ("board", "reports"), dict)
    bases = await place.read("bases", ("bases",), _BasisOf)
    if reports is None or bases is None:
        return None
    found = []
    for report in reports:
        if begun <= datetime.fromisoformat(report["submittedAt"]) < ended:
            claims = tuple(_claim(report["report"], claim, bases) for claim in report["claims"])
            found.append(msgspec.convert(report | {"claims": ()}, BoardReport))
            found[-1] = structs.replace(found[-1], claims=claims)
    return tuple(found)


def _claim(report: str, claim: dict[str, Any], bases: tuple[_BasisOf, ...]) -> Claim:
    documents = {each["evidence"]: each for each in claim["documents"]}
    mine = [basis for basis in bases if basis.subject == f"{report}#{claim['number']}"]
    rests_on = [
        msgspec.to_builtins(basis)
        | {"documents": [documents[basis.evidence]] if basis.evidence in documents else []}
        for basis in mine
    ]
    return msgspec.convert(claim | {"restsOn": rests_on}, Claim)


async def _access(place: Place, begun: datetime, ended: datetime) -> tuple[Access, ...] | None:
    found = await place.read("access", ("access",), Access)
    if found is None:
        return None
    return tuple(each for each in found if each.requested_at < ended and each.until_at >= begun)
