"""Measures of the service (clause 1b): defined, read period by period, restated, never edited."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.chronology import in_order, not_to_come
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Code,
    Count,
    Day,
    Fact,
    Figure,
    Instant,
    Narrative,
    Period,
    When,
    Who,
    WordList,
    reference,
)

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

MeasureId = Annotated[str, reference("measure", "A measure of the service.")]


class Unit(WordList):
    """What a reading's value is in: numerator out of denominator, or the numerator alone."""

    PERCENT = "PERCENT"
    """100 * numerator / denominator; the numerator counts some of what the denominator counts."""
    RATE = "RATE"
    """Numerator per `per` of the denominator, such as children per 10,000."""
    AVERAGE = "AVERAGE"
    """Numerator / denominator, such as cases per social worker."""
    COUNT = "COUNT"
    """The numerator alone; there is no denominator."""


class Direction(WordList):
    """Which way is better."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    """The higher the better."""
    LOWER_IS_BETTER = "LOWER_IS_BETTER"
    """The lower the better."""
    NEITHER = "NEITHER"
    """Neither way is better; it is watched only."""


class MeasureDefined(Fact, frozen=True, kw_only=True):
    """A measure was defined, once and for all; what it was before is its baseline."""

    act: ClassVar[str] = "defineMeasure"
    clause: ClassVar[str] = "1b"
    about: ClassVar[str] = "measure"
    begins: ClassVar[bool] = True

    measure: MeasureId
    title: Narrative
    unit: Unit
    direction: Direction
    target: Annotated[Figure | None, Meta(description="The value aimed at, in the unit.")] = None
    baseline: Annotated[Figure | None, Meta(description="The value at the start, in the unit.")] = None
    per: Annotated[Count | None, Meta(description="For a RATE: per how many of the denominator.")] = None
    part_of: Annotated[MeasureId | None, Meta(description="The measure whose total it is a part of.")] = None


class MeasureReadingReported(Fact, frozen=True, kw_only=True):
    """A measure was read for a period."""

    act: ClassVar[str] = "reportMeasureReading"
    clause: ClassVar[str] = "1b"
    about: ClassVar[str] = "measure"

    measure: MeasureId
    period: Period
    numerator: Count
    denominator: Annotated[Count | None, Meta(description="Absent for a COUNT only.")] = None
    system: Annotated[Code, Meta(description="The system that it was drawn from.")]
    extracted_at: Annotated[Instant, Meta(description="When it was drawn.")]


class MeasureReadingRestated(Fact, frozen=True, kw_only=True):
    """A reading was found wrong, or became complete, and was stated anew; the earlier one stays on record."""

    act: ClassVar[str] = "restateMeasureReading"
    clause: ClassVar[str] = "1b"
    about: ClassVar[str] = "measure"

    measure: MeasureId
    period: Period
    numerator: Count
    denominator: Annotated[Count | None, Meta(description="Absent for a COUNT only.")] = None
    system: Annotated[Code, Meta(description="The system that it was drawn from.")]
    extracted_at: Annotated[Instant, Meta(description="When it was drawn.")]
    reason: Narrative


class MeasureBaselineReset(Fact, frozen=True, kw_only=True):
    """From a day on a measure's limits are computed anew, as the process behind it has changed."""

    act: ClassVar[str] = "resetMeasureBaseline"
    clause: ClassVar[str] = "1b"
    about: ClassVar[str] = "measure"

    measure: MeasureId
    first: Annotated[Day, Meta(description="The first day of the first period that counts from now on.")]
    reason: Narrative
    baseline: Annotated[Figure | None, Meta(description="The value from which it starts, in the unit.")] = None


FACTS = (MeasureDefined, MeasureReadingReported, MeasureReadingRestated, MeasureBaselineReset)
MeasureReadingFact = MeasureReadingReported | MeasureReadingRestated


class MeasuresState(Struct):
    """What the rules need to know: each measure's unit, and the entry of its reading for each period."""

    units: dict[str, Unit] = field(default_factory=dict)
    readings: dict[str, dict[str, int]] = field(default_factory=dict)


def _key(period: Period) -> str:
    return f"{period.first}/{period.last}"


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case MeasureDefined():
            if fact.unit is Unit.RATE and not fact.per:
                yield Refusal("MISSING_FIELD", "a rate is per something: per 100, or per 10000", "data.per")
            if fact.part_of == fact.measure:
                yield Refusal("SAME_THING", "a measure is not a part of itself", "data.partOf")
        case MeasureReadingReported() | MeasureReadingRestated():
            yield from _admit_value(state.measures.units[fact.measure], fact)
            yield from in_order(fact.period.first, fact.period.last, "data.period.last")
            yield from not_to_come(fact.period.last, when.occurred_at, state.notice.zone, "data.period.last")
            yield from _admit_period(state.measures.readings.get(fact.measure, {}), fact)


def _admit_value(unit: Unit, fact: MeasureReadingFact) -> Iterator[Refusal]:
    if unit is Unit.COUNT:
        if fact.denominator is not None:
            message = f"measure {fact.measure} is a count and has no denominator; leave it out"
            yield Refusal("INVALID_FIELD", message, "data.denominator")
    elif fact.denominator is None:
        yield Refusal("MISSING_FIELD", f"measure {fact.measure} needs a denominator", "data.denominator")
    elif unit is Unit.PERCENT and fact.numerator > fact.denominator:
        message = f"{fact.numerator} of {fact.denominator} is more than all; exchange or correct them"
        yield Refusal("OUT_OF_RANGE", message, "data.numerator")


def _admit_period(readings: dict[str, int], fact: MeasureReadingFact) -> Iterator[Refusal]:
    known = readings.get(_key(fact.period))
    called = f"measure {fact.measure} for {fact.period.first} to {fact.period.last}"
    if isinstance(fact, MeasureReadingRestated):
        if known is None:
            yield Refusal("NOT_FOUND", f"there is no reading of {called}; report it first", "data.period")
    elif known is not None:
        message = f"{called} was reported in entry {known}; restate it, with the reason"
        yield Refusal("ALREADY_EXISTS", message, "data.period")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, measures = entry.fact, state.measures
    match fact:
        case MeasureDefined():
            measures.units[fact.measure] = fact.unit
        case MeasureReadingReported() | MeasureReadingRestated():
            measures.readings.setdefault(fact.measure, {})[_key(fact.period)] = entry.position
