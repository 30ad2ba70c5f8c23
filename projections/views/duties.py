"""Duties that people judge or carry out, such as assessments, deliverables, instructions, posts and consents."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.duties import (
    ActReported,
    ClauseAssessed,
    ClauseJudgement,
    ConsentGiven,
    CooperationReported,
    DeliverableAccepted,
    DeliverableReturned,
    DeliverableSubmitted,
    InstructionAnswered,
    InstructionConfirmed,
    InstructionGiven,
    PostFilled,
    PostVacated,
)
from ledger.domain.entry import Entry
from ledger.domain.roles import Role
from ledger.domain.terms import lies_in_term
from projections.engine.fact_rows import OfFact
from projections.engine.meaning import ACTOR_ID, ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import IN_POST, flag, of_table
from projections.views.fields import NamedEvidence
from projections.views.word_lists import DeliverableStanding

_RecorderRole = Annotated[str, words(Role), Meta(description="Role of the person who recorded it.")]


class ClauseAssessment(Struct, frozen=True):
    """Judgement of a person on a clause."""

    position: int
    clause: Annotated[str, ID, Meta(description="Number of the clause.")]
    assessed_at: Annotated[datetime, Meta(description="Instant from which it holds.")]
    judgement: Annotated[str, words(ClauseJudgement), Meta(description="Judgement on the clause.")]
    by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who judged.")]
    role: _RecorderRole
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]
    evidence: NamedEvidence


class Submission(Struct, frozen=True):
    """Submission of a deliverable, and the answer to it."""

    deliverable: Annotated[str, ID, Meta(description="Deliverable, as the clause names it.")]
    position: int
    submitted_on: Annotated[date, Meta(description="Day of submission.")]
    to: Annotated[str | None, Meta(description="Body that it went to; null if not named.")]
    evidence: NamedEvidence
    standing: Annotated[str, words(DeliverableStanding), Meta(description="Latest answer to it.")] = "SUBMITTED"
    answered_at: Annotated[datetime | None, Meta(description="Instant of the latest answer.")] = None
    answered_position: Annotated[int | None, Meta(description="Position of the entry that answers it.")] = None
    answered_role: Annotated[
        str | None, words(Role), Meta(description="Role of the person who answered last; null if none did.")
    ] = None
    returned_reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for the return; null if it was not returned, or if erased.")
    ] = None


class Instruction(Struct, frozen=True):
    """Instruction to the council, and its answer."""

    instruction: Annotated[str, ID, Meta(description="Id of the instruction.")]
    position: int
    given_at: Annotated[datetime, Meta(description="Instant at which it was given.")]
    by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who gave it.")]
    role: _RecorderRole
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    due: Annotated[date | None, Meta(description="Last day to follow it; null if none is set.")]
    answered_on: Annotated[date | None, Meta(description="Day on which it was followed; null if open.")] = None
    answered_position: Annotated[int | None, Meta(description="Position of the entry that answers it.")] = None
    answer: Annotated[NarrativeRef | None, Meta(description="Answer; null if it is open, or if erased.")] = None
    evidence: NamedEvidence = []
    confirmed_at: Annotated[
        datetime | None, Meta(description="Instant of the latest confirmation; null without one.")
    ] = None
    confirmed_position: Annotated[int | None, Meta(description="Position of the entry that confirms it.")] = None
    confirmed_role: Annotated[
        str | None, words(Role), Meta(description="Role of the person who confirmed it last; null if none did.")
    ] = None


class PostTenure(Struct, frozen=True):
    """Time of a person in a post that the notice requires."""

    position: int
    post: Annotated[str, Meta(description="Post, such as commissioner.")]
    holder: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person in the post.")]
    first: Annotated[date, Meta(description="First day; the period includes both days.")]
    last: Annotated[date | None, Meta(description="Last day, inclusive; null if it continues.")]
    vacated_position: Annotated[int | None, Meta(description="Position of the entry that ended it.")] = None
    reason: Annotated[
        NarrativeRef | None, Meta(description="Reason for leaving; null if the person has not left, or if erased.")
    ] = None


class Consent(Struct, frozen=True):
    """Consent to a matter that the notice prohibits otherwise."""

    position: int
    matter: Annotated[str, Meta(description="Matter, as the clause names it.")]
    given_at: Annotated[datetime, Meta(description="Instant at which it was given.")]
    by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who consented.")]
    role: _RecorderRole
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


class ReportedAct(Struct, frozen=True):
    """Act of a kind that the notice prohibits without consent."""

    position: int
    matter: Annotated[str, Meta(description="Matter, as the clause names it.")]
    done_on: Annotated[date, Meta(description="Day of the act.")]
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class Cooperation(Struct, frozen=True):
    """Report on the council's co-operation."""

    position: int
    reported_at: Annotated[datetime, Meta(description="Instant of the report.")]
    by: Annotated[str, ACTOR_ID, Meta(description="Actor id of the person who reported.")]
    role: _RecorderRole
    cooperated: Annotated[bool, Meta(description="True if the council co-operated.")]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


