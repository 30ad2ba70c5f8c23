"""The writer of the sample history: facts by name, sorted by their instant of recording."""

import base64
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.domain.registry import find_kind

LONDON = ZoneInfo("Europe/London")
SEED = 20220705
Data = dict[str, Any]


def instant(text: str) -> datetime:
    """Return the instant of a local time, such as `2022-07-14 10:05`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LONDON)


def months(first: str, last: str) -> list[date]:
    """Return the first day of each month from `first` to `last`, two months written like `2022-07`."""
    days = [date.fromisoformat(f"{first}-01")]
    while days[-1].isoformat()[:7] < last:
        days.append((days[-1] + timedelta(days=31)).replace(day=1))
    return days


def end_of(month: date) -> date:
    """Return the last day of a month."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class HistoryWriter:
    """A collection of the sample history's events, which it writes as lines of JSON."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)  # noqa: S311 - an invented history needs no secrets
        self._lines: list[tuple[datetime, Data]] = []
        self._evidence = 0

    def record(
        self,
        key: str,
        fact: str,
        actor: str,
        at: str,
        data: Data,
        *,
        time: str | None = None,
        clauses: str = "",
        refers: Mapping[str, str | Sequence[str]] | None = None,
        refused: str | None = None,
    ) -> None:
        """Add a fact that an actor records at a local time.

        Args:
            key: Id of the event, which `refers` of later events may name.
            fact: Name of the fact.
            actor: Actor who records it.
            at: Local time of recording.
            data: Data of the fact.
            time: Local time of the fact, if it was earlier.
            clauses: Clauses concerned, separated by spaces.
            refers: Ids of the earlier events whose positions a field of the data takes, by field.
            refused: Code of the expected refusal.

        Raises:
            LookupError: No fact has that name.
        """
        kind = find_kind(fact)
        if kind is None:
            raise LookupError(f"there is no fact {fact}")
        line: Data = {
            "specversion": "1.0",
            "id": key,
            "source": f"invented/{actor}",
            "type": kind.type,
        }
        about = data.get(_key(kind.struct.about)) if kind.struct.about else None
        if about:
            line["subject"] = about
        if time:
            line["time"] = instant(time).isoformat()
        if clauses:
            line["clauses"] = clauses
        line["demoactor"] = actor
        line["demorecordedat"] = ""
        if refers:
            line["demorefers"] = dict(refers)
        if refused:
            line["demorefused"] = refused
        self._lines.append((instant(at), {**line, "data": data}))

    def submit_evidence(self, title: str, at: str, **more: Any) -> str:
        """Add a document to the register at a local time, and return its id."""
        self._evidence += 1
        name = f"E{self._evidence}"
        actor = more.pop("actor", "council-officer")
        clauses = more.pop("clauses", "")
        digest = hashlib.sha256(f"{SEED} {name}".encode()).digest()
        data = {
            "evidence": name,
            "digest": base64.b64encode(digest).decode(),
            "mediaType": more.pop("mediaType", "application/pdf"),
            "size": self.random.randrange(24_000, 940_000),
            "title": title,
            "classification": more.pop("classification", "OFFICIAL"),
            **more,
        }
        self.record(f"evidence-{self._evidence}", "EvidenceSubmitted", actor, at, data, clauses=clauses)
        return name

    def ndjson(self) -> str:
        """Return the events as NDJSON in order of recording, no two at one instant."""
        last: datetime | None = None
        written = []
        for at, line in sorted(self._lines, key=lambda item: item[0].timestamp()):
            moment = at if last is None or at.timestamp() > last.timestamp() else last + timedelta(seconds=47)
            last = moment
            line["demorecordedat"] = moment.astimezone(LONDON).isoformat()
            written.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        return "".join(written)


def _key(attribute: str) -> str:
    head, *rest = attribute.split("_")
    return head + "".join(part.title() for part in rest)
