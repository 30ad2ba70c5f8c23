"""Test that no entry and no bundle can steer the terminal of the person who reads it."""

import io

import pytest
from rich.console import Console

from api.cli.common import printable, say
from api.cli.replay import _folded
from ledger.bundle import verify_bundle

HOSTILE = "DAMAGED\r\x1b[2K\x1b]52;c;cm0=\x07SOUND \u202eevil\x9b2J"


@pytest.mark.parametrize("text", [printable(HOSTILE), verify_bundle.plain(HOSTILE)])
def test_control_characters_are_escaped(text: str) -> None:
    assert text.isprintable()
    assert text.startswith("DAMAGED\\u000d\\u001b[2K")


def test_lines_and_plain_language_stay() -> None:
    assert printable("Zoë: plan\n\tdone") == "Zoë: plan\n\tdone"


def test_a_narrative_in_a_terminal_is_escaped_and_in_a_pipe_whole() -> None:
    terminal, pipe = (Console(file=io.StringIO(), force_terminal=forced, width=200) for forced in (True, False))
    assert _folded(HOSTILE, "", terminal).isprintable()
    assert _folded(HOSTILE, "", pipe) == HOSTILE


def test_a_message_on_stderr_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    assert capsys.readouterr().err.rstrip("\n").isprintable()
