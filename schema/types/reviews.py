"""Reviews, diagnostics and the access that they need; the views of staff and children. Imports the views."""

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
    many,
    same,
    shown,
    value,
    whole,
)
from schema.derive.node import Node
from schema.types.enums import AccessDecision, AssessmentStanding, DiagnosticStanding, Loop, ReviewStanding


@shown(
    reviews.REVIEW,
    node="review",
    filters={
        "standing": Filter(ReviewStanding, "How far it came."),
        "topic": Filter(Topic, "A topic that it looks at."),
        "assessment": Filter(AssessmentStanding, "When the council's own assessment came."),
    },
)
class Review(Recorded, Node):
    """A review of the council's progress (clauses 6, 7 and 10)."""

    review = value("Its id.", ID)
    kind = value("Its kind.")
    by = value("Who reviews.")
    from_on = value("The day on which it is to begin.")
    topics = value("The topics that it looks at (clause 7).", Topic)
    other_topics = value("Further topics.")
    standing = value("How far it came, on the day of `on`.", ReviewStanding)
    scheduled_at = value("When it was scheduled.")
    started_at = value("When it began.")
    started_position = value("The position of the entry that says so.")
    completed_at = value("When it ended.")
    completed_position = value("The position of the entry that says so.")
    findings = value("What it found.")
    evidence = NAMED_EVIDENCE
    assessment = value("When the council's own assessment came (clause 10).", AssessmentStanding)
    assessed_at = value("When the council gave its own assessment.")
    assessed_position = value("The position of the entry that holds it.")
    staff_survey = value("The evidence of the staff survey.", ID)
    supervision = value("The evidence of supervision.", ID)
    assessments = whole(
        "ObjectiveAssessment", "How the council saw its own progress before it.", by="review", key="review"
    )
    access = whole("Access", "The access asked for, for it.", by="review", key="review")
    checklist = whole("Checklist", "How far each kind of access of clauses 9a to 9d came.", by="of", key="review")


@shown(reviews.OBJECTIVE_ASSESSMENT)
class ObjectiveAssessment(RowObject):
    """How the council saw its progress against an objective before a review."""

    review = value("The review.", ID)
    objective = value("The objective.", ID)
    text = value("What it says; null once it was erased.")
    position = POSITION


@shown(
    reviews.DIAGNOSTIC,
    node="diagnostic",
    filters={
        "standing": Filter(DiagnosticStanding, "How far it came."),
        "area": Filter(ID, "The area it is about."),
    },
)
class Diagnostic(Recorded, Node):
    """A diagnostic that the adviser required (clause 8)."""

    diagnostic = value("Its id.", ID)
    required_at = value("When it was required.")
    area = value("The area that it is about.", ID)
    scope = value("What it is to look at; null once it was erased.")
    due = value("The day by which it is to be reported.")
    standing = value("How far it came, on the day of `on`.", DiagnosticStanding)
    provider = value("Who carries it out.")
    outside = value("Whether they are an outside party, who needs the Department's consent.")
    department_consent = value("Whether the Department consented.")
    agreed_position = value("The position of the entry that agreed on the provider.")
    reported_at = value("When it was reported.")
    reported_position = value("The position of the entry that holds the report.")
    findings = value("What it found.")
    evidence = NAMED_EVIDENCE
    access = whole("Access", "The access asked for, for it.", by="diagnostic", key="diagnostic")


@shown(
    access.GRANT,
    node="request",
    filters={
        "unused": Filter(bool, "Whether it was granted and not used so far."),
        "undecided": Filter(bool, "Whether nobody has decided on it."),
        "review": Filter(ID, "The review that it is for."),
        "diagnostic": Filter(ID, "The diagnostic that it is for."),
        "grantee": Filter(str, "Who it is for."),
        "kind": Filter(AccessKind, "What is to be opened."),
        "decided": Filter(AccessDecision, "How it was decided."),
        "revoked": Filter(bool, "Whether it was revoked."),
        "document": Filter(ID, "A document that it names."),
    },
    arguments={"live": Filter(bool, "Only those that may, or may not, be used at the instant of `on`.")},
)
class Access(Recorded, Node):
    """A request for access, the decision on it, and what became of the grant (clause 9)."""

    request = value("Its id.", ID)
    requested_at = value("When it was asked for.")
    requested_by = value("Who asked.")
    grantee = value("Who it is for.")
    review = value("The review that it is for.", ID)
    diagnostic = value("The diagnostic that it is for.", ID)
    kind = value("What is to be opened.", AccessKind)
    documents = value("The documents that it opens, by id; none: any of its kind.", ID)
    scope = value("What exactly; null once it was erased.")
    purpose = value("For what; null once it was erased.")
    from_at = value("The instant from which it may be used: as asked for and, once granted, as granted.")
    until_at = value("The instant at which it ends of itself.")
    decided = value("How it was decided; null: nobody has.", AccessDecision)
    decided_at = value("When it was decided.")
    decided_by = value("By whom.")
    decided_position = value("The position of the entry that holds the decision.")
    refused_reason = value("Why it was refused; null once it was erased.")
    grant = same("Grant", "The grant; null: it was not granted.", unless="granted_at")
    refused_uses = value("How often a use was refused.")
    use = many("Use", "Its uses and those refused, in order.", by="request", key="request")


