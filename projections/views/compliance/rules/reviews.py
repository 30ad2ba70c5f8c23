"""Judges of rules on reviews: interval, topics, grades, diagnostics, and the council's own assessment."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

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
    is_near,
    months_after,
    verdict,
    warned,
    word_in_text,
)

R = TypeVar("R", bound=Rule)


class _Scheduled(Struct):
    by: str
    from_: date
    position: int


class _Started(Struct):
    review: str
    at: datetime
    position: int


class ReviewInterval(Judge[oversight.ReviewInterval]):
    """A review begins at least every so many months."""

    scheduled: dict[str, _Scheduled] = field(default_factory=dict)
    started: dict[str, _Started] = field(default_factory=dict)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the reviews scheduled and started."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ReviewScheduled():
                self.scheduled[fact.review] = _Scheduled(fact.by, fact.from_, position)
            case ReviewStarted():
                self.started[fact.review] = _Started(fact.review, occurrence.at, position)

    def _counts(self, review: str) -> bool:
        """Return True if the review is by the body that the clause names."""
        scheduled = self.scheduled.get(review)
        return self.rule.by is None or (scheduled is not None and scheduled.by == self.rule.by)

    def _begun(self) -> list[_Started]:
        """Return the latest two started reviews that count, in order."""
        latest = (each for each in reversed(self.started.values()) if self._counts(each.review))
        return list(islice(latest, 2))[::-1]

    def _limits(self, clause: JudgedClause, begun: list[_Started]) -> list[date]:
        """Return the last day for each of the latest started reviews, and for the next one."""
        starts = [clause.since, *(each.at for each in begun)]
        return [months_after(clause.day(at), self.rule.at_most_months) for at in starts]

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET after the last day for the next review, AT_RISK four weeks before it unless scheduled."""
        begun = self._begun()
        limits, today = self._limits(clause, begun), clause.day(at)
        limit, last = limits[-1], begun[-1] if begun else None
        entry = last.position if last else clause.position
        scheduled = None if last is None or self.rule.by is None else self.scheduled[last.review].position
        whose = f" by {self.rule.by}" if self.rule.by else ""
        if today > limit:
            after = f" after {last.review}" if last else ""
            reason = f"A review{whose} had to begin{after} by {in_words(limit)}."
            return verdict(Status.NOT_MET, reason, entry, scheduled)
        coming = (each for name, each in self.scheduled.items() if name not in self.started and self._counts(name))
        if is_near(today, limit, 4) and not any(each.from_ <= limit for each in coming):
            reason = f"A review{whose} has to begin by {in_words(limit)}; none is scheduled by then."
            return verdict(Status.AT_RISK, reason, entry, scheduled)
        if last is None:
            return verdict(Status.NOT_DUE, f"The first review{whose} is due by {in_words(limit)}.", entry)
        late = (clause.day(last.at) - limits[-2]).days
        began = f"Review {last.review} began on {in_words(clause.day(last.at))}"
        if late > 0:
            reason = f"{began}, {days_in_words(late)} late; the next is due by {in_words(limit)}."
            return verdict(Status.MET_LATE, reason, entry, scheduled)
        return verdict(Status.MET, f"{began}; the next is due by {in_words(limit)}.", entry, scheduled)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return four weeks before the next review is due, and the day after."""
        return warned(clause, self._limits(clause, self._begun())[-1], 4)


class ReviewTopics(Judge[oversight.ReviewTopics]):
    """Reviews have looked at every topic named."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    """Review → its topics."""
    bodies: dict[str, str] = field(default_factory=dict)
    """Review → the body that reviews."""
    started: dict[str, int] = field(default_factory=dict)
    """Review that began → the entry."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the topics and the body of each review, and the reviews that began."""
        fact = occurrence.fact
        match fact:
            case ReviewScheduled():
                self.topics[fact.review] = [topic.value for topic in fact.topics]
                self.bodies[fact.review] = fact.by
            case ReviewStarted():
                self.started[fact.review] = occurrence.position

    def _seen(self) -> dict[str, int]:
        """Return each topic that the clause names and a review of its body looked at, with the entry."""
        topics = {topic.value for topic in self.rule.topics}
        looked = [
            (topic, entry)
            for name, entry in self.started.items()
            if self.rule.by in (None, self.bodies.get(name))
            for topic in self.topics.get(name, ())
        ]
        return {topic: entry for topic, entry in looked if topic in topics}

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET when reviews looked at every topic, NOT_DUE until then."""
        seen = self._seen()
        whose = f" by {self.rule.by}" if self.rule.by else ""
        known = [word_in_text(topic.value) for topic in self.rule.topics if topic.value in seen]
        missing = [word_in_text(topic.value) for topic in self.rule.topics if topic.value not in seen]
        if missing and known:
            reason = f"Reviews{whose} have looked at {enumerate_names(known)}. None has looked at "
            return verdict(Status.NOT_DUE, f"{reason}{enumerate_names(missing)}.", *seen.values())
        if missing:
            return verdict(Status.NOT_DUE, f"No review{whose} has looked at {enumerate_names(missing)}.")
        return verdict(Status.MET, "Reviews have looked at every topic of the clause.", *seen.values())

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return POWER_USED once a review looked at a topic, with the topics that are left."""
        result = self.judge(clause, at)
        return verdict(Status.POWER_USED if self._seen() else Status.POWER_UNUSED, result.reason, *result.entries)


