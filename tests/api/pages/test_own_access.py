"""Test the page of a reader's own access: it lists each request and each document, however many there are."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.api.browsing import browser, sign_in
from tests.api.documents import documented
from tests.api.service import DIGEST, NOTICE, Service, event

pytestmark = pytest.mark.database
REVIEWS = f"/notices/{NOTICE}/reviews"
REQUESTS, DOCUMENTS = 101, 1_001
"""One more than a page of each query contains."""


BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def recorded(service: Service, actor: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Record facts of one kind by an actor, in batches."""
    events = [event(name, data, actor) for data in rows]
    with service.client(actor) as client:
        for batch in (events[:1_000], events[1_000:]):
            if batch:
                answer = client.post(service.entries, content=msgspec.json.encode(batch), headers=BATCH)
                assert answer.status_code in (200, 201), answer.text[:500]


def test_all_requests_and_documents_are_listed(template: str) -> None:
    begin, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=9)
    window = {"from": begin.isoformat(), "until": end.isoformat()}
    purpose = {"grantee": "reviewer", "review": "R1", "kind": "DATA", "scope": "All", "purpose": "The review"}
    file = {"digest": DIGEST, "mediaType": "text/csv", "size": 1, "title": "Visits", "classification": "OFFICIAL"}
    with documented(template) as service, browser(service.url) as reviewer:
        numbered = [{"evidence": f"E{number}", **file} for number in range(1, DOCUMENTS + 1)]
        recorded(service, "officer", "evidence.EvidenceSubmitted", numbered)
        requests = [{"request": f"A{number}", **purpose, **window} for number in range(1, REQUESTS + 1)]
        recorded(service, "department", "access.AccessRequested", requests)
        recorded(service, "officer", "access.AccessGranted", [{"request": f"A{REQUESTS}", **window}])
        sign_in(reviewer, service.notice.tokens["reviewer"])
        page = reviewer.get(REVIEWS).text
    assert len(re.findall(r'id="own-A\d+"', page)) == REQUESTS
    assert page.index(f'id="own-A{REQUESTS}"') < page.index(f'id="own-A{REQUESTS - 1}"'), "the latest comes first"
    assert len(set(re.findall(rf"/notices/{NOTICE}/files/(E\d+)", page))) == DOCUMENTS
