"""A question for each clause of the notice, as the domain's table has them, answered from the invented history.

The expected answers were read in the history by hand. Numbers are positions, the rest are its own ids and days.
The ten regular questions have tests of their own.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ledger.domain.roles import Role
from projections.query.reader import Reader
from tests.schema import test_questions
from tests.schema.test_questions import ask

Answer = Any
reader = test_questions.reader


class Question(Struct, frozen=True):
    """Selection on the notice."""

    words: str
    clause: str
    arguments: str
    """Arguments of the notice other than its id."""
    fields: str
    compared: Callable[[Answer], Answer]
    """The compared part of the answer."""
    expected: Answer


QUESTIONS = [
    Question(
        "What applied on 31 January 2023?",
        "head",
        'asOf: {knownAt: "2023-01-31T00:00:00Z"}',
        "status targetDate areas { area ended } interpretations { number word position } revisions { position }",
        lambda notice: notice,
        {
            "status": "LIVE",
            "targetDate": "2023-06-30",
            "areas": [{"area": "1a", "ended": None}, {"area": "1b", "ended": None}],
            "interpretations": [{"number": "5a", "word": "up to date", "position": 141}],
            "revisions": [],
        },
    ),
    Question(
        "Did leaders know, when, and on what evidence?",
        "1a",
        "",
        "plan { briefings(first: 1) { nodes { briefing briefedAt leaders evidence position } } "
        "version { planVersion assessment } }",
        lambda notice: (notice["plan"]["briefings"]["nodes"], notice["plan"]["version"]),
        (
            [
                {
                    "briefing": "BR1",
                    "briefedAt": "2022-07-12T08:00:00Z",
                    "leaders": ["leader", "lead-member", "chief-executive", "director"],
                    "evidence": ["E1"],
                    "position": 63,
                }
            ],
            {"planVersion": "plan-3", "assessment": "SA2"},
        ),
    ),
    Question(
        "Who advised on 4 September 2022, and on the day after?",
        "3",
        'on: "2022-09-04T12:00:00Z"',
        "adviser { current { adviser } tenures { adviser first last } vacancies { first } }",
        lambda notice: notice["adviser"],
        {
            "current": {"adviser": "adviser-before"},
            "tenures": [
                {"adviser": "adviser-before", "first": "2022-07-11", "last": "2022-09-04"},
                {"adviser": "adviser", "first": "2022-09-05", "last": "2024-03-18"},
            ],
            "vacancies": [],
        },
    ),
    Question(
        "Which areas have no objective, before the plan was started?",
        "4",
        'asOf: {knownAt: "2022-07-14T08:00:00Z"}',
        "plan { coverage(filter: {kind: AREA, covered: false}) { nodes { subject } } }",
        lambda notice: [each["subject"] for each in notice["plan"]["coverage"]["nodes"]],
        ["1a", "1b"],
    ),
    Question(
        "How often did dates slip, and by how many days?",
        "5a",
        "",
        "plan { actions(first: 1000) { nodes { action firstDue due rebaselined slippageDays } } }",
        lambda notice: [tuple(a.values()) for a in notice["plan"]["actions"]["nodes"] if a["rebaselined"]],
        [
            ("A3", "2023-01-31", "2023-03-15", 1, 43),
            ("A12", "2023-05-31", "2023-10-31", 1, 153),
            ("A15", "2023-03-31", "2023-09-30", 1, 183),
        ],
    ),
    Question(
        "What changed because of children?",
        "5e",
        "",
        "views(filter: {group: CHILDREN_AND_YOUNG_PEOPLE}) "
        "{ nodes { views count loop considerations { changeMade position } } }",
        lambda notice: [
            (
                each["views"],
                each["count"],
                each["loop"],
                *(tuple(made.values()) for made in each["considerations"]),
            )
            for each in notice["views"]["nodes"]
        ],
        [
            ("V2", 63, "CLOSED", (None, 317)),
            ("V4", 12, "CLOSED", ("A page of answers each quarter.", 495)),
            ("V6", 9, "CLOSED", ("It is half as long now.", 680)),
        ],
    ),
    Question(
        "When is the next review due, as it stood on 1 May 2023?",
        "6",
        'asOf: {knownAt: "2023-05-01T00:00:00Z"}, on: "2023-05-01T00:00:00Z"',
        'compliance(filter: {clauseIn: ["6"]}) { nodes { status reason } }',
        lambda notice: [tuple(each.values()) for each in notice["compliance"]["nodes"]],
        [("MET", "Review R2 began on 3 April 2023; the next is due by 3 October 2023.")],
    ),
    Question(
        "Is early help unreviewed?",
        "7",
        "",
        "reviews(filter: {topic: EARLY_HELP}) { nodes { review standing } }",
        lambda notice: notice["reviews"]["nodes"],
        [{"review": "R3", "standing": "COMPLETED"}],
    ),
    Question(
        "What came of the diagnostics?",
        "8",
        "",
        "diagnostics { nodes { diagnostic area standing due reportedAt } }",
        lambda notice: [tuple(each.values()) for each in notice["diagnostics"]["nodes"]],
        [
            ("DG1", "1a", "DONE", "2023-01-31", "2023-02-03T15:00:00Z"),
            ("DG2", "1b", "OVERDUE", "2023-10-31", None),
        ],
    ),
    Question(
        "Who opened what for review R1, under whose approval?",
        "9",
        "",
        'access(filter: {review: "R1"}) { nodes { request decidedBy use { nodes { grantee document why } } } }',
        lambda notice: [
            (each["request"], each["decidedBy"], [tuple(use.values()) for use in each["use"]["nodes"]])
            for each in notice["access"]["nodes"]
        ],
        [
            (
                "X1",
                "council-officer",
                [("reviewer", "files-a", None), ("reviewer", "files-b", None), ("reviewer", "files-b", "REVOKED")],
            ),
            ("X2", "council-officer", [("reviewer", "talk-1", None)]),
            ("X3", "council-officer", []),
            ("X4", "council-officer", []),
        ],
    ),
    Question(
        "Did their own view match the findings, and was it there before the review?",
        "10",
        "",
        "reviews { nodes { review assessedAt startedAt assessments { objective } findings { text } } }",
        lambda notice: [
            (each["review"], (each["assessedAt"] or "never") < each["startedAt"], len(each["findings"]))
            for each in notice["reviews"]["nodes"]
        ],
        [("R1", True, 2), ("R2", False, 2), ("R3", True, 2), ("R4", False, 1)],
    ),
    Question(
        "How many actions finished late, or are late?",
        "11",
        "",
        "plan { actions(filter: {late: true}) { nodes { action due completedOn } } }",
        lambda notice: [tuple(each.values()) for each in notice["plan"]["actions"]["nodes"]],
        [
            ("A6", "2022-11-30", "2022-12-09"),
            ("A8", "2022-12-31", "2023-01-13"),
            ("A10", "2023-03-31", "2023-04-28"),
            ("A12", "2023-10-31", None),
            ("A13", "2023-02-28", "2023-03-31"),
            ("A15", "2023-09-30", None),
            ("A16", "2023-05-31", "2023-09-15"),
            ("A18", "2023-06-30", "2024-02-20"),
        ],
    ),
    Question(
        "What led to escalation?",
        "13",
        "",
        "escalation { steps { state subject position } interventions { intervention power concerns } }",
        lambda notice: (
            [tuple(step.values()) for step in notice["escalation"]["steps"]],
            [tuple(each.values()) for each in notice["escalation"]["interventions"]],
        ),
        (
            [
                ("CONCERN", "C1", 601),
                ("CONCERN", "C2", 664),
                ("INTERVENTION", "IV1", 679),
                ("INTERVENTION", "IV2", 689),
                ("INTERVENTION", "IV1", 690),
                ("CLOSED", "", 694),
            ],
            [("IV1", "targeted support", ["C1"]), ("IV2", "s497A", ["C1", "C2"])],
        ),
    ),
]


async def test_each_clause_answers_its_question(reader: Reader) -> None:
    for question in QUESTIONS:
        arguments = f", {question.arguments}" if question.arguments else ""
        document = f"query ($notice: ID!) {{ notice(id: $notice{arguments}) {{ {question.fields} }} }}"
        answer = await ask(reader, document, Role.OPERATOR)
        assert question.compared(answer["notice"]) == question.expected, question.words


async def test_a_report_of_the_adviser_is_reproduced_at_the_position_that_it_names(reader: Reader) -> None:
    reports = "query ($notice: ID!) { notice(id: $notice) { adviserReports { nodes { report query pinned } } } }"
    issued = await ask(reader, reports)
    pinned = {each["report"]: each["pinned"] for each in issued["notice"]["adviserReports"]["nodes"]}
    assert pinned == {"AR1": 234, "AR2": 333, "AR3": 433, "AR4": 509, "AR5": 588, "AR6": 660}
    (query,) = {each["query"] for each in issued["notice"]["adviserReports"]["nodes"]}
    then = query.replace('"tameside-2022"', '$notice, asOf: {position: 333}, on: "2022-12-31T00:00:00Z"')
    answer = await ask(reader, f"query ($notice: ID!) {then}")
    statuses = {each["clause"]: each["status"] for each in answer["notice"]["compliance"]["nodes"]}
    assert (statuses["1a"], statuses["5b"], statuses["11"]) == ("MET", "MET", "NOT_DUE")
