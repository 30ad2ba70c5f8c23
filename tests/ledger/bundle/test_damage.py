"""Both verifiers find a change in a bundle: a byte anywhere, or content with all the rest made to fit."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.roles import Role
from ledger.verify.findings import Damage
from tests.ledger.bundle.bundles import also, forge, found, make
from tests.ledger.damage import ERASED, NARRATED, SIZE

pytestmark = pytest.mark.database
Members = dict[str, bytes]
Change = Callable[[Members], object]
BYTES = 400


def lines(held: Members, name: str) -> list[bytes]:
    return held[name].splitlines(keepends=True)


def edit(name: str, change: Callable[[list[bytes]], object]) -> Change:
    """Return a change of the lines of a member."""

    def changed(held: Members) -> None:
        found = lines(held, name)
        change(found)
        held[name] = b"".join(found)

    return changed


def replace(name: str, position: int, old: str, new: str) -> Change:
    """Return a change within an entry's first line of a member."""

    def changed(found: list[bytes]) -> None:
        at = next(i for i, line in enumerate(found) if json.loads(line)["position"] == position)
        assert old.encode() in found[at]
        found[at] = found[at].replace(old.encode(), new.encode(), 1)

    return edit(name, changed)


def swap(found: list[bytes]) -> None:
    found[NARRATED], found[NARRATED + 2] = found[NARRATED + 2], found[NARRATED]


def of_no_entry(found: list[bytes]) -> None:
    line = {"position": 2, "path": "more", "salt": "A" * 43 + "=", "text": "More."}
    found.insert(3, json.dumps(line, separators=(",", ":")).encode() + b"\n")


@pytest.mark.parametrize(
    ("change", "first", "damage"),
    [
        (replace("entries.ndjson", NARRATED, "AMBER", "GREEN"), NARRATED, Damage.TILE),
        (edit("entries.ndjson", swap), NARRATED + 1, Damage.MOVED),
        (edit("entries.ndjson", lambda found: found.pop(NARRATED)), NARRATED + 1, Damage.MOVED),
        (edit("entries.ndjson", lambda found: found.insert(NARRATED, found[NARRATED])), NARRATED + 2, Damage.KEY),
        (edit("entries.ndjson", lambda found: found.pop()), SIZE, Damage.NARRATIVE_ORPHANED),
        (edit("entries.ndjson", lambda found: found.insert(2, b"{}\n")), 3, Damage.UNREADABLE),
        (replace("narratives.ndjson", NARRATED, "Nine", "None"), NARRATED, Damage.NARRATIVE_EDITED),
        (edit("narratives.ndjson", lambda found: found.pop()), SIZE, Damage.NARRATIVE_MISSING),
        (edit("narratives.ndjson", of_no_entry), 2, Damage.NARRATIVE_ORPHANED),
        (replace("narratives.ndjson", ERASED, "14}", "13}"), ERASED, Damage.NARRATIVE_ERASED),
        (lambda held: held.update({"tile/0/000.p/17": held["tile/0/000.p/17"][:-1] + b"x"}), SIZE, Damage.TILE),
        (lambda held: held.update({"tile/0/001": b"x" * 8_192}), 0, Damage.BUNDLE),
        (lambda held: held.pop("key"), 0, Damage.CHECKPOINT),
        (lambda held: held.update({"key": held["key"] + b"\n"}), 0, Damage.CHECKPOINT),
        (lambda held: held.update({"evidence/3": b"more"}), 0, Damage.BUNDLE),
        (lambda held: held.update({"checkpoint": held["checkpoint"][:-8] + b"AAAAAAA\n"}), 0, Damage.CHECKPOINT),
    ],
    ids=[
        "an entry edited",
        "two entries swapped",
        "a middle entry left out",
        "an entry twice",
        "the last entry left out",
        "an entry inserted",
        "a text edited",
        "a text left out",
        "a text added",
        "a text erased by another entry",
        "a tile edited",
        "a tile added",
        "no key",
        "a key with an empty line",
        "a member added",
        "the signature edited",
    ],
)
async def test_a_forged_bundle_is_found_by_both(
    recorded: str, tmp_path: Path, change: Change, first: int, damage: Damage
) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    forge(bundle, change)
    by_ledger, by_script = found(bundle), also(bundle)
    assert by_ledger
    assert by_script
    assert damage in [kind for _, kind in by_ledger]
    assert by_script[0] == by_ledger[0][0] == first


FORGED = {"salt": "A" * 43 + "=", "text": "A forged text."}
VIEW = b'{"view":"plan","version":1,"position":4,"digest":"x"}\n'


