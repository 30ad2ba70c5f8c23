"""Rewrite a narrative in plain spelling for the scan: ASCII for look-alikes, digits for their names, no markup.

The result is only searched. It is not stored, and other words may change in it.
"""

import html
import re
import unicodedata
from functools import lru_cache

LAST_NAMES = r"(?:(?:gov|co|nhs|org|ac|sch|police|me) ?(?:\.|dot) ?uk|com|org|net|info|eu|uk)"
"""Pattern of the last names of common e-mail domains."""
_MARKS = b"0123456789@&([{<"
"""ASCII characters of which personal data has at least one, unless it is in words."""
_OPEN, _CLOSE = r"[(\[{<|*/'\"\u2039\u00ab\u3010]", r"[)\]}>|*/'\"\u203a\u00bb\u3011]"
_AT = re.compile(
    rf" ?{_OPEN} ?(?:at|@) ?{_CLOSE} ?"
    rf"|(?<=\w)(?:%(?:25)?|\\x|\\u00)40(?=\w)|(?<=\w)[(\[]a[)\]](?=[\w-]{{1,63}}\.)",
    re.IGNORECASE,
)
"""Other spellings of @, such as “(at)”."""
_HIDDEN_AT = re.compile(rf"{_OPEN} ?at?[ )\]}}>|*/'\"\u203a\u00bb\u3011]|40|@", re.IGNORECASE)
_DOT = re.compile(rf" ?{_OPEN} ?(?:dot|\.) ?{_CLOSE} ?|%(?:25)?2e|([_-])dot\1", re.IGNORECASE)
"""Other spellings of a full stop, such as “(dot)”."""
_SPOKEN_DOT = re.compile(r" ?[(\[]dot[)\]] ?| dot |-dot-", re.IGNORECASE)
_SPOKEN = re.compile(
    rf"(?<=\w)(?: at | ?@ ?)(?!(?:an?|the) )(\w[\w-]{{0,62}}(?:(?:{_SPOKEN_DOT.pattern})\w[\w-]{{0,62}}){{0,4}})"
    rf"(?:{_SPOKEN_DOT.pattern})({LAST_NAMES})\b",
    re.IGNORECASE,
)
"""E-mail address in words, such as “jo at example dot org”."""
_JOINED = re.compile(
    r"(?<=[^\W_])([_-])at\1([^\W_]{1,63}(?:\1dot\1[^\W_]{1,63}){0,4}\1dot\1(?:uk|com|org|net|info|eu))(?![^\W_])",
    re.IGNORECASE,
)
"""E-mail address in joined words, such as “jo-at-example-dot-org”."""
_PROVIDER = re.compile(
    r"(?<=\w) at (?=(?:(?:g|google|hot|proton)mail|outlook|yahoo|icloud)\.[a-z]|nhs\.net)", re.IGNORECASE
)
"""“ at ” before a domain that only serves e-mail."""
_DOMAIN = rf"(?=(?:[A-Za-z0-9-]{{1,63}}\.){{1,4}}(?i:{LAST_NAMES})(?![\w-]))"
_FULL_NAME = re.compile(
    r"(?<![\w.@/-])(?![a-z]+\.[A-Z])((?:[A-Za-z]{1,30}[._]){1,3}"
    r"(?!(?i:pdf|docx?|xlsx?|pptx?|csv|txt|xml|zip|html?|php|aspx?|gov|ac|co|uk|org|com|net) )"
    rf"[A-Za-z-]{{2,30}}[0-9]{{0,3}}) (?i:at) {_DOMAIN}"
)
"""“ at ” between a name in parts and a domain, such as “jo.doe at example.org”.

“the plan.Look at example.org” lacks a space, and is no name. A name of one word, as in “jo at example.org”, needs
a cue, because it reads like “guidance at example.org”.
"""
_AFTER_CUE = re.compile(
    r"(?<![a-z])(e-?mail(?: address)? ?[:=] ?(?!(?:see|look|available|[a-z]*ed) )[a-z0-9+-]{1,64}) at " + _DOMAIN,
    re.IGNORECASE,
)
"""“ at ” of an address after its name, such as “e-mail: jo at example.org”."""
_IN_WORDS = (
    *(" dot ", "-dot-", "_dot_", "|at|", "*at*", "/at/", "'at'", '"at"'),
    *("(dot", "[dot", ".uk", ".org", ".com", ".net", ".info", ".eu"),
    *("mail.", "outlook.", "yahoo.", "icloud.", "nhs.net"),
)
"""Traces of an e-mail address in words, in lower case."""
_SIGNS = _MARKS + b"|*/'\"_-"
"""The marks, and the other ASCII characters except spaces that may precede the “at” of an address in words."""
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,20}(?: [^<>@]{0,80})?/?>")
_BLOCK_TAG = re.compile(r"</?(?:br|p|div|t[dhr]|li|h[1-6])(?: [^<>@]{0,80})?/?>", re.IGNORECASE)
"""Tag that parts words, unlike one that only changes their style."""
_INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_LOOK_ALIKES = str.maketrans("ΑΒΕΗΙΚΜΝΟΡΤΥΧАВЕЅІКМНОРСТХ", "ABEHIKMNOPTYXABESIKMHOPCTX")  # noqa: RUF001
"""Greek and Cyrillic capitals that look like Latin ones."""
_SEPARATORS = {
    "/": re.compile("[\u2044\u2215]"),
    "-": re.compile("[\u058a\u05be\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\u30fb\u30fc]"),
    ".": re.compile("[\u00b7\u2022\u2024\u2027\u2219\u22c5\u3002]"),
    "'": re.compile("[\u2018\u2019\u201b]"),
    '"': re.compile("[\u201c-\u201f\u2033]"),
}
"""ASCII separators, and the characters that replace them."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_UNEVEN = ("  ", "%20", "_x00", "\\", "\u115f", "\u1160", "\u2800", "\u3164", "\uffa0")
"""Spaces that a printable text may have and the searches do not expect."""
_SPACES = re.compile(r"(?:%20|_x00(?:0[9AD]|A0)_|\\[tnr](?![A-Za-z])|[\s\u115f\u1160\u2800\u3164\uffa0])+")
_ESCAPE = re.compile(r"\\(?=[^\w\s\\])")
"""A backslash before punctuation, as in Markdown."""
_VALUES = {
    **dict(
        zip(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            "0123456789",
            strict=True,
        )
    ),
    **dict.fromkeys(("oh", "nought", "naught"), "0"),
}
_NAME = rf"(?:{'|'.join(_VALUES)})"
_SPOKEN_DIGIT = rf"(?:(?:double|triple|treble)[ -])?{_NAME}(?:[ -]hundred)?"
_SPOKEN_DIGITS = re.compile(
    rf"(?<![A-Za-z]){_SPOKEN_DIGIT}(?:[\s,.;:/_-]{{0,3}}{_SPOKEN_DIGIT})+(?![A-Za-z])", re.IGNORECASE
)
_EACH_DIGIT = re.compile(rf"(?:(double|triple|treble)[ -])?({_NAME})([ -]hundred)?", re.IGNORECASE)
_REPEATED = {"double": 2, "triple": 3, "treble": 3}
_TELLING_NAMES = ("two", "four", "five", "six", "seven", "eight")
"""Names of digits. Of ten thousand random numbers of ten digits, one has none of them."""
_FEWEST_NAMES = 5
"""Minimum number of names of digits in a number of ten digits: “double” and “hundred” shorten it."""
_DIGIT_LETTERS = re.compile(
    r"(?<=[0-9])[OoIl]{1,4}(?=[0-9])|(?<=[0-9])[Oo]{1,4}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[Oo](?=[127][0-9]{2,3}[ -]?[0-9]{3})|(?<=[0-9][/.:-])[Oo](?=[0-9])"
)
"""Letters O, I and l in the places of the digits 0 and 1."""
_DIGIT_LETTER_TRACE = re.compile(r"[0-9][/.:-]?[OoIl]|[Oo][127]")
"""Trace of such a letter, for which a search is cheaper."""
_LETTER_DIGITS = str.maketrans("OoIl", "0011")


def is_plain(text: str) -> bool:
    """Return True only for an ASCII narrative that no search can match. The check is cheaper than the searches."""
    if not text.isascii():
        return False
    characters = text.encode()
    has_signs = len(characters.translate(None, _SIGNS)) < len(characters)
    if has_signs and len(characters.translate(None, _MARKS)) < len(characters):
        return False
    lowered = text.lower()
    if (has_signs or " at " in lowered) and any(map(lowered.__contains__, _IN_WORDS)):
        return False
    has_names = any(map(lowered.__contains__, _TELLING_NAMES))
    return not has_names or sum(map(lowered.count, _VALUES)) < _FEWEST_NAMES


def plain_form(text: str) -> str:
    """Return a narrative in plain spelling."""
    for _ in range(2):
        if "&" in text:
            text = html.unescape(text)
    if not text.isascii():
        text = _in_ascii(text)
    if "\\" in text:
        text = _ESCAPE.sub("", text)
    if _HIDDEN_AT.search(text):
        text = _DOT.sub(".", _AT.sub("@", text))
    lowered = text.lower()
    if any(map(lowered.__contains__, _IN_WORDS)):
        text = _JOINED.sub(lambda match: "@" + match[2].lower().replace(f"{match[1]}dot{match[1]}", "."), text)
        text = _PROVIDER.sub("@", _SPOKEN.sub(_address, text))
        text = _AFTER_CUE.sub(r"\1@", _FULL_NAME.sub(r"\1@", text))
    if sum(map(lowered.count, _VALUES)) > 1:
        text = _SPOKEN_DIGITS.sub(_digits, text)
    text = _TAG.sub("", _BLOCK_TAG.sub(" ", text))
    if _DIGIT_LETTER_TRACE.search(text):
        text = _DIGIT_LETTERS.sub(lambda match: match[0].translate(_LETTER_DIGITS), text)
    if not text.isprintable() or any(map(text.__contains__, _UNEVEN)):
        text = _SPACES.sub(" ", text)
    return text


def _address(match: re.Match[str]) -> str:
    return _SPOKEN_DOT.sub(".", f"@{match[1]}.{match[2]}".lower())


def _digits(match: re.Match[str]) -> str:
    """Return the digits that a run of names says: ten in the groups of an NHS number, two spaced."""
    digits = "".join(
        _VALUES[name.lower()] * _REPEATED.get(times.lower(), 1) + ("00" if hundred else "")
        for times, name, hundred in _EACH_DIGIT.findall(match[0])
    )
    if len(digits) == 10:
        return f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    return " ".join(digits) if len(digits) == 2 else digits


@lru_cache(4_096)
def _ascii_for(character: str) -> str:
    """Return the ASCII digit, separator or letter for a look-alike, nothing if invisible, else the character."""
    if _INVISIBLE.match(character):
        return ""
    if (value := unicodedata.numeric(character, -1.0)) in range(10):
        return str(int(value))
    separators = (ascii_ for ascii_, others in _SEPARATORS.items() if others.match(character))
    return next(separators, character.translate(_LOOK_ALIKES))


def _in_ascii(text: str) -> str:
    """Return a text with ASCII digits, separators and letters for look-alikes, without invisible characters."""
    return _NOT_ASCII.sub(lambda match: _ascii_for(match[0]), unicodedata.normalize("NFKD", text))
