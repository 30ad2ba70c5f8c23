"""Duties: assessments, deliverables, instructions, posts, consents, acts and co-operation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.duties import Authors
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    ClauseNumber,
    Code,
    Day,
    Fact,
    Narrative,
    Sentence,
    StatedDay,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.roles import Role
from ledger.domain.shared_rules import future_refusals, order_refusals
from ledger.domain.terms import Term, end_refusals, term_on

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

DeliverableId = Annotated[str, reference("deliverable", "A deliverable, as the clause names it.", known=False)]
InstructionId = Annotated[str, reference("instruction", "An instruction to the council.")]
Evidence = Annotated[list[EvidenceId], Meta(description="The documents that support this.")]


class ClauseJudgement(WordList):
    """The judgement of people on a clause."""

    MET = "MET"
    """The clause is met."""
    AT_RISK = "AT_RISK"
    """The clause will not be met unless something changes."""
    NOT_MET = "NOT_MET"
    """The clause is not met."""


class ClauseAssessed(Fact, frozen=True, kw_only=True):
    """A person judged whether a clause is met."""

    act: ClassVar[str] = "assessClause"
    stated_day: ClassVar[StatedDay | None] = StatedDay("effective")
    sentence: ClassVar[Sentence] = Sentence("Clause {number} was assessed as {status}: {reason}")

    number: Annotated[ClauseNumber, Meta(description="The clause that the person judged.")]
    status: ClauseJudgement
    reason: Narrative
    evidence: Evidence = []
    effective: Annotated[
        Day | None, Meta(description="The day of the judgement; absent: the day of the event.")
    ] = None


class DeliverableSubmitted(Fact, frozen=True, kw_only=True):
    """A deliverable was submitted, for the first time or again."""

    act: ClassVar[str] = "submitDeliverable"
    stated_day: ClassVar[StatedDay | None] = StatedDay("submitted_on")
    sentence: ClassVar[Sentence] = Sentence("Deliverable {deliverable} was submitted on {submitted_on}[ to {to}]")

    deliverable: DeliverableId
    submitted_on: Day
    to: Annotated[Code | None, Meta(description="The body that receives the deliverable, such as DfE.")] = None
    evidence: Evidence = []


class DeliverableAccepted(Fact, frozen=True, kw_only=True):
    """A submitted deliverable was accepted."""

    act: ClassVar[str] = "acceptDeliverable"
    sentence: ClassVar[Sentence] = Sentence("Deliverable {deliverable} was accepted")

    deliverable: DeliverableId


class DeliverableReturned(Fact, frozen=True, kw_only=True):
    """A submitted deliverable was returned for more work."""

    act: ClassVar[str] = "returnDeliverable"
    sentence: ClassVar[Sentence] = Sentence("Deliverable {deliverable} was returned: {reason}")

    deliverable: DeliverableId
    reason: Narrative


class InstructionGiven(Fact, frozen=True, kw_only=True):
    """An instruction was given to the council."""

    act: ClassVar[str] = "giveInstruction"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence("Instruction {instruction} was given[, due on {due}]: {text}")

    instruction: InstructionId
    text: Narrative
    due: Annotated[Day | None, Meta(description="The last day to follow the instruction.")] = None


class InstructionAnswered(Fact, frozen=True, kw_only=True):
    """The council followed an instruction and reported so."""

    act: ClassVar[str] = "answerInstruction"
    ends: ClassVar[str] = "answered"
    stated_day: ClassVar[StatedDay | None] = StatedDay("answered_on")
    sentence: ClassVar[Sentence] = Sentence("Instruction {instruction} was followed on {answered_on}: {answer}")

    instruction: InstructionId
    answered_on: Day
    answer: Narrative
    evidence: Evidence = []


class InstructionConfirmed(Fact, frozen=True, kw_only=True):
    """A person who gives instructions confirmed that the council followed an instruction."""

    act: ClassVar[str] = "confirmInstruction"
    outlives: ClassVar[bool] = True
    needs: ClassVar[str] = "InstructionAnswered"
    sentence: ClassVar[Sentence] = Sentence("Instruction {instruction} was confirmed as followed")

    instruction: InstructionId


class PostFilled(Fact, frozen=True, kw_only=True):
    """A person took up a post that the notice requires."""

    act: ClassVar[str] = "fillPost"
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True, at_latest=True)
    sentence: ClassVar[Sentence] = Sentence("{holder} was appointed as {post} from {first}[ to {last}]")

    post: Annotated[Code, Meta(description="The post, such as commissioner or NHS adviser.")]
    holder: Annotated[ActorId, Meta(description="The person in the post.")]
    first: Annotated[Day, Meta(description="The first day.")]
    last: Annotated[Day | None, Meta(description="The last day; absent: until the post is vacated.")] = None


class PostVacated(Fact, frozen=True, kw_only=True):
    """A person left a post that the notice requires."""

    act: ClassVar[str] = "vacatePost"
    stated_day: ClassVar[StatedDay | None] = StatedDay("last", at_latest=True)
    sentence: ClassVar[Sentence] = Sentence("{holder} left the post of {post} on {last}: {reason}")

    post: Annotated[Code, Meta(description="The post that the person left.")]
    holder: Annotated[ActorId, Meta(description="The person who left.")]
    last: Annotated[Day, Meta(description="The last day.")]
    reason: Narrative


class ConsentGiven(Fact, frozen=True, kw_only=True):
    """Consent was given to a matter that the notice prohibits otherwise."""

    act: ClassVar[str] = "giveConsent"
    sentence: ClassVar[Sentence] = Sentence("Consent was given to {matter}: {reason}")

    matter: Annotated[Code, Meta(description="The matter, as the clause names it.")]
    reason: Narrative


class ActReported(Fact, frozen=True, kw_only=True):
    """An act of a kind that the notice prohibits without consent was reported."""

    act: ClassVar[str] = "reportAct"
    stated_day: ClassVar[StatedDay | None] = StatedDay("done_on")
    sentence: ClassVar[Sentence] = Sentence("{matter} was reported, done on {done_on}: {text}")

    matter: Annotated[Code, Meta(description="The matter, as the clause names it.")]
    done_on: Day
    text: Narrative


class CooperationReported(Fact, frozen=True, kw_only=True):
    """An adviser, commissioner, official, reviewer or inspector reported whether the council co-operated."""

    act: ClassVar[str] = "reportCooperation"
    sentence: ClassVar[Sentence] = Sentence(
        "It was reported that the council {cooperated?co-operated|did not co-operate}: {reason}"
    )

    cooperated: Annotated[bool, Meta(description="True if the council co-operated.")]
    reason: Narrative


class DutiesState(Struct):
    """Answers to submissions and instructions, and the terms of each post."""

    answers: dict[str, dict[str, int]] = {}
    """Positions of the entries that accepted or returned the latest submission, by deliverable and role."""
    submitted_by: dict[str, Authors] = {}
    """Authors of the latest submission, by deliverable."""
    answered_by: dict[str, Authors] = {}
    """Authors of the report that an instruction was followed, by instruction."""
    confirmations: dict[str, dict[str, int]] = {}
    """Positions of the entries that confirmed an instruction as followed, by instruction and role."""
    posts: dict[str, list[Term]] = {}
    """Terms of a post's holders, by post."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    zone, duties = state.notice.zone, state.duties
    match fact:
        case ClauseAssessed() if fact.number not in state.notice.clauses:
            yield Refusal("NOT_FOUND", f"no clause {fact.number} in this notice", "data.number")
        case ClauseAssessed() if fact.effective is not None:
            yield from future_refusals(fact.effective, when.occurred_at, zone, "data.effective")
        case DeliverableSubmitted():
            yield from future_refusals(fact.submitted_on, when.occurred_at, zone, "data.submittedOn")
        case DeliverableAccepted() | DeliverableReturned():
            yield from _answer_refusals(duties, fact, who)
        case InstructionAnswered():
            yield from future_refusals(fact.answered_on, when.occurred_at, zone, "data.answeredOn")
        case InstructionConfirmed():
            yield from _confirmation_refusals(duties, fact.instruction, who)
        case PostFilled():
            yield from order_refusals(fact.first, fact.last, "data.last")
        case PostVacated():
            yield from _vacancy_refusals(duties, fact)
        case ActReported():
            yield from future_refusals(fact.done_on, when.occurred_at, zone, "data.doneOn")


