"""Notice packs: read from TOML, checked with line numbers, and converted to events."""

import hashlib
import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct, field

from ledger.domain.areas.notice import (
    AreaRegistered,
    ClauseRegistered,
    Modality,
    NoticeIssued,
    NoticeKind,
    Obligor,
    Parameter,
)
from ledger.domain.councils import councils
from ledger.domain.entry import Entry, NoticeId
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.fact import ClauseNumber, Code, Day, Fact, Id, OnsCode, When, Who, text_matching
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from ledger.domain.rules import wrong_rule
from ledger.domain.state import State, admit, evolve
from ledger.intake.line_numbers import Path, line_of, lines_of
from ledger.intake.parse import SubmittedFact, accept, convert

SOURCE = "operator"
"""Source of the entries made from a pack."""
Event = dict[str, Any]
Hexadecimal = Annotated[str, text_matching(r"[0-9a-f]{64}", "A SHA-256 digest in hexadecimal, 64 characters.")]


class PackNotice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table [notice]."""

    id: NoticeId
    kind: NoticeKind
    council: OnsCode
    issuer: Code
    issued_on: Day
    title: str
    trigger: str
    zone: Code = "Europe/London"
    predecessor: Id | None = None


class PackSource(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table [source]: the issued document that the pack represents."""

    title: str
    sha256: Hexadecimal
    """SHA-256 of the document's text."""


