"""Tenures of chairs, roles and posts, and the judges of posts."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.duties import PostFilled, PostVacated
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.roles import Role
from ledger.domain.rules import duties, oversight
from ledger.domain.terms import lies_in_term
from projections.views.compliance.verdict import (
    DAY,
    Judge,
    JudgedClause,
    Occurrence,
    Status,
    Verdict,
    days_in_words,
    enumerate_names,
    in_words,
    is_near,
    verdict,
    warned,
)


class PostPeriod(Protocol):
    """A person's period in a post, from the first to the last day, both included."""

    first: date
    last: date | None
    position: int
    ended: int | None
    """Position of the entry that ended the period; None if the appointment set its last day, or if open."""


class PostGap(NamedTuple):
    """A vacancy between two periods in a post."""

    days: str
    """First and last day of the vacancy, in words."""
    entries: tuple[int, int]
    """Entries of the periods before and after the vacancy."""


def vacancies(tenures: Iterable[PostPeriod]) -> Iterator[PostGap]:
    """Yield each vacancy between two periods in a post, in order of time."""
    before: PostPeriod | None = None
    for tenure in sorted(tenures, key=lambda each: each.first):
        if before is not None and before.last is not None and tenure.first > before.last + DAY:
            first, last = in_words(before.last + DAY), in_words(tenure.first - DAY)
            days = f"on {first}" if first == last else f"from {first} to {last}"
            yield PostGap(days, (before.ended or before.position, tenure.position))
        if before is None or (before.last is not None and (tenure.last is None or tenure.last > before.last)):
            before = tenure


class ChairTenure(Struct):
    """A person's period as chair, from the first to the last day, both included."""

    chair: str
    first: date
    last: date | None
    independent: bool
    position: int
    ended: int | None = None
    """Position of the entry that ended the tenure; None if no entry did."""

    def covers(self, day: date) -> bool:
        """Return True if the day lies in the tenure."""
        return lies_in_term(day, self.first, self.last)


class Tenures(Struct):
    """Tenures of a board's chairs, in the order of appointment."""

    all: list[ChairTenure] = field(default_factory=list)

    def take(self, fact: ChairAppointed | ChairEnded, position: int) -> None:
        """Remember the appointment of a chair, or the end of a tenure."""
        match fact:
            case ChairAppointed():
                is_independent = fact.independence_basis is not None
                self.all.append(ChairTenure(fact.chair, fact.first, fact.last, is_independent, position))
            case ChairEnded():
                for tenure in self.all:
                    if tenure.chair == fact.chair and tenure.ended is None and tenure.covers(fact.last):
                        tenure.last, tenure.ended = fact.last, position

    def on(self, day: date) -> ChairTenure | None:
        """Return the chair's tenure on a day, or None if the chair is vacant."""
        return next((tenure for tenure in self.all if tenure.covers(day)), None)

    def chairs(self, actor: str, day: date) -> bool:
        """Return True if the actor chairs on that day."""
        return any(tenure.chair == actor and tenure.covers(day) for tenure in self.all)


class RolesHeld(Struct):
    """Every grant of a role."""

    grants: dict[str, list[tuple[str, datetime, datetime | None]]] = field(default_factory=dict)
    """Actor → each granted role, its first instant, and the instant at which it ends, if any."""

    def take(self, fact: RoleGranted | RoleRevoked, at: datetime) -> None:
        """Remember a grant of a role, or its revocation."""
        known = self.grants.setdefault(fact.actor, [])
        match fact:
            case RoleGranted():
                known.append((fact.role.value, fact.from_ or at, fact.until))
            case RoleRevoked():
                self.grants[fact.actor] = [
                    (role, first, at if role == fact.role.value and (until is None or until > at) else until)
                    for role, first, until in known
                ]

    def holds(self, actor: str, role: Role, at: datetime) -> bool:
        """Return True if the actor holds the role at that instant."""
        return any(
            name == role.value and first <= at and (until is None or at < until)
            for name, first, until in self.grants.get(actor, ())
        )


