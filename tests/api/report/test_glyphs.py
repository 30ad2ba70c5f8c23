"""Every text makes a PDF: displayed where the fonts allow it, otherwise replaced by a visible stand-in."""

import asyncio
import json
import sys
import unicodedata
from datetime import UTC, date, datetime

import pytest
import typst
from msgspec import structs

from api.charts.series import Readings, Series
from api.report import pdf
from api.report.formats import FORMATS
from api.report.glyphs import characters, displayable, families
from api.report.model import AreaSummary, Report
from api.report.pdf import pdf_of
from api.report.query_models import Notice

NOW = datetime(2023, 1, 31, tzinfo=UTC)
CHARACTERS = [
    chr(code)
    for code in range(0x20, sys.maxunicode + 1)
    if unicodedata.category(chr(code)) not in {"Cn", "Cs", "Co"}
]


def report(text: str) -> Report:
    """Return a report with a text in a narrative, a title, a table and a chart's label."""
    notice = Notice(
        id="n", council="E08000008", body=None, kind="IMPROVEMENT_NOTICE", status="LIVE", title=text,
        title_erased_by=None, issuer="DfE", issued_on=date(2022, 7, 5), target_date=None, closed_on=None,
        zone="Europe/London",
    )  # fmt: skip
    area = AreaSummary(
        area="1a", title=text, title_erased_by=None, ended=None, ended_on=None, position=1, judgement="CONCERN",
        text=text,
    )  # fmt: skip
    measure = Series(
        measure="M1", title=text, unit="PERCENT", direction="HIGHER_IS_BETTER", target=None, baseline=None,
        spc=None, assurance=None, reset_on=None, suppressed=False, readings=Readings(()),
    )  # fmt: skip
    return Report(
        notice=notice, report="AR1", adviser="adviser", issued_at=NOW, issued_position=2, first=date(2022, 7, 5),
        last=date(2022, 9, 30), position=1, recorded_at=NOW, root_hash="", on=NOW, areas=(area,), requirements=(),
        measures=(measure,), slow=(), actions=(), decisions=(), board_reports=(), access=(), other=text,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good 😀", "Good [U+1F600]"),
        ("\uf0b7 a bullet from Word", "[U+F0B7] a bullet from Word"),
        ("漢字", "[U+6F22 U+5B57]"),
        ("👩\u200d👧", "[U+1F469 U+1F467]"),
        ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
        ("e\u0301 → ✓ ☑\ufe0f Ж “—” €", "e\u0301 → ✓ ☑\ufe0f Ж “—” €"),
        ("q\u0abc", "q[U+0ABC]"),
        ("\u0301a", "[U+0301]a"),
        ("a\ufeffb", "ab"),
        ("bell \x07", "bell [U+0007]"),
        ("one\r\ntwo\rthree\x0bfour\x85five\u2028six", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("plain, naïve £5", "plain, naïve £5"),
        ("שלום\u05b9", "שלום\u05b9"),
        ("שלום\n\u05b9", "שלום\n[U+05B9]"),
        ("שלום\u2029\u05b9", "שלום\n[U+05B9]"),
        ("\u20671\t\u0ecb", "\u20671\t[U+0ECB]"),
    ],
)
def test_a_text_is_displayed_or_has_a_stand_in(text: str, expected: str) -> None:
    assert displayable(text) == expected
    for name, form in FORMATS.items():
        assert form.write(report(text)), name


@pytest.mark.parametrize("weight", ["regular", "bold"])
@pytest.mark.parametrize("family", families())
def test_each_family_has_the_characters_that_it_lists(family: str, weight: str) -> None:
    """Typeset every listed character in its family alone; typst refuses PDF/UA with a missing glyph."""
    texts = [f"a{each}" if unicodedata.category(each).startswith("M") else each for each in characters(family)]
    assert len(texts) > 2_000
    source = f"""
#set document(title: "x")
#set text(font: "{family}", weight: "{weight}", fallback: false, lang: "en")
#title("x")
#for part in json(bytes(sys.inputs.parts)) {{ par(part) }}
"""
    parts = {"parts": json.dumps(texts)}
    assert typst.compile(source.encode(), ignore_system_fonts=True, sys_inputs=parts, pdf_standards=["ua-1"])


