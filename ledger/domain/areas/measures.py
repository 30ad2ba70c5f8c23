"""Measures of the service: definitions, readings by period, restatements, new limits and new targets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

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
    Sentence,
    StatedDay,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.shared_rules import future_refusals, order_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

MeasureId = Annotated[str, reference("measure", "A measure of the service.")]


class Unit(WordList):
    """The unit of a reading: numerator over denominator, or the numerator alone."""

    PERCENT = "PERCENT"
    """The numerator as a percentage of the denominator, which includes everything that the numerator counts."""
    RATE = "RATE"
    """The numerator for a fixed number of the denominator, such as children per 10,000."""
    AVERAGE = "AVERAGE"
    """The numerator divided by the denominator, such as cases per social worker."""
    COUNT = "COUNT"
    """The numerator alone; there is no denominator."""


class Direction(WordList):
    """The direction in which values improve."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    """Higher values are better."""
    LOWER_IS_BETTER = "LOWER_IS_BETTER"
    """Lower values are better."""
    NEITHER = "NEITHER"
    """Neither direction is better; the measure is for information."""


class MeasureDefined(Fact, frozen=True, kw_only=True):
    """A measure was defined, with its unit and direction."""

    act: ClassVar[str] = "defineMeasure"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Measure {measure} was defined: {title} ({unit}, {direction})[, with the target {target}][ and the "
        "baseline {baseline}][, per {per}][, as a part of {part_of}]",
        (("measure {measure}", "target", "{target}"),),
    )

    measure: MeasureId
    title: Narrative
    unit: Unit
    direction: Direction
    target: Annotated[Figure | None, Meta(description="The target, in the measure's unit.")] = None
    baseline: Annotated[Figure | None, Meta(description="The value at the start, in the measure's unit.")] = None
    per: Annotated[
        Count | None, Meta(description="For a rate: the number of units in the denominator, such as 10,000.")
    ] = None
    part_of: Annotated[MeasureId | None, Meta(description="The measure whose total includes this one.")] = None


def _counted(data: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 data unchanged as version 2 data: every reading has its counts."""
    return data


Numerator = Annotated[Count | None, Meta(description="The numerator; absent for a figure as published.")]
Denominator = Annotated[
    Count | None, Meta(description="The denominator; absent for a count and for a figure as published.")
]
PublishedFigure = Annotated[
    Figure | None, Meta(description="The value as published without its counts, in the measure's unit.")
]


class MeasureReadingReported(Fact, frozen=True, kw_only=True):
    """A reading of a measure was reported for a period."""

    act: ClassVar[str] = "reportMeasureReading"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_counted,)
    sentence: ClassVar[Sentence] = Sentence(
        "Measure {measure} was [{numerator}][ of {denominator}][{published}, as published,] for "
        "{period.first} to {period.last}, extracted from {system} on {extracted_at}",
        (
            (
                "measure {measure} for {period.first} to {period.last}",
                "reading",
                "[{numerator}][ of {denominator}][{published}]",
            ),
        ),
    )

    measure: MeasureId
    period: Period
    numerator: Numerator = None
    denominator: Denominator = None
    system: Annotated[Code, Meta(description="The system that produced the reading.")]
    extracted_at: Annotated[Instant, Meta(description="The instant at which the system produced the reading.")]
    published: PublishedFigure = None


class MeasureReadingRestated(Fact, frozen=True, kw_only=True):
    """A reading was corrected or completed; the earlier reading remains on record."""

    act: ClassVar[str] = "restateMeasureReading"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_counted,)
    sentence: ClassVar[Sentence] = Sentence(
        "Measure {measure} was restated: it was [{numerator}][ of {denominator}][{published}, as published,] "
        "for {period.first} to {period.last}, extracted from {system} on {extracted_at}. Reason: {reason}",
        (
            (
                "measure {measure} for {period.first} to {period.last}",
                "reading",
                "[{numerator}][ of {denominator}][{published}]",
            ),
        ),
    )

    measure: MeasureId
    period: Period
    numerator: Numerator = None
    denominator: Denominator = None
    system: Annotated[Code, Meta(description="The system that produced the reading.")]
    extracted_at: Annotated[Instant, Meta(description="The instant at which the system produced the reading.")]
    reason: Narrative
    published: PublishedFigure = None


class MeasureBaselineReset(Fact, frozen=True, kw_only=True):
    """A measure's limits are recalculated from a day on, because the underlying process changed."""

    act: ClassVar[str] = "resetMeasureBaseline"
    sentence: ClassVar[Sentence] = Sentence(
        "The limits of measure {measure} restart from {first}[, with the baseline {baseline}]: {reason}",
        (("measure {measure}", "limits since", "{first}"),),
        decision=True,
    )

    measure: MeasureId
    first: Annotated[Day, Meta(description="The first day of the first period that the new limits use.")]
    reason: Narrative
    baseline: Annotated[Figure | None, Meta(description="The new baseline, in the measure's unit.")] = None


