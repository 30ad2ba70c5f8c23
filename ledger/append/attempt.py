"""One notice's units on their way into the ledger: placed, stored, and each item answered for itself."""

from collections.abc import Sequence

import msgspec

from ledger.append.fold import FoldedState
from ledger.append.placement import AppendRequest, Clock, Placement
from ledger.append.receipt import Receipt, StoredContent, receipt, same_content
from ledger.domain.areas.access import AccessKind, AccessRequested
from ledger.domain.areas.evidence import EvidenceErased, EvidenceSubmitted
from ledger.domain.areas.records import UNCORRECTABLE, EntryCorrected, NarrativeErased, may_correct
from ledger.domain.corrections import effective, first_refused, fold, replacement
from ledger.domain.entry import Entry
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import Fact, Who
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role
from ledger.intake.envelope import decode_envelope
from ledger.intake.parse import SubmittedFact
from ledger.store import entries
from ledger.store.entries import Connection, EntryRow

Answer = Receipt | Refused
Beside = dict[int, StoredContent]
"""Position → what is kept beside the entry there."""


class Attempt:
    """One notice's units on their way into the ledger."""

    def __init__(self, notice: str, folded: FoldedState, clock: Clock) -> None:
        self.notice = notice
        self.placement = Placement(notice, folded, clock)
        self.refused = False
        """Whether anything was refused by the state in memory, which may not be the last."""
        self._pending: list[tuple[AppendRequest, int, int, bool]] = []
        self._doubtful: list[tuple[AppendRequest, int, SubmittedFact, Refused]] = []

    def take_quickly(self, unit: AppendRequest) -> None:
        """Places every item that may be placed; the others wait for `settle`."""
        for index, item in enumerate(unit.items):
            judged = self.placement.judge(item, unit.credential)
            if not _forbidden(judged) and self._again(unit, index, item):
                continue
            if (
                not _forbidden(judged)
                and index == 0
                and unit.expected not in (None, self.placement.state.position)
            ):
                judged = self._unexpected(unit.expected)
            if not isinstance(judged, Refused):
                self._place(unit, index, item, judged)
            elif _forbidden(judged):
                unit.answers[index] = judged
                self.refused = True
            else:
                self.refused = True
                self._doubtful.append((unit, index, item, judged))

    async def settle(self, connection: Connection) -> None:
        """Answers what the rules refused: with the first receipt where the key is in the ledger already."""
        if not self._doubtful:
            return
        known, beside = await lookup(connection, self.notice, [item for _, _, item, _ in self._doubtful])
        for unit, index, item, refused in self._doubtful:
            row = known.get((item.source, item.id))
            unit.answers[index] = refused if row is None else _repeated(row, beside, item)

    def take(
        self,
        unit: AppendRequest,
        known: dict[tuple[str, str], EntryRow],
        beside: Beside,
    ) -> None:
        """Places or answers every item, knowing which keys the ledger holds."""
        if unit.strict:
            at = self.placement.at  # the trial's instants are those at which the items are then placed
            trial = msgspec.convert(msgspec.to_builtins(self.placement.state), type(self.placement.state))
            dry = Attempt(self.notice, FoldedState(trial, self.placement.folded.frontier.copy()), lambda: at)
            loose = AppendRequest(unit.notice, unit.credential, unit.items, unit.expected)
            loose.answers = [None] * len(unit.items)
            dry.take(loose, known, beside)
            if any(isinstance(answer, Refused) for answer in loose.answers):
                spared = Refused.because(
                    "NOT_RECORDED", "another event of this strict batch was refused, so none is in"
                )
                unit.answers = [a if isinstance(a, Refused) else spared for a in loose.answers]
                return
        for index, item in enumerate(unit.items):
            self._take_one(unit, index, item, known.get((item.source, item.id)), beside)

    def _take_one(
        self, unit: AppendRequest, index: int, item: SubmittedFact, row: EntryRow | None, beside: Beside
    ) -> None:
        role = self.placement.judge(item, unit.credential)
        if isinstance(role, Refused) and _forbidden(role):
            unit.answers[index] = role
        elif row is not None:
            unit.answers[index] = _repeated(row, beside, item)
        elif self._again(unit, index, item):
            return
        elif index == 0 and unit.expected not in (None, self.placement.state.position):
            unit.answers[index] = self._unexpected(unit.expected)
        elif isinstance(role, Refused):
            unit.answers[index] = role
        else:
            self._place(unit, index, item, role)

    async def take_alone(
        self,
        connection: Connection,
        unit: AppendRequest,
        known: dict[tuple[str, str], EntryRow],
        beside: Beside,
    ) -> None:
        """Takes a correction: the history is folded anew with it, and must still be admissible."""
        item = unit.items[0]
        if not isinstance(item.fact, EntryCorrected) or len(unit.items) > 1:
            alone = Refused.because("NOT_ALONE", "a correction is submitted alone; send it by itself")
            unit.answers = [alone] * len(unit.items)
            return
        state = self.placement.state
        role = self.placement.judge(item, unit.credential)
        if (item.source, item.id) not in known and not isinstance(role, Refused):
            history = await entries.read_entries(connection, self.notice, state.position)
            fault = correction_fault(history, item.fact, Who(unit.credential.actor, role))
            if fault is not None:
                unit.answers[0] = fault
                return
            self._take_one(unit, 0, item, None, beside)
            if unit.answers[0] is None:
                history.append(self.placement.share.entries[0])
                self.placement.folded.state = self.placement.state = fold(effective(history))
            return
        self._take_one(unit, 0, item, known.get((item.source, item.id)), beside)

    def _again(self, unit: AppendRequest, index: int, item: SubmittedFact) -> bool:
        """Answers an item whose key was placed in this very batch."""
        placed = self.placement.share.placed.get((item.source, item.id))
        if placed is None:
            return False
        envelope, first, row = placed
        content = first.file.content if first.file is not None else None
        kept = StoredContent({text.path: text.salt for text in first.texts}, first.file is not None, content)
        if same_content(envelope, kept, item):
            self._pending.append((unit, index, row, True))
        else:
            unit.answers[index] = _key_reused(envelope.position)
        return True

    def _unexpected(self, expected: int | None) -> Refused:
        return Refused.because(
            "EXPECTED_POSITION",
            f"the ledger is at position {self.placement.state.position}, not {expected}; "
            "read what was recorded since, and decide again",
        )

    def _place(self, unit: AppendRequest, index: int, item: SubmittedFact, role: str) -> None:
        row = len(self.placement.share.entries)
        try:
            self.placement.place(item, unit.credential, role)
        except Refused as refused:
            unit.answers[index] = refused
        else:
            self._pending.append((unit, index, row, False))

    async def store(self, connection: Connection) -> bool:
        """Stores what was placed; False when the notice had moved on."""
        share = self.placement.share
        head = self.placement.finish()
        erasing = [e.position for e in share.entries if isinstance(e.fact, NarrativeErased)]
        destroying = [e.position for e in share.entries if isinstance(e.fact, EvidenceErased)]
        if not (erasing or destroying or share.files):
            return await entries.write(connection, self.notice, share.size, head, share.rows, share.texts)
        async with connection.transaction():
            if not await entries.write(connection, self.notice, share.size, head, share.rows, share.texts):
                return False
            for position in erasing:
                await entries.erase_narratives(connection, self.notice, position)
            for position, file in share.files:
                await entries.keep_file(connection, self.notice, position, file)
            for position in destroying:
                await entries.erase_file(connection, self.notice, position)
        return True

    def answer(self) -> None:
        """Gives out the receipts, now that the rows are stored."""
        for unit, index, row, duplicate in self._pending:
            unit.answers[index] = receipt(self.placement.share.rows[row], duplicate=duplicate)


