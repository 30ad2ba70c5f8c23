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
