"""A ledger without a database: facts are judged, placed and folded as the writer does."""

from datetime import timedelta
from typing import Any

from ledger.append.correction import check_correction
from ledger.append.fold import FoldedState
from ledger.append.outcome import AppendRequest
from ledger.append.placement import Placement
from ledger.append.repetition import StoredKeys
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.authorisation import Credential
from ledger.domain.corrections import effective, fold
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.domain.fact import Who
from ledger.domain.state import State
from ledger.intake.parse import SubmittedFact
from ledger.proof.merkle import Frontier
from tests.ledger.history import NOTICE, OPERATOR, Clock, setting, submit

Refusals = list[tuple[str, str]]
"""Code and path of each refusal."""
START = Clock().at
DAY = timedelta(days=1)


REVIEW = {"review": "R1", "kind": "six-month review", "by": "DfE", "from": "2022-07-10", "topics": ["CULTURE"]}


def at(days: float) -> str:
    """Return the instant so many days after the desk's first instant, as JSON."""
    return (START + days * DAY).isoformat()


class Desk:
    """One notice's state and history; its clock only moves when a test moves it."""

    def __init__(self, *, with_setting: bool = True) -> None:
        self.clock = Clock()
        self.state = State()
        self.history: list[Entry] = []
        for item in setting() if with_setting else ():
            assert isinstance(self.submit(item, OPERATOR), Entry)

    def reviewing(self) -> "Desk":
        """Return the desk with reviewer rita registered, review R1 scheduled and diagnostic D1 required."""
        self.register("rita")
        self.record("ReviewScheduled", REVIEW, OPERATOR)
        self.record("DiagnosticRequired", {"diagnostic": "D1", "scope": "Practice with families"}, "bob")
        return self

    def submit(self, item: SubmittedFact, credential: Credential) -> Entry | Refused:
        """Return the entry of a recorded fact, or its refusal; a refused fact must not change the state."""
        placement = Placement(NOTICE, FoldedState(self.state, Frontier()), self.clock)
        role = placement.judge(item, credential)
        if isinstance(role, Refused):
            return role
        if isinstance(item.fact, EntryCorrected):
            refused = check_correction(self.history, item.fact, Who(credential.actor, role))
            if refused is not None:
                return refused
        (outcome,) = placement.take(AppendRequest(NOTICE, credential, [item]), StoredKeys({}, {}))
        if isinstance(outcome, Refused):
            return outcome
        (entry,) = placement.entries
        self.history.append(entry)
        if isinstance(item.fact, EntryCorrected):
            self.state = fold(effective(self.history))
        return entry

    def record(self, name: str, data: dict[str, Any], by: Credential | str = "alice", **more: Any) -> int:
        """Record an admissible fact and return its position."""
        entry = self._submit_fact(name, data, by, more)
        assert isinstance(entry, Entry), str(entry)
        return entry.position

    def register(self, *actors: str) -> None:
        """Record that the operator registered the actors."""
        for actor in actors:
            self.record("ActorRegistered", {"actor": actor, "kind": "PERSON"}, OPERATOR)

    def grant(self, actor: str, role: str, **more: Any) -> int:
        """Record that dan requested a role and rosa granted it, and return the grant's position."""
        data = {"actor": actor, "role": role, **more}
        request = self.record("RoleRequested", data | {"reason": "Needed."}, "dan")
        return self.record("RoleGranted", data | {"request": request}, "rosa")

    def refused(self, name: str, data: dict[str, Any], by: Credential | str = "alice", **more: Any) -> Refusals:
        """Return the code and path of each refusal of a fact."""
        return [(refusal.code, refusal.path) for refusal in self.refusal(name, data, by, **more).refusals]

    def refusal(self, name: str, data: dict[str, Any], by: Credential | str = "alice", **more: Any) -> Refused:
        """Return the refusal of a fact, and check its message."""
        size = len(self.history)
        refused = self._submit_fact(name, data, by, more)
        assert isinstance(refused, Refused), "it was recorded"
        assert all(refusal.message for refusal in refused.refusals)
        assert self.state.position == len(self.history) == size
        return refused

    def _submit_fact(
        self, name: str, data: dict[str, Any], by: Credential | str, more: dict[str, Any]
    ) -> Entry | Refused:
        credential = Credential(by) if isinstance(by, str) else by
        return self.submit(submit(name, data, **{"source": credential.actor, **more}), credential)
