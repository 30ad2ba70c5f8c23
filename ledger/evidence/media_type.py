"""Whether a file is what it is declared as, by its first and its last bytes. Imports puremagic.

Formats with a magic number must have it. Text has none: it must be text, and no page or document in disguise.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain

import puremagic

EDGE = 65_536
"""How many bytes of the beginning, and as many of the end, are looked at."""
_ALIASES = {
    "application/x-gzip": "application/gzip",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": "application/zip",
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
    "image/x-png": "image/png",
    "text/rtf": "application/rtf",
    "text/xml": "application/xml",
}
_TEXTS = {"application/json", "application/xml", "application/x-ndjson", "message/rfc822"}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)\b", re.IGNORECASE)
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTAINERS = {
    _OPEN_XML: _ZIP,
    _OPEN_DOCUMENT: _ZIP,
    "application/msword": _OLE,
    "application/vnd.ms-excel": _OLE,
    "application/vnd.ms-outlook": _OLE,
    "application/vnd.ms-powerpoint": _OLE,
}
"""How the media types of office documents begin → how the files begin."""
_PARTS = {"wordprocessingml": b"word/", "spreadsheetml": b"xl/", "presentationml": b"ppt/"}
_STRONG = 4
"""So many bytes alike are no accident, in a file that is declared as nothing in particular."""


def mismatch(declared: str, head: bytes, tail: bytes) -> str | None:
    """What a file looks like instead of what it is declared as; None when it may well be that.

    `tail`: the last bytes of what comes after `head`.
    """
    name = _canonical(declared)
    if name.startswith("text/") or name.endswith(("+json", "+xml")) or name in _TEXTS:
        return _not_text(name, head, tail)
    office = next((start for start in _CONTAINERS if name.startswith(start)), None)
    if office is not None and "macroenabled" not in name:
        return None if _is_office(name, _CONTAINERS[office], head, tail) else _best(_matches(head, tail))
    found = _matches(head, tail)
    if name in {kind for kind, _ in found}:
        return None
    if name in _with_magic() or (found and max(length for _, length in found) >= _STRONG):
        return _best(found)
    return None


def _canonical(name: str) -> str:
    return _ALIASES.get(name.lower(), name.lower())


def _best(found: Sequence[tuple[str, int]]) -> str:
    return found[0][0] if found else "none that is known here"


def _not_text(name: str, head: bytes, tail: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, by its mark
        return None
    if _CONTROL.search(head) or _CONTROL.search(tail):
        return _best(_matches(head, tail))
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    return "text/html" if _HTML.match(head) and "html" not in name else None


def _is_office(name: str, magic: bytes, head: bytes, tail: bytes) -> bool:
    """Whether a file is an office document of that kind, as far as its container tells."""
    if not head.startswith(magic):
        return False
    if name.startswith(_OPEN_DOCUMENT):
        return head[30:].startswith(b"mimetype" + name.encode())
    part = next((part for word, part in _PARTS.items() if word in name), b"")
    return part in head or part in tail


def _matches(head: bytes, tail: bytes) -> list[tuple[str, int]]:
    """The media types that the bytes suggest, the likeliest first, and how many bytes say so."""
    try:
        found = puremagic.magic_string(head + tail)
    except puremagic.PureError:
        return []
    return [(_canonical(each.mime_type), len(each.byte_match)) for each in found if each.mime_type]


@cache
def _with_magic() -> frozenset[str]:
    """The media types whose files can be told by their bytes."""
    rows = chain(puremagic.magic_header_array, puremagic.magic_footer_array, *puremagic.multi_part_dict.values())
    return frozenset(_canonical(row.mime_type) for row in rows if row.mime_type)
