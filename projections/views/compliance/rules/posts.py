"""Tenures of the chair, roles and posts, day by day, and the judge of a post."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct, field

from ledger.domain.areas.board import ChairAppointed, ChairEnded
from ledger.domain.areas.duties import PostFilled, PostVacated
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.roles import Role
from ledger.domain.rules import duties
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


class ChairTenure(Struct):
    """A time in the chair; both days are included."""

    chair: str
    first: date
    last: date | None
    independent: bool
    position: int
    ended: int | None = None
    """Entry that ended it."""

    def covers(self, day: date) -> bool:
        """Return True if the day lies in the tenure."""
        return self.first <= day and (self.last is None or day <= self.last)


class Tenures(Struct):
    """Every tenure in the chair, in the order of appointment."""

    all: list[ChairTenure] = field(default_factory=list)

    def take(self, fact: ChairAppointed | ChairEnded, position: int) -> None:
        """Remember an appointment or its end."""
        match fact:
            case ChairAppointed():
                is_independent = fact.independence_basis is not None
                self.all.append(ChairTenure(fact.chair, fact.first, fact.last, is_independent, position))
            case ChairEnded():
                for tenure in self.all:
                    if tenure.chair == fact.chair and tenure.last is None:
                        tenure.last, tenure.ended = fact.last, position

    def on(self, day: date) -> ChairTenure | None:
        """Return the tenure on a day; None: the chair is vacant."""
        return next((tenure for tenure in self.all if tenure.covers(day)), None)

    def chairs(self, actor: str, day: date) -> bool:
        """Return True if the actor chairs on that day."""
        return any(tenure.chair == actor and tenure.covers(day) for tenure in self.all)


class RolesHeld(Struct):
    """Every grant of a role."""

    grants: dict[str, list[tuple[str, datetime, datetime | None]]] = field(default_factory=dict)
    """Actor → the role, its first instant, and the instant from which it no longer holds."""

    def take(self, fact: RoleGranted | RoleRevoked, at: datetime) -> None:
        """Remember a grant or its end."""
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
    vacated: int | None = None


def _vacancies(holders: Iterable[_PostHolder]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the days of each vacancy between two holders in words, and the entries before and after it."""
    before: _PostHolder | None = None
    for holder in sorted(holders, key=lambda each: each.first):
        if before is not None and before.last is not None and holder.first > before.last + DAY:
            first, last = in_words(before.last + DAY), in_words(holder.first - DAY)
            days = f"on {first}" if first == last else f"from {first} to {last}"
            yield days, (before.vacated or before.position, holder.position)
        if before is None or (before.last is not None and (holder.last is None or holder.last > before.last)):
            before = holder


class InPost(Judge[duties.InPost]):
    """A post is filled, by its day if one is named."""

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
                    if holder.holder == fact.holder and (holder.last is None or holder.last > fact.last):
                        holder.last, holder.vacated = fact.last, position

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET while the post is filled, NOT_MET when it is vacant after its day."""
        post, by, today = self.rule.post, self.rule.by, clause.day(at)
        holders = self.posts.get(post, [])
        current = [each for each in holders if each.first <= today and (each.last is None or today <= each.last)]
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
        """Return NOT_MET for a post that became vacant after a day, with the holder to come."""
        reason = f"The post of {self.rule.post} has been vacant since {in_words(day + DAY)}"
        coming = min(following, key=lambda each: each.first, default=None)
        if coming is None:
            return verdict(Status.NOT_MET, f"{reason}.", last.vacated or last.position)
        reason = f"{reason} and is filled from {in_words(coming.first)}."
        return verdict(Status.NOT_MET, reason, last.vacated or last.position, coming.position)

    def _filled(self, holders: list[_PostHolder], current: list[_PostHolder]) -> Verdict:
        names = enumerate_names(sorted(each.holder for each in current))
        entries = [each.position for each in current]
        first = min(holders, key=lambda each: each.first)
        late = 0 if self.rule.by is None else (first.first - self.rule.by).days
        breaches = []
        if late > 0:
            breaches.append(f"first filled {days_in_words(late)} late")
            entries.append(first.position)
        gaps = list(_vacancies(holders))
        if gaps:
            breaches.append(f"vacant {', and '.join(words for words, _ in gaps)}")
            entries += [entry for _, of_gap in gaps for entry in of_gap]
        reason = f"The post of {self.rule.post} is held by {names}"
        reason = f"{reason}; it was {', and was '.join(breaches)}." if breaches else f"{reason}."
        return verdict(Status.MET_LATE if late > 0 else Status.MET, reason, *entries)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the first days, the days after last days, and the days around the last day to fill it."""
        holders = self.posts.get(self.rule.post, [])
        moments = [clause.start(each.first) for each in holders]
        moments += [clause.after(each.last) for each in holders if each.last is not None]
        return moments + (warned(clause, self.rule.by, 2) if self.rule.by is not None else [])
