"""Labels, hints and first references on the forms of facts, where names in code are unclear. Pure."""

import re
from enum import Enum

from msgspec import NODEFAULT

from api import formatting

LABELS = {
    "abstained": "Abstentions",
    "actor": "Person or system",
    "answeredOn": "Date answered",
    "adoptedBy": "Adopting body",
    "against": "Votes against",
    "approvedAt": "Approving meeting",
    "attendance": "Attendees",
    "becomes": "Next step",
    "changeMade": "Change",
    "closedOn": "Closing date",
    "completedOn": "Completion date",
    "count": "Number of people",
    "departmentConsent": "Department's consent",
    "doneOn": "Date done",
    "due": "Due date",
    "embeddedOn": "Date embedded",
    "expiresOn": "Expiry date",
    "extractedAt": "Extraction time",
    "first": "First day",
    "for": "Votes for",
    "from": "Start",
    "grantee": "Person to have access",
    "impactEvidence": "Evidence of impact",
    "independenceBasis": "Basis of independence",
    "issuedOn": "Date of issue",
    "metOn": "Date met",
    "neededBy": "Needed by",
    "onAction": "Action that it depends on",
    "onBody": "Body that it depends on",
    "onObjective": "Objective that it depends on",
    "parallel": "Other notice",
    "last": "Last day",
    "modality": "Strength",
    "number": "Clause number",
    "obligor": "Responsible body",
    "on": "Date",
    "outside": "Outside party",
    "partOf": "Measure that this is part of",
    "per": "Rate per",
    "perArea": "Areas",
    "position": "Entry number",
    "positions": "Entry numbers",
    "reachedOn": "Date reached",
    "receivedOn": "Date received",
    "relatesTo": "Related objectives, areas or decisions",
    "replacedBy": "Replacement decision",
    "revisedOn": "Date of revision",
    "section11": "Section 11 duty",
    "submittedOn": "Date submitted",
    "supports": "Objectives, claims or measures supported",
    "takesEffectOn": "Effective date",
    "terms": "Terms of appointment",
    "under": "Clause under which it was added",
    "until": "End",
    "where": "Place of publication",
    "why": "Reason",
    "zone": "Time zone",
    "ActReported.text": "Description of the act",
    "AccessProvided.what": "Description",
    "ActionAdded.partOf": "Action that this is part of",
    "ActionRebaselined.from": "Current due date",
    "ActionRebaselined.to": "New due date",
    "AreaProgress.text": "Reasons",
    "AreaReport.text": "Report",
    "AuditFindingRecorded.text": "Finding",
    "ClauseRegistered.text": "Summary of the clause",
    "ConcernRaised.text": "Concern",
    "ContributionCommitted.what": "Commitment",
    "CooperationReported.cooperated": "Council co-operated",
    "DeliverableSubmitted.to": "Recipient",
    "ClauseAssessed.effective": "Date of the judgement",
    "DependencyRegistered.action": "Dependent action",
    "DependencyRegistered.objective": "Dependent objective",
    "DependencyRegistered.text": "Result needed",
    "ParallelNoticeLinked.reason": "Matters in common",
    "EvidenceErased.request": "Entry number of the request",
    "EvidenceSuperseded.by": "Newer document",
    "FindingRegistered.text": "Finding",
    "IntegrationRegistered.actor": "System",
    "InterestDeclared.actor": "Person",
    "InstructionGiven.text": "Instruction",
    "MeasureReadingReported.published": "Published value",
    "MeasureReadingRestated.published": "Published value",
    "NarrativeErased.request": "Entry number of the request",
    "NoticeIssued.body": "Other public body",
    "ObjectiveView.text": "Assessment",
    "PlanVersionApproved.body": "Approving body",
    "ProgressRecorded.narrative": "Progress",
    "RecommendationMade.by": "Author",
    "RecommendationMade.text": "Recommendation",
    "ReportRecommendation.recommendation": "Reference",
    "ReportRecommendation.text": "Recommendation",
    "Requirement.text": "Report",
    "RiskRaised.relatesTo": "Related objectives, areas or actions",
    "RiskRaised.text": "Risk",
    "BoardActionAgreed.text": "Task",
    "TimetableAgreed.dates": "Meeting dates",
    "ReviewScheduled.by": "Reviewer",
    "ReviewScheduled.from": "Start date",
}
"""Labels of fields whose names in code are unclear: by field, or by fact and field."""
UNEXPLAINED = frozenset({"activityRating", "actor", "chair", "member", "role"})
"""Fields of existing things that need no hint, because their labels say enough."""
FIRST_IDS = {
    "action": "A1",
    "appointment": "AP1",
    "audit-finding": "AF1",
    "board-action": "BA1",
    "briefing": "BR1",
    "concern": "CN1",
    "contribution": "CB1",
    "decision": "D1",
    "dependency": "DP1",
    "diagnostic": "DG1",
    "evidence": "E1",
    "finding": "F1",
    "instruction": "IS1",
    "integration": "IN1",
    "interpretation": "IP1",
    "intervention": "IV1",
    "measure": "M1",
    "meeting": "B1",
    "milestone": "MS1",
    "objective": "O1",
    "partner": "P1",
    "plan-version": "PV1",
    "recommendation": "RC1",
    "AdviserReportIssued": "AR1",
    "BoardReportSubmitted": "BRP1",
    "ChairReportDelivered": "CR1",
    "access": "X1",
    "review": "R1",
    "risk": "RK1",
    "self-assessment": "SA1",
    "update": "U1",
    "views": "V1",
}
"""Reference to propose for the first thing of a kind, by kind or by the fact that creates it."""
_WORDS = {
    "; absent: ": ". If left blank: ",
    "; absent ": ". Leave blank ",
    "instant": "time",
    "True if ": "Select yes if ",
}
"""Words of a hint, by the words that they replace in a field's description for programs."""
_ACTOR = re.compile(r"\b(?:(a)n )?(actor)(s)?\b", re.IGNORECASE)
_ARTICLES = frozenset({"a", "an", "the", "its"})


def label_of(name: str) -> str:
    """Return the label of a name in code: `independence_basis` becomes Independence basis."""
    words = name.strip("_").replace("_", " ")
    return formatting.hyphenated(words[:1].upper() + words[1:])


def hint_of(description: str, default: object, label: str = "") -> str:
    """Return the hint of a field: its description, in the words of a form.

    "Absent" becomes "if left blank", and "True if" becomes "Select yes if". A first sentence that only repeats the
    label is left out.
    """
    for code, words in _WORDS.items():
        description = description.replace(code, words)
    first, _, rest = description.partition(". ")
    description = rest if _content(first) <= _content(label) else description
    description = of_people(description).removeprefix(f"{label}, ")
    description = f"{description[:1].upper()}{description[1:]}"
    if default in (NODEFAULT, None):
        return description
    usual = formatting.plain(str(default.value)) if isinstance(default, Enum) else default
    return f"{description.rstrip('.')}. If left blank: {usual}.".removeprefix(". ")


def of_people(text: str) -> str:
    """Return a description that says "person" or "people" instead of "actor", a word that includes systems."""

    def person(actor: re.Match[str]) -> str:
        article, word, many = actor.groups(default="")
        noun = "people" if many else "person"
        return f"{article} {noun}" if article else noun.capitalize() if word[0] == "A" else noun

    return _ACTOR.sub(person, text)


def _content(text: str) -> set[str]:
    """Return the words of a text without case, articles and full stop."""
    return set(text.lower().rstrip(".").split()) - _ARTICLES
