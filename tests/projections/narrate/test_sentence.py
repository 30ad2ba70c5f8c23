"""Every fact has a sentence, which names only fields of the fact, and all that it requires."""

import re
from datetime import UTC, date, datetime
from typing import get_type_hints
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec import Struct

from ledger.domain.areas.notice import AreaRegistered
from ledger.domain.areas.people import RoleGranted
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, Kind
from ledger.domain.roles import Role
from projections.engine.narrative import NarrativeRef
from projections.narrate.sentence import (
    day,
    fields_of,
    instant,
    join_items,
    natural_key,
    numbered,
    phrase,
    reason_with_names,
    zone_of,
)

LONDON = ZoneInfo("Europe/London")
UNTOLD = {"digest", "pack_digest"}
"""Required fields that a sentence may leave out."""


def test_names_are_ordered_as_people_count() -> None:
    assert sorted(["13", "5f", "9d", "5a", "10"], key=natural_key) == ["5a", "5f", "9d", "10", "13"]


def test_one_of_several_texts_is_called_by_the_name_of_one() -> None:
    assert [numbered(each, 2) for each in ("options", "weaknesses", "progress")] == [
        "option 2",
        "weakness 2",
        "progress 2",
    ]


def test_every_fact_has_its_sentence() -> None:
    assert all(fact.sentence.sentence for fact in KIND_OF)


def templates(fact: type[Fact]) -> list[str]:
    """Return every template of a fact's sentence."""
    return [fact.sentence.sentence, *(part for value in fact.sentence.settles for part in value)]


def has(struct: type[Struct], path: str) -> bool:
    """Return True if a struct has the attribute at a dotted path."""
    name, _, rest = path.partition(".")
    if name not in struct.__struct_fields__:
        return False
    hint = get_type_hints(struct)[name]
    inner = [part for part in getattr(hint, "__args__", (hint,)) if isinstance(part, type)]
    return not rest or any(issubclass(part, Struct) and has(part, rest) for part in inner)


@pytest.mark.parametrize("fact", KIND_OF, ids=lambda fact: fact.__name__)
def test_a_sentence_names_fields_that_the_fact_has(fact: type[Fact]) -> None:
    named = [name for template in templates(fact) for name in fields_of(template)]
    assert [name for name in named if not has(fact, name)] == []


@pytest.mark.parametrize("fact", KIND_OF, ids=lambda fact: fact.__name__)
def test_a_sentence_tells_every_required_field_and_puts_optional_ones_in_brackets(fact: type[Fact]) -> None:
    sentence = fact.sentence.sentence
    outside = {name.partition(".")[0] for name in fields_of(re.sub(r"\[[^]]*]", "", sentence))}
    texts = {path[0] for path in KIND_OF[fact].narratives}
    required = {field.name for field in msgspec.structs.fields(fact) if field.required}
    assert required - texts - UNTOLD <= outside
    assert outside <= required


def test_an_optional_part_is_left_out_when_its_field_is_empty() -> None:
    sentence = RoleGranted.sentence.sentence
    until = datetime(2023, 1, 31, tzinfo=UTC)
    open_ended = RoleGranted(actor="ann", role=Role.BOARD_MEMBER)
    assert phrase(sentence, open_ended, {}, LONDON) == "ann was given the role of board member"
    limited = RoleGranted(actor="ann", role=Role.BOARD_MEMBER, until=until)
    assert phrase(sentence, limited, {}, LONDON).endswith("board member, until 31 January 2023")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (NarrativeRef(" Leaders {area} [x] ", None), "“Leaders {area} [x]”"),
        (NarrativeRef(None, 12), "“erased by entry 12”"),
        (None, "“missing”"),
    ],
)
def test_free_text_is_quoted_as_it_can_be_read_now(text: NarrativeRef | None, sentence: str) -> None:
    fact = msgspec.convert({"area": "1a", "title": {"sha256": "A" * 43 + "="}}, AreaRegistered)
    texts = {"title": text} if text else {}
    assert phrase(AreaRegistered.sentence.sentence, fact, texts, LONDON).endswith(f": {sentence}")


def test_days_and_times_are_read_aloud_in_the_zone_of_the_notice() -> None:
    assert day(date(2022, 7, 5)) == "5 July 2022"
    assert instant(datetime(2022, 7, 5, 8, 4, tzinfo=UTC), LONDON) == "5 July 2022, 09:04"
    assert instant(datetime(2022, 7, 4, 23, tzinfo=UTC), LONDON) == "5 July 2022"
    assert instant(datetime(2022, 12, 5, tzinfo=UTC), LONDON) == "5 December 2022"


@pytest.mark.parametrize("name", ["Europe/Hyde", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_read_as_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"


def test_lists_are_read_aloud() -> None:
    assert [join_items(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize("kind", KIND_OF.values(), ids=lambda kind: kind.name)
def test_a_yes_or_no_chooses_between_two_wordings(kind: Kind) -> None:
    hints = get_type_hints(kind.struct)
    sentence = kind.struct.sentence
    for template in (sentence.sentence, *(part for value in sentence.settles for part in value)):
        assert {name for name in re.findall(r"{(\w+)}", template) if hints.get(name) is bool} == set()


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("The post of a is held by a.", "The post of a is held by Ann (a)."),
        (
            "The post of a is held by a, b.c and d; it was a.",
            "The post of a is held by Ann (a), Bo (b.c) and d; it was a.",
        ),
        ("The board is chaired by b.c.", "The board is chaired by Bo (b.c)."),
        ("The adviser a begins on 3 May 2023.", "The adviser Ann (a) begins on 3 May 2023."),
        (
            "The independence of the chair, a, is not explained.",
            "The independence of the chair, Ann (a), is not explained.",
        ),
        ("The chair, a, does not hold the role chair.", "The chair, Ann (a), does not hold the role chair."),
        ("The chair, a, does not hold the role a.", "The chair, Ann (a), does not hold the role a."),
        ("The report of a is late.", "The report of a is late."),
    ],
)
def test_a_reason_names_the_people_that_it_states(reason: str, named: str) -> None:
    assert reason_with_names(reason, {"a": "Ann", "b.c": "Bo"}) == named
