"""Record a form's fact through the common intake, and collect the reasons to refuse it."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime

from api.forms.parse import DATA, ParsedForm
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.actors import pages_source
from ledger.domain.areas.notice import NoticeIssued
from ledger.domain.authorisation import Credential, authorise
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fields import Json
from ledger.domain.registry import KINDS, Kind, put_at
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact, accept

_INDEX = re.compile(r"\[\d+\]", re.ASCII)
_PLACEHOLDER = "…"
"""Narrative that replaces a missing or refused narrative while the rules are checked; no rule reads narratives."""


def source_of(state: State, credential: Credential) -> str:
    """Return the source of an actor's forms: the token's source, or else a source made from the actor's id."""
    token = state.people.tokens.get(credential.token or "")
    if token is not None and token.source is not None:
        return token.source
    return pages_source(credential.actor)


def recordable(state: State, credential: Credential, at: datetime) -> list[Kind]:
    """Return the facts that an actor may record in a notice at an instant, in order of area.

    The fact that opens a notice's ledger is left out once it is recorded.
    """
    source = source_of(state, credential)
    return [
        kind
        for kind in KINDS.values()
        if (kind.struct is not NoticeIssued or state.notice.issued_on is None)
        and not isinstance(authorise(state, credential, kind.name, kind.type, source, at), Refusal)
    ]


def event_of(kind: Kind, name: str, source: str, content: Mapping[str, Json]) -> dict[str, Json]:
    """Return the event of a form, with the id that the form received when first shown."""
    return {"specversion": "1.0", "id": name, "source": source, "type": kind.type, **content}


async def record(
    writer: Writer, notice: str, kind: Kind, event: dict[str, Json], read: ParsedForm, credential: Credential
) -> Receipt:
    """Record the event of a form and return the receipt.

    Raises:
        Refused: The event is refused, for the reasons that `checked_submission` finds.
        Busy: The writer's queue is full; nothing was kept.
        Unavailable: The database is unreachable; retrying is safe.
    """
    return await writer.append(
        notice, await checked_submission(writer, notice, kind, event, read, credential), credential
    )


async def checked_submission(
    writer: Writer, notice: str, kind: Kind, event: dict[str, Json], read: ParsedForm, credential: Credential
) -> SubmittedFact:
    """Return the submission of an event whose form has no errors.

    If the event is right apart from its narratives or time, the rules are checked as well.

    Raises:
        Refused: The form or the event has errors; all errors are listed that could be checked.
        Unavailable: The database cannot be reached.
    """
    refusals = list(read.refusals)
    submission: SubmittedFact | None
    try:
        submission = accept(event)
    except Refused as refused:
        reported = {refusal.path for refusal in refusals}
        refusals += (refusal for refusal in refused.refusals if refusal.path not in reported)
        submission = _with_placeholders(kind, event, refused.refusals)
    if not refusals and submission is not None:
        return submission
    if submission is not None:
        reported = {refusal.path for refusal in refusals}
        judged = await writer.judge(notice, submission, credential)
        refusals += (refusal for refusal in judged if refusal.path not in reported)
    raise Refused(refusals)


def _with_placeholders(kind: Kind, event: dict[str, Json], refusals: Iterable[Refusal]) -> SubmittedFact | None:
    """Return the submission with placeholders for refused narratives; None if anything else is refused."""
    narratives = {f"{DATA}.{'.'.join(path)}".replace(".[]", "[]") for path in kind.narratives}
    patched = deepcopy(event)
    for refusal in refusals:
        if _INDEX.sub("[]", refusal.path) not in narratives:
            return None
        put_at(patched, refusal.path, _PLACEHOLDER)
    try:
        return accept(patched)
    except Refused:
        return None
