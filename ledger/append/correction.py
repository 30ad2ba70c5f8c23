"""Corrections to be recorded, which are checked against the notice's whole history."""

from ledger.append.outcome import AppendRequest, Outcome, Placed
from ledger.append.placement import Placement
from ledger.append.repetition import StoredKeys
from ledger.domain.areas.records import EntryCorrected, may_correct
from ledger.domain.corrections import (
    correction_refusals,
    effective,
    exchange_refusal,
    fold,
    newly_refused,
    removal_refusal,
)
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.domain.fact import Who
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

    Raises:
        Damaged: A stored entry cannot be read.
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
    exchanged = exchange_refusal(corrected.fact, correction)
    if exchanged is not None:
        return Refused((exchanged,))
    refused = newly_refused(history, correction, who)
    if refused is None:
        removal = removal_refusal(corrected.fact, correction)
        if removal is not None:
            return Refused((removal,))
        if not may_correct(Role(who.role), kind.name):
            message = f"only a role that records a {kind.name} may correct one; ask a records officer"
            return Refused.because("FORBIDDEN", message, "data.position")
        duties = [*correction_refusals(history, correction, who)]
        return Refused(duties) if duties else None
    entry, refusal = refused
    return Refused.because(
        "DEPENDED_ON",
        f"entry {entry.position} ({KIND_OF[type(entry.fact)].name}) would no longer be allowed: {refusal.message}",
        "data.replacement" if entry.position == correction.position else "data.position",
    )
