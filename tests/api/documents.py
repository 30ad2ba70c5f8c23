"""Provide documents for tests: a service with a movable clock, people with and without access, and files."""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import psycopg

from ledger.append.clock import Clock, now
from tests.api.service import NOTICE, Notice, Service, begin, event, issue, record
from tests.databases import copied_database

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
CSV = "Month,Visits\nMay,10\nJuin,12 \u00e0 13\n".encode()
PDF_TYPE = "application/pdf"
OTHERS = {
    "reviewer": "REVIEWER",
    "inspector": "INSPECTOR",
    "auditor": "AUDITOR",
    "partner": "PARTNER",
    "records": "RECORDS_OFFICER",
    "protection": "DATA_PROTECTION_OFFICER",
    "department": "DEPARTMENT_OFFICIAL",
    "officer2": "COUNCIL_OFFICER",
}
_numbers = count(1)


class MovedClock:
    """The real clock, moved forward by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **by: float) -> None:
        self.ahead += timedelta(**by)


def docx(part: str = "word/document.xml") -> bytes:
    """Return a minimal office document."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("[Content_Types].xml"), "<Types/>")  # of no particular time
        archive.writestr(zipfile.ZipInfo(part), "<document/>")
    return buffer.getvalue()


async def begin_with_readers(database: str) -> Notice:
    """Issue a notice with a person in each role that matters for documents, and with review R1."""
    notice = await begin(database, NOTICE)
    review = {"review": "R1", "kind": "six-month", "by": "DfE", "from": "2022-07-10", "topics": ["CULTURE"]}
    granted = (event("people.RoleGranted", {"actor": a, "role": r}, "operator") for a, r in OTHERS.items())
    await record(database, NOTICE, [*granted, event("reviews.ReviewScheduled", review, "operator")])
    for actor, role in OTHERS.items():
        notice.tokens[actor] = await issue(database, NOTICE, actor, role)
    return notice


@contextmanager
def documented(template: str, clock: Clock = now, **settings: Any) -> Iterator[Service]:
    """Run a service of its own with such a notice."""
    with (
        copied_database(template, "views_template") as url,
        Service(url, asyncio.run(begin_with_readers(url)), clock, **settings) as running,
    ):
        yield running


def about(name: str, classification: str = "OFFICIAL", **more: str) -> dict[str, str]:
    """Return the headers of a document."""
    headers = {
        "ce-id": f"doc-{next(_numbers)}",
        "ce-source": "officer",
        "Evidence-Id": name,
        "Evidence-Title": "Visits in May",
        "Evidence-Classification": classification,
    }
    return {**headers, **{key.replace("_", "-"): value for key, value in more.items()}}


def put(
    client: httpx.Client, content: Any, headers: dict[str, str], kind: str = "application/pdf"
) -> httpx.Response:
    """Send a document."""
    return client.put(f"/ledgers/{NOTICE}/evidence", content=content, headers={"Content-Type": kind, **headers})


def get(client: httpx.Client, name: str, **headers: str) -> httpx.Response:
    """Request a document."""
    lines = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.get(f"/ledgers/{NOTICE}/evidence/{name}", headers=lines)


def stored(service: Service, folder: str = "") -> list[str]:
    """Return the names of all files in the store."""
    root = service.data / "evidence" / folder
    return sorted(str(path.relative_to(service.data / "evidence")) for path in root.rglob("*") if path.is_file())


def rows(service: Service, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run a query as the database's administrator and return its rows."""
    with psycopg.connect(service.database) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def recorded(service: Service, name: str) -> list[Any]:
    """Return the data of all entries of one fact, in order."""
    bodies = rows(
        service,
        "SELECT convert_from(body, 'UTF8')::jsonb -> 'data' FROM ledger.entries WHERE type LIKE %s "
        "ORDER BY position",
        f"improvement-ledger.%.{name}.v%",
    )
    return [data for (data,) in bodies]


def say(service: Service, actor: str, name: str, data: Any, **attributes: Any) -> httpx.Response:
    """Record a fact over HTTP as an actor."""
    with service.client(actor) as client:
        return service.post(client, event(name, data, actor, **attributes))


def position_of(service: Service, actor: str, name: str, data: Any) -> int:
    """Record a valid fact and return its position."""
    answer = say(service, actor, name, data)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


def at(clock: MovedClock, **after: float) -> str:
    """Return an instant after the clock's, as JSON."""
    return (clock() + timedelta(**after)).isoformat()


def ask(service: Service, clock: MovedClock, request: str, grantee: str = "reviewer", **changed: Any) -> int:
    """Request access to case files for one hour from now."""
    access_request = {
        "request": request,
        "grantee": grantee,
        "review": "R1",
        "kind": "CASE_FILES",
        "scope": "Ten files",
        "purpose": "The review",
        "from": at(clock),
        "until": at(clock, hours=1),
        **changed,
    }
    return position_of(service, "department", "access.AccessRequested", access_request)


def grant(service: Service, clock: MovedClock, request: str, **changed: Any) -> None:
    """Request access as the reviewer, and grant it as a council officer."""
    ask(service, clock, request, **changed)
    request_data = recorded(service, "AccessRequested")[-1]
    granted = {"request": request, "from": request_data["from"], "until": request_data["until"]}
    position_of(service, "officer", "access.AccessGranted", granted)
