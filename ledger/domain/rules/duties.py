"""Rules on duties: judgements, deliverables, instructions, prohibited acts, posts and co-operation."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from ledger.domain.areas.adviser import AdviserAppointed
from ledger.domain.areas.board import BoardEstablished
from ledger.domain.areas.duties import (
    ActReported,
    ClauseAssessed,
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
from ledger.domain.areas.reviews import DiagnosticReported, ReviewCompleted
from ledger.domain.fact import Code, Fact, Id
from ledger.domain.roles import Role
from ledger.domain.rules.rule import Months, Rule, RuleFault, Within

Facts = frozenset[type[Fact]]
Roles = Annotated[list[Role], Meta(min_length=1)]


class Judged(Rule, frozen=True):
    """People in the roles named judge whether the clause is met."""

    kind: ClassVar[str] = "judged"
    wordings: ClassVar[tuple[str, ...]] = ("The quality of practice must improve to the adviser's satisfaction.",)
    example: ClassVar[str] = 'by = ["ADVISER"], every_months = 3'
    reads: ClassVar[Facts] = frozenset({ClauseAssessed})
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"by": ClauseAssessed}

    by: Annotated[Roles, Meta(description="Roles whose assessments count.")]
    every_months: Annotated[Months | None, Meta(description="Months between two assessments; absent: once.")] = (
        None
    )


class DoneBy(Rule, frozen=True):
    """A deliverable is submitted by its last day, to the body named, and accepted by a role named."""

    kind: ClassVar[str] = "done-by"
    wordings: ClassVar[tuple[str, ...]] = (
        "The council must submit a plan to the Department within four weeks.",
        "The commissioner will report by 31 March.",
    )
    example: ClassVar[str] = 'deliverable = "plan", within = { count = 4, unit = "WEEKS" }, submitted_to = "DfE"'
    reads: ClassVar[Facts] = frozenset(
        {
            DeliverableSubmitted,
            DeliverableAccepted,
            DeliverableReturned,
            BoardEstablished,
            AdviserAppointed,
            ReviewCompleted,
            DiagnosticReported,
        }
    )
    background: ClassVar[Facts] = frozenset(
        {BoardEstablished, AdviserAppointed, ReviewCompleted, DiagnosticReported}
    )
    matches: ClassVar[Mapping[str, str]] = {"deliverable": "deliverable"}
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"accepted_by": DeliverableAccepted}

    deliverable: Annotated[Id, Meta(description="Deliverable, as submissions name it.")]
    by: Annotated[date | None, Meta(description="Last day; this or `within`.")] = None
    within: Annotated[Within | None, Meta(description="Period after an event; this or `by`.")] = None
    submitted_to: Annotated[
        Code | None, Meta(description="Body that receives the deliverable; absent: any body.")
    ] = None
    accepted_by: Annotated[
        list[Role],
        Meta(description="Roles, one of which has to accept the deliverable. Empty: no acceptance is needed."),
    ] = []

    @property
    def bounds(self) -> tuple[RuleFault, ...]:
        """A fault if both or neither of `by` and `within` are set; empty if exactly one is set."""
        if self.by is None and self.within is None:
            return (RuleFault(None, "name either by or within"),)
        both = self.by is not None and self.within is not None
        return (RuleFault("within", "name either by or within, not both", ("by",)),) if both else ()


class InstructionsFollowed(Rule, frozen=True):
    """Every instruction of the roles named is followed by its day, and one of these roles confirms that."""

    kind: ClassVar[str] = "instructions-followed"
    wordings: ClassVar[tuple[str, ...]] = ("The council must follow the commissioner's instructions.",)
    example: ClassVar[str] = 'given_by = ["DEPARTMENT_OFFICIAL"]'
    reads: ClassVar[Facts] = frozenset({InstructionGiven, InstructionAnswered, InstructionConfirmed})
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"given_by": InstructionGiven}

    given_by: Annotated[Roles, Meta(description="Roles whose instructions bind, and one of which confirms each.")]


class NotDone(Rule, frozen=True):
    """No act of the kind named is done without consent."""

    kind: ClassVar[str] = "not-done"
    wordings: ClassVar[tuple[str, ...]] = (
        "The council must not appoint a director without the Department's consent.",
    )
    example: ClassVar[str] = 'matter = "senior appointment", consent_of = ["DEPARTMENT_OFFICIAL"]'
    reads: ClassVar[Facts] = frozenset({ActReported, ConsentGiven})
    matches: ClassVar[Mapping[str, str]] = {"matter": "matter"}
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"consent_of": ConsentGiven}

    matter: Annotated[Code, Meta(description="Matter, as reports and consents name it.")]
    consent_of: Annotated[
        list[Role], Meta(description="Roles whose consent counts. Empty: no consent counts.")
    ] = []


class InPost(Rule, frozen=True):
    """A post is filled, by its day if one is named."""

    kind: ClassVar[str] = "in-post"
    wordings: ClassVar[tuple[str, ...]] = ("The council must appoint an improvement director by September.",)
    example: ClassVar[str] = 'post = "improvement director", by = 2024-09-30'
    reads: ClassVar[Facts] = frozenset({PostFilled, PostVacated})
    matches: ClassVar[Mapping[str, str]] = {"post": "post"}

    post: Annotated[Code, Meta(description="Post, as appointments name it.")]
    by: Annotated[
        date | None, Meta(description="Last day to fill the post for the first time; absent: no last day.")
    ] = None


class CooperatedWith(Rule, frozen=True):
    """People in the roles named report that the council co-operates."""

    kind: ClassVar[str] = "co-operated-with"
    wordings: ClassVar[tuple[str, ...]] = ("The council must co-operate with the commissioner.",)
    example: ClassVar[str] = 'reported_by = ["ADVISER"]'
    reads: ClassVar[Facts] = frozenset({CooperationReported})
    recorded_in: ClassVar[Mapping[str, type[Fact]]] = {"reported_by": CooperationReported}

    reported_by: Annotated[Roles, Meta(description="Roles whose reports count.")]
