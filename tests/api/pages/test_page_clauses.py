"""The clauses in the caption of a page."""

from api.pages.page_clauses import clauses_in_words

TAMESIDE = [
    {"number": number, "rule": rule}
    for number, rule in {
        "1": "context",
        "5a": "plan-kept-current",
        "5b": "board-and-chair",
        "5c": "board-report-complete",
        "9": "access-provided",
        "9a": "access-of-kinds",
        "9b": "access-of-kinds",
    }.items()
]


def test_a_page_names_the_clauses_that_its_facts_bear_on() -> None:
    assert clauses_in_words(TAMESIDE, "board", "BoardReportSubmitted") == "Clauses 5b and 5c"


def test_a_clause_is_left_out_next_to_one_that_contains_it() -> None:
    assert clauses_in_words(TAMESIDE, "access") == "Clause 9"
    assert clauses_in_words(TAMESIDE[5:], "access") == "Clauses 9a and 9b"


def test_another_notice_has_other_clauses() -> None:
    assert clauses_in_words([{"number": "12.1", "rule": "board-and-chair"}], "board") == "Clause 12.1"
    assert clauses_in_words([{"number": "2", "rule": "context"}], "board") == ""
    assert clauses_in_words([{"number": "2", "rule": "a-rule-of-later"}], "board") == ""
