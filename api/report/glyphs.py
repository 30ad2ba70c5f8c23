"""Characters that the PDF's fonts can display, and visible stand-ins for other visible characters. Pure.

PDF/UA forbids a character without a glyph. `glyphs.json` lists, by family, the ranges that the regular and bold
faces of typst's own fonts share. A letter and its combining marks need one family that has them all.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
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
    """Return the text with a stand-in such as [U+1F600] for each visible character that no font can display.

    Characters that PDF/UA forbids are removed, and other line breaks become line feeds.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _LINE_BREAK.sub("\n", text)
    known = _families_by_character()
    parts: list[str] = []
    cluster: frozenset[str] = frozenset()
    for character in _FORBIDDEN.sub("", text):
        if character in "\t\n":
            cluster = frozenset()
            parts.append(character)
            continue
        if _INVISIBLE.match(character):
            parts.append(character)
            continue
        able = known.get(character, frozenset())
        if unicodedata.category(character).startswith("M"):
            able &= cluster
        if able:
            cluster = able
            parts.append(character)
        else:
            cluster = frozenset()
            parts.append(f"[U+{ord(character):04X}]")
    return _ADJACENT.sub(" ", "".join(parts))
