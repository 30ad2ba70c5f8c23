"""Read the lines of a bundle's members strictly: JSON in the one form that a bundle uses.

The module shares no code with the writer of bundles. Imports msgspec and `ledger.bundle.read`.
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
    """A line of JSON in the one form that a bundle uses."""


class FileRecord(_Line, frozen=True):
    """A member of a bundle, as the manifest lists it."""

    name: str
    bytes: int
    sha256: str


class ManifestRecord(_Line, frozen=True):
    """The manifest, which describes the bundle and lists its members."""

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
    """Line in place of a withheld entry, with its position and leaf hash."""

    position: int
    leaf_hash: str
    withheld: bool


class NarrativeRecord(_Line, frozen=True):
    """Line of `narratives.ndjson`: a narrative, or the entry that erased it."""

    position: int
    path: str
    salt: str | None = None
    text: str | None = None
    erased_by: int | None = None


class DocumentRecord(_Line, frozen=True):
    """Line of `documents.ndjson`: a document's salt, its erasure or its withholding."""

    position: int
    salt: str | None = None
    included: bool = False
    erased_by: int | None = None
    withheld: bool = False


class ViewStateRecord(_Line, frozen=True):
    """Line of `views.json`: the digest of a view's stored state at a position."""

    view: str
    version: int
    position: int
    digest: str


def withheld(line: bytes) -> WithheldRecord | None:
    """Return the record of a withheld entry; None for any other line. Raise BundleError if it is malformed."""
    if not line.startswith(b'{"position":'):
        return None
    record = exactly(line, WithheldRecord)
    if len(unbase64(record.leaf_hash)) != HASH or not record.withheld:
        raise BundleError(f"a line of entries.ndjson is neither an entry nor withheld: {line[:80]!r}")
    return record


def exactly(line: bytes, kind: type[_S]) -> _S:
    """Decode a line as a kind of record. Raise BundleError unless the encoded record has the same bytes."""
    try:
        record = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{line[:80]!r} is not a line of a bundle: {error}") from None
    if msgspec.json.encode(record) != line:
        raise BundleError(f"{line[:80]!r} is not in the form that a bundle uses")
    return record


def unbase64(text: str) -> bytes:
    """Decode base64. Raise BundleError if the text is not base64."""
    try:
        return b64decode(text, validate=True)
    except (BinasciiError, ValueError):
        raise BundleError(f"{text[:80]!r} is not base64") from None
