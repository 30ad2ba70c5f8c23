"""Test the progress of long work without a terminal: plain lines on stderr, with a rate and the time left."""

import re

import pytest

from api.cli.progress import progress


def test_a_line_now_and_then_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    with progress("recording", clock=lambda: now[0]) as report:
        for done in range(0, 50_001, 500):
            report("facts.ndjson", done, 50_000)
            now[0] += 0.25
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines == [
        "recording facts.ndjson: 20,000 of 50,000, 2,000 a second, 15 s left",
        "recording facts.ndjson: 40,000 of 50,000, 2,000 a second, 5 s left",
    ]


def test_what_is_not_known_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    with progress("recording", clock=lambda: now[0]) as report:
        report("-", 500, None)
        now[0] += 11
        report("-", 1_000, None)
    assert re.fullmatch(r"recording -: 1,000, 91 a second\n", capsys.readouterr().err)


def test_a_rate_of_less_than_one_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    with progress("reporting on", clock=lambda: now[0]) as report:
        report("tameside-2022", 0, 2)
        now[0] += 11
        report("tameside-2022", 1, 2)
    assert capsys.readouterr().err == "reporting on tameside-2022: 1 of 2\n"


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("verifying") as report:
        report("tameside-2022", 500, 710)
        report("tameside-2022", 710, 710)
    assert capsys.readouterr() == ("", "")
