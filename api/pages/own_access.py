"""A reader's own requests for access: their documents, and when and why each request ended.

Reviewers may not read the access of others. This query therefore runs with the operator's rights, filtered by the
reader's own id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from api.pages import query_documents
from api.pages.page_request import PageRequest
from api.schema_client import Operator
from api.services import Ledger
from ledger.domain.areas.access import Access, UseFault
from ledger.domain.rights import grant_fault


class OwnRequest(Struct, frozen=True):
    """Request for access whose grantee is the reader."""

    row: Mapping[str, Any]
    state: str
    """State of the request: LIVE, NOT_YET, EXPIRED, REVOKED, CLOSED, REFUSED or UNDECIDED."""
    documents: Sequence[Mapping[str, Any]]
    """Documents that the request lets the reader open now; empty unless LIVE."""
    can_repeat: bool
    """True until the notice is closed: access can then be requested again."""


async def own_requests(request: Request, page_request: PageRequest) -> list[OwnRequest]:
    """Return the requests for the reader's own access, the latest first; empty for a page of the past."""
    ledger: Ledger = request.app.state.ledger
    credential = page_request.visitor.viewer.credential
    state = await ledger.writer.state(page_request.notice)
    own = {name: access for name, access in state.access.requests.items() if access.grantee == credential.actor}
    if page_request.point.earlier or not own:
        return []
    variables = {"notice": page_request.notice, "actor": credential.actor, "atLeast": state.position}
    data = await query_documents.ask(ledger, Operator(credential), "own-access", variables)
    now, closed_at = ledger.clock(), state.notice.closed_at
    requests = []
    for row in data["notice"]["access"]["nodes"]:
        access = own[row["request"]]
        fault = grant_fault(state, access, now)
        requests.append(
            OwnRequest(
                row,
                _state(row, fault, access, closed_at),
                [
                    document
                    for document in data["notice"]["evidence"]["nodes"]
                    if row["decided"] == "GRANTED" and fault is None and access.covers(document["evidence"])
                ],
                closed_at is None or now < closed_at,
            )
        )
    return sorted(requests, key=lambda own_request: -own_request.row["position"])


def _state(row: Mapping[str, Any], fault: UseFault | None, access: Access, closed: datetime | None) -> str:
    """Return the state of a request; of an ended grant the earliest of its ends."""
    if row["decided"] != "GRANTED":
        return row["decided"] or "UNDECIDED"
    if fault is None or fault is UseFault.NOT_YET:
        return "LIVE" if fault is None else fault.value
    revoked = row["grant"]["revokedAt"]
    ends = {
        "REVOKED": datetime.fromisoformat(revoked) if revoked else None,
        "CLOSED": closed,
        "EXPIRED": access.until,
    }
    return min((at, end) for end, at in ends.items() if at is not None)[1]
