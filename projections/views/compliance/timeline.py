"""The course of a clause's status over time: its rule hears of each happening and is judged as time goes by.

An entry may be recorded long after what it tells of; then the course is judged anew from that instant on, from
the nearest mark that was set in passing.
"""

import bisect
import pickle
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct, structs

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
from projections.views.compliance.verdict import (
    ClauseQuestion,
    Closure,
    Occurrence,
    Rule,
    Status,
    Verdict,
    said,
    verdict,
)

COMMON: frozenset[type[Fact]] = frozenset(
    {AreaRegistered, AreaClosed, AreaCarriedOver, InterpretationAdopted, NoticeRevised, NoticeClosed}
)
"""What bears on every clause."""
MARK_EVERY = 64
"""Happenings between two marks, at least."""
MARK_SHARE = 8
"""With a longer course there are more: an eighth of those before the last mark."""
_MARKS_KEPT = 32
Step = tuple[datetime, int | None]
"""An instant to judge at, and the entry of what happened then; None: time passed."""
_ENDLESS = 10_000
_INSTANT = timedelta(microseconds=1)


class Span(Struct, frozen=True, gc=False):
    """A verdict and the time over which it holds, unless something more is recorded."""

    begins: datetime
    verdict: Verdict
    since: datetime
    """When the status became what it is; the reason may have changed since."""
    since_position: int | None
    """The entry that brought it about; None: a deadline passed."""


class _Mark(Struct):
    """What was remembered after the first `count` happenings, put by."""

    count: int
    kept: bytes


def _key(happening: Occurrence) -> tuple[datetime, int]:
    return happening.at, happening.position


