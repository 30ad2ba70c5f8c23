"""Characters that the PDF's fonts can display, and visible stand-ins for other visible characters. Pure.

PDF/UA forbids a character without a glyph. `glyphs.json` lists, by family, the ranges that the regular and bold
faces of typst's own fonts share. A letter and its combining marks need one family that has them all.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
"""Characters without a glyph of their own: joiners, directions, variation selectors, tags."""
_FORBIDDEN = re.compile("[\ufeff\ufffe\uffff]")
"""Invisible characters that PDF/UA forbids in text."""
_PLAIN = re.compile(r"[\t\n -~\u00a0-\u00ff]*")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
"""Line breaks of other systems: Windows, Word, mainframes, Unicode's own."""
_ADJACENT = re.compile(r"\](\u200d?)\[(?=U\+)")
_CLUSTER = 30
"""Maximum number of marks and invisible characters after a letter, as in the stream-safe format (UAX #15)."""
_EMBEDDINGS, _END_OF_EMBEDDING = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATES, _END_OF_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_DEEPEST = 60
"""Maximum depth of nested directions in the PDF; each takes up to two of Unicode's 125 levels."""
_UNBROKEN = 1_000
"""Number of characters without a space after which the PDF may break a line, far more than a line has."""
_LONG_WORD = re.compile(rf"[^\t\n ]{{{_UNBROKEN + 1}}}")
_BREAK = "\u200b"
"""Invisible place to break a line, the zero-width space."""


@cache
def families() -> tuple[str, ...]:
    """Return the font families of the PDF, in order of preference."""
    return tuple(_ranges())


@cache
def _ranges() -> dict[str, list[str]]:
    ranges: dict[str, list[str]] = json.loads(files("api.report").joinpath("glyphs.json").read_text("utf-8"))
    return ranges


def characters(family: str) -> Iterator[str]:
    """Yield the characters that a font family can display."""
    for span in " ".join(_ranges()[family]).split():
        first, _, last = span.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


@cache
def _families_by_character() -> dict[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for family in families():
        for character in characters(family):
            known.setdefault(character, set()).add(family)
    return {character: frozenset(names) for character, names in known.items()}


def displayable(text: str) -> str:
    """Return the text that the PDF displays, as `with_stand_ins` does, with places to break very long words.

    A line of more than 65,535 bytes makes typst panic.
    """
    text = with_stand_ins(text)
    if _LONG_WORD.search(text) is None:
        return text
    parts: list[str] = []
    length = 0
    for character in text:
        length = 0 if character in "\t\n " else length + 1
        if length > _UNBROKEN and not unicodedata.category(character).startswith(("M", "C")):
            parts.append(_BREAK)
            length = 1
        parts.append(character)
    return "".join(parts)


def with_stand_ins(text: str) -> str:
    """Return the text with a stand-in such as [U+1F600] for each visible character that no font can display.

    Characters that PDF/UA forbids are removed, and other line breaks become line feeds. Thousands of marks on a
    letter make typst panic, as does a very deep nesting of directions. Marks beyond 30 get stand-ins. Invisible
    characters beyond 30, and directions within 60 others, are removed.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _LINE_BREAK.sub("\n", text)
    return _ADJACENT.sub(" ", "".join(_shallow(_clusters(_FORBIDDEN.sub("", text)))))


def _clusters(text: str) -> Iterator[str]:
    """Yield the characters of a text or their stand-ins, without invisible ones beyond the limit of a cluster."""
    known = _families_by_character()
    cluster: frozenset[str] = frozenset()
    followers = 0
    for character in text:
        is_mark = unicodedata.category(character).startswith("M")
        is_invisible = _INVISIBLE.match(character) is not None
        followers = followers + 1 if is_mark or is_invisible else 0
        if character in "\t\n":
            cluster = frozenset()
            yield character
        elif is_invisible:
            if followers <= _CLUSTER:
                yield character
        else:
            able = known.get(character, frozenset())
            if is_mark:
                able = able & cluster if followers <= _CLUSTER else frozenset()
            cluster = able
            yield character if able else f"[U+{ord(character):04X}]"


def _shallow(parts: Iterable[str]) -> Iterator[str]:
    """Yield the characters and stand-ins without the directions that would be nested too deeply."""
    isolates: list[bool] = []
    for part in parts:
        if part in _EMBEDDINGS or part in _ISOLATES:
            if len(isolates) == _DEEPEST:
                continue
            isolates.append(part in _ISOLATES)
        elif part == _END_OF_ISOLATE and True in isolates:
            while not isolates.pop():
                pass
        elif part == _END_OF_EMBEDDING and isolates and not isolates[-1]:
            isolates.pop()
        yield part
