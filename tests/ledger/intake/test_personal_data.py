"""The scan of narratives: matches, near misses and confirmations; a match is never repeated."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.errors import Refused
from ledger.intake import look_alikes, personal_data
from ledger.intake.parse import accept
from ledger.intake.personal_data import CONFIRMABLE, PersonalData, kinds_in
from tests.ledger.history import progress, submit

NHS, UPN, EMAIL, BORN, POSTCODE, TELEPHONE = PersonalData


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The child's number is 943 476 5919.", [NHS]),
        ("943-476-5919", [NHS]),
        ("NHS number: 9434765919", [NHS]),
        ("nhs no 943 476 5910", [NHS]),
        ("\uff19\uff14\uff13 476 5919 in wide digits", [NHS]),
        ("943\u00a0476\u00a05919 with spaces that do not break", [NHS]),
        ("9434\u200b765919, NHS 94\u200b34765919", [NHS]),
        ("pupil B801200005001", [UPN]),
        ("UPN A801200005001", [UPN]),
        ("write to jane.doe@example.org", [EMAIL]),
        ("<o'neil+x@council.gov.uk>", [EMAIL]),
        ("born on 5 July 2010", [BORN]),
        ("DOB: 05/07/2010", [BORN]),
        ("date of birth 2010-07-05", [BORN]),
        ("d.o.b. 5th of July, 2010", [BORN]),
        ("lives at OL6 6DL", [POSTCODE]),
        ("sw1a 1aa", [POSTCODE]),
        ("call 0161 342 8355", [TELEPHONE]),
        ("+44 7700 900123", [TELEPHONE]),
        ("(0161) 342-8355", [TELEPHONE]),
        ("call 07700 900123, DOB 1/2/09, OL6 6DL", [BORN, POSTCODE, TELEPHONE]),
        ("NHS number\t9434765919", [NHS]),
        ("NHS number\n9434765919", [NHS]),
        ("NHS number\r\n\r\n9434765919", [NHS]),
        ("NHS number (9434765919)", [NHS]),
        ("NHS number [943 476 5919]", [NHS]),
        ("NHS number = 9434765919", [NHS]),
        ("NHS number is: 9434765919", [NHS]),
        ("NHS number \u2013 9434765919", [NHS]),
        ("NHS number\u2014943\u2013476\u20135919", [NHS]),
        ("943\u2011476\u20115919", [NHS]),
        ("943\u2212476\u22125919", [NHS]),
        ("943.476.5919", [NHS]),
        ("943\u00b7476\u00b75919", [NHS]),
        ("943 - 476 - 5919", [NHS]),
        ("NHS  number  9434765919", [NHS]),
        ("NHS number  943  476  5919", [NHS]),
        ("943  476  5919", [NHS]),
        ("943\t476\t5919", [NHS]),
        ("943\u2028476\u2029 5919", [NHS]),
        ("NHS-number: \u200e943 476 5919\u200f", [NHS]),
        ("NHS number \u202a9434765919\u202c", [NHS]),
        ("94\u206634\u2069765\ufe0f919, NHS number 94\u206634\u2069765\ufe0f919", [NHS]),
        ("NHS_number_9434765919", [NHS]),
        ("\u0669\u0664\u0663 \u0664\u0667\u0666 \u0665\u0669\u0661\u0669", [NHS]),
        ("UPN\t(A801200005001)", [UPN]),
        ("UPN = A 8012 0000 5001", [UPN]),
        ("UPN \u2013 A\u2011801\u2011200005001", [UPN]),
        ("0161\u2011342\u20118355", [TELEPHONE]),
        ("0161.342.8355", [TELEPHONE]),
        ("0161  342  8355", [TELEPHONE]),
        ("+44 (0) 161 \u2013 342 \u2013 8355", [TELEPHONE]),
        ("+44\u20117700\u2011900123", [TELEPHONE]),
        ("DOB (12/03/2015)", [BORN]),
        ("DOB=12/03/2015", [BORN]),
        ("DOB\t12\u201103\u20112015", [BORN]),
        ("Date  of  birth: 12 / 03 / 2015", [BORN]),
        ("born \u2013 on 12\u2013Mar\u20132015", [BORN]),
        ("date of birth is March 12, 2015", [BORN]),
        ("OL6  6DL", [POSTCODE]),
        ("OL6\t6DL", [POSTCODE]),
        ("SK14\u20114DD", [POSTCODE]),
        ("SK14\u20094DD", [POSTCODE]),
        ("jane.doe\u200b@example.org", [EMAIL]),
        ("jane.doe@ex\u00e4mple.org", [EMAIL]),
        ("jane.doe @ example.org", [EMAIL]),
    ],
)
def test_what_looks_like_personal_data_is_found(text: str, kinds: list[PersonalData]) -> None:
    assert kinds_in(text) == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("NHS_number_943_476_5919", [NHS]),
        ("943/476/5919", [NHS]),
        ("943:476:5919", [NHS]),
        ("(943) 476 5919", [NHS]),
        ("NHS no 943,476,5919", [NHS]),
        ("NHS number for the child is 9434765919", [NHS]),
        ("NHS ID 9434765919", [NHS]),
        ("NHS number (10 digits) 9434765919", [NHS]),
        ("NHS number of child 2 is 9434765919", [NHS]),
        ("NHS no. 1: 9434765919", [NHS]),
        ("NHS 24 took 1234567890 calls", []),
        ("N.H.S. number 9434765919", [NHS]),
        ("National Health Service number: 9434765919", [NHS]),
        ("NHS numbers 9434765919 and another", [NHS]),
        ("NHS number <b>9434765919</b>", [NHS]),
        ("\u039dHS number 9434765919", [NHS]),
        ("NHS 9\u03014\u03013\u03014\u03017\u03016\u03015\u03019\u03011\u03019", [NHS]),
        ("943\u2044476\u20445919", [NHS]),
        ("943\u3164476\u28005919", [NHS]),
        ("UPN A/801/200/005/001", [UPN]),
        ("jane.doe (at) example.org", [EMAIL]),
        ("jane%40example.org", [EMAIL]),
        ('"jane doe"@example.org', [EMAIL]),
        ("born on the 12th of March 2015", [BORN]),
        ("birthdate: 12/03/2015", [BORN]),
        ("date of birth of the child is 12/03/2015", [BORN]),
        ("DOB 12032015", [BORN]),
        ("D O B 12\\03\\2015", [BORN]),
        ("OL6/6DL, OL6_6DL", [POSTCODE]),
        ("07700/900123", [TELEPHONE]),
        ("07700_900_123", [TELEPHONE]),
        ("447700900123", [TELEPHONE]),
        ("Tel.07700900123", [TELEPHONE]),
    ],
)
def test_other_cues_separators_and_letters_are_found(text: str, kinds: list[PersonalData]) -> None:
    assert kinds_in(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "1,204 of 943, 476 and 5,919 in NHS services",
        "NHS England counted 1234567890 contacts",
        "from 01/02/2022 10:30 to 02/02/2022 11:45",
        "ratio 1.07700900123, 0.1612345678",
        "a <b>bold</b> word and 12 < 30 > 4",
        "born of need; 12 of 30 by 5 July 2022",
        "the \u0394 of 12 and \u0420 of 30",
    ],
)
def test_figures_dates_and_marks_are_no_personal_data(text: str) -> None:
    assert kinds_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No digits at all.",
        "9434765919 is a bare number",
        "943 476 5910 has a wrong check digit",
        "B801200005002 has a wrong check letter",
        "68 of 101 on 5 July 2022, 07/08/2022 and 2022-07-05",
        "the board met @ noon, 14:30",
        "clauses 9a to 9d, E08000008, version 1.2.3",
        "on 5 July 2022 the notice came; the service was born of need",
        "0.55, 10,000 children, £1,250,000 and 0-25 years",
        "reference 2022/0123456789",
        "teams A1 and B2, 1A to 3C",
        "01.02.2023 12.30, 02.03.2023 09.15",
        "on 1 May 2022\n12 of 30\n2022 to 2023",
        "visits 10\n20\n30\n40\n50",
        "the NHS trust saw 1,200 children in 2022 and 1,350 in 2023",
        "NHS England wrote on 5 July 2022 about 12 places",
        "10 \u2013 20 children, 0\u201325 years",
    ],
)
def test_what_is_none_passes(text: str) -> None:
    assert kinds_in(text) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("child 9434 765 919 seen", [NHS]),
        ("943-4765-919", [NHS]),
        ("943,476,5919", [NHS]),
        ("943 | 476 | 5919", [NHS]),
        ("[943] [476] [5919]", [NHS]),
        ("943'476'5919; 943\u2019476\u20195919", [NHS]),
        ("NHS number: **943** **476** **5919**", [NHS]),
        ("NHS number: 943&nbsp;476&nbsp;5919", [NHS]),
        ("NHS number 943%20476%205919", [NHS]),
        ("9434765919 is her NHS number", [NHS]),
        ("9434765919 (NHS no)", [NHS]),
        ("UPN A|801|200|005|001", [UPN]),
        ("jo@[10.0.0.1]", [EMAIL]),
        ("jo@[IPv6:2001:db8::1], jo@192.168.0.1", [EMAIL]),
        ("jo at example dot org", [EMAIL]),
        ("jo at example dot gov dot uk", [EMAIL]),
        ("jo(at)example(dot)org, jo {at} example {dot} org", [EMAIL]),
        ("jo@example[.]org", [EMAIL]),
        ("jo @ example . org", [EMAIL]),
        ("jo@example\u3002org", [EMAIL]),
        ("jo&#64;example.org, jo&commat;example.org", [EMAIL]),
        ("jo@@example.org", [EMAIL]),
        ("(jo)@example.org", [EMAIL]),
        ("date-of-birth 12/03/2015", [BORN]),
        ("date_of_birth: 2015-03-12", [BORN]),
        ("DateOfBirth 12/03/2015", [BORN]),
        ("birth: 12/03/2015", [BORN]),
        ("DOB 12|03|2015", [BORN]),
        ("DOB 12;03;2015, DOB 12 * 03 * 2015", [BORN]),
        ("DOB 12 Mar '15", [BORN]),
        ("born on Thursday 12 March 2015", [BORN]),
        ("born in Tameside on 12/03/2015", [BORN]),
        ("born in March 2015", [BORN]),
        ("OL6 - 6DL", [POSTCODE]),
        ("OL6 (6DL)", [POSTCODE]),
        ("OL6|6DL, OL6: 6DL", [POSTCODE]),
        ("O L 6 6 D L", [POSTCODE]),
        ("OL 6 6DL", [POSTCODE]),
        ("ol6 1st, OL6 1ST", [POSTCODE]),
        ("07700,900,123", [TELEPHONE]),
        ("0161, 496 0123", [TELEPHONE]),
        ("+44,161,496,0123", [TELEPHONE]),
        ("020,7946,0018", [TELEPHONE]),
        ("07700/900/123", [TELEPHONE]),
        ("07700:900:123", [TELEPHONE]),
        ("07700|900|123", [TELEPHONE]),
        ("[07700] 900123, {0161} 496 0123", [TELEPHONE]),
        ("+ 44 7700 900123, (+44) 7700 900123", [TELEPHONE]),
        ("+4407700900123", [TELEPHONE]),
        ("(0)7700 900123", [TELEPHONE]),
        ("0161. 496. 0123", [TELEPHONE]),
        ("+353 1 234 5678", [TELEPHONE]),
    ],
)
def test_every_separator_and_grouping_is_found(text: str, kinds: list[PersonalData]) -> None:
    assert kinds_in(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "1,234,567; 9,434,765,919; 12,345,678,901; 1.234.567,89; 9 434 765 919",
        "943, 476, 5919; 943,476; 5,919",
        "2019, 2020, 2021, 2022; in 2022 104 233 children; 2022-104-239",
        "ref 2022/0123/456/789, ref 0123-456, 001, 002, 003, 004",
        "10; 20; 30; 40; 50; 60; | 2022 | 943 | 476 | 591 |",
        "by 05/2023 1,234 children; 06/2023: 2,345",
        "025, 1,234,567; growth of +1,234,567,890",
        "41 (12%), 42 (13%), 43 (14%), 44 (15%)",
        "09:30:15.123, 0900-1130, 2022-07-05T09:00:00Z",
        "D1, 2nd visit; E1 (2nd); W1 - 3rd week; objective O1 4th update; E1; 2nd visit; E1 2 AT",
        "M1 to M60, clauses 1a, 1b, 5a, 5b, Table 1. 943 476 5910",
        "look at polka dot fabrics at the dot com boom; met @ noon; 3 @ 1.50",
        "the birth of the plan; a rebirth; born of need on 5 July 2022",
        "AT&T, R&D, 10 &amp; 20, 5 &lt; 6",
        "ISBN 978-0-306-40615-7; sort 20-00-00; version 10.20.30.40",
        "0 1 2 3 4 5 6 7 8 9 10; +10 -20 +30 -40",
        "NHS: 12, 14, 16, 18, 20; NHS England: 2021-22, 2022-23",
        "001 002 003 004 005; 00 12 34 56 78 90 11; +1.2.3.4.5.6.7.8.9.10",
        "12 May 2022: birthdays; UPN recorded for 1,204 children in 2022; DOB in 98% of 1,204 by 5 July 2022",
        "123% 456% 7890; \u00a3943 \u00a3476 \u00a35910; C:\\temp\\2022",
    ],
)
def test_figures_lists_and_references_are_no_personal_data(text: str) -> None:
    assert kinds_in(text) == []


@pytest.mark.parametrize("text", ["943 476 5919", "jane.doe@example.org", "UPN A801200005001"])
def test_what_is_refused_is_not_repeated_and_cannot_be_confirmed(text: str) -> None:
    confirm = " ".join(kind.value for kind in PersonalData)
    for more in ({}, {"confirm": confirm}):
        with pytest.raises(Refused) as caught:
            progress(text=f"It says {text}.", **more)
        [refusal] = caught.value.refusals
        assert (refusal.code, refusal.path) == ("PERSONAL_DATA", "data.narrative")
        assert text not in str(caught.value)


def test_what_is_warned_of_is_confirmed_by_kind_and_the_entry_keeps_it() -> None:
    text = "The office moved to OL6 6DL; call 0161 342 8355."
    with pytest.raises(Refused) as caught:
        progress(text=text, confirm="POSTCODE")
    assert [(r.code, r.path) for r in caught.value.refusals] == [("CONFIRM_PERSONAL_DATA", "data.narrative")]
    assert "confirm TELEPHONE_NUMBER" in str(caught.value)
    assert progress(text=text, confirm="POSTCODE TELEPHONE_NUMBER").confirm == "POSTCODE TELEPHONE_NUMBER"
    assert all(f"{kind.value}" in {k.value for k in PersonalData} for kind in CONFIRMABLE)


def test_every_text_of_a_fact_is_scanned_those_of_a_correction_too() -> None:
    themes = {"views": "V1", "group": "FRONTLINE_STAFF", "method": "forum", "count": 3}
    with pytest.raises(Refused) as caught:
        submit("ViewsGathered", themes | {"themes": ["Well.", "Ask jane.doe@example.org"]})
    assert [refusal.path for refusal in caught.value.refusals] == ["data.themes[1]"]
    data = {"objective": "O1", "narrative": "Call 0161 342 8355", "activityRating": "A", "impactRating": "B"}
    corrected = {"type": "improvement-ledger.plan.ProgressRecorded.v1", "data": data}
    event = {
        "specversion": "1.0",
        "id": "c1",
        "source": "s",
        "type": "improvement-ledger.records.EntryCorrected.v1",
        "data": {"position": 3, "reason": "x", "replacement": corrected},
    }
    with pytest.raises(Refused) as caught:
        accept(event)
    assert [refusal.path for refusal in caught.value.refusals] == ["data.replacement.data.narrative"]
    accept(event | {"confirm": "TELEPHONE_NUMBER"})


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "0",
        "a@",
        "0 ",
        "943 476 ",
        "born 1/",
        "AA1 ",
        "1.1@a.",
        "NHS ",
        "0161,",
        "+44 ",
        "a at b dot ",
        "&#",
        "O L 6 ",
    ],
)
def test_a_long_text_is_scanned_in_time_that_grows_with_it(piece: str) -> None:
    """Scan a megabyte: a pattern that backtracks from every place would take minutes."""
    started = time.process_time()
    kinds_in(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 10


SPELLINGS = (
    *(
        "jo(at)example.org",
        "jo at example dot org",
        "jo AT example DOT org",
        "jo%40example.org",
        "jo&#64;example.org",
    ),
    *("<jo@example.org>", "born 5 July 2010", "BIRTH 5/7/10", "d o b 20100705", "D. O. B. 05.07.2010"),
    *("OL6 6DL", "ol6 6dl", "O L 6 6 D L", "OL%206 6DL", "OL6\u28006DL", "GIR 0AA", "NHS no 9434765919"),
    *("943 476 5919", "943%20476%205919", "UPN A801200005001", "0161 342 8355", "+44 7700 900123"),
)
PIECES = (
    *"0 9aAzZ@&;%([{<>.,-/|+'\t\n\u00a0\u0661\u1160\u2013\u2019\u200b\u212a\u2800\uff10",
    "  ",
    "%20",
    " dot ",
)


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """Return a spelling of personal data with up to two pieces inserted or replaced."""
    text = draw(st.sampled_from(SPELLINGS))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at + draw(st.integers(0, 1)) :]
    return text


@given(misspelt())
@settings(max_examples=400)
def test_the_cheap_checks_pass_nothing_that_the_searches_match(text: str) -> None:
    quick = kinds_in(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(personal_data, "is_plain", lambda _text: False)
        patch.setattr(look_alikes, "_UNEVEN", ("",))
        searches = tuple((re.compile(""), kinds) for _, kinds in personal_data._SEARCHES)
        patch.setattr(personal_data, "_SEARCHES", searches)
        assert kinds_in(text) == quick
