"""How the history is written down: facts by their names, sorted by when they were recorded."""

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
    """A local time, such as `2022-07-14 10:05`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LONDON)


def months(first: str, last: str) -> list[date]:
    """The first days of the months from one to another, both included, as in `2022-07`."""
    found = [date.fromisoformat(f"{first}-01")]
    while found[-1].isoformat()[:7] < last:
        found.append((found[-1] + timedelta(days=31)).replace(day=1))
    return found


def end_of(month: date) -> date:
    """The last day of a month."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class HistoryWriter:
    """The lines so far."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)  # noqa: S311 - a made-up history wants no secrets
        self._lines: list[tuple[datetime, Data]] = []
        self._evidence = 0

    def tell(
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
        """A fact that an actor records at a local time; `time`: when it happened, if that was before."""
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

    def evidence(self, title: str, at: str, **more: Any) -> str:
        """A document put into the register at a local time, half an hour before it is needed; its id."""
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
        self.tell(f"evidence-{self._evidence}", "EvidenceSubmitted", actor, at, data, clauses=clauses)
        return name

    def lines(self) -> str:
        """NDJSON, in order of recording, no two at one instant."""
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
