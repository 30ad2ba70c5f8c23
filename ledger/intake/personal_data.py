"""The scan of narratives for personal data, recognised by its form.

Some kinds are refused; others are refused until the recorder confirms them. Messages never repeat the data. stdnum
computes the check digits. Sources of the forms: NHS Data Dictionary, the Department for Education's UPN guide,
BS 7666 (postcodes).
"""

import re
import unicodedata
from collections.abc import Callable, Container, Iterator

from stdnum.gb import nhs, upn

from ledger.domain.errors import Refusal
from ledger.domain.fact import WordList


class PersonalData(WordList):
    """Kinds of personal data."""

    NHS_NUMBER = "NHS_NUMBER"
    UPN = "UPN"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    POSTCODE = "POSTCODE"
    TELEPHONE_NUMBER = "TELEPHONE_NUMBER"


CONFIRMABLE = frozenset({PersonalData.DATE_OF_BIRTH, PersonalData.POSTCODE, PersonalData.TELEPHONE_NUMBER})
"""Kinds that a narrative may hold once the recorder confirms them; the entry records the confirmation."""
_NAMES = {
    PersonalData.NHS_NUMBER: "an NHS number",
    PersonalData.UPN: "a pupil's unique number (UPN)",
    PersonalData.EMAIL_ADDRESS: "an e-mail address",
    PersonalData.DATE_OF_BIRTH: "a date of birth",
    PersonalData.POSTCODE: "a postcode",
    PersonalData.TELEPHONE_NUMBER: "a telephone number",
}
_TRIGGER = re.compile(r"[0-9@]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_NHS = re.compile(r"(?<![0-9])[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}(?![0-9])")
_NHS_CUED = re.compile(
    r"\bNHS[ :.#-]{0,3}(?:number|no|num)?[ :.#-]{0,3}(?:is )?[0-9](?:[ -]?[0-9]){9}(?![0-9])", re.IGNORECASE
)
_UPN = re.compile(r"(?<![A-Za-z0-9])[A-Z][0-9]{11}[0-9A-Z](?![A-Za-z0-9])", re.IGNORECASE)
_UPN_CUED = re.compile(
    r"\bUPN[ :.#-]{0,3}(?:number|no|is)?[ :.#-]{0,3}[A-Z][0-9]{11}[0-9A-Z](?![A-Za-z0-9])", re.IGNORECASE
)
_EMAIL = re.compile(r"(?<=[\w.%+'-])@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}(?![A-Za-z])")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_NUMERIC = r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}"
_DATE = rf"(?:{_NUMERIC}|[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH},? [0-9]{{2,4}})"
_BORN = re.compile(
    rf"\b(?:born|birthday|date of birth|d\.?o\.?b\.?)(?: on| is| was|:|,| -|\))*[ :]{{0,3}}{_DATE}", re.IGNORECASE
)
_POSTCODE = re.compile(
    r"(?<![A-Za-z0-9])(?:GIR ?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9]"
    r"[ABEHMNPRVWXY]) ?[0-9][ABD-HJLNP-UW-Z]{2})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"(?<![0-9+.,/-])(?:(?:\+|00)44[ -]?(?:\(0\))?|\(?0)[1-9](?:[ ()-]{0,2}[0-9]){8,9}(?![0-9])"
)


def _valid(pattern: re.Pattern[str], checked: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: any(checked(match[0]) for match in pattern.finditer(text))


def _either(first: Callable[[str], bool], second: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: first(text) or second.search(text) is not None


_SEARCHES: tuple[tuple[re.Pattern[str], tuple[tuple[PersonalData, Callable[[str], object]], ...]], ...] = (
    (
        re.compile(r"[0-9](?:[ ()-]{0,2}[0-9]){8}"),
        (
            (PersonalData.NHS_NUMBER, _either(_valid(_NHS, nhs.is_valid), _NHS_CUED)),
            (PersonalData.UPN, _either(_valid(_UPN, upn.is_valid), _UPN_CUED)),
            (PersonalData.TELEPHONE_NUMBER, _TELEPHONE.search),
        ),
    ),
    (re.compile("@"), ((PersonalData.EMAIL_ADDRESS, _EMAIL.search),)),
    (
        re.compile(r"[Bb][Oo][Rr][Nn]|[Bb][Ii][Rr][Tt][Hh]|[Dd]\.?[Oo]\.?[Bb]"),
        ((PersonalData.DATE_OF_BIRTH, _BORN.search),),
    ),
    (re.compile(r"[0-9][A-Za-z]{2}(?![A-Za-z0-9])"), ((PersonalData.POSTCODE, _POSTCODE.search),)),
)
"""A cheap search for a trace → the kinds that have this trace, with their own searches."""


def kinds_in(text: str) -> list[PersonalData]:
    """Return the kinds of personal data that a narrative seems to hold."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if _TRIGGER.search(text) is None:
        return []
    present = {kind for trace, kinds in _SEARCHES if trace.search(text) for kind, search in kinds if search(text)}
    return [kind for kind in PersonalData if kind in present]


def refusals(text: str, path: str, confirmed: Container[str] = ()) -> Iterator[Refusal]:
    """Yield a refusal for each kind of personal data in a narrative, except for confirmed kinds."""
    for kind in kinds_in(text):
        message = f"the narrative seems to contain {_NAMES[kind]}"
        if kind not in CONFIRMABLE:
            yield Refusal("PERSONAL_DATA", f"{message}, which no entry may contain; leave it out", path)
        elif kind.value not in confirmed:
            advice = f"leave it out, or confirm {kind.value} if it does not belong to a person"
            yield Refusal("CONFIRM_PERSONAL_DATA", f"{message}; {advice}", path)