def told_of(name: str, position: int, **instead: object) -> Change:
    """Return a change of an entry's first line that keeps its position and path."""

    def changed(found: list[bytes]) -> None:
        held = [json.loads(line) for line in found]
        at = next((i for i, line in enumerate(held) if line["position"] == position), len(held))
        line = held[at] if at < len(held) else {"position": position}
        line = {key: line[key] for key in ("position", "path") if key in line} | instead
        found[at : at + 1] = [json.dumps(line, separators=(",", ":")).encode() + b"\n"]

    return edit(name, changed)


@pytest.mark.parametrize(
    ("change", "first", "damage"),
    [
        (told_of("narratives.ndjson", NARRATED, **FORGED, erasedBy=99_999), NARRATED, Damage.NARRATIVE_KEPT),
        (told_of("narratives.ndjson", ERASED, **FORGED, erasedBy=14), ERASED, Damage.NARRATIVE_KEPT),
        (told_of("narratives.ndjson", ERASED, erasedBy=99_999), ERASED, Damage.NARRATIVE_ERASED),
        (told_of("narratives.ndjson", NARRATED, salt=FORGED["salt"]), NARRATED, Damage.NARRATIVE_EDITED),
        (told_of("narratives.ndjson", NARRATED), NARRATED, Damage.NARRATIVE_EDITED),
        (told_of("documents.ndjson", 3, salt=FORGED["salt"], erasedBy=99_999), 3, Damage.DOCUMENT_KEPT),
        (told_of("documents.ndjson", 3, included=True, erasedBy=99_999), 3, Damage.DOCUMENT_KEPT),
        (told_of("documents.ndjson", 3, erasedBy=99_999, withheld=True), 3, Damage.DOCUMENT_KEPT),
    ],
)
async def test_a_line_both_shown_and_erased_is_found_by_both(
    recorded: str, tmp_path: Path, change: Change, first: int, damage: Damage
) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    forge(bundle, change)
    assert (first, damage) in found(bundle)
    assert also(bundle)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (told_of("narratives.ndjson", 2, path="title", **FORGED), (2, Damage.NARRATIVE_ORPHANED)),
        (told_of("narratives.ndjson", NARRATED, path="x", erasedBy=99_999), (NARRATED, Damage.NARRATIVE_ORPHANED)),
        (told_of("documents.ndjson", 3, salt=FORGED["salt"]), (3, Damage.DOCUMENT_ORPHANED)),
        (told_of("documents.ndjson", 3, erasedBy=99_999), (3, Damage.DOCUMENT_ORPHANED)),
        (lambda held: held.update({"views.json": VIEW}), (0, Damage.BUNDLE)),
    ],
)
async def test_what_is_added_to_a_withheld_bundle_is_found_by_both(
    recorded: str, tmp_path: Path, change: Change, expected: tuple[int, Damage]
) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", role=Role.REVIEWER)
    assert (found(bundle), also(bundle)) == ([], [])
    forge(bundle, change)
    assert expected in found(bundle)
    assert also(bundle)[0] == expected[0]


@pytest.mark.parametrize(
    "statement",
    [
        {"size": SIZE + 1},
        {"withheld": True},
        {"notice": "another-2022"},
        {"origin": "x/ledgers/tameside-2022"},
        {"format": "2"},
        {"files": []},
    ],
    ids=lambda statement: next(iter(statement)),
)
async def test_a_manifest_that_tells_otherwise_is_found(
    recorded: str, tmp_path: Path, statement: dict[str, Any]
) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    forge(bundle, lambda _: None, **statement)
    assert found(bundle)
    assert also(bundle)


async def test_any_one_byte_changed_anywhere_is_found_by_both(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    assert (found(bundle), also(bundle)) == ([], [])
    sound = bundle.read_bytes()
    draw = random.Random(6962)
    structure = [at for at in range(len(sound)) if sound[at : at + 2] == b"PK"]
    offsets = [draw.randrange(len(sound)) for _ in range(BYTES)]
    offsets += [at + draw.randrange(46) for at in structure] + [*range(len(sound) - 90, len(sound))]
    for at in offsets:
        changed = bytearray(sound)
        changed[at % len(sound)] ^= 1 << draw.randrange(8)
        bundle.write_bytes(changed)
        by_ledger, by_script = found(bundle), also(bundle)
        assert by_ledger, f"byte {at} of {len(sound)}"
        assert by_script, f"byte {at} of {len(sound)}"


async def test_bytes_added_or_cut_off_are_found_by_both(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    sound = bundle.read_bytes()
    for changed in (
        b"x" + sound,
        sound + b"x",
        sound[:-1],
        sound[1:],
        sound[: len(sound) // 2],
        b"",
        sound + sound,
    ):
        bundle.write_bytes(changed)
        assert found(bundle), len(changed)
        assert also(bundle), len(changed)
