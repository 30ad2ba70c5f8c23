"""Rules of access: those who conduct a review or a diagnostic get what they asked for, kind by kind."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.access import (
    AccessExtended,
    AccessGranted,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
)
from ledger.domain.areas.reviews import DiagnosticProviderAgreed, ReviewStarted
from ledger.domain.calendar import working_days_after
from ledger.domain.fact import Fact
from projections.views.compliance.verdict import (
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    listed,
    said,
    verdict,
)


class _Access(Struct):
    of: str
    """The review or the diagnostic, such as `review R1`."""
    kind: str
    from_: datetime
    until: datetime
    position: int
    granted: int | None = None
    refused: int | None = None
    revoked: int | None = None
    provided: int | None = None


class AccessProvidedRule(Rule):
    """What those who conduct the latest review or diagnostic asked for was granted in time, and opened."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            AccessRequested,
            AccessGranted,
            AccessRefused,
            AccessExtended,
            AccessRevoked,
            AccessProvided,
            AccessUsed,
            ReviewStarted,
            DiagnosticProviderAgreed,
        }
    )
    requests: dict[str, _Access] = field(default_factory=dict)
    """Those of the latest review or diagnostic, and of any that is not there yet."""
    current: tuple[str, int] | None = None
    """The review that began last or the diagnostic whose provider was agreed last, and the entry."""

    def take(self, happening: Occurrence) -> bool | None:
        """Keeps the requests for what is under way, and what became of each."""
        fact, position = happening.fact, happening.position
        match fact:
            case ReviewStarted():
                self._turn(f"review {fact.review}", position)
            case DiagnosticProviderAgreed():
                self._turn(f"diagnostic {fact.diagnostic}", position)
            case AccessRequested():
                of = f"review {fact.review}" if fact.review is not None else f"diagnostic {fact.diagnostic}"
                kind = fact.kind.value
                self.requests[fact.request] = _Access(of, kind, fact.from_, fact.until, position)
            case _:
                return self._decide(fact, position)
        return None

    def _decide(self, fact: Fact, position: int) -> bool | None:
        """What becomes of a request; what opens it a second time changes nothing."""
        access = self.requests.get(getattr(fact, "request", ""))
        match fact:
            case _ if access is None:
                return False
            case AccessGranted():
                access.from_, access.until, access.granted = fact.from_, fact.until, position
            case AccessRefused():
                access.refused = position
            case AccessExtended():
                access.until = fact.until
            case AccessRevoked():
                access.revoked = position
            case AccessProvided() | AccessUsed():
                if access.provided is not None:
                    return False
                access.provided = position
        return None

    def _turn(self, of: str, position: int) -> None:
        """Another review or diagnostic is under way; requests for the one before are judged no longer."""
        before = self.current[0] if self.current else None
        self.current = (of, position)
        if before is not None and before != of:
            self.requests = {name: each for name, each in self.requests.items() if each.of != before}

    def _kinds(self, asked: ClauseQuestion) -> list[str] | None:
        """The kinds of access that the clause is about; None: all."""
        return None

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE before any review; NOT_MET names a request that was refused, left open or never opened."""
        kinds = self._kinds(asked)
        of, began = self.current or (None, None)
        mine = {
            name: each
            for name, each in self.requests.items()
            if (kinds is None or each.kind in kinds) and (of is None or each.of == of or at >= each.from_)
        }
        for name in mine:
            fault = self._fault(asked, name, mine, at)
            if fault is not None:
                return fault
        if of is None or began is None:
            return verdict(Status.NOT_DUE, "No review or diagnostic is under way yet.")
        opened = [each.provided for each in mine.values() if each.provided is not None and each.of == of]
        if opened:
            what = "access" if kinds is None else f"access to {_said(kinds)}"
            return verdict(Status.MET, f"The {what} asked for {of} was opened.", began, *opened)
        waiting = [each for each in mine.values() if each.granted is not None and each.of == of]
        if waiting:
            first = min(waiting, key=lambda each: each.position)
            when = said(asked.day(first.from_))
            reason = f"For {of} access was granted from {when}; nothing shows yet that it was opened."
            return verdict(Status.NO_EVIDENCE, reason, began, first.position, first.granted or first.position)
        what = "access" if kinds is None else f"access to {_said(kinds)}"
        return verdict(Status.NO_EVIDENCE, f"Nothing recorded shows {what} for {of}.", began)

    def _limit(self, asked: ClauseQuestion, each: _Access) -> date | None:
        """The day by which a grant has to be opened; None: no clause says so."""
        days = min(asked.number_of("within_working_days", -1), 366)
        return working_days_after(asked.day(each.from_), days) if days >= 0 and each.granted is not None else None

    def _fault(self, asked: ClauseQuestion, name: str, mine: dict[str, _Access], at: datetime) -> Verdict | None:
        """What is wrong with one request; None: nothing, or nothing yet."""
        each, fault = mine[name], ""
        limit = self._limit(asked, each)
        if each.refused is not None:
            fault = "" if self._again(each, mine) else f"Access {name} was refused."
        elif each.granted is None:
            fault = f"Access {name} was asked for and has not been decided on." if at >= each.from_ else ""
        elif each.provided is None and limit is not None and asked.day(at) > limit:
            fault = f"Access {name} was to be opened by {said(limit)}, and was not."
        elif each.provided is None and at >= each.until:
            fault = f"Access {name} was granted and ended without having been opened."
        entries = [entry for entry in (each.position, each.granted, each.refused) if entry is not None]
        return verdict(Status.NOT_MET, fault, *entries) if fault else None

    def _again(self, refused: _Access, mine: dict[str, _Access]) -> bool:
        """Whether the same kind was granted for the same review all the same."""
        same = [each for each in mine.values() if (each.of, each.kind) == (refused.of, refused.kind)]
        return any(each.granted and (each.revoked is None or each.provided is not None) for each in same)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """When the windows asked for and granted begin and end, and after the days by which grants are opened."""
        for each in self.requests.values():
            if each.refused is None and each.provided is None:
                yield each.from_
                yield each.until
                limit = self._limit(asked, each)
                if limit is not None:
                    yield asked.after(limit)


def _said(kinds: list[str]) -> str:
    return listed(kind.replace("_", " ").lower() for kind in kinds if kind != "OTHER" or len(kinds) == 1)


class AccessOfKinds(AccessProvidedRule):
    """The same of certain kinds of access, each line of the checklist 9a to 9d."""

    def _kinds(self, asked: ClauseQuestion) -> list[str] | None:
        return asked.words("kinds")
