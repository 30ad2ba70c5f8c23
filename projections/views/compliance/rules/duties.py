"""Judges of rules on duties: assessments, deliverables, instructions, prohibitions and co-operation."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TypeVar

from msgspec import Struct, field

from ledger.domain.areas.adviser import AdviserAppointed
from ledger.domain.areas.board import BoardEstablished
from ledger.domain.areas.duties import (
    ActReported,
    ClauseAssessed,
    ClauseJudgement,
    ConsentGiven,
    CooperationReported,
    DeliverableAccepted,
    DeliverableReturned,
    DeliverableSubmitted,
    InstructionAnswered,
    InstructionConfirmed,
    InstructionGiven,
)
from ledger.domain.areas.reviews import DiagnosticReported, ReviewCompleted
from ledger.domain.calendar import working_days_after
from ledger.domain.fact import Fact
from ledger.domain.rules import duties
from ledger.domain.rules.rule import Anchor, SpanUnit, Within
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
    months_after,
    verdict,
    warned,
    word_in_text,
)

A = TypeVar("A")


class _Judgement(Struct):
    status: ClauseJudgement
    role: str
    at: datetime
    position: int


class Judged(Judge[duties.Judged]):
    """Judge of the rule that people in the named roles judge whether the clause is met."""

    assessments: dict[str, list[_Judgement]] = field(default_factory=dict)
    """Clause → its assessments in order of time."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember people's assessments of clauses."""
        fact = occurrence.fact
        if isinstance(fact, ClauseAssessed):
            judgement = _Judgement(fact.status, occurrence.role, occurrence.at, occurrence.position)
            self.assessments.setdefault(fact.number, []).append(judgement)

    def _latest(self, clause: JudgedClause) -> _Judgement | None:
        roles = [role.value for role in self.rule.by]
        counted = [each for each in self.assessments.get(clause.number, ()) if each.role in roles]
        return counted[-1] if counted else None

    def _limit(self, clause: JudgedClause) -> date | None:
        """Return the last day for the next assessment, or None if the clause names no interval."""
        months, latest = self.rule.every_months, self._latest(clause)
        since = clause.since if latest is None else latest.at
        return months_after(clause.day(since), months) if months else None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the latest assessment's verdict; NO_EVIDENCE without an assessment, or if the next is overdue."""
        latest, limit = self._latest(clause), self._limit(clause)
        roles = enumerate_names(role.meaning for role in self.rule.by)
        if latest is None:
            if limit is None or clause.day(at) <= limit:
                return verdict(Status.NO_EVIDENCE, f"No assessment by the {roles} is recorded.")
            reason = f"No assessment by the {roles} is recorded; the first was due by {in_words(limit)}."
            return verdict(Status.NO_EVIDENCE, reason, clause.position)
        day = in_words(clause.day(latest.at))
        if limit is not None and clause.day(at) > limit:
            reason = f"The latest assessment is of {day}; the next was due by {in_words(limit)}."
            return verdict(Status.NO_EVIDENCE, reason, latest.position)
        outcome = word_in_text(latest.status.value)
        reason = f"On {day} the {word_in_text(latest.role)} assessed the clause as {outcome}."
        return verdict(Status(latest.status.value), reason, latest.position)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instant at which the next assessment becomes overdue; empty without an interval."""
        limit = self._limit(clause)
        return () if limit is None else (clause.after(limit),)


class _Submission(Struct):
    day: date
    to: str | None
    position: int
    acceptances: dict[str, int] = field(default_factory=dict)
    """Role → the entry in which the role accepted the submission."""
    returns: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Role → the instant and the entry of the role's return of the submission."""


_ANCHORS: dict[type[Fact], Anchor] = {
    BoardEstablished: Anchor.BOARD_ESTABLISHED,
    AdviserAppointed: Anchor.ADVISER_APPOINTED,
    ReviewCompleted: Anchor.REVIEW_COMPLETED,
    DiagnosticReported: Anchor.DIAGNOSTIC_REPORTED,
}
_FIRST = (Anchor.BOARD_ESTABLISHED, Anchor.ADVISER_APPOINTED)
"""Events of which the first occurrence counts. Of other events, the latest counts."""


