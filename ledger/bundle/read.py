"""Read a bundle's ZIP file strictly: every byte belongs to a member, follows from the members, or is the seal.

Imports only the standard library, and shares no code with the writer. Members are read as streams.
"""

import errno
import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self
from zipfile import BadZipFile, ZipFile
from zlib import crc32

_SEAL = 64
_PIECE = 1_048_576
_WIDE = 0x7FFF_FFFF  # larger numbers need ZIP64
_MANY = 0xFFFF  # more members need ZIP64
_IN_ZIP64 = 0xFFFF_FFFF  # placeholder of a number that ZIP64 holds
_HEADER = struct.Struct("<4s5H3I2H")
_SIZES = struct.Struct("<2H2Q")
_LISTED = struct.Struct("<4s6H3I5H2I")
_WIDE_END = struct.Struct("<4sQ2H2I4Q4sIQI")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UNIX, _DAY, _MODE = 45, 3 << 8, 33, 0o644 << 16  # ZIP64, on Unix, 1980-01-01, a plain file


class BundleError(ValueError):
    """The file is not a bundle, or was changed."""


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        OSError: The file cannot be opened, or is a pipe or a device, which may keep its reader waiting.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a file", str(path))
    return path.open("rb")


class _Member(NamedTuple):
    """Offset and size of a member's bytes, and their CRC as the ZIP directory has it."""

    at: int
    size: int
    crc: int


class BundleArchive:
    """ZIP file of a bundle, opened to read its members."""

    def __init__(self, path: Path) -> None:
        """Open a bundle's ZIP file.

        Raises:
            BundleError: The file is not the ZIP file of a bundle.
            OSError: The file cannot be opened.
        """
        self._file = open_file(path)
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
        """Return each member's offset, size and CRC, by name.

        Raise BundleError if the other bytes of the file do not follow from the members.
        """
        members: dict[str, _Member] = {}
        directory, end = [], 0
        for info in ZipFile(self._file).infolist():
            header, listed = _headers(info.filename.encode(), info.file_size, info.CRC, end)
            self._expect(end, header, f"its member {info.filename} has another place or header than expected")
            if info.filename in members:
                raise BundleError(f"it has two members named {info.filename}")
            members[info.filename] = _Member(end + len(header), info.file_size, info.CRC)
            directory.append(listed)
            end += len(header) + info.file_size
        tail = b"".join(directory)
        tail += _ending(len(directory), len(tail), end)
        self._expect(end, tail, "its directory does not match its members")
        if self._file.seek(0, 2) != end + len(tail) + _SEAL:
            raise BundleError("there are surplus bytes after its directory")
        return members

    def _expect(self, at: int, expected: bytes, message: str) -> None:
        self._file.seek(at)
        if self._file.read(len(expected)) != expected:
            raise BundleError(message)

    @property
    def names(self) -> list[str]:
        """Names of the members, in order."""
        return list(self._members)

    def size(self, name: str) -> int | None:
        """Return a member's size in bytes; None if it is missing."""
        return self._members[name].size if name in self._members else None

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member; nothing if it is missing. Other members may be read in between.

        Raises:
            BundleError: The file ends within the member.
        """
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
        """Return a member of at most `limit` bytes. Raise BundleError if it is missing or larger."""
        size = self.size(name)
        if size is None or size > limit:
            raise BundleError(f"{name} is missing" if size is None else f"{name} has more than {limit} bytes")
        return b"".join(self.pieces(name))

    def lines(self, name: str, limit: int) -> Iterator[bytes]:
        """Yield the lines of a member without line ends.

        Raises:
            BundleError: A line that is not yet complete has over `limit` bytes, or the last line has no line end.
        """
        rest = b""
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > limit:
                raise BundleError(f"{name} has a line of more than {limit} bytes")
        if rest:
            raise BundleError(f"{name} does not end with a line break")

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a member, in hexadecimal. Raise BundleError if its CRC is wrong."""
        digest, crc = hashlib.sha256(), 0
        for piece in self.pieces(name):
            digest.update(piece)
            crc = crc32(piece, crc)
        if crc != self._members[name].crc:
            raise BundleError(f"the CRC of {name} does not match its bytes")
        return digest.hexdigest()

    def check_seal(self) -> None:
        """Raise BundleError unless the comment at the end is the SHA-256 of everything before it."""
        left = self._file.seek(0, 2) - _SEAL
        self._file.seek(0)
        digest = hashlib.sha256()
        while left > 0 and (piece := self._file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
        if self._file.read() != digest.hexdigest().encode():
            raise BundleError("its seal does not match: a byte was changed after writing")


def _headers(name: bytes, size: int, crc: int, at: int) -> tuple[bytes, bytes]:
    """Return the local header of a member at an offset, and its entry in the directory."""
    stored = (0, 0, 0, _DAY, crc)
    header = _HEADER.pack(b"PK\x03\x04", _VERSION, *stored, _IN_ZIP64, _IN_ZIP64, len(name), _SIZES.size)
    wide = [size, size] * (size > _WIDE) + [at] * (at > _WIDE)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    narrow_size, narrow_offset = (number if number <= _WIDE else _IN_ZIP64 for number in (size, at))
    lengths = (len(name), len(extra), 0)
    fields = (_UNIX | _VERSION, _VERSION, *stored, narrow_size, narrow_size, *lengths, 0, 0, _MODE, narrow_offset)
    return header + name + _SIZES.pack(1, 16, size, size), _LISTED.pack(b"PK\x01\x02", *fields) + name + extra


def _ending(count: int, size: int, at: int) -> bytes:
    """Return the end of a file up to the seal, after a directory of `count` members and `size` bytes."""
    few = min(count, _MANY)
    end = _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _IN_ZIP64), min(at, _IN_ZIP64), _SEAL)
    if count <= _MANY and max(size, at) <= _WIDE:
        return end
    fields = (44, _VERSION, _VERSION, 0, 0, count, count, size, at)
    return _WIDE_END.pack(b"PK\x06\x06", *fields, b"PK\x06\x07", 0, at + size, 1) + end
