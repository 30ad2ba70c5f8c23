"""Read a multipart form as it arrives: first its inputs, then the document, never as a whole in memory.

The document comes last on the page, so every other input is known when it arrives (RFC 7578).
"""

from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from api.http import body
from ledger.domain.errors import Refused

MAXIMUM_BYTES = body.MAXIMUM_BATCH
"""Maximum bytes of a form's inputs as sent; a narrative of 1 MB can take 3 MB."""
MAXIMUM_INPUTS = 2_000
"""Maximum number of inputs of a form, more than an entry can contain."""


class Upload:
    """Body of a form with a document: `open` reads the inputs, and `file` reads the document."""

    def __init__(self, request: Request) -> None:
        """Start reading the form in a request.

        Raises:
            Refused: The body is not a multipart form.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise _malformed()
        self.inputs: dict[str, list[str]] = {}
        self.file_name = ""
        self.media_type = ""
        """Media type of the document, as the browser declares it."""
        self.has_file = False
        self._pieces = body.pieces(request)
        self._file: deque[bytes] = deque()
        self._ended = False
        self._size = self._inputs = self._received = 0
        self._name: str | None = None
        self._value = bytearray()
        self._headers: dict[str, str] = {}
        self._header = bytearray()
        self._header_value = bytearray()
        self._parser = self._parser_of(boundary)

    def _parser_of(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
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
        except FormParserError:  # the boundary is too long
            raise _malformed() from None

    async def open(self) -> Self:
        """Read the form's inputs, up to the document.

        Raises:
            Refused: The form is malformed, too large or too slow.
            ClientDisconnect: The client ended the connection.
        """
        while not self.has_file and await self._more():
            if self._received > MAXIMUM_BYTES:
                raise body.too_long(MAXIMUM_BYTES, "the form")
        return self

    async def file(self) -> AsyncIterator[bytes]:
        """Yield the document's bytes.

        Raises:
            Refused: The body is malformed or too slow, or inputs after the document are too large.
            ClientDisconnect: The client ended the connection.
        """
        while self.has_file:
            while self._file:
                yield self._file.popleft()
            if not await self._more():
                return

    async def drain(self, limit: int) -> None:
        """Read and discard the rest of the body, up to `limit` bytes.

        A browser displays no response before it has sent the whole body.
        """
        end = self._received + limit
        try:
            while self._received < end and await self._more():
                self._file.clear()
        except Refused:
            return

    async def _more(self) -> bool:
        """Read a piece of the body; return False after the form's last boundary.

        Raises:
            Refused: The form is malformed, or ends before its last boundary.
            ClientDisconnect: The client ended the connection.
        """
        piece = None if self._ended else await anext(self._pieces, None)
        if piece is None:
            if not self._ended:
                raise _malformed()
            return False
        self._received += len(piece)
        try:
            self._parser.write(piece)
        except FormParserError:
            raise _malformed() from None
        return True

    def _begin(self) -> None:
        self._name, self._headers = None, {}
        self._value.clear()

    def _header_ended(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._header_value.decode("latin-1")
        self._header.clear()
        self._header_value.clear()

    def _headers_ended(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options and not self.has_file:
            self.file_name = options[b"filename"].decode("utf-8", "replace")
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
        if self._size > MAXIMUM_BYTES:
            raise body.too_long(MAXIMUM_BYTES, "the form")

    def _part_ended(self) -> None:
        if self._name is not None:
            self._inputs += 1
            if self._inputs > MAXIMUM_INPUTS:
                raise _malformed()
            self.inputs.setdefault(self._name, []).append(self._value.decode("utf-8", "replace"))

    def _end(self) -> None:
        self._ended = True


def _malformed() -> Refused:
    return Refused.because("INVALID_BODY", "the form is malformed; reload the page and submit it again")
