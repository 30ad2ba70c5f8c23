"""Rules of reviews: held in time, on every topic, with access given, and the council's own assessment before."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
)
from ledger.domain.fact import Fact
from projections.views.compliance.rules.plan import WARNING_DAYS
from projections.views.compliance.verdict import (
    DAY,
    ClauseQuestion,
    Occurrence,
    Rule,
    Status,
    Verdict,
    listed,
    months_after,
    said,
    verdict,
)


class ReviewInterval(Rule):
    """A review begins at least every so many months, counted from the last one or from the notice."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({ReviewScheduled, ReviewStarted})
    last: tuple[str, datetime, int] | None = None
    """The review that began last."""
    scheduled: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Reviews that have not begun: the day set, and the entry."""

    def take(self, happening: Occurrence) -> None:
        """Keeps the last review begun and those scheduled."""
        fact, position = happening.fact, happening.position
        match fact:
            case ReviewScheduled():
                self.scheduled[fact.review] = (fact.from_, position)
            case ReviewStarted():
                self.last = (fact.review, happening.at, position)
                self.scheduled.pop(fact.review, None)

    def _limit(self, asked: ClauseQuestion) -> date:
        since = asked.since if self.last is None else self.last[1]
        return months_after(asked.day(since), asked.number_of("at_most_months", 6))

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE until the first is, NOT_MET from the day after; AT_RISK four weeks before, unless scheduled."""
        today, limit = asked.day(at), self._limit(asked)
        base = [self.last[2]] if self.last else [asked.position]
        if today > limit:
            after = f"after {self.last[0]} " if self.last else ""
            return verdict(Status.NOT_MET, f"A review had to begin {after}by {said(limit)}.", *base)
        in_time = [position for day, position in self.scheduled.values() if day <= limit]
        if not in_time and today > limit - 4 * WARNING_DAYS * DAY:
            reason = f"A review has to begin by {said(limit)}, and none is scheduled."
            return verdict(Status.AT_RISK, reason, *base)
        if self.last is None:
            return verdict(Status.NOT_DUE, f"The first review is due by {said(limit)}.", *base)
        name, began, _ = self.last
        reason = f"Review {name} began on {said(asked.day(began))}; the next is due by {said(limit)}."
        return verdict(Status.MET, reason, *base)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """Four weeks before the next review is due, and the day after."""
        limit = self._limit(asked)
        return asked.after(limit - 4 * WARNING_DAYS * DAY), asked.after(limit)


class ReviewTopics(Rule):
    """Which of the notice's topics reviews have looked at."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({ReviewScheduled, ReviewStarted})
    topics: dict[str, list[str]] = field(default_factory=dict)
    """Review → its topics."""
    seen: dict[str, int] = field(default_factory=dict)
    """Topic → the entry by which a review of it began last."""

    def take(self, happening: Occurrence) -> None:
        """A topic was looked at once a review of it has begun."""
        fact = happening.fact
        match fact:
            case ReviewScheduled():
                self.topics[fact.review] = [topic.value for topic in fact.topics]
            case ReviewStarted():
                self.seen |= dict.fromkeys(self.topics.get(fact.review, ()), happening.position)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE names the topics that no review has looked at."""
        missing = [topic for topic in asked.words("topics") if topic not in self.seen]
        if missing:
            topics = listed(
                topic.replace("_", " ").lower().replace("multi agency", "multi-agency") for topic in missing
            )
            return verdict(Status.NOT_DUE, f"No review has looked at {topics}.", *self.seen.values())
        return verdict(Status.MET, "Reviews have looked at every topic of the notice.", *self.seen.values())


class _Diagnostic(Struct):
    due: date | None
    position: int
    agreed: int | None = None
    reported: int | None = None


