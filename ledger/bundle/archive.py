"""Write a ZIP file member by member; its bytes depend only on the members.

Members are stored, not compressed, so a changed byte of a member is a changed byte of the file. The comment at the
end is the seal: the SHA-256 of everything before it, in hexadecimal.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Self
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from msgspec import Struct

_SEAL = 64
_PIECE = 1_048_576
# Python's versions differ here: version 4.5 with ZIP64, and a header that keeps the sizes in its extra field.
_VERSION, _SIZES_AT, _IN_ZIP64 = 45, 18, b"\xff" * 8
_EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's first instant: a bundle of the same position has the same bytes


class Member(Struct, frozen=True):
    """A member's name, size and SHA-256, as the manifest lists them."""

    name: str
    bytes: int
    sha256: str


class MemberWriter:
    """Writer of one member, which counts and hashes the member's bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append data to the member."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)

    def member(self, name: str) -> Member:
        """Return the name, size and digest of the written data."""
        return Member(name, self.size, self._digest.hexdigest())


class Archive:
    """Writer of a ZIP file, which must be seekable and readable; `seal` completes the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def member(self, name: str) -> Iterator[MemberWriter]:
        """Open a member of unknown size for writing. Only one member may be open at a time."""
        info = ZipInfo(name, _EPOCH)
        info.create_system, info.external_attr = 3, 0o644 << 16
        info.create_version = info.extract_version = _VERSION
        with self._zip.open(info, "w", force_zip64=True) as file:
            writer = MemberWriter(file)
            yield writer
        self._file.seek(info.header_offset + _SIZES_AT)
        self._file.write(_IN_ZIP64)
        self.members.append(writer.member(name))

    def put(self, name: str, data: bytes) -> None:
        """Write a member with this name and content."""
        with self.member(name) as member:
            member.write(data)

    def seal(self) -> str:
        """Complete the file and return the SHA-256 of all of it, in hexadecimal."""
        self._zip.comment = b"0" * _SEAL
        self._zip.close()
        size = self._file.seek(0, 2) - _SEAL
        self._file.seek(0)
        digest = hashlib.sha256()
        while size:
            piece = self._file.read(min(size, _PIECE))
            digest.update(piece)
            size -= len(piece)
        seal = digest.hexdigest().encode()
        self._file.write(seal)
        digest.update(seal)
        return digest.hexdigest()
