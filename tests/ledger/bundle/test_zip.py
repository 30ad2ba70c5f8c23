"""The ZIP file of a bundle has one form: no byte around its members is free, even when sealed again."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from ledger.bundle import read, verify_bundle
from tests.ledger.bundle.bundles import also, found, make, members, reseal

pytestmark = pytest.mark.database
Listed = list[bytes]
"""Return the directory's record of each member."""
HEADER, LISTED = 30 + 20, 46  # without the name
END = 22 + 64


@pytest.fixture
async def bundle(recorded: str, tmp_path: Path) -> Path:
    return await make(recorded, tmp_path / "bundle.zip")


def around(path: Path) -> list[int]:
    """Return the places of bytes that are neither a member's nor the seal's."""
    with zipfile.ZipFile(path) as archive:
        end, offsets = 0, list[int]()
        for info in archive.infolist():
            start = info.header_offset + HEADER + len(info.filename)
            offsets += range(end, start)
            end = start + info.file_size
    return [*offsets, *range(end, path.stat().st_size - 64)]


def relist(path: Path, change: Callable[[Listed], object]) -> None:
    """Change the directory, and adapt the end and the seal to it."""
    content = path.read_bytes()
    size, at = struct.unpack_from("<2I", content, len(content) - END + 12)
    listed: Listed = []
    start = at
    while start < at + size:
        end = start + LISTED + sum(struct.unpack_from("<3H", content, start + 28))
        listed.append(content[start:end])
        start = end
    change(listed)
    directory, end = b"".join(listed), bytearray(content[-END:])
    struct.pack_into("<I", end, 12, len(directory))
    path.write_bytes(reseal(content[:at] + directory + end))


def extended(listed: bytes, kind: int, more: bytes) -> bytes:
    """Add an extra field."""
    extra = struct.pack("<2H", kind, len(more)) + more
    return listed[:30] + struct.pack("<H", len(extra)) + listed[32:] + extra


def names_swapped(listed: Listed) -> None:
    """Exchange two members for readers that know the field of a Unicode path."""
    for at, name in ((0, b"entries.ndjson"), (4, b"README.txt")):
        known = struct.pack("<BI", 1, crc32(listed[at][LISTED:]))
        listed[at] = extended(listed[at], 0x7075, known + name)


def hidden(listed: Listed) -> None:
    listed[0] = extended(listed[0], 0xCAFE, b"hidden" * 9_000)


def commented(listed: Listed) -> None:
    listed[0] = listed[0][:32] + struct.pack("<H", 6) + listed[0][34:] + b"hidden"


def swapped(listed: Listed) -> None:
    listed[0], listed[1] = listed[1], listed[0]


def twice(listed: Listed) -> None:
    listed.append(listed[-1])


@pytest.mark.parametrize("change", [names_swapped, hidden, commented, swapped, twice])
def test_a_directory_that_is_not_that_of_the_members_is_found_by_both(
    bundle: Path, change: Callable[[Listed], object]
) -> None:
    relist(bundle, lambda _: None)
    assert (found(bundle), also(bundle)) == ([], [])
    relist(bundle, change)
    assert found(bundle)
    assert also(bundle)


def test_no_byte_around_the_members_can_be_another_one(bundle: Path) -> None:
    sound = bundle.read_bytes()
    for at in around(bundle):
        changed = bytearray(sound)
        changed[at] ^= 1 << at % 8
        bundle.write_bytes(reseal(bytes(changed)))
        assert found(bundle), f"byte {at} of {len(sound)}"
        assert also(bundle), f"byte {at} of {len(sound)}"


@pytest.mark.parametrize("name", ["README.txt", "manifest.json"])
def test_a_wrong_crc_in_both_headers_is_found_by_both(bundle: Path, name: str) -> None:
    content = bundle.read_bytes()
    crc = struct.pack("<I", crc32(members(bundle)[name]))
    assert content.count(crc) == 2
    bundle.write_bytes(reseal(content.replace(crc, b"none")))
    assert found(bundle)
    assert also(bundle)


@pytest.mark.parametrize("between", [b"hidden", b"PK\x05\x06" + bytes(18)])
def test_bytes_between_the_directory_and_the_end_are_found_by_both(bundle: Path, between: bytes) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(reseal(content[:-END] + between + content[-END:]))
    assert found(bundle)
    assert also(bundle)


async def test_large_members_and_many_are_told_in_zip64(
    recorded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lower the limits, because a bundle of more than 2 GiB takes too long to make."""
    for module, wide, many in (
        (zipfile, "ZIP64_LIMIT", "ZIP_FILECOUNT_LIMIT"),
        (read, "_WIDE", "_MANY"),
        (verify_bundle, "WIDE", "MANY"),
    ):
        monkeypatch.setattr(module, wide, 2_000)
        monkeypatch.setattr(module, many, 0xFFFF)
    bundle = await make(recorded, tmp_path / "bundle.zip")
    assert b"PK\x06\x06" in bundle.read_bytes()
    assert (found(bundle), also(bundle)) == ([], [])
