"""Close the text directions that a quoted text opens, so that it cannot reverse the words after it. Pure.

A right-to-left override without its end would reverse the words after it, dates too (Unicode Standard Annex 9).
"""

import re

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_POP, _POP_ISOLATE = "\u202c", "\u2069"
_END_OF = {**dict.fromkeys("\u202a\u202b\u202d\u202e", _POP), **dict.fromkeys("\u2066\u2067\u2068", _POP_ISOLATE)}
"""Character that begins a direction → the character that ends the direction."""


def with_ended_directions(text: str) -> str:
    """Return a text with an end for each embedding, override and isolate that it leaves open."""
    if text.isascii():
        return text
    ends: list[str] = []
    for character in _DIRECTION.findall(text):
        if character in _END_OF:
            ends.append(_END_OF[character])
        elif character == _POP_ISOLATE and _POP_ISOLATE in ends:  # ends what began within the isolate, too
            while ends.pop() != _POP_ISOLATE:
                pass
        elif ends[-1:] == [_POP] and character == _POP:
            ends.pop()
    return text + "".join(reversed(ends))
