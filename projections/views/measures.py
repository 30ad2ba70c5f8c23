"""Measures and their readings: values, XmR charts, signals, assurance, and which small counts are hidden for ever.

A chart runs over a measure's readings since its baseline was last reset; earlier ones keep the signals they had. A
reading that counts fewer than five of anything is hidden from roles without full sight: decided when it is
reported, and never undone.
"""

from bisect import bisect_left
from datetime import date, datetime

from msgspec import Struct, structs

from ledger.domain.areas.measures import (
    Direction,
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
    Unit,
)
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import WITHIN, Computed, contains, of_table
from projections.views.spc import FIRM, SIGNALS, limits, marks

THRESHOLD = 5
"""Counts below it are hidden."""
Said = MeasureReadingReported | MeasureReadingRestated


class Measure(Struct, frozen=True):
    """A measure, and what its chart says now."""

    measure: str
    position: int
    title: NarrativeRef
    unit: str
    direction: str
    target: float | None
    """In the unit, like every value here."""
    baseline: float | None
    per: int | None
    part_of: str | None
    reset_on: date | None = None
    """The first day that counts, since the baseline was reset."""
    readings: int = 0
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    provisional: bool | None = None
    """Whether the chart has fewer than 12 points."""
    assurance: str | None = None
    """ASSURED, INCONSISTENT or FAILING; None: it has no target, no direction or no limits."""
    is_hidden: bool = False
    """Whether a reading is hidden, so that its chart is not shown to everybody."""


class MeasureReading(Struct, frozen=True):
    """A measure's reading for a period, as it was stated last."""

    measure: str
    first: date
    last: date
    position: int
    """The entry that reported it first."""
    reported_at: datetime
    numerator: int | None
    """None: hidden from this reader."""
    denominator: int | None
    value: float | None
    """In the measure's unit; None: there was nothing to divide by, or it is hidden."""
    system: str
    extracted_at: datetime
    signals: list[str]
    is_hidden: bool
    restated: int = 0
    """How many times it was stated anew."""
    restated_position: int | None = None
    reason: NarrativeRef | None = None
    """Why it was stated anew, the last time."""


class Reset(Struct, frozen=True):
    """From when on a measure's limits are computed anew, and why."""

    measure: str
    position: int
    first: date
    baseline: float | None
    reason: NarrativeRef


MEASURES = Table("measures", Measure, ("measure",))
READINGS = Table("readings", MeasureReading, ("measure", "first", "last"), by_position=False)
RESETS = Table("baseline_resets", Reset, ("position",), in_memory=False)


class Series(Struct):
    """A measure's readings by period, for its chart: kept in memory, as a reading may change signals of all."""

    periods: list[tuple[date, date]] = []
    values: list[float | None] = []
    masks: list[int] = []
    """The signals of each, as `projections.views.spc` marks them."""


class MeasureMemory(Struct):
    """What the fold finds readings by: each measure's series, and which measures are parts of which."""

    series: dict[str, Series] = {}
    parts: dict[str, list[str]] = {}


def value_of(unit: str, numerator: int, denominator: int | None, per: int | None) -> float | None:
    """A reading's value in its unit; None: nothing was counted, so that there is none."""
    if unit == Unit.COUNT.value:
        return float(numerator)
    if not denominator:
        return None
    factor = {Unit.PERCENT.value: 100, Unit.RATE.value: per or 1}.get(unit, 1)
    return factor * numerator / denominator


def assurance_of(target: float | None, direction: str, lower: float | None, upper: float | None) -> str | None:
    """Whether the limits keep to the good side of the target, to the bad side, or leave it to chance."""
    if target is None or lower is None or upper is None or direction == Direction.NEITHER.value:
        return None
    good = 1 if direction == Direction.HIGHER_IS_BETTER.value else -1
    worst, best = sorted((good * lower, good * upper))
    if worst >= good * target:
        return "ASSURED"
    return "FAILING" if best < good * target else "INCONSISTENT"


def is_small(unit: str, numerator: int, denominator: int | None) -> bool:
    """Whether a count is so small that it may tell of somebody: also of those whom a percentage leaves out."""
    counts = [numerator] if denominator is None else [numerator, denominator]
    if unit == Unit.PERCENT.value and denominator is not None:
        counts.append(denominator - numerator)
    return any(count < THRESHOLD for count in counts)


VIEW = View("measures", 1, (MEASURES, READINGS, RESETS), remembers=True)


@VIEW.on(MeasureDefined)
def _measure_defined(rows: Rows, entry: Entry, fact: MeasureDefined) -> None:
    if fact.part_of is not None:
        rows.memory(MeasureMemory).parts.setdefault(fact.part_of, []).append(fact.measure)
    defined = Measure(
        fact.measure,
        entry.position,
        rows.narrative("title"),
        fact.unit.value,
        fact.direction.value,
        fact.target,
        fact.baseline,
        fact.per,
        fact.part_of,
    )
    rows.put(MEASURES, defined)


@VIEW.on(MeasureBaselineReset)
def _measure_baseline_reset(rows: Rows, entry: Entry, fact: MeasureBaselineReset) -> None:
    reset = Reset(fact.measure, entry.position, fact.first, fact.baseline, rows.narrative("reason"))
    rows.put(RESETS, reset)
    known = rows.change(MEASURES, fact.measure, reset_on=fact.first)
    if fact.baseline is not None:
        rows.change(MEASURES, fact.measure, baseline=fact.baseline)
    _chart(rows, rows.memory(MeasureMemory), known.measure)


