"""Questions with cases that the invented history lacks, with answers computed from the history's lines.

Six lines are added to the history. One kind of access is only ever refused, after the bank holidays of Christmas.
Access is for a diagnostic that has the id of a review. A decision rests on a document that was superseded before,
and on one that was withdrawn. Another document came later in support of this decision.
"""

import asyncio
import json
from collections.abc import Iterator

import pytest

from ledger.domain.roles import Role
from tests.databases import copied_database
from tests.projections.folding import fold_all
from tests.projections.stored import store
from tests.schema import history_answers, oversight_answers
from tests.schema.compiled.documents import Request
from tests.schema.compiled.test_compiled import Both
from tests.schema.history_answers import NOTICE, Row
from tests.schema.test_right_answers import answer, figures, groups

pytestmark = pytest.mark.database
LINES: list[Row] = [
    {
        "specversion": "1.0",
        "id": f"rare-{number}",
        "source": f"invented/{actor}",
        "type": f"improvement-ledger.{area}.{fact}.v1",
        "demoactor": actor,
        "demorecordedat": at,
        "data": data,
    }
    for number, (area, fact, actor, at, data) in enumerate(
        [
            (
                "access",
                "AccessRequested",
                "reviewer",
                "2023-12-22T10:00:00+00:00",
                {
                    "request": "X90",
                    "grantee": "reviewer",
                    "review": "R3",
                    "kind": "OTHER",
                    "scope": "The register of visits.",
                    "purpose": "To see who was visited.",
                    "from": "2024-01-03T08:00:00+00:00",
                    "until": "2024-01-05T18:00:00+00:00",
                },
            ),
            (
                "access",
                "AccessRefused",
                "council-officer",
                "2023-12-28T10:00:00+00:00",
                {"request": "X90", "reason": "The register ended with the old system."},
            ),
            (
                "board",
                "BoardDecisionRecorded",
                "chair-2",
                "2023-12-28T11:00:00+00:00",
                {
                    "decision": "D90",
                    "meeting": "B15",
                    "title": "Count visits again.",
                    "outcome": "The teams count visits once more.",
                    "rationale": "Two counts of last autumn did not hold.",
                    "options": ["The teams count visits once more.", "To leave it."],
                    "votes": {"for": 3, "against": 1},
                    "evidence": ["E31", "E34"],
                },
            ),
            (
                "evidence",
                "EvidenceSubmitted",
                "council-officer",
                "2023-12-29T10:00:00+00:00",
                {
                    "evidence": "E90",
                    "digest": "Wd3GQjFZttU0svd81wLTYlGGIp5OhX52xtPtVhizu7U=",
                    "mediaType": "application/pdf",
                    "size": 1,
                    "title": "The second count of visits.",
                    "classification": "OFFICIAL",
                    "supports": ["D90"],
                },
            ),
            (
                "reviews",
                "DiagnosticRequired",
                "adviser",
                "2023-12-29T11:00:00+00:00",
                {"diagnostic": "R3", "area": "1b", "scope": "Why caseloads rise.", "due": "2024-03-01"},
            ),
            (
                "access",
                "AccessRequested",
                "adviser",
                "2023-12-29T12:00:00+00:00",
                {
                    "request": "X91",
                    "grantee": "diagnostic-provider",
                    "diagnostic": "R3",
                    "kind": "DATA",
                    "scope": "Caseloads by team and month.",
                    "purpose": "To see what children meet.",
                    "from": "2024-01-03T08:00:00+00:00",
                    "until": "2024-01-05T18:00:00+00:00",
                },
            ),
        ]
    )
]


@pytest.fixture(scope="module")
def rare(template: str) -> Iterator[Both]:
    with copied_database(template, "views_template") as url, asyncio.Runner() as runner:
        runner.run(store(url, LINES))
        runner.run(fold_all(url, NOTICE))
        answers = Both(url, runner)
        yield answers
        runner.run(answers.reader.close())


@pytest.fixture(autouse=True)
def _with_rare_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the answers be computed from these lines too."""
    more = [line | {"fact": line["type"].split(".")[2]} for line in LINES]
    monkeypatch.setattr(history_answers, "LINES", [*history_answers.LINES, *more])


def test_a_kind_of_access_only_ever_refused_is_asked_and_not_granted(rare: Both) -> None:
    rows = answer(rare, "access")["checklist"]["nodes"]
    assert rows == oversight_answers.checklist()
    (row,) = [row for row in rows if row["of"] == "R3" and "OTHER" in row["asked"]]
    assert (row["asked"], row["granted"], row["provided"], row["used"]) == (["OTHER"], [], [], [])


def test_a_review_and_a_diagnostic_of_one_id_have_lines_of_their_own(rare: Both) -> None:
    lists = [f"{kind}s {{ nodes {{ {kind} checklist {{ asked }} }} }}" for kind in ("review", "diagnostic")]
    request = Request(f'{{ notice(id: "{NOTICE}") {{ {" ".join(lists)} }} }}', {})
    assert rare.compare(request, Role.OPERATOR), rare.ways
    notice = json.loads(rare.compiled(request, Role.OPERATOR)[0] or b"")["data"]["notice"]
    for kind, asked in (("review", {"FACILITIES", "OTHER"}), ("diagnostic", {"DATA"})):
        (row,) = [row for row in notice[f"{kind}s"]["nodes"] if row[kind] == "R3"]
        assert {each for line in row["checklist"] for each in line["asked"]} == asked


def test_a_bank_holiday_in_a_wait_is_no_working_day(rare: Both) -> None:
    rows = groups(rare, "waiting-for-access", "access")
    for row, expected in zip(rows, history_answers.waiting_for_access(), strict=True):
        assert row["keys"] == [expected["kind"]]
        for name in ("duration", "workingDuration"):
            assert row[name] == figures(expected[name], "count", "min", "max", "mean")
    (other,) = [row for row in rows if row["keys"] == ["OTHER"]]
    assert (other["duration"]["max"], other["workingDuration"]["max"]) == (6, 2)


def test_a_decision_names_the_evidence_that_was_weakened_before_it(rare: Both) -> None:
    rows = {
        row["decision"]: [(each["evidence"], each["statusThen"]) for each in row["restsOn"]]
        for row in answer(rare, "decisions")["board"]["decisions"]["nodes"]
    }
    assert rows == {row["decision"]: row["restsOn"] for row in oversight_answers.decisions()}
    assert rows["D90"] == [("E31", "SUPERSEDED"), ("E34", "WITHDRAWN")]
