"""Parse requests for parts of a document (RFC 9110, section 14). Pure."""

import re
from collections.abc import Mapping

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """Error for a requested part that lies outside the document."""


def part(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """Return the first byte of the requested part and the byte after its last; None for the whole document.

    The client gets the whole document for several parts, another unit or an unreadable header, as the RFC allows.
    The same applies if the document has changed since (If-Range).

    Raises:
        Unsatisfiable: The part lies outside the document.
    """
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise Unsatisfiable
    return start, end
