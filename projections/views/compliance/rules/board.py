"""Rules of the board and of reports: an independent chair, a timetable kept, reports that are complete."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct, field

from ledger.domain.areas.board import BoardEstablished, ChairAppointed, ChairEnded, TimetableAgreed
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.records import Published
from ledger.domain.areas.reports import AdviserReportIssued, BoardReportSubmitted, ChairReportDelivered
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
from projections.views.reports import PARTS, parts_of


class _Tenure(Struct):
    chair: str
    first: date
    last: date | None
    independent: bool
    position: int
    ended: int | None = None


class _Timetable(Struct):
    dates: list[date]
    agreed: datetime
    consent: bool
    position: int


class BoardAndChair(Rule):
    """There is a board with an independent chair, without a vacancy, who reports by each date of the timetable."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset(
        {BoardEstablished, ChairAppointed, ChairEnded, TimetableAgreed, ChairReportDelivered}
    )
    board: int | None = None
    tenures: list[_Tenure] = field(default_factory=list)
    timetable: _Timetable | None = None
    report: tuple[datetime, int] | None = None
    """The chair's latest report."""

    def take(self, happening: Occurrence) -> None:
        """Keeps who chairs when, the timetable, and the latest report."""
        fact, position = happening.fact, happening.position
        match fact:
            case BoardEstablished():
                self.board = position
            case ChairAppointed():
                independent = fact.independence_basis is not None
                self.tenures.append(_Tenure(fact.chair, fact.first, fact.last, independent, position))
            case ChairEnded():
                for tenure in self.tenures:
                    if tenure.chair == fact.chair and tenure.last is None:
                        tenure.last, tenure.ended = fact.last, position
            case TimetableAgreed():
                self.timetable = _Timetable(list(fact.dates), happening.at, fact.department_consent, position)
            case ChairReportDelivered():
                self.report = (happening.at, position)

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """What is missing first counts: the board, its chair, their independence, the timetable, a report."""
        if self.board is None:
            return verdict(Status.NO_EVIDENCE, "No board has been established.")
        today = asked.day(at)
        chairing = next(
            (t for t in self.tenures if t.first <= today and (t.last is None or today <= t.last)), None
        )
        if chairing is None:
            return self._vacant(today)
        if asked.parameters.get("independent_chair") is True and not chairing.independent:
            reason = f"It was not said why the chair, {chairing.chair}, is independent."
            return verdict(Status.NOT_MET, reason, chairing.position)
        if self.timetable is None:
            return verdict(Status.NO_EVIDENCE, "No timetable has been agreed.", self.board, chairing.position)
        if asked.word("timetable_agreed_with") is not None and not self.timetable.consent:
            reason = "The timetable was not agreed with the Department."
            return verdict(Status.NOT_MET, reason, self.timetable.position)
        return self._on_time(asked, today, chairing, self.timetable)

    def _vacant(self, today: date) -> Verdict:
        before = [tenure for tenure in self.tenures if tenure.last is not None and tenure.last < today]
        coming = min(
            (tenure for tenure in self.tenures if tenure.first > today), key=lambda t: t.first, default=None
        )
        if before:
            last = max(before, key=lambda tenure: tenure.last or today)
            since = f"The board has had no chair since {said((last.last or today) + DAY)}"
            return verdict(Status.NOT_MET, f"{since}.", last.ended or last.position)
        if coming is not None:
            return verdict(Status.NOT_DUE, f"The first chair begins on {said(coming.first)}.", coming.position)
        return verdict(Status.NO_EVIDENCE, "No chair has been appointed.", *([self.board] if self.board else []))

    def _on_time(self, asked: ClauseQuestion, today: date, chairing: _Tenure, timetable: _Timetable) -> Verdict:
        """A report is for the next date of the timetable; dates up to the day of its agreement ask for none."""
        dates = [asked.day(timetable.agreed), *timetable.dates]
        dates = [dates[0], *(day for day in dates if day > dates[0])]
        passed = [day for day in dates if day < today]
        coming = next((day for day in dates[1:] if day >= today), None)
        reported = date.min if self.report is None else asked.day(self.report[0])
        report = [] if self.report is None else [self.report[1]]
        if len(passed) > 1 and reported <= passed[-2]:
            reason = f"The chair has not reported for {said(passed[-1])}, a date of the timetable."
            return verdict(Status.NOT_MET, reason, timetable.position, *report)
        entries = (chairing.position, timetable.position, *report)
        if coming is not None and (not passed or reported <= passed[-1]) and today > coming - WARNING_DAYS * DAY:
            return verdict(Status.AT_RISK, f"The chair's report is due by {said(coming)}.", *entries)
        reports = (
            "whose first report is not due yet" if self.report is None else "and the reports came by their dates"
        )
        return verdict(Status.MET, f"The board is chaired by {chairing.chair}, {reports}.", *entries)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """When a tenure begins or has ended, and before and after the dates of the timetable."""
        today = asked.day(at)
        found = [asked.start(tenure.first) for tenure in self.tenures]
        found += [asked.after(tenure.last) for tenure in self.tenures if tenure.last is not None]
        coming = [day for day in self.timetable.dates if day >= today][:2] if self.timetable else []
        return [
            *found,
            *(asked.after(day - WARNING_DAYS * DAY) for day in coming),
            *(asked.after(day) for day in coming),
        ]