class _Graded(Struct):
    review: str
    grades: dict[str, str]
    """Judgement → its grade, both in small letters."""
    at: datetime
    position: int


class GradeReached(Judge[oversight.GradeReached]):
    """A review gives a judgement one of the grades named, by the day named."""

    bodies: dict[str, str] = field(default_factory=dict)
    """Review → the body that reviews."""
    graded: list[_Graded] = field(default_factory=list)
    """Completed reviews, in order."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the body of each review, and its grades."""
        fact = occurrence.fact
        match fact:
            case ReviewScheduled():
                self.bodies[fact.review] = fact.by
            case ReviewCompleted():
                grades = {each.judgement.lower(): each.grade.lower() for each in fact.grades}
                self.graded.append(_Graded(fact.review, grades, occurrence.at, occurrence.position))

    def _counted(self) -> list[_Graded]:
        """Return the reviews by the clause's body that graded its judgement."""
        return [
            each
            for each in self.graded
            if self.rule.judgement.lower() in each.grades
            and self.rule.reviewed_by in (None, self.bodies.get(each.review))
        ]

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the latest grade by the day named; a later review may reach the grade late."""
        by, today, judgement = self.rule.by, clause.day(at), self.rule.judgement
        whose = f" by {self.rule.reviewed_by}" if self.rule.reviewed_by else ""
        counted, good = self._counted(), [grade.lower() for grade in self.rule.grades]
        in_time = [each for each in counted if clause.day(each.at) <= by]
        later = [each for each in counted if clause.day(each.at) > by]
        latest = in_time[-1:]
        for each in [*latest, *later]:
            grade, day = each.grades[judgement.lower()], clause.day(each.at)
            if grade in good:
                reason = f"Review {each.review} graded {judgement} as {grade} on {in_words(day)}"
                late = (day - by).days
                if late > 0:
                    return verdict(Status.MET_LATE, f"{reason}, {days_in_words(late)} late.", each.position)
                if today <= by and late < 0:
                    reason = f"{reason}; the last day is {in_words(by)}, and a later grade until then counts"
                    return verdict(Status.NOT_DUE, f"{reason} instead.", each.position)
                return verdict(Status.MET, f"{reason}.", each.position)
        if today <= by:
            status = Status.AT_RISK if is_near(today, by, 4) else Status.NOT_DUE
            reason = f"A review{whose} has to grade {judgement} as {' or '.join(good)} by {in_words(by)}."
            return verdict(status, reason, clause.position, *(each.position for each in latest))
        if not counted:
            reason = f"No review{whose} has graded {judgement}; the last day was {in_words(by)}."
            return verdict(Status.NO_EVIDENCE, reason, clause.position)
        last = counted[-1]
        reason = f"Review {last.review} graded {judgement} as {last.grades[judgement.lower()]}"
        reason = f"{reason}; {' or '.join(good)} had to be reached by {in_words(by)}."
        return verdict(Status.NOT_MET, reason, last.position)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return four weeks before the last day, and the day after it."""
        return warned(clause, self.rule.by, 4)


class _Diagnostic(Struct):
    due: date | None
    position: int
    agreed: int | None = None
    reported: tuple[datetime, int] | None = None