def sweep(characters: list[str]) -> None:
    """Make PDFs of characters alone, after a letter, and after a character without a glyph."""
    for base in ("", "e", "あ"):
        for start in range(0, len(characters), 8_000):
            assert pdf_of(report("".join(f"{base}{each}" for each in characters[start : start + 8_000])))


def test_a_mark_after_a_separator_makes_a_pdf() -> None:
    """Separate each mark from a letter of each of its families, by every tab and line break."""
    separators = "\t\n\r\x0b\x0c\x85\u2028\u2029"
    for family in families():
        known = list(characters(family))
        marks = [each for each in known if unicodedata.category(each).startswith("M")]
        letter = max(each for each in known if unicodedata.category(each) == "Lo")
        texts = (f"{letter}{each}{separator}{each}" for separator in separators for each in marks)
        assert pdf_of(report("".join(texts)))


LONG = {
    "a word": "\u00e9" * 33_000,
    "a word with an odd beginning": "a" + "\u05d0" * 33_000,
    "spaces that do not break": "caf\u00e9s,\u00a0\u00a0" * 12_000,
    "marks": "e" + "\u0301" * 66_000,
    "joiners": "a" + "\u200d" * 30_000,
    "joined letters": "a\u200d" * 50_000,
    "marks on joiners": "e\u0301\u2060\u0301" * 20_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_very_long_word_or_cluster_makes_a_pdf(text: str) -> None:
    assert pdf_of(structs.replace(report("short"), other=text))


NESTED = {
    "isolates": "\u2067see the plan " * 130,
    "isolates that another end does not end": "\u2067see \u202cthe plan " * 130,
    "embeddings": "\u202bsee the plan " * 130,
    "embeddings within ended isolates": "\u2066\u202bsee \u2069\u2067the plan " * 130,
    "isolates with missing ends": ("\u2067see " * 60 + "\u2069" * 60 + " ") * 20,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_deeply_nested_directions_make_a_pdf(text: str) -> None:
    assert pdf_of(report(text))


def test_directions_that_end_are_kept() -> None:
    text = "\u2067\u202bsee\u202c\u2069 \u202dthe\u202c plan " * 200
    assert displayable(text) == text


def test_a_chart_of_a_long_title_stays_xml() -> None:
    assert pdf_of(report("a" + "&" * 2_000))


def test_a_long_word_has_places_to_break_it_and_keeps_its_letters() -> None:
    word = "e\u0301" * 900
    broken = displayable(f"{word} {word}")
    assert broken.replace("\u200b", "") == f"{word} {word}"
    assert broken.count("\u200b") == 2
    assert "\u200b\u0301" not in broken
    assert displayable("x" * 1_000) == "x" * 1_000
    assert displayable("x" * 1_001) == f"{'x' * 1_000}\u200bx"


def test_marks_beyond_thirty_have_stand_ins_and_joiners_are_removed() -> None:
    assert displayable("e" + "\u0301" * 32 + "a\u0301") == "e" + "\u0301" * 30 + "[U+0301 U+0301]a\u0301"
    assert displayable("a" + "\u200d" * 40 + "b\u0416") == "a" + "\u200d" * 30 + "b\u0416"


def test_a_panic_of_typst_is_an_ordinary_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "displayable", str)
    with pytest.raises(RuntimeError, match="typst panicked"):
        pdf_of(report("\u20671\t\u0ecb"))
    assert pdf_of(report("the next report"))


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_ends_a_process_or_a_task_passes_through(
    monkeypatch: pytest.MonkeyPatch, signal: type[BaseException]
) -> None:
    def end(*_: object, **_options: object) -> None:
        raise signal

    monkeypatch.setattr(typst, "compile", end)
    with pytest.raises(signal):
        pdf_of(report("text"))


def test_each_block_and_category_makes_a_pdf() -> None:
    sweep(list({(ord(each) >> 8, unicodedata.category(each)): each for each in CHARACTERS}.values()))


@pytest.mark.long(seconds=35)
@pytest.mark.timeout(900)
def test_every_character_makes_a_pdf() -> None:
    sweep(CHARACTERS)
