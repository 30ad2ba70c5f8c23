"""Notice packs: the shipped one is valid, and every error of a pack is reported with its line."""

import hashlib
import json
import re
from base64 import b64encode
from datetime import datetime

import pytest

from ledger.domain.registry import STORED_TYPES, values_at
from ledger.intake.line_numbers import line_of, lines_of
from ledger.intake.pack import InvalidPack, PackFault, check, events, read
from ledger.intake.parse import accept
from ledger.packs import history, shipped

TAMESIDE = shipped("tameside-2022")
TEXT = TAMESIDE.decode()
LINES = [json.loads(line) for line in history("tameside-2022").splitlines()]
LETTERS = {"1": "ab", "5": "abcde", "9": "abcd", "10": "abc"}
CLAUSES = [f"{n}{letter}" for n in range(1, 14) for letter in ["", *LETTERS.get(str(n), "")]]


def test_the_tameside_pack_is_sound_and_holds_every_clause_in_order() -> None:
    assert check(TAMESIDE) == []
    pack = read(TAMESIDE)
    assert [clause.number for clause in pack.clauses] == CLAUSES
    assert [area.id for area in pack.areas] == ["1a", "1b"]
    assert (pack.notice.council, str(pack.notice.issued_on)) == ("E08000008", "2022-07-05")
    assert pack.digest == b64encode(hashlib.sha256(TAMESIDE).digest()).decode()


@pytest.mark.parametrize(
    ("number", "obligor", "modality"),
    [
        ("3", "COUNCIL", "WILL"),
        ("4", "COUNCIL", "SHOULD"),
        ("5a", "COUNCIL", "MUST"),
        ("6", "DEPARTMENT", "WILL"),
        ("7", "DEPARTMENT", "MAY"),
        ("8", "ADVISER", "MAY"),
        ("9d", "COUNCIL", "MUST"),
        ("10", "COUNCIL", "SHOULD"),
        ("10b", "COUNCIL", "MAY"),
        ("11", "COUNCIL", "SHOULD"),
        ("12", "ADVISER", "WILL"),
        ("13", "MINISTERS", "MAY"),
    ],
)
def test_each_clause_binds_whom_the_notice_binds_and_as_strongly(number: str, obligor: str, modality: str) -> None:
    [clause] = [clause for clause in read(TAMESIDE).clauses if clause.number == number]
    assert (clause.obligor.value, clause.modality.value) == (obligor, modality)


def test_the_parameters_that_the_notice_settles_are_in_the_pack() -> None:
    parameters = {clause.number: clause.parameters for clause in read(TAMESIDE).clauses}
    assert parameters["6"]["at_most_months"] == 6
    assert parameters["11"]["target_date"] == "2023-06-30"
    assert parameters["5b"]["independent_chair"] is True


def test_only_clause_9_limits_the_days_of_access() -> None:
    limits = {clause.number for clause in read(TAMESIDE).clauses if "maximum_days" in clause.parameters}
    assert limits == {"9"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('kind = "IMPROVEMENT_NOTICE"', 'kind = "LETTER"', "kind: expected one of", id="a word"),
        pytest.param('council = "E08000008"', 'council = "Tameside"', "council: ", id="a code"),
        pytest.param("issued_on = 2022-07-05", 'issued_on = "July"', "issued_on: ", id="a day"),
        pytest.param('zone = "Europe/London"', 'zone = "Europe/Hyde"', "not a time zone", id="a zone"),
        pytest.param('id = "1b"', 'id = "1a"', "already has this id", id="an area twice"),
        pytest.param('number = "9d"', 'number = "9c"', "already has this number", id="a clause twice"),
        pytest.param('rule = "escalation"', 'rule = "escalate"', "no rule is called escalate", id="a rule"),
        pytest.param("chair_reports = true", "chair_reports = 1", "expected true or false", id="a flag"),
        pytest.param("chair_reports = true", "chair_report = true", "did you mean chair_reports", id="a name"),
        pytest.param('title = "Improvement', 'heading = "Improvement', "heading: unknown field", id="a field"),
        pytest.param('text = "Surveys of staff."', 'text = " "', "the narrative is empty", id="a blank text"),
        pytest.param('sha256 = "8dc6', 'sha256 = "8DC6', "sha256: ", id="a digest"),
        pytest.param("chair_reports = true", "chair_reports = true true", "the file is not TOML", id="no TOML"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, message: str) -> None:
    before, separator, _ = TEXT.partition(old)
    assert separator
    faults = check(TEXT.replace(old, new, 1).encode())
    assert any(message in fault.message for fault in faults), faults
    assert {fault.line for fault in faults if message in fault.message} == {before.count("\n") + 1}


def test_all_faults_are_told_in_order_of_their_lines() -> None:
    wrong = TEXT.replace('kind = "IMPROVEMENT_NOTICE"', "kind = 1").replace('number = "13"', "number = 13")
    wrong = wrong.replace('obligor = "ADVISER"', 'obligor = "KING"')
    faults = check(wrong.encode())
    assert len(faults) == 4
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    with pytest.raises(InvalidPack) as caught:
        read(wrong.encode())
    assert caught.value.faults == faults


def test_faults_of_form_hide_no_other_fault() -> None:
    wrong = TEXT.replace('kind = "IMPROVEMENT_NOTICE"', 'kind = "LETTER"').replace("2022-07-05", "1922-07-05", 1)
    wrong = wrong.replace('obligor = "ADVISER"', 'obligor = "KING"').replace('"E08000008"', '"E08000999"', 1)
    wrong = wrong.replace("target_date = 2023-06-30", 'target_date = "30/06/2023"')
    messages = " ".join(fault.message for fault in check(wrong.encode()))
    for words in ("kind: ", "did you mean 2022-07-05?", "obligor: ", "no English council", "mean 2023-06-30?"):
        assert words in messages
    wrong = TEXT.replace('obligor = "ADVISER"', 'obligor = "KING"').replace('"Surveys of staff."', '" "')
    assert any("the narrative is empty" in fault.message for fault in check(wrong.encode()))


def test_a_faulty_parameter_is_named_once() -> None:
    (fault,) = check(TEXT.replace("target_date = 2023-06-30", "target_date = nan").encode())
    assert "target_date: expected a day" in fault.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the table [notice] is missing"),
        (b"\n\n\xff", "not UTF-8"),
        (b"notice = 1\narea = 2\nclause = [3]\n", "at least one [[area]]"),
        (b"[appendix]\nx = 1\n", "unknown table appendix"),
        (b"notice = " + b"9" * 5_000, "a number has too many digits"),
        (b"notice = " + b"[" * 5_000 + b"]" * 5_000, "the file is nested too deeply"),
    ],
)
def test_whatever_is_no_pack_is_told_kindly(content: bytes, message: str) -> None:
    assert any(message in fault.message for fault in check(content))


