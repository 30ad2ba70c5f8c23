"""Test the directions of quoted texts: none goes on after the quotation."""

import pytest

from projections.engine.narrative import NarrativeRef
from projections.narrate.directions import with_ended_directions
from projections.narrate.sentence import quote, with_name


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("plain", ""),
        ("caf\u00e9 \u05e2\u05d1\u05e8\u05d9\u05ea", ""),
        ("\u202eevil", "\u202c"),
        ("\u202eevil\u202c", ""),
        ("\u2067evil", "\u2069"),
        ("\u2066\u202aevil", "\u202c\u2069"),
        ("\u2066\u202aevil\u2069", ""),
        ("\u202a\u2066evil\u202c", "\u2069\u202c"),
        ("\u2069\u202c\u202devil", "\u202c"),
        ("\u202b\u202e\u202c", "\u202c"),
    ],
)
def test_open_directions_are_ended(text: str, ends: str) -> None:
    assert with_ended_directions(text) == text + ends


def test_a_quotation_and_a_name_end_their_directions() -> None:
    assert quote(NarrativeRef("\u202eevil")) == "“\u202eevil\u202c”"
    assert with_name("jo", {"jo": "\u202eJo"}) == "\u202eJo\u202c (jo)"
