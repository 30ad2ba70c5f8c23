"""Verify an auditor's bundle of an improvement notice's ledger. One file: read it before you trust it.

    python3 verify.py BUNDLE.zip [--key KEY] [--against FILE] [--unsigned]

Needs Python 3.10 or newer and the package `cryptography`, but no database, no network and no code of the ledger.
The exit status is 0 for a sound bundle, and 2 if the check cannot run. Otherwise it is 1, and the damage is named.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("This needs the package cryptography: python3 -m pip install cryptography", file=sys.stderr)
    raise SystemExit(2) from None

FIRST = ["README.txt", "verify.py", "checkpoint", "key", "entries.ndjson", "narratives.ndjson", "documents.ndjson"]
LAST = ["views.json", "manifest.json"]
FORMATS = {"improvement-ledger bundle 1": LAST, "improvement-ledger bundle 2": [*LAST, "manifest.note"]}
UNSIGNED = "Its manifest is not signed: a document, a view line or README.txt may be missing or changed."
MANIFEST = "format software notice origin size rootHash role withheld files"
WIDE, MANY, ZIP64 = 0x7FFFFFFF, 0xFFFF, 0xFFFFFFFF  # numbers above WIDE or MANY are in ZIP64
INTEGERS = ("position", "erasedBy", "size", "version")
KINDS = {"files": list, "withheld": bool, "included": bool, **dict.fromkeys(INTEGERS, int)}
PIECE = 1 << 20
WITHHELD = b'{"position":'  # beginning of the line of a withheld entry
UNREADABLE = (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError, MemoryError)


class BadBundle(Exception):
    """The bundle is malformed or inconsistent."""


class Incomparable(Exception):
    """The earlier copy cannot be compared with the bundle."""


def need(holds: object, message: str) -> None:
    """Raise BadBundle unless a condition holds."""
    if not holds:
        raise BadBundle(message)


def headers(name: bytes, size: int, crc: int, at: int) -> tuple[bytes, bytes]:
    """Return the local header of a member at an offset, and its entry in the directory."""
    both = struct.pack("<5HI", 45, 0, 0, 0, 33, crc)  # ZIP 4.5, stored, 1980-01-01
    header = b"PK\x03\x04" + both + struct.pack("<2I2H", ZIP64, ZIP64, len(name), 20) + name
    wide = [size, size] * (size > WIDE) + [at] * (at > WIDE)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    short, start = (ZIP64 if number > WIDE else number for number in (size, at))
    rest = struct.pack("<2I5H2I", short, short, len(name), len(extra), 0, 0, 0, 0o644 << 16, start)
    return header + struct.pack("<2H2Q", 1, 16, size, size), b"PK\x01\x02\x2d\x03" + both + rest + name + extra


def ending(count: int, size: int, at: int) -> bytes:
    """Return the end of a file up to the seal, after a directory of `count` members and `size` bytes."""
    few = min(count, MANY)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, few, few, min(size, ZIP64), min(at, ZIP64), 64)
    wide = (b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at, b"PK\x06\x07", 0, at + size, 1)
    return struct.pack("<4sQ2H2I4Q4sIQI", *wide) + end if count > MANY or max(size, at) > WIDE else end


class Bundle:
    """ZIP file of a bundle, whose members determine every byte around them. Another file raises BadBundle."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, end, directory = file, 0, []
        self.members: dict[str, tuple[int, int]] = {}
        self.crcs: dict[str, int] = {}
        try:
            for info in zipfile.ZipFile(file).infolist():
                name, size = info.filename, info.file_size
                header, listed = headers(name.encode(), size, info.CRC, end)
                once = name not in self.members
                need(once and self.has(end, header), f"{name} has another place or header than expected")
                self.members[name], self.crcs[name] = (end + len(header), size), info.CRC
                directory.append(listed)
                end += len(header) + size
            tail = b"".join(directory)
            tail += ending(len(directory), len(tail), end)
            whole = self.has(end, tail) and self.file.seek(0, 2) == end + len(tail) + 64
        except UNREADABLE as error:
            raise BadBundle(f"it cannot be read as a ZIP file: {error}") from None
        need(whole, "its directory does not match its members")

    def has(self, at: int, content: bytes) -> bool:
        """Return whether the file has these bytes at an offset."""
        self.file.seek(at)
        return self.file.read(len(content)) == content

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member, piece by piece."""
        need(name in self.members, f"{name} is missing")
        at, left = self.members[name]
        while left > 0:
            self.file.seek(at)
            piece = self.file.read(min(PIECE, left))
            need(piece, f"it ends within {name}")
            yield piece
            at, left = at + len(piece), left - len(piece)

    def read(self, name: str) -> bytes:
        """Return all bytes of a member of at most 100 MiB."""
        need(self.members.get(name, (0, 0))[1] <= 100 * PIECE, f"{name} is too large")
        return b"".join(self.pieces(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a member, without their line breaks."""
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            need(len(rest) <= 8 * PIECE, f"{name} has a line that is too long")
        need(not rest, f"the last line of {name} has no line break")

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a member; its CRC must match too."""
        digest, crc = hashlib.sha256(), 0
        for piece in self.pieces(name):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
        need(crc == self.crcs[name], f"the CRC of {name} does not match its bytes")
        return digest.hexdigest()

    def check(self, names: list[str], manifest: dict[str, Any]) -> None:
        """Check that the members are as expected, match the manifest, and are sealed."""
        odd = [*sorted(set(self.members) ^ set(names)), "their order"]
        need(list(self.members) == names, f"its members are not those of a bundle: {odd[0]}")
        files = [{"name": name, "bytes": self.members[name][1], "sha256": self.digest(name)} for name in names]
        odd = [str(file["name"]) for file, listed in zip(files, manifest["files"], strict=False) if file != listed]
        listed = files[: names.index("manifest.json")]
        need(listed == manifest["files"], f"{[*odd, 'a member'][0]} is not as the manifest lists it")
        for line in self.lines("views.json"):
            parse(line, "view version position digest")
            need(not manifest["withheld"], "it has states of views, but withholds the entries that show them")
        left = self.file.seek(0, 2) - 64
        self.file.seek(0)
        digest = hashlib.sha256()
        while left > 0:
            piece = self.file.read(min(PIECE, left))
            digest.update(piece)
            left -= len(piece)
        fits = self.file.read() == digest.hexdigest().encode()
        need(fits, "a byte of it was changed: the seal at its end does not match")


def parse(line: bytes, *shapes: str) -> dict[str, Any]:
    """Parse a JSON object, or raise BadBundle. No name repeats; the names match one of the `shapes`, if any."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), f"a name is repeated in {line[:80]!r}")
        return dict(pairs)

    try:
        record: dict[str, Any] = json.loads(line.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise BadBundle(f"{line[:80]!r} is not JSON") from None
    need(isinstance(record, dict), f"{line[:80]!r} is not an object")
    if shapes:
        need(list(record) in [shape.split() for shape in shapes], f"{line[:80]!r} has unexpected names")
        typed = all(type(value) is KINDS.get(name, str) for name, value in record.items())
        need(typed, f"{line[:80]!r} has values of a wrong type")
    return record


def leaf_hash(line: bytes) -> bytes:
    """Return the leaf hash of an entry's line, which a withheld entry's line states."""
    if line.startswith(WITHHELD):
        return unbase64(parse(line, "position leafHash withheld")["leafHash"], 32)
    return hashlib.sha256(b"\x00" + line).digest()


def unbase64(text: object, length: int) -> bytes:
    """Decode canonical base64 of `length` bytes. Raise BadBundle for any other text."""
    try:
        data = base64.b64decode(str(text), validate=True)
    except ValueError:
        data = b""
    whole = len(data) == length and base64.b64encode(data).decode() == text
    need(whole, f"{str(text)[:80]!r} is not the base64 of {length} bytes")
    return data


class Tree:
    """Merkle tree of the entries (RFC 6962) and its hash tiles in the bundle (https://c2sp.org/tlog-tiles)."""

    def __init__(self, bundle: Bundle, problems: list[tuple[int, str]], root_sizes: set[int]) -> None:
        self.bundle, self.problems = bundle, problems
        self.size = 0
        self.subtrees: dict[int, bytes] = {}  # level -> complete subtree, for each set bit of the size
        self.roots: dict[int, bytes] = {}  # size -> root, for the sizes in `root_sizes`
        self.root_sizes = root_sizes
        self.rows: dict[int, list[bytes]] = {}  # level of tiles -> hashes of its incomplete tile
        self.whole: dict[int, int] = {}

    def add(self, value: bytes) -> None:
        """Add a leaf hash and join the complete subtrees."""
        self.size += 1
        level = 0
        self.tile(level, value)
        while level in self.subtrees:
            value = hashlib.sha256(b"\x01" + self.subtrees.pop(level) + value).digest()
            level += 1
            self.tile(level, value)
        self.subtrees[level] = value
        if self.size in self.root_sizes:
            self.roots[self.size] = self.root()

    def root(self) -> bytes:
        """Return the root of the tree over all leaves so far."""
        root = b""
        for _, value in sorted(self.subtrees.items()):
            root = hashlib.sha256(b"\x01" + value + root).digest() if root else value
        return root

    def tile(self, level: int, value: bytes) -> None:
        """Add a hash to its tile: every eighth level has tiles of 256 hashes."""
        if level % 8 == 0:
            row = self.rows.setdefault(level // 8, [])
            row.append(value)
            if len(row) == 256:
                self.compare(level // 8)

    def compare(self, level: int) -> None:
        """Compare a tile with its member in the bundle, and report the first hash that differs."""
        row, number = b"".join(self.rows[level]), self.whole.get(level, 0)
        name = tile_path(level, number, len(row) // 32)
        stored = self.bundle.read(name) if name in self.bundle.members else row
        if stored != row:
            same = next((i for i in range(len(row)) if row[i : i + 1] != stored[i : i + 1]), len(row) - 1)
            first = (number * 256 + same // 32) * 256**level + 1
            if not any(first <= at < first + 256**level for at, _ in self.problems):  # else an entry explains it
                self.problems.append((first, f"the hashes in {name} do not follow from the entries"))
        self.rows[level] = []
        self.whole[level] = number + 1

    def names(self) -> list[str]:
        """Compare the last tile of each level, and return the names of all expected tiles."""
        for level in [level for level, row in self.rows.items() if row]:
            self.compare(level)
        names, level, size = list[str](), 0, self.size
        while size:
            widths = [256] * (size // 256) + [size % 256] * (size % 256 > 0)
            names += [tile_path(level, number, width) for number, width in enumerate(widths)]
            level, size = level + 1, size // 256
        return names


def tile_path(level: int, number: int, width: int) -> str:
    """Return the path of a tile: its number in groups of three digits, and its width if partial."""
    groups = f"{number:,}".split(",")
    groups[0] = groups[0].zfill(3)
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


class Log:
    """Signed checkpoint (https://c2sp.org/tlog-checkpoint) or manifest. A malformed note raises BadBundle."""

    def __init__(self, note: bytes, subject: str = "checkpoint") -> None:
        self.text, blank, signatures = note.rpartition(b"\n\n")
        self.text, self.subject = self.text + b"\n", subject
        self.lines = self.text.decode("utf-8").split("\n")
        self.signatures = [line.split(" ") for line in signatures.decode("utf-8").split("\n")[:-1]]
        formed = blank and all(len(fields) == 3 and fields[0] == "\u2014" for fields in self.signatures)
        need(formed and len(self.lines) == 4, f"the {subject} is not three lines, an empty line and signatures")
        if subject == "checkpoint":
            need(re.fullmatch("[1-9][0-9]{0,18}", self.lines[1]), "the size in the checkpoint is not a number")
            self.origin, self.size, self.root = self.lines[0], int(self.lines[1]), unbase64(self.lines[2], 32)

    def check_signature(self, key: str) -> bytes:
        """Return the 32 bytes of the key `name+id+base64`. Raise BadBundle unless it signed the note."""
        name, _, rest = key.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        public = unbase64(encoded, 33)
        digest = hashlib.sha256(name.encode() + b"\n" + public).digest()
        formed = public[:1] == b"\x01" and key_id == digest[:4].hex()
        need(formed, "the verifier key is not of the form name+id+base64, or its id is wrong")
        values = [unbase64(fields[2], 68) for fields in self.signatures if fields[1] == name]
        signatures = [value[4:] for value in values if value[:4] == digest[:4]]
        try:
            for signature in signatures:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, self.text)
        except InvalidSignature:
            signatures = []
        need(signatures, f"the {self.subject} is not signed by {name}+{key_id}")
        return public[1:]


def narratives(data: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield the path and digest of each narrative in an entry's data: objects with `sha256` only."""
    if isinstance(data, dict):
        digest = data.get("sha256")
        if len(data) == 1 and isinstance(digest, str) and len(digest) == 44 and digest[-1] == "=":
            yield path, digest
        else:
            for name, value in data.items():
                yield from narratives(value, f"{path}.{name}" if path else name)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from narratives(value, f"{path}[{index}]")


class AttachmentLines:
    """Reader of a member's lines, which are in the order of their entries."""

    def __init__(self, bundle: Bundle, name: str, *shapes: str) -> None:
        self.lines = (parse(line, *shapes) for line in bundle.lines(name))
        self.count = 0
        self.next = next(self.lines, None)

    def up_to(self, position: int) -> Iterator[dict[str, Any]]:
        """Yield the lines not yet read, up to the entry at a position."""
        while self.next is not None and self.next["position"] <= position:
            line, self.next = self.next, next(self.lines, None)
            self.count += 1
            yield line


class Record:
    """Entries in order, with their narratives and documents."""

    def __init__(self, bundle: Bundle, notice: str, problems: list[tuple[int, str]]) -> None:
        self.bundle, self.notice, self.problems = bundle, notice, problems
        self.withheld = 0
        self.erased, self.later, self.included = list[str](), list[str](), list[str]()
        self.documents = set[int]()  # entries with a line in documents.ndjson
        self.rotated = ""
        self._recorded = ""
        self._requests: dict[int, int] = {}
        self._erasures: dict[tuple[str, int], int] = {}
        self._claims: list[tuple[int, str, str, int]] = []
        self.texts = AttachmentLines(
            bundle, "narratives.ndjson", "position path salt text", "position path erasedBy"
        )
        shapes = ("position salt", "position salt included", "position erasedBy", "position withheld")
        self.files = AttachmentLines(bundle, "documents.ndjson", *shapes)

    def entry(self, position: int, line: bytes) -> bytes:
        """Check an entry with its narratives and document; return its leaf hash."""
        digests: dict[str, str] = {}
        submitted, value = None, hashlib.sha256(b"\x00" + line).digest()
        try:
            if line.startswith(WITHHELD):
                record, value = parse(line), leaf_hash(line)
                self.withheld += 1
                need(record["position"] == position and record["withheld"], f"it is line {record['position']}")
            else:
                event = parse(line)
                self.event(position, event)
                digests = dict(narratives(event["data"]))
                submitted = dict(event["data"]) if ".EvidenceSubmitted.v" in event["type"] else None
        except (BadBundle, LookupError, TypeError, ValueError, AttributeError) as error:
            self.problems.append((position, f"it is not an entry, or another one: {error}"))
        self.attachments(position, digests, submitted)
        return value

    def event(self, position: int, event: dict[str, Any]) -> None:
        """Note a request for erasure, an erasure or a new signing key. Raise BadBundle if the entry has moved."""
        kind, data = event["type"], event["data"]
        place = (event["ledger"], event["position"])
        need(place == (self.notice, position), f"it was recorded as entry {place[1]} of {place[0]}")
        recorded = event["recordedat"].rstrip("Z").ljust(20, ".").ljust(26, "0")
        if recorded <= self._recorded:
            self.problems.append((position, "it was not recorded after the entry before it"))
        self._recorded = recorded
        if ".ErasureRequested.v" in kind:
            self._requests[position] = data["position"]
        elif ".NarrativeErased.v" in kind:
            self._erasures["text", data["position"]] = position
        elif ".EvidenceErased.v" in kind:
            self._erasures["file", self._requests.get(data["request"], 0)] = position
        elif ".SigningKeyRotated.v" in kind:
            self.rotated = data["publicKey"]

    def attachments(self, position: int, digests: dict[str, str], submitted: dict[str, Any] | None) -> None:
        """Check an entry's narratives and document, and report earlier lines that belong to no entry."""
        for line in self.texts.up_to(position):
            digest = digests.pop(line["path"], None) if line["position"] == position else None
            if digest is None:
                self.problems.append((line["position"], f"it has no narrative at {line['path']}"))
            elif "erasedBy" in line:
                self._claims.append((position, "text", f"its narrative at {line['path']}", line["erasedBy"]))
            elif self.salted(line["salt"], [str(line["text"]).encode("utf-8", "surrogatepass")]) != digest:
                self.problems.append((position, f"its narrative at {line['path']} does not match its digest"))
        self.problems += [(position, f"its narrative at {path} is missing") for path in digests]
        for line in self.files.up_to(position):
            self.documents.add(line["position"])
            if line["position"] != position or submitted is None or submitted.get("stored") is False:
                self.problems.append((line["position"], "it submitted no document"))
            elif "erasedBy" in line:
                self._claims.append((position, "file", "its document", line["erasedBy"]))
            elif "included" in line:
                self.included.append(f"evidence/{position}")
                if self.salted(line["salt"], self.bundle.pieces(self.included[-1])) != submitted.get("digest"):
                    self.problems.append((position, f"its document {self.included[-1]} does not match its digest"))
            submitted = None  # an entry has at most one document
        self.problems += [(position, "its document is missing")] * bool(submitted and submitted.get("stored"))

    @staticmethod
    def salted(salt: str, pieces: Iterator[bytes] | list[bytes]) -> str:
        """Return the salted digest of a narrative or document in base64, as entries contain it."""
        digest = hashlib.sha256(unbase64(salt, 32))
        for piece in pieces:
            digest.update(piece)
        return base64.b64encode(digest.digest()).decode()

    def end(self, size: int) -> None:
        """Check that no line is left over, and that the entry which an erased line names decided the erasure."""
        self.attachments(1 << 40, {}, None)
        for kind, name in (("text", "narratives.ndjson"), ("file", "documents.ndjson")):
            for line in map(parse, self.bundle.lines(name)):
                by = self._erasures.get((kind, line["position"]))
                if by is not None and "erasedBy" not in line:
                    self.problems.append((line["position"], f"entry {by} decided to erase its {kind}"))
        for position, kind, subject, by in self._claims:
            decided = self._erasures.get((kind, position))
            if decided == by:
                self.erased.append(f"entry {position}: {subject} was erased by the decision in entry {by}")
            elif decided is None and by > size:
                self.later.append(f"entry {position}: {subject} was erased by entry {by}, which is not here")
            else:
                self.problems.append((position, f"{subject} is erased, but entry {by} does not decide that"))


class KeptCopy:
    """An earlier checkpoint of the same ledger, or an earlier bundle with its leaf hashes and documents."""

    def __init__(self, file: BinaryIO) -> None:
        self.leaves, self.documents = iter(list[bytes]()), set[int]()
        is_bundle, self.is_rewritten = file.read(2) == b"PK", False
        file.seek(0)
        try:
            if not is_bundle:
                self.log = Log(file.read(PIECE))
                return
            problems, _ = verify(file, None, None)
            need(not problems, f"it is a damaged bundle: {problems[:1]}")
            bundle = Bundle(file)
            self.log, self.leaves = Log(bundle.read("checkpoint")), map(leaf_hash, bundle.lines("entries.ndjson"))
            self.documents = {parse(line)["position"] for line in bundle.lines("documents.ndjson")}
        except (BadBundle, UnicodeDecodeError) as error:
            raise Incomparable(f"the earlier copy cannot be compared with: {error}") from None

    def check_comparable(self, log: Log) -> None:
        """Raise Incomparable if the copy is of another ledger or goes on after the bundle."""
        if self.log.origin != log.origin:
            raise Incomparable(f"the earlier copy is of {self.log.origin}, and the bundle of {log.origin}")
        if self.log.size > log.size:
            many = f"the earlier copy has {self.log.size} entries and the bundle {log.size}"
            raise Incomparable(f"{many}; use a bundle that reaches the earlier copy")

    def compare_leaf(self, position: int, value: bytes, problems: list[tuple[int, str]]) -> None:
        """Report the first entry that differs from the copy."""
        if next(self.leaves, value) != value:
            problems.append((position, "it differs from the earlier bundle"))
            self.leaves, self.is_rewritten = iter(list[bytes]()), True

    def compare(self, tree: Tree, record: Record, problems: list[tuple[int, str]]) -> None:
        """Report another root at the copy's size, and documents of the copy without a line in this bundle."""
        if self.log.size <= tree.size and self.log.root != tree.roots.get(self.log.size) and not self.is_rewritten:
            problems.append((self.log.size, "up to here the history differs from the earlier copy"))
        lost = self.documents - record.documents if not record.withheld else ()
        missing = "the earlier bundle has its document, and this one does not"
        problems.extend((position, missing) for position in lost if position <= tree.size)


def verify(file: BinaryIO, key: str | None, against: KeptCopy | None) -> tuple[list[tuple[int, str]], list[str]]:
    """Return each problem with its entry (0: the bundle), and the summary. Raise BadBundle or Incomparable."""
    problems: list[tuple[int, str]] = []
    bundle = Bundle(file)
    manifest = parse(bundle.read("manifest.json").removesuffix(b"\n"), MANIFEST)
    need(manifest["format"] in FORMATS, f"this reads bundles 1 and 2, but it has {manifest['format']!r}")
    notice, size = manifest["notice"], manifest["size"]
    log = Log(bundle.read("checkpoint"))
    enclosed = bundle.read("key").decode("utf-8").removesuffix("\n")
    need(enclosed == enclosed.strip(), "its member key contains more than the key")
    if against is not None:
        against.check_comparable(log)
    record = Record(bundle, notice, problems)
    tree = Tree(bundle, problems, {against.log.size} if against is not None else set())
    try:
        for position, line in enumerate(bundle.lines("entries.ndjson"), 1):
            value = record.entry(position, line)
            tree.add(value)
            if against is not None:
                against.compare_leaf(position, value, problems)
        record.end(tree.size)
        bundle.check([*FIRST, *record.included, *tree.names(), *FORMATS[manifest["format"]]], manifest)
        public = log.check_signature(key or enclosed)
        rotated = record.rotated in ("", base64.b64encode(public).decode())
        need(log.check_signature(enclosed) == public and rotated, "another key must sign the checkpoint")
        need(record.withheld == size * manifest["withheld"], "its manifest is wrong about withheld entries")
        if "manifest.note" in bundle.members:
            note = Log(bundle.read("manifest.note"), "manifest")
            lines = ["improvement-ledger bundle manifest", log.origin, bundle.digest("manifest.json"), ""]
            need(note.lines == lines, "its manifest.note belongs to another manifest")
            note.check_signature(key or enclosed)
    except BadBundle as error:
        problems.append((0, str(error)))
    signed = (log.origin, log.size, log.root)
    if signed != (manifest["origin"], tree.size, tree.root()) or not log.origin.endswith(f"/ledgers/{notice}"):
        problems.append((0, f"the checkpoint of {log.size} entries of {log.origin} does not match the entries"))
    if (size, manifest["rootHash"]) != (tree.size, base64.b64encode(tree.root()).decode()):
        problems.append((0, "its manifest has another size or root than the entries"))
    if against is not None:
        against.compare(tree, record, problems)
    rest = f"{record.texts.count:,} narratives, {record.files.count:,} documents"
    rest = f"with none missing, {'all of them withheld' if record.withheld else rest}"
    but = f", but for erasures by entries after this bundle ({len(record.later):,})" if record.later else ""
    root = base64.b64encode(tree.root()).decode()
    summary = [f"SOUND{but}: {notice}: {tree.size:,} entries, 1 to {tree.size} {rest}"]
    summary += [f"root {root}, signed by {(key or enclosed).strip()}"]
    unsigned = [] if "manifest.note" in bundle.members else [UNSIGNED]
    return problems, summary + unsigned + record.erased + record.later


def plain(text: str) -> str:
    """Return text with unprintable characters escaped, so that a bundle cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def main() -> int:
    """Run the command line, and return the exit status."""
    parser = argparse.ArgumentParser(description="Verify an auditor's bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", help="the ledger's verifier key, from another source than this bundle")
    parser.add_argument("--against", type=Path, help="an earlier checkpoint or bundle of the same ledger")
    parser.add_argument("--unsigned", action="store_true", help="accept an old bundle without a signed manifest")
    arguments = parser.parse_args()
    paths = [arguments.bundle, *([arguments.against] if arguments.against else [])]
    if no_files := [path for path in paths if path.exists() and not path.is_file()]:  # a pipe may wait for ever
        parser.error(f"{no_files[0]} is not a file")
    try:
        with ExitStack() as files:
            file, *others = [files.enter_context(path.open("rb")) for path in paths]
            problems, summary = verify(file, arguments.key, KeptCopy(*others) if others else None)
    except (OSError, Incomparable) as error:
        parser.error(str(error))
    except (BadBundle, UnicodeDecodeError) as error:
        problems, summary = [(0, str(error))], []
    if UNSIGNED in summary and not arguments.unsigned:
        problems.append((0, f"{UNSIGNED} Accept an old bundle with --unsigned."))
    problems.sort(key=lambda problem: (problem[0] == 0, problem[0]))
    lines = [f"DAMAGED: {f'entry {at}' if at else 'the bundle'}: {text}" for at, text in problems[:20]] or summary
    if not problems and not arguments.key:
        lines += ["Compare this key with the one that the operator published: here it comes from the bundle."]
    try:
        print("\n".join(map(plain, lines)), flush=True)
    except OSError as error:  # status 1 would say that the bundle is damaged
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        parser.error(f"the result cannot be written: {error.strerror}")
    return 1 if problems else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
