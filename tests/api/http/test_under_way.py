"""Test that a download under way ends with the rights of its reader, or with its document."""

from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from api.http import feed, under_way
from tests.api.documents import MovedClock, about, documented, grant, position_of, put, rows, say
from tests.api.service import NOTICE, Service, progress

pytestmark = pytest.mark.database
CONTENT = b"%PDF-1.7\n" + bytes(8_000_000)
"""A document that is longer than all buffers between the service and a client."""
_numbers = count(1)


@pytest.fixture(scope="module")
def service(template: str, clock: MovedClock) -> Iterator[Service]:
    """Run a service with readers."""
    with documented(template, clock) as running:
        yield running


@pytest.fixture(autouse=True)
def checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check a reader's rights before each piece."""
    monkeypatch.setattr(under_way, "LOOK_SECONDS", 0.0)


@pytest.fixture
def name(service: Service, clock: MovedClock) -> str:
    """Return the id of a restricted document, and of the grant by which the reviewer may open it."""
    unused = f"E{next(_numbers)}"
    with service.client("officer") as client:
        assert put(client, CONTENT, about(unused, "RESTRICTED")).status_code == 201
    grant(service, clock, unused)
    return unused


def received(service: Service, actor: str, path: str, change: Callable[[], object]) -> int:
    """Return how many bytes of an answer arrive, with a change after the first.

    Raises:
        RemoteProtocolError: The answer ended before it was complete.
    """
    with service.client(actor) as client, client.stream("GET", path) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        length = len(next(pieces))
        change()
        return length + sum(map(len, pieces))


def erase(service: Service, name: str) -> None:
    ((at,),) = rows(service, "SELECT max(position) FROM ledger.files")
    erasure = {"position": at, "reason": "A child is named.", "authority": "Article 17"}
    position = position_of(service, "protection", "records.ErasureRequested", erasure)
    position_of(service, "records", "evidence.EvidenceErased", {"evidence": name, "request": position})


CHANGES: dict[str, Callable[[Service, MovedClock, str], object]] = {
    "the grant was revoked": lambda service, _, name: position_of(
        service, "officer", "access.AccessRevoked", {"request": name, "reason": "A laptop was lost."}
    ),
    "the grant ended": lambda _service, clock, _name: clock.advance(hours=2),
    "the document was erased": lambda service, _, name: erase(service, name),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_download_ends_with_the_right_to_it(service: Service, clock: MovedClock, name: str, change: str) -> None:
    path = f"/ledgers/{NOTICE}/evidence/{name}"
    with pytest.raises(httpx.RemoteProtocolError):
        received(service, "reviewer", path, lambda: CHANGES[change](service, clock, name))


def test_a_download_goes_on_while_it_is_allowed(service: Service, name: str) -> None:
    def other() -> None:
        assert say(service, "officer", "plan.ProgressRecorded", progress()["data"]).status_code == 201

    assert received(service, "reviewer", f"/ledgers/{NOTICE}/evidence/{name}", other) == len(CONTENT)


def test_one_reader_has_a_limit_of_downloads_and_others_still_have_room(
    service: Service, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave downloads unread; each occupies a megabyte of the process."""
    monkeypatch.setattr(feed, "EACH", 2)
    path = f"/ledgers/{NOTICE}/evidence/{name}"
    with service.client("officer", connections=3) as client:
        with client.stream("GET", path), client.stream("GET", path):
            refused = client.get(path)
            assert (refused.status_code, refused.json()["code"]) == (429, "BUSY")
            with service.client("auditor") as other:
                assert other.get(path).content == CONTENT
        while (answer := client.get(path)).status_code == 429:
            pass  # the service notices soon that the others were closed
        assert answer.content == CONTENT
