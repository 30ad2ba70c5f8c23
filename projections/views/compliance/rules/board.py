"""Judge of the rule on a board: its chair, timetable and meetings, the chair's reports and partners' updates."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import islice

from msgspec import Struct, field

from ledger.domain.areas.board import BoardEstablished, ChairAppointed, ChairEnded, TimetableAgreed
from ledger.domain.areas.meetings import MeetingHeld, MinutesApproved
from ledger.domain.areas.partners import PartnerUpdateCommissioned, PartnerUpdateReceived
from ledger.domain.areas.people import RoleGranted, RoleRevoked
from ledger.domain.areas.reports import ChairReportDelivered
from ledger.domain.rules import oversight
from projections.views.compliance.rules.posts import ChairTenure, RolesHeld, Tenures, vacancies
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

_NAMED = 5
"""Maximum number of meetings, updates or vacancies that a reason names."""


def board_in_words(board: str | None) -> str:
    """Return a board as the subject at the beginning of a sentence; None means the improvement board."""
    return "The board" if board is None else f"Board {board}"


class _Timetable(Struct, frozen=True):
    dates: Sequence[date]
    report_dates: Sequence[date]
    agreed: datetime
    has_consent: bool
    position: int


class _ChairReport(Struct):
    ends: date
    """Last day of the period that the report covers."""
    at: datetime
    position: int


class _Meetings(Struct):
    """A board's meetings: the last meeting, its quorum, and the meetings with unapproved minutes."""

    last: tuple[str, int] | None = None
    """Last meeting and its entry; None without a meeting."""
    is_quorate: bool = True
    unapproved: dict[str, int] = field(default_factory=dict)
    """Meeting without approved minutes → its entry."""

    def hold(self, fact: MeetingHeld, position: int, *, is_approved: bool) -> None:
        """Remember the latest meeting, and that its minutes await approval unless they are approved."""
        self.last, self.is_quorate = (fact.meeting, position), fact.quorate
        if not is_approved:
            self.unapproved[fact.meeting] = position

    def approve(self, meeting: str) -> bool:
        """Remember that the minutes of a meeting were approved. Return True if they waited for approval."""
        return self.unapproved.pop(meeting, None) is not None

    def faults(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return sentences on a meeting without a quorum and on unapproved minutes, each with its entries.

        Minutes are to be approved by the next meeting.
        """
        faults: list[tuple[str, tuple[int, ...]]] = []
        if self.last is not None and not self.is_quorate:
            faults.append((f"The last meeting, {self.last[0]}, had no quorum.", (self.last[1],)))
        last = None if self.last is None else self.last[0]
        open_minutes = dict(islice(((name, at) for name, at in self.unapproved.items() if name != last), _NAMED))
        if open_minutes:
            names = enumerate_names(open_minutes)
            faults.append((f"The minutes of {names} are not approved.", tuple(open_minutes.values())))
        return faults


class _Board(Struct):
    """A board's establishment, chairs, timetables, chair's reports and meetings."""

    established: int | None = None
    tenures: Tenures = field(default_factory=Tenures)
    timetable: _Timetable | None = None
    """Latest agreed timetable; None without a timetable."""
    replaced: list[tuple[_Timetable, datetime]] = field(default_factory=list)
    """Earlier timetables, each with the instant at which the next timetable was agreed."""
    reports: list[_ChairReport] = field(default_factory=list)
    meetings: _Meetings = field(default_factory=_Meetings)

    def take(self, occurrence: Occurrence) -> None:
        """Remember the establishment, the chairs, the timetables and the chair's reports."""
        fact, position = occurrence.fact, occurrence.position
        match fact:
            case BoardEstablished():
                self.established = position
            case ChairAppointed() | ChairEnded():
                self.tenures.take(fact, position)
            case TimetableAgreed():
                if self.timetable is not None:
                    self.replaced.append((self.timetable, occurrence.at))
                dates, reports = list(fact.dates), list(fact.report_dates)
                self.timetable = _Timetable(dates, reports, occurrence.at, fact.department_consent, position)
            case ChairReportDelivered():
                self.reports.append(_ChairReport(fact.period.last, occurrence.at, position))

    def report_days(self, clause: JudgedClause) -> list[tuple[date, int]]:
        """Return the days by which the chair had or has to report, each with the entry of its timetable."""
        days = [
            (day, each.position)
            for each, until in [*self.replaced, *([(self.timetable, None)] if self.timetable else [])]
            for day in each.report_dates
            if day >= clause.day(each.agreed) and (until is None or day < clause.day(until))
        ]
        return sorted(days)

    def late_reports(self, clause: JudgedClause) -> list[tuple[date, int, int]]:
        """Return each day whose first report came late, with the days of delay and the report's entry."""
        late, previous = [], date.min
        for day, _ in self.report_days(clause):
            reports = [each for each in self.reports if previous < each.ends <= day]
            if reports:
                first = min(reports, key=lambda each: (each.at, each.position))
                days = (clause.day(first.at) - day).days
                if days > 0:
                    late.append((day, days, first.position))
            previous = day
        return late


class BoardAndChair(Judge[oversight.BoardAndChair]):
    """Judge of the rule that a board has a chair without a vacancy, and meets the clause's other requirements."""

    boards: dict[str | None, _Board] = field(default_factory=dict)
    """Boards by id; the id None means the improvement board."""
    roles: RolesHeld = field(default_factory=RolesHeld)
    approved: set[str] = field(default_factory=set)
    """Meetings whose minutes were approved."""
    updates: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Update that the improvement board commissioned and has not received → its due date and its entry."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember each board's acts, the holders of roles, and the updates that partners owe."""
        fact, position = occurrence.fact, occurrence.position
        board: str | None = getattr(fact, "board", None)
        match fact:
            case RoleGranted() | RoleRevoked():
                self.roles.take(fact, occurrence.at)
                return self.rule.chaired_by is not None
            case PartnerUpdateCommissioned():
                self.updates[fact.update] = fact.due, position
            case PartnerUpdateReceived():
                self.updates.pop(fact.update, None)
            case MinutesApproved():
                self.approved.add(fact.meeting)
                known = [of for of, each in self.boards.items() if each.meetings.approve(fact.meeting)]
                return self.rule.board in known
            case MeetingHeld():
                is_approved = fact.meeting in self.approved
                self.boards.setdefault(board, _Board()).meetings.hold(fact, position, is_approved=is_approved)
            case _:
                self.boards.setdefault(board, _Board()).take(occurrence)
        return board == self.rule.board

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on the board. The reason also names vacancies, meetings and updates at fault."""
        board = self.boards.get(self.rule.board)
        if board is None or board.established is None:
            which = "No board" if self.rule.board is None else f"No board {self.rule.board}"
            return verdict(Status.NO_EVIDENCE, f"{which} has been established.")
        result = self._judge(clause, at, board)
        today = clause.day(at)
        faults = [*_vacant_before(board, today), *board.meetings.faults(), *self._overdue(today)]
        reason = " ".join([result.reason, *(sentence for sentence, _ in faults)])
        return verdict(result.status, reason, *result.entries, *(entry for _, of in faults for entry in of))

    def _overdue(self, today: date) -> list[tuple[str, tuple[int, ...]]]:
        """Return a sentence on updates that partners owe the improvement board and that are overdue.

        The sentence comes with its entries; the list is empty without such updates.
        """
        if self.rule.board is not None:
            return []
        late = ((update, entry) for update, (due, entry) in self.updates.items() if due < today)
        overdue = dict(islice(late, _NAMED))
        if not overdue:
            return []
        names = enumerate_names(overdue)
        one, many = (
            f"The day for update {names} of a partner has",
            f"The days for updates {names} of partners have",
        )
        sentence = f"{one if len(overdue) == 1 else many} passed."
        return [(sentence, tuple(overdue.values()))]

    def _judge(self, clause: JudgedClause, at: datetime, board: _Board) -> Verdict:
        """Return the verdict on the chair, the timetable and the chair's reports."""
        today = clause.day(at)
        tenure = board.tenures.on(today)
        if tenure is None:
            return self._vacant(board, today)
        if self.rule.independent_chair and not tenure.independent:
            reason = f"The independence of the chair, {tenure.chair}, is not explained."
            return verdict(Status.NOT_MET, reason, tenure.position)
        role = self.rule.chaired_by
        if role is not None and not self.roles.holds(tenure.chair, role, at):
            reason = f"The chair, {tenure.chair}, does not hold the role {role.meaning}."
            return verdict(Status.NOT_MET, reason, tenure.position)
        if self.rule.timetable_agreed_with is None and not self.rule.chair_reports:
            reason = f"{board_in_words(self.rule.board)} is chaired by {tenure.chair}."
            return verdict(Status.MET, reason, board.established, tenure.position)
        return self._on_timetable(clause, today, board, tenure)

    def _vacant(self, board: _Board, today: date) -> Verdict:
        ended = [(each.last, each) for each in board.tenures.all if each.last is not None and each.last < today]
        if ended:
            day, last = max(ended, key=lambda each: (each[0], each[1].position))
            reason = f"{board_in_words(self.rule.board)} has had no chair since {in_words(day + DAY)}."
            return verdict(Status.NOT_MET, reason, last.ended or last.position)
        coming = min((each for each in board.tenures.all if each.first > today), key=_first_day, default=None)
        if coming is not None:
            reason = f"The first chair begins on {in_words(coming.first)}."
            return verdict(Status.NOT_DUE, reason, coming.position)
        return verdict(Status.NO_EVIDENCE, "No chair has been appointed.", board.established)

    def _on_timetable(self, clause: JudgedClause, today: date, board: _Board, tenure: ChairTenure) -> Verdict:
        timetable = board.timetable
        if timetable is None:
            return verdict(Status.NO_EVIDENCE, "No timetable has been agreed.", board.established, tenure.position)
        consent = self.rule.timetable_agreed_with
        if consent is not None and not timetable.has_consent:
            reason = f"The timetable was not agreed with the {consent.meaning.capitalize()}."
            return verdict(Status.NOT_MET, reason, timetable.position)
        entries = (board.established, tenure.position, timetable.position)
        chaired = f"{board_in_words(self.rule.board)} is chaired by {tenure.chair}"
        late = board.late_reports(clause) if self.rule.chair_reports else []
        if self.rule.chair_reports:
            unmet = _report_fault(clause, today, board, timetable)
            if unmet is not None:
                return unmet
            if not any(day < today for day, _ in board.report_days(clause)):
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
        reports = [report.position for report in board.reports] if self.rule.chair_reports else []
        return verdict(Status.MET, f"{chaired}.", *entries, *reports[-1:])

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which tenures, roles or the timetable change, or reports or updates fall due."""
        board, today = self.boards.get(self.rule.board) or _Board(), clause.day(at)
        moments = [clause.start(tenure.first) for tenure in board.tenures.all]
        moments += [clause.after(tenure.last) for tenure in board.tenures.all if tenure.last is not None]
        if self.rule.chaired_by is not None:
            grants = [grant for granted in self.roles.grants.values() for grant in granted]
            moments += [instant for _, *times in grants for instant in times if instant is not None]
        if board.timetable is not None:
            moments.append(clause.after(max(board.timetable.dates)))
            for day in [day for day in board.timetable.report_dates if day >= today][:2]:
                moments += warned(clause, day)
        if self.rule.board is None and self.updates:
            moments += [clause.after(due) for due, _ in self.updates.values() if due >= today]
        return moments


def _vacant_before(board: _Board, today: date) -> list[tuple[str, tuple[int, ...]]]:
    """Return a sentence on past vacancies of a filled chair, with its entries; empty without vacancies."""
    begun = [each for each in board.tenures.all if each.first <= today]
    gaps = list(vacancies(begun)) if board.tenures.on(today) is not None else []
    if not gaps:
        return []
    days = enumerate_names(gap.days for gap in gaps[-_NAMED:])
    return [(f"The chair was vacant {days}.", tuple(entry for gap in gaps[-_NAMED:] for entry in gap.entries))]


def _report_fault(clause: JudgedClause, today: date, board: _Board, timetable: _Timetable) -> Verdict | None:
    """Return the verdict on a chair's report that is missing or due soon, or None without such a report.

    A timetable without report days is NO_EVIDENCE.
    """
    days = board.report_days(clause)
    if not days:
        reason = "The timetable names no day for the chair's reports."
        return verdict(Status.NO_EVIDENCE, reason, timetable.position)
    previous = date.min
    for day, position in days:
        # A report is for the first report day after its period, in time or late.
        is_reported = any(previous < each.ends <= day for each in board.reports)
        if day < today and not is_reported:
            reason = f"The chair has not reported for {in_words(day)}, a report day of the timetable."
            last = board.reports[-1].position if board.reports else None
            return verdict(Status.NOT_MET, reason, position, last)
        if day >= today:
            if not is_reported and is_near(today, day):
                return verdict(Status.AT_RISK, f"The chair's report is due by {in_words(day)}.", position)
            return None
        previous = day
    return None


def _first_day(tenure: ChairTenure) -> date:
    return tenure.first