def _exchanged(was: Fact, becomes: Fact | None) -> Refusal | None:
    """Why a correction may not put another thing in the place of what was decided on, or uploaded."""
    match was, becomes:
        case AccessRequested(), AccessRequested() if was.grantee != becomes.grantee:
            path, message = "grantee", "who is to have the access stays; ask anew"
        case AccessRequested(), AccessRequested() if _reach(was) != _reach(becomes):
            path, message = "kind", "what the access is to stays; ask anew"
        case EvidenceSubmitted(), EvidenceSubmitted() if _document(was) != _document(becomes):
            path, message = "digest", "the document itself stays; submit another, and supersede this one"
        case _:
            return None
    return Refusal("NOT_CORRECTABLE", message, f"data.replacement.data.{path}")


def _reach(fact: AccessRequested) -> tuple[AccessKind, list[str]]:
    return fact.kind, fact.documents


def _document(fact: EvidenceSubmitted) -> tuple[str, str, int, str]:
    return fact.evidence, fact.digest, fact.size, fact.media_type


def _barred(name: str, *, removed: bool, role: Role) -> Refused | None:
    """Why a fact of that name may not be corrected, or removed, by that role."""
    if removed and name == EvidenceSubmitted.__name__:
        message = "a document is not corrected away; record that it was withdrawn, or erased"
        return Refused.because("NOT_CORRECTABLE", message, "data.position")
    if may_correct(role, name):
        return None
    message = f"who may not record a {name} may not correct one either; ask a records officer"
    return Refused.because("FORBIDDEN", message, "data.position")


