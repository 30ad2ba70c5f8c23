"""Parts of a document that a client asks for (RFC 9110, section 14). Pure."""

import re
from collections.abc import Mapping

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*")


class Unsatisfiable(Exception):
    """The part asked for lies outside the document."""


def part(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """The first byte asked for and the one after the last; None: the whole document, of `size` bytes.

    Several parts, another unit, what cannot be understood, and a part of what has changed meanwhile (If-Range):
    the whole, as the RFC allows. Raises Unsatisfiable.
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