@shown(access.GRANT)
class Grant(RowObject):
    """An access that was granted: whether it may be used, and what became of it."""

    live = value("Whether it may be used at the instant of `on`.")
    granted_at = value("When it was granted.")
    extended = value("How often it was given a later end.")
    revoked_at = value("When it was revoked.")
    revoked_by = value("By whom.")
    revoked_position = value("The position of the entry that revoked it.")
    revoked_reason = value("Why it was revoked; null once it was erased.")
    provided = value("How often something was opened under it.")
    provisions = whole("Provision", "What was opened under it, in order.", by="request", key="request")
    unused = value("Whether it was not used so far.")
    used = value("How often it was used.", name="uses")
    used_at = value("When it was used last.")


@shown(access.PROVISION)
class Provision(Recorded):
    """What the council opened under a grant."""

    request = value("The grant.", ID)
    kind = value("What kind of thing.", AccessKind)
    what = value("What; null once it was erased.")
    on = value("On which day.")


@shown(
    access.USE,
    filters={
        "refused": Filter(bool, "Whether it was refused."),
        "grantee": Filter(str, "By whom."),
        "document": Filter(ID, "What was used."),
        "used_from": Filter(datetime, "It was used at this instant or later."),
        "used_to": Filter(datetime, "It was used before this instant."),
    },
)
class Use(Recorded):
    """A use of a grant, or one that was refused."""

    request = value("The grant.", ID)
    used_at = value("When.")
    grantee = value("By whom.")
    document = value("What was used.", ID)
    action = value("What was done with it; null: it was refused.", AccessAction)
    why = value("Why it was refused; null: it was not.", UseFault)


@shown(access.CHECK)
class Checklist(RowObject):
    """A line of the checklist of clauses 9a to 9d: which kinds of access came how far, for a review."""

    of = value("The review or the diagnostic.", ID)
    clause = value("The clause that lists the kinds.")
    kinds = value("The kinds that it lists.", AccessKind)
    asked = value("Those that were asked for.", AccessKind)
    granted = value("Those that were granted.", AccessKind)
    provided = value("Those that were opened.", AccessKind)
    used = value("Those that were used.", AccessKind)


@shown(
    engagement.GATHERING,
    filters={"group": Filter(Group, "Whose views."), "loop": Filter(Loop, "Whether they were considered.")},
)
class Gathering(Recorded):
    """Views of staff or of children that were gathered, told as themes (clause 5e)."""

    views = value("Its id.", ID)
    gathered_at = value("When they were gathered.")
    group = value("Whose views.", Group)
    method = value("How they were gathered.")
    count = value("How many people took part.")
    themes = value("What they said, as themes.")
    considered = value("How often they were considered.")
    changes = value("How often that changed something.")
    loop = value("Whether they were considered.", Loop)
    considerations = whole("Consideration", "What was made of them, in order.", by="views", key="views")


@shown(
    engagement.CONSIDERATION,
    filters={"group": Filter(Group, "Whose views."), "changed": Filter(bool, "Whether something was changed.")},
)
class Consideration(Recorded):
    """Views considered against a practice standard, and what was changed."""

    views = value("The views.", ID)
    considered_at = value("When.")
    group = value("Whose views they were.", Group)
    standard = value("The practice standard.")
    change_made = value("What was changed; null: nothing, for the reason given, or it was erased.")
    reason = value("Why; null once it was erased.")
