"""Judges of rules on the council's own assessment before a review."""

from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TypeVar

from msgspec import Struct, field, structs

from ledger.domain.areas.reviews import PreReviewAssessmentSubmitted, ReviewScheduled, ReviewStarted
from ledger.domain.rules import oversight
from ledger.domain.rules.rule import Rule
from projections.views.compliance.verdict import (
    DAY,
    WARNING_DAYS,
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

R = TypeVar("R", bound=Rule)


class _Review(Struct, frozen=True):
    review: str
    by: str
    from_: date
    position: int
    started: tuple[datetime, int] | None = None


class _Assessment(Struct):
    review: str
    at: datetime
    position: int
    parts: list[str]


class _Assessments(Judge[R]):
    reviews: dict[str, _Review] = field(default_factory=dict)
    assessments: dict[str, _Assessment] = field(default_factory=dict)
    """Review → the council's latest assessment for it."""
    order: list[tuple[date, int, str]] = field(default_factory=list)
    """Planned day, entry and id of each review, in order."""
    begun: list[tuple[datetime, int, str]] = field(default_factory=list)
    """Starting instant, entry and id of each review that began, in order."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember when each review is planned and began, and the council's assessments."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ReviewScheduled():
                self._put(_Review(fact.review, fact.by, fact.from_, position))
            case ReviewStarted() if fact.review in self.reviews:
                started = (occurrence.at, position)
                self._put(structs.replace(self.reviews[fact.review], started=started))
            case PreReviewAssessmentSubmitted():
                has_parts = (bool(fact.objectives), fact.staff_survey is not None, fact.supervision is not None)
                names = ("OBJECTIVES", "STAFF_SURVEY", "SUPERVISION")
                parts = [name for name, has in zip(names, has_parts, strict=True) if has]
                self.assessments[fact.review] = _Assessment(fact.review, occurrence.at, position, parts)

    def _put(self, review: _Review) -> None:
        """Store a review, and sort it into the lists of planned and of started reviews."""
        name, before = review.review, self.reviews.get(review.review)
        if before is not None:
            self.order.remove((before.from_, before.position, name))
        if before is not None and before.started is not None:
            self.begun.remove((*before.started, name))
        self.reviews[name] = review
        insort(self.order, (review.from_, review.position, name))
        if review.started is not None:
            insort(self.begun, (*review.started, name))


class AssessmentBeforeReview(_Assessments[oversight.AssessmentBeforeReview]):
    """Judge of the rule that the council assesses itself before each review begins."""

    def _counted(self) -> Iterator[_Review]:
        """Yield the reviews by the clause's body, or by any body if it names none, latest planned day first."""
        reviews = (self.reviews[name] for *_, name in reversed(self.order))
        return (review for review in reviews if self.rule.by in (None, review.by))

    def _fault(self, clause: JudgedClause, review: _Review) -> Verdict | None:
        """Return NOT_MET if a review began before the council's assessment, else None."""
        started, assessment = review.started, self.assessments.get(review.review)
        if started is None:
            return None
        if assessment is None:
            reason = f"Review {review.review} began without the council's own assessment."
            return verdict(Status.NOT_MET, reason, started[1])
        if assessment.at <= started[0]:
            return None
        days = (clause.day(assessment.at) - clause.day(started[0])).days
        after = f"{days_in_words(days)} after" if days else "after"
        when = in_words(clause.day(assessment.at))
        reason = f"The council assessed itself on {when}, {after} review {review.review} began."
        return verdict(Status.NOT_MET, reason, started[1], assessment.position)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the latest review.

        A review that began before the council's assessment is a fault. It stays one until the council assesses
        itself in time for a later review.
        """
        review = next(self._counted(), None)
        if review is None:
            whose = f" by {self.rule.by}" if self.rule.by else ""
            return verdict(Status.NOT_DUE, f"No review{whose} is scheduled.")
        name, assessment = review.review, self.assessments.get(review.review)
        last = self._fault(clause, review)
        if last is None and assessment is None:
            begun = next((each for each in self._counted() if each.started is not None), None)
            last = None if begun is None else self._fault(clause, begun)
        if last is not None:
            return last
        if assessment is not None:
            when = in_words(clause.day(assessment.at))
            reason = f"The council assessed itself on {when}, before review {name}."
            faults = [(each.review, self._fault(clause, each)) for each in self._counted()]
            earlier = {each: fault for each, fault in reversed(faults) if fault is not None}
            if earlier:
                reason = f"{reason} {enumerate_names(earlier)} began before the council's own assessment."
            entries = (entry for fault in earlier.values() for entry in fault.entries)
            return verdict(Status.MET, reason, assessment.position, *entries)
        reason = f"The council's own assessment is due before review {name}, set for {in_words(review.from_)}."
        is_soon = clause.day(at) >= review.from_ - 2 * WARNING_DAYS * DAY
        return verdict(Status.AT_RISK if is_soon else Status.NOT_DUE, reason, review.position)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instant a fortnight before the planned day of the latest review; empty without a review."""
        latest = next(self._counted(), None)
        return () if latest is None else (clause.start(latest.from_ - 2 * WARNING_DAYS * DAY),)


class AssessmentContent(_Assessments[oversight.AssessmentContent]):
    """Judge of the rule that the council's latest assessment before a review has the named part."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET if the latest assessment has the named part, and NOT_MET if not.

        Before the first assessment, return NOT_DUE, or NO_EVIDENCE once a review began without an assessment.
        """
        latest = max(self.assessments.values(), key=lambda each: (each.at, each.position), default=None)
        if latest is None:
            if not self.begun:
                return verdict(Status.NOT_DUE, "No assessment before a review has been submitted.")
            _, entry, review = self.begun[-1]
            reason = f"Review {review} began, and no assessment before a review has been submitted."
            return verdict(Status.NO_EVIDENCE, reason, entry)
        part = word_in_text(self.rule.part.value)
        if self.rule.part.value in latest.parts:
            reason = f"The assessment for review {latest.review} has its part on {part}."
            return verdict(Status.MET, reason, latest.position)
        reason = f"The assessment for review {latest.review} leaves out {part}."
        return verdict(Status.NOT_MET, reason, latest.position)