class PackArea(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table [[area]]."""

    id: Id
    title: str


class PackClause(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table [[clause]]."""

    number: ClauseNumber
    obligor: Obligor
    modality: Modality
    rule: Code
    text: str
    parameters: dict[Code, Parameter] = field(default_factory=dict)


class Pack(Struct, frozen=True, kw_only=True):
    """A notice that can be recorded."""

    notice: PackNotice
    source: PackSource
    areas: list[PackArea]
    clauses: list[PackClause]
    digest: str
    """SHA-256 of the pack's bytes, in base64."""


class PackFault(Struct, frozen=True):
    """An error in a pack, with its line."""

    line: int
    message: str


class InvalidPack(LedgerError):
    """A pack cannot be recorded; `faults` lists its errors in order of their lines."""

    def __init__(self, faults: list[PackFault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"line {fault.line}: {fault.message}" for fault in faults))


def read(content: bytes) -> Pack:
    """Return the pack of its TOML; raise InvalidPack with all of its errors."""
    faults = check(content)
    if faults:
        raise InvalidPack(faults)
    return _pack(content, _tables(content.decode()))


def check(content: bytes) -> list[PackFault]:
    """Return all errors of a pack in order of their lines; `notice add` records a pack without errors."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [PackFault(line, "the file is not UTF-8; save it in UTF-8")]
    try:
        tables = _tables(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        return [PackFault(line, f"the file is not TOML: {str(error).partition(' (at ')[0].lower()}")]
    lines = lines_of(text)
    form = list(_form_errors(tables))
    errors = form or list(_rule_errors(_pack(content, tables)))
    return sorted(
        (PackFault(line_of(lines, path), message) for path, message in errors), key=lambda fault: fault.line
    )


def events(pack: Pack) -> list[Event]:
    """Return the CloudEvents of a pack: its notice, areas and clauses, the same ones at each call."""
    notice = pack.notice
    facts: list[tuple[str, type[Fact], Event]] = [("notice", NoticeIssued, _issued(pack))]
    facts += [(f"area:{a.id}", AreaRegistered, {"area": a.id, "title": a.title}) for a in pack.areas]
    facts += [(f"clause:{c.number}", ClauseRegistered, msgspec.to_builtins(c)) for c in pack.clauses]
    day = datetime.combine(notice.issued_on, time(), ZoneInfo(notice.zone))
    return [
        {
            "specversion": "1.0",
            "id": f"pack:{name}",
            "source": SOURCE,
            "type": KIND_OF[fact].type,
            "time": day.isoformat(),
            "data": data,
        }
        for name, fact, data in facts
    ]


def _issued(pack: Pack) -> Event:
    notice = pack.notice
    issued: Event = {
        "kind": notice.kind.value,
        "council": notice.council,
        "issuer": notice.issuer,
        "issuedOn": notice.issued_on.isoformat(),
        "title": notice.title,
        "trigger": notice.trigger,
        "zone": notice.zone,
        "packDigest": pack.digest,
    }
    return issued | ({"predecessor": notice.predecessor} if notice.predecessor else {})


def _tables(text: str) -> dict[str, Any]:
    tables = tomllib.loads(text)
    clauses = tables.get("clause")
    for clause in clauses if isinstance(clauses, list) else ():
        parameters = clause.get("parameters") if isinstance(clause, dict) else None
        if isinstance(parameters, dict):
            days = {name: value.isoformat() for name, value in parameters.items() if isinstance(value, date)}
            clause["parameters"] = {**parameters, **days}
    return tables


_TABLES: dict[str, type[Struct]] = {"notice": PackNotice, "source": PackSource}
_LISTS: dict[str, type[Struct]] = {"area": PackArea, "clause": PackClause}


def _form_errors(tables: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield an error for each table or field that is missing, unknown or of the wrong form."""
    for name in tables:
        if name not in (*_TABLES, *_LISTS):
            yield (
                (name,),
                f"unknown table {name}; the tables are [notice], [source], [[area]] and [[clause]]",
            )
    for name, struct in _TABLES.items():
        if isinstance(tables.get(name), dict):
            yield from _wrong_fields(tables[name], struct, f"[{name}]", (name,))
        else:
            yield (name,), f"the table [{name}] is missing"
    for name, struct in _LISTS.items():
        items = tables.get(name)
        if not isinstance(items, list) or not items:
            yield (name,), f"add at least one [[{name}]]"
            continue
        for index, item in enumerate(items):
            item_id = item.get("number", item.get("id", "")) if isinstance(item, dict) else ""
            yield from _wrong_fields(item, struct, f"{name} {item_id or index + 1}", (name, index))


def _wrong_fields(item: object, struct: type[Struct], label: str, path: Path) -> Iterator[tuple[Path, str]]:
    try:
        convert(item, struct, "")
    except Refused as refused:
        for refusal in refused.refusals:
            key = refusal.path.partition(".")[0].partition("[")[0]
            where = f", {refusal.path}" if refusal.path else ""
            yield (*path, *((key,) if key else ())), f"{label}{where}: {refusal.message}"


def _pack(content: bytes, tables: dict[str, Any]) -> Pack:
    return Pack(
        notice=msgspec.convert(tables["notice"], PackNotice),
        source=msgspec.convert(tables["source"], PackSource),
        areas=msgspec.convert(tables["area"], list[PackArea]),
        clauses=msgspec.convert(tables["clause"], list[PackClause]),
        digest=b64encode(hashlib.sha256(content).digest()).decode(),
    )


def _rule_errors(pack: Pack) -> Iterator[tuple[Path, str]]:
    """Yield an error for each unknown rule, area, council or zone, and for each fact that the rules refuse."""
    if pack.notice.predecessor == pack.notice.id:
        yield ("notice", "predecessor"), "[notice]: a notice cannot be its own predecessor"
    yield from _council_errors(pack.notice)
    areas = [area.id for area in pack.areas]
    for index, clause in enumerate(pack.clauses):
        for parameter, sentence in wrong_rule(clause.rule, clause.parameters):
            where = ("parameters", parameter) if parameter else ("rule",)
            yield ("clause", index, *where), f"clause {clause.number}: {sentence}"
        area = clause.parameters.get("area")
        if isinstance(area, str) and area not in areas:
            sentence = f"there is no area {area}; the areas are {', '.join(areas)}"
            yield ("clause", index, "parameters", "area"), f"clause {clause.number}: {sentence}"
    try:
        ZoneInfo(pack.notice.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("notice", "zone"), f"[notice]: {pack.notice.zone} is not a time zone; use one such as Europe/London"
    else:
        yield from _refused_facts(pack)


def _council_errors(notice: PackNotice) -> Iterator[tuple[Path, str]]:
    council = councils().get(notice.council)
    if council is None:
        message = f"no English council with children's services has the code {notice.council}"
        yield (
            ("notice", "council"),
            f"[notice]: {message}; look it up at the Office for National Statistics",
        )
    elif council.until is not None and notice.issued_on > council.until:
        message = f"the code {notice.council} ({council.name}) ended on {council.until}"
        yield ("notice", "council"), f"[notice]: {message}; use the code of its successor"


def _refused_facts(pack: Pack) -> Iterator[tuple[Path, str]]:
    """Yield an error for each event that the ledger would refuse, tried in order on an empty notice."""
    paths: list[Path] = [
        ("notice",),
        *(("area", index) for index, _ in enumerate(pack.areas)),
        *(("clause", index) for index, _ in enumerate(pack.clauses)),
    ]
    state = State()
    at = datetime.combine(pack.notice.issued_on, time(), ZoneInfo("UTC"))
    for path, event in zip(paths, events(pack), strict=True):
        label = str(event["id"]).removeprefix("pack:").replace(":", " ")
        try:
            item = accept(event)
        except Refused as refused:
            for refusal in refused.refusals:
                key = refusal.path.removeprefix("data").removeprefix(".")
                yield (*path, *((key,) if key else ())), f"{label}: {refusal.message}"
            continue
        at += timedelta(microseconds=1)
        refusals = list(admit(state, item.fact, Who("operator", Role.OPERATOR.value), When(at, at)))
        if refusals:
            key = "number" if path[0] == "clause" else "id"
            yield from (((*path, key), f"{label}: {refusal.message}") for refusal in refusals)
        else:
            evolve(state, _trial_entry(pack, state.position + 1, item, at))


def _trial_entry(pack: Pack, position: int, item: SubmittedFact, at: datetime) -> Entry:
    role = Role.OPERATOR.value
    return Entry(
        pack.notice.id, position, item.id, SOURCE, item.type, None, at, (), (), at, "operator", role, item.fact
    )
