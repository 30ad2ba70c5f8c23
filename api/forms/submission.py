"""Recording what a form says, by the same way in as everything else; and every reason for which it is refused.

Imports `ledger` and its neighbours, and the services of `api`.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime

from api.forms.parse import DATA, ParsedForm
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.people import Credential, authorise
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fields import Json
from ledger.domain.registry import KINDS, Kind, put_at
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact, accept

_LONGEST = 128
_INDEX = re.compile(r"\[\d+\]", re.ASCII)
_ANY_TEXT = "…"
"""Stands for a text that is missing or refused while the rules, which look at no text, are asked."""


def source_of(state: State, credential: Credential) -> str:
    """The source of what somebody records by forms: that of their token where it has one, else their own."""
    token = state.people.tokens.get(credential.token or "")
    if token is not None and token.source is not None:
        return token.source
    own = f"pages/{credential.actor}"
    return own if len(own) <= _LONGEST else f"pages/{hashlib.sha256(own.encode()).hexdigest()}"


def recordable(state: State, credential: Credential, at: datetime) -> list[Kind]:
    """The facts that somebody may record in a notice at that instant, in the order of the areas."""
    source = source_of(state, credential)
    return [
        kind
        for kind in KINDS.values()
        if not isinstance(authorise(state, credential, kind.name, kind.type, source, at), Refusal)
    ]


def event_of(kind: Kind, name: str, source: str, said: Mapping[str, Json]) -> dict[str, Json]:
    """The event that a form makes, under the id that it was given when it was first shown."""
    return {"specversion": "1.0", "id": name, "source": source, "type": kind.type, **said}


async def record(
    writer: Writer, notice: str, kind: Kind, event: dict[str, Json], read: ParsedForm, credential: Credential
) -> Receipt:
    """Records the event; raises Refused with every reason that can be told."""
    return await writer.append(notice, await sound(writer, notice, kind, event, read, credential), credential)


async def sound(
    writer: Writer, notice: str, kind: Kind, event: dict[str, Json], read: ParsedForm, credential: Credential
) -> SubmittedFact:
    """The submission of an event that was read without a fault; raises Refused with every reason else.

    Where nothing but its texts, or its time, is at fault, those of the rules are among them.
    """
    refusals = list(read.refusals)
    item: SubmittedFact | None
    try:
        item = accept(event)
    except Refused as refused:
        read_before = {refusal.path for refusal in refusals}
        refusals += (refusal for refusal in refused.refusals if refusal.path not in read_before)
        item = _whatever_the_texts(kind, event, refused.refusals)
    if not refusals and item is not None:
        return item
    if item is not None:
        refusals += await writer.judge(notice, item, credential)
    raise Refused(refusals)


def _whatever_the_texts(kind: Kind, event: dict[str, Json], refusals: Iterable[Refusal]) -> SubmittedFact | None:
    """The submission with other texts in place of those refused; None where more than texts is at fault."""
    texts = {f"{DATA}.{'.'.join(path)}".replace(".[]", "[]") for path in kind.narratives}
    changed = deepcopy(event)
    for refusal in refusals:
        if _INDEX.sub("[]", refusal.path) not in texts:
            return None
        put_at(changed, refusal.path, _ANY_TEXT)
    try:
        return accept(changed)
    except Refused:
        return None
