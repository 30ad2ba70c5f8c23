"""Who may open a document, by their role or by a live grant; and what the service records of it. Pure.

Recorded are each use of a grant, each opening of a restricted document, and what the holder of a grant tried
where it does not reach: once an actor, document and hour.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from ledger.domain.areas.access import Access, AccessAction, AccessUsed, AccessUseRefused, UseFault
from ledger.domain.areas.evidence import Classification, EvidenceOpened
from ledger.domain.areas.people import SERVICE, Credential
from ledger.domain.fact import Fact, When, Who
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State, admit
from ledger.intake.parse import SubmittedFact, accept

BY_SERVICE = Credential(SERVICE, role=Role.SERVICE)
"""Who records uses: the service, on the reader's behalf."""


class OpeningDecision(Struct, frozen=True):
    """How a reader comes to a document: whether it opens, and what of that is recorded."""

    opens: bool
    record: SubmittedFact | None = None
    """What the service has to record first; None: nothing, or it was within the hour."""


def way(state: State, roles: Sequence[Role], actor: str, document: str, at: datetime) -> OpeningDecision:
    """How an actor with these roles comes to a document of the register at an instant."""
    classification = state.evidence.submitted[document].classification
    if any(role in matrix().opens[classification.value] for role in roles):
        opened = EvidenceOpened(evidence=document, reader=actor)
        recorded = classification is Classification.RESTRICTED
        return OpeningDecision(True, _submission(state, opened, actor, document, at) if recorded else None)
    grants = list(_grants(state, actor))
    live = next((name for name, access in grants if _fault(state, access, document, at) is None), None)
    if live is not None:
        used = AccessUsed(request=live, document=document, action=AccessAction.DOWNLOADED)
        return OpeningDecision(True, _submission(state, used, actor, document, at))
    if not grants:
        return OpeningDecision(False)
    request, access = max(grants, key=lambda each: each[1].until)
    why = _fault(state, access, document, at) or UseFault.EXPIRED
    refused = AccessUseRefused(request=request, document=document, why=why)
    return OpeningDecision(False, _submission(state, refused, actor, document, at))


def holds_live_grant(state: State, actor: str, at: datetime) -> bool:
    """Whether a grant of the actor's opens any document at an instant."""
    return any(
        not access.documents and _fault(state, access, "", at) is None for _, access in _grants(state, actor)
    )


def _grants(state: State, actor: str) -> Iterator[tuple[str, Access]]:
    """The grants that the actor holds or held, in order of asking."""
    for name, access in state.access.requests.items():
        if access.grantee == actor and access.granted is not None:
            yield name, access


def _fault(state: State, access: Access, document: str, at: datetime) -> UseFault | None:
    """Why a grant does not open a document at an instant; with the notice all of them end."""
    closed = state.notice.closed_at
    if closed is not None and at >= closed:
        return UseFault.EXPIRED
    return access.fault(at) or (None if access.covers(document) else UseFault.OUT_OF_SCOPE)


def _submission(state: State, fact: Fact, actor: str, document: str, at: datetime) -> SubmittedFact | None:
    """The fact as the service submits it; None when the same was recorded within the hour."""
    service = Who(SERVICE, Role.SERVICE.value)
    if any(refusal.code == "ALREADY_RECORDED" for refusal in admit(state, fact, service, When(at, at))):
        return None
    kind = KIND_OF[type(fact)]
    data = msgspec.to_builtins(fact)
    told = (kind.name, actor, data.get("request", ""), document, f"{at:%Y-%m-%dT%H}")
    key = f"use:{hashlib.sha256(chr(10).join(told).encode()).hexdigest()[:32]}"
    event = {"specversion": "1.0", "id": key, "source": SERVICE, "type": kind.type, "subject": document}
    return accept({**event, "data": data})