def correction_fault(history: list[Entry], correction: EntryCorrected, who: Who) -> Refused | None:
    """Why a correction may not be made: by its replacement, by what depends on the entry, or by them."""
    corrected = history[correction.position - 1]
    kind = KIND_OF[type(corrected.fact)]
    if kind.name in UNCORRECTABLE:
        return Refused.because(
            "NOT_CORRECTABLE",
            f"a {kind.name} is not mended by a correction; record what holds now",
            "data.position",
        )
    if correction.replacement is not None and correction.replacement.type != kind.type:
        return Refused.because(
            "WRONG_TYPE", f"entry {correction.position} is a {kind.type}", "data.replacement.type"
        )
    fact = replacement(correction)
    exchanged = _exchanged(corrected.fact, fact)
    if exchanged is not None:
        return Refused((exchanged,))
    refused = first_refused(effective(history, correction), correction.position, who)
    if refused is None:
        return _barred(kind.name, removed=fact is None, role=Role(who.role))
    entry, refusal = refused
    return Refused.because(
        "DEPENDED_ON",
        f"entry {entry.position} ({KIND_OF[type(entry.fact)].name}) could no longer stand: {refusal.message}",
        "data.replacement" if entry.position == correction.position else "data.position",
    )


async def lookup(
    connection: Connection, notice: str, items: Sequence[SubmittedFact]
) -> tuple[dict[tuple[str, str], EntryRow], Beside]:
    """The entries that hold the items' keys already, and what is kept beside them."""
    known = await entries.find_keys(connection, notice, [(item.source, item.id) for item in items])
    positions = [row.position for row in known.values()]
    salts = await entries.read_salts(connection, notice, positions)
    contents: dict[int, str | None] = {}
    if any(item.file is not None for item in items):
        contents = await entries.read_contents(connection, notice, positions)
    return known, {at: StoredContent(salts.get(at, {}), at in contents, contents.get(at)) for at in positions}


def _repeated(row: EntryRow, beside: Beside, item: SubmittedFact) -> Answer:
    if same_content(decode_envelope(row.body), beside[row.position], item):
        return receipt(row, duplicate=True)
    return _key_reused(row.position)


def _forbidden(judged: str | Refused) -> bool:
    return isinstance(judged, Refused) and judged.refusals[0].code == "FORBIDDEN"


def _key_reused(position: int) -> Refused:
    return Refused.because(
        "KEY_REUSED",
        f"entry {position} holds this source and id with other content; use a new id for a new fact",
        "id",
    )


def goes_alone(unit: AppendRequest) -> bool:
    """Whether the unit holds a correction, for which the history is folded anew."""
    return any(isinstance(item.fact, EntryCorrected) for item in unit.items)
