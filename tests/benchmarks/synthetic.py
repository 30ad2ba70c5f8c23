"""A synthetic notice: entries of a realistic mix, years of them, put into the database as if recorded.

The mix is that of the invented history of the shipped notice. Of a hundred entries about 27 are readings of
measures, and 22 progress. About 16 are the board's, 10 actions, 9 access, 8 evidence, and the rest everything
else. A large notice has as many objectives, actions and measures. A longer history has more of them.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, LiteralString

import msgspec
from psycopg import AsyncConnection, sql

from ledger.domain.registry import find_kind
from ledger.domain.roles import Role, matrix
from ledger.intake.envelope import Envelope, encoder
from ledger.intake.pack import events, read
from ledger.packs import shipped
from ledger.proof.merkle import Frontier, leaf_hash

SALT = bytes(32)
SENTENCES = "What was said and done, in a sentence or two. " * 3
"""Every free text."""
TEXT = {"sha256": b64encode(sha256(SALT + SENTENCES.encode()).digest()).decode()}
PROMISE, NO_PROMISE = TEXT["sha256"].encode(), b"A" * 44
"""The digest of a narrative in an entry, and a stand-in of the same length that no digest equals."""
START = datetime(2022, 7, 6, 9, tzinfo=UTC)
DAY = timedelta(days=1)
YEARS = 3.0
"""Years between the first entry and the last."""
TypedData = tuple[str, dict[str, Any]]
Row = tuple[Any, ...]
Stored = tuple[int, str, str, str, datetime, bytes]
"""Position, source, id, type, instant of recording, and bytes."""
ROLES = [role for role in Role if role not in (Role.OPERATOR, Role.SERVICE, Role.PUBLIC)]
"""Roles that an actor of the same name has from the start."""


class Notice:
    """Writer of the facts of one notice, in an order in which each is admissible."""

    def __init__(self, size: int, seed: int = 7) -> None:
        self._random = Random(seed)
        self._size = size
        self._number = 0
        self._day = date(2022, 7, 6)
        self._objectives = min(60, max(12, size // 150))
        self._measures = max(8, size // 300)
        self._actions: list[tuple[str, date]] = []
        self._evidence: list[str] = []
        self._period: dict[str, date] = {}
        self._meetings = 0
        self._reviews = 0
        self._under_way: str | None = None
        self._grants: list[tuple[str, date]] = []
        """Grants of access and their last days."""
        self._gathered: list[str] = []
        self._promised: list[str] = []

    def facts(self) -> Iterator[TypedData]:
        """Yield as many facts as requested, without the notice's own."""
        yield "PartnerRegistered", {"partner": "P1", "organisation": TEXT, "section11": True, "lead": "partner"}
        yield "BoardEstablished", {"termsOfReference": TEXT, "quorum": 3}
        yield "ChairAppointed", {"chair": "chair", "independenceBasis": TEXT, "first": "2022-07-11"}
        yield (
            "AdviserAppointed",
            {"appointment": "AP1", "adviser": "adviser", "first": "2022-07-11", "terms": TEXT},
        )
        for number in range(self._measures):
            yield "MeasureDefined", self._measure(number)
        for number in range(self._objectives):
            yield "ObjectiveAdded", self._objective(number)
        count = 4 + self._measures + self._objectives
        while count < self._size:
            self._day = START.date() + timedelta(days=int(YEARS * 365 * count / self._size))
            for fact in self._some():
                yield fact
                count += 1
                if count == self._size:
                    return

    def _measure(self, number: int) -> dict[str, Any]:
        known = {"measure": f"M{number}", "title": TEXT, "unit": "PERCENT", "direction": "HIGHER_IS_BETTER"}
        return known | {"target": 85.0, "baseline": 60.0}

    def _objective(self, number: int) -> dict[str, Any]:
        due = (date(2023, 1, 31) + timedelta(days=7 * (number % 60))).isoformat()
        known = {"objective": f"O{number}", "title": TEXT, "areas": [("1a", "1b")[number % 2]], "owner": "officer"}
        return known | {"due": due, "measures": [f"M{number % self._measures}"]}

    def _id(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    def _one_objective(self) -> str:
        return f"O{self._random.randrange(self._objectives)}"

    def _some(self) -> Iterator[TypedData]:
        """Return the next one to four facts, which belong together."""
        chance = self._random.random()
        if chance < 0.33:
            yield "MeasureReadingReported", self._reading()
        elif chance < 0.60:
            rating = self._random.choice(("RED", "AMBER", "GREEN"))
            data = {"objective": self._one_objective(), "narrative": TEXT, "activityRating": rating}
            yield "ProgressRecorded", data | {"impactRating": "AMBER"}
        elif chance < 0.69:
            yield self._submitted()
        elif chance < 0.80:
            yield from self._act()
        elif chance < 0.86:
            yield from self._meet()
        elif chance < 0.92:
            yield from self._review()
        else:
            yield from self._other()

    def _reading(self) -> dict[str, Any]:
        measure = f"M{self._random.randrange(self._measures)}"
        first = self._period.get(measure, date(2015, 1, 1)) + timedelta(days=7)
        self._period[measure] = first
        period = {"first": first.isoformat(), "last": (first + timedelta(days=6)).isoformat()}
        data = {
            "measure": measure,
            "period": period,
            "numerator": self._random.randint(60, 90),
            "denominator": 100,
        }
        return data | {"system": "case records", "extractedAt": "2022-07-06T02:00:00Z"}

    def _submitted(self) -> TypedData:
        evidence = self._id("E")
        self._evidence.append(evidence)
        data = {"evidence": evidence, "digest": "A" * 43 + "=", "mediaType": "application/pdf", "size": 4096}
        supports = [self._one_objective()]
        return "EvidenceSubmitted", data | {"title": TEXT, "classification": "OFFICIAL", "supports": supports}

    def _lately(self) -> str:
        """Return a day of the past week, before the two days by which an event precedes its recording."""
        return (self._day - timedelta(days=2 + self._random.randrange(5))).isoformat()

    def _some_evidence(self) -> list[str]:
        return self._evidence[-2:]

    def _act(self) -> Iterator[TypedData]:
        if self._actions and self._random.random() < 0.45:
            action, due = self._actions.pop(self._random.randrange(len(self._actions)))
            if self._random.random() < 0.2:
                later = due + timedelta(days=30)
                data = {"action": action, "from": due.isoformat(), "to": later.isoformat(), "reason": TEXT}
                yield "ActionRebaselined", data | {"approver": "chair"}
                self._actions.append((action, later))
            else:
                data = {"action": action, "completedOn": self._lately(), "result": TEXT}
                yield "ActionCompleted", data | {"evidence": self._some_evidence()}
        else:
            action, due = self._id("A"), self._day + timedelta(days=60)
            self._actions = [*self._actions[-60:], (action, due)]
            data = {"action": action, "objective": self._one_objective(), "title": TEXT, "owner": "officer"}
            yield "ActionAdded", data | {"due": due.isoformat()}

    def _meet(self) -> Iterator[TypedData]:
        self._meetings += 1
        meeting, people = f"B{self._meetings}", ["chair", "director", "police", "health"]
        if self._evidence:
            pack = {"meeting": meeting, "recipients": people, "evidence": self._some_evidence()}
            yield "BoardPackCirculated", pack
        yield "MeetingHeld", {"meeting": meeting, "attendance": people, "quorate": True}
        data = {"decision": self._id("D"), "meeting": meeting, "title": TEXT, "outcome": TEXT, "rationale": TEXT}
        concerned = {
            "relatesTo": [self._one_objective()],
            "evidence": self._some_evidence(),
            "options": [TEXT, TEXT],
        }
        yield "BoardDecisionRecorded", data | concerned
        if self._meetings > 1:
            yield "MinutesApproved", {"meeting": f"B{self._meetings - 1}", "approvedAt": meeting}

    def _review(self) -> Iterator[TypedData]:
        # The entries of the notice itself come first, so each fact is recorded some days later than `_day`.
        live = [request for request, last in self._grants[-8:] if last > self._day + 60 * DAY]
        if live and self._random.random() < 0.8:
            yield (
                "AccessUsed",
                {"request": self._random.choice(live), "document": self._id("file"), "action": "VIEWED"},
            )
            return
        self._reviews += 1
        review, request = f"R{self._reviews}", self._id("X")
        last = self._day + timedelta(days=153)
        window = {"from": f"{self._day}T08:00:00Z", "until": f"{last}T08:00:00Z"}
        planned = {"review": review, "kind": "six-month review", "by": "DfE", "from": "2022-10-03"}
        yield "ReviewScheduled", planned | {"topics": ["CULTURE"]}
        data = {"request": request, "grantee": "reviewer", "review": review, "kind": "CASE_FILES", "scope": TEXT}
        yield "AccessRequested", data | {"purpose": TEXT} | window
        yield "AccessGranted", {"request": request} | window
        yield "ReviewStarted", {"review": review}
        self._grants.append((request, last))

    def _other(self) -> Iterator[TypedData]:
        chance = self._random.random()
        if chance < 0.3:
            views = self._id("V")
            self._gathered.append(views)
            data = {"views": views, "group": "FRONTLINE_STAFF", "method": "survey", "count": 30}
            yield "ViewsGathered", data | {"themes": [TEXT, TEXT]}
        elif chance < 0.5 and self._gathered:
            views = self._gathered.pop()
            yield "ViewsConsidered", {"views": views, "standard": "s1", "changeMade": TEXT, "reason": TEXT}
        elif chance < 0.7:
            promised = self._id("C")
            self._promised.append(promised)
            due = (self._day + timedelta(days=40)).isoformat()
            data = {"contribution": promised, "partner": "P1", "what": TEXT, "owner": "partner", "due": due}
            yield "ContributionCommitted", data
        elif chance < 0.9 and self._promised:
            yield "ContributionReceived", {"contribution": self._promised.pop(), "receivedOn": self._lately()}
        else:
            yield "SlowProgressHighlighted", {"objective": self._one_objective(), "cause": TEXT, "remedy": TEXT}


def facts(size: int) -> Iterator[TypedData]:
    """Yield the facts of a notice's entries in order, the shipped notice's own first."""
    head = [(event["type"].split(".")[2], event["data"]) for event in events(read(shipped("tameside-2022")))]
    head[1:1] = [("RoleGranted", {"actor": role.value.lower(), "role": role.value}) for role in ROLES]
    yield from ((name, _digested(name, data)) for name, data in head)
    yield from Notice(size - len(head)).facts()


def recorder(name: str) -> tuple[str, str]:
    """Return the actor and role that may record a fact."""
    roles = matrix().records[name]
    role = Role.OPERATOR if Role.OPERATOR in roles else min(roles, key=lambda role: role.value)
    return role.value.lower(), role.value


def bodies(notice: str, size: int) -> Iterator[Stored]:
    """Yield the entries of a notice."""
    step = timedelta(days=365 * YEARS) / size
    nonce = b64encode(bytes(16)).decode()
    for position, (name, data) in enumerate(facts(size), 1):
        kind = find_kind(name)
        assert kind is not None
        at = START + position * step
        actor, role = recorder(name)
        envelope = Envelope(
            specversion="1.0",
            id=f"k{position}",
            source=f"bench/{actor}",
            type=kind.type,
            time=at - step * (position % 5),
            ledger=notice,
            position=position,
            recordedat=at,
            actor=actor,
            actorrole=role,
            nonce=nonce,
            datacontenttype="application/json",
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
        yield position, f"bench/{actor}", f"k{position}", kind.type, at, encoder.encode(envelope)


def texts(size: int) -> Iterator[tuple[int, str]]:
    """Yield the places of the narratives of a notice: position and path."""
    for position, (_, data) in enumerate(facts(size), 1):
        for name, value in data.items():
            if value is TEXT:
                yield position, name
            elif isinstance(value, list):
                yield from ((position, f"{name}[{index}]") for index, item in enumerate(value) if item is TEXT)


def _digested(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with digests for its narratives."""
    kind = find_kind(name)
    assert kind is not None
    texts = {path[0] for path in kind.narratives}
    return {key: TEXT if key in texts else value for key, value in data.items()}


async def put(connection: AsyncConnection[Any], notice: str, size: int, *, narrated: bool = True) -> None:
    """Store a notice's entries and narratives as the owner of the database, in the form of the ledger.

    Without `narrated` the entries have no narratives.
    """
    frontier = Frontier()
    rows = (
        (notice, position, source, name, kind, at, leaf, root, body)
        for position, source, name, kind, at, body in _stored(bodies(notice, size), narrated=narrated)
        for leaf in [leaf_hash(body)]
        for root in frontier.extend_with_roots([leaf])
    )
    entries = {"notice": "text", "position": "int4", "source": "text", "id": "text", "type": "text"}
    entries |= {"recorded_at": "timestamptz", "leaf_hash": "bytea", "root_hash": "bytea", "body": "bytea"}
    await _copy(connection, "entries", entries, rows)
    columns = {"notice": "text", "position": "int4", "path": "text", "salt": "bytea", "body": "text"}
    if narrated:
        narratives = ((notice, position, path, SALT, SENTENCES) for position, path in texts(size))
        await _copy(connection, "narratives", columns, narratives)
    await connection.execute(
        "INSERT INTO ledger.heads SELECT notice, position, root_hash, %s, recorded_at FROM ledger.entries "
        "WHERE notice = %s AND position = %s",
        (frontier.to_bytes(), notice, size),
    )
    await connection.commit()
    await connection.execute("ANALYZE ledger.entries, ledger.narratives")


def _stored(rows: Iterable[Stored], *, narrated: bool) -> Iterator[Stored]:
    for position, source, name, kind, at, body in rows:
        yield position, source, name, kind, at, body if narrated else body.replace(PROMISE, NO_PROMISE)


async def _copy(
    connection: AsyncConnection[Any],
    table: LiteralString,
    columns: dict[str, str],
    rows: Iterable[Row],
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier("ledger", table), names)
    async with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            await copy.write_row(row)
