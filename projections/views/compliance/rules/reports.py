"""Judges of rules on reports: complete reports to a board, and regular reports and publications."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased
from ledger.domain.areas.board import TimetableAgreed
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import AdviserReportIssued, BoardReportSubmitted
from ledger.domain.rules import oversight
from ledger.domain.rules.rule import ReportTopic
from projections.views.compliance.rules.board import board_in_words
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
from projections.views.reports import parts_of

_FIRST_MEETING_MONTHS = 3
"""Months after a clause takes effect by which a board without a timetable has to meet first."""


class BoardReportComplete(Judge[oversight.BoardReportComplete]):
    """Judge of the rule that the latest report to a board has every named part."""

    reports: dict[str | None, tuple[str, Sequence[str], int]] = field(default_factory=dict)
    """Board → the latest report to it, the report's parts and its entry; None means the improvement board."""
    met: dict[str | None, int] = field(default_factory=dict)
    """Board → the entry of its first meeting."""
    planned: dict[str | None, tuple[date, int]] = field(default_factory=dict)
    """Board → the first day of its first timetable, and the timetable's entry."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the latest report to each board, its first timetable and its first meeting."""
        fact = occurrence.fact
        match fact:
            case BoardReportSubmitted():
                self.reports[fact.board] = (fact.report, parts_of(fact), occurrence.position)
            case MeetingHeld() if fact.board not in self.met:
                self.met[fact.board] = occurrence.position
            case TimetableAgreed() if fact.board not in self.planned:
                self.planned[fact.board] = min(fact.dates), occurrence.position
            case _:
                return False
        return fact.board == self.rule.board

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_DUE until the board's first meeting is held or due, then the verdict on the latest report."""
        board, latest = board_in_words(self.rule.board), self.reports.get(self.rule.board)
        if latest is None:
            met = self.met.get(self.rule.board)
            if met is None:
                return self._unmet(clause, at, board)
            return verdict(Status.NO_EVIDENCE, f"{board} has met, and no report to it is recorded.", met)
        report, parts, position = latest
        named = f"Report {report}, the latest to {board[0].lower()}{board[1:]},"
        missing = [part.value for part in self.rule.parts if part.value not in parts]
        if missing:
            lacks = enumerate_names(map(word_in_text, missing))
            return verdict(Status.NOT_MET, f"{named} lacks {lacks}.", position)
        names = enumerate_names(word_in_text(part.value) for part in self.rule.parts)
        return verdict(Status.MET, f"{named} has {names}.", position)

    def _expected(self, clause: JudgedClause) -> tuple[date, int]:
        """Return the day by which the board has to meet first, and the entry that sets that day."""
        default = months_after(clause.day(clause.since), _FIRST_MEETING_MONTHS), clause.position
        return self.planned.get(self.rule.board, default)

    def _unmet(self, clause: JudgedClause, at: datetime, board: str) -> Verdict:
        """Return the verdict while neither a meeting of the board nor a report to the board is recorded."""
        day, entry = self._expected(clause)
        if clause.day(at) <= day:
            return verdict(Status.NOT_DUE, f"{board} has not met yet.")
        reason = f"{board} was to meet by {in_words(day)}; no meeting of it and no report to it are recorded."
        return verdict(Status.NO_EVIDENCE, reason, entry)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instant after the day by which the board has to meet first."""
        return (clause.after(self._expected(clause)[0]),)


class _AdviserReport(Struct):
    report: str
    at: datetime
    areas: list[str]
    topics: list[str]
    """Topics in the report, out of REQUIREMENTS and OTHER."""
    position: int


class AdviserReports(Judge[oversight.AdviserReports]):
    """Judge of the rule that the adviser reports at the agreed interval, on every named topic."""

    report: _AdviserReport | None = None
    """Latest report of the adviser; None before the first report."""
    before: datetime | None = None
    """Instant of the report before the latest; None without an earlier report."""
    appointments: dict[str, tuple[date, int] | None] = field(default_factory=dict)
    """Appointment → the adviser's last day and the entry of the release; None if the adviser is not released."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the latest report, and the adviser's release."""
        fact = occurrence.fact
        if isinstance(fact, AdviserAppointed):
            self.appointments[fact.appointment] = None
        elif isinstance(fact, AdviserReleased):
            self.appointments[fact.appointment] = (fact.last, occurrence.position)
        elif isinstance(fact, AdviserReportIssued):
            topics = ["REQUIREMENTS"] if fact.requirements else []
            topics += ["OTHER"] if fact.other is not None else []
            areas = [each.area for each in fact.per_area]
            self.before = None if self.report is None else self.report.at
            self.report = _AdviserReport(fact.report, occurrence.at, areas, topics, occurrence.position)

    def _limit(self, clause: JudgedClause) -> date | None:
        """Return the last day for the next report, or None if no interval is agreed."""
        months, since = self.rule.every_months, clause.since if self.report is None else self.report.at
        return months_after(clause.day(since), months) if months else None

    def _release(self) -> tuple[date, int] | None:
        """Return the last adviser's last day and the release's entry, or None unless every adviser is released."""
        released = [each for each in self.appointments.values() if each is not None]
        return max(released) if released and len(released) == len(self.appointments) else None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the latest report's topics and age.

        Without an agreed interval, a complete report is NO_EVIDENCE. A report that falls due after the adviser's
        release is NOT_DUE.
        """
        today, limit, report = clause.day(at), self._limit(clause), self.report
        release = self._release()
        if release is not None and limit is not None and release[0] < today and release[0] < limit:
            reason = f"The Department released the adviser on {in_words(release[0])}; no report is to come."
            return verdict(Status.NOT_DUE, reason, release[1], None if report is None else report.position)
        if report is None:
            return self._first(clause, today, limit)
        if limit is not None and today > limit:
            reason = f"The adviser's next report after {report.report} was due by {in_words(limit)}."
            return verdict(Status.NOT_MET, reason, report.position)
        missing = self._missing(clause, report)
        if missing:
            reason = f"The adviser's latest report, {report.report}, leaves out {enumerate_names(missing)}."
            return verdict(Status.NOT_MET, reason, report.position)
        return self._covered(clause, today, report, limit)

    def _covered(self, clause: JudgedClause, today: date, report: _AdviserReport, limit: date | None) -> Verdict:
        """Return the verdict on a report that covers every topic and is not too old."""
        covers = f"The adviser's latest report, {report.report}, covers every topic"
        if limit is None:
            reason = f"{covers}; no interval between reports is agreed."
            return verdict(Status.NO_EVIDENCE, reason, report.position)
        if is_near(today, limit, 2):
            return verdict(
                Status.AT_RISK, f"The adviser's next report is due by {in_words(limit)}.", report.position
            )
        late = _days_late(clause, self.before, report.at, self.rule.every_months)
        if late > 0:
            reason = f"{covers}, {days_in_words(late)} late; the next is due by {in_words(limit)}."
            return verdict(Status.MET_LATE, reason, report.position)
        return verdict(Status.MET, f"{covers}; the next is due by {in_words(limit)}.", report.position)

    def _first(self, clause: JudgedClause, today: date, limit: date | None) -> Verdict:
        """Return the verdict before the adviser's first report."""
        if limit is None:
            return verdict(Status.NO_EVIDENCE, "The adviser has issued no report, and no interval is agreed.")
        if today > limit:
            reason = f"The adviser's first report was due by {in_words(limit)}."
            return verdict(Status.NOT_MET, reason, clause.position)
        status = Status.AT_RISK if is_near(today, limit, 2) else Status.NOT_DUE
        return verdict(status, f"The adviser's first report is due by {in_words(limit)}.", clause.position)

    def _missing(self, clause: JudgedClause, report: _AdviserReport) -> list[str]:
        missing = []
        if ReportTopic.AREAS in self.rule.covers:
            missing += [f"area {area}" for area in clause.open_areas() if area not in report.areas]
        if ReportTopic.REQUIREMENTS in self.rule.covers and "REQUIREMENTS" not in report.topics:
            missing.append("the requirements")
        if ReportTopic.OTHER in self.rule.covers and "OTHER" not in report.topics:
            missing.append("other matters")
        return missing

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which a report is due within a fortnight or overdue, or a release begins."""
        limit, release = self._limit(clause), self._release()
        if limit is None:
            return ()
        return [*warned(clause, limit, 2), *([] if release is None else [clause.after(release[0])])]


def _days_late(clause: JudgedClause, before: datetime | None, at: datetime, months: int | None) -> int:
    """Return the days by which a report or publication came late; 0 or less if in time.

    Args:
        clause: Clause from whose start the first interval counts.
        before: Instant of the previous report or publication; None without an earlier report or publication.
        at: Instant of the report or publication.
        months: Months of the interval; None if no interval is agreed.
    """
    if months is None:
        return 0
    return (clause.day(at) - months_after(clause.day(before or clause.since), months)).days


class _Publication(Struct):
    at: datetime
    position: int
    before: datetime | None
    """Instant of the previous publication; None for the first publication."""


class PublishedRegularly(Judge[oversight.PublishedRegularly]):
    """Judge of the rule that a subject is published, and published again at the named interval."""

    published: dict[str, _Publication] = field(default_factory=dict)
    """Subject → its latest publication."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember when each subject was published last."""
        fact = occurrence.fact
        if isinstance(fact, Published):
            before = self.published.get(fact.subject)
            last = _Publication(occurrence.at, occurrence.position, None if before is None else before.at)
            self.published[fact.subject] = last

    def _limit(self, clause: JudgedClause) -> date | None:
        months, last = self.rule.every_months, self.published.get(self.rule.what)
        return months_after(clause.day(last.at if last else clause.since), months) if months else None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_MET while a publication is overdue, and AT_RISK while a publication is due soon.

        Otherwise, return NO_EVIDENCE before the first publication, then MET or MET_LATE.
        """
        subject, last, limit = self.rule.what, self.published.get(self.rule.what), self._limit(clause)
        today = clause.day(at)
        entry = last.position if last else clause.position
        which = f"next publication of {subject}" if last else f"first publication of {subject}"
        if limit is not None and today > limit:
            return verdict(Status.NOT_MET, f"The {which} was due by {in_words(limit)}.", entry)
        if limit is not None and is_near(today, limit, 2):
            return verdict(Status.AT_RISK, f"The {which} is due by {in_words(limit)}.", entry)
        if last is None:
            return verdict(Status.NO_EVIDENCE, f"No publication of {subject} is recorded.")
        published = f"The latest publication of {subject} was on {in_words(clause.day(last.at))}"
        late = _days_late(clause, last.before, last.at, self.rule.every_months)
        if late > 0:
            return verdict(Status.MET_LATE, f"{published}, {days_in_words(late)} late.", entry)
        return verdict(Status.MET, f"{published}.", entry)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which the next publication is due within a fortnight, and overdue."""
        limit = self._limit(clause)
        return () if limit is None else warned(clause, limit, 2)
