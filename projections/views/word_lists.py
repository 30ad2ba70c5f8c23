"""Closed lists of words in the rows of views, each word with its meaning. Pure."""

from ledger.domain.fact import WordList


class EvidenceStatus(WordList):
    """Status of a document in the register."""

    CURRENT = "CURRENT"
    """The document is valid."""
    SUPERSEDED = "SUPERSEDED"
    """Another document replaces the document."""
    WITHDRAWN = "WITHDRAWN"
    """The document was withdrawn."""
    ERASED = "ERASED"
    """The file and its salt were destroyed; the entry remains."""


class BasisKind(WordList):
    """Kind of thing that rests on a document."""

    ACTION = "ACTION"
    """Action that was completed or embedded."""
    BRIEFING = "BRIEFING"
    """Briefing of the council's leaders."""
    CLAIM = "CLAIM"
    """Claim of impact in a board report."""
    CONTRIBUTION = "CONTRIBUTION"
    """Contribution of a partner."""
    DECISION = "DECISION"
    """Decision of the board."""
    DIAGNOSTIC = "DIAGNOSTIC"
    """Report of a diagnostic."""
    FACT = "FACT"
    """Fact without a subject of its own."""
    INSTRUCTION = "INSTRUCTION"
    """Answer to an instruction."""
    MEETING = "MEETING"
    """Minutes of a meeting."""
    MILESTONE = "MILESTONE"
    """Milestone that was reached."""
    OBJECTIVE = "OBJECTIVE"
    """Closing of an objective."""
    PLAN_VERSION = "PLAN_VERSION"
    """Version of the plan."""
    REPORT = "REPORT"
    """Report to the board."""
    REVIEW = "REVIEW"
    """Review of the council's progress."""
    SELF_ASSESSMENT = "SELF_ASSESSMENT"
    """Self-assessment of the council."""
    SUPPORTED = "SUPPORTED"
    """Thing that the submission of the document names."""
    UPDATE = "UPDATE"
    """Update from a partner."""


class DependencyEnd(WordList):
    """End of a dependency."""

    MET = "MET"
    """The needed result was delivered."""
    DROPPED = "DROPPED"
    """The result is no longer needed."""


class AccessDecision(WordList):
    """Decision on a request for access."""

    GRANTED = "GRANTED"
    """The access was granted for a period."""
    REFUSED = "REFUSED"
    """The access was refused, with a reason."""


class TenureEnd(WordList):
    """End of a period in post."""

    RELEASED = "RELEASED"
    """The Department released the adviser."""
    REPLACED = "REPLACED"
    """Another adviser was appointed."""


class CoverageKind(WordList):
    """Kind of thing that the plan must address."""

    AREA = "AREA"
    """Area for priority action."""
    FINDING = "FINDING"
    """Finding of an inspection, a review or a diagnostic."""
    RECOMMENDATION = "RECOMMENDATION"
    """Recommendation to the council."""


class Answer(WordList):
    """The council's answer to a recommendation."""

    ACCEPTED = "ACCEPTED"
    """The council will follow the recommendation."""
    REJECTED = "REJECTED"
    """The council will not follow the recommendation, and gives a reason."""


class ReportPart(WordList):
    """Required part of a report to the board."""

    DATA = "DATA"
    """Figures, as evidence."""
    ANALYSIS = "ANALYSIS"
    """Analysis of the figures."""
    RECOMMENDATIONS = "RECOMMENDATIONS"
    """Recommendations to the board."""
    IMPACT_EVIDENCE = "IMPACT_EVIDENCE"
    """Claims of impact on children, with evidence; activity is not impact."""


class Completeness(WordList):
    """Completeness of a report to the board."""

    COMPLETE = "COMPLETE"
    """The report has all four parts."""
    PARTIAL = "PARTIAL"
    """The report lacks one to three of the four parts."""
    MISSING = "MISSING"
    """The report lacks all four parts."""


class ReviewStanding(WordList):
    """Progress of a review."""

    SCHEDULED = "SCHEDULED"
    """The review has not started, and its date has not passed."""
    OVERDUE = "OVERDUE"
    """The date has passed, and the review has not started."""
    STARTED = "STARTED"
    """The review has started."""
    COMPLETED = "COMPLETED"
    """The review has ended."""


class AssessmentStanding(WordList):
    """Timing of the council's own assessment in relation to the start of the review."""

    BEFORE = "BEFORE"
    """The assessment was submitted before the review started, as required."""
    DUE = "DUE"
    """The review has not started, and the assessment is not submitted."""
    AFTER = "AFTER"
    """The assessment was submitted after the review had started."""
    ABSENT = "ABSENT"
    """The review started without an assessment."""


class DiagnosticStanding(WordList):
    """Progress of a diagnostic."""

    RUNNING = "RUNNING"
    """The diagnostic is required and not reported; its date has not passed."""
    OVERDUE = "OVERDUE"
    """The date has passed, and the diagnostic is not reported."""
    DONE = "DONE"
    """The diagnostic has been reported."""


class Loop(WordList):
    """Use that was made of the views of staff and children."""

    CLOSED = "CLOSED"
    """The views were considered, and the result is recorded."""
    GATHERED_ONLY = "GATHERED_ONLY"
    """The views were gathered and not considered."""


class ContributionStanding(WordList):
    """Status of a partner's contribution."""

    DELIVERED = "DELIVERED"
    """The contribution was delivered by its date."""
    LATE = "LATE"
    """The contribution was delivered after its date."""
    MISSED = "MISSED"
    """The contribution is recorded as missed."""
    OVERDUE = "OVERDUE"
    """The date has passed, and the contribution is not delivered."""
    AWAITED = "AWAITED"
    """The contribution is not delivered, and its date has not passed."""


class ActionStanding(WordList):
    """State of an action."""

    OPEN = "OPEN"
    """The action is neither completed nor dropped."""
    COMPLETED = "COMPLETED"
    """The action is completed."""
    EMBEDDED = "EMBEDDED"
    """The action is completed, and its change is now usual practice."""
    DROPPED = "DROPPED"
    """The action was dropped."""


class DeliverableStanding(WordList):
    """Answer to a submission of a deliverable."""

    SUBMITTED = "SUBMITTED"
    """The submission waits for an answer, or needs no answer."""
    ACCEPTED = "ACCEPTED"
    """The submission was accepted."""
    RETURNED = "RETURNED"
    """The submission was returned for more work."""


class EscalationState(WordList):
    """Stage of escalation of a notice."""

    NONE = "NONE"
    """No concern was raised."""
    CONCERN = "CONCERN"
    """A concern was raised."""
    INTERVENTION = "INTERVENTION"
    """Ministers decided to intervene."""
    CLOSED = "CLOSED"
    """The notice was closed."""


class Assurance(WordList):
    """Assurance that a measure meets its target, given its natural variation."""

    ASSURED = "ASSURED"
    """Both limits meet the target: the measure will meet it unless the process changes."""
    INCONSISTENT = "INCONSISTENT"
    """The target is between the limits: meeting it is a matter of chance."""
    FAILING = "FAILING"
    """Neither limit meets the target: the measure will miss it unless the process changes."""


class AreaEnd(WordList):
    """End of an area."""

    CLOSED = "CLOSED"
    """No more action is required."""
    CARRIED_OVER = "CARRIED_OVER"
    """The area continues under another notice."""


class NoticeStatus(WordList):
    """Status of the notice."""

    LIVE = "LIVE"
    """The notice is in force."""
    CLOSED = "CLOSED"
    """The notice was closed."""
