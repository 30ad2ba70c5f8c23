"""Corrections to be recorded, which are checked against the notice's whole history."""

from ledger.append.outcome import AppendRequest, Outcome, Placed
from ledger.append.placement import Placement
from ledger.append.repetition import StoredKeys
from ledger.domain.areas.access import AccessKind, AccessRequested
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.records import UNCORRECTABLE, EntryCorrected, may_correct
from ledger.domain.corrections import correction_refusals, effective, fold, newly_refused, replacement
from ledger.domain.entry import Entry
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import Fact, Who
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from ledger.store import entries
from ledger.store.entries import Connection


async def take_correction(
    connection: Connection, placement: Placement, request: AppendRequest, stored: StoredKeys
) -> list[Outcome]:
    """Place a correction if the corrected history is admissible, and fold that history.

    Returns:
        One outcome per fact of the request.
    """
    item = request.items[0]
    if not isinstance(item.fact, EntryCorrected) or len(request.items) > 1:
        refused = Refused.because("NOT_ALONE", "a correction is submitted alone; send it by itself")
        return [refused] * len(request.items)
    history: list[Entry] = []
    judged = placement.judge(item, request.credential)
    if not isinstance(judged, Refused) and stored.outcome(item) is None:
        history = await entries.read_entries(connection, placement.notice, placement.size)
        refused_correction = check_correction(history, item.fact, Who(request.credential.actor, judged))
        if refused_correction is not None:
            return [refused_correction]
    outcomes = placement.take(request, stored)
    if isinstance(outcomes[0], Placed):
        placement.refold(fold(effective([*history, *placement.entries])))
    return outcomes


def check_correction(history: list[Entry], correction: EntryCorrected, who: Who) -> Refused | None:
    """Return the refusal of a correction, or None if the history, the replacement and the role allow it."""
    corrected = history[correction.position - 1]
    kind = KIND_OF[type(corrected.fact)]
    if kind.name in UNCORRECTABLE:
        return Refused.because(
            "NOT_CORRECTABLE", f"a {kind.name} cannot be corrected; record what holds now", "data.position"
        )
    if correction.replacement is not None and correction.replacement.type != kind.type:
        return Refused.because(
            "WRONG_TYPE",
            f"entry {correction.position} is a {kind.type}; replace it with that type",
            "data.replacement.type",
        )
    fact = replacement(correction)
    exchanged = _exchanged(corrected.fact, fact)
    if exchanged is not None:
        return Refused((exchanged,))
    refused = newly_refused(history, correction, who)
    if refused is None:
        forbidden = _forbidden(kind.name, removed=fact is None, role=Role(who.role))
        duties = [] if forbidden is not None else [*correction_refusals(history, correction, who)]
        return Refused(duties) if duties else forbidden
    entry, refusal = refused
    return Refused.because(
        "DEPENDED_ON",
        f"entry {entry.position} ({KIND_OF[type(entry.fact)].name}) would no longer be allowed: {refusal.message}",
        "data.replacement" if entry.position == correction.position else "data.position",
    )


def _exchanged(corrected: Fact, fact: Fact | None) -> Refusal | None:
    """Return the refusal of a replacement that changes the requested access or the uploaded document, or None."""
    match corrected, fact:
        case AccessRequested(), AccessRequested() if corrected.grantee != fact.grantee:
            path, message = "grantee", "a correction cannot change the grantee; request access again"
        case AccessRequested(), AccessRequested() if _reach(corrected) != _reach(fact):
            path, message = "kind", "a correction cannot change what the access is to; request access again"
        case EvidenceSubmitted(), EvidenceSubmitted() if _document(corrected) != _document(fact):
            path, message = "digest", "a correction cannot exchange the document; submit one that supersedes it"
        case _:
            return None
    return Refusal("NOT_CORRECTABLE", message, f"data.replacement.data.{path}")


def _reach(fact: AccessRequested) -> tuple[AccessKind, list[str]]:
    return fact.kind, fact.documents


def _document(fact: EvidenceSubmitted) -> tuple[str, str, int, str]:
    return fact.evidence, fact.digest, fact.size, fact.media_type


def _forbidden(name: str, *, removed: bool, role: Role) -> Refused | None:
    """Return the refusal of a correction that removes a document or that the role may not make, else None."""
    if removed and name == EvidenceSubmitted.__name__:
        message = "a document cannot be removed by a correction; record that it was withdrawn or erased"
        return Refused.because("NOT_CORRECTABLE", message, "data.position")
    if may_correct(role, name):
        return None
    message = f"only a role that records a {name} may correct one; ask a records officer"
    return Refused.because("FORBIDDEN", message, "data.position")
