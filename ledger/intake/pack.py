"""Read a notice pack: its tables, its faults by line, and the events that record it."""

import hashlib
import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

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
from ledger.domain.rules import find_area_faults, find_faults
from ledger.domain.rules.check import outside_years
from ledger.domain.rules.rule import NOTICE_YEARS
from ledger.domain.state import State, admit, evolve
from ledger.intake.line_numbers import Path, line_of, lines_of
from ledger.intake.parse import SubmittedFact, accept, convert

SOURCE = "operator"
"""Source of the entries that record a pack."""
Event = dict[str, Any]
Hexadecimal = Annotated[str, text_matching(r"[0-9a-f]{64}", "A SHA-256 digest in hexadecimal, 64 characters.")]


class PackNotice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Table [notice] of a pack."""

    id: NoticeId
    kind: NoticeKind
    council: OnsCode | None = None
    body: Code | None = None
    body_code: Code | None = None
    issuer: Code
    issued_on: Day
    title: str
    trigger: str
    zone: Code = "Europe/London"
    expires_on: Day | None = None
    predecessors: list[Id] = []


class PackSource(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Table [source] of a pack: the document as issued, which the pack states in other words."""

    title: str
    sha256: Hexadecimal
    """SHA-256 digest of the document's text."""


class PackArea(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table [[area]] of a pack."""

    id: Id
    title: str


class PackClause(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table [[clause]] of a pack."""

    number: ClauseNumber
    obligor: Obligor
    modality: Modality
    rule: Code
    text: str
    parameters: dict[Code, Parameter] = {}


class Pack(Struct, frozen=True, kw_only=True):
    """Pack without faults, whose notice can be recorded."""

    notice: PackNotice
    source: PackSource
    areas: list[PackArea]
    clauses: list[PackClause]
    digest: str
    """SHA-256 of the pack's bytes, in base64."""


class PackFault(Struct, frozen=True):
    """A fault of a pack and the line on which it is."""

    line: int
    message: str


class InvalidPack(LedgerError):
    """The pack has faults; `faults` lists them in order of their lines."""

    def __init__(self, faults: list[PackFault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"line {fault.line}: {fault.message}" for fault in faults))


def read(content: bytes) -> Pack:
    """Return the pack that the bytes of a TOML file describe.

    Raises:
        InvalidPack: The pack has faults.
    """
    faults = check(content)
    if faults:
        raise InvalidPack(faults)
    return _pack(content, _tables(content.decode("utf-8-sig")))


def check(content: bytes) -> list[PackFault]:
    """Return the faults that can be judged at once, in order of lines. A pack without faults can be recorded."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [PackFault(line, "the file is not UTF-8; save it in UTF-8")]
    try:
        tables = _tables(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        return [PackFault(line, f"the file is not TOML: {str(error).partition(' (at ')[0].lower()}")]
    except RecursionError:
        return [PackFault(1, "the file is nested too deeply; use fewer levels")]
    except ValueError:  # from `int`, after TOMLDecodeError, which is a ValueError too
        return [PackFault(1, "a number has too many digits; use a shorter one")]
    lines = lines_of(text)
    rule_faults = [*_rule_faults(tables), *_area_faults(tables)]
    named = {path[:4] for path, _ in rule_faults}
    shape_faults = [
        fault
        for fault in _shape_faults(tables)
        if not any(path[:3] == fault[0] for path in named if len(path) == 4)
    ]
    faults = [*shape_faults, *rule_faults, *_repeated_keys(tables, lines), *_sound_faults(content, tables)]
    return sorted(
        (PackFault(line_of(lines, path), message) for path, message in dict.fromkeys(faults)),
        key=lambda fault: fault.line,
    )


def events(pack: Pack) -> list[Event]:
    """Return the CloudEvents that record a pack: the notice, its areas, its clauses.

    The same pack always gives the same events.
    """
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
        "issuer": notice.issuer,
        "issuedOn": notice.issued_on.isoformat(),
        "title": notice.title,
        "trigger": notice.trigger,
        "zone": notice.zone,
        "packDigest": pack.digest,
    }
    optional = {
        "council": notice.council,
        "body": notice.body,
        "bodyCode": notice.body_code,
        "expiresOn": None if notice.expires_on is None else notice.expires_on.isoformat(),
        "predecessors": notice.predecessors or None,
    }
    return issued | {name: value for name, value in optional.items() if value is not None}


def _tables(text: str) -> dict[str, Any]:
    """Return a pack's tables, with the days in rules' parameters as strings, as in facts."""
    tables = tomllib.loads(text)
    for clause in _items(tables, "clause"):
        if isinstance(clause.get("parameters"), dict):
            clause["parameters"] = _plain(clause["parameters"])
    return tables


def _plain(value: object) -> Any:  # noqa: ANN401 - decoded TOML
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _items(tables: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = tables.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


_TABLES: dict[str, type[Struct]] = {"notice": PackNotice, "source": PackSource}
_LISTS: dict[str, type[Struct]] = {"area": PackArea, "clause": PackClause}


def _shape_faults(tables: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield a fault for each table or field that is missing, unknown or of the wrong form."""
    for name in tables:
        if name not in (*_TABLES, *_LISTS):
            yield (
                (name,),
                f"unknown table {name}; the tables are [notice], [source], [[area]] and [[clause]]",
            )
    for name, struct in _TABLES.items():
        if isinstance(tables.get(name), dict):
            yield from _field_faults(tables[name], struct, f"[{name}]", (name,))
        else:
            yield (name,), f"the table [{name}] is missing"
    for name, struct in _LISTS.items():
        items = tables.get(name)
        if not isinstance(items, list) or not items:
            yield (name,), f"add at least one [[{name}]]"
            continue
        for index, item in enumerate(items):
            label = item.get("number", item.get("id", "")) if isinstance(item, dict) else ""
            yield from _field_faults(item, struct, f"{name} {label or index + 1}", (name, index))


def _field_faults(item: object, struct: type[Struct], name: str, path: Path) -> Iterator[tuple[Path, str]]:
    try:
        convert(item, struct, "")
    except Refused as refused:
        for refusal in refused.refusals:
            key = refusal.path.partition(".")[0].partition("[")[0]
            where = f", {refusal.path}" if refusal.path else ""
            yield (*path, *((key,) if key else ())), f"{name}{where}: {refusal.message}"


def _sound_faults(content: bytes, tables: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the faults in the content of [notice]; if [notice] and [source] are sound, refusals of the rest."""
    faulty = {path[:2] for path, _ in _shape_faults(tables)}
    table = tables.get("notice")
    fields = table if isinstance(table, dict) else {}
    notice_faults = list(_notice_faults({name: fields[name] for name in fields if ("notice", name) not in faulty}))
    yield from notice_faults
    if notice_faults or any(path[0] not in _LISTS or len(path) == 1 for path in faulty):
        return
    sound = {name: [at for at, _ in enumerate(tables[name]) if (name, at) not in faulty] for name in _LISTS}
    sound_rows = {name: [tables[name][at] for at in sound[name]] for name in _LISTS}
    paths: list[Path] = [("notice",), *((name, at) for name in _LISTS for at in sound[name])]
    yield from _refusals(_pack(content, {**tables, **sound_rows}), paths)


def _pack(content: bytes, tables: dict[str, Any]) -> Pack:
    return Pack(
        notice=msgspec.convert(tables["notice"], PackNotice),
        source=msgspec.convert(tables["source"], PackSource),
        areas=msgspec.convert(tables["area"], list[PackArea]),
        clauses=msgspec.convert(tables["clause"], list[PackClause]),
        digest=b64encode(hashlib.sha256(content).digest()).decode(),
    )


def _rule_faults(tables: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the faults of the clauses' rules and parameters."""
    for index, clause in enumerate(tables.get("clause", ())):
        if not isinstance(clause, dict) or not isinstance(clause.get("rule"), str):
            continue
        parameters = clause.get("parameters", {})
        if not isinstance(parameters, dict):
            continue
        for fault in find_faults(clause["rule"], parameters):
            where = ("parameters", fault.parameter) if fault.parameter else ("rule",)
            yield ("clause", index, *where), f"clause {clause.get('number', index + 1)}: {fault.message}"


def _repeated_keys(tables: dict[str, Any], lines: dict[Path, int]) -> Iterator[tuple[Path, str]]:
    """Yield a fault for each area or clause that repeats the id or number of an earlier area or clause."""
    for name, key in (("area", "id"), ("clause", "number")):
        first: dict[str, int] = {}
        items = tables.get(name)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            value = item.get(key) if isinstance(item, dict) else None
            if isinstance(value, str) and first.setdefault(value, index) != index:
                line = line_of(lines, (name, first[value], key))
                yield (name, index, key), f"{name} {value}: line {line} already has this {key}; choose another"


def _area_faults(tables: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield a fault for each rule that names an area that the pack does not have."""
    areas = [str(area.get("id")) for area in _items(tables, "area")]
    for index, clause in enumerate(tables.get("clause", ())):
        parameters = clause.get("parameters") if isinstance(clause, dict) else None
        for fault in find_area_faults(parameters if isinstance(parameters, dict) else {}, areas):
            path = ("clause", index, "parameters", "area")
            yield path, f"clause {clause.get('number', index + 1)}: {fault.message}"


def _notice_faults(notice: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the faults in the content of the table [notice], whose fields are well-formed."""
    issued_on = notice.get("issued_on")
    if issued_on is not None and issued_on.year not in NOTICE_YEARS:
        yield ("notice", "issued_on"), f"[notice], issued_on: {outside_years(issued_on)}"
    if notice.get("id") in notice.get("predecessors", ()):
        yield ("notice", "predecessors"), "[notice]: a notice cannot follow itself"
    yield from _council_faults(notice.get("council"), issued_on)
    try:
        ZoneInfo(notice.get("zone", "Europe/London"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("notice", "zone"), f"[notice]: {notice['zone']} is not a time zone; use one such as Europe/London"


def _council_faults(code: str | None, issued_on: date | None) -> Iterator[tuple[Path, str]]:
    """Yield a fault if the council's code is unknown, or ended before the notice was issued."""
    if code is None:
        return
    council = councils().get(code)
    if council is None:
        message = f"no English council has the code {code}"
        remedy = "look it up at the Office for National Statistics, or give the name of another body as body"
        yield ("notice", "council"), f"[notice]: {message}; {remedy}"
    elif council.until is not None and issued_on is not None and issued_on > council.until:
        message = f"the code {code} ({council.name}) ended on {council.until}"
        yield ("notice", "council"), f"[notice]: {message}; use the code of its successor"


_NAMED_ALREADY = {"INVALID_RULE", "ALREADY_EXISTS"}
"""Codes of refusals that `_rule_faults` and `_repeated_keys` report already, with their lines."""


def _refusals(pack: Pack, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each refusal of a pack's events by an empty ledger, at the event's path in `paths`."""
    state = State()
    at = datetime.combine(pack.notice.issued_on, time(), ZoneInfo("UTC"))
    for path, event in zip(paths, events(pack), strict=True):
        name = str(event["id"]).removeprefix("pack:").replace(":", " ")
        try:
            item = accept(event)
        except Refused as refused:
            for refusal in refused.refusals:
                key = refusal.path.removeprefix("data").removeprefix(".")
                yield (*path, *((key,) if key else ())), f"{name}: {refusal.message}"
            continue
        at += timedelta(microseconds=1)
        who, when = Who("operator", Role.OPERATOR.value), When(at, at)
        refusals = [each for each in admit(state, item.fact, who, when) if each.code not in _NAMED_ALREADY]
        if refusals:
            key = "number" if path[0] == "clause" else "id"
            yield from (((*path, key), f"{name}: {refusal.message}") for refusal in refusals)
            if state.notice.issued_on is None:
                return
        else:
            evolve(state, _rehearsed_entry(pack, state.position + 1, item, at))


def _rehearsed_entry(pack: Pack, position: int, item: SubmittedFact, at: datetime) -> Entry:
    role = Role.OPERATOR.value
    return Entry(
        pack.notice.id, position, item.id, SOURCE, item.type, None, at, (), (), at, "operator", role, item.fact
    )