class ClauseTimeline:
    """One clause's spans, over whatever happened so far."""

    def __init__(self, asked: ClauseQuestion, rule: Rule, happenings: Iterable[Occurrence] = ()) -> None:
        self.spans: list[Span] = []
        """In order; the last one has no end."""
        self._happenings = sorted(happenings, key=_key)
        self._since = asked.since
        self._closed = False
        self._asked, self._rule = asked, rule
        self._marks = [_Mark(0, self._kept())]
        self._run(0)

    def tell(self, happening: Occurrence) -> tuple[list[Span], int]:
        """Takes another happening in; returns the spans that are no more, and how many stay as they were."""
        known = self._happenings
        # Most are told in the order of time.
        is_last = not known or _key(known[-1]) < _key(happening)
        index = len(known) if is_last else bisect.bisect_right(known, _key(happening), key=_key)
        is_next = index == len(known) and happening.at > self._since
        known.insert(index, happening)
        if not is_next:
            return self._run(index)
        if self._closed or not self._take(index):
            return [], len(self.spans)
        return self._judged(happening.at, self._now(index), is_more=True)

    def reached(self) -> int:
        """How many spans begin no later than what happened last; the others are foreseen."""
        last = max(self._since, self._happenings[-1].at) if self._happenings else self._since
        return bisect.bisect_right(self.spans, last, key=lambda span: span.begins)

    def on(self, at: datetime) -> Span | None:
        """The span that holds at an instant; None: the clause did not ask anything yet."""
        index = bisect.bisect_right(self.spans, at, key=lambda span: span.begins)
        return self.spans[index - 1] if index else None

    def _run(self, changed: int) -> tuple[list[Span], int]:
        """Judges anew from the happening at that index on; returns what `tell` does."""
        known = self._happenings
        while 0 < changed < len(known) and known[changed - 1].at == known[changed].at:
            changed -= 1
        if changed == len(known) or known[changed].at <= self._since:
            changed = 0
        while self._marks[-1].count > changed:
            self._marks.pop()
        mark = self._marks[-1]
        self._asked, self._rule = pickle.loads(mark.kept)  # noqa: S301 - its own bytes, never stored or sent
        self._closed = False
        for index in range(mark.count, changed):
            self._take(index)
        if self._closed:
            return [], len(self.spans)
        if changed:
            return self._judged(known[changed].at, self._from(changed, known[changed].at - _INSTANT))
        return self._judged(self._since, self._begun())

    def _judged(self, first: datetime, steps: Iterator[Step], *, is_more: bool = False) -> tuple[list[Span], int]:
        """Puts the spans that the steps give in the place of those that begin at `first` or later."""
        kept = bisect.bisect_left(self.spans, first, key=lambda span: span.begins)
        before = self.spans[kept:]
        # What was said at that very instant stays, if what happened then is only added to.
        goes_on = is_more and before and before[0].begins == first
        del self.spans[kept + 1 if goes_on else kept :]
        for at, position in steps:
            self._judge(at, position)
        same = 0
        for old, new in zip(before, self.spans[kept:], strict=False):
            if old != new:
                break
            same += 1
        return before[same:], kept + same

    def _begun(self) -> Iterator[Step]:
        """The instants to judge at, each with the entry of what happened then, from the clause's beginning on."""
        first = bisect.bisect_right(self._happenings, self._since, key=lambda happening: happening.at)
        for index in range(first):
            self._take(index)
        yield self._since, self._asked.position
        if not self._closed:
            yield from self._from(first, self._since)

    def _now(self, index: int) -> Iterator[Step]:
        """The instant of the last happening, which was taken in, and the deadlines after it."""
        happening = self._happenings[index]
        yield happening.at, happening.position
        if not self._closed:
            yield from self._deadlines(happening.at, index + 1)

    def _from(self, first: int, at: datetime) -> Iterator[Step]:
        """The happenings from that index on, and the deadlines before and after each, those past `at`."""
        for index in range(first, len(self._happenings) + 1):
            for step in self._deadlines(at, index):
                at = step[0]
                yield step
            if index < len(self._happenings) and self._take(index):
                at = self._happenings[index].at
                yield at, self._happenings[index].position
            if self._closed:
                return

    def _deadlines(self, at: datetime, following: int) -> Iterator[Step]:
        """The instants after `at`, up to that of the next happening, at which time alone may change the verdict.

        Where both fall on one instant, time passes first.
        """
        end = self._happenings[following].at if following < len(self._happenings) else None
        for _ in range(_ENDLESS):
            moments = self._rule.moments(self._asked, at)
            coming = min((moment for moment in moments if moment > at), default=None)
            if coming is None or (end is not None and coming > end):
                return
            yield coming, None
            at = coming
        raise RuntimeError(f"the rule of clause {self._asked.number} names no end of moments after {at}")

    def _judge(self, at: datetime, position: int | None) -> None:
        found = judge(self._asked, self._rule, at)
        since: tuple[datetime, int | None] = (at, position)
        if self.spans and self.spans[-1].begins == at:
            together = self.spans.pop()
            if together.verdict.status is found.status:
                since = (together.since, together.since_position)
        last = self.spans[-1] if self.spans else None
        if last is not None and last.verdict == found:
            return
        if last is not None and last.verdict.status is found.status:
            since = (last.since, last.since_position)
        self.spans.append(Span(at, found, *since))

    def _kept(self) -> bytes:
        return pickle.dumps((self._asked, self._rule), pickle.HIGHEST_PROTOCOL)

    def _take(self, index: int) -> bool:
        """Remembers a happening, up to the one that closed the notice; whether it may change what is said."""
        if self._closed:
            return False
        last = self._marks[-1].count
        if index >= last + max(MARK_EVERY, last // MARK_SHARE):
            self._marks.append(_Mark(index, self._kept()))
            if len(self._marks) > _MARKS_KEPT:
                del self._marks[1 : _MARKS_KEPT // 2]
        happening = self._happenings[index]
        kind = type(happening.fact)
        matters: bool | None = False
        if kind in COMMON:
            matters = True
            _learn(self._asked, happening)
            self._closed = kind is NoticeClosed
        if kind in type(self._rule).facts:
            matters = self._rule.take(happening) is not False or matters
        return bool(matters)


def concerned(number: str, fact: Fact) -> bool:
    """Whether a fact bears on the clause of that number: another clause's new parameters do not."""
    match fact:
        case InterpretationAdopted():
            return fact.number == number
        case NoticeRevised():
            return any(revision.number == number for revision in fact.clauses)
    return True


def judge(asked: ClauseQuestion, rule: Rule, at: datetime) -> Verdict:
    """What a rule says of a clause: an area that ended asks nothing more, and a MAY is never breached."""
    area = asked.word("area")
    ending = asked.ended.get(area) if area is not None else None
    if ending is not None and ending.closed:
        reason = f"Area {area} was closed on {said(ending.day)}: it needs priority action no longer."
        return verdict(Status.MET, reason, ending.position)
    if ending is not None:
        reason = f"Area {area} was carried over to another notice, and is judged there."
        return verdict(Status.NOT_DUE, reason, ending.position)
    found = rule.judge(asked, at)
    if asked.modality is Modality.MAY and found.status in (Status.NOT_MET, Status.AT_RISK):
        return structs.replace(found, status=Status.NOT_DUE)
    return found


def _learn(asked: ClauseQuestion, happening: Occurrence) -> None:
    """What bears on every clause: its parameters, and the areas."""
    fact = happening.fact
    match fact:
        case InterpretationAdopted():
            asked.parameters = {**asked.parameters, **fact.parameters}
        case NoticeRevised():
            for revision in fact.clauses:
                if revision.number == asked.number:
                    asked.parameters = {**asked.parameters, **revision.parameters}
        case AreaRegistered():
            asked.areas[fact.area] = happening.position
        case AreaClosed():
            asked.ended[fact.area] = Closure(happening.position, True, fact.closed_on)
        case AreaCarriedOver():
            asked.ended[fact.area] = Closure(happening.position, False, asked.day(happening.at))
