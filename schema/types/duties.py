"""Duties that people judge or carry out, as the notice asks. Imports the views."""

from projections.views import duties
from schema.derive.declaration import ID, Filter, Section, many, of_row, row_type, section, short_list

row_type(duties.ASSESSMENT, "clause", "judgement", "role")
row_type(duties.SUBMISSION, "deliverable", "standing")
row_type(
    duties.INSTRUCTION,
    filters={"open": Filter(bool, "True if it has not been answered."), **of_row("overdue", "role")},
    node="instruction",
)
row_type(
    duties.POST_TENURE,
    filters={
        "post": Filter(str, "Post."),
        "holder": Filter(ID, "Actor id of the person in the post."),
        **of_row("in_post"),
    },
)


row_type(duties.CONSENT, "matter", "role")
row_type(duties.REPORTED_ACT, "matter")
row_type(duties.COOPERATION, "cooperated", "role")


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
