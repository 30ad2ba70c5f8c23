"""The judge of targets that a measure reaches by their days."""

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
    """The periods that reached a target as the clause asks."""

    end: date
    """Last day of the last of them."""
    entries: list[int]
    is_broken: bool = False
    """True: a later period fell short, and not enough in a row have reached the target since."""
    restored: "_Reached | None" = None
    """The latest periods that reached the target again, after one fell short."""


class TargetMet(MeasureJudge[plan.TargetMet]):
    """A measure reaches each target by its day."""

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict on a missed step, else on the next step, else MET or MET_LATE; name late steps."""
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
        """Return the verdict on one step."""
        name, periods = self.rule.measure, self.rule.sustained_periods
        for_periods = f" for {periods} periods" if periods > 1 else ""
        goal = f"{step.target:g} by {in_words(step.by)}{for_periods}"
        unknown = self._unknown(measure, step, goal) if today > step.by else None
        reached = self._reached(measure, step, is_known=unknown is None)
        if unknown is not None and reached is None:
            # A target that had to last is missed by a later slip, with or without the reading that decides.
            known = self._reached(measure, step, is_known=True) if periods > 1 else None
            return unknown if known is None or not known.is_broken else self._held(measure, step, known, today)
        if reached is not None:
            if today <= step.by and self._is_undecided(measure, step):
                return self._provisional(step, reached, for_periods)
            return self._held(measure, step, reached, today)
        if today > step.by:
            return verdict(Status.NOT_MET, f"Measure {name} did not reach {goal}.", measure.entries[-1])
        reason = f"Measure {name} has to reach {goal}."
        counted = [entry for entry, end in zip(measure.entries, measure.ends, strict=True) if end <= step.by]
        status = Status.AT_RISK if is_near(today, step.by, 2) else Status.NOT_DUE
        return verdict(status, reason, counted[-1] if counted else measure.position)

    def _is_undecided(self, measure: TrackedMeasure, step: TargetStep) -> bool:
        """Return True if another period may end by a step's day, whose figure would count instead."""
        end = measure.next_end(len(measure.ends) - 1)
        return measure.ends[-1] < step.by and (end is None or end <= step.by)

    def _provisional(self, step: TargetStep, reached: _Reached, for_periods: str) -> Verdict:
        """Return NOT_DUE for a step that was reached before its day, while a later figure still counts."""
        reason = f"Measure {self.rule.measure} reached {step.target:g}{for_periods}"
        reason = f"{reason} in the period to {in_words(reached.end)}; the day is {in_words(step.by)}"
        reason = f"{reason}, and a figure for a later period until then counts instead."
        return verdict(Status.NOT_DUE, reason, *reached.entries)

    def _held(self, measure: TrackedMeasure, step: TargetStep, reached: _Reached, today: date) -> Verdict:
        """Return MET or MET_LATE for a step that was reached, NOT_MET if it had to last and did not."""
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
        if periods > 1 and reached.restored is not None:
            end, again = in_words(reached.restored.end), reached.restored.entries
            reason = f"{reason}. It fell short later, and reached it again in the period to {end}"
            entries = [*entries, *again]
        return verdict(Status.MET_LATE if late > 0 else Status.MET, f"{reason}.", *entries)

    def _unknown(self, measure: TrackedMeasure, step: TargetStep, goal: str) -> Verdict | None:
        """Return NO_EVIDENCE if the period that decides on a step has no reading or no mean; else None."""
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
        """Yield the last index and the mean of each `average_of` periods in a row."""
        span, start = self.rule.average_of, 0
        for index in range(len(measure.values)):
            if index and not measure.follows(index):
                start = index
            if index + 1 - start >= span:
                yield index, decimal_mean(measure.values[index + 1 - span : index + 1])

    def _reached(self, measure: TrackedMeasure, step: TargetStep, *, is_known: bool) -> _Reached | None:
        """Return the periods that reached the target as asked; None: none did.

        By the step's day the latest period that ended counts, if the deciding period is known. After it, the first
        period that reaches the target.
        """
        periods, run, previous = self.rule.sustained_periods, 0, -1
        reached: _Reached | None = None
        for index, mean in self._means(measure):
            is_good = measure.reaches(mean, step.target)
            is_in_row = run > 0 and previous == index - 1 and measure.follows(index)
            run, previous = (run + 1 if is_in_row else 1) if is_good else 0, index
            if not is_known and measure.ends[index] <= step.by:
                continue
            if reached is not None and measure.ends[index] > step.by:
                reached.is_broken = reached.is_broken or not is_good
                if reached.is_broken and run >= periods:
                    reached.restored, reached.is_broken = self._periods(measure, index), False
            elif run >= periods:
                reached = self._periods(measure, index)
            elif not is_good:
                reached = None
        return reached

    def _periods(self, measure: TrackedMeasure, index: int) -> _Reached:
        """Return the periods up to an index that a sustained mean takes."""
        first = max(index + 2 - self.rule.average_of - self.rule.sustained_periods, 0)
        return _Reached(measure.ends[index], measure.entries[first : index + 1])

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return a fortnight before each step's day, and the day after it."""
        return [moment for step in self.rule.steps for moment in warned(clause, step.by, 2)]
