"""Test the spellings that hide personal data from a search: names of digits, letters in their places, escapes."""

import time

import pytest

from ledger.intake.personal_data import PersonalData, kinds_in

NHS, UPN, EMAIL, BORN, POSTCODE, TELEPHONE = PersonalData


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NHS number nine four three four seven six five nine one nine", NHS),
        ("nine four three, four seven six, five nine one nine", NHS),
        ("NHS no. NINE-FOUR-THREE FOUR-SEVEN-SIX FIVE-NINE-ONE-NINE", NHS),
        ("NHS number ninefourthreefoursevensixfivenineonenine", NHS),
        ("NHS number 943 four seven six 5919", NHS),
        ("NHS number 943 476 59l9", NHS),
        ("NHS number ➈➃➂ ➃❼⓺ ⑤⑨①⑨", NHS),
        ("NHS number 九四三 四七六 五九一九", NHS),
        ("943_x0009_476_x000D_5919", NHS),
        ("NHS number 943\\t476\\n5919", NHS),
        ("UPN A eight zero one two zero zero zero zero five zero zero one", UPN),
        ("UPN A8O12OOOO5OO1", UPN),
        ("zero seven seven zero zero nine zero zero one two three", TELEPHONE),
        ("oh seven seven hundred nine hundred one two three", TELEPHONE),
        ("call nought one six one, three four two, eight three double five", TELEPHONE),
        ("077OO 9OO123, O7700 900123", TELEPHONE),
        ("DOB one two zero three two zero one five", BORN),
        ("DOB 12/O3/2015", BORN),
        ("DOB 12/III/2015", BORN),
        ("DOB 12/03/'15", BORN),
        ("Jo (b. 12 March 2015)", BORN),
        ("SW 1A 1AA", POSTCODE),
        ("O-L-6 6-D-L", POSTCODE),
        ("post code: ol 6 6 dl", POSTCODE),
        ("PostcodeOL6 6DL", POSTCODE),
        ("943<br>476<br/>5919", NHS),
        ("<p>943</p><p>476</p><P class='x'>5919</P>", NHS),
        ("<td>943</td><td>476</td><td>5919</td>", NHS),
        ("j<b>o@ex</b>ample.org", EMAIL),
        ("jo at gmail.com", EMAIL),
        ("jo|at|example.org", EMAIL),
        ("jo /at/ example /dot/ org", EMAIL),
        ("jo “at” example “dot” org", EMAIL),
        ("jo-at-example-dot-org", EMAIL),
        ("jo_at_example_dot_co_dot_uk", EMAIL),
        ("jo@example dot org", EMAIL),
        ("jo@example,org", EMAIL),
        ("jo@tameside gov uk", EMAIL),
        ("jo(a)example.org", EMAIL),
        ("jo%2540example%2Eorg", EMAIL),
        ("jo\\u0040example.org", EMAIL),
        ("jo&amp;#64;example.org", EMAIL),
    ],
)
def test_digits_and_signs_in_other_forms_are_recognised(text: str, kind: PersonalData) -> None:
    assert kinds_in(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "one two-bed home, two three-bed homes and one four-bed home for nine or ten children",
        "Of the four, three met one, two or three of the seven aims; six to eight did not.",
        "one, two, three, four, five, six, seven, eight, nine, ten",
        "two hundred and one, four hundred, nine hundred and sixty-seven visits",
        "Someone alone has done one of the nine, often at one; none of the eight weighed more.",
        "The service was born in Phase II, 2022; phase iv, 2023; Part III 12.",
        "objectives O1, O2 and O14; O100-O120, 1O and l2; 5l of paint; A4OO",
        "(b) 12 March 2022; b. by 5 July 2022; (a) at the table.",
        "read the report at outlook. It is on yahoo.com, and at gov.uk",
        "met at noon, at one dot; polka-dot; look-at-it-all",
        "KS1-2 by 12, Q1 2022, SEN 1-2 AB; D1 2 AT; post code areas 1 to 6; postcode data for 2022",
        "section 4(a)1.2 and 4(a)see below",
        '"at" is a word, and */at/* another; 12*at*13',
        "C:\\temp\\notes\\2022\\new",
        "40% of 1,240; 2540 of 4,040",
        "five nine one nine is no number, nor is one two three four five six seven",
        "Ⅷ and Ⅻ; ½ of ① and ②; 十 years",
    ],
)
def test_words_for_numbers_and_references_are_no_personal_data(text: str) -> None:
    assert kinds_in(text) == []


@pytest.mark.parametrize(
    "piece",
    [
        "one ",
        "oneone",
        "double one hundred ",
        "|at|",
        "-dot-",
        "a_at_b_dot_",
        "postcode ",
        "O1",
        "_x00",
        "\\",
        "0 a-",
        "a.aa at a.",
        "email: a at a.uk-",
    ],
)
def test_a_long_text_is_rewritten_in_time_that_grows_with_it(piece: str) -> None:
    """Rewrite half a megabyte: a pattern that backtracks from every place would take minutes."""
    started = time.process_time()
    kinds_in(piece * (500_000 // len(piece)))
    assert time.process_time() - started < 10
