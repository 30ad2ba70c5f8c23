"""Test every kind of bad input over HTTP. It is refused with a code, a sentence and a path, and has no effect.

A client with one connection sends each, and then records a valid event with the same connection.
"""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.service import BATCH, NDJSON, STRUCTURED, Notice, Service, event, local_port, progress

pytestmark = pytest.mark.database
FINE = {"objective": "O1", "narrative": "n", "activityRating": "GREEN", "impactRating": "AMBER"}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
OBJECTIVE = {"objective": "O7", "title": "t", "areas": ["1a"], "owner": "officer", "due": "2023-06-30"}
EVIDENCE = {
    "evidence": "E1",
    "digest": "A" * 43 + "=",
    "mediaType": "application/pdf",
    "size": 1,
    "title": "t",
    "classification": "OFFICIAL",
}


def fine_but(**fields: Any) -> dict[str, Any]:
    return event("plan.ProgressRecorded", {**FINE, **fields})


def without(name: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


def text(event: dict[str, Any], old: bytes, new: bytes) -> bytes:
    """Return the JSON of an event with some of its bytes replaced."""
    encoded = json.dumps(event).encode()
    assert old in encoded
    return encoded.replace(old, new, 1)


Bad = tuple[Callable[[], dict[str, Any] | bytes], int, str, str]
BAD: dict[str, Bad] = {
    "an unknown type": (lambda: event("plan.Guessed", FINE), 422, "UNKNOWN_TYPE", "type"),
    "an unknown field": (lambda: fine_but(mood="good"), 422, "UNKNOWN_FIELD", "data.mood"),
    "an unknown attribute": (lambda: progress(mood="good"), 422, "UNKNOWN_FIELD", "mood"),
    "a missing field": (
        lambda: event("plan.ProgressRecorded", without("objective", FINE)),
        422,
        "MISSING_FIELD",
        "data.objective",
    ),
    "a missing attribute": (lambda: without("id", progress()), 422, "MISSING_FIELD", "id"),
    "a wrong specversion": (lambda: progress(specversion="0.3"), 422, "INVALID_FIELD", "specversion"),
    "a wrong unit": (
        lambda: event("evidence.EvidenceSubmitted", {**EVIDENCE, "size": "4 kB"}),
        422,
        "WRONG_TYPE",
        "data.size",
    ),
    "out of range": (
        lambda: event("evidence.EvidenceSubmitted", {**EVIDENCE, "size": -1}),
        422,
        "OUT_OF_RANGE",
        "data.size",
    ),
    "a number as a string": (
        lambda: event("evidence.EvidenceSubmitted", {**EVIDENCE, "size": "12"}),
        422,
        "WRONG_TYPE",
        "data.size",
    ),
    "a string as a number": (lambda: fine_but(objective=1), 422, "WRONG_TYPE", "data.objective"),
    "an invalid narrative": (lambda: fine_but(narrative=["n"]), 422, "INVALID_FIELD", "data.narrative"),
    "blank free text": (lambda: fine_but(narrative=" \n"), 422, "BLANK", "data.narrative"),
    "a duplicated key": (
        lambda: text(progress("n"), b'"narrative": "n"', b'"narrative": "n", "narrative": "m"'),
        400,
        "DUPLICATE_KEY",
        "narrative",
    ),
    "a duplicated attribute": (
        lambda: text(progress(), b'"source"', b'"id": "x", "source"'),
        400,
        "DUPLICATE_KEY",
        "id",
    ),
    "no UTF-8": (lambda: text(progress("Zoe"), b"Zoe", b"Zo\xeb"), 400, "NOT_UTF8", ""),
    "UTF-16": (lambda: json.dumps(progress()).encode("utf-16"), 400, "NOT_UTF8", ""),
    "NUL in free text": (lambda: fine_but(narrative="a\0b"), 422, "INVALID_FIELD", "data.narrative"),
    "NUL in an identifier": (lambda: fine_but(objective="O\0"), 422, "INVALID_FIELD", "data.objective"),
    "half a surrogate pair": (lambda: fine_but(narrative="a\ud800"), 422, "INVALID_FIELD", "data.narrative"),
    "half a surrogate pair as a key": (lambda: fine_but(**{"\ud800": 1}), 400, "INVALID_JSON", ""),
    "half a surrogate pair as a key, twice": (
        lambda: text(progress(), b'"source"', b'"\\ud800": 1, "\\ud800": 2, "source"'),
        400,
        "DUPLICATE_KEY",
        "\\ud800",
    ),
    "10 MB of text": (lambda: fine_but(narrative="x" * 10_000_000), 413, "TOO_LARGE", ""),
    "more than 1 MB of text": (lambda: fine_but(narrative="x" * 1_048_577), 413, "TOO_LARGE", "data.narrative"),
    "an oversized entry": (
        lambda: event("plan.ObjectiveAdded", {**OBJECTIVE, "measures": ["m" * 120] * 600}),
        413,
        "TOO_LARGE",
        "data",
    ),
    "a time without a zone": (lambda: progress(time="2026-01-01T10:00:00"), 422, "NO_TIME_ZONE", "time"),
    "a time that is a day": (lambda: progress(time="2026-01-01"), 422, "INVALID_FIELD", "time"),
    "an invalid day": (
        lambda: event("plan.ObjectiveAdded", {**OBJECTIVE, "due": "2023-02-30"}),
        422,
        "INVALID_FIELD",
        "data.due",
    ),
    "a time ahead": (lambda: progress(time=TOMORROW), 422, "TIME_AHEAD", "time"),
    "a position": (lambda: progress(position=3), 422, "SERVER_ATTRIBUTE", "position"),
    "an actor": (lambda: progress(actor="chair"), 422, "SERVER_ATTRIBUTE", "actor"),
    "a reference to nothing": (lambda: fine_but(objective="O9"), 422, "NOT_FOUND", "data.objective"),
    "what is there already": (
        lambda: event("plan.ObjectiveAdded", {**OBJECTIVE, "objective": "O1"}),
        409,
        "ALREADY_EXISTS",
        "data.objective",
    ),
    "a fact of another role": (
        lambda: event("people.RoleGranted", {"actor": "mallory", "role": "CHAIR"}),
        403,
        "FORBIDDEN",
        "type",
    ),
    "another's source": (lambda: progress(source="operator"), 403, "FORBIDDEN", "source"),
    "half an event": (lambda: json.dumps(progress()).encode()[:-9], 400, "INVALID_JSON", ""),
    "an empty body": (lambda: b"", 400, "INVALID_JSON", ""),
    "NaN": (lambda: text(progress(), b'"GREEN"', b"NaN"), 400, "INVALID_JSON", ""),
    "a list": (lambda: b"[]", 400, "INVALID_EVENT", ""),
    "nested without end": (lambda: b'{"data":' + b"[" * 40_000, 400, "INVALID_JSON", ""),
}


def must_be_refused(answer: httpx.Response, status: int, code: str, path: str) -> None:
    """Check all members of a problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert set(problem) == {"type", "title", "status", "detail", "code", "errors"}
    assert problem["errors"][0]["path"] == path, problem
    assert problem["errors"][0]["message"]
    assert problem["detail"]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_alone(service: Service, officer: httpx.Client, name: str) -> None:
    make, status, code, path = BAD[name]
    before = service.position()
    request = make()
    content = request if isinstance(request, bytes) else json.dumps(request).encode()
    refused = officer.post(service.entries, content=content, headers={"Content-Type": STRUCTURED})
    must_be_refused(refused, status, code, path)
    assert service.position() == before
    good = service.post(officer, progress())
    assert (good.status_code, good.json()["position"]) == (201, before + 1)
    assert local_port(good) == local_port(refused), "the connection was not kept"


@pytest.mark.parametrize("depth", [100, 400, 900, 985, 3_000])
def test_deep_nesting_is_refused(service: Service, officer: httpx.Client, depth: int) -> None:
    before = service.position()
    nested = b'"narrative": ' + b'{"a":' * depth + b"1" + b"}" * depth
    content = text(progress("n"), b'"narrative": "n"', nested)
    refused = officer.post(service.entries, content=content, headers={"Content-Type": STRUCTURED})
    assert (refused.status_code, refused.json()["code"]) in {(400, "INVALID_JSON"), (422, "INVALID_FIELD")}
    assert service.position() == before


def test_every_wrong_field_is_named(service: Service, officer: httpx.Client) -> None:
    wrong = event(
        "plan.ProgressRecorded", {"objective": "O 1", "narrative": "n", "mood": 1, "impactRating": "GREEN"}
    )
    errors = service.post(officer, wrong).json()["errors"]
    assert [(error["code"], error["path"]) for error in errors] == [
        ("UNKNOWN_FIELD", "data.mood"),
        ("INVALID_FIELD", "data.objective"),
        ("MISSING_FIELD", "data.activityRating"),
    ]


def test_a_stale_expected_position_is_refused(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    stale = service.post(officer, progress(), Ledger_Expected_Position=str(before - 1))
    must_be_refused(stale, 409, "EXPECTED_POSITION", "")
    assert service.position() == before
    assert service.post(officer, progress(), Ledger_Expected_Position=str(before)).status_code == 201


@pytest.mark.parametrize("value", ["", "-1", "1.0", "one", "2147483648", "9" * 40, "1, 2", "\u00b2"])
def test_an_expected_position_that_is_none_is_refused(service: Service, officer: httpx.Client, value: str) -> None:
    before = service.position()
    header_pairs = [("Content-Type", STRUCTURED), ("Ledger-Expected-Position", value)]
    headers = httpx.Headers([(name.encode(), text.encode("latin-1")) for name, text in header_pairs])
    refused = officer.post(service.entries, content=json.dumps(progress()), headers=headers)
    must_be_refused(refused, 400, "INVALID_HEADER", "ledger-expected-position")
    assert service.position() == before


def test_the_same_key_with_other_content_is_refused(service: Service, officer: httpx.Client) -> None:
    first = progress("Ten visits.")
    receipt = service.post(officer, first).json()
    for other in (
        {**first, "data": {**first["data"], "narrative": "Eleven visits."}},
        {**first, "data": {**first["data"], "impactRating": "RED"}},
        {**first, "subject": "O1"},
        {**first, "time": "2026-01-01T00:00:00Z"},
    ):
        must_be_refused(service.post(officer, other), 409, "KEY_REUSED", "id")
    again = service.post(officer, first)
    assert (again.status_code, again.json()) == (200, {**receipt, "duplicate": True})
    assert service.position() == receipt["position"]


def test_a_refused_key_is_not_used_up(service: Service, officer: httpx.Client) -> None:
    wrong = fine_but(objective="O9")
    assert service.post(officer, wrong).status_code == 422
    assert service.post(officer, {**wrong, "data": FINE}).status_code == 201


@pytest.mark.parametrize("form", [STRUCTURED, BATCH, NDJSON])
def test_a_body_that_is_too_large_is_refused_with_its_limit(
    service: Service, officer: httpx.Client, form: str
) -> None:
    before = service.position()
    size = 17_000_000 if form == BATCH else 2_500_001
    refused = officer.post(service.entries, content=b"[" + b" " * size, headers={"Content-Type": form})
    problem = json.loads(refused.text)
    assert (problem["status"], problem["code"]) == (413, "TOO_LARGE")
    assert ("16,000,000" if form == BATCH else "2,500,000") in problem["detail"]
    assert service.position() == before
    assert local_port(service.post(officer, progress())) == local_port(refused)


def test_a_gzip_bomb_is_refused_by_its_expanded_size(service: Service, officer: httpx.Client) -> None:
    before = service.position()
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    refused = officer.post(
        service.entries, content=bomb, headers={"Content-Type": STRUCTURED, "Content-Encoding": "gzip"}
    )
    must_be_refused(refused, 413, "TOO_LARGE", "")
    assert service.position() == before


@pytest.mark.parametrize(
    "broken", [b"not gzip", gzip.compress(b'{"specversion":"1.0"}')[:-9]], ids=["no gzip", "cut short"]
)
def test_broken_gzip_is_refused(service: Service, officer: httpx.Client, broken: bytes) -> None:
    headers = {"Content-Type": STRUCTURED, "Content-Encoding": "gzip"}
    refused = officer.post(service.entries, content=broken, headers=headers)
    must_be_refused(refused, 400, "INVALID_ENCODING", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/cloudevents+avro"},
        {"Content-Type": f"{STRUCTURED}; charset=latin-1"},
        {"Content-Type": STRUCTURED, "Content-Encoding": "br"},
    ],
)
def test_another_media_type_is_refused(service: Service, officer: httpx.Client, headers: dict[str, str]) -> None:
    refused = officer.post(service.entries, content=json.dumps(progress()), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_what_is_refused_is_not_repeated_in_the_answer(service: Service, officer: httpx.Client) -> None:
    refused = service.post(officer, fine_but(narrative="Kept from the answer \0"))
    assert "Kept from the answer" not in refused.text


def test_an_unknown_address_and_method_are_problems(officer: httpx.Client, notice: Notice) -> None:
    must_be_refused(officer.get("/nowhere"), 404, "NOT_FOUND", "")
    must_be_refused(officer.delete(f"/ledgers/{notice.name}/entries"), 405, "METHOD_NOT_ALLOWED", "")
