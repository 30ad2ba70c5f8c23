"""Measures and their readings: values, XmR charts, signals, assurance, and suppressed small counts.

A chart covers the readings since the latest reset of the baseline; earlier readings keep their signals. A period
that contains another has a value, but no place in the chart. So a quarter does not count next to its months. A
reading that counts fewer than five of anything is suppressed for roles without full access. A suppressed reading
stays suppressed when it is restated.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct, structs

from ledger.domain.areas.measures import (
    Direction,
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
    MeasureRevised,
    Unit,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import WITHIN, Computed, contains, of_table
from projections.views.spc import FIRM, SIGNALS, Signal, limits, marks
from projections.views.word_lists import Assurance

THRESHOLD = 5
"""Lowest count that every role may see."""
_COUNT, _PERCENT, _RATE = Unit.COUNT.value, Unit.PERCENT.value, Unit.RATE.value
_HIGHER, _NEITHER = Direction.HIGHER_IS_BETTER.value, Direction.NEITHER.value
Reading = MeasureReadingReported | MeasureReadingRestated


class Measure(Struct, frozen=True):
    """A measure, and the results of its chart."""

    measure: Annotated[str, ID, Meta(description="Id of the measure.")]
    position: Annotated[int, Meta(description="Position of the entry that defined it.")]
    title: Annotated[NarrativeRef, Meta(description="Title; null if erased.")]
    unit: Annotated[str, words(Unit), Meta(description="Unit of its values.")]
    direction: Annotated[str, words(Direction), Meta(description="Direction of improvement.")]
    target: Annotated[float | None, Meta(description="Target on the day of `on`, in the measure's unit.")]
    baseline: Annotated[float | None, Meta(description="Baseline, in the measure's unit.")]
    per: Annotated[int | None, Meta(description="Denominator of a rate, such as 10,000.")]
    part_of: Annotated[str | None, ID, Meta(description="Id of the measure that includes it.")]
    reset_on: Annotated[
        date | None, Meta(description="First day of its chart, after the last reset of the baseline.")
    ] = None
    first_target: Annotated[float | None, Meta(description="Target at its definition, in the measure's unit.")] = (
        None
    )
    target_from: date | None = None
    """First day of the target; None while the target of the definition applies."""
    readings: Annotated[int, Meta(description="Number of readings.")] = 0
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    provisional: bool | None = None
    """True while the chart has fewer than 12 points; None without points."""
    assurance: Annotated[
        str | None,
        words(Assurance),
        Meta(description="Assurance that the target is met; null if it cannot be determined."),
    ] = None
    is_hidden: Annotated[bool, Meta(description="True if a reading is hidden from roles without full access.")] = (
        False
    )


class MeasureReading(Struct, frozen=True):
    """A measure's reading for a period, as last stated."""

    measure: Annotated[str, ID, Meta(description="Id of the measure.")]
    first: Annotated[date, Meta(description="First day of its period.")]
    last: Annotated[date, Meta(description="Last day of its period.")]
    position: Annotated[int, Meta(description="Position of the first entry that reported it.")]
    reported_at: Annotated[datetime, Meta(description="Instant of the first report.")]
    numerator: Annotated[
        int | None, Meta(description="Numerator; null if hidden from this reader, or if it has none.")
    ]
    denominator: Annotated[
        int | None, Meta(description="Denominator; null if hidden from this reader, or if it has none.")
    ]
    value: Annotated[
        float | None, Meta(description="Value, in the measure's unit; null if hidden, or if the denominator is 0.")
    ]
    system: Annotated[str, Meta(description="System that it was extracted from.")]
    extracted_at: Annotated[datetime, Meta(description="Instant of the extraction.")]
    signals: Annotated[list[str], words(Signal), Meta(description="Signals that it belongs to.")]
    is_hidden: Annotated[bool, Meta(description="True if its counts are too small for all roles to see.")]
    restated: Annotated[int, Meta(description="Number of restatements.")] = 0
    restated_position: Annotated[int | None, Meta(description="Position of its latest restatement.")] = None
    reason: Annotated[NarrativeRef | None, Meta(description="Reason for the restatement; null if erased.")] = None
    as_published: Annotated[bool, Meta(description="True if its value was published without its counts.")] = False


