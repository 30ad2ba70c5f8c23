"""How the facts of `ledger.domain.areas.board` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.board import (
    BoardDecisionRecorded,
    BoardEstablished,
    ChairAppointed,
    ChairEnded,
    DecisionRescinded,
    InterestDeclared,
    MemberJoined,
    MemberLeft,
    TimetableAgreed,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    BoardDecisionRecorded: SentenceTemplate(
        "The board took decision {decision} at meeting {meeting}: {title}"
        "[, with {votes.for_} for, {votes.against} against and {votes.abstained} abstaining]"
        "[; it concerns {relates_to}]",
        (("decision {decision}", "state", "taken"),),
        decision=True,
    ),
    BoardEstablished: SentenceTemplate(
        "The improvement board was established[, with a quorum of {quorum}]: {terms_of_reference}",
        (("the board", "state", "established"),),
        decision=True,
    ),
    ChairAppointed: SentenceTemplate(
        "{chair} was appointed to chair the board from {first}[ to {last}][. Independent, because: "
        "{independence_basis}][. Interests: {interests}]",
        (("the board", "chair", "{chair}"),),
        decision=True,
    ),
    ChairEnded: SentenceTemplate(
        "{chair} left the chair, with {last} as the last day: {reason}",
        (("the board", "chair", "nobody"),),
    ),
    InterestDeclared: SentenceTemplate(
        "{actor} declared an interest: {interest}",
        (("{actor}", "interest", "declared"),),
    ),
    MemberJoined: SentenceTemplate(
        "{member} joined the board on {first}, as {post}",
        (("{member}", "seat on the board", "{post}"),),
    ),
    MemberLeft: SentenceTemplate(
        "{member} left the board, with {last} as the last day",
        (("{member}", "seat on the board", "left"),),
    ),
    TimetableAgreed: SentenceTemplate(
        "The board agreed its timetable, {department_consent?with|without} the Department's consent: {dates}",
        (("the board", "timetable", "{dates}"),),
        decision=True,
    ),
    DecisionRescinded: SentenceTemplate(
        "Decision {decision} was taken back at meeting {meeting}[, and {replaced_by} holds instead]: {reason}",
        (("decision {decision}", "state", "rescinded"),),
        decision=True,
    ),
}
