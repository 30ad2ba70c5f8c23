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
    """Return the requests for the reader's own access, the latest first; empty for a page of the past.

    Raise the errors of `query_documents.ask`.
    """
    ledger: Ledger = request.app.state.ledger
    credential = page_request.visitor.viewer.credential
    state = await ledger.writer.state(page_request.notice)
    own = {name: access for name, access in state.access.requests.items() if access.grantee == credential.actor}
    if page_request.point.earlier or not own:
        return []
    variables = {"notice": page_request.notice, "actor": credential.actor, "atLeast": state.position}
    rows = await _rows(ledger, Operator(credential), "own-access", "access", variables)
    now, closed_at = ledger.clock(), state.notice.closed_at
    states = {
        row["request"]: _state(row, grant_fault(state, own[row["request"]], now), own[row["request"]], closed_at)
        for row in rows
        if row["request"] in own  # another may have been recorded after the state was read
    }
    is_open = "LIVE" in states.values()
    documents = (
        await _rows(ledger, Operator(credential), "own-documents", "evidence", variables) if is_open else []
    )
    requests = [
        OwnRequest(
            row,
            states[name],
            [each for each in documents if states[name] == "LIVE" and own[name].covers(each["evidence"])],
            closed_at is None or now < closed_at,
        )
        for row in rows
        if (name := row["request"]) in states
    ]
    return sorted(requests, key=lambda own_request: -own_request.row["position"])


async def _rows(
    ledger: Ledger, viewer: Operator, name: str, of: str, variables: Mapping[str, object]
) -> list[Mapping[str, Any]]:
    """Return the rows of all pages of a list, in its order. Raise the errors of `query_documents.ask`."""
    rows: list[Mapping[str, Any]] = []
    after = None
    while True:
        data = await query_documents.ask(ledger, viewer, name, {**variables, "after": after})
        page = data["notice"][of]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


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
