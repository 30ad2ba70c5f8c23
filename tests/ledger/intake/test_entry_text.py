"""The scan of what an entry itself contains: words and ids, which nobody can erase."""

from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.domain.errors import Refused
from ledger.intake import entry_text
from ledger.intake.parse import accept
from ledger.intake.personal_data import PersonalData, kinds_in_id
from tests.ledger.history import DIGEST, progress, submit

NHS, UPN, EMAIL, BORN, POSTCODE, TELEPHONE = PersonalData
SAMPLE = Path(__file__).parents[3] / "ledger/packs/tameside-2022.ndjson"
EVENTS = [
    {name: value for name, value in msgspec.json.decode(line).items() if not name.startswith("demo")}
    for line in SAMPLE.read_bytes().splitlines()
]
PERSONAL_ACTOR = {("PERSONAL_DATA", "data.actor"), ("PERSONAL_DATA", "data.post")}
PERSONAL_SOURCE = {("PERSONAL_DATA", "source"), ("PERSONAL_DATA", "data.post")}
FORUM = {"views": "V1", "group": "FRONTLINE_STAFF", "method": "forum", "count": 1, "themes": ["Being heard."]}
CLAUSE = {"number": "5b", "text": "Meet monthly.", "rule": "monthly"}


def refused(name: str, data: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    """Return the code and the path of each refusal of a fact."""
    with pytest.raises(Refused) as caught:
        submit(name, data, **more)
    assert "943" not in str(caught.value)
    return [(refusal.code, refusal.path) for refusal in caught.value.refusals]


def actor(post: str, name: str = "helper-1") -> dict[str, Any]:
    """Return the registration of an actor with a post."""
    return {"actor": name, "kind": "PERSON", "post": post}


def test_a_word_of_an_entry_is_scanned_like_a_narrative() -> None:
    assert refused("ActorRegistered", actor("NHS number 943 476 5919")) == [("PERSONAL_DATA", "data.post")]
    phone, born = "head of service 07700 900123", "born 12/03/2015 of SK14 6PL"
    assert refused("ActorRegistered", actor(phone)) == [("CONFIRM_PERSONAL_DATA", "data.post")]
    assert refused("ActorRegistered", actor(born)) == [("CONFIRM_PERSONAL_DATA", "data.post")] * 2
    assert refused("ActorRegistered", actor(born), confirm="POSTCODE") == [("CONFIRM_PERSONAL_DATA", "data.post")]
    assert submit("ActorRegistered", actor(phone), confirm="TELEPHONE_NUMBER").confirm == "TELEPHONE_NUMBER"
    spoken = "nine four three four seven six five nine one nine"
    assert refused("ActorRegistered", actor(spoken)) == [("PERSONAL_DATA", "data.post")]
    assert refused("ActorRegistered", actor("jo at example dot org")) == [("PERSONAL_DATA", "data.post")]
    submit("ActorRegistered", actor("head of service 2"))


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("ViewsGathered", FORUM | {"method": "visit NHS 943 476 5919"}, "data.method"),
        ("ActReported", {"matter": "child 943-476-5919"}, "data.matter"),
        ("ProgressRecorded", {"activityRating": "943 476 5919"}, "data.activityRating"),
        ("ReviewCompleted", {"grades": [{"judgement": "943 476 5919", "grade": "2"}]}, "data.grades[0].judgement"),
        ("ClauseRegistered", CLAUSE | {"parameters": {"of": "943 476 5919"}}, "data.parameters"),
        ("ClauseRegistered", CLAUSE | {"parameters": {"of": ["x", "943 476 5919"]}}, "data.parameters"),
        ("ClauseRegistered", CLAUSE | {"parameters": {"of": [{"943 476 5919": 1}]}}, "data.parameters"),
        ("ClauseRegistered", CLAUSE | {"parameters": {"of": {"a": "943 476 5919"}}}, "data.parameters"),
        ("ClauseRegistered", CLAUSE | {"parameters": {"943 476 5919": 1}}, "data.parameters"),
        ("ClauseRegistered", CLAUSE | {"number": "943-476-5919"}, "data.number"),
        ("ActorRegistered", actor("helper", "NHS-9434765919"), "data.actor"),
        ("RoleGranted", {"actor": "B801200005001", "role": "ADVISER"}, "data.actor"),
        ("ObjectiveAdded", {"objective": "jo-at-example-dot-org"}, "data.objective"),
    ],
)
def test_words_and_new_ids_are_scanned_wherever_they_are(name: str, data: dict[str, Any], path: str) -> None:
    sample: dict[str, Any] = next((event["data"] for event in EVENTS if f".{name}." in event["type"]), {})
    assert refused(name, sample | data) == [("PERSONAL_DATA", path)]


