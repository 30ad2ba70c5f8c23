"""A clause's status over time: its judge takes each occurrence, and judges as time passes.

A fact may be recorded long after it happened. Then the clause is judged again from that instant on, unless its
judge can tell the fact's effect. Judging begins with the nearest earlier saved state, called a mark.
"""

import bisect
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from ledger.domain.areas.notice import (
    AreaCarriedOver,
    AreaClosed,
    AreaRegistered,
    InterpretationAdopted,
    Modality,
    NoticeClosed,
    NoticeRevised,
)
from ledger.domain.fact import Fact
from ledger.domain.rules import RULES, read_rule, reads_of
from ledger.domain.rules.rule import Rule
from projections.views.compliance.copies import copy_of
from projections.views.compliance.verdict import (
    Judge,
    JudgedClause,
    LateEffect,
    Occurrence,
    Status,
    Verdict,
    in_words,
    verdict,
)

COMMON: frozenset[type[Fact]] = frozenset(
    {AreaRegistered, AreaClosed, AreaCarriedOver, InterpretationAdopted, NoticeRevised, NoticeClosed}
)
"""Facts that may concern any clause."""
MARK_EVERY = 96
"""Minimum number of occurrences between two marks. More marks cost more than judging again."""
MARK_SHARE = 128
"""Divisor of the number of occurrences before the last mark; the next mark waits for at least the quotient."""
_MARKS_KEPT = 12
"""Maximum number of marks. Older marks are thinned out: the gaps between them grow with their age."""
Step = tuple[datetime, int | None]
"""An instant to judge at, and the entry of its occurrence; None if only time passed."""
_ENDLESS = 10_000
"""Maximum number of deadlines between two occurrences. A rule that names more is faulty."""
_INSTANT = timedelta(microseconds=1)


class Span(Struct, frozen=True, gc=False):
    """A verdict and the instant from which it holds, unless more is recorded."""

    begins: datetime
    verdict: Verdict
    since: datetime
    """Instant from which the status has held; the reason may have changed since."""
    since_position: int | None
    """Position of the entry that caused the status; None if a passed deadline caused it."""


class _Mark(Struct):
    """A saved state of the clause and its judge, after the first `count` occurrences."""

    count: int
    clause: JudgedClause
    judge: Judge[Any]


def _key(occurrence: Occurrence) -> tuple[datetime, int]:
    return occurrence.at, occurrence.position