@VIEW.on(MeasureReadingReported)
def _measure_reading_reported(rows: Rows, entry: Entry, fact: MeasureReadingReported) -> None:
    _read(rows, entry, fact, rows.memory(MeasureMemory))


@VIEW.on(MeasureReadingRestated)
def _measure_reading_restated(rows: Rows, entry: Entry, fact: MeasureReadingRestated) -> None:
    _read(rows, entry, fact, rows.memory(MeasureMemory))


def _read(rows: Rows, entry: Entry, fact: Said, memory: MeasureMemory) -> None:
    measure = rows.require(MEASURES, fact.measure)
    first, last = fact.period.first, fact.period.last
    known = rows.get(READINGS, fact.measure, first, last)
    small = is_small(measure.unit, fact.numerator, fact.denominator)
    stated = MeasureReading(
        measure=fact.measure,
        first=first,
        last=last,
        position=entry.position if known is None else known.position,
        reported_at=entry.occurred_at if known is None else known.reported_at,
        numerator=fact.numerator,
        denominator=fact.denominator,
        value=value_of(measure.unit, fact.numerator, fact.denominator, measure.per),
        system=fact.system,
        extracted_at=fact.extracted_at,
        signals=[],
        is_hidden=small if known is None else known.is_hidden or small,
    )
    if isinstance(fact, MeasureReadingRestated):
        restated = 0 if known is None else known.restated
        more = {"restated": restated + 1, "restated_position": entry.position, "reason": rows.narrative("reason")}
        stated = structs.replace(stated, **more)
    rows.put(READINGS, stated)
    _place(memory, stated)
    hidden, count = measure.is_hidden or stated.is_hidden, measure.readings + (known is None)
    _chart(rows, memory, fact.measure, readings=count, is_hidden=hidden)
    if measure.part_of is not None or measure.measure in memory.parts:
        _hide_another(rows, memory, measure, first, last)


def _hide_another(rows: Rows, memory: MeasureMemory, measure: Measure, first: date, last: date) -> None:
    """Where one part of a total is hidden, the smallest other is too: it could be told from the rest."""
    total = measure.part_of or measure.measure
    read = [rows.get(READINGS, part, first, last) for part in memory.parts.get(total, ())]
    parts = [reading for reading in read if reading is not None]
    whole = rows.get(READINGS, total, first, last)
    if whole is None or whole.is_hidden or sum(part.is_hidden for part in parts) != 1:
        return
    shown = [part for part in parts if not part.is_hidden]
    if shown:
        least = min(shown, key=lambda part: (part.numerator or 0, part.measure))
        rows.change(READINGS, least.measure, first, last, is_hidden=True)
        rows.change(MEASURES, least.measure, is_hidden=True)


def _place(memory: MeasureMemory, reading: MeasureReading) -> None:
    """Puts a reading into its series, or the value in place of the one stated before."""
    series = memory.series.setdefault(reading.measure, Series())
    period = (reading.first, reading.last)
    index = bisect_left(series.periods, period)
    if index < len(series.periods) and series.periods[index] == period:
        series.values[index], series.masks[index] = reading.value, 0
    else:
        series.periods.insert(index, period)
        series.values.insert(index, reading.value)
        series.masks.insert(index, 0)


def _chart(rows: Rows, memory: MeasureMemory, name: str, **more: object) -> None:
    """Draws a measure's chart anew, and marks the signals on its readings; `more` changes of its row."""
    measure = rows.require(MEASURES, name)
    series = memory.series.get(name) or Series()
    start = 0 if measure.reset_on is None else bisect_left(series.periods, (measure.reset_on, date.min))
    counted = [index for index in range(start, len(series.values)) if series.values[index] is not None]
    values = [value for value in series.values[start:] if value is not None]
    if not values:
        rows.change(MEASURES, name, mean=None, lower=None, upper=None, provisional=None, assurance=None, **more)
        return
    lines = limits(values)
    for index, mask in zip(counted, marks(values, lines), strict=True):
        if mask != series.masks[index]:
            series.masks[index] = mask
            rows.change(READINGS, name, *series.periods[index], signals=[each.value for each in SIGNALS[mask]])
    rows.change(
        MEASURES,
        name,
        mean=lines.mean,
        lower=lines.lower,
        upper=lines.upper,
        provisional=len(values) < FIRM,
        assurance=assurance_of(measure.target, measure.direction, lines.lower, lines.upper),
        **more,
    )


HIDDEN = (
    "EXISTS (SELECT FROM views.measures m WHERE m.notice = t.notice AND m.measure = t.measure AND m.is_hidden)"
)
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
            "WHERE r.notice = t.notice AND r.measure = t.measure AND r.signals <> '{}') END",
        )
    },
    conditions={
        "ids": "t.measure = ANY (:value)",
        "signalling": "(EXISTS (SELECT FROM views.readings r WHERE r.notice = t.notice "
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
        "FROM views.measures m WHERE m.notice = t.notice AND m.measure = t.measure), t.first)"
    },
    order=("first", "last", "position"),
)
RESET = of_table("measures", RESETS)