class Reset(Struct, frozen=True):
    """A reset of a measure's baseline: the first day of the new limits, and the reason."""

    measure: Annotated[str, ID, Meta(description="Id of the measure.")]
    position: int
    first: Annotated[date, Meta(description="First day of the new limits.")]
    baseline: Annotated[float | None, Meta(description="New baseline, in the measure's unit.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


class TargetRevision(Struct, frozen=True):
    """A target of a measure from a day on, and the reason."""

    measure: Annotated[str, ID, Meta(description="Id of the measure.")]
    position: int
    first: Annotated[date, Meta(description="First day on which the target applies.")]
    target: Annotated[float, Meta(description="Target from that day on, in the measure's unit.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


MEASURES = Table("measures", Measure, ("measure",))
READINGS = Table("readings", MeasureReading, ("measure", "first", "last"), by_position=False)
RESETS = Table("baseline_resets", Reset, ("position",), in_memory=False)
TARGETS = Table("target_revisions", TargetRevision, ("position",), in_memory=False)


class Series(Struct):
    """A measure's readings by period, for its chart; in memory, as one reading may change all signals."""

    periods: list[tuple[date, date]] = []
    values: list[float | None] = []
    masks: list[int] = []
    """Signals of each reading, as masks of `projections.views.spc`."""
    is_nested: bool = False
    """True once a period contains another period."""


class MeasureMemory(Struct):
    """Memory of the fold: each measure's series, and the parts of each total."""

    series: dict[str, Series] = {}
    parts: dict[str, list[str]] = {}


def smallest_periods(periods: Sequence[tuple[date, date]]) -> list[int]:
    """Return the indexes of the periods that contain no other period: a quarter does not count next to its months.

    Args:
        periods: First and last days, in order.
    """
    places: list[int] = []
    earliest_end = date.max
    for place in range(len(periods) - 1, -1, -1):
        first, last = periods[place]
        has_shorter = place > 0 and periods[place - 1][0] == first
        if last < earliest_end and not has_shorter:
            places.append(place)
        earliest_end = min(earliest_end, last)
    return places[::-1]


def value_of(unit: str, reading: Reading, per: int | None) -> float | None:
    """Return a reading's value in the measure's unit, or None if a needed denominator is absent or 0."""
    if reading.numerator is None:
        return reading.published
    if unit == _COUNT:
        return float(reading.numerator)
    if not reading.denominator:
        return None
    factor = 100 if unit == _PERCENT else (per or 1) if unit == _RATE else 1
    return factor * reading.numerator / reading.denominator


def assurance_of(target: float | None, direction: str, lower: float | None, upper: float | None) -> str | None:
    """Return ASSURED, FAILING or INCONSISTENT; None if the target, a limit or the better direction is missing."""
    if target is None or lower is None or upper is None or direction == _NEITHER:
        return None
    good = 1 if direction == _HIGHER else -1
    worst, best = sorted((good * lower, good * upper))
    if worst >= good * target:
        return "ASSURED"
    return "FAILING" if best < good * target else "INCONSISTENT"


def is_small(unit: str, numerator: int | None, denominator: int | None) -> bool:
    """Return True if a count is small enough to identify a person.

    For a percentage, the people outside the numerator count, too. A figure as published has no counts.
    """
    if numerator is None:
        return False
    counts = [numerator] if denominator is None else [numerator, denominator]
    if unit == _PERCENT and denominator is not None:
        counts.append(denominator - numerator)
    return any(count < THRESHOLD for count in counts)


VIEW = View("measures", 4, (MEASURES, READINGS, RESETS, TARGETS), remembers=True)


@VIEW.on(MeasureDefined)
def _measure_defined(rows: Rows, entry: Entry, fact: MeasureDefined) -> None:
    if fact.part_of is not None:
        rows.memory(MeasureMemory).parts.setdefault(fact.part_of, []).append(fact.measure)
    put_from_fact(rows, MEASURES, entry, first_target=fact.target)


@VIEW.on(MeasureBaselineReset)
def _measure_baseline_reset(rows: Rows, entry: Entry, fact: MeasureBaselineReset) -> None:
    put_from_fact(rows, RESETS, entry)
    rows.change(MEASURES, fact.measure, reset_on=fact.first)
    if fact.baseline is not None:
        rows.change(MEASURES, fact.measure, baseline=fact.baseline)
    _chart(rows, rows.memory(MeasureMemory), fact.measure)


@VIEW.on(MeasureRevised)
def _measure_revised(rows: Rows, entry: Entry, fact: MeasureRevised) -> None:
    put_from_fact(rows, TARGETS, entry)
    measure = rows.require(MEASURES, fact.measure)
    if measure.target_from is None or fact.first >= measure.target_from:
        rows.change(MEASURES, fact.measure, target=fact.target, target_from=fact.first)
        _chart(rows, rows.memory(MeasureMemory), fact.measure)


def _record_reading(rows: Rows, entry: Entry, fact: Reading) -> None:
    memory, measure = rows.memory(MeasureMemory), rows.require(MEASURES, fact.measure)
    first, last = fact.period.first, fact.period.last
    earlier = rows.get(READINGS, fact.measure, first, last)
    small = is_small(measure.unit, fact.numerator, fact.denominator)
    reading = MeasureReading(
        measure=fact.measure,
        first=first,
        last=last,
        position=entry.position if earlier is None else earlier.position,
        reported_at=entry.occurred_at if earlier is None else earlier.reported_at,
        numerator=fact.numerator,
        denominator=fact.denominator,
        value=value_of(measure.unit, fact, measure.per),
        system=fact.system,
        extracted_at=fact.extracted_at,
        signals=[],
        is_hidden=small if earlier is None else earlier.is_hidden or small,
        as_published=fact.published is not None,
    )
    if isinstance(fact, MeasureReadingRestated):
        restated = 0 if earlier is None else earlier.restated
        changes = {
            "restated": restated + 1,
            "restated_position": entry.position,
            "reason": rows.narrative("reason"),
        }
        reading = structs.replace(reading, **changes)
    rows.put(READINGS, reading)
    _place(memory, reading)
    hidden, count = measure.is_hidden or reading.is_hidden, measure.readings + (earlier is None)
    _chart(rows, memory, fact.measure, readings=count, is_hidden=hidden)
    if measure.part_of is not None or measure.measure in memory.parts:
        _hide_another(rows, memory, measure, first, last)


VIEW.on(MeasureReadingReported)(_record_reading)
VIEW.on(MeasureReadingRestated)(_record_reading)


def _hide_another(rows: Rows, memory: MeasureMemory, measure: Measure, first: date, last: date) -> None:
    """Suppress a total's smallest other part if one part is suppressed; the total would reveal a single part."""
    total = measure.part_of or measure.measure
    readings = [rows.get(READINGS, part, first, last) for part in memory.parts.get(total, ())]
    parts = [part for part in readings if part is not None]
    whole = rows.get(READINGS, total, first, last)
    if whole is None or whole.is_hidden or sum(part.is_hidden for part in parts) != 1:
        return
    others = [part for part in parts if not (part.is_hidden or part.as_published)]
    if others:
        smallest = min(others, key=lambda part: (part.numerator or 0, part.measure))
        rows.change(READINGS, smallest.measure, first, last, is_hidden=True)
        rows.change(MEASURES, smallest.measure, is_hidden=True)


def _place(memory: MeasureMemory, reading: MeasureReading) -> None:
    """Insert a reading into its series, or replace its value."""
    series = memory.series.setdefault(reading.measure, Series())
    period = (reading.first, reading.last)
    index = bisect_left(series.periods, period)
    if index < len(series.periods) and series.periods[index] == period:
        series.values[index], series.masks[index] = reading.value, 0
    else:
        # If any period contains another, then so do two neighbours.
        neighbours = [*series.periods[max(index - 1, 0) : index], period, *series.periods[index : index + 1]]
        series.is_nested = series.is_nested or len(smallest_periods(neighbours)) < len(neighbours)
        series.periods.insert(index, period)
        series.values.insert(index, reading.value)
        series.masks.insert(index, 0)


def _chart(rows: Rows, memory: MeasureMemory, name: str, **changes: object) -> None:
    """Recalculate a measure's chart and the signals of its readings; `changes` are other fields of its row."""
    measure = rows.require(MEASURES, name)
    series = memory.series.get(name) or Series()
    start = 0 if measure.reset_on is None else bisect_left(series.periods, (measure.reset_on, date.min))
    counted: Sequence[int] = range(start, len(series.values))
    values = [value for value in series.values[start:] if value is not None]
    if series.is_nested or len(values) < len(counted):
        counted = [index for index in counted if series.values[index] is not None]
        if series.is_nested:
            counted = _without_outer(rows, name, series, counted)
        values = [value for index in counted if (value := series.values[index]) is not None]
    if not values:
        rows.change(MEASURES, name, mean=None, lower=None, upper=None, provisional=None, assurance=None, **changes)
        return
    lines = limits(values)
    masks = marks(values, lines)
    changed = () if masks == series.masks[start:] else zip(counted, masks, strict=True)
    for index, mask in changed:
        if mask != series.masks[index]:
            series.masks[index] = mask
            rows.change(READINGS, name, *series.periods[index], signals=[signal.value for signal in SIGNALS[mask]])
    rows.change(
        MEASURES,
        name,
        mean=lines.mean,
        lower=lines.lower,
        upper=lines.upper,
        provisional=len(values) < FIRM,
        assurance=assurance_of(measure.target, measure.direction, lines.lower, lines.upper),
        **changes,
    )


def _without_outer(rows: Rows, name: str, series: Series, counted: list[int]) -> list[int]:
    """Return the indexes of the charted readings. Readings whose period contains another lose their signals."""
    innermost = [counted[place] for place in smallest_periods([series.periods[index] for index in counted])]
    for index in set(counted).difference(innermost):
        if series.masks[index]:
            series.masks[index] = 0
            rows.change(READINGS, name, *series.periods[index], signals=[])
    return innermost


HIDDEN = "EXISTS (SELECT FROM views.measures m WHERE m.notice = :notice AND m.measure = t.measure AND m.is_hidden)"
MEASURE = of_table(
    "measures",
    MEASURES,
    computed={
        name: Computed(hint, f'CASE WHEN :redacted AND t.is_hidden THEN NULL ELSE t."{name}" END')
        for name, hint in (
            ("mean", float | None),
            ("lower", float | None),
            ("upper", float | None),
            ("provisional", bool | None),
            ("assurance", str | None),
        )
    }
    | {
        "signals": Computed(
            int | None,
            "CASE WHEN :redacted AND t.is_hidden THEN NULL ELSE (SELECT count(*) FROM views.readings r "
            "WHERE r.notice = :notice AND r.measure = t.measure AND r.signals <> '{}') END",
        ),
        "target": Computed(
            float | None,
            "coalesce((SELECT r.target FROM views.target_revisions r WHERE r.notice = :notice "
            "AND r.measure = t.measure AND r.first <= :today ORDER BY r.first DESC, r.position DESC LIMIT 1), "
            "t.first_target)",
        ),
    },
    conditions={
        "signalling": "(EXISTS (SELECT FROM views.readings r WHERE r.notice = :notice "
        "AND r.measure = t.measure AND r.signals <> '{}') AND NOT (:redacted AND t.is_hidden)) = :value",
        "text": contains("title"),
    },
)
READING = of_table(
    "measures",
    READINGS,
    computed={
        "numerator": Computed(int | None, "CASE WHEN :redacted AND t.is_hidden THEN NULL ELSE t.numerator END"),
        "denominator": Computed(
            int | None, "CASE WHEN :redacted AND t.is_hidden THEN NULL ELSE t.denominator END"
        ),
        "value": Computed(float | None, f"CASE WHEN :redacted AND {HIDDEN} THEN NULL ELSE t.value END"),
        "signals": Computed(list[str], f"CASE WHEN :redacted AND {HIDDEN} THEN '{{}}' ELSE t.signals END"),
    },
    conditions=WITHIN
    | {
        "charted": "t.measure = :value AND t.value IS NOT NULL AND t.first >= coalesce((SELECT m.reset_on "
        "FROM views.measures m WHERE m.notice = :notice AND m.measure = t.measure), t.first) "
        "AND NOT EXISTS (SELECT FROM views.readings r WHERE r.notice = :notice AND r.measure = t.measure "
        "AND r.value IS NOT NULL AND r.first >= t.first AND r.last <= t.last "
        "AND (r.first, r.last) <> (t.first, t.last))"
    },
    order=("first", "last", "position"),
)
RESET = of_table("measures", RESETS)
TARGET = of_table("measures", TARGETS)
