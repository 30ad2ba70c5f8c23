"""Forms against the real service: recorded once, with the right role, and with every error shown."""

import re

import httpx
import psycopg
import pytest

from api.forms.tasks import task
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role, matrix
from ledger.mutable.people import person, put
from ledger.store.database import connect
from tests.api.browsing import browser, sign_in, words
from tests.api.filling import Inputs, encoded, sent, with_values
from tests.api.recording import DECISION, FORM, PDF, address, decision, form, position_of, post, recorded
from tests.api.service import ROLES, Service, issue, run


@pytest.mark.parametrize("actor", [actor for actor in ROLES if actor != "system"])
def test_everybody_is_offered_what_their_role_records_and_nothing_else(
    service: Service, people: dict[str, httpx.Client], actor: str
) -> None:
    page = people[actor].get(address(service))
    offered = set(re.findall(rf'href="{address(service)}/([A-Za-z]+)"', page.text))
    role = Role(ROLES[actor])
    recordable = {kind.name for kind in KINDS.values() if matrix().may_record(role, kind.name)}
    assert offered == recordable - {"NoticeIssued"}, "a notice is opened once"
    refused = next(kind.name for kind in KINDS.values() if not matrix().may_record(role, kind.name))
    answer = people[actor].get(address(service, refused))
    assert answer.status_code == 403
    act = f"{task(refused)[0].lower()}{task(refused)[1:]}"
    assert f"Your role, {role.meaning}, cannot {act}." in words(answer)
    assert ("Ask another records officer" in words(answer)) == (role is Role.RECORDS_OFFICER)


def test_a_token_records_by_forms_what_it_is_for_and_from_its_source(service: Service) -> None:
    bounds = {"source": "desk", "facts": ["improvement-ledger.plan.ProgressRecorded.v1"]}
    token = run(issue(service.database, service.notice.name, "officer", "COUNCIL_OFFICER", **bounds))
    typed: Inputs = {
        "data.objective": "O1",
        "data.narrative": "Ten visits.",
        "data.activityRating": "GREEN",
        "data.impactRating": "AMBER",
    }
    with browser(service.url) as bound:
        sign_in(bound, token)
        offered = re.findall(rf'href="{address(service)}/([A-Za-z]+)"', bound.get(address(service)).text)
        answer = post(bound, service, "ProgressRecorded", form(bound, service, "ProgressRecorded", typed))
    assert offered == ["ProgressRecorded"]
    assert recorded(service, position_of(answer))["source"] == "desk"


