"""Judges of rules on reviews: interval, topics, grades and diagnostics."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from msgspec import Struct, field

from ledger.domain.areas.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
)
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
    is_near,
    months_after,
    verdict,
    warned,
    word_in_text,
)


class _Scheduled(Struct):
    by: str
    from_: date
    position: int


class _Started(Struct):
    review: str
    at: datetime
    position: int


class ReviewInterval(Judge[oversight.ReviewInterval]):
    """Judge of the rule that a review begins within the named number of months after the previous review."""

    scheduled: dict[str, _Scheduled] = field(default_factory=dict)
    started: dict[str, _Started] = field(default_factory=dict)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the reviews that were scheduled, and the reviews that started."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case ReviewScheduled():
                self.scheduled[fact.review] = _Scheduled(fact.by, fact.from_, position)
            case ReviewStarted():
                self.started[fact.review] = _Started(fact.review, occurrence.at, position)

    def _counts(self, review: str) -> bool:
        """Return True if the clause names the review's body, or no body."""
        scheduled = self.scheduled.get(review)
        return self.rule.by is None or (scheduled is not None and scheduled.by == self.rule.by)

    def _begun(self) -> list[_Started]:
        """Return up to two reviews, the last that began and are by the clause's body, in order."""
        latest = (each for each in reversed(self.started.values()) if self._counts(each.review))
        return list(islice(latest, 2))[::-1]

    def _limit(self, clause: JudgedClause, begun: list[_Started]) -> date:
        """Return the last day on which the review after the started reviews may begin."""
        start = begun[-1].at if begun else clause.since
        return months_after(clause.day(start), self.rule.at_most_months)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET after the last day for the next review.

        In the four weeks before that day, return AT_RISK unless a review is scheduled by then.
        """
        begun = self._begun()
        limit, today = self._limit(clause, begun), clause.day(at)
        last = begun[-1] if begun else None
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
        late = (clause.day(last.at) - self._limit(clause, begun[:-1])).days
        began = f"Review {last.review} began on {in_words(clause.day(last.at))}"
        if late > 0:
            reason = f"{began}, {days_in_words(late)} late; the next is due by {in_words(limit)}."
            return verdict(Status.MET_LATE, reason, entry, scheduled)
        return verdict(Status.MET, f"{began}; the next is due by {in_words(limit)}.", entry, scheduled)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which the next review is due within four weeks, and overdue."""
        return warned(clause, self._limit(clause, self._begun()), 4)


class ReviewTopics(Judge[oversight.ReviewTopics]):
    """Judge of the rule that reviews look at every named topic."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    """Review → its topics."""
    bodies: dict[str, str] = field(default_factory=dict)
    """Review → the body that reviews."""
    started: dict[str, int] = field(default_factory=dict)
    """Review that began → the entry of its start."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the topics and the body of each review, and the reviews that began."""
        fact = occurrence.fact
        match fact:
            case ReviewScheduled():
                self.topics[fact.review] = [topic.value for topic in fact.topics]
                self.bodies[fact.review] = fact.by
                return fact.review in self.started
            case ReviewStarted():
                self.started[fact.review] = occurrence.position
        return None

    def _seen(self) -> dict[str, int]:
        """Return each topic of the clause that a review looked at, with the entry that started the review.

        Only reviews by the body that the clause names count; without a named body, every review counts.
        """
        topics = {topic.value for topic in self.rule.topics}
        looked = [
            (topic, entry)
            for name, entry in self.started.items()
            if self.rule.by in (None, self.bodies.get(name))
            for topic in self.topics.get(name, ())
        ]
        return {topic: entry for topic, entry in looked if topic in topics}

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return MET when reviews looked at every topic, else NO_EVIDENCE, because the clause sets no day."""
        return self._judge(self._seen())

    def _judge(self, seen: dict[str, int]) -> Verdict:
        whose = f" by {self.rule.by}" if self.rule.by else ""
        known = [word_in_text(topic.value) for topic in self.rule.topics if topic.value in seen]
        missing = [word_in_text(topic.value) for topic in self.rule.topics if topic.value not in seen]
        if missing and known:
            reason = f"Reviews{whose} have looked at {enumerate_names(known)}. None has looked at "
            return verdict(Status.NO_EVIDENCE, f"{reason}{enumerate_names(missing)}.", *seen.values())
        if missing:
            return verdict(Status.NO_EVIDENCE, f"No review{whose} has looked at {enumerate_names(missing)}.")
        return verdict(Status.MET, "Reviews have looked at every topic of the clause.", *seen.values())

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return POWER_USED once a review looked at a topic, with the topics that are left."""
        seen = self._seen()
        result = self._judge(seen)
        return verdict(Status.POWER_USED if seen else Status.POWER_UNUSED, result.reason, *result.entries)


class _Graded(Struct):
    review: str
    grades: dict[str, str]
    """Judgement → its grade, in lower case."""
    at: datetime
    position: int


class GradeReached(Judge[oversight.GradeReached]):
    """Judge of the rule that a review gives a judgement one of the named grades by the named day."""

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
        """Return the completed reviews by the clause's body that graded the clause's judgement."""
        return [
            each
            for each in self.graded
            if self.rule.judgement.lower() in each.grades
            and self.rule.reviewed_by in (None, self.bodies.get(each.review))
        ]

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the latest grade by the named day, or on a later review that reaches the grade."""
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
        """Return the instants at which the grade is due within four weeks, and overdue."""
        return warned(clause, self.rule.by, 4)


class _Diagnostic(Struct):
    due: date | None
    position: int
    agreed: int | None = None
    reported: tuple[datetime, int] | None = None


class DiagnosticAgreed(Judge[oversight.DiagnosticAgreed]):
    """Judge of the rule that every required diagnostic reports by its day."""

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
        """Return NOT_MET if a diagnostic is overdue, NOT_DUE while a diagnostic runs, then MET or MET_LATE.

        If every running diagnostic lacks a due date, return NO_EVIDENCE.
        """
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
            status = Status.NO_EVIDENCE if diagnostic.due is None else Status.NOT_DUE
            return verdict(status, f"Diagnostic {name} {stage}.", *entries)
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
        """Return the instants at which running diagnostics become overdue."""
        return [clause.after(each.due) for each in self.diagnostics.values() if not each.reported and each.due]