class DiagnosticAgreed(Rule):
    """Each diagnostic that was required has an agreed provider, and reported in time."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {DiagnosticRequired, DiagnosticProviderAgreed, DiagnosticReported}
    )
    diagnostics: dict[str, _Diagnostic] = field(default_factory=dict)

    def take(self, happening: Occurrence) -> None:
        """Keeps how far each diagnostic is."""
        fact, position = happening.fact, happening.position
        match fact:
            case DiagnosticRequired():
                self.diagnostics[fact.diagnostic] = _Diagnostic(fact.due, position)
            case DiagnosticProviderAgreed() if fact.diagnostic in self.diagnostics:
                self.diagnostics[fact.diagnostic].agreed = position
            case DiagnosticReported() if fact.diagnostic in self.diagnostics:
                self.diagnostics[fact.diagnostic].reported = position

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE while none is required or one runs; NOT_MET (never of a MAY) when one is overdue."""
        if not self.diagnostics:
            return verdict(Status.NOT_DUE, "No diagnostic has been required.")
        today = asked.day(at)
        running = [(d.due or date.max, name, d) for name, d in self.diagnostics.items() if d.reported is None]
        if running:
            due, name, diagnostic = min(running, key=lambda each: each[:2])
            entries = [each for each in (diagnostic.position, diagnostic.agreed) if each is not None]
            if due < today:
                reason = f"Diagnostic {name} was due on {said(due)} and has not reported."
                return verdict(Status.NOT_MET, reason, *entries)
            who = "runs" if diagnostic.agreed is not None else "has no agreed provider yet"
            return verdict(Status.NOT_DUE, f"Diagnostic {name} {who}.", *entries)
        reported = [d.reported for d in self.diagnostics.values() if d.reported is not None]
        return verdict(Status.MET, "Every diagnostic required has reported.", *reported)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """The days after running diagnostics are due."""
        return [asked.after(d.due) for d in self.diagnostics.values() if d.reported is None and d.due is not None]


class _Review(Struct):
    review: str
    from_: date
    position: int
    started: tuple[datetime, int] | None = None
    assessed: tuple[datetime, int] | None = None
    parts: list[str] = field(default_factory=list)


class AssessmentBeforeReview(Rule):
    """The council gives its own assessment before a review begins."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {ReviewScheduled, ReviewStarted, ReviewCompleted, PreReviewAssessmentSubmitted}
    )
    reviews: dict[str, _Review] = field(default_factory=dict)

    def take(self, happening: Occurrence) -> None:
        """Keeps when each review began and was assessed."""
        fact, when = happening.fact, (happening.at, happening.position)
        match fact:
            case ReviewScheduled():
                self.reviews[fact.review] = _Review(fact.review, fact.from_, happening.position)
            case ReviewStarted() if fact.review in self.reviews:
                self.reviews[fact.review].started = when
            case PreReviewAssessmentSubmitted() if fact.review in self.reviews:
                review = self.reviews[fact.review]
                review.assessed = when
                has = (bool(fact.objectives), fact.staff_survey is not None, fact.supervision is not None)
                parts = ("OBJECTIVES", "STAFF_SURVEY", "SUPERVISION")
                review.parts = [part for part, there in zip(parts, has, strict=True) if there]

    def _latest(self) -> _Review | None:
        """The review scheduled last."""
        return max(self.reviews.values(), key=lambda review: (review.from_, review.position), default=None)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """By the review scheduled last: MET before it begins, NOT_MET after, AT_RISK a fortnight ahead."""
        review = self._latest()
        if review is None:
            return verdict(Status.NOT_DUE, "No review is scheduled.")
        name, today = review.review, asked.day(at)
        if review.assessed is not None:
            assessed, position = review.assessed
            when = said(asked.day(assessed))
            if review.started is None or assessed <= review.started[0]:
                return verdict(
                    Status.MET, f"The council assessed itself on {when}, before review {name}.", position
                )
            reason = f"The council's assessment came on {when}, after review {name} had begun."
            return verdict(Status.NOT_MET, reason, review.started[1], position)
        if review.started is not None:
            reason = f"Review {name} began without the council's own assessment."
            return verdict(Status.NOT_MET, reason, review.started[1])
        reason = f"The council's own assessment is due before review {name}, set for {said(review.from_)}."
        near = today >= review.from_ - 2 * WARNING_DAYS * DAY
        return verdict(Status.AT_RISK if near else Status.NOT_DUE, reason, review.position)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """A fortnight before the day set for the next review."""
        review = self._latest()
        return () if review is None else (asked.start(review.from_ - 2 * WARNING_DAYS * DAY),)


class AssessmentContent(AssessmentBeforeReview):
    """Whether the council's latest assessment before a review has one of its optional parts."""

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """MET when the latest assessment has the part; NOT_DUE otherwise."""
        assessed = [review for review in self.reviews.values() if review.assessed is not None]
        part = asked.word("part") or ""
        said_of = part.replace("_", " ").lower()
        if not assessed:
            return verdict(Status.NOT_DUE, "The council has not assessed itself before a review yet.")
        latest = max(assessed, key=lambda review: review.assessed or (asked.since, 0))
        position = latest.assessed[1] if latest.assessed else latest.position
        has = part in latest.parts
        reason = f"The assessment before review {latest.review} {'covers' if has else 'leaves out'} {said_of}."
        return verdict(Status.MET if has else Status.NOT_DUE, reason, position)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """Time alone changes nothing."""
        return ()
