"""Verifies an auditor's bundle of an improvement notice's ledger: one file, to be read before it is trusted.

    python3 verify.py BUNDLE.zip [--key KEY] [--against CHECKPOINT]

It needs Python 3.10 or newer and the package `cryptography`, no database, no network, and none of the ledger's
own code. It recomputes every hash from the bytes in the bundle, and exits with 0 if all of it holds, with 1 if
anything does not (naming the first entry that differs), with 2 if it cannot be done. README.txt says more.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("This needs the package cryptography: python3 -m pip install cryptography", file=sys.stderr)
    raise SystemExit(2) from None
if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "improvement-ledger bundle 1"
FIRST = ["README.txt", "verify.py", "checkpoint", "key", "entries.ndjson", "narratives.ndjson", "documents.ndjson"]
LAST = ["views.json", "manifest.json"]
MANIFEST = "format software notice origin size rootHash role withheld files"
WIDE, MANY, ZIP64 = 0x7FFFFFFF, 0xFFFF, 0xFFFFFFFF  # above WIDE or MANY, ZIP64 has the number
KINDS = {"files": list, "withheld": bool, "included": bool, "position": int, "erasedBy": int, "size": int}
KINDS["version"] = int
PIECE = 1 << 20
UNREADABLE = (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError, MemoryError)


class BadBundle(Exception):
    """Something is not as it must be."""


def need(holds: object, otherwise: str) -> None:
    """Raises Bad unless something holds."""
    if not holds:
        raise BadBundle(otherwise)


def headers(name: bytes, size: int, crc: int, at: int) -> tuple[bytes, bytes]:
    """What stands before a member that begins at a byte, and what the directory says of it."""
    both = struct.pack("<5HI", 45, 0, 0, 0, 33, crc)  # of ZIP 4.5, not packed, of 1980-01-01
    header = b"PK\x03\x04" + both + struct.pack("<2I2H", ZIP64, ZIP64, len(name), 20) + name
    wide = [size, size] * (size > WIDE) + [at] * (at > WIDE)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    told, begins = (ZIP64 if number > WIDE else number for number in (size, at))
    rest = struct.pack("<2I5H2I", told, told, len(name), len(extra), 0, 0, 0, 0o644 << 16, begins)
    return header + struct.pack("<2H2Q", 1, 16, size, size), b"PK\x01\x02\x2d\x03" + both + rest + name + extra


def ending(count: int, size: int, at: int) -> bytes:
    """What follows a directory of so many members and bytes that begins at a byte, up to the seal."""
    few = min(count, MANY)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, few, few, min(size, ZIP64), min(at, ZIP64), 64)
    wide = (b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at, b"PK\x06\x07", 0, at + size, 1)
    return struct.pack("<4sQ2H2I4Q4sIQI", *wide) + end if count > MANY or max(size, at) > WIDE else end


class Bundle:
    """The ZIP file. Its members follow one another, not packed, and no byte around them can be another one."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, end, directory = file, 0, []
        self.members: dict[str, tuple[int, int]] = {}
        self.crcs: dict[str, int] = {}
        try:
            for info in zipfile.ZipFile(file).infolist():
                name, size = info.filename, info.file_size
                header, listed = headers(name.encode(), size, info.CRC, end)
                once = name not in self.members
                need(once and self.has(end, header), f"{name} is not where or as it must be")
                self.members[name], self.crcs[name] = (end + len(header), size), info.CRC
                directory.append(listed)
                end += len(header) + size
            tail = b"".join(directory)
            tail += ending(len(directory), len(tail), end)
            whole = self.has(end, tail) and self.file.seek(0, 2) == end + len(tail) + 64
        except UNREADABLE as error:
            raise BadBundle(f"it cannot be read as a ZIP file: {error}") from None
        need(whole, "its directory is not the one that its members have")

    def has(self, at: int, wanted: bytes) -> bool:
        """Whether these bytes stand there."""
        self.file.seek(at)
        return self.file.read(len(wanted)) == wanted

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        need(name in self.members, f"{name} is missing")
        at, left = self.members[name]
        while left > 0:
            self.file.seek(at)
            piece = self.file.read(min(PIECE, left))
            need(piece, f"it ends within {name}")
            yield piece
            at, left = at + len(piece), left - len(piece)

    def read(self, name: str) -> bytes:
        """The whole of a small member."""
        need(self.members.get(name, (0, 0))[1] <= 100 * PIECE, f"{name} is too large")
        return b"".join(self.pieces(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member."""
        rest = b""
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            need(len(rest) <= 8 * PIECE, f"{name} has a line that is too long")
        need(not rest, f"the last line of {name} has no end")

    def digest(self, name: str) -> str:
        """The SHA-256 of a member, whose CRC must fit too."""
        digest, crc = hashlib.sha256(), 0
        for piece in self.pieces(name):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
        need(crc == self.crcs[name], f"the CRC of {name} is not that of its bytes")
        return digest.hexdigest()

    def check(self, names: list[str], manifest: dict[str, Any]) -> None:
        """The members are those that there must be, as the manifest lists them, and the seal at the end fits."""
        odd = [*sorted(set(self.members) ^ set(names)), "their order"]
        need(list(self.members) == names, f"its members are not those of a bundle: {odd[0]}")
        found = [{"name": name, "bytes": self.members[name][1], "sha256": self.digest(name)} for name in names]
        odd = [str(one["name"]) for one, listed in zip(found, manifest["files"], strict=False) if one != listed]
        need(found[:-1] == manifest["files"], f"{[*odd, 'a member'][0]} is not as the manifest lists it")
        for line in self.lines("views.json"):
            parse(line, "view version position digest")
            need(not manifest["withheld"], "it tells of views, and withholds the entries that would show them")
        left = self.file.seek(0, 2) - 64
        self.file.seek(0)
        digest = hashlib.sha256()
        while left > 0:
            piece = self.file.read(min(PIECE, left))
            digest.update(piece)
            left -= len(piece)
        fits = self.file.read() == digest.hexdigest().encode()
        need(fits, "a byte of it was changed: the seal at its end does not fit")


def parse(line: bytes, *shapes: str) -> dict[str, Any]:
    """A line of JSON, no name in it twice; with exactly the names of one of the shapes, if there are any."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), f"a name stands twice in {line[:80]!r}")
        return dict(pairs)

    try:
        found = json.loads(line.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise BadBundle(f"{line[:80]!r} is not JSON") from None
    if not isinstance(found, dict):
        raise BadBundle(f"{line[:80]!r} is no object")
    if shapes:
        shaped = list(found) in [shape.split() for shape in shapes]
        need(shaped, f"{line[:80]!r} has other names than it must have")
        kinds = {name: KINDS.get(name, str) for name in found}
        need(all(type(found[name]) is kind for name, kind in kinds.items()), f"{line[:80]!r} has odd values")
    return found


def unbase64(text: object, length: int) -> bytes:
    """The bytes that canonical base64 stands for."""
    try:
        found = base64.b64decode(str(text), validate=True)
    except ValueError:
        found = b""
    whole = len(found) == length and base64.b64encode(found).decode() == text
    need(whole, f"{str(text)[:80]!r} is not the base64 of {length} bytes")
    return found


class Tree:
    """The tree of the entries (RFC 6962), and its hash tiles (https://c2sp.org/tlog-tiles) in the bundle."""

    def __init__(self, bundle: Bundle, problems: list[tuple[int, str]]) -> None:
        self.bundle, self.problems = bundle, problems
        self.size = 0
        self.subtrees: dict[int, bytes] = {}  # level -> the complete one: for each bit of the size that is set
        self.roots: dict[int, bytes] = {}  # size -> root, for the sizes that `root_wanted` names
        self.root_wanted: set[int] = set()
        self.rows: dict[int, list[bytes]] = {}  # level of tiles -> the hashes of the one that is not whole yet
        self.whole: dict[int, int] = {}

    def add(self, value: bytes) -> None:
        """Adds the hash of a leaf, and joins the complete subtrees that it makes."""
        self.size += 1
        level = 0
        self.tile(level, value)
        while level in self.subtrees:
            value = hashlib.sha256(b"\x01" + self.subtrees.pop(level) + value).digest()
            level += 1
            self.tile(level, value)
        self.subtrees[level] = value
        if self.size in self.root_wanted:
            self.roots[self.size] = self.root()

    def root(self) -> bytes:
        """The root over all leaves."""
        found = b""
        for _, value in sorted(self.subtrees.items()):
            found = hashlib.sha256(b"\x01" + value + found).digest() if found else value
        return found

    def tile(self, level: int, value: bytes) -> None:
        """Takes a hash for the tiles; every eighth level has some, of 256 hashes each."""
        if level % 8 == 0:
            row = self.rows.setdefault(level // 8, [])
            row.append(value)
            if len(row) == 256:
                self.compare(level // 8)

    def compare(self, level: int) -> None:
        """Compares a tile with its member."""
        row, number = b"".join(self.rows[level]), self.whole.get(level, 0)
        name = tile_path(level, number, len(row) // 32)
        held = self.bundle.read(name) if name in self.bundle.members else row  # that it lacks is found by its name
        if held != row:
            same = next((i for i in range(len(row)) if row[i : i + 1] != held[i : i + 1]), len(row) - 1)
            first = (number * 256 + same // 32) * 256**level + 1
            if not any(first <= at < first + 256**level for at, _ in self.problems):  # else it follows from that
                self.problems.append((first, f"the hashes in {name} are not those of the entries"))
        self.rows[level] = []
        self.whole[level] = number + 1

    def names(self) -> list[str]:
        """Compares the last tile of each level, and gives the names of all that there must be."""
        for level in [level for level, row in self.rows.items() if row]:
            self.compare(level)
        found = []
        level, size = 0, self.size
        while size:
            found += [tile_path(level, number, 256) for number in range(size // 256)]
            found += [tile_path(level, size // 256, size % 256)] if size % 256 else []
            level, size = level + 1, size // 256
        return found


def tile_path(level: int, number: int, width: int) -> str:
    """Where a tile is: its number in groups of three digits, and its width if it is not whole."""
    groups = f"{number:,}".split(",")
    groups[0] = groups[0].zfill(3)
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


class Log:
    """A signed checkpoint (https://c2sp.org/tlog-checkpoint): the log's name, its size and its root."""

    def __init__(self, note: bytes) -> None:
        self.text, blank, signatures = note.rpartition(b"\n\n")
        self.text += b"\n"
        lines = self.text.decode("utf-8").split("\n")
        three = blank and len(lines) == 4 and re.fullmatch("[1-9][0-9]{0,18}", lines[1])
        need(three, "the checkpoint is not of the form: origin, size, root, an empty line, signatures")
        self.origin, self.size, self.root = lines[0], int(lines[1]), unbase64(lines[2], 32)
        self.signatures = [line.split(" ") for line in signatures.decode("utf-8").split("\n")[:-1]]
        formed = all(len(one) == 3 and one[0] == "\u2014" for one in self.signatures)
        need(formed, "a signature of the checkpoint is not of the form: dash, name, base64")

    def check_signature(self, key: str) -> bytes:
        """The 32 bytes of the key, `name+id+base64`; raises Bad unless it has signed the checkpoint."""
        name, _, rest = key.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        public = unbase64(encoded, 33)
        digest = hashlib.sha256(name.encode() + b"\n" + public).digest()
        formed = public[:1] == b"\x01" and key_id == digest[:4].hex()
        need(formed, "the verifier key is not of the form name+id+base64, or its id does not fit it")
        values = [unbase64(one[2], 68) for one in self.signatures if one[1] == name]
        mine = [value[4:] for value in values if value[:4] == digest[:4]]
        try:
            for signature in mine:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, self.text)
        except InvalidSignature:
            mine = []
        need(mine, f"the checkpoint is not signed by {name}+{key_id}")
        return public[1:]


def narratives(data: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever JSON an entry has
    """Where an entry has free text, and its digest: objects of `sha256` alone."""
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


class Attachments:
    """The lines of a member that belong to entries, taken as far as they are wanted."""

    def __init__(self, bundle: Bundle, name: str, *shapes: str) -> None:
        self.lines = (parse(line, *shapes) for line in bundle.lines(name))
        self.count = 0
        self.next = next(self.lines, None)

    def up_to(self, position: int) -> Iterator[dict[str, Any]]:
        """The lines up to a position."""
        while self.next is not None and self.next["position"] <= position:
            found, self.next = self.next, next(self.lines, None)
            self.count += 1
            yield found


class Record:
    """The entries in order, with their narratives and documents."""

    def __init__(self, bundle: Bundle, notice: str, problems: list[tuple[int, str]]) -> None:
        self.bundle, self.notice, self.problems = bundle, notice, problems
        self.withheld = 0
        self.erased, self.later, self.included = list[str](), list[str](), list[str]()
        self.rotated = ""
        self._recorded = ""
        self._requests: dict[int, int] = {}
        self._erasures: dict[tuple[str, int], int] = {}
        self._claims: list[tuple[int, str, str, int]] = []
        self.texts = Attachments(bundle, "narratives.ndjson", "position path salt text", "position path erasedBy")
        shapes = ("position salt", "position salt included", "position erasedBy", "position withheld")
        self.files = Attachments(bundle, "documents.ndjson", *shapes)

    def entry(self, position: int, line: bytes) -> bytes:
        """Checks an entry and what lies beside it; returns its leaf hash."""
        digests: dict[str, str] = {}
        submitted = None
        try:
            if line.startswith(b'{"position":'):
                found = parse(line, "position leafHash withheld")
                self.withheld += 1
                value = unbase64(found["leafHash"], 32)
                right = found["position"] == position and found["withheld"]
                need(right, f"what stands for it says that it is entry {found['position']}")
            else:
                value = hashlib.sha256(b"\x00" + line).digest()
                event = parse(line)
                self.event(position, event)
                digests = dict(narratives(event["data"]))
                submitted = dict(event["data"]) if ".EvidenceSubmitted.v" in event["type"] else None
        except (BadBundle, LookupError, TypeError, ValueError, AttributeError) as error:
            self.problems.append((position, f"it is not an entry, or not this one: {error}"))
            value = hashlib.sha256(b"\x00" + line).digest()
        self.beside(position, digests, submitted)
        return value

    def event(self, position: int, event: dict[str, Any]) -> None:
        """Checks what an entry says of itself, and remembers what it decides."""
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

    def beside(self, position: int, digests: dict[str, str], submitted: dict[str, Any] | None) -> None:
        """Checks the narratives and the document of an entry, and whatever stands before them and is of none."""
        for line in self.texts.up_to(position):
            digest = digests.pop(line["path"], None) if line["position"] == position else None
            if digest is None:
                self.problems.append((line["position"], f"it has no narrative at {line['path']}"))
            elif "erasedBy" in line:
                self._claims.append((position, "text", f"its narrative at {line['path']}", line["erasedBy"]))
            elif self.salted(line["salt"], [str(line["text"]).encode("utf-8", "surrogatepass")]) != digest:
                self.problems.append((position, f"its narrative at {line['path']} is not the one recorded"))
        self.problems += [(position, f"its narrative at {path} is missing") for path in digests]
        for line in self.files.up_to(position):
            if line["position"] != position or submitted is None:
                self.problems.append((line["position"], "it submitted no such document"))
            elif "erasedBy" in line:
                self._claims.append((position, "file", "its document", line["erasedBy"]))
            elif "included" in line:
                self.included.append(f"evidence/{position}")
                if self.salted(line["salt"], self.bundle.pieces(self.included[-1])) != submitted.get("digest"):
                    self.problems.append((position, f"its document {self.included[-1]} is not the one recorded"))
            submitted = None  # an entry has one document

    @staticmethod
    def salted(salt: str, pieces: Iterator[bytes] | list[bytes]) -> str:
        """The digest that an entry has of its text or document."""
        digest = hashlib.sha256(unbase64(salt, 32))
        for piece in pieces:
            digest.update(piece)
        return base64.b64encode(digest.digest()).decode()

    def end(self, size: int) -> None:
        """Nothing may be left over, and each erasure must have been decided by the entry that is named."""
        self.beside(1 << 40, {}, None)
        for kind, name in (("text", "narratives.ndjson"), ("file", "documents.ndjson")):
            for line in map(parse, self.bundle.lines(name)):
                by = self._erasures.get((kind, line["position"]))
                if by is not None and "erasedBy" not in line:
                    gone = f"its {kind} should be gone, by the decision in entry {by}"
                    self.problems.append((line["position"], gone))
        for position, kind, what, by in self._claims:
            decided = self._erasures.get((kind, position))
            if decided == by:
                self.erased.append(f"entry {position}: {what} was erased, by the decision in entry {by}")
            elif decided is None and by > size:
                self.later.append(f"entry {position}: {what} is said to be erased by entry {by}, not in here")
            else:
                self.problems.append((position, f"{what} was erased, and entry {by} does not say so"))


def verify(file: BinaryIO, key: str | None, against: Log | None) -> tuple[list[tuple[int, str]], list[str]]:
    """What does not hold, by entry (0: the bundle as a whole), and what is to be said otherwise."""
    problems: list[tuple[int, str]] = []
    bundle = Bundle(file)
    manifest = parse(bundle.read("manifest.json").removesuffix(b"\n"), MANIFEST)
    need(manifest["format"] == FORMAT, f"this reads the format {FORMAT!r}, and it is of {manifest['format']!r}")
    notice, size = manifest["notice"], manifest["size"]
    log = Log(bundle.read("checkpoint"))
    given = bundle.read("key").decode("utf-8").removesuffix("\n")
    need(given == given.strip(), "there is more in its member key than the key")
    record, tree = Record(bundle, notice, problems), Tree(bundle, problems)
    tree.root_wanted = {against.size} if against is not None else set()
    try:
        for position, line in enumerate(bundle.lines("entries.ndjson"), 1):
            tree.add(record.entry(position, line))
        record.end(tree.size)
        bundle.check([*FIRST, *record.included, *tree.names(), *LAST], manifest)
        public = log.check_signature(key or given)
        rotated = record.rotated in ("", base64.b64encode(public).decode())
        need(log.check_signature(given) == public and rotated, "another key must have signed the checkpoint")
        sight = record.withheld == (size if manifest["withheld"] else 0)
        need(sight, "entries are withheld that its manifest says are shown, or the other way round")
    except BadBundle as error:
        problems.append((0, str(error)))
    signed = (log.origin, log.size, log.root)
    if signed != (manifest["origin"], tree.size, tree.root()) or not log.origin.endswith(f"/ledgers/{notice}"):
        problems.append((0, f"the checkpoint signs {log.size} entries of {log.origin}, and these are not those"))
    if (size, manifest["rootHash"]) != (tree.size, base64.b64encode(tree.root()).decode()):
        problems.append((0, "its manifest names another size or root than the entries have"))
    if against is not None and (against.origin, against.root) != (log.origin, tree.roots.get(against.size)):
        last = min(against.size, tree.size)
        problems.append((last, "up to here the history is not the one of the other checkpoint"))
    shown = f"{record.texts.count:,} texts, {record.files.count:,} documents"
    shown = "all of them withheld" if record.withheld else shown
    later, s = len(record.later), "s" * (len(record.later) > 1)
    but = f", but for {later:,} text{s} or document{s} said to be erased by later entries, which are not in here"
    shown = f"{notice}: {tree.size:,} entries, 1 to {tree.size} with none missing, {shown}"
    told = [f"SOUND{but if later else ''}: {shown}"]
    told += [f"root {base64.b64encode(tree.root()).decode()}, signed by {(key or given).strip()}"]
    return problems, told + record.erased + record.later


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Verify an auditor's bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", help="the verifier key that you hold; without it, the one in the bundle is used")
    parser.add_argument("--against", type=Path, help="a checkpoint of the same ledger that you hold")
    given = parser.parse_args()
    try:
        against = Log(given.against.read_bytes()) if given.against else None
        with given.bundle.open("rb") as file:
            problems, told = verify(file, given.key, against)
    except OSError as error:
        parser.error(str(error))
    except (BadBundle, UnicodeDecodeError) as error:
        problems, told = [(0, str(error))], []
    problems.sort(key=lambda one: (one[0] == 0, one[0]))
    for position, text in problems[:20]:
        print(f"DAMAGED: entry {position}: {text}" if position else f"DAMAGED: the bundle: {text}")
    for line in [] if problems else told:
        print(line)
    if not problems and not given.key:
        print("Compare that key with the one that the ledger's operator published: this bundle says it of itself.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
