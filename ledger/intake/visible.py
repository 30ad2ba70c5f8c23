"""Tell characters that leave a mark from characters that do not. Pure."""

import unicodedata

_SELECTORS = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
"""Code points of variation selectors, including Mongolian variation selectors."""
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159" + "".join(map(chr, _SELECTORS))
"""Characters that leave no mark, although their category is not that of spaces and controls."""


def is_blank(text: str) -> bool:
    """Return whether no character of a text leaves a mark."""
    return not any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    """Return whether a character leaves a mark.

    Private characters, such as Word's bullets, may be visible. Half a surrogate pair counts as visible, because
    another check refuses it.
    """
    category = unicodedata.category(character)
    return (category[0] not in "ZC" or category in ("Co", "Cs")) and character not in _UNSEEN