def test_what_is_not_utf8_is_told_with_its_line() -> None:
    assert check(b"\n\n\xff") == [PackFault(3, "the file is not UTF-8; save it in UTF-8")]


def test_a_byte_order_mark_of_windows_is_no_part_of_a_pack() -> None:
    content = b"\xef\xbb\xbf" + TEXT.encode()
    assert check(content) == []
    assert read(content).notice == read(TEXT.encode()).notice


def test_lines_are_found_past_texts_that_look_like_toml() -> None:
    text = '[a]\nx = """\n[[b]]\ny = 1\n"""\n[[b]]\ny = [\n  1,\n]\n[[b]]\n"y" = 2\n[b.c]\nz = 3\n'
    assert lines_of(text) == {
        ("a",): 1,
        ("a", "x"): 2,
        ("b", 0): 6,
        ("b", 0, "y"): 7,
        ("b", 1): 10,
        ("b", 1, "y"): 11,
        ("b", 1, "c"): 12,
        ("b", 1, "c", "z"): 13,
    }
    assert line_of(lines_of(text), ("b", 1, "c", "nothing", 0)) == 12


def test_a_pack_always_becomes_the_same_events() -> None:
    pack = read(TAMESIDE)
    assert events(pack) == events(read(TAMESIDE))
    assert [event["id"] for event in events(pack)][:4] == [
        "pack:notice",
        "pack:area:1a",
        "pack:area:1b",
        "pack:clause:1",
    ]
    assert {event["time"] for event in events(pack)} == {"2022-07-05T00:00:00+01:00"}
    for event in events(pack):
        accept(event)


def test_every_line_of_the_history_is_an_event_and_says_that_it_is_invented() -> None:
    for line in LINES:
        assert line["source"] == f"invented/{line['demoactor']}"
        assert {name for name in line if name.startswith("demo")} <= {
            "demoactor",
            "demorecordedat",
            "demorefers",
            "demorefused",
        }


def test_the_history_goes_forward_and_refers_back() -> None:
    recorded = [datetime.fromisoformat(line["demorecordedat"]) for line in LINES]
    assert recorded == sorted(set(recorded))
    seen: set[str] = set()
    for line, at in zip(LINES, recorded, strict=True):
        assert "time" not in line or datetime.fromisoformat(line["time"]) <= at
        for named in line.get("demorefers", {}).values():
            assert ({named} if isinstance(named, str) else set(named)) <= seen
        seen.add(line["id"])
    assert len(seen) == len(LINES)


def test_the_history_names_nobody() -> None:
    for line in LINES:
        paths = [path for ref, path in STORED_TYPES[line["type"]].kind.references if ref == "actor"]
        actors = [line["demoactor"], *(value for path in paths for _, value in values_at(line["data"], path))]
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*(-\d)?", actor) for actor in actors)
