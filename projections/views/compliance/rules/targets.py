"""Judge of the rule that a measure reaches its targets by their days."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct

from ledger.domain.rules import plan
from ledger.domain.rules.rule import TargetStep
from projections.views.compliance.rules.measures import MeasureJudge, TrackedMeasure
from projections.views.compliance.verdict import (
    JudgedClause,
    Status,
    Verdict,
    days_in_words,
    in_words,
    is_near,
    verdict,
    warned,
)
from projections.views.spc import decimal_mean


class _Reached(Struct):
    """Periods in which a measure reached a target for as long as the clause requires."""

    end: date
    """Last day of the last of these periods."""
    entries: list[int]
    is_broken: bool = False
    """True if a later period fell short, and too few periods in a row have reached the target since."""
    broken: int | None = None
    """Entry of the latest later period that fell short; None if no later period did."""
    missing: date | None = None
    """Last day of a later period without a reading; None if every period has a reading."""
    again: "_Reached | None" = None
    """Periods that reached the target again after a failure or a gap; None if too few periods did."""

    def slip(self, entry: int | None, missing: date | None) -> None:
        """Remember a later period that fell short, or that has no reading.

        Args:
            entry: Entry of the reading that fell short; None if the reading reached the target.
            missing: Last day of the period without a reading; None if every period has a reading.
        """
        if entry is not None:
            self.is_broken, self.broken, self.again = True, entry, None
        if missing is not None:
            self.missing, self.again = missing, None


class TargetMet(MeasureJudge[plan.TargetMet]):
    """Judge of the rule that a measure reaches each target by its day."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on a missed target, else on the next target, else MET or MET_LATE.

        The reason also names the targets that were reached late.
        """
        name, today = self.rule.measure, clause.day(at)
        measure = self.measures.get(name)
        if measure is None:
            return verdict(Status.NO_EVIDENCE, f"Measure {name} is not defined.", clause.position)
        if measure.higher is None:
            return verdict(
                Status.NO_EVIDENCE, f"Measure {name} does not say which way is better.", measure.position
            )
        steps = [self._step(measure, step, today) for step in self.rule.steps]
        late = [result for result in steps if result.status is Status.MET_LATE]
        for status in (Status.NOT_MET, Status.NO_EVIDENCE, Status.AT_RISK, Status.NOT_DUE):
            for result in steps:
                if result.status is status:
                    named = [result, *late]
                    reason = " ".join(each.reason for each in named)
                    return verdict(status, reason, *(entry for each in named for entry in each.entries))
        status, named = (Status.MET_LATE, late) if late else (Status.MET, steps[-1:])
        reason = " ".join(each.reason for each in named)
        return verdict(status, reason, *(entry for each in steps for entry in each.entries))

    def _step(self, measure: TrackedMeasure, step: TargetStep, today: date) -> Verdict:
        """Return the verdict on a single target by its day."""
        name, periods = self.rule.measure, self.rule.sustained_periods
        for_periods = f" for {periods} periods" if periods > 1 else ""
        goal = f"{step.target:g} by {in_words(step.by)}{for_periods}"
        unknown = self._unknown(measure, step, goal) if today > step.by else None
        reached = self._reached(measure, step, is_known=unknown is None)
        if unknown is not None and reached is None:
            # A target that had to last is missed by a later slip, with or without the reading that decides.
            known = self._reached(measure, step, is_known=True) if periods > 1 else None
            return unknown if known is None or not known.is_broken else self._outcome(measure, step, known, today)
        if reached is not None:
            if today <= step.by and self._is_undecided(measure, step):
                return self._provisional(step, reached, for_periods)
            return self._outcome(measure, step, reached, today)
        if today > step.by:
            return verdict(Status.NOT_MET, f"Measure {name} did not reach {goal}.", measure.entries[-1])
        reason = f"Measure {name} has to reach {goal}."
        counted = [entry for entry, end in zip(measure.entries, measure.ends, strict=True) if end <= step.by]
        status = Status.AT_RISK if is_near(today, step.by, 2) else Status.NOT_DUE
        return verdict(status, reason, counted[-1] if counted else measure.position)

    def _is_undecided(self, measure: TrackedMeasure, step: TargetStep) -> bool:
        """Return True if a further period may end by a target's day, so that its figure would count instead."""
        end = measure.next_end(len(measure.ends) - 1)
        return measure.ends[-1] < step.by and (end is None or end <= step.by)

    def _provisional(self, step: TargetStep, reached: _Reached, for_periods: str) -> Verdict:
        """Return NOT_DUE for a target that was reached before its day, while a later figure still counts."""
        reason = f"Measure {self.rule.measure} reached {step.target:g}{for_periods}"
        reason = f"{reason} in the period to {in_words(reached.end)}; the day is {in_words(step.by)}"
        reason = f"{reason}, and a figure for a later period until then counts instead."
        return verdict(Status.NOT_DUE, reason, *reached.entries)

    def _outcome(self, measure: TrackedMeasure, step: TargetStep, reached: _Reached, today: date) -> Verdict:
        """Return MET or MET_LATE for a target that was reached, and NOT_MET if it had to last and did not.

        A missing later reading is NO_EVIDENCE if the target had to last.
        """
        periods, entries = self.rule.sustained_periods, reached.entries
        late = (reached.end - step.by).days
        for_periods = f" for {periods} periods" if periods > 1 else ""
        reason = f"Measure {self.rule.measure} reached {step.target:g}"
        if late > 0:
            reason = f"{reason}{for_periods} in the period to {in_words(reached.end)}"
            reason = f"{reason}, {days_in_words(late)} after {in_words(step.by)}"
        else:
            reason = f"{reason} by {in_words(step.by)}{for_periods}"
        if periods > 1 and reached.is_broken and today > step.by:
            return verdict(Status.NOT_MET, f"{reason}, and no longer does.", *entries, measure.entries[-1])
        status = Status.MET_LATE if late > 0 else Status.MET
        if periods > 1 and today > step.by:
            return self._sustained(measure, step, reached, today, verdict(status, f"{reason}.", *entries))
        return verdict(status, f"{reason}.", *entries)

    def _sustained(
        self, measure: TrackedMeasure, step: TargetStep, reached: _Reached, today: date, before: Verdict
    ) -> Verdict:
        """Return the verdict on a target that had to last, by the periods after it was reached."""
        again, missing = reached.again, _missing(measure, today)
        if missing is None and again is None:
            missing = reached.missing
        if missing is not None:
            gap = f"It has no reading for the period to {in_words(missing)}, so it is unknown if it still does."
            return verdict(Status.NO_EVIDENCE, f"{before.reason} {gap}", *before.entries, measure.entries[-1])
        if again is None:
            return before
        entries, end = [*before.entries, *again.entries], in_words(again.end)
        if reached.broken is not None:
            late = f"in the period to {end}, {days_in_words((again.end - step.by).days)} after {in_words(step.by)}"
            periods = f"for {self.rule.sustained_periods} periods"
            reason = f"{before.reason} It fell short later, and reached it again {periods} {late}."
            return verdict(Status.MET_LATE, reason, *entries, reached.broken)
        gap = "" if reached.missing is None else f"It had no reading for the period to {in_words(reached.missing)}"
        return verdict(before.status, f"{before.reason} {gap}, and reaches it in the period to {end}.", *entries)

    def _unknown(self, measure: TrackedMeasure, step: TargetStep, goal: str) -> Verdict | None:
        """Return NO_EVIDENCE if the period that decides on a target has no reading or no mean; else None."""
        name, by = self.rule.measure, in_words(step.by)
        last = max((index for index, end in enumerate(measure.ends) if end <= step.by), default=None)
        if last is None:
            reason = f"Measure {name} has no reading for a period that ended by {by}."
            return verdict(Status.NO_EVIDENCE, reason, measure.position)
        end = measure.next_end(last)
        if end is not None and end <= step.by:
            reason = f"Measure {name} has no reading for the period to {in_words(end)}, which decides on {goal}."
            return verdict(Status.NO_EVIDENCE, reason, measure.entries[last])
        if all(index != last for index, _ in self._means(measure)):
            fewer = f"has fewer than {self.rule.average_of} readings in a row by {by}"
            reason = f"Measure {name} {fewer}, too few for a mean."
            return verdict(Status.NO_EVIDENCE, reason, measure.entries[last])
        return None

    def _means(self, measure: TrackedMeasure) -> Iterator[tuple[int, float]]:
        """Yield the last index and the mean of every run of `average_of` periods."""
        span, start = self.rule.average_of, 0
        for index in range(len(measure.values)):
            if index and not measure.follows(index):
                start = index
            if index + 1 - start >= span:
                yield index, decimal_mean(measure.values[index + 1 - span : index + 1])

    def _reached(self, measure: TrackedMeasure, step: TargetStep, *, is_known: bool) -> _Reached | None:
        """Return the periods in a row that reached a target, or None if too few periods did.

        Up to the target's day, the latest period decides if `is_known`. After that day, the first period that
        reaches the target decides.
        """
        periods, run, previous = self.rule.sustained_periods, 0, -1
        reached: _Reached | None = None
        for index, mean in self._means(measure):
            is_good = measure.reaches(mean, step.target)
            is_in_row = run > 0 and previous == index - 1 and measure.follows(index)
            missing = _gap(measure, previous, index)
            run, previous = (run + 1 if is_in_row else 1) if is_good else 0, index
            if not is_known and measure.ends[index] <= step.by:
                continue
            if reached is not None and measure.ends[index] > step.by:
                reached.slip(None if is_good else measure.entries[index], missing)
                if (reached.broken or reached.missing) and reached.again is None and run >= periods:
                    reached.is_broken, reached.again = False, self._periods(measure, index)
            elif run >= periods:
                reached = self._periods(measure, index)
            elif not is_good:
                reached = None
        return reached

    def _periods(self, measure: TrackedMeasure, index: int) -> _Reached:
        """Return the periods, up to an index, from which a sustained mean is computed."""
        first = max(index + 2 - self.rule.average_of - self.rule.sustained_periods, 0)
        return _Reached(measure.ends[index], measure.entries[first : index + 1])

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return the instants at which a target is due within a fortnight or overdue, or a reading is missing."""
        moments = [moment for step in self.rule.steps for moment in warned(clause, step.by, 2)]
        measure = self.measures.get(self.rule.measure)
        if self.rule.sustained_periods > 1 and measure is not None and measure.ends:
            limit = measure.next_end(len(measure.ends) - 1, 2)
            moments += [] if limit is None else [clause.after(limit)]
        return moments


def _missing(measure: TrackedMeasure, today: date) -> date | None:
    """Return the last day of a period without a reading although the next period has ended; else None."""
    limit = measure.next_end(len(measure.ends) - 1, 2)
    return None if limit is None or today <= limit else measure.next_end(len(measure.ends) - 1)


def _gap(measure: TrackedMeasure, previous: int, index: int) -> date | None:
    """Return the last day of the first period without a reading between two indexes; None without a gap."""
    for later in range(max(previous, 0) + 1, index + 1):
        if not measure.follows(later):
            return measure.next_end(later - 1)
    return None
