"""Decide who may open a document, by role or by a live grant, and which fact records the opening. Pure.

The service records each use of a grant, each opening of a restricted document, and each attempt outside a grant.
It records the same event at most once per actor, document and hour.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from ledger.domain.actors import SERVICE
from ledger.domain.areas.access import Access, AccessAction, AccessUsed, AccessUseRefused, UseFault
from ledger.domain.areas.evidence import Classification, EvidenceOpened, opens_by_role
from ledger.domain.authorisation import Credential
from ledger.domain.fact import Fact, When, Who
from ledger.domain.registry import KIND_OF
from ledger.domain.rights import grant_fault, grants_of
from ledger.domain.roles import Role
from ledger.domain.state import State, admit
from ledger.intake.parse import SubmittedFact, accept

BY_SERVICE = Credential(SERVICE, role=Role.SERVICE)
"""Credential of the service, which records uses of documents on the reader's behalf."""


class OpeningDecision(Struct, frozen=True):
    """Decision about one opening of a document, and the fact that the service records first."""

    opens: bool
    record: SubmittedFact | None = None
    """Fact to record first; None if no fact is due, or the fact was recorded within the hour."""


def decide_opening(
    state: State, roles: Sequence[Role], actor: str, document: str, at: datetime
) -> OpeningDecision:
    """Decide if an actor with these roles may open a document at an instant, and which fact to record."""
    if opens_by_role(state, roles, document):
        opened = EvidenceOpened(evidence=document, reader=actor)
        recorded = state.evidence.submitted[document].classification is Classification.RESTRICTED
        return OpeningDecision(True, _submission(state, opened, actor, document, at) if recorded else None)
    grants = list(grants_of(state, actor))
    live = next((name for name, access in grants if _fault(state, access, document, at) is None), None)
    if live is not None:
        used = AccessUsed(request=live, document=document, action=AccessAction.DOWNLOADED)
        return OpeningDecision(True, _submission(state, used, actor, document, at))
    if not grants:
        return OpeningDecision(False)
    request, access = max(grants, key=lambda grant: grant[1].until)
    why = _fault(state, access, document, at) or UseFault.EXPIRED
    refused = AccessUseRefused(request=request, document=document, why=why)
    return OpeningDecision(False, _submission(state, refused, actor, document, at))


def holds_live_grant(state: State, actor: str, at: datetime) -> bool:
    """Return whether the actor has, at an instant, a live grant that is not limited to named documents."""
    return any(
        not access.documents and _fault(state, access, "", at) is None for _, access in grants_of(state, actor)
    )


def _fault(state: State, access: Access, document: str, at: datetime) -> UseFault | None:
    """Return the reason why a grant does not open a document at an instant; None if it opens the document."""
    return grant_fault(state, access, at) or (None if access.covers(document) else UseFault.OUT_OF_SCOPE)


def _submission(state: State, fact: Fact, actor: str, document: str, at: datetime) -> SubmittedFact | None:
    """Return the fact as the service submits it; None if the same fact was recorded within the hour."""
    service = Who(SERVICE, Role.SERVICE.value)
    if any(refusal.code == "ALREADY_RECORDED" for refusal in admit(state, fact, service, When(at, at))):
        return None
    kind = KIND_OF[type(fact)]
    data = msgspec.to_builtins(fact)
    parts = (kind.name, actor, data.get("request", ""), document, f"{at:%Y-%m-%dT%H}")
    key = f"use:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"
    event = {"specversion": "1.0", "id": key, "source": SERVICE, "type": kind.type, "subject": document}
    return accept({**event, "data": data})
