"""Judges of rules on the board and on reports: the chair, the timetable, complete and regular reports."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct, field

from ledger.domain.areas.board import BoardEstablished, ChairAppointed, ChairEnded, TimetableAgreed
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import AdviserReportIssued, BoardReportSubmitted, ChairReportDelivered
from ledger.domain.rules import oversight
from ledger.domain.rules.rule import ReportTopic
from projections.views.compliance.rules.posts import ChairTenure, RolesHeld, Tenures
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
from projections.views.reports import parts_of


class _Timetable(Struct):
    dates: list[date]
    report_dates: list[date]
    agreed: datetime
    has_consent: bool
    position: int


class _ChairReport(Struct):
    ends: date
    """Last day of its period."""
    at: datetime
    position: int


class BoardAndChair(Judge[oversight.BoardAndChair]):
    """A board has a chair without a vacancy, and keeps to what else the clause asks of it."""

    board: int | None = None
    tenures: Tenures = field(default_factory=Tenures)
    roles: RolesHeld = field(default_factory=RolesHeld)
    timetable: _Timetable | None = None
    """The timetable agreed last."""
    replaced: list[tuple[_Timetable, datetime]] = field(default_factory=list)
    """Earlier timetables, and the instants at which the next one was agreed."""
    reports: list[_ChairReport] = field(default_factory=list)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the chairs, the timetables and the chair's reports."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case BoardEstablished():
                self.board = position
            case ChairAppointed() | ChairEnded():
                self.tenures.take(fact, position)
            case RoleGranted() | RoleRevoked():
                self.roles.take(fact, occurrence.at)
            case TimetableAgreed():
                if self.timetable is not None:
                    self.replaced.append((self.timetable, occurrence.at))
                dates, reports = list(fact.dates), list(fact.report_dates)
                self.timetable = _Timetable(dates, reports, occurrence.at, fact.department_consent, position)
            case ChairReportDelivered():
                self.reports.append(_ChairReport(fact.period.last, occurrence.at, position))

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the first fault: the board, its chair, the timetable, a report of the chair."""
        if self.board is None:
            return verdict(Status.NO_EVIDENCE, "No board has been established.")
        today = clause.day(at)
        tenure = self.tenures.on(today)
        if tenure is None:
            return self._vacant(today)
        if self.rule.independent_chair and not tenure.independent:
            reason = f"The independence of the chair, {tenure.chair}, is not explained."
            return verdict(Status.NOT_MET, reason, tenure.position)
        role = self.rule.chaired_by
        if role is not None and not self.roles.holds(tenure.chair, role, at):
            reason = f"The chair, {tenure.chair}, does not hold the role {role.meaning}."
            return verdict(Status.NOT_MET, reason, tenure.position)
        if self.rule.timetable_agreed_with is None and not self.rule.chair_reports:
            return verdict(Status.MET, f"The board is chaired by {tenure.chair}.", self.board, tenure.position)
        return self._on_timetable(clause, today, tenure)

    def _vacant(self, today: date) -> Verdict:
        ended = [(each.last, each) for each in self.tenures.all if each.last is not None and each.last < today]
        if ended:
            day, last = max(ended, key=lambda each: (each[0], each[1].position))
            reason = f"The board has had no chair since {in_words(day + DAY)}."
            return verdict(Status.NOT_MET, reason, last.ended or last.position)
        coming = min((each for each in self.tenures.all if each.first > today), key=_first_day, default=None)
        if coming is not None:
            reason = f"The first chair begins on {in_words(coming.first)}."
            return verdict(Status.NOT_DUE, reason, coming.position)
        return verdict(Status.NO_EVIDENCE, "No chair has been appointed.", self.board)

    def _on_timetable(self, clause: JudgedClause, today: date, tenure: ChairTenure) -> Verdict:
        timetable = self.timetable
        if timetable is None:
            return verdict(Status.NO_EVIDENCE, "No timetable has been agreed.", self.board, tenure.position)
        consent = self.rule.timetable_agreed_with
        if consent is not None and not timetable.has_consent:
            reason = f"The timetable was not agreed with the {consent.meaning.capitalize()}."
            return verdict(Status.NOT_MET, reason, timetable.position)
        entries = (self.board, tenure.position, timetable.position)
        chaired = f"The board is chaired by {tenure.chair}"
        late = self._late_reports(clause) if self.rule.chair_reports else []
        if self.rule.chair_reports:
            unmet = self._report_fault(clause, today, timetable)
            if unmet is not None:
                return unmet
            if not any(day < today for day, _ in self._report_days(clause)):
                chaired += "; no report of the chair is due yet"
            elif not late:
                chaired += ", and the chair reported by each report day"
        if max(timetable.dates) < today:
            reason = f"The timetable has no day after {in_words(max(timetable.dates))}; agree the next one."
            return verdict(Status.AT_RISK, reason, *entries)
        if late:
            day, days, position = late[-1]
            reason = f"{chaired}; the report for {in_words(day)} came {days_in_words(days)} late."
            return verdict(Status.MET_LATE, reason, *entries, position)
        reports = [report.position for report in self.reports] if self.rule.chair_reports else []
        return verdict(Status.MET, f"{chaired}.", *entries, *reports[-1:])

    def _report_days(self, clause: JudgedClause) -> list[tuple[date, int]]:
        """Return every report day agreed, with the entry of its timetable."""
        days = [
            (day, each.position)
            for each, until in [*self.replaced, *([(self.timetable, None)] if self.timetable else [])]
            for day in each.report_dates
            if day >= clause.day(each.agreed) and (until is None or day < clause.day(until))
        ]
        return sorted(days)

    def _late_reports(self, clause: JudgedClause) -> list[tuple[date, int, int]]:
        """Return the report days for which the first report came late, with the days and the report's entry."""
        late, previous = [], date.min
        for day, _ in self._report_days(clause):
            reports = [each for each in self.reports if previous < each.ends <= day]
            if reports:
                first = min(reports, key=lambda each: (each.at, each.position))
                days = (clause.day(first.at) - day).days
                if days > 0:
                    late.append((day, days, first.position))
            previous = day
        return late

    def _report_fault(self, clause: JudgedClause, today: date, timetable: _Timetable) -> Verdict | None:
        """Return the verdict if a report of the chair is missing or due soon; None: neither."""
        days = self._report_days(clause)
        if not days:
            reason = "The timetable names no day for the chair's reports."
            return verdict(Status.NO_EVIDENCE, reason, timetable.position)
        previous = date.min
        for day, position in days:
            # A report is for the first report day after its period, in time or late.
            is_reported = any(previous < each.ends <= day for each in self.reports)
            if day < today and not is_reported:
                reason = f"The chair has not reported for {in_words(day)}, a report day of the timetable."
                last = self.reports[-1].position if self.reports else None
                return verdict(Status.NOT_MET, reason, position, last)
            if day >= today:
                if not is_reported and is_near(today, day):
                    return verdict(Status.AT_RISK, f"The chair's report is due by {in_words(day)}.", position)
                return None
            previous = day
        return None

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the beginnings and ends of tenures and role grants, and the days around the timetable's days."""
        moments = [clause.start(tenure.first) for tenure in self.tenures.all]
        moments += [clause.after(tenure.last) for tenure in self.tenures.all if tenure.last is not None]
        if self.rule.chaired_by is not None:
            grants = [grant for granted in self.roles.grants.values() for grant in granted]
            moments += [instant for _, *times in grants for instant in times if instant is not None]
        if self.timetable is not None:
            moments.append(clause.after(max(self.timetable.dates)))
            today = clause.day(at)
            for day in [day for day in self.timetable.report_dates if day >= today][:2]:
                moments += warned(clause, day)
        return moments