class BoardReportComplete(Rule):
    """Reports to the board have all their parts; activity without evidence of impact is not enough."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({BoardReportSubmitted, MeetingHeld})
    report: tuple[str, list[str], int] | None = None
    """The latest report, its parts, its entry."""
    met: bool = False

    def take(self, happening: Occurrence) -> bool | None:
        """Remembers the latest report."""
        fact = happening.fact
        if isinstance(fact, BoardReportSubmitted):
            self.report = (fact.report, parts_of(fact), happening.position)
        elif self.met:
            return False
        else:
            self.met = True
        return None

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NOT_DUE until the board first meets; then by the parts of the latest report."""
        if self.report is None:
            if not self.met:
                return verdict(Status.NOT_DUE, "The board has not met yet.")
            return verdict(Status.NO_EVIDENCE, "The board has met, and no report to it is recorded.")
        report, parts, position = self.report
        missing = [part for part in asked.words("parts") or PARTS if part not in parts]
        if missing:
            lacks = listed(part.replace("_", " ").lower() for part in missing)
            return verdict(Status.NOT_MET, f"Report {report}, the latest to the board, lacks {lacks}.", position)
        return verdict(Status.MET, f"Report {report}, the latest to the board, has all its parts.", position)


class AdviserReports(Rule):
    """The adviser reports regularly, on every area."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({AdviserReportIssued})
    report: tuple[str, datetime, list[str], bool, int] | None = None
    """The latest report, when it was issued, its areas, whether it speaks of requirements, its entry."""

    def take(self, happening: Occurrence) -> None:
        """Remembers the latest report."""
        fact = happening.fact
        if isinstance(fact, AdviserReportIssued):
            areas = [each.area for each in fact.per_area]
            self.report = (fact.report, happening.at, areas, bool(fact.requirements), happening.position)

    def _limit(self, asked: ClauseQuestion) -> date | None:
        """By when the next report is due; None: what is regular was not decided."""
        months = asked.number_of("every_months", 0)
        since = asked.since if self.report is None else self.report[1]
        return months_after(asked.day(since), months) if months else None

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """By the latest report's areas and requirements and, once an interval was adopted, its age."""
        today, limit = asked.day(at), self._limit(asked)
        if self.report is None:
            if limit is not None and today > limit:
                return verdict(Status.NOT_MET, f"The adviser's first report was due by {said(limit)}.")
            return verdict(Status.NO_EVIDENCE, "The adviser has issued no report.")
        report, _, areas, requirements, position = self.report
        if limit is not None and today > limit:
            return verdict(Status.NOT_MET, f"After {report} the next report was due by {said(limit)}.", position)
        missing = [f"area {area}" for area in asked.open_areas() if area not in areas]
        if "REQUIREMENTS" in asked.words("covers") and not requirements:
            missing.append("what is required")
        if missing:
            reason = f"The adviser's latest report, {report}, says nothing of {listed(missing)}."
            return verdict(Status.NOT_MET, reason, position)
        if limit is not None and today > limit - 2 * WARNING_DAYS * DAY:
            return verdict(Status.AT_RISK, f"The adviser's next report is due by {said(limit)}.", position)
        return verdict(Status.MET, f"The adviser's latest report, {report}, covers all that it has to.", position)

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """A fortnight before the next report is due, and the day after."""
        limit = self._limit(asked)
        return () if limit is None else (asked.after(limit - 2 * WARNING_DAYS * DAY), asked.after(limit))


class PublishedRule(Rule):
    """Something was made public, and is again every so many months where the notice says so."""

    facts: ClassVar[frozenset[type[Fact]]] = frozenset({Published})
    published: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    """Subject → when it was published last, and the entry."""

    def take(self, happening: Occurrence) -> None:
        """Remembers when each subject was published last."""
        if isinstance(happening.fact, Published):
            self.published[happening.fact.subject] = (happening.at, happening.position)

    def _last(self, asked: ClauseQuestion) -> tuple[datetime, int] | None:
        what = asked.word("what")
        return max((known for subject, known in self.published.items() if what in (None, subject)), default=None)

    def _limit(self, asked: ClauseQuestion) -> date | None:
        months, last = asked.number_of("every_months", 0), self._last(asked)
        return months_after(asked.day(last[0] if last else asked.since), months) if months else None

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """NO_EVIDENCE until it is published; NOT_MET when it is due again."""
        what, last, limit = asked.word("what") or "What was asked for", self._last(asked), self._limit(asked)
        today = asked.day(at)
        if limit is not None and today > limit:
            again = "again " if last else ""
            reason = f"{what} had to be published {again}by {said(limit)}."
            return verdict(Status.NOT_MET, reason, *([last[1]] if last else []))
        if last is None:
            return verdict(Status.NO_EVIDENCE, f"{what} has not been published.")
        if limit is not None and today > limit - 2 * WARNING_DAYS * DAY:
            return verdict(Status.AT_RISK, f"{what} has to be published again by {said(limit)}.", last[1])
        return verdict(Status.MET, f"{what} was published on {said(asked.day(last[0]))}.", last[1])

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """A fortnight before it is due again, and the day after."""
        limit = self._limit(asked)
        return () if limit is None else (asked.after(limit - 2 * WARNING_DAYS * DAY), asked.after(limit))