ASSESSMENTS = Table("clause_assessments", ClauseAssessment, ("position",), in_memory=False)
SUBMISSIONS = Table("submissions", Submission, ("deliverable", "position"))
INSTRUCTIONS = Table("instructions", Instruction, ("instruction",))
POST_TENURES = Table("post_tenures", PostTenure, ("position",))
CONSENTS = Table("consents", Consent, ("position",), in_memory=False)
REPORTED_ACTS = Table("reported_acts", ReportedAct, ("position",), in_memory=False)
COOPERATIONS = Table("cooperations", Cooperation, ("position",), in_memory=False)


VIEW = View(
    "duties",
    3,
    (ASSESSMENTS, SUBMISSIONS, INSTRUCTIONS, POST_TENURES, CONSENTS, REPORTED_ACTS, COOPERATIONS),
)
VIEW.puts(DeliverableSubmitted, SUBMISSIONS)
VIEW.puts(PostFilled, POST_TENURES)
VIEW.puts(ActReported, REPORTED_ACTS)
VIEW.puts(ClauseAssessed, ASSESSMENTS, clause=OfFact("number"), judgement=OfFact("status"))
VIEW.puts(InstructionGiven, INSTRUCTIONS)
VIEW.changes(InstructionAnswered, INSTRUCTIONS, "answered_on", "answered_position", "answer", "evidence")
VIEW.changes(InstructionConfirmed, INSTRUCTIONS, "confirmed_at", "confirmed_position", "confirmed_role")
VIEW.puts(ConsentGiven, CONSENTS)
VIEW.puts(CooperationReported, COOPERATIONS)


def _answer(rows: Rows, entry: Entry, deliverable: str, standing: str, reason: NarrativeRef | None = None) -> None:
    """Set the answer to the latest submission of a deliverable."""
    position = max(each.position for each in rows.all(SUBMISSIONS) if each.deliverable == deliverable)
    answered = {"answered_at": entry.occurred_at, "answered_position": entry.position}
    by = {"answered_role": entry.actor_role, "returned_reason": reason}
    rows.change(SUBMISSIONS, deliverable, position, standing=standing, **answered, **by)


@VIEW.on(DeliverableAccepted)
def _deliverable_accepted(rows: Rows, entry: Entry, fact: DeliverableAccepted) -> None:
    _answer(rows, entry, fact.deliverable, "ACCEPTED")


@VIEW.on(DeliverableReturned)
def _deliverable_returned(rows: Rows, entry: Entry, fact: DeliverableReturned) -> None:
    _answer(rows, entry, fact.deliverable, "RETURNED", rows.narrative("reason"))


@VIEW.on(PostVacated)
def _post_vacated(rows: Rows, entry: Entry, fact: PostVacated) -> None:
    for tenure in rows.all(POST_TENURES):
        key = (tenure.post, tenure.holder, tenure.vacated_position)
        if key == (fact.post, fact.holder, None) and lies_in_term(fact.last, tenure.first, tenure.last):
            left = {"last": fact.last, "vacated_position": entry.position, "reason": rows.narrative("reason")}
            rows.change(POST_TENURES, tenure.position, **left)


ASSESSMENT = of_table("duties", ASSESSMENTS, order=("assessed_at", "position"))
SUBMISSION = of_table("duties", SUBMISSIONS)
INSTRUCTION = of_table(
    "duties",
    INSTRUCTIONS,
    computed={
        "overdue": flag(
            "True if it is open and its last day has passed on the day of `on`.",
            "t.answered_on IS NULL AND coalesce(t.due < :today, false)",
        )
    },
    conditions={"open": "(t.answered_on IS NULL) = :value"},
)
POST_TENURE = of_table(
    "duties",
    POST_TENURES,
    computed={"in_post": flag("True if they are in the post on the day of `on`.", IN_POST)},
    order=("first", "position"),
)
CONSENT = of_table("duties", CONSENTS)
REPORTED_ACT = of_table("duties", REPORTED_ACTS)
COOPERATION = of_table("duties", COOPERATIONS)
