"""The scan of narratives: further spellings that a person may type, and figures near a cue."""

import pytest

from ledger.intake.personal_data import PersonalData, kinds_in

NHS, UPN, EMAIL, BORN, POSTCODE, TELEPHONE = PersonalData

PUNCTUATED = {
    NHS: "NHS number 943\\476\\5919; NHS number 943+476+5919; NHS number 943\u2192476\u25a05919; "
    "NHS number 943\ufffc476\u30015919; 943\\-476\\-5919; \u0147HS no 9434765919",
    UPN: "unique pupil number: A801200005001; UPN of child 2: A801200005001; UPN(s): A801200005001; "
    "U.P.N. A801200005001",
    BORN: "D/O/B 12/03/2015; DOB2015-03-12; child_dob_2015-03-12; DOB\u200f12/03/2015; DOB 120315; "
    "DOB 12/Mar/2015; DOB 12 \u2013 Mar \u2013 2015; DOB 2015-Mar-12; 12/03/2015 (DOB); born 03/2015; "
    "12 March 2015 is her date of birth",
    POSTCODE: "OL6\\6DL; OL6#6DL; OL6 \u2026 6DL",
    TELEPHONE: "0161\\342\\8355; 0161 ... 342 ... 8355; 07700.90.01.23; +44.7700.90.01.23; "
    "(44) 7700 900123; 00353 1 234 5678",
    EMAIL: "jo (@) example.org; jo\\@example\\.org; \u201cjo\u201d@example.org; jo \u2039at\u203a example.org",
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind in PersonalData for text in PUNCTUATED[kind].split("; ")]
)
def test_any_punctuation_and_cues_on_either_side_are_found(kind: PersonalData, text: str) -> None:
    assert kinds_in(text) == [kind]


DATES_OF_BIRTH = (
    "DOB 12--03--2015; DOB 12//03//2015; DOB 12..03..2015; DOB 12 -- 03 -- 2015; DOB 12.-03/-2015; "
    "DOB 12--March--2015; DOB 12..iii..2015; DOB 12'03'2015; DOB 12\u219203\u21922015; born 12//03//2015; "
    "date of birth: March the 12th, 2015; March the 12th 2015 is her birthday; born March the twelfth 2015; "
    "date of birth: the 12th day of March 2015; born on the 12th day of March, in the year 2015; "
    "DOB 2015, the 12th of March; DOB 12 th of March 2015; DOB the 12th of the 3rd, 2015; "
    "DOB day 12 month 03 year 2015; DOB d12 m3 y2015; "
    "DOB 2015\u5e743\u670812\u65e5; 2015\u5e743\u670812\u65e5 DOB; DOB 2015\ub144 3\uc6d4 12\uc77c; "
    "DOB 12\u300103\u30012015; bday 12/03/2015; b'day: 12 March 2015; her birthday is 12 March; DOB 03/2015; "
    "(n\u00e9e 12/03/2015); Jo, b. 12 March 2015; born at 10:30 on 12/03/2015; childDOB 2015-03-12; "
    "12 March is her birthday; [b. 12/03/2015]; (b: 12/03/2015)"
)


@pytest.mark.parametrize(
    "text", [*DATES_OF_BIRTH.split("; "), "Dob;12/03/2015", "date of birth ; 12 March 2015", "born; 12/03/2015"]
)
def test_dates_of_birth_with_any_separators_and_ordinals_are_found(text: str) -> None:
    assert kinds_in(text) == [BORN]


@pytest.mark.parametrize(
    "text",
    [
        "children born in care: 12 (40%) of 30 by 5 July; date of birth in 98% (1,204) of 1,230 records",
        "born of need at 10:30; Kadob 12/03/2015; on 12 March the birthday cards",
        "(b) 12 March 2022: the plan; phases a: 1 May 2022, b: 12 May 2022",
        "pre-birth visits: 12%, 14%, 9%; unborn: 12 (2022), 14 (2023); 12 May 2022. Birthday cards",
        "date of birth 2 \u00d7 (4.9 + 0.8 + 112); birth 12 + 14 + 16; birth 12 = 14 = 16",
        "DOB 4. Separation of duties; date of birth: 12 marked as missing; DOB 6.9515; 2023-01-31, 12%; birthday",
    ],
)
def test_figures_near_a_birth_are_no_date(text: str) -> None:
    assert kinds_in(text) == []


APART = {
    NHS: "943 -- 476 -- 5919; 943 ... 476 ... 5919; 943  \u2013\u2013  476  \u2013\u2013  5919; "
    "943\u30fc476\u30fc5919",
    BORN: "DOBs: 12/03/2015 and 14/05/2017; D.O.B.s 12/03/2015; her children's dobs 12/3/15; 12/03/2015 (DOBs); "
    "D:O:B 12/03/2015; born: Leeds, 12/03/2015; date of birth of the second child in the family: 12/03/2015",
    TELEPHONE: "0 7700 900123; 0-7700-900-123; 0 7700 900 123; (0) 161 496 0000",
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind in APART for text in APART[kind].split("; ")])
def test_numbers_and_cues_with_wide_separators_are_found(kind: PersonalData, text: str) -> None:
    assert kinds_in(text) == [kind]


def test_a_row_of_figures_that_begins_with_0_is_no_telephone_number() -> None:
    assert kinds_in("0 125 130 118; 0 161 496 0000; 0 1 2 3 4 5 6 7 8 9 10") == []


NAMED = {
    UPN: "U-P-N A801200005001; unique pupil reference number A801200005001; "
    "unique pupil identifier A801200005001; A801200005001 (UPN); A801200005001 is his UPN; UPNA801200005001",
    EMAIL: "jo@gmail, jo; jo@example-dot-org; jo at example (dot) org; jo at example[dot]gov[dot]uk; "
    "jo at example-dot-org; jo.doe at example.gov.uk; jo.doe at example.org; Jo.Doe AT example.co.uk; "
    "j_doe2 at mail.example.com; (jo.doe at example.net); email: jo at example.org; E-mail = jo2 at example.eu",
    POSTCODE: "OL 66DL; SW 1A1AA",
    TELEPHONE: "mobile 7700 900123; mob: 7700900123; phone no. 161 342 8355; "
    "tel: 44-161-342-8355; tel 0-161-342-8355",
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind in NAMED for text in NAMED[kind].split("; ")])
def test_numbers_and_addresses_that_only_a_name_gives_away_are_found(kind: PersonalData, text: str) -> None:
    assert kinds_in(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "meet at example.org; the plan.Look at example.org (3); index.php at example.com; at 9 a.m at example.eu",
        "e-mail: see the list at example.org (3); email: published at example.org; email us at example.org (3)",
        "the email address at example.org (3); e-mail: available at example.org (3); e.g. at example.org (3)",
        "report.pdf at example.gov.uk, 12 pages; read more at example.gov.uk (3); www.example.gov.uk at 12",
        "phone: 2022-23 2023-24; phone calls: 120 130 140 150; tel 120, 130, 140, 150",
        "SE 12 3bd homes; me 2 3rd visits; table 3 [dot] 12; unique pupils: 1200 of 1300, 1400 of 1500",
    ],
)
def test_figures_near_other_names_are_no_personal_data(text: str) -> None:
    assert kinds_in(text) == []
