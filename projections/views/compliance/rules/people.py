"""Rules of those who take part: the adviser, partners, staff and children, and the ministers' side."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.actions import ActionAdded
from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.areas.engagement import ViewsConsidered, ViewsGathered
from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided, InterventionEnded
from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
)
from ledger.domain.fact import Fact
from projections.views.compliance.verdict import (
    DAY,
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    listed,
    said,
    verdict,
)


class _Post(Struct):
    adviser: str
    first: date
    last: date | None
    position: int
    released: int | None = None


class AdviserInPost(Rule):
    """An adviser is in post until the Department releases them; a gap that nobody declared is a breach."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({AdviserAppointed, AdviserReplaced, AdviserReleased})
    posts: dict[str, _Post] = field(default_factory=dict)
    """Appointment → who holds it, or held it last, and since when it has been held without a break."""

    def take(self, happening: Occurrence) -> None:
        """Keeps each appointment; whoever replaces an adviser carries the appointment on."""
        fact, position = happening.fact, happening.position
        match fact:
            case AdviserAppointed():
                self.posts[fact.appointment] = _Post(fact.adviser, fact.first, fact.last, position)
            case AdviserReplaced() if fact.appointment in self.posts:
                held = self.posts[fact.appointment]
                held.adviser, held.position = fact.adviser, position
            case AdviserReleased() if fact.appointment in self.posts:
                held = self.posts[fact.appointment]
                held.last, held.released = fact.last, position

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """MET while somebody is in post; NOT_DUE after a release; NOT_MET where an appointment just ran out."""
        today = asked.day(at)
        held = [
            post
            for post in self.posts.values()
            if post.first <= today and (post.last is None or today <= post.last)
        ]
        if held:
            advisers = listed(sorted(post.adviser for post in held))
            return verdict(
                Status.MET, f"The post of adviser is held by {advisers}.", *(post.position for post in held)
            )
        over = [post for post in self.posts.values() if post.last is not None and post.last < today]
        if over:
            last = max(over, key=lambda post: post.last or today)
            ended = said(last.last or today)
            if last.released is not None:
                return verdict(Status.NOT_DUE, f"The Department released the adviser on {ended}.", last.released)
            reason = f"Nobody has advised since {said((last.last or today) + DAY)}, and nobody was released."
            return verdict(Status.NOT_MET, reason, last.position)
        coming = min(self.posts.values(), key=lambda post: post.first, default=None)
        if coming is not None:
            reason = f"The adviser appointed, {coming.adviser}, begins on {said(coming.first)}."
            return verdict(Status.NOT_DUE, reason, coming.position)
        return verdict(Status.NO_EVIDENCE, "No adviser has been appointed.")

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """First days, and the days after last days."""
        found = [asked.start(post.first) for post in self.posts.values()]
        return found + [asked.after(post.last) for post in self.posts.values() if post.last is not None]


class _Contribution(Struct):
    due: date
    position: int
    missed: int | None = None


class PartnerActionsOwned(Rule):
    """Each partner has promised something that somebody there answers for, and none of it is overdue."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {PartnerRegistered, ContributionCommitted, ContributionReceived, ContributionMissed, ActionAdded}
    )
    partners: dict[str, int] = field(default_factory=dict)
    """Partner → the entry that registered it."""
    owned: dict[str, int] = field(default_factory=dict)
    """Partner → the entry of the latest that it answers for."""
    open: dict[str, _Contribution] = field(default_factory=dict)

    def take(self, happening: Occurrence) -> None:
        """Keeps what each partner answers for, and what has not come yet."""
        fact, position = happening.fact, happening.position
        match fact:
            case PartnerRegistered():
                self.partners[fact.partner] = position
            case ContributionCommitted():
                self.owned[fact.partner] = position
                self.open[fact.contribution] = _Contribution(fact.due, position)
            case ContributionReceived():
                self.open.pop(fact.contribution, None)
            case ContributionMissed() if fact.contribution in self.open:
                self.open[fact.contribution].missed = position
            case ActionAdded() if fact.partner is not None:
                self.owned[fact.partner] = position

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_MET while a contribution is overdue; NO_EVIDENCE of a partner that answers for nothing."""
        if not self.partners:
            return verdict(Status.NO_EVIDENCE, "No partner is registered.")
        today = asked.day(at)
        late = [(c.due, name, c) for name, c in self.open.items() if c.due < today or c.missed is not None]
        if late:
            due, name, contribution = min(late, key=lambda each: each[:2])
            reason = f"Contribution {name} was due on {said(due)} and has not been received."
            missed = [contribution.missed] if contribution.missed is not None else []
            return verdict(Status.NOT_MET, reason, contribution.position, *missed)
        without = {partner: position for partner, position in self.partners.items() if partner not in self.owned}
        if without:
            reason = f"Of {listed(sorted(without))} no action or contribution is recorded."
            return verdict(Status.NO_EVIDENCE, reason, *without.values())
        return verdict(
            Status.MET, "What every partner answers for is received or not due yet.", *self.owned.values()
        )

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """The day after the next contribution is due, while none is late."""
        today = asked.day(at)
        if any(c.due < today or c.missed is not None for c in self.open.values()):
            return ()
        coming = min((c.due for c in self.open.values()), default=None)
        return () if coming is None else (asked.after(coming),)


