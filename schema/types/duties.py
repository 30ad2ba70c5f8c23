"""Duties that people judge or carry out, as the notice asks. Imports the views."""

from projections.views import duties
from schema.derive.declaration import ID, Filter, Recorded, Section, many, object_type, of_row, section, short_list
from schema.derive.node import Node


@object_type(duties.ASSESSMENT, filters=of_row("clause", "judgement", "role"))
class ClauseAssessment(Recorded):
    """Judgement of a person on a clause."""


@object_type(duties.SUBMISSION, filters=of_row("deliverable", "standing"))
class Submission(Recorded):
    """Submission of a deliverable, and the answer to it."""


@object_type(
    duties.INSTRUCTION,
    node="instruction",
    filters={"open": Filter(bool, "True if it has not been answered."), **of_row("overdue", "role")},
)
class Instruction(Recorded, Node):
    """Instruction to the council, and its answer."""


@object_type(
    duties.POST_TENURE,
    filters={
        "post": Filter(str, "Post."),
        "holder": Filter(ID, "Actor id of the person in the post."),
        **of_row("in_post"),
    },
)
class PostTenure(Recorded):
    """Time of a person in a post that the notice asks for."""


@object_type(duties.CONSENT, filters=of_row("matter", "role"))
class Consent(Recorded):
    """Consent to a matter that the notice prohibits otherwise."""


@object_type(duties.REPORTED_ACT, filters=of_row("matter"))
class ReportedAct(Recorded):
    """Act of a kind that the notice prohibits without consent."""


@object_type(duties.COOPERATION, filters=of_row("cooperated", "role"))
class Cooperation(Recorded):
    """Report on the council's co-operation."""


@section("duties", "Duties that people judge or carry out. FORBIDDEN to roles that do not read them.")
class Duties(Section):
    """Duties that people judge or carry out: judgements, deliverables, instructions, posts and consents."""

    assessments = many("ClauseAssessment", "Judgements of people on clauses, in order of time.")
    submissions = many("Submission", "Submissions of deliverables, in order of recording.")
    instructions = many("Instruction", "Instructions to the council, in order of recording.")
    posts = short_list("PostTenure", "Holders of the posts that the notice asks for, by first day.")
    consents = many("Consent", "Consents, in order of recording.")
    acts = many("ReportedAct", "Acts that need consent, in order of recording.")
    cooperation = many("Cooperation", "Reports on the council's co-operation, in order of recording.")
