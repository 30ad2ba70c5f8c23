"""The scan of narratives: matches, near misses and confirmations; a match is never repeated."""

import time

import pytest

from ledger.domain.errors import Refused
from ledger.intake.parse import accept
from ledger.intake.personal_data import CONFIRMABLE, PersonalData, kinds_in
from tests.ledger.history import progress, submit

NHS, UPN, EMAIL, BORN, POSTCODE, TELEPHONE = PersonalData


@pytest.mark.parametrize(
    ("text", "found"),
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
def test_what_looks_like_personal_data_is_found(text: str, found: list[PersonalData]) -> None:
    assert kinds_in(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NHS_number_943_476_5919", [NHS]),
        ("943/476/5919", [NHS]),
        ("943:476:5919", [NHS]),
        ("(943) 476 5919", [NHS]),
        ("NHS no 943,476,5919", [NHS]),
        ("NHS number for the child is 9434765919", [NHS]),
        ("NHS ID 9434765919", [NHS]),
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
def test_other_cues_separators_and_letters_are_found(text: str, found: list[PersonalData]) -> None:
    assert kinds_in(text) == found


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


@pytest.mark.parametrize("piece", ["a", "0", "a@", "0 ", "943 476 ", "born 1/", "AA1 ", "1.1@a.", "NHS "])
def test_a_long_text_is_scanned_in_time_that_grows_with_it(piece: str) -> None:
    """Scan a megabyte: a pattern that backtracks from every place would take minutes."""
    started = time.process_time()
    kinds_in(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 10