class _Gathering(Struct):
    views: str
    at: datetime
    position: int


class ViewsConsideredRule(Rule):
    """The views of each group that were gathered last were considered, and what followed was said."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({ViewsGathered, ViewsConsidered})
    gathered: dict[str, _Gathering] = field(default_factory=dict)
    """Group → its latest gathering."""
    considered: dict[str, int] = field(default_factory=dict)
    """Gathering → the entry that considered it last."""

    def take(self, happening: Occurrence) -> None:
        """Keeps the latest gathering of each group, and which were considered."""
        fact, position = happening.fact, happening.position
        match fact:
            case ViewsGathered():
                self.gathered[fact.group.value] = _Gathering(fact.views, happening.at, position)
            case ViewsConsidered():
                self.considered[fact.views] = position

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NO_EVIDENCE of a group nobody asked; AT_RISK while views wait; MET when all were considered."""
        groups = asked.words("groups")
        unheard = [group for group in groups if group not in self.gathered]
        known = [gathering.position for gathering in self.gathered.values()]
        if unheard:
            who = listed(group.replace("_", " ").lower() for group in unheard)
            return verdict(Status.NO_EVIDENCE, f"No views of {who} have been gathered.", *known)
        waiting = [self.gathered[group] for group in groups if self.gathered[group].views not in self.considered]
        if waiting:
            first = min(waiting, key=lambda gathering: gathering.at)
            reason = f"Views {first.views}, gathered on {said(asked.day(first.at))}, have not been considered."
            return verdict(Status.AT_RISK, reason, first.position)
        considered = [self.considered[self.gathered[group].views] for group in groups]
        return verdict(Status.MET, "The views gathered last of each group were considered.", *known, *considered)


class Escalation(Rule):
    """Whether ministers have used their powers; the ledger never infers that they will."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({ConcernRaised, InterventionDecided, InterventionEnded})
    concerns: dict[str, int] = field(default_factory=dict)
    interventions: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Intervention that has not ended → its power, and the entry."""

    def take(self, happening: Occurrence) -> None:
        """Keeps concerns and the interventions that hold."""
        fact, position = happening.fact, happening.position
        match fact:
            case ConcernRaised():
                self.concerns[fact.concern] = position
            case InterventionDecided():
                self.interventions[fact.intervention] = (fact.power, position)
            case InterventionEnded():
                self.interventions.pop(fact.intervention, None)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """MET while an intervention holds: the power was used; NOT_DUE before, with what led there."""
        if self.interventions:
            powers = listed(sorted({power for power, _ in self.interventions.values()}))
            positions = [position for _, position in self.interventions.values()]
            return verdict(
                Status.MET, f"Ministers have intervened: {powers}.", *positions, *self.concerns.values()
            )
        if self.concerns:
            named = listed(sorted(self.concerns))
            reason = f"The ministers' side has raised a concern ({named}) and has not intervened."
            return verdict(Status.NOT_DUE, reason, *self.concerns.values())
        return verdict(Status.NOT_DUE, "The ministers' side has raised no concern.")


class Context(Rule):
    """A clause that introduces others and asks nothing itself."""

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """Always NOT_DUE."""
        return verdict(Status.NOT_DUE, "The clause introduces others and asks nothing itself.")