class _PostHolder(Struct):
    holder: str
    first: date
    last: date | None
    position: int
    ended: int | None = None

    def covers(self, day: date) -> bool:
        """Return True if the day lies in the holder's period in the post."""
        return lies_in_term(day, self.first, self.last)


class InPost(Judge[duties.InPost]):
    """Judge of the rule that a post is filled, by a named day if the clause names a day."""

    posts: dict[str, list[_PostHolder]] = field(default_factory=dict)
    """Post → its holders."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the holders of posts."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case PostFilled():
                holder = _PostHolder(fact.holder, fact.first, fact.last, position)
                self.posts.setdefault(fact.post, []).append(holder)
            case PostVacated():
                for holder in self.posts.get(fact.post, ()):
                    if (holder.holder, holder.ended) == (fact.holder, None) and holder.covers(fact.last):
                        holder.last, holder.ended = fact.last, position

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET or MET_LATE while the post is filled.

        Return NOT_MET while the post is vacant after a holder left, or after the day to fill it.
        """
        post, by, today = self.rule.post, self.rule.by, clause.day(at)
        holders = self.posts.get(post, [])
        current = [each for each in holders if each.covers(today)]
        if current:
            return self._filled([each for each in holders if each.first <= today], current)
        ended = [(each.last, each) for each in holders if each.last is not None and each.last < today]
        if ended:
            following = [each for each in holders if each.first > today]
            return self._vacant(*max(ended, key=lambda each: each[0]), following)
        coming = min(holders, key=lambda each: each.first, default=None)
        if by is not None and today > by:
            entry = clause.position if coming is None else coming.position
            return verdict(Status.NOT_MET, f"The post of {post} had to be filled by {in_words(by)}.", entry)
        if coming is not None:
            reason, late = f"The post of {post} is filled from {in_words(coming.first)}", 0
            if by is not None and (late := (coming.first - by).days) > 0:
                reason = f"{reason}, {days_in_words(late)} after {in_words(by)}"
            return verdict(Status.AT_RISK if late > 0 else Status.NOT_DUE, f"{reason}.", coming.position)
        if by is None:
            return verdict(Status.NO_EVIDENCE, f"No holder of the post of {post} is recorded.")
        status = Status.AT_RISK if is_near(today, by, 2) else Status.NOT_DUE
        return verdict(status, f"The post of {post} has to be filled by {in_words(by)}.", clause.position)

    def _vacant(self, day: date, last: _PostHolder, following: list[_PostHolder]) -> Verdict:
        """Return NOT_MET for a post that is vacant after `day`, and name the next holder, if any."""
        reason = f"The post of {self.rule.post} has been vacant since {in_words(day + DAY)}"
        coming = min(following, key=lambda each: each.first, default=None)
        if coming is None:
            return verdict(Status.NOT_MET, f"{reason}.", last.ended or last.position)
        reason = f"{reason} and is filled from {in_words(coming.first)}."
        return verdict(Status.NOT_MET, reason, last.ended or last.position, coming.position)

    def _filled(self, holders: list[_PostHolder], current: list[_PostHolder]) -> Verdict:
        names = enumerate_names(sorted(each.holder for each in current))
        entries = [each.position for each in current]
        first = min(holders, key=lambda each: each.first)
        late = 0 if self.rule.by is None else (first.first - self.rule.by).days
        breaches = []
        if late > 0:
            breaches.append(f"first filled {days_in_words(late)} late")
            entries.append(first.position)
        gaps = list(vacancies(holders))
        if gaps:
            breaches.append(f"vacant {', and '.join(gap.days for gap in gaps)}")
            entries += [entry for gap in gaps for entry in gap.entries]
        reason = f"The post of {self.rule.post} is held by {names}"
        reason = f"{reason}; it was {', and was '.join(breaches)}." if breaches else f"{reason}."
        return verdict(Status.MET_LATE if late > 0 else Status.MET, reason, *entries)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which holders begin or leave, or the day to fill the post nears or passes."""
        holders = self.posts.get(self.rule.post, [])
        moments = [clause.start(each.first) for each in holders]
        moments += [clause.after(each.last) for each in holders if each.last is not None]
        return moments + (warned(clause, self.rule.by, 2) if self.rule.by is not None else [])


class _Holder(Struct):
    adviser: str
    first: date
    position: int


class _AdviserPeriod(Struct):
    """The period of one appointment, in which the post of adviser is filled."""

    first: date
    last: date | None
    position: int
    ended: int | None


class _Appointment(Struct):
    holders: list[_Holder]
    """Advisers under the appointment; each holds the post until the next adviser's first day."""
    last: date | None
    released: int | None = None

    def on(self, day: date) -> _Holder | None:
        """Return the adviser in post on a day, or None if there is no adviser."""
        if self.last is not None and day > self.last:
            return None
        return max((each for each in self.holders if each.first <= day), key=_since, default=None)

    def term(self) -> _AdviserPeriod:
        """Return the whole period of the appointment, in which an adviser is always in post."""
        first = min(self.holders, key=_since)
        return _AdviserPeriod(first.first, self.last, first.position, self.released)


