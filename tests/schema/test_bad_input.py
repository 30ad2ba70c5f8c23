"""Bad documents, variables and cursors: each is refused with a code and a sentence, without side effects."""

import logging
from typing import Any

import pytest

import schema
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Busy
from ledger.intake.parse import SubmittedFact
from projections.query.reader import Reader
from projections.views.registry import ALL
from schema.context import Context
from schema.derive.connection import cursor
from schema.limits import ALIASES, CHARACTERS, DEPTH, FIELDS, OBJECTS, TOKENS, VALUES
from tests.schema.conftest import HEAD, NOTICE, World
from tests.schema.test_recording import ADD, objective

BOMB = (
    "{ ...f0 } "
    + " ".join(
        f"fragment f{n} on Query {{ me {{ actor }} ...f{n + 1} x{n}: me {{ actor }} ...f{n + 1} }}"
        for n in range(24)
    )
    + " fragment f24 on Query { me { actor } }"
)
DEEPER = "query { " + "notice { " * (DEPTH + 1) + "id" + " }" * (DEPTH + 1) + " }"


@pytest.mark.parametrize(
    ("document", "code", "expected"),
    [
        ("{ me { actor }", "GRAPHQL_PARSE_FAILED", "Expected Name"),
        ("{ me { actor } } \0", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
        ("\ud800", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
        ("{" * 3000, "GRAPHQL_PARSE_FAILED", ""),
        pytest.param(
            "{ me { actor } } #" + "x" * 1_000_000, "LIMIT_EXCEEDED", f"of at most {CHARACTERS}", id="one megabyte"
        ),
        ("{ me(a: " + "[" * 2000 + "]" * 1900 + ") { actor } }", "GRAPHQL_PARSE_FAILED", "nested too deeply"),
        ("{ " + "me { actor } " * TOKENS + "}", "LIMIT_EXCEEDED", f"more than {TOKENS} tokens"),
        ("{ me { name } }", "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'name'"),
        ("{ me }", "GRAPHQL_VALIDATION_FAILED", "must have a selection"),
        ("{ notice { id } }", "GRAPHQL_VALIDATION_FAILED", "is required"),
        ("{ notice(id: {}) { id } }", "GRAPHQL_VALIDATION_FAILED", "ID cannot represent"),
        ("{ ...missing }", "GRAPHQL_VALIDATION_FAILED", "Unknown fragment"),
        ("{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED", "itself"),
        ('{ notices(first: "3") { nodes { id } } }', "GRAPHQL_VALIDATION_FAILED", "Int cannot represent"),
        ("{ notices(first: 3000000000) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED", "32-bit"),
        (
            '{ notice(id: 1, asOf: {position: 1, knownAt: "2022-07-05T00:00:00Z"}) { id } }',
            "GRAPHQL_VALIDATION_FAILED",
            "exactly one",
        ),
        ("{ notice(id: 1, asOf: {}) { id } }", "GRAPHQL_VALIDATION_FAILED", "exactly one"),
        ('{ notice(id: 1, on: "2022-07-05T00:00:00") { id } }', "GRAPHQL_VALIDATION_FAILED", "with its offset"),
        ('{ notice(id: 1, on: "yesterday") { id } }', "GRAPHQL_VALIDATION_FAILED", "RFC 3339"),
        (
            "{ notice(id: 1) { plan { actions(filter: {standing: DON}) { totalCount } } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "The values are OPEN, COMPLETED, EMBEDDED, DROPPED.",
        ),
        (DEEPER, "LIMIT_EXCEEDED", f"of at most {DEPTH}"),
        (BOMB, "LIMIT_EXCEEDED", f"of at most {FIELDS}"),
        (
            "{ " + " ".join(f"a{n}: me {{ actor }}" for n in range(ALIASES + 1)) + " }",
            "LIMIT_EXCEEDED",
            f"of at most {ALIASES}",
        ),
        ("{ me { " + "actor " * 21 + "} }", "LIMIT_EXCEEDED", "actor occurs 21 times in one selection"),
        (
            "{ " + "... { me { actor ...a } } " * 3 + "} fragment a on Me { " + "actor " * 18 + "}",
            "LIMIT_EXCEEDED",
            "actor occurs 21 times",
        ),
        ("{ me { actor } } fragment a on Me { " + "actor " * 21 + "}", "LIMIT_EXCEEDED", "occurs 21 times"),
        (
            "{ ...a } fragment a on Query { me { ...b } } fragment b on Me { ...a }",
            "GRAPHQL_VALIDATION_FAILED",
            "itself",
        ),
        ("{ notices(first: 1" + "0" * 5_000 + ") { nodes { id } } }", "LIMIT_EXCEEDED", "digits"),
        *(
            (document.replace("HUGE", "1" + "0" * 5_000), "LIMIT_EXCEEDED", "digits")
            for document in (
                "{ notice(id: 1, asOf: {position: HUGE}) { id } }",
                "{ notice(id: 1) { entries(first: 1, filter: {positions: [1, HUGE]}) { totalCount } } }",
                "query($n: Int = HUGE) { notices(first: $n) { nodes { id } } }",
                "{ me @include(if: HUGE) { actor } }",
                "{ ...a } fragment a on Query { notices(first: HUGE) { nodes { id } } }",
            )
        ),
        ("{ notices(first: -1) { nodes { id } } }", "BAD_USER_INPUT", "1 to 1000"),
        ("{ notices(first: 0) { nodes { id } } }", "BAD_USER_INPUT", "1 to 1000"),
        ("{ notices(first: 1001) { nodes { id } } }", "BAD_USER_INPUT", "1 to 1000"),
        ('{ notices(after: "") { nodes { id } } }', "BAD_USER_INPUT", "not a cursor"),
        ('{ notices(after: "ünïcode") { nodes { id } } }', "BAD_USER_INPUT", "not a cursor"),
        ("{ notice(id: 1, atLeast: 0) { id } }", "BAD_USER_INPUT", "numbered from 1"),
    ],
)
async def test_a_bad_document(document: str, code: str, expected: str, stranger: Any) -> None:
    result = await schema.build().execute(document, None, stranger)
    assert result.errors
    codes = [(error.extensions or {}).get("code") for error in result.errors]
    assert code in codes, result.errors
    assert "INTERNAL_SERVER_ERROR" not in codes
    assert any(expected in error.message for error in result.errors), result.errors
    assert all(len(error.message) < 500 for error in result.errors)


class Stranger:
    """A viewer without a role."""

    credential = Credential("mallory")

    async def roles(self, _notice: str) -> list[Any]:
        return []

    async def is_live(self) -> bool:
        return True

    async def allowed(self) -> list[str]:
        return []


@pytest.fixture
def stranger() -> Any:
    return Context(Reader("host=nowhere", ALL), Writer("host=nowhere").append, Stranger())


async def test_a_fragment_in_many_places_is_no_obstacle(stranger: Any) -> None:
    document = (
        "{ ...a ... { me { actor ...b } ...a } } fragment a on Query { me { ...b } } fragment b on Me { actor }"
    )
    result = await schema.build().execute(document, None, stranger)
    assert (result.errors, result.data) == (None, {"me": {"actor": "mallory"}})


async def test_a_bad_subscription(stranger: Any) -> None:
    results = await schema.build().stream("subscription { nothing { id } }", None, stranger)
    (result,) = [each async for each in results]
    (error,) = result.errors
    assert (error.extensions["code"], "nothing" in error.message) == ("GRAPHQL_VALIDATION_FAILED", True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": None}, "Expected value of non-null type"),
        ({"position": 5}, "not to include unknown"),
        ({"actor": "bob"}, "not to include unknown"),
        ({"time": 5}, "RFC 3339"),
        ({"time": "2022-07-05T00:00:00"}, "with its offset"),
        ({"expectedPosition": "5"}, "sent as a number"),
        ({"expectedPosition": 2**53}, "whole number"),
        ({"expectedPosition": True}, "whole number"),
        ({"expectedPosition": -1}, "whole number"),
        ({"clauses": [5]}, "String cannot represent"),
        ({"data": {"objective": "O3"}}, "to include required"),
        ({"data": {**objective()["data"], "due": "2023-02-30"}}, "ISO 8601"),
        ({"data": {**objective()["data"], "due": 20230630}}, "ISO 8601"),
        ({"data": {**objective()["data"], "owners": "x"}}, "not to include unknown"),
        ({"data": {**objective()["data"], "title": {"sha256": "x"}}}, "String cannot represent"),
    ],
)
async def test_bad_variables(change: dict[str, Any], expected: str, stranger: Any) -> None:
    result = await schema.build().execute(ADD, {"input": objective() | change}, stranger)
    assert result.data is None
    assert result.errors
    assert {(error.extensions or {}).get("code") for error in result.errors} == {"BAD_USER_INPUT"}
    assert any(expected in error.message for error in result.errors), result.errors


@pytest.mark.parametrize(("is_open", "expected"), [(True, "The values are OPEN, COMPLETED,"), (False, "")])
async def test_a_wrong_word_in_a_variable(*, is_open: bool, expected: str, stranger: Any) -> None:
    document = """query($standing: ActionStanding) { notice(id: 1) { plan {
        actions(filter: {standing: $standing}) { totalCount } } } }"""
    built = schema.build(introspection=is_open)
    result = await built.execute(document, {"standing": "DON"}, stranger)
    assert result.data is None
    assert result.errors
    (error,) = result.errors
    assert (error.extensions or {})["code"] == "BAD_USER_INPUT"
    assert expected in error.message
    assert is_open == ("OPEN" in error.message)


async def test_a_text_of_ten_megabytes_is_refused_and_not_repeated(world: World) -> None:
    answer = (await world.data(ADD, input=objective(title="x" * 10_000_000)))["addObjective"]
    (refusal,) = answer["refusals"]
    assert (refusal["code"], refusal["path"]) == ("TOO_LARGE", "data.title")
    assert len(refusal["message"]) < 200


async def test_cursors_that_no_page_gave(world: World) -> None:
    document = (
        "query($id: ID!, $after: String) { notice(id: $id) { entries(after: $after) { nodes { position } } } }"
    )
    real = cursor(f"entries/{NOTICE}", [3])
    assert len((await world.data(document, id=NOTICE, after=real))["notice"]["entries"]["nodes"]) == HEAD - 3
    forged = [
        "3",
        "",
        "!!!",
        real[:-1],
        real + "=",
        real[:20] + ("A" if real[20] != "A" else "B") + real[21:],
        cursor("entries/another-2024", [3]),
        cursor(f"objectives/{NOTICE}", [3]),
        cursor("notices", [NOTICE]),
        "x" * 100_000,
    ]
    for after in forged:
        code, message = await world.error(document, id=NOTICE, after=after)
        assert (code, "endCursor" in message, len(message) < 200) == ("BAD_USER_INPUT", True, True), after[:50]


async def test_bad_arguments_below_a_notice(world: World) -> None:
    document = "query($id: ID!) { notice(id: $id) { %s } }"
    for selection, expected in (
        ("entries(first: 1001) { nodes { id } }", "1 to 1000"),
        ('entries(filter: {type: "Nonsense"}) { nodes { id } }', "ObjectiveAdded"),
        ("plan { objectives(first: -1) { nodes { id } } }", "1 to 1000"),
        (
            "plan { objectives(filter: {slow: true}) { nodes { progress(first: 0) { nodes { actor } } } } }",
            "1 to 1000",
        ),
    ):
        code, message = await world.error(document % selection, id=NOTICE)
        assert (code, expected in message) == ("BAD_USER_INPUT", True), message


@pytest.mark.parametrize("letter", ["\0", "\ud800"], ids=["NUL", "half of a pair"])
async def test_what_no_text_holds_is_found_nowhere(world: World, letter: str) -> None:
    document = (
        "query($id: ID!, $text: String) { notice(id: $id) { entries(filter: {text: $text}) { nodes { id } } } }"
    )
    code, message = await world.error(document, id=NOTICE, text=letter)
    assert (code, "NUL" in message) == ("BAD_USER_INPUT", True)
    code, _ = await world.error("query($id: ID!) { node(id: $id) { id } }", id=f"{NOTICE}/objective/{letter}")
    assert code == "BAD_USER_INPUT"
    assert await world.schema.answer(world.context("alice"), document, {"id": NOTICE, "text": letter}) is None


@pytest.mark.parametrize("field", ["entries", "compliance"])
@pytest.mark.parametrize("letter", ["\0", "\ud800"], ids=["NUL", "half of a pair"])
async def test_a_subscription_names_the_notice_that_is_no_text(world: World, field: str, letter: str) -> None:
    document = f"subscription($id: ID!) {{ {field}(notice: $id) {{ __typename }} }}"
    results = await world.schema.stream(document, {"id": NOTICE + letter}, world.context("alice"))
    (error,) = [error async for result in results for error in result.errors]
    assert (error.extensions["code"], error.message.startswith("notice contains")) == ("BAD_USER_INPUT", True)


async def test_what_nobody_expected_is_masked_and_logged(
    stranger: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: object) -> list[str]:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(Stranger, "allowed", broken)
    with caplog.at_level(logging.ERROR):
        result = await schema.build().execute("{ me { actor } }", None, stranger)
    assert result.errors
    (error,) = result.errors
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in str(error.formatted)
    assert error.path == ["me"]
    assert error.extensions["id"] in caplog.text
    assert "a secret" in caplog.text


async def test_a_receipt_is_not_lost_when_the_ledger_is_busy_with_the_next_fact(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = world.writer.append

    async def overloaded(
        notice: str, item: SubmittedFact, credential: Credential, expected: int | None = None
    ) -> Receipt:
        if item.id == "a2":
            raise Busy("too many facts are waiting; send it again")
        return await append(notice, item, credential, expected)

    monkeypatch.setattr(world.writer, "append", overloaded)
    document = """mutation($one: AddObjectiveInput!, $two: AddObjectiveInput!) {
        one: addObjective(input: $one) { receipt { position } }
        two: addObjective(input: $two) { receipt { position } } }"""
    result = await world.ask(document, one=objective("a1"), two=objective("a2"))
    assert result.data == {"one": {"receipt": {"position": HEAD + 1}}, "two": None}
    assert result.errors
    assert [(error.path, error.extensions) for error in result.errors] == [(["two"], {"code": "BUSY"})]


FILTERED = """query($long: [DecisionFilter!]) { notice(id: "%s") {
    board { decisions(filter: { or: $long }) { nodes { position } } } } }"""


@pytest.mark.database
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([{}] * 101, "filter has 101 conditions, of at most 100"),
        ([{"and": [{}] * 50}] * 2, "filter has 102 conditions, of at most 100"),
        ([{"not": {}}] * 51, "filter has 102 conditions, of at most 100"),
        ([{}] * (OBJECTS + 1), f"the variables have more than {OBJECTS} objects"),
        ([{"meetingIn": ["x"] * VALUES}], f"the variables have more than {VALUES} values"),
    ],
)
async def test_empty_filters_count(world: World, filters: list[Any], expected: str) -> None:
    code, message = await world.error(FILTERED % NOTICE, long=filters)
    assert (code, expected in message) == ("LIMIT_EXCEEDED", True), message


@pytest.mark.database
async def test_a_hundred_empty_filters_are_read(world: World) -> None:
    assert await world.data(FILTERED % NOTICE, long=[{}] * 100)


@pytest.mark.database
async def test_the_values_of_conditions_that_share_a_list_count(world: World) -> None:
    """Check a statement that was composed for a shorter list."""
    test = "or: [{ meetingIn: $long }, { decisionIn: $long }]"
    document = FILTERED.replace("or: $long", test).replace("DecisionFilter", "ID") % NOTICE
    assert await world.data(document, long=["a"] * 5_000)
    code, message = await world.error(document, long=["a"] * 5_001)
    assert (code, "have 10002 values, of at most 10000" in message) == ("LIMIT_EXCEEDED", True), message
