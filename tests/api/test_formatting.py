"""Codes as words on pages."""

import pytest

from api import formatting


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (["CASE_FILES"], "Case files"),
        (["CASE_FILES", "MINUTES", "OTHER"], "Case files, minutes and other"),
        (["CULTURE", "MULTI_AGENCY"], "Culture and multi-agency"),
        (["MULTI_AGENCY", "DFE"], "Multi-agency and DfE"),
    ],
)
def test_codes_are_a_phrase(codes: list[str], words: str) -> None:
    assert formatting.plain_list(codes) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("improvement-ledger.board.BoardDecisionRecorded.v1", "Board decision recorded"),
        ("PreReviewAssessmentSubmitted", "Pre-review assessment submitted"),
        ("SelfAssessmentPublished", "Self-assessment published"),
        (None, ""),
    ],
)
def test_a_fact_is_named_in_words_with_their_hyphens(name: str | None, words: str) -> None:
    assert formatting.fact(name) == words


def test_a_code_is_words_with_their_hyphens() -> None:
    assert [
        formatting.plain(code) for code in ("SELF_ASSESSMENT", "OFFICIAL_SENSITIVE", "MULTI_AGENCY", "DFE")
    ] == [
        "Self-assessment",
        "Official-sensitive",
        "Multi-agency",
        "DfE",
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("options[0]", "Option 1"),
        ("text", "Narrative"),
        ("objectives[1].text", "Objective 2"),
        ("changeMade", "Change made"),
        ("grantee", "Person to have access"),
    ],
)
def test_a_field_of_stored_data_is_named_in_words(path: str, words: str) -> None:
    assert formatting.field_name(path) == words


def test_an_option_without_a_label_shows_its_value() -> None:
    rows = [{"partner": "P1", "organisation": ""}, {"partner": "P2", "organisation": "The police force"}]
    assert formatting.pairs(rows, "partner", "organisation") == [("P1", "P1"), ("P2", "The police force")]


@pytest.mark.parametrize(
    ("code", "colour"),
    [("MET", "green"), ("POWER_UNUSED", "grey"), ("POWER_USED", "blue"), ("NO_EVIDENCE", "purple")],
)
def test_a_power_has_not_the_colour_of_success(code: str, colour: str) -> None:
    assert f"govuk-tag--{colour}" in formatting.tag(code)