def _since(holder: _Holder) -> tuple[date, int]:
    return holder.first, holder.position


class AdviserInPost(Judge[oversight.AdviserInPost]):
    """Judge of the rule that an adviser is in post until the Department releases them."""

    appointments: dict[str, _Appointment] = field(default_factory=dict)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the appointments. An adviser who replaces another continues the same appointment."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case AdviserAppointed():
                holder = _Holder(fact.adviser, fact.first, position)
                self.appointments[fact.appointment] = _Appointment([holder], fact.last)
            case AdviserReplaced() if fact.appointment in self.appointments:
                self.appointments[fact.appointment].holders.append(_Holder(fact.adviser, fact.first, position))
            case AdviserReleased() if fact.appointment in self.appointments:
                appointment = self.appointments[fact.appointment]
                appointment.last, appointment.released = fact.last, position

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET while an adviser is in post, NOT_DUE after a release, and NOT_MET if a term ran out."""
        today, known = clause.day(at), list(self.appointments.values())
        holders = [holder for each in known if (holder := each.on(today)) is not None]
        if holders:
            names = enumerate_names(sorted(holder.adviser for holder in holders))
            gaps = list(vacancies(term for each in known if (term := each.term()).first <= today))
            entries = [holder.position for holder in holders] + [entry for gap in gaps for entry in gap.entries]
            vacant = f"; it was vacant {enumerate_names(gap.days for gap in gaps)}" if gaps else ""
            return verdict(Status.MET, f"The post of adviser is held by {names}{vacant}.", *entries)
        over = [(each.last, each) for each in known if each.last is not None and each.last < today]
        if over:
            day, last = max(over, key=lambda each: each[0])
            if last.released is not None:
                reason = f"The Department released the adviser on {in_words(day)}."
                return verdict(Status.NOT_DUE, reason, last.released)
            reason = f"The post of adviser has been vacant since {in_words(day + DAY)}, without a release."
            return verdict(Status.NOT_MET, reason, last.holders[-1].position)
        coming = min((holder for each in known for holder in each.holders), key=_since, default=None)
        if coming is not None:
            reason = f"The adviser {coming.adviser} begins on {in_words(coming.first)}."
            return verdict(Status.NOT_DUE, reason, coming.position)
        return verdict(Status.NO_EVIDENCE, "No adviser has been appointed.")

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which advisers begin, and at which appointments end."""
        moments = [clause.start(holder.first) for each in self.appointments.values() for holder in each.holders]
        return moments + [clause.after(each.last) for each in self.appointments.values() if each.last is not None]