class MeasureRevised(Fact, frozen=True, kw_only=True):
    """A measure's target was changed from a day on; the earlier target remains on record."""

    act: ClassVar[str] = "reviseMeasure"
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True)
    sentence: ClassVar[Sentence] = Sentence(
        "The target of measure {measure} is {target} from {first}: {reason}",
        (("measure {measure}", "target", "{target}"),),
        decision=True,
    )

    measure: MeasureId
    target: Annotated[Figure, Meta(description="The new target, in the measure's unit.")]
    first: Annotated[Day, Meta(description="The first day on which the new target applies.")]
    reason: Narrative


_WHOLE = 100
"""Highest valid percentage."""
MeasureReadingFact = MeasureReadingReported | MeasureReadingRestated


class MeasuresState(Struct):
    """Unit of each measure, and the position of its latest reading's entry for each period."""

    units: dict[str, Unit] = {}
    readings: dict[str, dict[str, int]] = {}


def _period_key(period: Period) -> str:
    return f"{period.first}/{period.last}"


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case MeasureDefined():
            yield from _figure_refusals(fact.unit, fact, "target", "baseline")
            if fact.unit is Unit.RATE and not fact.per:
                yield Refusal("MISSING_FIELD", "a rate needs `per`, such as 100 or 10000", "data.per")
            if fact.part_of == fact.measure:
                yield Refusal(
                    "SAME_THING", "a measure cannot be a part of itself; name another measure", "data.partOf"
                )
        case MeasureBaselineReset():
            yield from _figure_refusals(state.measures.units[fact.measure], fact, "baseline")
        case MeasureRevised():
            yield from _figure_refusals(state.measures.units[fact.measure], fact, "target")
            yield from future_refusals(fact.first, when.recorded_at, state.notice.zone, "data.first")
        case MeasureReadingReported() | MeasureReadingRestated():
            yield from _admit_value(state.measures.units[fact.measure], fact)
            yield from order_refusals(fact.period.first, fact.period.last, "data.period.last")
            yield from future_refusals(fact.period.last, when.occurred_at, state.notice.zone, "data.period.last")
            yield from _admit_period(state.measures.readings.get(fact.measure, {}), fact)


def _figure_refusals(unit: Unit, fact: Fact, *names: str) -> Iterator[Refusal]:
    """Yield a refusal for each named figure of a fact that is negative, or is a percentage above 100."""
    for name in names:
        figure = getattr(fact, name)
        if figure is not None and (figure < 0 or (unit is Unit.PERCENT and figure > _WHOLE)):
            highest = f" to {_WHOLE}" if unit is Unit.PERCENT else ""
            yield Refusal("OUT_OF_RANGE", f"expected a figure from 0{highest}", f"data.{name}")


def _admit_value(unit: Unit, fact: MeasureReadingFact) -> Iterator[Refusal]:
    if fact.published is not None:
        if fact.numerator is not None or fact.denominator is not None:
            message = "a figure as published has no counts; leave out the figure or the counts"
            yield Refusal("INVALID_FIELD", message, "data.published")
        yield from _figure_refusals(unit, fact, "published")
    elif fact.numerator is None:
        message = f"measure {fact.measure} needs its counts, or the figure as published"
        yield Refusal("MISSING_FIELD", message, "data.numerator")
    else:
        yield from _admit_counts(unit, fact, fact.numerator)


def _admit_counts(unit: Unit, fact: MeasureReadingFact, numerator: int) -> Iterator[Refusal]:
    if unit is Unit.COUNT:
        if fact.denominator is not None:
            message = f"measure {fact.measure} is a count and has no denominator; leave it out"
            yield Refusal("INVALID_FIELD", message, "data.denominator")
    elif fact.denominator is None:
        yield Refusal("MISSING_FIELD", f"measure {fact.measure} needs a denominator", "data.denominator")
    elif unit is Unit.PERCENT and numerator > fact.denominator:
        message = f"the numerator {numerator} exceeds the denominator {fact.denominator}; exchange or correct them"
        yield Refusal("OUT_OF_RANGE", message, "data.numerator")


def _admit_period(readings: dict[str, int], fact: MeasureReadingFact) -> Iterator[Refusal]:
    position = readings.get(_period_key(fact.period))
    label = f"measure {fact.measure} for {fact.period.first} to {fact.period.last}"
    if isinstance(fact, MeasureReadingRestated):
        if position is None:
            yield Refusal("NOT_FOUND", f"there is no reading of {label}; report it first", "data.period")
    elif position is not None:
        message = f"{label} is already reported, in entry {position}; restate it with a reason"
        yield Refusal("ALREADY_EXISTS", message, "data.period")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, measures = entry.fact, state.measures
    match fact:
        case MeasureDefined():
            measures.units[fact.measure] = fact.unit
        case MeasureReadingReported() | MeasureReadingRestated():
            measures.readings.setdefault(fact.measure, {})[_period_key(fact.period)] = entry.position
