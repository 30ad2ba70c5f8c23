"""The lines of a bundle's members, read strictly: each is JSON in the one form that a bundle has it in.

Shares nothing with what writes them. Imports msgspec and `ledger.bundle.read`.
"""

from base64 import b64decode
from binascii import Error as BinasciiError
from typing import TypeVar

import msgspec
from msgspec import Struct

from ledger.bundle.read import BundleError

HASH = 32
_S = TypeVar("_S", bound=Struct)


class _Line(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A line of JSON in the one form that it has in a bundle."""


class FileRecord(_Line, frozen=True):
    """A member, as the manifest has it."""

    name: str
    bytes: int
    sha256: str


class ManifestRecord(_Line, frozen=True):
    """What the bundle says of itself."""

    format: str
    software: str
    notice: str
    origin: str
    size: int
    root_hash: str
    role: str
    withheld: bool
    files: list[FileRecord]


class WithheldRecord(_Line, frozen=True, omit_defaults=False):
    """What stands for an entry that is not shown."""

    position: int
    leaf_hash: str
    withheld: bool


class NarrativeRecord(_Line, frozen=True):
    """A narrative."""

    position: int
    path: str
    salt: str | None = None
    text: str | None = None
    erased_by: int | None = None


class DocumentRecord(_Line, frozen=True):
    """A document."""

    position: int
    salt: str | None = None
    included: bool = False
    erased_by: int | None = None
    withheld: bool = False


class ViewStateRecord(_Line, frozen=True):
    """A view's state, as the bundle says that it was stored."""

    view: str
    version: int
    position: int
    digest: str


def withheld(line: bytes) -> WithheldRecord | None:
    """What stands for an entry that is not shown; None: the line is the entry."""
    if not line.startswith(b'{"position":'):
        return None
    found = exactly(line, WithheldRecord)
    if len(unbase64(found.leaf_hash)) != HASH or not found.withheld:
        raise BundleError(f"a line of entries.ndjson is neither an entry nor withheld: {line[:80]!r}")
    return found


def exactly(line: bytes, kind: type[_S]) -> _S:
    """The line as that kind; raises BundleError unless it is written exactly as a bundle has it."""
    try:
        found = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{line[:80]!r} is no line of a bundle: {error}") from None
    if msgspec.json.encode(found) != line:
        raise BundleError(f"{line[:80]!r} is not written as a bundle has it")
    return found


def unbase64(text: str) -> bytes:
    """The bytes that base64 stands for; raises BundleError."""
    try:
        return b64decode(text, validate=True)
    except (BinasciiError, ValueError):
        raise BundleError(f"{text[:80]!r} is not base64") from None
