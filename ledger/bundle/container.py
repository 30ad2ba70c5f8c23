"""Reads a bundle's ZIP file strictly: every byte is a member's, its header's, the directory's or the seal's.

Imports only the standard library; shares nothing with what writes bundles. Members are read as streams.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

_SEAL = 64
_PIECE = 1_048_576
_LOCAL = struct.Struct("<4s22x2H")  # signature, …, lengths of the name and of the extra field


class BundleError(ValueError):
    """The file is not a bundle, or not as it was made."""


class Container:
    """The members of a bundle, in their order."""

    def __init__(self, path: Path) -> None:
        """Raises BundleError when the file cannot be read as the ZIP file of a bundle, and OSError."""
        self._file = path.open("rb")
        try:
            self._members = self._read()
        except BundleError:
            self._file.close()
            raise
        except (
            BadZipFile,
            ValueError,
            NotImplementedError,
            struct.error,
            OSError,
            OverflowError,
            MemoryError,
        ) as error:
            self._file.close()
            raise BundleError(f"it cannot be read as the ZIP file of a bundle: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _read(self) -> dict[str, tuple[int, int]]:
        """Where each member's bytes are: they follow one another, and nothing stands between or around them."""
        archive = ZipFile(self._file)
        members: dict[str, tuple[int, int]] = {}
        end = 0
        for info in archive.infolist():
            start = self._start(info, end)
            end = start + info.file_size
            if info.filename in members:
                raise BundleError(f"it has two members {info.filename}")
            members[info.filename] = (start, info.file_size)
        if end != archive.start_dir:
            raise BundleError("there is something between its members and its directory")
        self._comment = archive.comment
        return members

    def _start(self, info: ZipInfo, end: int) -> int:
        self._file.seek(info.header_offset)
        signature, name, extra = _LOCAL.unpack(self._file.read(_LOCAL.size))
        if info.header_offset != end or signature != b"PK\x03\x04" or len(info.filename) != name:
            raise BundleError(f"its member {info.filename} is not where it belongs")
        if info.compress_type != ZIP_STORED or info.flag_bits or info.file_size != info.compress_size:
            raise BundleError(f"its member {info.filename} is compressed or encrypted")
        if (info.external_attr, info.date_time, info.comment) != (0o644 << 16, (1980, 1, 1, 0, 0, 0), b""):
            raise BundleError(f"its member {info.filename} is no plain file of 1980-01-01")
        return end + _LOCAL.size + int(name) + int(extra)

    @property
    def names(self) -> list[str]:
        """The members' names, in their order."""
        return list(self._members)

    def size(self, name: str) -> int | None:
        """The bytes that a member has; None if there is none of that name."""
        return self._members[name][1] if name in self._members else None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; nothing if there is none. Other members may be read in between."""
        at, left = self._members.get(name, (0, 0))
        while left:
            self._file.seek(at)
            piece = self._file.read(min(left, _PIECE))
            if not piece:
                raise BundleError(f"it ends within {name}")
            yield piece
            at += len(piece)
            left -= len(piece)

    def read(self, name: str, limit: int) -> bytes:
        """A member of at most `limit` bytes; raises BundleError when it is not there or is larger."""
        size = self.size(name)
        if size is None or size > limit:
            raise BundleError(f"{name} is missing" if size is None else f"{name} has more than {limit} bytes")
        return b"".join(self.pieces(name))

    def lines(self, name: str, limit: int) -> Iterator[bytes]:
        """The lines of a member, without their ends; raises BundleError for one over `limit` bytes."""
        rest = b""
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > limit:
                raise BundleError(f"{name} has a line of more than {limit} bytes")
        if rest:
            raise BundleError(f"{name} does not end in a line's end")

    def digest(self, name: str) -> str:
        """The SHA-256 of a member, in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def check_seal(self) -> None:
        """Raises BundleError unless the comment at the end is the SHA-256 of everything before it."""
        left = self._file.seek(0, 2) - _SEAL
        self._file.seek(0)
        digest = hashlib.sha256()
        while left > 0 and (piece := self._file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
        if self._file.read() != digest.hexdigest().encode() or self._comment != digest.hexdigest().encode():
            raise BundleError("its seal does not fit: a byte was changed since it was made")
