"""Reviews, diagnostics and their access; the views of staff and children.

Imports `projections` and `ledger`.
"""

from ledger.domain.areas.reviews import AreaJudgement, Topic
from projections.views import access, engagement, reviews
from projections.views.word_lists import AccessDecision, AssessmentStanding
from schema.derive.declaration import (
    ID,
    Filter,
    Recorded,
    RowObject,
    facet,
    many,
    node,
    object_type,
    of_row,
    row_type,
    short_list,
    value,
)
from schema.derive.node import Node


@object_type(
    reviews.REVIEW,
    node="review",
    filters={
        **of_row("standing"),
        "topic": Filter(Topic, "Topic of the review."),
        "assessment": Filter(AssessmentStanding, "Timing of the council's own assessment."),
    },
)
class Review(Recorded, Node):
    """Review of the council's progress."""

    assessments = short_list(
        "ObjectiveAssessment",
        "The council's own assessment of its progress before the review.",
        by="review",
    )
    staff_survey_node = node("Evidence", "evidence", "staff_survey")
    supervision_node = node("Evidence", "evidence", "supervision")
    areas = short_list("ReviewArea", "The reviewers' judgements of areas.", by="review")
    grades = short_list("ReviewGrade", "Grades, in order of judgements.", by="review")
    access = short_list("Access", "Requests for access on its behalf.", by="review")
    checklist = short_list("Checklist", "Progress of each kind of access, by clause.", by="review")


row_type(reviews.REVIEW_AREA, "area", filters={"judgement": Filter(AreaJudgement, "Judgement of the area.")})


@object_type(reviews.OBJECTIVE_ASSESSMENT)
class ObjectiveAssessment(RowObject):
    """The council's own assessment of an objective before a review."""


@object_type(reviews.DIAGNOSTIC, node="diagnostic", filters=of_row("standing", "area"))
class Diagnostic(Recorded, Node):
    """Diagnostic that the adviser required."""

    access = short_list("Access", "Requests for access on its behalf.", by="diagnostic")
    checklist = short_list("Checklist", "Progress of each kind of access, by clause.", by="diagnostic")


@object_type(
    access.GRANT,
    node="request",
    filters={
        "unused": Filter(bool, "True if it was granted and has not been used."),
        "undecided": Filter(bool, "True if it has not been decided."),
        **of_row("review", "diagnostic", "grantee", "kind"),
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
    """Request for access, with the decision and the history of the grant."""

    document_nodes = short_list("Evidence", "Documents that it opens.", by="evidence", key="documents")
    grant = facet("Grant", "Grant; null if it was not granted.", unless="granted_at")
    use = many("Use", "Uses and refused attempts, in order.", by="request")


@object_type(access.GRANT, part=True)
class Grant(RowObject):
    """Granted access: its validity and its history."""

    live = value("True if it may be used at the instant of `on`.")
    granted_at = value("Instant of the grant.")
    extended = value("Number of extensions of the grant.")
    revoked_at = value("Instant of the revocation.")
    revoked_by = value("Actor id of the person who did this.")
    revoked_by_node = node("Actor", "actor", "revoked_by")
    revoked_position = value("Position of the entry that revoked it.")
    revoked_reason = value("Reason for the revocation; null if erased.")
    provided = value("Number of provisions of access under the grant.")
    provisions = short_list("Provision", "Provisions of access under the grant, in order.", by="request")
    unused = value("True if it has not been used.")
    used = value("Number of uses.", name="uses")
    used_at = value("Instant of the last use.")


@object_type(access.PROVISION)
class Provision(Recorded):
    """Provision of access by the council under a grant."""


@object_type(
    access.USE, filters={"refused": Filter(bool, "True if it was refused."), **of_row("grantee", "document")}
)
class Use(Recorded):
    """Use of a grant, or a refused attempt."""

    document_node = node("Evidence", "evidence", "document")


@object_type(access.CHECK)
class Checklist(RowObject):
    """Line of the checklist: progress of the kinds of access that a clause lists, for one review or diagnostic."""


@object_type(engagement.GATHERING, filters=of_row("group", "loop"))
class Gathering(Recorded):
    """Views gathered from staff or children, as themes."""

    considerations = short_list("Consideration", "Considerations of them, in order.", by="views")


row_type(
    engagement.CONSIDERATION,
    "group",
    filters={"changed": Filter(bool, "True if it led to a change.")},
    views_node=node("Gathering", "views"),
)
