"""Judges of rules on access: the access that reviewers request is granted and opened in time."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TypeVar

from msgspec import Struct, field, structs

from ledger.domain.areas.access import (
    AccessExtended,
    AccessGranted,
    AccessKind,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
)
from ledger.domain.areas.reviews import DiagnosticReported, ReviewCompleted
from ledger.domain.calendar import working_days_after
from ledger.domain.fact import Fact
from ledger.domain.rules import oversight
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    in_words,
    verdict,
    word_in_text,
)

R = TypeVar("R", oversight.AccessIsProvided, oversight.AccessOfKinds)
_MOST = 5
"""Maximum number of requests that a verdict names."""


class _Access(Struct, frozen=True):
    """A request for access, and its outcome."""

    number: int
    """Place among the requests, in the order in which their ids were first used."""
    purpose: str
    """The review or diagnostic for which access is requested, such as `review R1`."""
    requested: datetime
    kind: AccessKind
    from_: datetime
    until: datetime
    position: int
    granted: int | None = None
    refused: int | None = None
    revoked: int | None = None

    @property
    def entries(self) -> list[int]:
        """Entries of the request and of the decisions on it."""
        known = (self.position, self.granted, self.refused, self.revoked)
        return [entry for entry in known if entry is not None]


class _AccessJudge(Judge[R]):
    requests: dict[str, _Access] = field(default_factory=dict)
    opened: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Request → the instant and the entry of its first opening."""
    ended: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Review or diagnostic that ended → the instant and the entry of its end."""
    by_purpose: dict[str, set[str]] = field(default_factory=dict)
    """Review or diagnostic → its requests."""
    latest: dict[AccessKind, tuple[int, str]] = field(default_factory=dict)
    """Kind of access → the entry and the purpose of its latest request."""
    unsettled: set[str] = field(default_factory=set)
    """Requests that have or may still get a fault, as `_settle` finds."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember requests, the decisions on them, the openings of access, and the ends of reviews."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ReviewCompleted():
                self.ended[f"review {fact.review}"] = (occurrence.at, position)
            case DiagnosticReported():
                self.ended[f"diagnostic {fact.diagnostic}"] = (occurrence.at, position)
            case AccessRequested():
                purpose = f"review {fact.review}" if fact.review is not None else f"diagnostic {fact.diagnostic}"
                before = self.requests.get(fact.request)
                number = len(self.requests) if before is None else before.number
                self.requests[fact.request] = _Access(
                    number, purpose, occurrence.at, fact.kind, fact.from_, fact.until, position
                )
                self._index(fact.request, before)
                return before is not None or self._counts(fact.request)
            case AccessProvided() | AccessUsed():
                if fact.request in self.opened:
                    return False
                self.opened[fact.request] = (occurrence.at, position)
                self._settle(fact.request)
                return self._counts(fact.request)
            case _:
                return self._decide(fact, position)
        return None

    def _index(self, name: str, before: _Access | None) -> None:
        """Add a request to the indexes by purpose and by kind.

        Args:
            name: Id of the request.
            before: Earlier request with the same id, which the new request replaces; None for a new id.
        """
        if before is not None:
            self.by_purpose[before.purpose].discard(name)
            self.latest.clear()
        for each in [self.requests[name]] if before is None else self.requests.values():
            self.latest[each.kind] = max((each.position, each.purpose), self.latest.get(each.kind, (0, "")))
        self.by_purpose.setdefault(self.requests[name].purpose, set()).add(name)
        self._settle(name)

    def _settle(self, name: str) -> None:
        """Add a request to `unsettled` if it can still have a fault, else remove it.

        A request has no fault if it was not refused and access was opened before its review or diagnostic ended.
        """
        access = self.requests.get(name)
        if access is None:
            return
        opened, ended = self.opened.get(name), self.ended.get(access.purpose)
        is_in_time = opened is not None and (ended is None or access.requested > ended[0] or opened[0] <= ended[0])
        if is_in_time and access.refused is None:
            self.unsettled.discard(name)
        else:
            self.unsettled.add(name)

    def _decide(self, fact: Fact, position: int) -> bool | None:
        name = getattr(fact, "request", "")
        access = self.requests.get(name)
        if access is None:
            return False
        match fact:
            case AccessGranted():
                access = structs.replace(access, from_=fact.from_, until=fact.until, granted=position)
            case AccessRefused():
                access = structs.replace(access, refused=position)
            case AccessExtended():
                access = structs.replace(access, until=fact.until)
            case AccessRevoked():
                access = structs.replace(access, revoked=position)
            case _:
                return False
        self.requests[name] = access
        self._settle(name)
        return self._counts(name)

    def _counts(self, name: str) -> bool:
        """Return True if the clause covers the request's kind, or if the request is not recorded yet."""
        kinds = self._kinds()
        return kinds is None or name not in self.requests or self.requests[name].kind in kinds

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return the requests among `names` whose kind the clause covers, in the order of their numbers."""
        return sorted(filter(self._counts, names), key=lambda name: self.requests[name].number)

    def _kinds(self) -> Sequence[AccessKind] | None:
        """Return the kinds of access that the clause names, or None if it covers every kind."""
        return None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET for a fault in a running review, else the verdict on the review of the latest request.

        Diagnostics count as reviews here. A fault of an earlier review remains while requests wait, until access
        for a later review is opened.
        """
        kinds = self._kinds()
        _, latest = max(
            (each for kind, each in self.latest.items() if kinds is None or kind in kinds), default=(0, "")
        )
        if not latest:
            return verdict(Status.NOT_DUE, f"No {_access(kinds)} has been requested.")
        unsettled = self._in_order(self.unsettled)
        faults = {name: fault for name in unsettled if (fault := self._fault(clause, name, at)) is not None}
        faulty = [name for name in faults if self.requests[name].purpose not in self.ended]
        if faulty:
            return self._not_given("Access ", {name: faults[name] for name in faulty})
        if any(self.requests[name].purpose == latest for name in faults):
            return self._not_given_for(latest, faults)
        requests = {name: self.requests[name] for name in self._in_order(self.by_purpose[latest])}
        result = self._latest(clause, at, requests)
        if not faults:
            return result
        if result.status in (Status.NOT_DUE, Status.NO_EVIDENCE):
            failed = self._not_cured(clause, at, faults)
            if failed is not None:
                return self._not_given_for(failed, faults)
        earlier = sorted(f"{name} for {self.requests[name].purpose}" for name in faults)
        reason = f"{result.reason} Not given earlier: {enumerate_names(earlier)}."
        return verdict(result.status, reason, *result.entries)

    def _not_cured(self, clause: JudgedClause, at: datetime, faults: Iterable[str]) -> str | None:
        """Return the latest review whose access has a fault, or None if access for a later review was opened."""
        failed = {self.requests[name].purpose for name in faults}
        for name in sorted(self._in_order(self.requests), key=lambda name: -self.requests[name].position):
            purpose = self.requests[name].purpose
            if purpose in failed:
                return purpose
            requests = {each: self.requests[each] for each in self._in_order(self.by_purpose[purpose])}
            if self._latest(clause, at, requests).status in (Status.MET, Status.MET_LATE):
                return None
        return None

    def _not_given_for(self, purpose: str, faults: dict[str, str]) -> Verdict:
        """Return NOT_MET with the faults of a review or diagnostic that has ended."""
        faulty = {name: fault for name, fault in faults.items() if self.requests[name].purpose == purpose}
        return self._not_given(f"Access was not given for {purpose}: ", faulty, self.ended[purpose][1])

    def _not_given(self, begin: str, faults: dict[str, str], *entries: int) -> Verdict:
        """Return NOT_MET with the faults of requests."""
        names = list(faults)[:_MOST]
        listed = "; ".join(f"{name} {faults[name]}" for name in names)
        more = f"; {len(faults) - _MOST} more were not given" if len(faults) > _MOST else ""
        requests = (entry for name in names for entry in self.requests[name].entries)
        return verdict(Status.NOT_MET, f"{begin}{listed}{more}.", *requests, *entries)

    def _latest(self, clause: JudgedClause, at: datetime, requests: dict[str, _Access]) -> Verdict:
        """Return the verdict on requests without a fault, all for one review or diagnostic."""
        purpose = next(iter(requests.values())).purpose
        open_ = {name: each for name, each in requests.items() if each.refused is None and each.revoked is None}
        waiting = [(each.from_, name, each) for name, each in open_.items() if name not in self.opened]
        if waiting:
            from_, name, access = min(waiting, key=lambda each: each[:2])
            day = in_words(clause.day(from_))
            if access.granted is None:
                reason = f"Access {name} for {purpose} has to be decided on by {day}."
                return verdict(Status.NOT_DUE, reason, access.position)
            if at < access.from_:
                reason = f"Access {name} for {purpose} is granted from {day}."
                return verdict(Status.NOT_DUE, reason, *access.entries)
            reason = f"Access {name} for {purpose} is granted from {day}; no entry shows that it was opened."
            return verdict(Status.NO_EVIDENCE, reason, *access.entries)
        opened: dict[str, tuple[datetime, int]] = {
            name: self.opened[name] for name in requests if name in self.opened
        }
        entries = [*(each.position for each in requests.values()), *(entry for _, entry in opened.values())]
        late = [
            (days, name)
            for name, (opened_at, _) in opened.items()
            if (limit := self._limit(clause, requests[name])) is not None
            and (days := (clause.day(opened_at) - limit).days) > 0
        ]
        requested = {each.kind for each in requests.values()}
        kinds = self._kinds()
        named = None if kinds is None else [kind for kind in kinds if kind in requested]
        what = f"The {_access(named)} requested for {purpose} was opened"
        if late:
            days, name = max(late)
            return verdict(Status.MET_LATE, f"{what}; {name} {days_in_words(days)} late.", *entries)
        return verdict(Status.MET, f"{what}.", *entries)

    def _limit(self, clause: JudgedClause, access: _Access) -> date | None:
        """Return the last day to open granted access, or None if it is not granted or has no limit."""
        days = self.rule.within_working_days
        if days is None or access.granted is None:
            return None
        return working_days_after(clause.day(access.from_), min(days, 366))

    def _fault(self, clause: JudgedClause, name: str, at: datetime) -> str | None:
        """Return the fault of a request in words, or None if it has no fault so far."""
        access, is_opened = self.requests[name], name in self.opened
        limit = self._limit(clause, access)
        if access.refused is not None or (access.revoked is not None and not is_opened):
            decision = "was refused" if access.refused is not None else "was revoked before it was opened"
            return None if self._is_replaced(clause, name, at) else decision
        if not is_opened and access.granted is None and at >= access.from_:
            return "was requested and not decided on in time"
        if not is_opened and limit is not None and clause.day(at) > limit:
            return f"had to be opened by {in_words(limit)}"
        if not is_opened and access.granted is not None and at >= access.until:
            return "was granted and ended without being opened"
        return self._missed(clause, name)

    def _missed(self, clause: JudgedClause, name: str) -> str | None:
        """Return a fault if access was not opened by the day of its review's or diagnostic's end, else None."""
        access = self.requests[name]
        ended, _ = self.ended.get(access.purpose, (None, 0))
        if ended is None or access.requested > ended:
            return None
        opened, _ = self.opened.get(name, (None, 0))
        if opened is None:
            done = "decided on" if access.granted is None else "opened"
            return f"was not {done} before the {access.purpose.partition(' ')[0]} ended"
        days = (clause.day(opened) - clause.day(ended)).days
        return f"was opened {days_in_words(days)} after the end" if days > 0 else None

    def _is_replaced(self, clause: JudgedClause, name: str, at: datetime) -> bool:
        """Return True if access of the same kind and purpose was granted after the request, without a fault."""
        access = self.requests[name]
        return any(
            each.refused is None
            and each.granted is not None
            and each.granted > access.position
            and (each.revoked is None or other in self.opened)
            and self._fault(clause, other, at) is None
            for other, each in self.requests.items()
            if other != name and (each.purpose, each.kind) == (access.purpose, access.kind)
        )

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Yield the instants at which requested access begins, ends or passes its last day to open."""
        for name in self.unsettled:
            each = self.requests[name]
            if each.refused is None and name not in self.opened and self._counts(name):
                yield each.from_
                yield each.until
                limit = self._limit(clause, each)
                if limit is not None:
                    yield clause.after(limit)


def _access(kinds: Sequence[AccessKind] | None) -> str:
    """Return the named kinds of access in words; None means every kind."""
    if kinds is None:
        return "access"
    named = [kind.value for kind in kinds if kind is not AccessKind.OTHER or len(kinds) == 1]
    return f"access to {enumerate_names(map(word_in_text, named))}"


class AccessIsProvided(_AccessJudge[oversight.AccessIsProvided]):
    """Judge of the rule that access requested by reviewers is granted and opened in time."""


class AccessOfKinds(_AccessJudge[oversight.AccessOfKinds]):
    """Judge of the rule that access of the named kinds is granted and opened in time."""

    def _kinds(self) -> Sequence[AccessKind] | None:
        return self.rule.kinds
