"""Reads a bundle's ZIP file strictly: every byte is a member's, or follows from the members, or is the seal's.

Imports only the standard library; shares nothing with what writes bundles. Members are read as streams.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from zipfile import BadZipFile, ZipFile
from zlib import crc32

_SEAL = 64
_PIECE = 1_048_576
_WIDE = 0x7FFF_FFFF  # a larger number is told in ZIP64
_MANY = 0xFFFF  # and so are more members
_ELSEWHERE = 0xFFFF_FFFF  # stands for a number that is told in ZIP64
_HEADER = struct.Struct("<4s5H3I2H")
_SIZES = struct.Struct("<2H2Q")
_LISTED = struct.Struct("<4s6H3I5H2I")
_WIDE_END = struct.Struct("<4sQ2H2I4Q4sIQI")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UNIX, _DAY, _MODE = 45, 3 << 8, 33, 0o644 << 16  # ZIP64, on Unix, 1980-01-01, a plain file


class BundleError(ValueError):
    """The file is not a bundle, or not as it was made."""


class _Member(NamedTuple):
    """Where a member's bytes are, and what the directory says of them."""

    at: int
    size: int
    crc: int


class BundleArchive:
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

    def _read(self) -> dict[str, _Member]:
        """Where each member's bytes are; what stands around them must be what a bundle of them has there."""
        members: dict[str, _Member] = {}
        directory, end = [], 0
        for info in ZipFile(self._file).infolist():
            header, listed = _headers(info.filename.encode(), info.file_size, info.CRC, end)
            self._expect(end, header, f"its member {info.filename} is not where or as it must be")
            if info.filename in members:
                raise BundleError(f"it has two members {info.filename}")
            members[info.filename] = _Member(end + len(header), info.file_size, info.CRC)
            directory.append(listed)
            end += len(header) + info.file_size
        tail = b"".join(directory)
        tail += _ending(len(directory), len(tail), end)
        self._expect(end, tail, "its directory is not the one that its members have")
        if self._file.seek(0, 2) != end + len(tail) + _SEAL:
            raise BundleError("something stands behind its directory")
        return members

    def _expect(self, at: int, wanted: bytes, otherwise: str) -> None:
        self._file.seek(at)
        if self._file.read(len(wanted)) != wanted:
            raise BundleError(otherwise)

    @property
    def names(self) -> list[str]:
        """The members' names, in their order."""
        return list(self._members)

    def size(self, name: str) -> int | None:
        """The bytes that a member has; None if there is none of that name."""
        return self._members[name].size if name in self._members else None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; nothing if there is none. Other members may be read in between."""
        at, left, _ = self._members.get(name, (0, 0, 0))
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
        """The SHA-256 of a member, in hexadecimal; raises BundleError if its CRC is not that of its bytes."""
        digest, crc = hashlib.sha256(), 0
        for piece in self.pieces(name):
            digest.update(piece)
            crc = crc32(piece, crc)
        if crc != self._members[name].crc:
            raise BundleError(f"the CRC of {name} is not that of its bytes")
        return digest.hexdigest()

    def check_seal(self) -> None:
        """Raises BundleError unless the comment at the end is the SHA-256 of everything before it."""
        left = self._file.seek(0, 2) - _SEAL
        self._file.seek(0)
        digest = hashlib.sha256()
        while left > 0 and (piece := self._file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
        if self._file.read() != digest.hexdigest().encode():
            raise BundleError("its seal does not fit: a byte was changed since it was made")


def _headers(name: bytes, size: int, crc: int, at: int) -> tuple[bytes, bytes]:
    """What stands before a member that begins at a byte, and what the directory says of it."""
    stored = (0, 0, 0, _DAY, crc)
    header = _HEADER.pack(b"PK\x03\x04", _VERSION, *stored, _ELSEWHERE, _ELSEWHERE, len(name), _SIZES.size)
    wide = [size, size] * (size > _WIDE) + [at] * (at > _WIDE)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    told, begins = (number if number <= _WIDE else _ELSEWHERE for number in (size, at))
    lengths = (len(name), len(extra), 0)
    of_file = (_UNIX | _VERSION, _VERSION, *stored, told, told, *lengths, 0, 0, _MODE, begins)
    return header + name + _SIZES.pack(1, 16, size, size), _LISTED.pack(b"PK\x01\x02", *of_file) + name + extra


def _ending(count: int, size: int, at: int) -> bytes:
    """What ends a file whose directory has so many members and bytes, and begins there; all but the seal."""
    few = min(count, _MANY)
    end = _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _ELSEWHERE), min(at, _ELSEWHERE), _SEAL)
    if count <= _MANY and max(size, at) <= _WIDE:
        return end
    told = (44, _VERSION, _VERSION, 0, 0, count, count, size, at)
    return _WIDE_END.pack(b"PK\x06\x06", *told, b"PK\x06\x07", 0, at + size, 1) + end