def _answer_refusals(
    duties: DutiesState, fact: DeliverableAccepted | DeliverableReturned, who: Who
) -> Iterator[Refusal]:
    """Yield refusals of an answer to no submission, of a role's second answer, and of accepting one's own work."""
    path, answers = "data.deliverable", duties.answers.get(fact.deliverable)
    if answers is None:
        message = f"deliverable {fact.deliverable} was not submitted; record its submission first"
        yield Refusal("NOT_FOUND", message, path)
    elif who.role in answers:
        message = f"the {Role(who.role).meaning} answered this submission already, in entry {answers[who.role]}"
        yield Refusal("ALREADY_RECORDED", f"{message}; a new submission can be answered", path)
    if isinstance(fact, DeliverableAccepted) and answers is not None:
        yield from duties.submitted_by[fact.deliverable].refusals(
            who,
            path,
            "accept a deliverable that they submitted",
            "accept a deliverable whose submission they corrected",
        )


def _confirmation_refusals(duties: DutiesState, instruction: str, who: Who) -> Iterator[Refusal]:
    """Yield refusals if the recorder reported the instruction as followed, or the recorder's role confirmed it."""
    path, confirmed = "data.instruction", duties.confirmations.get(instruction, {})
    if instruction in duties.answered_by:
        yield from duties.answered_by[instruction].refusals(
            who,
            path,
            "confirm an instruction that they reported as followed",
            "confirm an instruction whose answer they corrected",
        )
    if who.role in confirmed:
        message = f"the {Role(who.role).meaning} confirmed instruction {instruction} already"
        yield Refusal("ALREADY_RECORDED", f"{message}, in entry {confirmed[who.role]}", path)


def _vacancy_refusals(duties: DutiesState, fact: PostVacated) -> Iterator[Refusal]:
    unknown = Refusal("NOT_FOUND", f"{fact.holder} is not in the post of {fact.post}", "data.holder")
    yield from end_refusals(duties.posts.get(fact.post, ()), fact.holder, fact.last, unknown)


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, duties = entry.fact, state.duties
    match fact:
        case DeliverableSubmitted():
            duties.answers[fact.deliverable] = {}
            duties.submitted_by[fact.deliverable] = state.records.authors(entry)
        case DeliverableAccepted() | DeliverableReturned():
            duties.answers[fact.deliverable].setdefault(entry.actor_role, entry.position)
        case InstructionAnswered():
            duties.answered_by[fact.instruction] = state.records.authors(entry)
        case InstructionConfirmed():
            confirmations = duties.confirmations.setdefault(fact.instruction, {})
            confirmations.setdefault(entry.actor_role, entry.position)
        case PostFilled():
            term = Term(fact.holder, fact.first, fact.last, entry.position)
            duties.posts.setdefault(fact.post, []).append(term)
        case PostVacated():
            vacated = term_on(duties.posts.get(fact.post, ()), fact.holder, fact.last)
            if vacated is not None:
                vacated.last, vacated.ended = fact.last, True
