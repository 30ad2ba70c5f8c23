"""Searching narratives: words in any order, phrases in quotes, prefixes. Spelling variants are equal."""

import unicodedata
from typing import Any

import psycopg
import pytest

from tests.schema.conftest import HEAD, NOTICE, World

TITLES = {
    "S1": "Visit children\u2019s homes \u2013 weekly",
    "S2": "Train staff at the cafe\u0301 on the high street",
    "S3": "Improving assessments: a follow-up of the first visits",
    "S4": "\u201cTime to talk\u201d sessions for care leavers",
}


@pytest.fixture
async def searched(world: World) -> World:
    for number, (objective, title) in enumerate(TITLES.items()):
        data = {"objective": objective, "title": title, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
        await world.record("plan.ObjectiveAdded", data, f"s{number}")
    await world.caught_up(HEAD + len(TITLES))
    return world


async def objectives(world: World, text: str | None) -> list[str]:
    document = """query($id: ID!, $text: String) { notice(id: $id) { plan {
        objectives(filter: {text: $text}) { nodes { objective } } } } }"""
    plan = (await world.data(document, id=NOTICE, text=text))["notice"]["plan"]
    return [each["objective"] for each in plan["objectives"]["nodes"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("visit", ["S1", "S3"]),
        ("VISITS first", ["S3"]),
        ("homes visiting", ["S1"]),
        ("homes street", []),
        ("assess", ["S3"]),
        ("improvi", ["S3"]),
        ('"first visits"', ["S3"]),
        ('"visits first"', []),
        ('"care leavers" talk', ["S4"]),
        ("children's", ["S1"]),
        ("children\u2019s", ["S1"]),
        ("café", ["S2"]),
        ("cafe\u0301", ["S2"]),
        ("\uff23\uff21\uff26\uff25\u0301", ["S2"]),
        ("follow\u2011up", ["S3"]),
        ("staff at the street", ["S2"]),
        ("the", ["S2", "S3"]),
        ('"time to talk', ["S4"]),
        ("visit.*", ["S1", "S3"]),
        ("visit:*", ["S1", "S3"]),
        ("!visit & !first", ["S3"]),
        ("visit <-> child", ["S1"]),
        ("(visit|train)", []),
        ("^a|b", []),
        ("\\bvisit\\b", []),
        ("[a-z]+", []),
        ("no'thing & | ! <-> :* ( ) \\ '", []),
    ],
)  # fmt: skip
async def test_what_is_found(searched: World, text: str, expected: list[str]) -> None:
    assert await objectives(searched, text) == expected


@pytest.mark.parametrize("text", ["", "  ", '""', "!!", "-", ".*", "%", "_", "\\", '"' * 501, None])
async def test_a_text_without_words_filters_nothing(searched: World, text: str | None) -> None:
    assert await objectives(searched, text) == ["O1", "O2", *TITLES]
    document = """query($id: ID!, $text: String) { notice(id: $id) {
        entries(filter: {text: $text}) { nodes { position } } } }"""
    nodes: list[Any] = (await searched.data(document, id=NOTICE, text=text))["notice"]["entries"]["nodes"]
    assert len(nodes) == HEAD + len(TITLES)


async def test_entries_are_searched_over_all_their_narratives(searched: World) -> None:
    clause = {
        "number": "9",
        "obligor": "COUNCIL",
        "modality": "MUST",
        "rule": "adviser-in-post",
        "text": "Open the files",
    }
    await searched.record("notice.ClauseRegistered", clause, "c9")
    await searched.caught_up(HEAD + len(TITLES) + 1)
    document = (
        'query($id: ID!) { notice(id: $id) { entries(filter: {text: "filing open"}) { nodes { position } } } }'
    )
    nodes = (await searched.data(document, id=NOTICE))["notice"]["entries"]["nodes"]
    assert nodes == [{"position": HEAD + len(TITLES) + 1}]


async def test_long_narratives_and_long_searches_are_no_obstacle(searched: World) -> None:
    words = " ".join(f"{chr(0x10400 + number % 40)}{number}" for number in range(140_000))[:700_000]
    data = {"objective": "S9", "title": words, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    await searched.record("plan.ObjectiveAdded", data, "s9")
    await searched.caught_up(HEAD + len(TITLES) + 1)
    assert await objectives(searched, "𐐀0") == ["S9"]
    assert await objectives(searched, "𐐀" * 100_000) == []
    assert await objectives(searched, '"' + "a b " * 100_000) == []


@pytest.mark.parametrize("before", [49_990, 59_990, 250_000])
async def test_the_end_of_a_long_narrative_is_searched(searched: World, before: int) -> None:
    title = f"{'visitings ' * (before // 10)}zebra crossing"
    data = {"objective": "S9", "title": title, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    await searched.record("plan.ObjectiveAdded", data, "s9")
    head = HEAD + len(TITLES) + 1
    await searched.caught_up(head)
    document = 'query($id: ID!) { notice(id: $id) { entries(filter: {text: "zebra"}) { nodes { position } } } }'
    nodes = (await searched.data(document, id=NOTICE))["notice"]["entries"]["nodes"]
    assert nodes == [{"position": head}]
    assert await objectives(searched, '"zebra crossing"') == ["S9"]
    assert await objectives(searched, '"crossing zebra"') == []


SPELLINGS = {
    "children's": [
        *("children\xb4s", "children\u02bbs", "children\uff07s", "CHILDREN\u2032S", "children\u055as"),
        *("children\u2018s", "children\u201as", "children\u201bs", "children\u1fbfs", "children\u275bs"),
    ],
    "improve": [
        *("im\u00adprove", "im\u200cprove", "im\u200dprove", "im\ufeffprove", "im\u200eprove", "im\u2060prove"),
        *("\u2067improve\u2069", "im\u034fprove", "im\u180eprove", "improve\ufe0f", "im\U000e0100prove"),
        *("im\u3164prove", "im\ufff9prove", "•improve", "\uf0b7improve", "😀improve", "improve✔"),
    ],
    '"first visit"': ["first\xa0visit", "first\u2028visit", "first\x85visit", "first\u2009visit"],
    "follow-up": [
        "follow\u2043up",
        "follow\u2e3aup",
        "follow\u301cup",
        "follow\ufe58up",
        "follow\u2212up",
        "follow up",
    ],
    "STRASSE": ["straße", "STRASSE", "STRA\u1e9eE"],
    "οδος": ["ΟΔΟΣ", "οδοσ"],
    "istanbul": ["İstanbul", "ISTANBUL"],
    "caf\xe9": ["CAFE\u0301", "CAF\xc9"],
    "talk": ["«talk»", "\u2039talk\u203a", "„talk“", "\u2033talk\u2033"],
    "staff parents": ["staff/parents", "staff-parents", "staff•parents", "staff…parents", "staff・parents"],
    "2022-23": ["2022/23", "2022\u201323", "2022 23"],
    "1/2": ["1\u20442", "½"],
    "efficient": ["e\ufb03cient"],
    "\u01f0an": ["J\u030cAN", "j\u030can"],
    "\u03b1\u03b9\u03b4\u03b7\u03c2": [
        "\u1fb3\u03b4\u03b7\u03c3",
        "\u1fbc\u0394\u0397\u03a3",
        "\u03b1\u0345\u03b4\u03b7\u03c2",
    ],
    "kadin": ["kad\u0131n", "KADIN", "KAD\u0130N"],
    "safety": ["safety\u2122", "safety\u02c7", "\u02c7safety", "safety\xa8", "safety\u2260", "safety\u02dc"],
}


MATCHES = "SELECT views.search_vector(%s) @@ views.search_query(%s)"


def test_a_word_is_found_in_all_its_spellings_and_by_them(database: str) -> None:
    pairs = [
        pair for word, others in SPELLINGS.items() for each in others for pair in ((each, word), (word, each))
    ]
    with psycopg.connect(database) as connection:
        missed = [pair for pair in pairs if connection.execute(MATCHES, pair).fetchone() != (True,)]
        phrase = connection.execute(MATCHES, ("talk to time", "«time to talk»")).fetchone()
    assert (missed, phrase) == ([], (False,))


def test_every_mark_and_symbol_parts_words(database: str) -> None:
    characters = (chr(code) for code in range(0x21, 0x3000))
    symbols = [
        each
        for each in characters
        if unicodedata.category(each)[0] in "PSZ"
        and not any(map(str.isalnum, unicodedata.normalize("NFKD", each)))
    ]
    missing = """SELECT each FROM unnest(%s::text[]) each WHERE NOT
        views.search_vector(each || 'visit' || each || 'homes')
        @@ views.search_query('homes' || each || ' visit')"""
    with psycopg.connect(database) as connection:
        assert connection.execute(missing, (symbols,)).fetchall() == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\u2018children\u2019", "children"),
        ("\u201bchildren\u201a", "children"),
        ("homes/weekly", "weekly"),
        ("homes•weekly", "weekly"),
        ("2022-23", "23"),
        ("a follow-up", '"follow up"'),
        ("a follow up", '"follow-up"'),
    ],
)
def test_marks_part_words(database: str, text: str, word: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute(MATCHES, (text, word)).fetchone() == (True,)


@pytest.mark.parametrize("mark", "'-/\u2018\u2019\u201a\u201b\u02bc\u2032\u275b\u2010\u2013\u2212")
def test_a_word_with_a_mark_is_a_phrase(database: str, mark: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute(MATCHES, ("homes of parents", f"parents{mark}homes")).fetchone() == (False,)
        assert connection.execute(MATCHES, ("the parents homes", f"parents{mark}homes")).fetchone() == (True,)