class DiagnosticAgreed(Judge[oversight.DiagnosticAgreed]):
    """Every diagnostic that was required has reported by its day."""

    diagnostics: dict[str, _Diagnostic] = field(default_factory=dict)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the progress of each diagnostic."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case DiagnosticRequired():
                self.diagnostics[fact.diagnostic] = _Diagnostic(fact.due, position)
            case DiagnosticProviderAgreed() if fact.diagnostic in self.diagnostics:
                self.diagnostics[fact.diagnostic].agreed = position
            case DiagnosticReported() if fact.diagnostic in self.diagnostics:
                self.diagnostics[fact.diagnostic].reported = (occurrence.at, position)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_DUE while a diagnostic runs, NOT_MET when one is overdue, MET_LATE if one reported late."""
        if not self.diagnostics:
            return verdict(Status.NOT_DUE, "No diagnostic has been required.")
        today = clause.day(at)
        running = [
            (each.due or date.max, name, each) for name, each in self.diagnostics.items() if not each.reported
        ]
        if running:
            due, name, diagnostic = min(running, key=lambda each: each[:2])
            entries = [diagnostic.position, *([diagnostic.agreed] if diagnostic.agreed is not None else [])]
            if due < today:
                reason = f"Diagnostic {name} was due on {in_words(due)}; no report of it is recorded."
                return verdict(Status.NOT_MET, reason, *entries)
            stage = "is under way" if diagnostic.agreed is not None else "has no agreed provider yet"
            return verdict(Status.NOT_DUE, f"Diagnostic {name} {stage}.", *entries)
        reports = [(name, each.due, each.reported) for name, each in self.diagnostics.items() if each.reported]
        entries = [entry for _, _, (_, entry) in reports]
        late = [
            (days, name)
            for name, due, (at_, _) in reports
            if due is not None and (days := (clause.day(at_) - due).days) > 0
        ]
        if late:
            days, name = max(late)
            reason = f"Every diagnostic has reported; {name} reported {days_in_words(days)} late."
            return verdict(Status.MET_LATE, reason, *entries)
        return verdict(Status.MET, "Every diagnostic that was required has reported.", *entries)

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return POWER_USED once a diagnostic was required, with its progress."""
        result = self.judge(clause, at)
        status = Status.POWER_USED if self.diagnostics else Status.POWER_UNUSED
        return verdict(status, result.reason, *result.entries)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the days after running diagnostics are due."""
        return [clause.after(each.due) for each in self.diagnostics.values() if not each.reported and each.due]


class _Review(Struct):
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
    """Review → the council's assessment before it."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember when each review began, and the council's assessments."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ReviewScheduled():
                self.reviews[fact.review] = _Review(fact.review, fact.by, fact.from_, position)
            case ReviewStarted() if fact.review in self.reviews:
                self.reviews[fact.review].started = (occurrence.at, position)
            case PreReviewAssessmentSubmitted():
                has_parts = (bool(fact.objectives), fact.staff_survey is not None, fact.supervision is not None)
                names = ("OBJECTIVES", "STAFF_SURVEY", "SUPERVISION")
                parts = [name for name, has in zip(names, has_parts, strict=True) if has]
                self.assessments[fact.review] = _Assessment(fact.review, occurrence.at, position, parts)


class AssessmentBeforeReview(_Assessments[oversight.AssessmentBeforeReview]):
    """The council assesses itself before each review begins."""

    def _counted(self) -> list[_Review]:
        """Return the reviews by the body that the clause names, by the days set for them."""
        reviews = [review for review in self.reviews.values() if self.rule.by in (None, review.by)]
        return sorted(reviews, key=lambda review: (review.from_, review.position))

    def _fault(self, clause: JudgedClause, review: _Review) -> Verdict | None:
        """Return NOT_MET if a review began before the council's assessment; None if not, or not yet."""
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
        """Return the verdict on the latest review; a fault lasts until the next assessment, which names it."""
        reviews = self._counted()
        if not reviews:
            whose = f" by {self.rule.by}" if self.rule.by else ""
            return verdict(Status.NOT_DUE, f"No review{whose} is scheduled.")
        review, faults = reviews[-1], [(each, self._fault(clause, each)) for each in reviews]
        begun = [fault for each, fault in faults if each.started is not None]
        name, assessment = review.review, self.assessments.get(review.review)
        last = faults[-1][1] or (begun[-1] if begun and assessment is None else None)
        if last is not None:
            return last
        if assessment is not None:
            when = in_words(clause.day(assessment.at))
            reason = f"The council assessed itself on {when}, before review {name}."
            earlier = {each.review: fault for each, fault in faults if fault is not None}
            if earlier:
                reason = f"{reason} {enumerate_names(earlier)} began before the council's own assessment."
            entries = (entry for fault in earlier.values() for entry in fault.entries)
            return verdict(Status.MET, reason, assessment.position, *entries)
        reason = f"The council's own assessment is due before review {name}, set for {in_words(review.from_)}."
        is_soon = clause.day(at) >= review.from_ - 2 * WARNING_DAYS * DAY
        return verdict(Status.AT_RISK if is_soon else Status.NOT_DUE, reason, review.position)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return a fortnight before the day set for the latest review."""
        reviews = self._counted()
        return (clause.start(reviews[-1].from_ - 2 * WARNING_DAYS * DAY),) if reviews else ()


class AssessmentContent(_Assessments[oversight.AssessmentContent]):
    """The council's latest assessment before a review has the part named."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET if the latest assessment has the part, NOT_MET if not, NOT_DUE before the first."""
        latest = max(self.assessments.values(), key=lambda each: (each.at, each.position), default=None)
        if latest is None:
            return verdict(Status.NOT_DUE, "No assessment before a review has been submitted.")
        part = word_in_text(self.rule.part.value)
        if self.rule.part.value in latest.parts:
            reason = f"The assessment for review {latest.review} has its part on {part}."
            return verdict(Status.MET, reason, latest.position)
        reason = f"The assessment for review {latest.review} leaves out {part}."
        return verdict(Status.NOT_MET, reason, latest.position)