class DoneBy(Judge[duties.DoneBy]):
    """Judge of the rule that a deliverable is submitted by its day, and accepted by one of the named roles."""

    submissions: dict[str, list[_Submission]] = field(default_factory=dict)
    """Deliverable → its submissions in order."""
    anchors: dict[str, datetime] = field(default_factory=dict)
    """Event from which periods count → its instant."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the submissions, the answers to them, and the events that periods count from."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case DeliverableSubmitted():
                submission = _Submission(fact.submitted_on, fact.to, position)
                self.submissions.setdefault(fact.deliverable, []).append(submission)
            case DeliverableAccepted() if fact.deliverable in self.submissions:
                self.submissions[fact.deliverable][-1].acceptances.setdefault(occurrence.role, position)
            case DeliverableReturned() if fact.deliverable in self.submissions:
                returned = (occurrence.at, position)
                self.submissions[fact.deliverable][-1].returns.setdefault(occurrence.role, returned)
            case _ if type(fact) in _ANCHORS:
                anchor = _ANCHORS[type(fact)]
                if anchor not in _FIRST or anchor.value not in self.anchors:
                    self.anchors[anchor.value] = occurrence.at

    def _limit(self, clause: JudgedClause) -> date | None:
        """Return the last day for the deliverable, or None if the event from which it counts has not happened."""
        within = self.rule.within
        if within is None:
            return self.rule.by
        start = clause.since if within.after is Anchor.ISSUED else self.anchors.get(within.after.value)
        return None if start is None else _after(clause.day(start), within)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the first valid submission, else on the latest submission that awaits acceptance.

        Without such a submission, return the verdict on the time until the last day.
        """
        name, limit, today = self.rule.deliverable, self._limit(clause), clause.day(at)
        counted = [
            each
            for each in self.submissions.get(name, ())
            if self.rule.submitted_to in (None, each.to) and not self._counted(each.returns)
        ]
        good = [each for each in counted if not self.rule.accepted_by or self._counted(each.acceptances)]
        if good:
            done = good[0]
            entries = (done.position, *self._counted(done.acceptances)[:1])
            submitted = f"{name} was submitted on {in_words(done.day)}"
            late = 0 if limit is None else (done.day - limit).days
            if late > 0:
                return verdict(Status.MET_LATE, f"Deliverable {submitted}, {days_in_words(late)} late.", *entries)
            return verdict(Status.MET, f"Deliverable {submitted}.", *entries)
        if counted:
            waiting = counted[-1]
            late = 0 if limit is None else (waiting.day - limit).days
            when = f"{in_words(waiting.day)}, {days_in_words(late)} late," if late > 0 else in_words(waiting.day)
            roles = " or ".join(f"the {role.meaning}" for role in self.rule.accepted_by)
            reason = f"Deliverable {name} was submitted on {when} and awaits acceptance by {roles}."
            return verdict(Status.AT_RISK, reason, waiting.position)
        if limit is None:
            reason = f"The period for deliverable {name} has not started."
            return verdict(Status.NOT_DUE, reason, clause.position)
        return self._due(clause, today, limit)

    def _due(self, clause: JudgedClause, today: date, limit: date) -> Verdict:
        """Return the verdict while no submission counts, because none was made or every one was returned."""
        name, by = f"Deliverable {self.rule.deliverable}", in_words(limit)
        submissions = self.submissions.get(self.rule.deliverable, ())
        returned = [answer for each in submissions for answer in self._counted(each.returns)]
        entries = (clause.position, *(position for _, position in returned))
        if today > limit:
            reason = f"{name} had to be submitted by {by}."
            if returned:
                day = in_words(clause.day(returned[-1][0]))
                reason = f"{name} was returned on {day}; it had to be submitted again by {by}."
            return verdict(Status.NOT_MET, reason, *entries)
        reason = f"{name} is due by {by}."
        if returned:
            day = in_words(clause.day(returned[-1][0]))
            reason = f"{name} was returned on {day}, and has to be submitted again by {by}."
        return verdict(Status.AT_RISK if is_near(today, limit) else Status.NOT_DUE, reason, *entries)

    def _counted(self, answers: dict[str, A]) -> list[A]:
        """Return the answers of the roles that have to accept, or all answers if the clause names no such role."""
        roles = [role.value for role in self.rule.accepted_by]
        return [answer for role, answer in answers.items() if not roles or role in roles]

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which the deliverable is due within a week, and overdue."""
        limit = self._limit(clause)
        return () if limit is None else warned(clause, limit)


def _after(day: date, within: Within) -> date:
    """Return the last day of a period that starts on a day, which is day 0."""
    match within.unit:
        case SpanUnit.DAYS:
            return day + within.count * DAY
        case SpanUnit.WORKING_DAYS:
            return working_days_after(day, within.count)
        case SpanUnit.WEEKS:
            return day + timedelta(weeks=within.count)
        case SpanUnit.MONTHS:
            return months_after(day, within.count)


class _Instruction(Struct):
    due: date | None
    role: str
    position: int


class InstructionsFollowed(Judge[duties.InstructionsFollowed]):
    """Judge of the rule that instructions of the named roles are followed by their day, and confirmed."""

    instructions: dict[str, _Instruction] = field(default_factory=dict)
    answered: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Instruction → the day and the entry of its answer."""
    confirmed: dict[str, dict[str, int]] = field(default_factory=dict)
    """Instruction → the roles that confirmed it, with their entries."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the instructions, the answers and their confirmations."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case InstructionGiven():
                self.instructions[fact.instruction] = _Instruction(fact.due, occurrence.role, position)
            case InstructionAnswered():
                self.answered[fact.instruction] = (fact.answered_on, position)
            case InstructionConfirmed():
                self.confirmed.setdefault(fact.instruction, {}).setdefault(occurrence.role, position)

    def _counted(self) -> dict[str, _Instruction]:
        roles = [role.value for role in self.rule.given_by]
        return {name: each for name, each in self.instructions.items() if each.role in roles}

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET if an instruction is overdue, and MET or MET_LATE when all are followed and confirmed.

        An answer without a confirmation is AT_RISK, because it is only the council's own claim. If every open
        instruction lacks a day, return NO_EVIDENCE.
        """
        counted, today = self._counted(), clause.day(at)
        if not counted:
            return verdict(Status.NOT_DUE, "No instruction has been given.", clause.position)
        waiting = [
            (each.due or date.max, name, each) for name, each in counted.items() if name not in self.answered
        ]
        due, name, instruction = min(waiting, key=lambda each: each[:2], default=(date.max, "", None))
        if instruction is not None and due < today:
            reason = f"Instruction {name} had to be followed by {in_words(due)}."
            return verdict(Status.NOT_MET, reason, instruction.position)
        is_soon = is_near(today, due)
        awaiting = None if is_soon else self._awaiting(counted)
        if awaiting is not None:
            return awaiting
        if instruction is not None:
            when = f" by {in_words(due)}" if instruction.due is not None else ""
            late, entries = self._late(counted)
            reason = f"Instruction {name} has to be followed{when}."
            reason = f"{reason} Instruction {enumerate_names(late)}." if late else reason
            later = Status.NO_EVIDENCE if instruction.due is None else Status.NOT_DUE
            return verdict(Status.AT_RISK if is_soon else later, reason, instruction.position, *entries)
        late, _ = self._late(counted)
        answers = [entry for name in counted for entry in (self.answered[name][1], self._confirmation(name))]
        if late:
            reason = f"Every instruction was followed; {enumerate_names(late)}."
            return verdict(Status.MET_LATE, reason, *answers)
        return verdict(Status.MET, "Every instruction was followed.", *answers)

    def _confirmation(self, name: str) -> int | None:
        """Return the entry in which a named role confirmed an instruction, or None if it is not confirmed."""
        confirmed = self.confirmed.get(name, {})
        return next((confirmed[role.value] for role in self.rule.given_by if role.value in confirmed), None)

    def _awaiting(self, counted: dict[str, _Instruction]) -> Verdict | None:
        """Return AT_RISK for instructions that the council reports as followed without confirmation, else None."""
        names, entries = [], []
        for name, each in counted.items():
            if name not in self.answered or self._confirmation(name) is not None:
                continue
            day, entry = self.answered[name]
            late = 0 if each.due is None else (day - each.due).days
            days = f", {days_in_words(late)} late" if late > 0 else ""
            names.append(f"{name} (reported as followed on {in_words(day)}{days})")
            entries.append(entry)
        if not names:
            return None
        roles = " or ".join(f"the {role.meaning}" for role in self.rule.given_by)
        awaits = "awaits" if len(names) == 1 else "await"
        return verdict(
            Status.AT_RISK, f"Instruction {enumerate_names(names)} {awaits} confirmation by {roles}.", *entries
        )

    def _late(self, counted: dict[str, _Instruction]) -> tuple[list[str], list[int]]:
        """Return words on each instruction that was followed late, and the entries of the answers."""
        late, entries = [], []
        for name, each in counted.items():
            day, entry = self.answered.get(name, (date.min, 0))
            if each.due is not None and day > each.due:
                late.append(f"{name} was followed {days_in_words((day - each.due).days)} late")
                entries.append(entry)
        return late, entries

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Yield the instants at which each open instruction is due within a week, and overdue."""
        for name, each in self._counted().items():
            if name not in self.answered and each.due is not None:
                yield from warned(clause, each.due)


class NotDone(Judge[duties.NotDone]):
    """Judge of the rule that nothing of the named kind is done without consent."""

    acts: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)
    """Matter → the instant and the entry of each act."""
    consents: dict[str, list[tuple[datetime, int, str]]] = field(default_factory=dict)
    """Matter → the instant and the entry of each consent, and the role of the person who gave it."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the acts and the consents."""
        fact = occurrence.fact
        match fact:
            case ActReported():
                self.acts.setdefault(fact.matter, []).append((occurrence.at, occurrence.position))
            case ConsentGiven():
                consent = (occurrence.at, occurrence.position, occurrence.role)
                self.consents.setdefault(fact.matter, []).append(consent)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET if an act had no earlier consent, else MET; NO_EVIDENCE without an act.

        A consent covers one act.
        """
        matter, roles = self.rule.matter, [role.value for role in self.rule.consent_of]
        acts = sorted(self.acts.get(matter, ()))
        if not acts:
            reason = f"No act of the kind {matter} is reported; that does not show that there was none."
            return verdict(Status.NO_EVIDENCE, reason)
        counted = sorted(each for each in self.consents.get(matter, ()) if each[2] in roles)
        used: list[int] = []
        for done, position in acts:
            consent = next((entry for instant, entry, _ in counted if instant <= done and entry not in used), None)
            if consent is None:
                reason = f"An act of the kind {matter} on {in_words(clause.day(done))} had no consent."
                return verdict(Status.NOT_MET, reason, position)
            used.append(consent)
        return verdict(Status.MET, f"Each reported act of the kind {matter} had consent.", *used, acts[-1][1])


class CooperatedWith(Judge[duties.CooperatedWith]):
    """Judge of the rule that people in the named roles report that the council co-operates."""

    reports: dict[str, tuple[datetime, int, bool]] = field(default_factory=dict)
    """Role → the instant and the entry of its latest report, and True if the council co-operated."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember each role's latest report."""
        fact = occurrence.fact
        if isinstance(fact, CooperationReported):
            self.reports[occurrence.role] = (occurrence.at, occurrence.position, fact.cooperated)

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict of the latest reports: MET if every role that reported saw co-operation."""
        known = {role: self.reports[role.value] for role in self.rule.reported_by if role.value in self.reports}
        if not known:
            roles = enumerate_names(role.meaning for role in self.rule.reported_by)
            return verdict(Status.NO_EVIDENCE, f"No report on co-operation by the {roles} is recorded.")
        for role, (when, position, cooperated) in known.items():
            if not cooperated:
                reason = f"On {in_words(clause.day(when))} the {role.meaning} reported a lack of co-operation."
                return verdict(Status.NOT_MET, reason, position)
        names = enumerate_names(role.meaning for role in known)
        entries = (position for _, position, _ in known.values())
        return verdict(Status.MET, f"The latest reports of the {names} state co-operation.", *entries)
