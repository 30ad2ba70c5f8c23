"""Reviews, diagnostics and their access; the views of staff and children. Imports the views."""

from datetime import datetime

from ledger.domain.areas.access import AccessAction, AccessKind, UseFault
from ledger.domain.areas.engagement import Group
from ledger.domain.areas.reviews import Topic
from projections.views import access, engagement, reviews
from schema.derive.declaration import (
    ID,
    NAMED_EVIDENCE,
    POSITION,
    Filter,
    Recorded,
    RowObject,
    facet,
    many,
    object_type,
    short_list,
    value,
)
from schema.derive.node import Node
from schema.types.enums import AccessDecision, AssessmentStanding, DiagnosticStanding, Loop, ReviewStanding


@object_type(
    reviews.REVIEW,
    node="review",
    filters={
        "standing": Filter(ReviewStanding, "Progress."),
        "topic": Filter(Topic, "Topic of the review."),
        "assessment": Filter(AssessmentStanding, "Timing of the council's own assessment."),
    },
)
class Review(Recorded, Node):
    """Review of the council's progress (clauses 6, 7 and 10)."""

    review = value("Id.", ID)
    kind = value("Kind.")
    by = value("Reviewing body or person.")
    from_on = value("Date on which it is to start.")
    topics = value("Topics (clause 7).", Topic)
    other_topics = value("Further topics.")
    standing = value("Progress on the day of `on`.", ReviewStanding)
    scheduled_at = value("Instant at which it was scheduled.")
    started_at = value("Instant at which it started.")
    started_position = value("Position of the entry that records its start.")
    completed_at = value("Instant at which it ended.")
    completed_position = value("Position of the entry that records its end.")
    findings = value("Findings.")
    evidence = NAMED_EVIDENCE
    assessment = value("Timing of the council's own assessment (clause 10).", AssessmentStanding)
    assessed_at = value("Instant of the council's own assessment.")
    assessed_position = value("Position of the entry that records it.")
    staff_survey = value("Ids of the evidence of the staff survey.", ID)
    supervision = value("Ids of the evidence of supervision.", ID)
    assessments = short_list(
        "ObjectiveAssessment",
        "The council's own assessment of its progress before the review.",
        by="review",
        key="review",
    )
    access = short_list("Access", "Requests for access on its behalf.", by="review", key="review")
    checklist = short_list(
        "Checklist", "Progress of each kind of access under clauses 9a to 9d.", by="of", key="review"
    )


@object_type(reviews.OBJECTIVE_ASSESSMENT)
class ObjectiveAssessment(RowObject):
    """The council's own assessment of an objective before a review."""

    review = value("Id of the review.", ID)
    objective = value("Id of the objective.", ID)
    text = value("Narrative; null if erased.")
    position = POSITION


@object_type(
    reviews.DIAGNOSTIC,
    node="diagnostic",
    filters={
        "standing": Filter(DiagnosticStanding, "Progress."),
        "area": Filter(ID, "Id of the area that it concerns."),
    },
)
class Diagnostic(Recorded, Node):
    """Diagnostic that the adviser required (clause 8)."""

    diagnostic = value("Id.", ID)
    required_at = value("Instant at which it was required.")
    area = value("Id of the area that it concerns.", ID)
    scope = value("Scope; null if erased.")
    due = value("Date by which it is to be reported.")
    standing = value("Progress on the day of `on`.", DiagnosticStanding)
    provider = value("Provider.")
    outside = value("True if the provider is external and needs the Department's consent.")
    department_consent = value("True if the Department consented.")
    agreed_position = value("Position of the entry that agreed the provider.")
    reported_at = value("Instant at which it was reported.")
    reported_position = value("Position of the entry that holds the report.")
    findings = value("Findings.")
    evidence = NAMED_EVIDENCE
    access = short_list("Access", "Requests for access on its behalf.", by="diagnostic", key="diagnostic")


