"""Escalation: ministers' concerns and interventions, the end of the notice, and the stage after each of these."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided, InterventionEnded
from ledger.domain.areas.notice import NoticeClosed
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import of_table
from projections.views.word_lists import EscalationState


class Concern(Struct, frozen=True):
    """Concern raised on behalf of ministers."""

    concern: Annotated[str, ID, Meta(description="Id of the concern.")]
    position: int
    raised_at: Annotated[datetime, Meta(description="Instant at which it was raised.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    areas: Annotated[list[str], ID, Meta(description="Ids of the areas that it concerns.")]


class Intervention(Struct, frozen=True):
    """Decision of ministers to intervene."""

    intervention: Annotated[str, ID, Meta(description="Id of the intervention.")]
    position: int
    decided_at: Annotated[datetime, Meta(description="Instant of the decision.")]
    power: Annotated[str, Meta(description="Legal power that ministers use.")]
    decision: Annotated[NarrativeRef, Meta(description="Outcome of the decision; null if erased.")]
    concerns: Annotated[list[str], ID, Meta(description="Ids of the concerns that it answers.")]
    takes_effect_on: Annotated[date | None, Meta(description="Date from which it has effect.")]
    ended_at: Annotated[datetime | None, Meta(description="Instant at which it ended.")] = None
    ended_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    ended_reason: Annotated[NarrativeRef | None, Meta(description="Reason for the end; null if erased.")] = None
    becomes: Annotated[str | None, Meta(description="Arrangement that followed.")] = None


class Step(Struct, frozen=True):
    """A stage of escalation that the notice reached, and the entry that led to the stage."""

    position: Annotated[int, Meta(description="Position of the entry behind the step.")]
    at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    state: Annotated[str, words(EscalationState), Meta(description="Stage of the escalation.")]
    subject: Annotated[str, Meta(description="Id of the concern or intervention; empty for the notice itself.")]


CONCERNS = Table("concerns", Concern, ("concern",))
INTERVENTIONS = Table("interventions", Intervention, ("intervention",))
STEPS = Table("escalation_steps", Step, ("position",))


VIEW = View("escalation", 1, (CONCERNS, INTERVENTIONS, STEPS))


@VIEW.on(ConcernRaised)
def _concern_raised(rows: Rows, entry: Entry, fact: ConcernRaised) -> None:
    put_from_fact(rows, CONCERNS, entry)
    _step(rows, entry, fact.concern)


@VIEW.on(InterventionDecided)
def _intervention_decided(rows: Rows, entry: Entry, fact: InterventionDecided) -> None:
    put_from_fact(rows, INTERVENTIONS, entry)
    _step(rows, entry, fact.intervention)


@VIEW.on(InterventionEnded)
def _intervention_ended(rows: Rows, entry: Entry, fact: InterventionEnded) -> None:
    rows.change(
        INTERVENTIONS,
        fact.intervention,
        ended_at=entry.occurred_at,
        ended_position=entry.position,
        ended_reason=rows.narrative("reason"),
        becomes=fact.becomes,
    )
    _step(rows, entry, fact.intervention)


@VIEW.on(NoticeClosed)
def _notice_closed(rows: Rows, entry: Entry, fact: NoticeClosed) -> None:
    rows.put(STEPS, Step(entry.position, entry.occurred_at, "CLOSED", ""))


def _step(rows: Rows, entry: Entry, subject: str) -> None:
    """Add the stage of escalation after an entry.

    A closed notice stays closed, since later entries report earlier events.
    """
    if any(step.state == "CLOSED" for step in rows.all(STEPS)):
        state = "CLOSED"
    elif any(intervention.ended_position is None for intervention in rows.all(INTERVENTIONS)):
        state = "INTERVENTION"
    else:
        state = "CONCERN" if rows.all(CONCERNS) else "NONE"
    rows.put(STEPS, Step(entry.position, entry.occurred_at, state, subject))


CONCERN = of_table("escalation", CONCERNS)
INTERVENTION = of_table("escalation", INTERVENTIONS)
STEP = of_table("escalation", STEPS)
