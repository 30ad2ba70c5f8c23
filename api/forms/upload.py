"""A form with a document, read as it arrives: what was typed first, then the document's bytes, never held whole.

The document comes last on the page, so by the time that it arrives everything else is known. RFC 7578.
"""

from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from api.http import body
from ledger.domain.errors import Refused

LARGEST = body.MAXIMUM_BATCH
"""The most that may be typed into a form, in bytes as they are sent: a text of 1 MB is three times that."""
MOST_INPUTS = 2_000
"""The most inputs of a form: more than an entry has room for."""


class Upload:
    """The body of a form; `typed` is filled by `open`, the rest follows."""

    def __init__(self, request: Request) -> None:
        """Raises Refused when the body is no such form."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise _no_form()
        self.typed: dict[str, list[str]] = {}
        self.file_name = ""
        self.media_type = ""
        """What the browser says that the document is."""
        self.has_file = False
        self._pieces = body.pieces(request)
        self._file: deque[bytes] = deque()
        self._ended = False
        self._size = self._inputs = 0
        self._name: str | None = None
        self._value = bytearray()
        self._headers: dict[str, str] = {}
        self._header = bytearray()
        self._header_value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
                "on_header_end": self._header_ended,
                "on_headers_finished": self._headers_ended,
                "on_part_data": self._data,
                "on_part_end": self._part_ended,
                "on_end": self._end,
            },
        )

    async def open(self) -> Self:
        """Reads what was typed, up to the document; raises Refused for what is no form, or too large a one."""
        while not self.has_file and await self._more():
            pass
        return self

    async def file(self) -> AsyncIterator[bytes]:
        """The document's bytes; raises Refused."""
        while self.has_file:
            while self._file:
                yield self._file.popleft()
            if not await self._more():
                return

    async def drain(self, most: int) -> None:
        """Reads on to the end, or so many bytes: a browser shows no answer before it has sent everything."""
        left = most
        try:
            while left > 0 and await self._more():
                left -= sum(map(len, self._file))
                self._file.clear()
        except Refused:
            return

    async def _more(self) -> bool:
        piece = await anext(self._pieces, None)
        if piece is None:
            if not self._ended:
                raise _no_form()
            return False
        try:
            self._parser.write(piece)
        except MultipartParseError:
            raise _no_form() from None
        return True

    def _begin(self) -> None:
        self._name, self._headers = None, {}
        self._value.clear()

    def _header_ended(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._header_value.decode("latin-1")
        self._header.clear()
        self._header_value.clear()

    def _headers_ended(self) -> None:
        _, said = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = said.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in said and not self.has_file:
            self.file_name = said[b"filename"].decode("utf-8", "replace")
            self.media_type = self._headers.get("content-type", "").partition(";")[0].strip().lower()
            self.has_file = bool(self.file_name)
            self._name = None

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name is None:
            if self.has_file:
                self._file.append(data[start:end])
            return
        self._value += data[start:end]
        self._size += end - start
        if self._size > LARGEST:
            raise body.too_long(LARGEST, "the form")

    def _part_ended(self) -> None:
        if self._name is not None:
            self._inputs += 1
            if self._inputs > MOST_INPUTS:
                raise _no_form()
            self.typed.setdefault(self._name, []).append(self._value.decode("utf-8", "replace"))

    def _end(self) -> None:
        self._ended = True


def _no_form() -> Refused:
    return Refused.because("INVALID_BODY", "this is not the form of a page; load the page again and send that")
