"""The ledger's closed lists of words as GraphQL enums, each word with its meaning.

A type that shows one of them takes it from here, so that it is declared before it is used.
Imports strawberry and `ledger`.
"""

import ast
import inspect
from functools import cache
from itertools import pairwise
from typing import Any

import strawberry

from ledger.domain.areas.notice import NoticeKind
from ledger.domain.fact import WordList
from ledger.domain.roles import Role

__all__ = [
    "AccessDecision",
    "Answer",
    "AreaEnd",
    "AssessmentStanding",
    "Assurance",
    "Completeness",
    "ContributionStanding",
    "CoverageKind",
    "DiagnosticStanding",
    "EscalationState",
    "EvidenceStatus",
    "Loop",
    "NoticeKind",
    "NoticeStatus",
    "ReportPart",
    "ReviewStanding",
    "Role",
    "TenureEnd",
    "enum_of",
    "first_sentence",
]


class EvidenceStatus(WordList):
    """Whether a document of the register may be relied on."""

    CURRENT = "CURRENT"
    """It may be relied on."""
    SUPERSEDED = "SUPERSEDED"
    """Another document takes its place."""
    WITHDRAWN = "WITHDRAWN"
    """Whoever submitted it no longer stands by it."""
    ERASED = "ERASED"
    """Its file and salt were destroyed; its entry stands."""


class AccessDecision(WordList):
    """How a request for access was decided."""

    GRANTED = "GRANTED"
    """It was granted, from one instant until another."""
    REFUSED = "REFUSED"
    """It was refused, with a reason."""


class TenureEnd(WordList):
    """How a time in post ended."""

    RELEASED = "RELEASED"
    """The Secretary of State's side released them."""
    REPLACED = "REPLACED"
    """Another adviser took their place."""


class CoverageKind(WordList):
    """What the plan has to answer."""

    AREA = "AREA"
    """An area for priority action."""
    FINDING = "FINDING"
    """A finding of an inspection, a review or a diagnostic."""
    RECOMMENDATION = "RECOMMENDATION"
    """A recommendation made to the council."""


class Answer(WordList):
    """What the council answered to a recommendation."""

    ACCEPTED = "ACCEPTED"
    """The council will follow it."""
    REJECTED = "REJECTED"
    """The council will not follow it, for a reason that it gives."""


class ReportPart(WordList):
    """A part that a report to the board has to have."""

    DATA = "DATA"
    """The figures, as evidence."""
    ANALYSIS = "ANALYSIS"
    """What the figures mean."""
    RECOMMENDATIONS = "RECOMMENDATIONS"
    """What the board is asked for."""
    IMPACT_EVIDENCE = "IMPACT_EVIDENCE"
    """What has changed for children, with the evidence for it: activity is not impact."""


class Completeness(WordList):
    """Whether a report to the board has all its parts."""

    COMPLETE = "COMPLETE"
    """It has all four parts."""
    PARTIAL = "PARTIAL"
    """It lacks some of them."""
    MISSING = "MISSING"
    """It has none of them."""


class ReviewStanding(WordList):
    """How far a review came."""

    SCHEDULED = "SCHEDULED"
    """Its day is to come."""
    OVERDUE = "OVERDUE"
    """Its day has passed, and it has not begun."""
    STARTED = "STARTED"
    """It has begun."""
    COMPLETED = "COMPLETED"
    """It has ended."""


class AssessmentStanding(WordList):
    """When the council's own assessment came: before or after the review began, still due, or absent."""

    BEFORE = "BEFORE"
    """It came before the review began, as it should."""
    DUE = "DUE"
    """The review has not begun, and it has not come."""
    AFTER = "AFTER"
    """It came after the review had begun."""
    ABSENT = "ABSENT"
    """The review began without it."""


class DiagnosticStanding(WordList):
    """How far a diagnostic came."""

    RUNNING = "RUNNING"
    """It is required and has not been reported; its day has not passed."""
    OVERDUE = "OVERDUE"
    """Its day has passed, and it has not been reported."""
    DONE = "DONE"
    """It has been reported."""


class Loop(WordList):
    """Whether views that were gathered were considered."""

    CLOSED = "CLOSED"
    """They were considered, and what came of it is recorded."""
    GATHERED_ONLY = "GATHERED_ONLY"
    """They were gathered, and nobody has considered them."""


class ContributionStanding(WordList):
    """How a partner's contribution stands: late is what came after its date, overdue what has not come."""

    DELIVERED = "DELIVERED"
    """It came by its date."""
    LATE = "LATE"
    """It came after its date."""
    MISSED = "MISSED"
    """It was recorded that it would not come."""
    OVERDUE = "OVERDUE"
    """Its date has passed, and it has not come."""
    AWAITED = "AWAITED"
    """It has not come, and its date has not passed."""


class EscalationState(WordList):
    """How far a notice escalated."""

    NONE = "NONE"
    """Nothing was raised."""
    CONCERN = "CONCERN"
    """A concern was raised."""
    INTERVENTION = "INTERVENTION"
    """Ministers decided to intervene."""
    CLOSED = "CLOSED"
    """The notice was closed."""


class Assurance(WordList):
    """How sure it is that a measure's target is met, given its natural variation."""

    ASSURED = "ASSURED"
    """The limits lie on the good side of the target: it will be met, unless the process changes."""
    INCONSISTENT = "INCONSISTENT"
    """The target lies between the limits: whether it is met is chance."""
    FAILING = "FAILING"
    """The limits lie on the bad side of the target: it will not be met, unless the process changes."""


class AreaEnd(WordList):
    """How an area ended."""

    CLOSED = "CLOSED"
    """Nothing more is asked for it."""
    CARRIED_OVER = "CARRIED_OVER"
    """It goes on under another notice."""


class NoticeStatus(WordList):
    """Whether the notice binds."""

    LIVE = "LIVE"
    """It binds."""
    CLOSED = "CLOSED"
    """It has ended."""


def first_sentence(documented: type) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


@cache
def enum_of(words: type[WordList]) -> type[WordList]:
    """Declares a list of words to GraphQL."""
    declared: Any = strawberry.enum(words, description=first_sentence(words))
    told = _told(words)
    for value, word in zip(declared.__strawberry_definition__.values, words, strict=True):
        value.description = told[word.name]
    return words


def _told(words: type[WordList]) -> dict[str, str]:
    """What each word means: the docstring beneath it, which Python itself does not keep."""
    (declared,) = ast.parse(inspect.getsource(words)).body
    body = declared.body if isinstance(declared, ast.ClassDef) else []
    found = {}
    for assigned, beneath in pairwise(body):
        match assigned, beneath:
            case ast.Assign(targets=[ast.Name(name)]), ast.Expr(ast.Constant(str(said))):
                found[name] = " ".join(said.split())
    return found


for _words in (NoticeKind, NoticeStatus, Role):  # those that a hand-written type shows
    enum_of(_words)
