"""Cases of the rules on duties: the day before, the day and the day after, with words of the reason."""

from datetime import date
from typing import Any

from ledger.domain.areas.board import BoardEstablished
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
from ledger.domain.fact import Fact
from tests.projections.views.compliance.cases import DUE, LATE, MET, NONE, NOT, RISK
from tests.projections.views.compliance.dated_facts import WORDS
from tests.projections.views.compliance.facts import day
from tests.projections.views.compliance.trial_cases import Case

BY = {"by": ["ADVISER"]}
PLAN: dict[str, Any] = {"deliverable": "plan", "by": "2022-08-02"}
SENIOR = {"matter": "appointment", "consent_of": ["ADVISER"]}


def assessed_as(status: str, number: str = "c", effective: str | None = None) -> Fact:
    """Return an assessment of a clause."""
    stated = None if effective is None else day(effective)
    return ClauseAssessed(number=number, status=ClauseJudgement(status), reason=WORDS, effective=stated)


def submitted(on: str, to: str | None = None) -> Fact:
    """Return a submission of the plan."""
    return DeliverableSubmitted(deliverable="plan", submitted_on=day(on), to=to)


def instructed(name: str, due: str | None = None) -> Fact:
    """Return an instruction."""
    return InstructionGiven(instruction=name, text=WORDS, due=None if due is None else day(due))


def answered(name: str, on: str) -> Fact:
    """Return the answer to an instruction."""
    return InstructionAnswered(instruction=name, answered_on=day(on), answer=WORDS)


def confirmed(name: str) -> Fact:
    """Return the confirmation that an instruction was followed."""
    return InstructionConfirmed(instruction=name)


def filled(first: str, last: str | None = None, holder: str = "dee") -> Fact:
    """Return an appointment as director."""
    end: date | None = None if last is None else day(last)
    return PostFilled(post="director", holder=holder, first=day(first), last=end)


def reported(on: str) -> Fact:
    """Return a report of an appointment."""
    return ActReported(matter="appointment", done_on=day(on), text=WORDS)


CONSENT = ConsentGiven(matter="appointment", reason=WORDS)
ACCEPTED, RETURNED = DeliverableAccepted(deliverable="plan"), DeliverableReturned(deliverable="plan", reason=WORDS)

