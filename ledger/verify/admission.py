"""Replay admission: judge from the entries alone whether each entry could be recorded.

No I/O. The state is folded from the first entry on, never read from a snapshot. An entry that its actor was not
allowed to record is damage. Such an actor lacked the role at that instant, or the role may not record that fact.
Or the source belongs to another actor, or is not registered for an integration. An entry against a rule about
content that is as old as its fact is damage too. Rules that became stricter later have a date. An entry that only
such rules refuse is counted and named, but is not damage. The reasons are in docs/decisions/0019 and 0021.
"""

from collections.abc import Callable, Iterable, Iterator

from ledger.domain.actors import OPERATOR, PROGRAMS, SERVICE, pages_source, takes_pages_source
from ledger.domain.areas.people import PeopleState
from ledger.domain.areas.records import EntryCorrected, may_correct
from ledger.domain.attributes import clause_refusals, time_refusals
from ledger.domain.corrections import (
    correction_refusals,
    effective,
    exchange_refusal,
    fold,
    newly_refused,
    removal_refusal,
)
from ledger.domain.duties import is_breach
from ledger.domain.entry import Entry
from ledger.domain.errors import Damaged, Refusal
from ledger.domain.fact import Fact, When, Who
from ledger.domain.registry import KIND_OF, Kind
from ledger.domain.roles import Role, matrix
from ledger.domain.rule_dates import holds, rule_since
from ledger.domain.state import State, admit, evolve
from ledger.intake.envelope import decode
from ledger.verify.findings import Damage, DutyBreach, NoticeReport

Flag = Callable[[int, Damage, str], None]
"""Function that receives each finding: its position, kind of damage and detail."""
_OWN_PROGRAMS = {Role.OPERATOR: OPERATOR, Role.SERVICE: SERVICE}
"""Role that no entry grants → the only actor who has the role."""


class AdmissionReplay:
    """Replay of one notice's admission. Add the notice's entries in order."""

    def __init__(self, report: NoticeReport, flag: Flag) -> None:
        self._report, self._flag = report, flag
        self._state = State()
        self._ended = False

    def add_entry(self, position: int, body: bytes) -> bool:
        """Judge the next entry, and fold it into the state.

        Returns:
            True for a correction: call `refold` with the bytes of all entries so far.
        """
        if self._ended:
            return False
        try:
            entry = decode(body)
        except Damaged as error:
            self._flag(position, Damage.UNREADABLE, str(error))
            self._ended = True
            return False
        self._judge(entry)
        if isinstance(entry.fact, EntryCorrected):
            return True
        self._fold(lambda: evolve(self._state, entry), position)
        return False

    def refold(self, bodies: Iterable[bytes]) -> None:
        """Judge the correction at the end of a history, and fold the history with it.

        Raise Damaged if an entry cannot be read.
        """
        history = [decode(body) for body in bodies]
        self._judge_correction(history[:-1], history[-1])
        self._fold(lambda: setattr(self, "_state", fold(effective(history))), history[-1].position)

    def _judge_correction(self, history: list[Entry], correction: Entry) -> None:
        """Judge a correction by the entries before it: its role, its replacement, and what depends on both."""
        fact = correction.fact
        if not isinstance(fact, EntryCorrected) or fact.position >= correction.position:
            self._flag(correction.position, Damage.NOT_ALLOWED, "it corrects an entry that is not before it")
            return
        who = Who(correction.actor, correction.actor_role)
        try:
            fault = _correction_fault(history[fact.position - 1].fact, fact, correction.actor_role)
            depending = None if fault else newly_refused(history, fact, who)
        except (LookupError, ValueError) as error:
            fault, depending = f"it cannot replace entry {fact.position}: {error}", None
        if fault is not None:
            self._flag(correction.position, Damage.NOT_ALLOWED, fault)
            return
        if depending is not None:
            entry, refusal = depending
            self._refuse(correction, KIND_OF[type(entry.fact)], [refusal])
        self._refuse(correction, KIND_OF[EntryCorrected], [*correction_refusals(history, fact, who)])

    def _judge(self, entry: Entry) -> None:
        fault = _fault(self._state, entry)
        if fault is not None:
            self._flag(entry.position, Damage.NOT_ALLOWED, fault)
            return
        who, when = Who(entry.actor, entry.actor_role), When(entry.reported_at, entry.recorded_at)
        try:
            refusals = [*_attribute_refusals(self._state, entry), *admit(self._state, entry.fact, who, when)]
        except LookupError as error:  # the rules rely on what an earlier refused entry lacks
            self._report.admitted_earlier.add(entry.position, f"there is no {error}")
            return
        self._refuse(entry, KIND_OF[type(entry.fact)], refusals)

    def _refuse(self, entry: Entry, kind: Kind, refusals: list[Refusal]) -> None:
        """Report an entry that today's rules of a kind of fact refuse.

        The entry is damage unless all those rules became stricter later.
        """
        for refusal in refusals:
            if rule_since(kind, refusal) is None:
                self._flag(entry.position, Damage.NOT_ALLOWED, f"its rules always refused it: {refusal.message}")
                break
        else:
            self._name_stricter(entry, kind, refusals)
        self._report.duties += [
            DutyBreach(entry.position, kind.name, entry.actor, refusal.message)
            for refusal in refusals
            if is_breach(kind.area, refusal)
        ]

    def _name_stricter(self, entry: Entry, kind: Kind, refusals: list[Refusal]) -> None:
        """Count an entry that only dated rules refuse: unexplained if one was in force, else admitted earlier."""
        dated = [(rule_since(kind, refusal), refusal.message) for refusal in refusals]
        in_force = [item for item in dated if holds(item[0], entry.recorded_at)]
        tally = self._report.unexplained if in_force else self._report.admitted_earlier
        for since, message in (in_force or dated)[:1]:
            tally.add(entry.position, f"{message} (a rule since {since})")

    def _fold(self, step: Callable[[], None], position: int) -> None:
        """Fold an entry; end the replay if the entry cannot follow the entries before it."""
        try:
            step()
        except (LookupError, ValueError) as error:
            reason = f"it cannot follow the entries before it, which lack {error}"
            self._flag(position, Damage.NOT_ALLOWED, reason)
            self._ended = True