@pytest.mark.parametrize("attribute", ["id", "source", "subject", "clauses"])
def test_the_ids_of_an_event_are_scanned(attribute: str) -> None:
    text = "943 476 5919" if attribute == "clauses" else "NHS-943-476-5919"
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            progress(**{"key" if attribute == "id" else attribute: text})
        assert [(refusal.code, refusal.path) for refusal in caught.value.refusals] == [
            ("PERSONAL_DATA", attribute)
        ]


@pytest.mark.parametrize(
    ("data", "more", "faults"),
    [
        ({"kind": "ROBOT"}, {}, {("INVALID_FIELD", "data.kind"), ("PERSONAL_DATA", "data.post")}),
        ({"kind": None}, {}, {("WRONG_TYPE", "data.kind"), ("PERSONAL_DATA", "data.post")}),
        ({}, {"subject": 5}, {("WRONG_TYPE", "subject"), ("PERSONAL_DATA", "data.post")}),
        ({"kind": 5, "actor": "NHS-943-476-5919"}, {}, {("WRONG_TYPE", "data.kind"), *PERSONAL_ACTOR}),
        ({"kind": 5}, {"source": "NHS-943-476-5919"}, {("WRONG_TYPE", "data.kind"), *PERSONAL_SOURCE}),
        ({"post": "x" * 1_000_000 + " NHS 943 476 5919"}, {}, {("INVALID_FIELD", "data.post")}),
    ],
)
def test_the_author_of_a_wrong_event_sees_its_personal_data_too(
    data: dict[str, Any], more: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "alice",
        "type": "improvement-ledger.people.ActorRegistered.v1",
        "data": actor("NHS number 943 476 5919") | data,
    }
    with pytest.raises(Refused) as caught:
        accept(event | more)
    assert {(refusal.code, refusal.path) for refusal in caught.value.refusals} == faults


def test_the_words_of_a_replacement_are_scanned() -> None:
    replacement = {"type": "improvement-ledger.people.ActorRegistered.v1", "data": actor("ring 07700 900123")}
    correction = {"position": 3, "reason": "A slip.", "replacement": replacement}
    assert refused("EntryCorrected", correction) == [("CONFIRM_PERSONAL_DATA", "data.replacement.data.post")]
    submit("EntryCorrected", correction, confirm="TELEPHONE_NUMBER")


def test_a_thing_that_was_recorded_before_can_be_named_whatever_its_id() -> None:
    data = {
        "objective": "NHS-943-476-5919",
        "narrative": "Done.",
        "activityRating": "GREEN",
        "impactRating": "RED",
    }
    submit("ProgressRecorded", data)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("NHS-943-476-5919", [NHS]),
        ("nhs.no.9434765919", [NHS]),
        ("child/943_476_5919", [NHS]),
        ("pupil-B801200005001", [UPN]),
        ("UPN:A801200005001", [UPN]),
        ("jo_at_example_dot_org", [EMAIL]),
        ("9434765919", []),
        ("943-476-5910", []),
        ("doc-2022-07-05-123", []),
        ("nhs-england-2022-07-05-12", []),
        ("nhs/2022070512", []),
        ("104-233-2022", []),
        ("E202207050001", []),
        ("10.1787/9789264123567-en", []),
        ("urn:isbn:978-0-306-40615-7", []),
        ("https://doi.org/10.1000/182", []),
        ("2022-07-05T09:00:00.123456Z", []),
        (DIGEST, []),
    ],
)
def test_ids_are_scanned_for_what_only_a_person_has(text: str, kinds: list[PersonalData]) -> None:
    assert kinds_in_id(text) == kinds


def test_no_uuid_or_digest_is_personal_data() -> None:
    draw = Random(7)
    numbers = [draw.getrandbits(128) for _ in range(20_000)]
    assert not [number for number in numbers if kinds_in_id(str(UUID(int=number, version=4)))]
    assert not [number for number in numbers if kinds_in_id(f"{number:032x}{number:032x}")]


def test_words_without_a_match_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_text, "_MOST_CLEAN", 4)
    for number in range(10):
        submit("ActorRegistered", actor(f"post {number}"))
    assert 1 < len(entry_text._clean_words) <= 4
    assert None in entry_text._clean_words
    assert refused("ActorRegistered", actor("943 476 5919")) == [("PERSONAL_DATA", "data.post")]
