"""The scan of narratives, and of other text, for personal data, recognised by its form.

Some kinds are refused; others are refused until the recorder confirms them. Messages never repeat the data. stdnum
computes the check digits. Sources of the forms: NHS Data Dictionary, the Department for Education's UPN guide,
BS 7666 (postcodes).
"""

import re
from collections.abc import Callable, Container, Iterator

from stdnum.gb import nhs, upn

from ledger.domain.errors import Refusal
from ledger.domain.fact import WordList
from ledger.intake.look_alikes import LAST_NAMES, is_plain, plain_form


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
NAMES = {
    PersonalData.NHS_NUMBER: "an NHS number",
    PersonalData.UPN: "a pupil's unique number (UPN)",
    PersonalData.EMAIL_ADDRESS: "an e-mail address",
    PersonalData.DATE_OF_BIRTH: "a date of birth",
    PersonalData.POSTCODE: "a postcode",
    PersonalData.TELEPHONE_NUMBER: "a telephone number",
}
_TRIGGER = re.compile(r"[0-9@]")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]")
_NOT_DIGIT = re.compile("[^0-9]")
_CUE = r"[\W_]{0,6}"
"""Pattern of the punctuation between a cue, such as “NHS number”, and the number."""
_GAP = r"[^0-9A-Za-z]{0,5}"
"""Pattern of the separators within a number that has a cue."""
_BREAK = r"(?:(?:[^\w,;*%$£€+=<>&]|_){1,5}|[,;*])"
"""Pattern of the separators within a number that has no cue. “943, 476” is a list, not one number."""
_NHS = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])(?:[0-9]{{3}}{_BREAK}[0-9]{{3}}{_BREAK}[0-9]{{4}}"
    rf"|(?<![0-9][:/_-])(?!19|20)[0-9]{{4}}(?P<same>{_BREAK})[0-9]{{3}}(?P=same)[0-9]{{3}}"
    rf"|(?<![0-9][:/_-])[0-9]{{3}}(?P<other>{_BREAK})(?!19|20)[0-9]{{4}}(?P=other)[0-9]{{3}})(?![0-9])(?![.,][0-9])"
)
"""Pattern of an NHS number in groups of digits, unlike a figure (1,234,567) or a reference with a year."""
_NHS_NAME = r"(?<![A-Za-z0-9])(?:N\.? ?H\.? ?S|National Health Service)"
_TEN = rf"[0-9](?:{_GAP}[0-9]){{9}}(?![0-9])"
_TEN_OF_NO_LIST = rf"[0-9](?:(?!, ){_GAP}[0-9]){{9}}(?![0-9])"
_NHS_CUED = re.compile(
    rf"{_NHS_NAME}{_CUE}(?:(?:numbers?|num|nr|no|id){_CUE}(?:is|was)?{_CUE}{_TEN}"
    rf"|(?:is|was)?{_CUE}[0-9]{{3}}(?!, ){_GAP}[0-9]{{3}}(?!, ){_GAP}[0-9]{{4}}(?![0-9]))",
    re.IGNORECASE,
)
_NHS_NEAR = re.compile(
    rf"{_NHS_NAME}[^0-9]{{0,60}}(?:(?<![0-9])[0-9]{{1,2}}[^0-9]{{1,60}})?({_TEN_OF_NO_LIST})", re.IGNORECASE
)
"""Pattern of an NHS number near its name. A figure may be between them: “NHS number of child 2 is …”."""
_NHS_AFTER = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])({_TEN_OF_NO_LIST}){_CUE}(?:(?:is|was|as) )?(?:(?:an?|the|his|her|their) )?"
    rf"{_NHS_NAME}(?:\)|{_CUE}(?:numbers?|num|nr|no|id)\b)",
    re.IGNORECASE,
)
_PUPIL = rf"(?<![A-Za-z0-9])([A-Z](?:{_GAP}[0-9]){{11}}{_GAP}[0-9A-Z])(?![A-Za-z0-9])"
_UPN_NAME = r"(?<![A-Za-z0-9])(?:U[. /-]{0,2}P[. /-]{0,2}N|unique pupil (?:n(?:umber|o)|ref|identif)[a-z]*)"
_UPN = re.compile(
    rf"{_PUPIL}(?P<cue>{_CUE}(?:(?:is|was|as) )?(?:(?:an?|the|his|her|their) )?{_UPN_NAME}(?![a-z]))?",
    re.IGNORECASE,
)
_UPN_CUED = re.compile(
    rf"{_UPN_NAME}(?![A-RT-Z])[^0-9]{{0,60}}(?:(?<![A-Za-z0-9])[0-9]{{1,2}}[^0-9]{{1,60}})?{_PUPIL}"
    r"|(?<![A-Za-z0-9])UPN[A-Z][0-9]{11}[0-9A-Z](?![A-Za-z0-9])",
    re.IGNORECASE,
)
_LOCAL = r"(?<=[\w.%+'\"!#$&*=?^{}~)-])"
_LABEL = r"[\w-]{1,63}"
_EMAIL = re.compile(
    _LOCAL + rf" ?@{{1,2}} ?(?:{_LABEL}(?: ?\.{{1,2}}{_LABEL}){{0,8}} ?\.{{1,2}}[^\W\d_]{{2,24}}"
    rf"|{_LABEL}(?:(?: ?\. ?|[, ]){_LABEL}){{0,4}}(?: ?\. ?|[, ])(?:{LAST_NAMES}|gov[, ]uk|co[, ]uk))(?![^\W\d_])"
    "|" + _LOCAL + r"@(?:(?i:(?:g|hot|proton)mail|outlook|yahoo|icloud)(?!\w)|\[[0-9A-Za-z:.]{3,60}\]"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]))"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_BETWEEN = r"[-/.,;:_|*~\\ '年月\u1100-\u11ff\u3001\u2192]"
"""Pattern of a separator within a date. The marks of Japanese, Chinese and Korean dates are among them."""
_AND, _MAYBE = _BETWEEN + "{1,4}", _BETWEEN + "{0,4}"
_END_OF_MONTH = r"(?<=jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ary|rch|ril|une|uly|ust|ber)(?![a-z])"
"""Pattern that excludes other words, such as “decisions”."""
_NUMERIC = rf"[0-9]{{1,4}}{_AND}[0-9]{{1,2}}{_AND}[0-9]{{1,4}}"
_DAY = r"[0-9]{1,2}(?: ?(?:st|nd|rd|th))?"
_DAY_AND_MONTH = rf"{_DAY}{_MAYBE}(?:day )?(?:of )?{_MONTH}"
_DATE = (
    rf"(?:{_NUMERIC}|[0-9]{{1,2}}{_AND}(?:i{{1,3}}|iv|vi{{0,3}}|ix|xi{{0,2}}){_AND}[0-9]{{2,4}}"
    rf"|{_DAY_AND_MONTH}{_MAYBE}(?:(?:in|of) )?(?:the year )?[0-9]{{2,4}}"
    rf"|[0-9]{{4}}{_AND}(?:the )?{_DAY_AND_MONTH}"
    rf"|{_DAY} of (?:the )?{_DAY}{_AND}(?:of )?[0-9]{{2,4}}"
    rf"|[0-9]{{1,2}}{_AND}m(?:onth)?{_MAYBE}[0-9]{{1,2}}{_AND}y(?:ear)?{_MAYBE}[0-9]{{2,4}}"
    rf"|(?:[0-9]{{4}}{_MAYBE})?{_MONTH}{_MAYBE}(?:the )?{_DAY}(?:{_AND}[0-9]{{2,4}})?"
    rf"|{_MONTH} the (?:[a-z]{{6}}[ -])?[a-z]{{3,9}}(?:st|nd|rd|th){_AND}[0-9]{{2,4}})"
)
_BIRTH_DATE = (
    r"(?:birthday|(?<![a-z])b[' -]?day|birth[ _-]{0,3}date|date[ _-]{0,3}of[ _-]{0,3}birth"
    r"|(?:(?<![A-Za-z])d|(?-i:(?<=[a-z])D))[. :/_-]{0,2}o[. :/_-]{0,2}b(?:\.?s)?(?![A-Za-z])\.?)"
)
_MONTH_AND_YEAR = r"[01]?[0-9][/.-](?:19|20)[0-9]{2}(?![0-9])"
_BORN = re.compile(
    rf"(?:\bborn|{_BIRTH_DATE}){_CUE}(?:on|is|was)?{_CUE}(?:the )?"
    rf"(?:{_DATE}|{_DAY_AND_MONTH}{_END_OF_MONTH}|{_MONTH_AND_YEAR})"
    rf"|\bborn[: ](?!of\b)[^0-9;.]{{0,40}}?(?:[0-9]{{1,2}}[:.][0-9]{{2}}[^0-9;]{{1,10}})?"
    rf"(?:{_DATE}|{_MONTH},? '?[0-9]{{4}}|{_MONTH_AND_YEAR})"
    rf"|(?:\((?:b|nee?)[. :]|[,(\[] ?b\.) ?{_DATE}"
    rf"|(?:{_BIRTH_DATE}|\bbirth)[^0-9;]{{0,60}}?"
    r"(?:" + _DATE + r"|[0-9]{8}(?![0-9])|[0-3][0-9][01][0-9]{3}(?![0-9]))"
    rf"|(?<![0-9]){_DATE}[日(\[:=,/ -]{{0,3}}(?:(?:is|was|as) )?(?:(?:an?|the|his|her|their) )?"
    rf"{_BIRTH_DATE}(?![a-z])"
    rf"|(?<![0-9]){_DAY_AND_MONTH}{_END_OF_MONTH} (?:is|was) (?:his|her|their|the) {_BIRTH_DATE}",
    re.IGNORECASE,
)
_OUTWARD = r"[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY])"
_INWARD = r"[0-9][ABD-HJLNP-UW-Z]{2}"
_NO_ORDINAL = r"(?!(?-i:[A-Z][A-Z0-9]{1,3})[^A-Za-z0-9]{1,3}(?-i:1st|2nd|3rd|[04-9]th)(?![A-Za-z0-9]))"
"""Pattern that excludes ordinals: “D1, 2nd visit” is no postcode, but “d1 2nd” and “D1 2ND” may be."""
_POSTCODE = re.compile(
    rf"(?i:(?<![A-Za-z0-9]){_NO_ORDINAL}(?:GIR[ .,/_-]?0AA|{_OUTWARD}[^0-9A-Za-z]{{0,5}}{_INWARD})"
    r"(?![A-Za-z0-9]))"
    r"|(?<![A-Za-z0-9])[A-PR-UWYZ][ .-]?[A-HK-Y][ .-]?[0-9](?:[ .-]?[0-9ABEHMNPRVWXY])?[ .-]{0,3}"
    r"[0-9][ .-]?[ABD-HJLNP-UW-Z][ .-]?[ABD-HJLNP-UW-Z](?![A-Za-z0-9])"
    r"|(?i:post[ _-]?code[\W_]{0,6}(?:(?:is|was)[\W_]{1,6})?[A-PR-UWYZ] ?[A-HK-Y]?(?: ?[0-9]){1,2} ?[A-Z]?"
    r"[\W_]{0,5}[0-9] ?[ABD-HJLNP-UW-Z] ?[ABD-HJLNP-UW-Z](?![A-Za-z0-9]))"
)
"""Postcode. If it is in capitals or follows its name, its halves may contain separators."""
_WIDE = r"[^0-9A-Za-z]{1,5}"
_COUNTRY = r"(?:\(? ?(?:\+ ?|00 ?)44 ?\)?|\(44\))[ .-]?(?:\(0\)|0)? ?"
_ZERO_APART = r"0[ -](?=7[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}(?![0-9]))"
"""Pattern of a 0 that a separator parts from a mobile number. Before other digits, it may be a figure of a row."""
_TELEPHONE = re.compile(
    r"(?<![0-9+/-])(?<![0-9][.,])"
    rf"(?:(?:{_COUNTRY}|\(0\) ?|\(?0\)?|{_ZERO_APART}|44 ?(?=7))"
    r"[1-9](?:(?:[ ()_-]{0,3}|\.(?=[0-9]{3}))[0-9]){8,9}"
    r"|0[1-9][0-9]{2,3}/[0-9]{3}[ -]?[0-9]{3,4}"
    r"|0[1-9][0-9]{2,3}(?:[^0-9A-Za-z,;][0-9]{2}){3}"
    r"|(?:\+|00(?=[1-9][0-9]{0,2}[ ().-]{0,3}[1-9]))[1-9](?:(?:[ ()-]{0,3}|\.(?=[0-9]{2}))[0-9]){9,13})(?![0-9])"
)
_TELEPHONE_CUED = re.compile(
    r"(?<![a-z])(?:tel|telephone|phone|mob|mobile|fax)(?: ?(?:no|num|number)s?)?(?![a-z])[\W_]{0,6}"
    rf"(?:(?:is|was|on) )?(?:44{_GAP}|0{_GAP})?(?!19|20)[1-9][0-9]{{2}}(?:(?!, ){_GAP}[0-9]){{7}}(?![0-9])",
    re.IGNORECASE,
)
_TELEPHONE_GROUPS = re.compile(
    rf"(?<![0-9+/-])(?<![0-9][.,])(?:\(?0[1-9][0-9]{{1,3}}|{_COUNTRY}{_WIDE}?[1-9][0-9]{{1,3}})"
    rf"{_WIDE}[0-9]{{3,8}}(?:(?!, ){_WIDE}[0-9]{{3,8}}){{0,2}}(?![0-9])(?![.,][0-9])"
)
"""Pattern of an area code and groups of at least three digits, with any separators between them."""
_DIGITS = re.compile("[0-9]+")
_PREFIX = re.compile("^(?:(?:00)?44)?0?")
_NATIONAL_DIGITS = (9, 10)
"""Possible numbers of digits in a British telephone number without its leading 0."""


def _has_telephone_groups(text: str) -> bool:
    """Return whether a text has groups of digits as long as a telephone number. More digits may follow."""
    for match in _TELEPHONE_GROUPS.finditer(text):
        digits = ""
        for group in _DIGITS.findall(match[0]):
            digits += group
            if len(_PREFIX.sub("", digits)) in _NATIONAL_DIGITS:
                return True
    return False


def _valid(pattern: re.Pattern[str], checked: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: any(checked(_SEPARATOR.sub("", match[0])) for match in pattern.finditer(text))


def _valid_near(pattern: re.Pattern[str], checked: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return a function that searches a text for a valid number near a cue, with other words in between."""
    return lambda text: any(checked(_SEPARATOR.sub("", match[1])) for match in pattern.finditer(text))


def _has_upn(text: str) -> bool:
    """Return whether a text has a valid UPN, or any UPN with its name after it."""
    return any(match["cue"] or upn.is_valid(_SEPARATOR.sub("", match[1])) for match in _UPN.finditer(text))


def _either(first: Callable[[str], bool], *others: Callable[[str], object]) -> Callable[[str], bool]:
    return lambda text: first(text) or any(other(text) for other in others)


_SEARCHES: tuple[tuple[re.Pattern[str], tuple[tuple[PersonalData, Callable[[str], object]], ...]], ...] = (
    (
        re.compile(r"[0-9](?:[^0-9A-Za-z]{0,5}[0-9]){8}"),
        (
            (
                PersonalData.NHS_NUMBER,
                _either(
                    _valid(_NHS, nhs.is_valid),
                    _NHS_CUED.search,
                    _valid_near(_NHS_NEAR, nhs.is_valid),
                    _valid_near(_NHS_AFTER, nhs.is_valid),
                ),
            ),
            (PersonalData.UPN, _either(_has_upn, _UPN_CUED.search)),
            (
                PersonalData.TELEPHONE_NUMBER,
                _either(_has_telephone_groups, _TELEPHONE.search, _TELEPHONE_CUED.search),
            ),
        ),
    ),
    (re.compile("@"), ((PersonalData.EMAIL_ADDRESS, _EMAIL.search),)),
    (
        re.compile(
            r"[Bb](?:[Oo][Rr][Nn]|[Ii][Rr][Tt][Hh]|[' -]?[Dd][Aa][Yy]|\. ?[0-9A-Za-z])"
            r"|[Dd][. :/_-]{0,2}[Oo][. :/_-]{0,2}[Bb]|\((?:[Bb]|[Nn]ee?)[. :]"
        ),
        ((PersonalData.DATE_OF_BIRTH, _BORN.search),),
    ),
    (
        re.compile(r"[0-9](?:[A-Za-z]{2}|[ .-]?[A-Z][ .-]?[A-Z]| ?[A-Za-z] ?[A-Za-z])(?![A-Za-z0-9])"),
        ((PersonalData.POSTCODE, _POSTCODE.search),),
    ),
)
"""Cheap search for a trace of personal data → the kinds with this trace, and the search for each kind."""
_IN_ID = r"[^A-Za-z0-9]{0,3}"
"""Pattern of the separators within a number in an id."""
_NHS_IN_ID = re.compile(
    rf"(?<![A-Za-z0-9])(?:NHS{_IN_ID}(?:(?:number|num|nr|no|id){_IN_ID})?(?!19|20)[0-9]{{3}}{_IN_ID}[0-9]{{3}}{_IN_ID}"
    r"|(?!19|20)[0-9]{3}[^A-Za-z0-9]{1,3}[0-9]{3}[^A-Za-z0-9]{1,3}(?!(?:19|20)[0-9]{2}))[0-9]{4}(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""Pattern of an NHS number in an id: with its name, or in groups. No digest or year matches."""
_UPN_IN_ID = re.compile(
    r"(?<![A-Za-z0-9])(?!.20[0-3][0-9][01][0-9][0-3][0-9])[A-Z][0-9]{11}[0-9A-Z](?![A-Za-z0-9])", re.IGNORECASE
)
"""Pattern of a UPN in an id. Digits that begin with a date, as in “E202207050001”, are a reference."""
ID_TRACE = re.compile(r"[0-9][^A-Za-z]{8}")
"""Trace of a number of ten digits or of a UPN in an id."""


def kinds_in(text: str) -> list[PersonalData]:
    """Return the kinds of personal data that a narrative seems to contain."""
    if is_plain(text):
        return []
    text = plain_form(text)
    if _TRIGGER.search(text) is None:
        return []
    present = {kind for trace, kinds in _SEARCHES if trace.search(text) for kind, search in kinds if search(text)}
    return [kind for kind in PersonalData if kind in present]


def kinds_in_id(text: str) -> list[PersonalData]:
    """Return the kinds of personal data that an id seems to contain, of those that only a person has.

    Many ids are made of digits, so fewer spellings count than in a text.
    """
    present = []
    if ID_TRACE.search(text):
        if any(nhs.is_valid(_NOT_DIGIT.sub("", match[0])) for match in _NHS_IN_ID.finditer(text)):
            present.append(PersonalData.NHS_NUMBER)
        if _UPN_CUED.search(text) or any(upn.is_valid(match[0]) for match in _UPN_IN_ID.finditer(text)):
            present.append(PersonalData.UPN)
    if "dot" in text and _EMAIL.search(plain_form(text)):
        present.append(PersonalData.EMAIL_ADDRESS)
    return present


def refusals(text: str, path: str, confirmed: Container[str] = ()) -> Iterator[Refusal]:
    """Yield a refusal for each kind of personal data in a narrative, except for confirmed kinds."""
    for kind in kinds_in(text):
        message = f"the narrative seems to contain {NAMES[kind]}"
        if kind not in CONFIRMABLE:
            yield Refusal("PERSONAL_DATA", f"{message}, which no entry may contain; leave it out", path)
        elif kind.value not in confirmed:
            yield Refusal("CONFIRM_PERSONAL_DATA", f"{message}; {advice(kind)}", path)


def advice(kind: PersonalData) -> str:
    """Return what a recorder can do about a kind that can be confirmed."""
    return f"leave it out, or confirm {kind.value} if it does not belong to a person"
