"""One notice's units on their way into the ledger: placed, stored, and each item answered for itself."""

from collections.abc import Sequence

import msgspec

from ledger import folding, store
from ledger.batch import Clock, Placement, Unit
from ledger.entry import Entry, decode_envelope
from ledger.errors import Refused
from ledger.facts.access import AccessRequested
from ledger.facts.fact import Fact, Who
from ledger.facts.records import UNCORRECTABLE, EntryCorrected, NarrativeErased, may_correct
from ledger.facts.registry import KIND_OF
from ledger.folding import Folded
from ledger.intake import Submitted
from ledger.receipts import Receipt, receipt, same_content
from ledger.roles import Role
from ledger.store import Connection, Row

Answer = Receipt | Refused
Salts = dict[int, dict[str, bytes | None]]
"""Position → path → the narrative's salt; None where it was erased."""


class Attempt:
    """One notice's units on their way into the ledger."""

    def __init__(self, notice: str, folded: Folded, clock: Clock) -> None:
        self.notice = notice
        self.placement = Placement(notice, folded, clock)
        self.refused = False
        """Whether anything was refused by the state in memory, which may not be the last."""
        self._pending: list[tuple[Unit, int, int, bool]] = []
        self._doubtful: list[tuple[Unit, int, Submitted, Refused]] = []

    def take_quickly(self, unit: Unit) -> None:
        """Places every item that may be placed; the others wait for `settle`."""
        for index, item in enumerate(unit.items):
            if self._again(unit, index, item):
                continue
            judged = self.placement.judge(item, unit.credential)
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
        known, salts = await lookup(connection, self.notice, [item for _, _, item, _ in self._doubtful])
        for unit, index, item, refused in self._doubtful:
            row = known.get((item.source, item.id))
            unit.answers[index] = refused if row is None else _repeated(row, salts, item)

    def take(
        self,
        unit: Unit,
        known: dict[tuple[str, str], Row],
        salts: Salts,
    ) -> None:
        """Places or answers every item, knowing which keys the ledger holds."""
        if unit.strict:
            at = self.placement.at  # the trial's instants are those at which the items are then placed
            trial = msgspec.convert(msgspec.to_builtins(self.placement.state), type(self.placement.state))
            dry = Attempt(self.notice, Folded(trial, self.placement.folded.frontier.copy()), lambda: at)
            loose = Unit(unit.notice, unit.credential, unit.items, unit.expected)
            loose.answers = [None] * len(unit.items)
            dry.take(loose, known, salts)
            if any(isinstance(answer, Refused) for answer in loose.answers):
                spared = Refused.because(
                    "NOT_RECORDED", "another event of this strict batch was refused, so none is in"
                )
                unit.answers = [a if isinstance(a, Refused) else spared for a in loose.answers]
                return
        for index, item in enumerate(unit.items):
            self._take_one(unit, index, item, known.get((item.source, item.id)), salts)

    def _take_one(self, unit: Unit, index: int, item: Submitted, row: Row | None, salts: Salts) -> None:
        role = self.placement.judge(item, unit.credential)
        if isinstance(role, Refused) and _forbidden(role):
            unit.answers[index] = role
        elif row is not None:
            unit.answers[index] = _repeated(row, salts, item)
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
        unit: Unit,
        known: dict[tuple[str, str], Row],
        salts: Salts,
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
            history = await folding.history(connection, self.notice, state.position)
            fault = correction_fault(history, item.fact, Who(unit.credential.actor, role))
            if fault is not None:
                unit.answers[0] = fault
                return
            self._take_one(unit, 0, item, None, salts)
            if unit.answers[0] is None:
                history.append(self.placement.share.entries[0])
                corrected = folding.fold(history, folding.corrections_of(history))
                self.placement.folded.state = self.placement.state = corrected
            return
        self._take_one(unit, 0, item, known.get((item.source, item.id)), salts)

    def _again(self, unit: Unit, index: int, item: Submitted) -> bool:
        """Answers an item whose key was placed in this very batch."""
        placed = self.placement.share.placed.get((item.source, item.id))
        if placed is None:
            return False
        envelope, first, row = placed
        if same_content(envelope, {text.path: text.salt for text in first.texts}, item):
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

    def _place(self, unit: Unit, index: int, item: Submitted, role: str) -> None:
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
        if not erasing:
            return await store.write(connection, self.notice, share.size, head, share.rows, share.texts)
        async with connection.transaction():
            if not await store.write(connection, self.notice, share.size, head, share.rows, share.texts):
                return False
            for position in erasing:
                await store.erase_narratives(connection, self.notice, position)
        return True

    def answer(self) -> None:
        """Gives out the receipts, now that the rows are stored."""
        for unit, index, row, duplicate in self._pending:
            unit.answers[index] = receipt(self.placement.share.rows[row], duplicate=duplicate)


def _other_grantee(was: Fact, becomes: Fact | None) -> bool:
    """Whether a grant on the request would go to somebody for whom nobody decided it."""
    requests = isinstance(was, AccessRequested) and isinstance(becomes, AccessRequested)
    return requests and getattr(was, "grantee", None) != getattr(becomes, "grantee", None)


def _may_not_correct(name: str) -> Refused:
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
    if correction.replacement is not None and correction.replacement.type != corrected.type:
        return Refused.because(
            "WRONG_TYPE", f"entry {correction.position} is a {corrected.type}", "data.replacement.type"
        )
    corrections = folding.corrections_of(history)
    try:
        corrections[correction.position] = fact = folding.replacement(correction, corrected.fact)
    except msgspec.ValidationError as error:
        return Refused.because("INVALID_FIELD", f"the replacement is no {kind.name}: {error}", "data.replacement")
    if _other_grantee(corrected.fact, fact):
        return Refused.because(
            "NOT_CORRECTABLE", "who is to have the access stays; ask anew", "data.replacement.data.grantee"
        )
    refused = folding.first_refused(history, corrections, correction.position, who)
    if refused is None:
        return None if may_correct(Role(who.role), kind.name) else _may_not_correct(kind.name)
    entry, refusal = refused
    return Refused.because(
        "DEPENDED_ON",
        f"entry {entry.position} ({KIND_OF[type(entry.fact)].name}) could no longer stand: {refusal.message}",
        "data.replacement" if entry.position == correction.position else "data.position",
    )


async def lookup(
    connection: Connection, notice: str, items: Sequence[Submitted]
) -> tuple[dict[tuple[str, str], Row], Salts]:
    """The entries that hold the items' keys already, and their narratives' salts."""
    known = await store.find_keys(connection, notice, [(item.source, item.id) for item in items])
    return known, await store.read_salts(connection, notice, [row.position for row in known.values()])


def _repeated(row: Row, salts: Salts, item: Submitted) -> Answer:
    if same_content(decode_envelope(row.body), salts.get(row.position, {}), item):
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


def goes_alone(unit: Unit) -> bool:
    """Whether the unit holds a correction, for which the history is folded anew."""
    return any(isinstance(item.fact, EntryCorrected) for item in unit.items)