DUTIES: dict[str, Case] = {
    "judged: nothing, then assessments, then overdue": (
        "judged", {**BY, "every_months": 3},
        [("2022-08-01", assessed_as("MET", "other")), ("2022-08-05", assessed_as("MET", "c", "2022-08-02")),
         ("2022-09-01", assessed_as("NOT_MET"))],
        [("2022-08-01", NONE, "No assessment by the adviser"), ("2022-08-03", MET, "On 2 August 2022"),
         ("2022-09-02", NOT, "assessed the clause as not met"), ("2022-12-01", NOT, ""), ("2022-12-02", NONE, "was due by 1 December 2022")],
    ),
    "judged: an assessment by another role": (
        "judged", {"by": ["CHAIR"]}, [("2022-08-01", assessed_as("MET"))], [("2022-08-02", NONE, "by the chair")],
    ),
    "done-by: four weeks after the issue, on the last day": (
        "done-by", {"deliverable": "plan", "within": {"count": 4, "unit": "WEEKS"}}, [("2022-08-02", submitted("2022-08-02"))],
        [("2022-07-26", DUE, "due by 2 August 2022"), ("2022-07-27", RISK, "2 August"), ("2022-08-03", MET, "2 August 2022")],
    ),
    "done-by: a day late, recorded later": (
        "done-by", PLAN, [("2022-08-09", submitted("2022-08-03"))],
        [("2022-08-02", RISK, "2 August"), ("2022-08-03T12:00", NOT, "had to be submitted by 2 August 2022"),
         ("2022-08-04", LATE, "submitted on 3 August 2022, 1 day late")],
    ),
    "done-by: returned, submitted again, accepted": (
        "done-by", {**PLAN, "accepted_by": ["ADVISER"]},
        [("2022-07-20", submitted("2022-07-20")), ("2022-07-22", RETURNED), ("2022-08-01", submitted("2022-08-01")),
         ("2022-08-10", ACCEPTED)],
        [("2022-07-21", RISK, "awaits acceptance"), ("2022-07-23", DUE, "submitted again by"), ("2022-08-02", RISK, "awaits acceptance"),
         ("2022-08-11", MET, "1 August 2022")],
    ),
    "done-by: to another body": (
        "done-by", {**PLAN, "submitted_to": "DfE"}, [("2022-07-20", submitted("2022-07-20", "Ofsted"))], [("2022-08-03", NOT, "plan")],
    ),
    "done-by: a period after an event": (
        "done-by", {"deliverable": "plan", "within": {"count": 2, "unit": "WORKING_DAYS", "after": "BOARD_ESTABLISHED"}},
        [("2022-08-26", BoardEstablished(terms_of_reference=WORDS))],
        # 29 August 2022 is a bank holiday.
        [("2022-08-25", DUE, "has not started"), ("2022-08-31", RISK, "31 August 2022"), ("2022-09-01", NOT, "31 August 2022")],
    ),
    "instructions: none, open, overdue, followed late": (
        "instructions-followed", {"given_by": ["ADVISER"]},
        [("2022-08-01", instructed("I1", "2022-08-20")), ("2022-08-30", answered("I1", "2022-08-22")),
         ("2022-09-01", confirmed("I1"))],
        [("2022-07-31", DUE, "No instruction"), ("2022-08-13", DUE, "I1"), ("2022-08-14", RISK, "20 August 2022"),
         ("2022-08-21", NOT, "had to be followed by 20 August 2022"), ("2022-08-23", RISK, "I1 (reported as followed on 22 August 2022, 2 days late) awaits confirmation by the adviser"),
         ("2022-09-02", LATE, "I1 was followed 2 days late")],
    ),
    "instructions: followed on the day, and of another role": (
        "instructions-followed", {"given_by": ["ADVISER"]},
        [("2022-08-01", instructed("I1", "2022-08-20")), ("2022-08-20", answered("I1", "2022-08-20")), ("2022-08-21T09:00", confirmed("I1"))],
        [("2022-08-21", MET, "Every instruction was followed")],
    ),
    "instructions: of a role that the clause does not name": (
        "instructions-followed", {"given_by": ["CHAIR"]}, [("2022-08-01", instructed("I1", "2022-08-20"))],
        [("2022-08-21", DUE, "No instruction")],
    ),
    "not-done: nothing reported, with consent, without": (
        "not-done", SENIOR,
        [("2022-08-01", CONSENT), ("2022-08-10", reported("2022-08-05")), ("2022-09-01", reported("2022-09-01"))],
        [("2022-08-02", NONE, "does not show that there was none"), ("2022-08-06", MET, "had consent"),
         ("2022-09-02", NOT, "on 1 September 2022 had no consent")],
    ),
    "not-done: consent after the act, or of another role": (
        "not-done", SENIOR, [("2022-08-05", reported("2022-08-05")), ("2022-08-06", CONSENT)], [("2022-08-07", NOT, "no consent")],
    ),
    "not-done: no consent counts": (
        "not-done", {"matter": "appointment"}, [("2022-08-01", CONSENT), ("2022-08-05", reported("2022-08-05"))],
        [("2022-08-06", NOT, "no consent")],
    ),
    "in-post: the day before, the day, a vacancy": (
        "in-post", {"post": "director", "by": "2022-09-30"},
        [("2022-09-20", filled("2022-09-30")),
         ("2022-11-01", PostVacated(post="director", holder="dee", last=day("2022-11-10"), reason=WORDS))],
        [("2022-09-16", DUE, "30 September 2022"), ("2022-09-17", RISK, "30 September 2022"), ("2022-09-21", DUE, "is filled from"),
         ("2022-09-30T00:00", MET, "held by dee"), ("2022-11-10", MET, "dee"), ("2022-11-11", NOT, "vacant since 11 November 2022")],
    ),
    "in-post: filled three days late": (
        "in-post", {"post": "director", "by": "2022-09-30"}, [("2022-09-29", filled("2022-10-03"))],
        [("2022-10-01", NOT, "had to be filled by 30 September 2022"), ("2022-10-03", LATE, "3 days late")],
    ),
    "in-post: a post that nobody holds": ("in-post", {"post": "director"}, [], [("2022-08-01", NONE, "No holder of the post of director")]),
    "co-operated-with: no report, a good one, a bad one": (
        "co-operated-with", {"reported_by": ["ADVISER"]},
        [("2022-08-01", CooperationReported(cooperated=True, reason=WORDS)), ("2022-09-01", CooperationReported(cooperated=False, reason=WORDS))],
        [("2022-07-31", NONE, "No report"), ("2022-08-02", MET, "state co-operation"), ("2022-09-02", NOT, "lack of co-operation")],
    ),
    "co-operated-with: a report by another role": (
        "co-operated-with", {"reported_by": ["CHAIR"]}, [("2022-08-01", CooperationReported(cooperated=True, reason=WORDS))],
        [("2022-08-02", NONE, "by the chair")],
    ),
}  # fmt: skip
