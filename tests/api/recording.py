"""Open, fill and submit the forms of the service."""

import re
from typing import Any

import httpx

from tests.api.browsing import words
from tests.api.filling import Inputs, Pairs, encoded, sent, with_values
from tests.api.service import Service

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PARTS = ("day", "month", "year", "time")
NOTHING: Inputs = {}
DECISION: Inputs = {
    "data.decision": "D1",
    "data.meeting": "B1",
    "data.title": "Two more posts in the duty team",
    "data.outcome": "The posts are advertised now.\r\n\r\nThey begin in May.",
    "data.rationale": "Visits were late.",
    "data.options": ["Wait", "Agency staff"],
    "data.votes.for": "5",
    "data.votes.against": "1",
    "data.relatesTo": ["O1"],
}


def address(service: Service, fact: str = "") -> str:
    return f"/notices/{service.notice.name}/record{'/' if fact else ''}{fact}"


def form(client: httpx.Client, service: Service, fact: str, inputs: Inputs = NOTHING) -> Pairs:
    """Return the form of a fact as its page shows it, with these inputs."""
    answer = client.get(address(service, fact))
    assert answer.status_code == 200, words(answer)
    return with_values(sent(answer.text, "record"), inputs)


def post(client: httpx.Client, service: Service, fact: str, pairs: Pairs) -> httpx.Response:
    """Submit a form; without a button of its own, by the button that records."""
    pairs = pairs if "do" in dict(pairs) else [*pairs, ("do", "record")]
    return client.post(address(service, fact), content=encoded(pairs), headers=FORM)


def decision(client: httpx.Client, service: Service, inputs: Inputs = NOTHING) -> Pairs:
    return form(client, service, "BoardDecisionRecorded", {**DECISION, **inputs})


def recorded(service: Service, position: int) -> dict[str, Any]:
    """Return an entry as GraphQL returns it."""
    fields = "position leafHash source data narratives { path text }"
    selection = f"notice(id: $n, atLeast: $p) {{ entries(first: 1000) {{ nodes {{ {fields} }} }} }}"
    query = f"query($n: ID!, $p: Int!) {{ {selection} }}"
    with service.client("chair") as client:
        payload = {"query": query, "variables": {"n": service.notice.name, "p": position}}
        answer = client.post("/graphql", json=payload).json()
    entry: dict[str, Any] = answer["data"]["notice"]["entries"]["nodes"][position - 1]
    return entry


def at(name: str, *parts: str) -> Inputs:
    """Return nine o'clock on a date as inputs."""
    return {f"data.{name}.{part}": value for part, value in zip(PARTS, (*parts, "09:00"), strict=True)}


def position_of(answer: httpx.Response) -> int:
    assert answer.status_code == 200, words(answer)
    match = re.search(r"/(\d+)$", answer.url.path)
    assert match is not None, words(answer)
    return int(match[1])
