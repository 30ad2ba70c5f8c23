"""Check a file against its declared media type, by its first and last bytes. Imports puremagic.

A format with a magic number must start with it. A text format must be text, and not a page or document in
disguise.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain

import puremagic

EDGE = 65_536
"""Bytes examined at the beginning, and as many at the end."""
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
"""Prefix of an office document's media type → the first bytes of its files."""
_PARTS = {"wordprocessingml": b"word/", "spreadsheetml": b"xl/", "presentationml": b"ppt/"}
_STRONG = 4
"""Matching bytes that cannot be an accident in a file of an unknown type."""


def mismatch(declared: str, head: bytes, tail: bytes) -> str | None:
    """Return the type that a file seems to have instead of its declared one; None if it may be that.

    `tail`: the last bytes after `head`.
    """
    name = _canonical(declared)
    if name.startswith("text/") or name.endswith(("+json", "+xml")) or name in _TEXTS:
        return _not_text(name, head, tail)
    office = next((start for start in _CONTAINERS if name.startswith(start)), None)
    if office is not None and "macroenabled" not in name:
        return None if _is_office(name, _CONTAINERS[office], head, tail) else _best(_matches(head, tail))
    matches = _matches(head, tail)
    if name in {kind for kind, _ in matches}:
        return None
    if name in _with_magic() or (matches and max(length for _, length in matches) >= _STRONG):
        return _best(matches)
    return None


def _canonical(name: str) -> str:
    return _ALIASES.get(name.lower(), name.lower())


def _best(matches: Sequence[tuple[str, int]]) -> str:
    return matches[0][0] if matches else "an unknown type"


def _not_text(name: str, head: bytes, tail: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 byte order mark
        return None
    if _CONTROL.search(head) or _CONTROL.search(tail):
        return _best(_matches(head, tail))
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    return "text/html" if _HTML.match(head) and "html" not in name else None


def _is_office(name: str, magic: bytes, head: bytes, tail: bytes) -> bool:
    """Return whether a file is an office document of that kind, as far as its container shows."""
    if not head.startswith(magic):
        return False
    if name.startswith(_OPEN_DOCUMENT):
        return head[30:].startswith(b"mimetype" + name.encode())
    part = next((part for word, part in _PARTS.items() if word in name), b"")
    return part in head or part in tail


def _matches(head: bytes, tail: bytes) -> list[tuple[str, int]]:
    """Return the media types that the bytes suggest, the likeliest first, with the number of matching bytes."""
    try:
        matches = puremagic.magic_string(head + tail)
    except puremagic.PureError:
        return []
    return [(_canonical(match.mime_type), len(match.byte_match)) for match in matches if match.mime_type]


@cache
def _with_magic() -> frozenset[str]:
    """Return the media types with a known magic number."""
    rows = chain(puremagic.magic_header_array, puremagic.magic_footer_array, *puremagic.multi_part_dict.values())
    return frozenset(_canonical(row.mime_type) for row in rows if row.mime_type)