@object_type(
    access.GRANT,
    node="request",
    filters={
        "unused": Filter(bool, "True if it was granted and has not been used."),
        "undecided": Filter(bool, "True if it has not been decided."),
        "review": Filter(ID, "Id of its review."),
        "diagnostic": Filter(ID, "Id of its diagnostic."),
        "grantee": Filter(str, "Actor id of the grantee."),
        "kind": Filter(AccessKind, "Kind of access."),
        "decided": Filter(AccessDecision, "Decision on the request."),
        "revoked": Filter(bool, "True if it was revoked."),
        "document": Filter(ID, "Id of a document that it names."),
    },
    arguments={
        "live": Filter(
            bool, "True for grants usable at the instant of `on`, false for all others; both if omitted."
        )
    },
)
class Access(Recorded, Node):
    """Request for access, with the decision and the history of the grant (clause 9)."""

    request = value("Id.", ID)
    requested_at = value("Instant of the request.")
    requested_by = value("Actor id of the requester.")
    grantee = value("Actor id of the grantee.")
    review = value("Id of its review.", ID)
    diagnostic = value("Id of its diagnostic.", ID)
    kind = value("Kind of access.", AccessKind)
    documents = value("Ids of the documents that it opens; if empty, any of its kind.", ID)
    scope = value("Scope; null if erased.")
    purpose = value("Purpose; null if erased.")
    from_at = value("Start of the access: as requested or, after a grant, as granted.")
    until_at = value("End of the access, unless it is revoked earlier.")
    decided = value("Decision; null if undecided.", AccessDecision)
    decided_at = value("Instant of the decision.")
    decided_by = value("Actor id of the person who did this.")
    decided_position = value("Position of the entry with the decision.")
    refused_reason = value("Reason for the refusal; null if erased.")
    grant = facet("Grant", "Grant; null if it was not granted.", unless="granted_at")
    refused_uses = value("Number of refused uses.")
    use = many("Use", "Uses and refused attempts, in order.", by="request", key="request")


@object_type(access.GRANT)
class Grant(RowObject):
    """Granted access: its validity and its history."""

    live = value("True if it may be used at the instant of `on`.")
    granted_at = value("Instant of the grant.")
    extended = value("Number of extensions.")
    revoked_at = value("Instant of the revocation.")
    revoked_by = value("Actor id of the person who did this.")
    revoked_position = value("Position of the entry that revoked it.")
    revoked_reason = value("Reason for the revocation; null if erased.")
    provided = value("Number of provisions under it.")
    provisions = short_list("Provision", "Provisions under it, in order.", by="request", key="request")
    unused = value("True if it has not been used.")
    used = value("Number of uses.", name="uses")
    used_at = value("Instant of the last use.")


@object_type(access.PROVISION)
class Provision(Recorded):
    """Provision of access by the council under a grant."""

    request = value("Id of the request behind the grant.", ID)
    kind = value("Kind of access.", AccessKind)
    what = value("Description; null if erased.")
    on = value("Date.")


@object_type(
    access.USE,
    filters={
        "refused": Filter(bool, "True if it was refused."),
        "grantee": Filter(str, "Actor id of the person who did this."),
        "document": Filter(ID, "Id of the document."),
        "used_from": Filter(datetime, "Start of the period in which it was used, inclusive."),
        "used_to": Filter(datetime, "End of the period in which it was used, exclusive."),
    },
)
class Use(Recorded):
    """Use of a grant, or a refused attempt."""

    request = value("Id of the request behind the grant.", ID)
    used_at = value("Instant at which it happened.")
    grantee = value("Actor id of the person who did this.")
    document = value("Id of the document.", ID)
    action = value("Action on the document; null if refused.", AccessAction)
    why = value("Reason for the refusal; null if it was not refused.", UseFault)


@object_type(access.CHECK)
class Checklist(RowObject):
    """Line of the checklist of clauses 9a to 9d: the progress of each kind of access, for one review."""

    of = value("Id of the review or diagnostic.", ID)
    clause = value("Clause that lists the kinds.")
    kinds = value("Kinds that the clause lists.", AccessKind)
    asked = value("Kinds requested.", AccessKind)
    granted = value("Kinds granted.", AccessKind)
    provided = value("Kinds provided.", AccessKind)
    used = value("Kinds used.", AccessKind)


@object_type(
    engagement.GATHERING,
    filters={
        "group": Filter(Group, "Group whose views they are."),
        "loop": Filter(Loop, "Use of the views gathered."),
    },
)
class Gathering(Recorded):
    """Views gathered from staff or children, as themes (clause 5e)."""

    views = value("Id.", ID)
    gathered_at = value("Instant at which they were gathered.")
    group = value("Group whose views they are.", Group)
    method = value("Method.")
    count = value("Number of participants.")
    themes = value("Themes.")
    considered = value("Number of considerations.")
    changes = value("Number of considerations that led to a change.")
    loop = value("Use of the views gathered.", Loop)
    considerations = short_list("Consideration", "Considerations of them, in order.", by="views", key="views")


@object_type(
    engagement.CONSIDERATION,
    filters={
        "group": Filter(Group, "Group whose views they are."),
        "changed": Filter(bool, "True if it led to a change."),
    },
)
class Consideration(Recorded):
    """Consideration of views against a practice standard, and the resulting change."""

    views = value("Id of the views.", ID)
    considered_at = value("Instant at which it happened.")
    group = value("Group whose views they are.", Group)
    standard = value("Practice standard.")
    change_made = value("Resulting change; null if there was none, or if erased.")
    reason = value("Reason; null if erased.")
