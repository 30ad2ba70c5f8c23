"""Invalid input: each kind is refused with a code, a path and a message in terms of JSON."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ledger.domain.errors import Refused
from ledger.intake.parse import (
    MAXIMUM_NARRATIVE,
    MAXIMUM_NARRATIVES,
    MAXIMUM_REASONS,
    SERVER_ATTRIBUTES,
    SubmittedFact,
    accept,
    read_json,
)
from tests.ledger.history import DIGEST, OBJECTIVE, submit

EVENT = {"specversion": "1.0", "id": "k", "source": "alice", "type": "improvement-ledger.plan.ObjectiveAdded.v1"}
CLAUSE = {"number": "9", "obligor": "COUNCIL", "modality": "MUST", "rule": "r", "text": "t"}
EVIDENCE = {
    "evidence": "E1",
    "digest": DIGEST,
    "mediaType": "a/b",
    "size": 5,
    "title": "t",
    "classification": "PUBLIC",
}
DECISION = {"decision": "D1", "meeting": "M1", "title": "t", "outcome": "o", "rationale": "r"}
ROLE = {"actor": "carol", "role": "CHAIR"}
AN_ID = "expected text (an identifier: letters, digits and : . _ / -, at most 128)"
A_WORD = "expected text (a word of letters, digits, spaces and . : _ / + % -, at most 64)"
A_SIZE = "expected a whole number from 0 to 9,007,199,254,740,991"
AN_INSTANT = "expected an instant with its offset from UTC, such as 2022-07-05T09:00:00Z"
A_DAY = "expected a day, such as 2022-07-05"
PARAMETER = (
    f"{A_SIZE.replace('expected', 'expected true or false, or')}, or a number, or {A_WORD[9:]}"
    ", or a list, or an object"
)
YEARS = "the year must be between 1900 and 2199"
TWICE = "an object has this key twice; send it once"
SURROGATE = "a key or a value contains half a surrogate pair; send whole characters"
Reason = tuple[str, str, str]


def reasons(refused: Refused) -> list[Reason]:
    return [(refusal.code, refusal.path, refusal.message) for refusal in refused.refusals]


def why(event: Any) -> list[Reason]:
    """Return the code, path and message of each refusal of an event sent as JSON."""
    with pytest.raises(Refused) as caught:
        accept(read_json(json.dumps(event).encode()))
    return reasons(caught.value)


def objective(**changed: Any) -> dict[str, Any]:
    return {**EVENT, "data": OBJECTIVE | changed}


def fact(kind: str, data: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**EVENT, "type": f"improvement-ledger.{kind}.v1", "data": data | changed}


def parameters(**values: Any) -> dict[str, Any]:
    return fact("notice.ClauseRegistered", CLAUSE, parameters=values)


def test_all_faults_of_an_event_come_at_once() -> None:
    """List those of its attributes, its fields and its narratives together, in one answer."""
    event = {
        **fact("evidence.EvidenceSubmitted", EVIDENCE, title=" ", size=-1, colour="red"),
        "source": "a b",
        "position": 3,
        "time": "1800-01-01T00:00:00Z",
        "confirm": "no",
    }
    event["data"]["period"] = {"first": "1801-01-01", "last": "yesterday"}
    del event["data"]["classification"]
    paths = {path: code for code, path, _ in why(event)}
    assert paths == {
        "position": "SERVER_ATTRIBUTE",
        "source": "INVALID_FIELD",
        "time": "OUT_OF_RANGE",
        "confirm": "INVALID_FIELD",
        "data.title": "BLANK",
        "data.colour": "UNKNOWN_FIELD",
        "data.size": "OUT_OF_RANGE",
        "data.period.first": "OUT_OF_RANGE",
        "data.period.last": "INVALID_FIELD",
        "data.classification": "MISSING_FIELD",
    }


@pytest.mark.parametrize(
    ("event", "code", "path", "message"),
    [
        ([], "INVALID_EVENT", "", "an event is a JSON object; send a CloudEvent"),
        (objective() | {"specversion": "0.3"}, "INVALID_FIELD", "specversion", 'expected "1.0"'),
        (objective() | {"id": ""}, "INVALID_FIELD", "id", AN_ID),
        (objective() | {"id": "a" * 129}, "INVALID_FIELD", "id", AN_ID),
        (objective() | {"source": 7}, "WRONG_TYPE", "source", f"{AN_ID}, got a whole number"),
        (objective() | {"type": "improvement-ledger.plan.Guessed.v1"}, "UNKNOWN_TYPE", "type",
         "no fact has the type 'improvement-ledger.plan.Guessed.v1'; see /facts"),
        (objective() | {"type": 5}, "WRONG_TYPE", "type", "expected text, got a whole number"),
        (objective() | {"clauses": "4  5"}, "INVALID_FIELD", "clauses",
         "expected text (clauses of the notice, separated by single spaces)"),
        (objective() | {"datacontenttype": "text/plain"}, "INVALID_FIELD", "datacontenttype",
         "the data must be application/json"),
        (objective() | {"datacontenttype": ""}, "INVALID_FIELD", "datacontenttype",
         "the data must be application/json"),
        (objective() | {"time": "2022-07-05T09:00:00"}, "NO_TIME_ZONE", "time",
         f"the offset from UTC is missing: {AN_INSTANT}"),
        (objective() | {"time": "2022-07-05"}, "INVALID_FIELD", "time", AN_INSTANT),
        (objective() | {"time": 1657011600}, "WRONG_TYPE", "time", f"{AN_INSTANT}, got a whole number"),
        (objective() | {"time": "0001-01-01T00:00:00+14:00"}, "OUT_OF_RANGE", "time", YEARS),
        (objective() | {"data": "x"}, "WRONG_TYPE", "data", "expected an object, got text"),
        (objective() | {"data": None}, "WRONG_TYPE", "data", "expected an object, got null"),
        (objective(objective="O 1"), "INVALID_FIELD", "data.objective", AN_ID),
        (objective(objective="O1\n"), "INVALID_FIELD", "data.objective", AN_ID),
        (objective(objective="O\0"), "INVALID_FIELD", "data.objective", AN_ID),
        (objective(objective="O\ud800"), "INVALID_FIELD", "data.objective", AN_ID),
        (objective(owner=None), "WRONG_TYPE", "data.owner", f"{AN_ID}, got null"),
        (objective(areas=[]), "OUT_OF_RANGE", "data.areas", "expected a list of at least 1"),
        (objective(areas="1a"), "WRONG_TYPE", "data.areas", "expected a list of at least 1, got text"),
        (objective(areas=["1a", 2]), "WRONG_TYPE", "data.areas[1]", f"{AN_ID}, got a whole number"),
        (objective(due="30/6/2023"), "INVALID_FIELD", "data.due", A_DAY),
        (objective(due="2023-02-30"), "INVALID_FIELD", "data.due", A_DAY),
        (objective(due=20230630), "WRONG_TYPE", "data.due", f"{A_DAY}, got a whole number"),
        (objective(title=None), "WRONG_TYPE", "data.title", "expected text, got null"),
        (objective(title=["t"]), "INVALID_FIELD", "data.title", "expected text, got a list"),
        (objective(title={"sha256": DIGEST}), "INVALID_FIELD", "data.title", "expected text, got an object"),
        (objective(title=" \n"), "BLANK", "data.title",
         "the narrative is empty; enter it, or leave the field out"),
        (objective(title="a\0"), "INVALID_FIELD", "data.title",
         "the narrative contains the character NUL; remove it"),
        (objective(title="a\ud800"), "INVALID_FIELD", "data.title",
         "the narrative contains half a surrogate pair; send whole characters"),
        (objective(title="é" * (MAXIMUM_NARRATIVE // 2 + 1)), "TOO_LARGE", "data.title",
         "the narrative has 1,048,578 bytes, of at most 1,048,576; submit it as evidence"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size="5"), "WRONG_TYPE", "data.size", f"{A_SIZE}, got text"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size="4 kB"), "WRONG_TYPE", "data.size",
         f"{A_SIZE}, got text"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size=True), "WRONG_TYPE", "data.size",
         f"{A_SIZE}, got true"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size=5.5), "WRONG_TYPE", "data.size",
         f"{A_SIZE}, got a number with a decimal point or an exponent"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size=-1), "OUT_OF_RANGE", "data.size", A_SIZE),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size=2**53), "OUT_OF_RANGE", "data.size", A_SIZE),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, size=10**400), "OUT_OF_RANGE", "data.size", A_SIZE),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, digest="A"), "INVALID_FIELD", "data.digest",
         "expected text (a SHA-256 digest in base64, 44 characters)"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, classification="public"), "INVALID_FIELD",
         "data.classification",
         "expected one of PUBLIC, OFFICIAL, OFFICIAL_SENSITIVE, RESTRICTED; did you mean PUBLIC?"),
        (fact("evidence.EvidenceSubmitted", EVIDENCE, period={"first": "2022-07-05"}), "MISSING_FIELD",
         "data.period.last", "this field is required: a day, such as 2022-07-05"),
        (fact("people.RoleGranted", ROLE, **{"from": "2022-07-05T09:00:00"}), "NO_TIME_ZONE", "data.from",
         f"the offset from UTC is missing: {AN_INSTANT}"),
        (fact("people.RoleGranted", ROLE, until="9999-12-31T23:59:59-01:00"), "OUT_OF_RANGE", "data.until", YEARS),
        (fact("board.BoardDecisionRecorded", DECISION, options="a"), "WRONG_TYPE", "data.options",
         "expected a list, got text"),
        (fact("board.BoardDecisionRecorded", DECISION, votes=5), "WRONG_TYPE", "data.votes",
         "expected an object, got a whole number"),
        (parameters(days=None), "WRONG_TYPE", "data.parameters.days", f"{PARAMETER}, got null"),
        (parameters(days=-1), "OUT_OF_RANGE", "data.parameters.days", PARAMETER),
        (parameters(**{"\n": 1}), "INVALID_FIELD", 'data.parameters["\\n"]', f"its name: {A_WORD}"),
        (parameters(**{"a.b": ""}), "INVALID_FIELD", 'data.parameters["a.b"]', PARAMETER),
        (objective(**{"\ud800": 1}), "INVALID_JSON", "", SURROGATE),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_one_reason(event: Any, code: str, path: str, message: str) -> None:
    assert why(event) == [(code, path, message)]


@pytest.mark.parametrize(
    ("body", "code", "path", "message"),
    [
        (b"", "INVALID_JSON", "", "invalid JSON at line 1, column 1: expecting value"),
        (b'{"a": 1', "INVALID_JSON", "", "invalid JSON at line 1, column 8: expecting ',' delimiter"),
        (b'{"a": NaN}', "INVALID_JSON", "", "NaN is not JSON; send a number or leave the field out"),
        (b'{"a": -Infinity}', "INVALID_JSON", "", "-Infinity is not JSON; send a number or leave the field out"),
        (b'{"a": "\xe9"}', "NOT_UTF8", "", "byte 7 is not UTF-8; send JSON in UTF-8"),
        (b"\xef\xbb\xbf{}", "INVALID_JSON", "", "the JSON begins with a byte order mark; remove it"),
        (b'{"a": {"b": 1, "c": 2, "b": 1}}', "DUPLICATE_KEY", "b", TWICE),
        (b'{"\\ud800": 1, "\\ud800": 2}', "DUPLICATE_KEY", "\\ud800", TWICE),
        (b"[" * 40_000, "INVALID_JSON", "", "the JSON is nested too deeply; send fewer levels"),
        (b'{"a":' * 40_000, "INVALID_JSON", "", "the JSON is nested too deeply; send fewer levels"),
        (b"9" * 5_001, "INVALID_JSON", "", "a number has more than 4,300 digits; send a shorter one"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes, code: str, path: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        read_json(body)
    assert reasons(caught.value) == [(code, path, message)]


def test_a_duplicated_key_among_many_is_found_at_once() -> None:
    keys = ",".join(f'"{number}":0' for number in range(100_000))
    with pytest.raises(Refused, match="twice"):
        read_json(f'{{{keys},"99999":0}}'.encode())


def test_what_the_ledger_sets_is_not_sent() -> None:
    taken = objective() | dict.fromkeys(SERVER_ATTRIBUTES, 1)
    assert [(code, path) for code, path, _ in why(taken)] == [
        ("SERVER_ATTRIBUTE", name) for name in SERVER_ATTRIBUTES
    ]


def test_attributes_for_tracing_are_dropped() -> None:
    """Accept an event that tracing middleware passed on, as the same event."""
    traced = objective() | {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": 1,
    }
    assert accept(traced).id == accept(objective()).id
    assert [(code, path) for code, path, _ in why(objective() | {"traceid": "x"})] == [
        ("UNKNOWN_FIELD", "traceid")
    ]


def test_empty_data_misses_every_field() -> None:
    refusals = why(objective() | {"data": {}})
    assert [(code, path) for code, path, _ in refusals] == [
        ("MISSING_FIELD", f"data.{name}") for name in ("objective", "title", "areas", "owner", "due")
    ]
    assert refusals[4][2] == "this field is required: a day, such as 2022-07-05"


def test_everything_wrong_is_told_at_once() -> None:
    wrong = objective(title=5, areas=["1 a", "1a", None], mood="good", **{"owner.name": "x"})
    del wrong["data"]["due"]
    fields = "unknown field; the fields are areas, due, measures, objective, owner, title"
    assert why(wrong) == [
        ("INVALID_FIELD", "data.title", "expected text, got a whole number"),
        ("UNKNOWN_FIELD", "data.mood", fields),
        ("UNKNOWN_FIELD", 'data["owner.name"]', fields),
        ("INVALID_FIELD", "data.areas[0]", AN_ID),
        ("WRONG_TYPE", "data.areas[2]", f"{AN_ID}, got null"),
        ("MISSING_FIELD", "data.due", "this field is required: a day, such as 2022-07-05"),
    ]


def test_a_large_event_that_is_all_wrong_has_a_short_answer() -> None:
    assert len(why(objective(areas=[0] * 10_000))) == MAXIMUM_REASONS
    assert len(why(objective() | {f"x{number}": 1 for number in range(1_000)})) == MAXIMUM_REASONS
    assert len(why(fact("board.BoardDecisionRecorded", DECISION, options=[0] * 1_000))) == MAXIMUM_REASONS


@pytest.mark.parametrize("depth", [100, 400, 900, 3_000])
@pytest.mark.parametrize("field", ["title", "objective", "areas", "replacement"])
def test_deep_nesting_is_refused(field: str, depth: int) -> None:
    nested: Any = 1
    for _ in range(depth):
        nested = {"a": nested} if depth % 200 else [nested]
    with pytest.raises(Refused):
        accept(objective(**{field: nested}))


def test_a_correction_in_a_correction_without_end_is_refused() -> None:
    name = "improvement-ledger.records.EntryCorrected.v1"
    data: dict[str, Any] = {"position": 1, "reason": "r"}
    for _ in range(5_000):
        data = {"position": 1, "reason": "r", "replacement": {"type": name, "data": data}}
    with pytest.raises(Refused) as caught:
        accept(EVENT | {"type": name, "data": data})
    nested = "data.replacement.type"
    assert reasons(caught.value) == [("NOT_CORRECTABLE", nested, "a correction cannot be corrected")]


def test_a_value_nested_without_end_is_refused_at_its_field() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Refused, match=r"data\.title: expected text, got a list"):
        accept(EVENT | {"data": OBJECTIVE | {"title": deep}})


@pytest.mark.parametrize(
    "narrative",
    [
        "\u200b",
        " \u00ad\u2060",
        "\u202e\u202c",
        "\ufeff",
        "\u3164",
        "\u2800",
        "\ufe0f",
        "\u0007",
        "\0",
        "\u180b",
        "\U000e0100",
        "\U0001d159",
    ],
)
def test_a_narrative_without_a_visible_character_is_blank(narrative: str) -> None:
    assert [(code, path) for code, path, _ in why(objective(title=narrative))] == [("BLANK", "data.title")]


@pytest.mark.parametrize("narrative", ["\uf0b7", "\u0301", ".", "\U0001f600", "\u200bx"])
def test_any_visible_character_makes_a_narrative(narrative: str) -> None:
    assert [text.body for text in accept(objective(title=narrative)).narratives] == [narrative]


def test_half_a_surrogate_pair_is_refused_as_such_not_as_a_blank() -> None:
    assert [code for code, _, _ in why(objective(title="\ud800"))] == [
        code for code, _, _ in why(objective(title="a\ud800"))
    ]


def texts(item: SubmittedFact) -> dict[str, str]:
    return {text.path: text.body for text in item.narratives}


def test_texts_of_a_list_are_each_set_apart() -> None:
    decision = DECISION | {"options": ["One", "Two"]}
    narratives = texts(submit("BoardDecisionRecorded", decision))
    assert narratives == {"title": "t", "outcome": "o", "rationale": "r", "options[0]": "One", "options[1]": "Two"}
    assert why(fact("board.BoardDecisionRecorded", DECISION, options=["One", 2, ""])) == [
        ("INVALID_FIELD", "data.options[1]", "expected text, got a whole number"),
        ("BLANK", "data.options[2]", "the narrative is empty; enter it, or leave the field out"),
    ]


def replaced(**changed: Any) -> dict[str, Any]:
    replacement = {"type": EVENT["type"], "data": OBJECTIVE | changed}
    return {"position": 7, "reason": "A mistake.", "replacement": replacement}


def test_the_texts_of_a_replacement_are_set_apart() -> None:
    item = submit("EntryCorrected", replaced())
    assert texts(item) == {"reason": "A mistake.", "replacement.data.title": "Timely meetings"}
    assert b"Timely" not in item.data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (replaced(title=5), ("INVALID_FIELD", "data.replacement.data.title", "expected text, got a whole number")),
        (replaced(due="x"), ("INVALID_FIELD", "data.replacement.data.due", A_DAY)),
        (
            {"position": 7, "reason": "r", "replacement": {"type": "improvement-ledger.a.B.v1", "data": {}}},
            (
                "UNKNOWN_TYPE",
                "data.replacement.type",
                "no fact has the type 'improvement-ledger.a.B.v1'; see /facts",
            ),
        ),
        (
            {"position": 7, "reason": "r", "replacement": {"type": "x", "data": {}}},
            (
                "INVALID_FIELD",
                "data.replacement.type",
                "expected text (a fact's type name, with its version)",
            ),
        ),
    ],
)
def test_a_replacement_is_held_to_its_own_declaration(data: dict[str, Any], reason: Reason) -> None:
    assert why(fact("records.EntryCorrected", data)) == [reason]


def test_what_was_sent_is_left_as_it_was() -> None:
    sent = fact("records.EntryCorrected", replaced())
    before = json.dumps(sent)
    accept(sent)
    assert json.dumps(sent) == before


def test_a_refused_parameter_does_not_end_the_process() -> None:
    """Check many values of `parameters`: a union of a patterned text and a list corrupts msgspec's memory."""
    program = (
        "from tests.ledger.intake.test_parse import parameters, why\n"
        "for number in range(300): why(parameters(days={}, kinds=[number]))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_fact_has_so_many_texts_in_a_list_and_no_more() -> None:
    gathered = {"views": "V1", "group": "FRONTLINE_STAFF", "method": "survey", "count": 9}

    def gathering(number: int) -> dict[str, Any]:
        return fact("engagement.ViewsGathered", gathered, themes=["Heard."] * number)

    assert len(accept(gathering(MAXIMUM_NARRATIVES)).narratives) == MAXIMUM_NARRATIVES == 1_500
    assert why(gathering(MAXIMUM_NARRATIVES + 1)) == [
        ("TOO_LARGE", "data.themes", "the list has more than 1,500 narratives; send fewer")
    ]


def test_a_correction_holds_no_other() -> None:
    kind = "improvement-ledger.records.EntryCorrected.v1"
    within = {"position": 3, "reason": "Again."}
    corrected = fact("records.EntryCorrected", within, replacement={"type": kind, "data": within})
    assert why(corrected) == [("NOT_CORRECTABLE", "data.replacement.type", "a correction cannot be corrected")]
