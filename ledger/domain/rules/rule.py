"""A kind of rule as data: its parameters, its sentence, its wordings, the facts that it reads. Pure."""

from collections.abc import Mapping
from datetime import date
from inspect import getdoc
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.fact import Code, Fact, Id, WordList

NOTICE_YEARS = range(2000, 2200)
"""Years in which the days of a notice and of its rules may lie."""
LONGEST = 36_600
"""Maximum number of days that a parameter may count."""
Days = Annotated[int, Meta(ge=1, le=LONGEST)]
Months = Annotated[int, Meta(ge=1, le=1_200)]
Number = Annotated[int, Meta(ge=1, le=1_000)]
JudgedBoard = Annotated[Id | None, Meta(description="Board, as facts name it; absent: the improvement board.")]
Area = Annotated[Id | None, Meta(description="Area for priority action; its closure ends the obligation.")]


class RuleFault(Struct, frozen=True):
    """A fault of a clause's rule."""

    parameter: str | None
    """Name of the faulty parameter; None if the rule itself is unknown or incomplete."""
    message: str
    others: tuple[str, ...] = ()
    """Names of other parameters that the faulty parameter contradicts."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Base of all kinds of rule; an object of a kind holds the parameters of one clause."""

    kind: ClassVar[str]
    """Name by which clauses call the rule."""
    wordings: ClassVar[tuple[str, ...]]
    """Clause wordings that the rule fits."""
    example: ClassVar[str]
    """Example of the parameters, in the notation of a pack; may be empty."""
    reads: ClassVar[frozenset[type[Fact]]] = frozenset()
    """Facts on which the rule's verdicts depend, without facts that may concern any clause, such as a closure."""
    background: ClassVar[frozenset[type[Fact]]] = frozenset()
    """Facts among `reads` that are about other matters; their entries don't concern the clause."""
    related: ClassVar[frozenset[type[Fact]]] = frozenset()
    """Facts about the clause's matter on which its verdict does not depend; their entries concern the clause."""
    matches: ClassVar[Mapping[str, str]] = {}
    """Fields of facts by parameter: a fact with another value of the field doesn't concern the clause.

    Where a fact leaves the field out, its review, meeting, objective or other subject states the value.
    """
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {}
    """Facts that the roles in a parameter must be able to record, by parameter."""
    retired: ClassVar[frozenset[str]] = frozenset()
    """Parameters of earlier packs on which no verdict depended; ignored where stored, refused when recorded."""

    @classmethod
    def sentence(cls) -> str:
        """Return the rule in words: the first paragraph of the rule's docstring."""
        return (getdoc(cls) or "").partition("\n\n")[0]

    @property
    def bounds(self) -> tuple[RuleFault, ...]:
        """Faults of the parameters as a whole, such as contradictions; empty for valid parameters."""
        return ()


class TargetStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A target of a measure and the day by which it has to be reached."""

    by: date
    target: Annotated[float, Meta(ge=-1e12, le=1e12)]


class SpanUnit(WordList):
    """The unit in which a period is counted."""

    DAYS = "DAYS"
    """Calendar days."""
    WORKING_DAYS = "WORKING_DAYS"
    """Working days in England."""
    WEEKS = "WEEKS"
    """Weeks of seven days."""
    MONTHS = "MONTHS"
    """Calendar months."""


class Anchor(WordList):
    """The event from which a period is counted."""

    ISSUED = "ISSUED"
    """The notice's issue, or the clause's registration if that is later."""
    BOARD_ESTABLISHED = "BOARD_ESTABLISHED"
    """The improvement board's establishment."""
    ADVISER_APPOINTED = "ADVISER_APPOINTED"
    """The first adviser's appointment."""
    REVIEW_COMPLETED = "REVIEW_COMPLETED"
    """The latest review's completion."""
    DIAGNOSTIC_REPORTED = "DIAGNOSTIC_REPORTED"
    """The latest diagnostic's report."""


class Within(Struct, frozen=True, forbid_unknown_fields=True):
    """A period after an event."""

    count: Number
    unit: SpanUnit
    after: Anchor = Anchor.ISSUED


class CoverageKind(WordList):
    """The matters that a plan has to answer."""

    AREAS = "AREAS"
    """Areas for priority action."""
    FINDINGS = "FINDINGS"
    """Findings of inspections and reviews."""
    RECOMMENDATIONS = "RECOMMENDATIONS"
    """Recommendations made to the council."""


class ReportPart(WordList):
    """The parts of a report to the board."""

    DATA = "DATA"
    """Data that the report presents."""
    ANALYSIS = "ANALYSIS"
    """Analysis of the data."""
    RECOMMENDATIONS = "RECOMMENDATIONS"
    """Recommendations to the board."""
    IMPACT_EVIDENCE = "IMPACT_EVIDENCE"
    """Evidence of the impact on children."""


class ReportTopic(WordList):
    """The topics of an adviser's report."""

    AREAS = "AREAS"
    """Each open area for priority action."""
    REQUIREMENTS = "REQUIREMENTS"
    """Requirements of the notice."""
    OTHER = "OTHER"
    """Other matters that bear on improvement."""


class AssessmentPart(WordList):
    """The parts of a council's assessment before a review."""

    OBJECTIVES = "OBJECTIVES"
    """Progress against objectives."""
    STAFF_SURVEY = "STAFF_SURVEY"
    """A survey of staff."""
    SUPERVISION = "SUPERVISION"
    """An audit of supervision."""


class SlowSign(WordList):
    """A sign that an objective makes slow progress."""

    LATE = "LATE"
    """The objective's date has passed."""
    LOWEST_RATING = "LOWEST_RATING"
    """A rating is the lowest of its scale."""
    FALLING = "FALLING"
    """A rating fell in each of the last two updates."""


class Consent(WordList):
    """The body whose consent a clause requires."""

    DEPARTMENT = "DEPARTMENT"
    """The Department for Education."""


Subject = Annotated[Code, Meta(description="Id or name that facts use.")]