class ClauseTimeline:
    """The verdicts on one clause over time, from its occurrences so far."""

    def __init__(self, clause: JudgedClause, judge: Judge[Any], occurrences: Iterable[Occurrence] = ()) -> None:
        self.spans: list[Span] = []
        """Spans in order of time; the last span has no end."""
        self._occurrences = sorted(occurrences, key=_key)
        self._since = clause.since
        self._closed = False
        self._clause, self._judge = clause, judge
        self._reads = reads_of(clause.kind)
        self._marks = [self._mark(0)]
        self._run(0)

    def add(self, occurrence: Occurrence) -> tuple[list[Span], int]:
        """Add an occurrence. Return the spans that it removes, and the number of spans before them that stay."""
        known = self._occurrences
        # Most occurrences are added in order of time.
        is_last = not known or known[-1].at < occurrence.at or _key(known[-1]) < _key(occurrence)
        index = len(known) if is_last else bisect.bisect_right(known, _key(occurrence), key=_key)
        is_next = index == len(known) and occurrence.at > self._since
        known.insert(index, occurrence)
        if not is_next:
            return self._add_late(index)
        if self._closed or not self._take(index):
            return [], len(self.spans)
        return self._replace(occurrence.at, self._now(index), is_more=True)

    def reached(self) -> int:
        """Return the number of spans that begin by the latest occurrence; the later spans are forecasts."""
        last = max(self._since, self._occurrences[-1].at) if self._occurrences else self._since
        count = len(self.spans)
        while count and self.spans[count - 1].begins > last:
            count -= 1
        return count

    def on(self, at: datetime) -> Span | None:
        """Return the span that holds at an instant, or None if the clause does not hold yet."""
        index = bisect.bisect_right(self.spans, at, key=lambda span: span.begins)
        return self.spans[index - 1] if index else None

    def _run(self, changed: int) -> tuple[list[Span], int]:
        """Judge the clause again from the occurrence at an index on. Return the same as `add`."""
        known = self._occurrences
        while 0 < changed < len(known) and known[changed - 1].at == known[changed].at:
            changed -= 1
        if changed == len(known) or known[changed].at <= self._since:
            changed = 0
        while self._marks[-1].count > changed:
            self._marks.pop()
        mark = self._marks[-1]
        self._clause, self._judge = copy_of(mark.clause), copy_of(mark.judge)
        self._closed = False
        for index in range(mark.count, changed):
            self._take(index)
        if self._closed:
            return [], len(self.spans)
        if changed:
            return self._replace(known[changed].at, self._from(changed, known[changed].at - _INSTANT))
        return self._replace(self._since, self._from_start())

    def _replace(self, first: datetime, steps: Iterator[Step], *, is_more: bool = False) -> tuple[list[Span], int]:
        """Replace the spans from `first` on by the verdicts at the times of `steps`. Return the same as `add`."""
        first_new = len(self.spans)
        while first_new and self.spans[first_new - 1].begins >= first:
            first_new -= 1
        if first_new == len(self.spans):
            for at, position in steps:
                self._put(at, position)
            return [], first_new
        before = self.spans[first_new:]
        # A span that begins at this very instant is judged again with the occurrence added to it.
        is_same_instant = is_more and before and before[0].begins == first
        del self.spans[first_new + 1 if is_same_instant else first_new :]
        for at, position in steps:
            self._put(at, position)
        same = 0
        for old, new in zip(before, self.spans[first_new:], strict=False):
            if old != new:
                break
            same += 1
        return before[same:], first_new + same

    def _from_start(self) -> Iterator[Step]:
        """Yield the instants to judge at, from the clause's beginning on."""
        first = bisect.bisect_right(self._occurrences, self._since, key=lambda occurrence: occurrence.at)
        for index in range(first):
            self._take(index)
        yield self._since, self._clause.position
        if not self._closed:
            yield from self._from(first, self._since)

    def _now(self, index: int) -> Iterator[Step]:
        """Yield the instant of the last occurrence, which was taken, and each deadline after it.

        Raise the errors of `_deadlines`.
        """
        occurrence = self._occurrences[index]
        yield occurrence.at, occurrence.position
        if not self._closed:
            yield from self._deadlines(occurrence.at, index + 1)

    def _from(self, first: int, at: datetime) -> Iterator[Step]:
        """Yield the instants of the occurrences from an index on, and each deadline after `at`.

        Raise the errors of `_deadlines`.
        """
        for index in range(first, len(self._occurrences) + 1):
            for step in self._deadlines(at, index):
                at = step[0]
                yield step
            if index < len(self._occurrences) and self._take(index):
                at = self._occurrences[index].at
                yield at, self._occurrences[index].position
            if self._closed:
                return

    def _deadlines(self, at: datetime, following: int) -> Iterator[Step]:
        """Yield each deadline after `at`, up to the next occurrence.

        A deadline is an instant at which time alone may change the verdict. A deadline at the instant of an
        occurrence passes first.

        Raises:
            RuntimeError: The rule names deadlines without end.
        """
        end = self._occurrences[following].at if following < len(self._occurrences) else None
        for _ in range(_ENDLESS):
            moments = () if self._clause.faults else self._judge.moments(self._clause, at)
            later = [moment for moment in moments if moment > at]
            if not later:
                return
            coming = min(later)
            if end is not None and coming > end:
                return
            yield coming, None
            at = coming
        raise RuntimeError(f"the rule of clause {self._clause.number} names endless moments after {at}")

    def _put(self, at: datetime, position: int | None) -> None:
        result = judged(self._clause, self._judge, at)
        since: tuple[datetime, int | None] = (at, position)
        if self.spans and self.spans[-1].begins == at:
            replaced = self.spans.pop()
            if replaced.verdict.status is result.status:
                since = (replaced.since, replaced.since_position)
        last = self.spans[-1] if self.spans else None
        if last is not None and last.verdict == result:
            return
        if last is not None and last.verdict.status is result.status:
            since = (last.since, last.since_position)
        self.spans.append(Span(at, result, *since))

    def _mark(self, count: int) -> _Mark:
        return _Mark(count, copy_of(self._clause), copy_of(self._judge))

    def _take(self, index: int) -> bool:
        """Take an occurrence, up to the notice's closure. Return True if it may change the verdict."""
        if self._closed:
            return False
        last = self._marks[-1].count
        if index >= last + max(MARK_EVERY, last // MARK_SHARE):
            self._marks.append(self._mark(index))
            if len(self._marks) > _MARKS_KEPT:
                del self._marks[self._dispensable()]
        occurrence = self._occurrences[index]
        kind = type(occurrence.fact)
        is_common = kind in COMMON
        if is_common:
            had_rule = self._has_rule
            learn(self._clause, self._judge, occurrence)
            self._closed = kind is NoticeClosed
            if not had_rule and self._has_rule:
                self._catch_up(index)
        is_taken = kind in self._reads and self._has_rule and self._judge.take(occurrence) is not False
        return is_common or is_taken

    @property
    def _has_rule(self) -> bool:
        """True once the judge has parameters without faults; before, it takes no facts."""
        return type(self._judge.rule) is not Rule

    def _catch_up(self, index: int) -> None:
        """Take the facts from before the clause's first parameters without faults."""
        for earlier in self._occurrences[:index]:
            if type(earlier.fact) in self._reads:
                self._judge.take(earlier)

    def _dispensable(self) -> int:
        """Return the index of the mark whose removal leaves the smallest gap, in proportion to the gap's age."""
        counts = [mark.count for mark in self._marks]
        end = counts[-1] + 1
        return min(
            range(1, len(counts) - 1),
            key=lambda index: (counts[index + 1] - counts[index - 1]) / (end - counts[index - 1]),
        )

    def _add_late(self, index: int) -> tuple[list[Span], int]:
        """Take an occurrence that is not the latest, and judge again where needed. Return the same as `add`."""
        occurrence, later = self._occurrences[index], self._occurrences[index + 1 :]
        if self._closed or not later or occurrence.at <= self._since or not self._has_rule:
            return self._run(index)
        if type(occurrence.fact) in COMMON or any(type(each.fact) in COMMON for each in later):
            return self._run(index)
        effect = self._judge.take_late(self._clause, occurrence, later[-1].at)
        if effect is LateEffect.ANY:
            return self._run(index)
        while self._marks[-1].count > index:
            self._marks.pop()
        if effect is LateEffect.NONE:
            return [], len(self.spans)
        return self._replace(later[-1].at, self._now(len(self._occurrences) - 1), is_more=True)


def concerns(number: str, fact: Fact) -> bool:
    """Return True if a fact concerns the clause with this number; new parameters concern their own clause only."""
    match fact:
        case InterpretationAdopted():
            return fact.number == number
        case NoticeRevised():
            return any(revision.number == number for revision in fact.clauses)
    return True


def judge_of(clause: JudgedClause, judges: Mapping[type[Rule], type[Judge[Any]]]) -> Judge[Any]:
    """Return a new judge of a clause. Faults of the parameters are noted on the clause."""
    declared = RULES.get(clause.kind)
    new = Judge[Any](Rule()) if declared is None else judges[declared](Rule())
    read_parameters(clause, new)
    return new


def read_parameters(clause: JudgedClause, judge: Judge[Any]) -> None:
    """Give the judge the parameters that hold from now on, or note their faults on the clause."""
    rule = read_rule(clause.kind, clause.parameters)
    if isinstance(rule, Rule):
        judge.rule, clause.faults = rule, ""
    else:
        clause.faults = "; ".join(fault.message for fault in rule)


def judged(clause: JudgedClause, judge: Judge[Any], at: datetime) -> Verdict:
    """Return the verdict on a clause at an instant; after a closure, the final verdict."""
    if clause.final is not None:
        return clause.final
    if clause.faults:
        return verdict(Status.NO_EVIDENCE, f"The clause's rule has faults: {clause.faults}.", clause.position)
    return judge.power(clause, at) if clause.modality is Modality.MAY else judge.judge(clause, at)


def learn(clause: JudgedClause, judge: Judge[Any], occurrence: Occurrence) -> None:
    """Apply to a clause a fact that may concern any clause: new parameters, an area or a closure."""
    fact = occurrence.fact
    match fact:
        case InterpretationAdopted():
            clause.parameters = {**clause.parameters, **fact.parameters}
            read_parameters(clause, judge)
        case NoticeRevised():
            for revision in fact.clauses:
                if revision.number == clause.number:
                    clause.parameters = {**clause.parameters, **revision.parameters}
            read_parameters(clause, judge)
        case AreaRegistered():
            clause.areas[fact.area] = occurrence.position
        case AreaClosed() | AreaCarriedOver():
            if clause.final is None and getattr(judge.rule, "area", None) == fact.area:
                clause.final = _final(clause, judge, occurrence)
            clause.ended_areas.add(fact.area)
        case NoticeClosed():
            clause.final = clause.final or _final(clause, judge, occurrence)


def _final(clause: JudgedClause, judge: Judge[Any], occurrence: Occurrence) -> Verdict:
    """Return the verdict that stays after a closure.

    The reason names the closure, unless the clause carries no obligation.
    """
    fact = occurrence.fact
    before = judged(clause, judge, occurrence.at)
    if before.status is Status.NOT_APPLICABLE:
        return before
    closure = ""
    match fact:
        case AreaCarriedOver():
            reason = f"Area {fact.area} was carried over to notice {fact.successor} and is judged there."
            return verdict(Status.NOT_DUE, reason, occurrence.position)
        case AreaClosed():
            closure = f"Area {fact.area} was closed on {in_words(fact.closed_on)}"
        case NoticeClosed():
            closure = f"The notice was closed on {in_words(fact.closed_on)} ({fact.outcome.meaning})"
    reason = f"{before.reason} {closure}."
    return verdict(before.status, reason, *before.entries, occurrence.position)