def _fault(state: State, entry: Entry) -> str | None:
    """Return the reason why an entry's actor was not allowed to record it; None if allowed."""
    kind = KIND_OF[type(entry.fact)]
    try:
        role = Role(entry.actor_role)
    except ValueError:
        return f"there is no role {entry.actor_role}"
    people = state.people
    own = _OWN_PROGRAMS.get(role)
    if own is not None and entry.actor != own:
        return f"only {own} has the role {role.value}, not {entry.actor}"
    if own is None and role not in people.roles_at(entry.actor, entry.recorded_at):
        return f"{entry.actor} was not {role.meaning} when it was recorded"
    if not matrix().may_record(role, kind.name):
        return f"the role {role.value} may not record {kind.name}"
    return _source_fault(people, entry, role)


def _attribute_refusals(state: State, entry: Entry) -> Iterator[Refusal]:
    """Yield a refusal for each attribute of an entry against the rules: its source, its time and its clauses."""
    if takes_pages_source(entry.actor, entry.source) and entry.actor not in PROGRAMS:
        yield Refusal("RESERVED", f"its source {entry.source} belongs to another actor's forms", "source")
    yield from time_refusals(entry.time, entry.recorded_at)
    yield from clause_refusals(state.notice, entry.clauses)


def _source_fault(people: PeopleState, entry: Entry, role: Role) -> str | None:
    """Return the reason why an entry's actor was not allowed to use its source; None if allowed."""
    owner = people.sources.get(entry.source, entry.actor)
    if owner != entry.actor and entry.source != pages_source(entry.actor):
        return f"its source {entry.source} belongs to {owner}, not to {entry.actor}"
    if role is Role.INTEGRATION and not people.registered(entry.actor, entry.source, entry.type):
        return f"{entry.actor} was not registered to record {entry.type} from {entry.source}"
    return None


def _correction_fault(corrected: Fact, correction: EntryCorrected, role: str) -> str | None:
    """Return the reason why no history allows a correction in this role; None if a history may allow it."""
    refusal = exchange_refusal(corrected, correction) or removal_refusal(corrected, correction)
    if refusal is not None:
        return refusal.message
    name = KIND_OF[type(corrected)].name
    if not may_correct(Role(role), name):
        return f"the role {role} may not correct entry {correction.position}, a {name}"
    return None