def test_what_a_role_does_not_record_is_not_recorded_by_a_form(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    size = service.position()
    pairs = decision(people["chair"], service, {"data.decision": "not theirs"})
    answer = post(people["officer"], service, "BoardDecisionRecorded", pairs)
    assert answer.status_code == 403
    assert service.position() == size


def test_every_form_that_is_offered_can_be_opened(service: Service, people: dict[str, httpx.Client]) -> None:
    for kind in KINDS.values():
        for actor, role in ROLES.items():
            if actor != "system" and matrix().may_record(Role(role), kind.name):
                answer = people[actor].get(address(service, kind.name))
                assert answer.status_code == 200, (kind.name, actor, words(answer))
                break


def test_there_is_no_form_for_what_is_no_fact(service: Service, people: dict[str, httpx.Client]) -> None:
    assert people["chair"].get(address(service, "Nothing")).status_code == 404
    assert people["chair"].get("/notices/elsewhere/record/BoardDecisionRecorded").status_code == 404


@pytest.mark.parametrize("position", ["0", "x", "-1", "999999", "999999999", "9" * 5000, "1"])
def test_there_is_no_receipt_for_an_unknown_entry(
    service: Service, people: dict[str, httpx.Client], position: str
) -> None:
    answer = people["officer"].get(f"/notices/{service.notice.name}/record/ProgressRecorded/{position}")
    assert answer.status_code == 404


def test_a_decision_is_recorded_whole(service: Service, people: dict[str, httpx.Client]) -> None:
    before = service.position()
    answer = post(people["chair"], service, "BoardDecisionRecorded", decision(people["chair"], service))
    position = position_of(answer)
    assert position == before + 1 == service.position()
    entry = recorded(service, position)
    texts = {text["path"]: text["text"] for text in entry["narratives"]}
    assert entry["data"]["votes"] == {"for": 5, "against": 1, "abstained": 0}
    assert entry["data"]["relatesTo"] == ["O1"]
    assert texts["outcome"] == "The posts are advertised now.\n\nThey begin in May."
    assert [texts["options[0]"], texts["options[1]"]] == ["Wait", "Agency staff"]
    assert entry["source"] == "pages/chair"
    listed = words(people["chair"].get(f"/notices/{service.notice.name}/entries"))
    assert (
        f"Two more posts in the duty team {entry['data']['decision']} "
        in listed.partition(f"{position} Board decision recorded")[2]
    )
    assert entry["leafHash"] in words(answer)
    assert f"Recorded as entry {position}" in words(answer)


def test_a_form_that_is_sent_twice_records_once(service: Service, people: dict[str, httpx.Client]) -> None:
    chair = people["chair"]
    pairs = decision(chair, service, {"data.decision": "twice"})
    first = post(chair, service, "BoardDecisionRecorded", pairs)
    size = service.position()
    assert post(chair, service, "BoardDecisionRecorded", pairs).url == first.url
    assert service.position() == size == position_of(first)

    changed = with_values(pairs, {"data.decision": "thrice", "data.title": "Three more posts"})
    answer = post(chair, service, "BoardDecisionRecorded", changed)
    assert answer.status_code == 422
    assert f"Entry {size} was recorded from this form with other answers" in words(answer)
    assert "Continue as a new entry" in words(answer)
    assert service.position() == size
    offered = sent(answer.text, "record")
    assert dict(offered)["id"] != dict(pairs)["id"]
    assert dict(offered)["data.title"] == "Three more posts"
    assert position_of(post(chair, service, "BoardDecisionRecorded", offered)) == size + 1


def test_a_form_from_elsewhere_records_nothing(service: Service, people: dict[str, httpx.Client]) -> None:
    chair, size = people["chair"], service.position()
    pairs = decision(chair, service, {"data.decision": "forged"})
    (token,) = [name for name, value in pairs if re.fullmatch(r"[0-9a-f]{64}", value)]
    other_token = dict(form(people["officer"], service, "ProgressRecorded"))[token]
    for forged in (
        [pair for pair in pairs if pair[0] != token],
        with_values(pairs, {token: "0" * 64}),
        with_values(pairs, {token: other_token}),
    ):
        assert post(chair, service, "BoardDecisionRecorded", forged).status_code == 403
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = chair.post(
            address(service, "BoardDecisionRecorded"), content=encoded(pairs), headers={**FORM, **headers}
        )
        assert answer.status_code == 403
    files = {"file": ("a.pdf", PDF, "application/pdf")}
    answer = people["officer"].post(address(service, "EvidenceSubmitted"), data={token: "0" * 64}, files=files)
    assert answer.status_code == 403
    assert service.position() == size


def test_whoever_was_signed_out_meanwhile_loses_nothing(service: Service, people: dict[str, httpx.Client]) -> None:
    size = service.position()
    pairs = decision(people["chair"], service, {"data.decision": "late"})
    with browser(service.url) as chair:
        answer = post(chair, service, "BoardDecisionRecorded", pairs)
        assert answer.status_code == 401
        assert "Your answers are not lost" in words(answer)
        sign_in(chair, service.notice.tokens["chair"])
        answer = post(chair, service, "BoardDecisionRecorded", pairs)
        assert answer.status_code == 403
        assert "submitted in another session" in words(answer)
        assert service.position() == size
        again = sent(answer.text, "record")
        assert {pair for pair in pairs if pair[0].startswith("data.")} <= set(again)
        assert position_of(post(chair, service, "BoardDecisionRecorded", again)) == size + 1


def test_every_fault_is_said_at_once_and_nothing_typed_is_lost(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    """Expect the errors of form, of the scan and of the rules in one answer."""
    officer, size = people["officer"], service.position()
    typed: Inputs = {
        "data.objective": "O9",
        "data.narrative": "Ring 01632 960123, or write to jo@example.org.\r\n  Then wait.",
        "data.activityRating": "",
        "data.impactRating": "AMBER",
        "data.action": "",
        "time.day": "31",
        "time.month": "2",
        "time.year": "2023",
        "time.time": "9:00",
        "clauses": ["77"],
    }
    pairs = form(officer, service, "ProgressRecorded", typed)
    answer = post(officer, service, "ProgressRecorded", pairs)
    assert answer.status_code == 422
    text = words(answer)
    for sentence in (
        "Select an activity rating",
        "When it happened must be a real date",
        "Progress: the narrative seems to contain an e-mail address, which no entry may contain; leave it out",
        "Progress: the narrative seems to contain a telephone number; remove it, or confirm below",
    ):
        assert sentence in text
    again = sent(answer.text, "record")
    assert {pair for pair in pairs if pair[1]} <= set(again) | {("clauses", "77")}
    assert service.position() == size

    pairs = with_values(pairs, {"data.activityRating": "GREEN", "time.day": "1"})
    text = words(post(officer, service, "ProgressRecorded", pairs))
    assert "Objective: there is no objective O9; record it first, or correct the reference" in text
    assert "Progress: the narrative seems to contain a telephone number" in text
    assert service.position() == size


def test_what_only_seems_personal_is_confirmed_by_its_kind(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    officer = people["officer"]
    pairs = form(
        officer,
        service,
        "ProgressRecorded",
        {
            "data.objective": "O1",
            "data.narrative": "The hub at SK14 4DD is open.",
            "data.activityRating": "GREEN",
            "data.impactRating": "AMBER",
        },
    )
    assert "confirm" not in dict(pairs)
    answer = post(officer, service, "ProgressRecorded", pairs)
    assert "or confirm below that it is not personal data" in words(answer)
    assert 'name="confirm" type="checkbox" value="POSTCODE"' in answer.text
    confirmed = with_values(sent(answer.text, "record"), {"confirm": "POSTCODE"})
    position = position_of(post(officer, service, "ProgressRecorded", confirmed))
    with psycopg.connect(service.database) as connection:
        row = connection.execute(
            "SELECT body FROM ledger.entries WHERE notice = %s AND position = %s", (service.notice.name, position)
        ).fetchone()
    assert row is not None
    assert b'"confirm":"POSTCODE"' in bytes(row[0])


def test_a_row_more_or_less_keeps_everything(service: Service, people: dict[str, httpx.Client]) -> None:
    chair = people["chair"]
    typed: Inputs = {
        "data.report": "C1",
        "data.objectives[0].objective": "O1",
        "data.objectives[0].text": "It goes well.",
        "data.period.first.day": "a",
    }
    pairs = form(chair, service, "ChairReportDelivered", typed)
    answer = post(chair, service, "ChairReportDelivered", [*pairs, ("do", "add:data.objectives")])
    assert answer.status_code == 200
    assert 'id="data-objectives-1-objective"' in answer.text
    again = sent(answer.text, "record")
    assert set(pairs) <= set(again)
    second = with_values(again, {"data.objectives[1].text": "It stands still."})
    answer = post(chair, service, "ChairReportDelivered", [*second, ("do", "remove:data.objectives[0]")])
    left = sent(answer.text, "record")
    assert ("data.objectives[0].text", "It stands still.") in left
    assert ("data.period.first.day", "a") in left
    assert "data.objectives[1].text" not in dict(left)


def test_a_fact_within_a_correction_is_asked_for_by_its_own_fields(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    chair = people["chair"]
    size = position_of(
        post(
            chair,
            service,
            "InterestDeclared",
            form(
                chair,
                service,
                "InterestDeclared",
                {"data.actor": "member", "data.interest": "A sister works for the council."},
            ),
        )
    )
    pairs = form(
        chair,
        service,
        "EntryCorrected",
        {
            "data.position": str(size),
            "data.reason": "It was the chair.",
            "data.replacement.type": "improvement-ledger.board.InterestDeclared.v1",
        },
    )
    answer = post(chair, service, "EntryCorrected", [*pairs, ("do", "show")])
    inputs = with_values(
        sent(answer.text, "record"),
        {"data.replacement.data.actor": "chair", "data.replacement.data.interest": "A brother does."},
    )
    position = position_of(post(chair, service, "EntryCorrected", inputs))
    assert recorded(service, position)["data"]["replacement"]["data"]["actor"] == "chair"


def test_a_correction_begins_from_the_entry_as_it_was_recorded(
    service: Service, people: dict[str, httpx.Client]
) -> None:
    chair = people["chair"]
    pairs = decision(chair, service, {"data.decision": "wrong"})
    position = position_of(post(chair, service, "BoardDecisionRecorded", pairs))
    page = chair.get(address(service, "EntryCorrected"), params={"data.position": str(position)})
    begun = dict(sent(page.text, "record"))
    assert begun["data.replacement.data.outcome"] == DECISION["data.outcome"]
    assert begun["data.replacement.data.votes.for"] == "5"
    assert "O1: See children sooner" in words(page), "related objectives are selected"
    assert begun["data.replacement.data.decision"] == "wrong"


def test_enter_in_a_field_records_nothing(service: Service, people: dict[str, httpx.Client]) -> None:
    """Submit by the first button of the form, as Enter does; then change an answer; then record."""
    chair, size = people["chair"], service.position()
    page = chair.get(address(service, "BoardDecisionRecorded"))
    first = re.search(r'<button[^>]*name="do" value="([a-z]+)"', page.text)
    assert first is not None
    pairs = decision(chair, service, {"data.decision": "checked"})
    answer = post(chair, service, "BoardDecisionRecorded", [*pairs, ("do", first[1])])
    assert answer.status_code == 200
    assert "Check your answers" in words(answer)
    assert "Two more posts in the duty team" in words(answer)
    assert "Abstentions" not in words(answer), "a blank answer is left out"
    assert service.position() == size
    hidden = sent(answer.text, "record")
    changing = post(chair, service, "BoardDecisionRecorded", [*hidden, ("do", "change")])
    assert {pair for pair in pairs if pair[1] and pair[0] != "id"} <= set(sent(changing.text, "record"))
    recorded_now = post(chair, service, "BoardDecisionRecorded", [*hidden, ("do", "record")])
    assert position_of(recorded_now) == size + 1
    assert recorded(service, size + 1)["data"]["decision"] == "checked"


def test_a_form_without_a_button_records_nothing(service: Service, people: dict[str, httpx.Client]) -> None:
    chair, size = people["chair"], service.position()
    pairs = decision(chair, service, {"data.decision": "unpressed"})
    answer = chair.post(address(service, "BoardDecisionRecorded"), content=encoded(pairs), headers=FORM)
    assert (answer.status_code, service.position()) == (200, size)


def test_what_the_rules_refuse_is_not_checked(service: Service, people: dict[str, httpx.Client]) -> None:
    officer = people["officer"]
    inputs: Inputs = {
        "data.objective": "O9",
        "data.narrative": "Ten visits.",
        "data.activityRating": "GREEN",
        "data.impactRating": "AMBER",
    }
    pairs = form(officer, service, "ProgressRecorded", inputs)
    answer = post(officer, service, "ProgressRecorded", [*pairs, ("do", "check")])
    assert answer.status_code == 422
    assert "there is no objective O9" in words(answer) or "no objective O9" in words(answer)


def test_several_errors_of_a_field_are_lines(service: Service, people: dict[str, httpx.Client]) -> None:
    officer = people["officer"]
    inputs: Inputs = {"data.narrative": "Ring 01632 960123, or write to jo@example.org."}
    answer = post(officer, service, "ProgressRecorded", form(officer, service, "ProgressRecorded", inputs))
    error = answer.text.partition('id="data-narrative-error"')[2].partition("</p>")[0]
    assert error.count("<br>") == 1


async def test_people_have_names_on_pages(service: Service) -> None:
    async with await connect(service.database, "ledger_writer") as connection:
        await put(connection, service.notice.name, person("officer", "Jo Åström", None))
    with browser(service.url) as officer:
        sign_in(officer, service.notice.tokens["officer"])
        while "Signed in as Jo Åström (officer)" not in words(officer.get(address(service))):
            pass  # names are cached for some seconds
        plan = officer.get(f"/notices/{service.notice.name}/plan")
        assert "Jo Åström (officer)" in words(plan).partition("Objectives")[2]
        offered = officer.get(address(service, "ObjectiveAdded")).text
        assert "Jo Åström, officer" in offered
        notice = f"/notices/{service.notice.name}"
        assert "Jo Åström (officer) is responsible" in words(officer.get(f"{notice}/replay"))
        assert "Owner None Jo Åström (officer)" in words(officer.get(f"{notice}/changes?from=1"))