def _first_day(tenure: ChairTenure) -> date:
    return tenure.first


class BoardReportComplete(Judge[oversight.BoardReportComplete]):
    """The latest report to the board has every part named."""

    report: tuple[str, list[str], int] | None = None
    """The latest report, its parts, and its entry."""
    met: int | None = None
    """Entry of the board's first meeting."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember the latest report and the first meeting."""
        fact = occurrence.fact
        if isinstance(fact, BoardReportSubmitted):
            self.report = (fact.report, parts_of(fact), occurrence.position)
        elif self.met is not None:
            return False
        else:
            self.met = occurrence.position
        return None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return NOT_DUE until the board meets, then the verdict on the latest report."""
        if self.report is None:
            if self.met is None:
                return verdict(Status.NOT_DUE, "The board has not met yet.")
            return verdict(Status.NO_EVIDENCE, "The board has met, and no report to it is recorded.", self.met)
        report, parts, position = self.report
        missing = [part.value for part in self.rule.parts if part.value not in parts]
        if missing:
            lacks = enumerate_names(map(word_in_text, missing))
            return verdict(Status.NOT_MET, f"Report {report}, the latest to the board, lacks {lacks}.", position)
        names = enumerate_names(word_in_text(part.value) for part in self.rule.parts)
        return verdict(Status.MET, f"Report {report}, the latest to the board, has {names}.", position)


class _AdviserReport(Struct):
    report: str
    at: datetime
    areas: list[str]
    topics: list[str]
    """REQUIREMENTS and OTHER, as far as it has them."""
    position: int


class AdviserReports(Judge[oversight.AdviserReports]):
    """The adviser reports at the agreed interval, on every topic named."""

    report: _AdviserReport | None = None
    """The latest report."""
    before: datetime | None = None
    """Instant of the report before it."""

    def take(self, occurrence: Occurrence) -> None:
        """Remember the latest report."""
        fact = occurrence.fact
        if isinstance(fact, AdviserReportIssued):
            topics = ["REQUIREMENTS"] if fact.requirements else []
            topics += ["OTHER"] if fact.other is not None else []
            areas = [each.area for each in fact.per_area]
            self.before = None if self.report is None else self.report.at
            self.report = _AdviserReport(fact.report, occurrence.at, areas, topics, occurrence.position)

    def _limit(self, clause: JudgedClause) -> date | None:
        """Return the last day for the next report; None: no interval is agreed."""
        months, since = self.rule.every_months, clause.since if self.report is None else self.report.at
        return months_after(clause.day(since), months) if months else None

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the latest report's topics and age; without an agreed interval NO_EVIDENCE."""
        today, limit, report = clause.day(at), self._limit(clause), self.report
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
        """Return the verdict before the first report."""
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
        """Return a fortnight before the next report is due, and the day after."""
        limit = self._limit(clause)
        return () if limit is None else warned(clause, limit, 2)


def _days_late(clause: JudgedClause, before: datetime | None, at: datetime, months: int | None) -> int:
    """Return the days by which something came late, so many months after the last or after the clause began."""
    if months is None:
        return 0
    return (clause.day(at) - months_after(clause.day(before or clause.since), months)).days


class _Publication(Struct):
    at: datetime
    position: int
    before: datetime | None
    """Instant of the publication before it."""


class PublishedRegularly(Judge[oversight.PublishedRegularly]):
    """A subject is published, and published again at the interval named."""

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
        """Return NO_EVIDENCE until the subject is published, NOT_MET when it is overdue again."""
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
        """Return a fortnight before the next publication is due, and the day after."""
        limit = self._limit(clause)
        return () if limit is None else warned(clause, limit, 2)
