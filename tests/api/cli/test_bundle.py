"""Test `ledger verify FILE.zip`: it verifies a bundle from its file alone, and prints plain English or JSON."""

import asyncio
import json
from pathlib import Path

import pytest

from projections.engine.bundle_views import stored_states
from projections.engine.rebuild import rebuild
from projections.views.registry import ALL
from tests.api.cli_tools import Ledger, caller
from tests.ledger.bundle.bundles import SIGNER, by_its_own, forge, make
from tests.ledger.damage import NARRATED, SIZE, record


@pytest.fixture
def ledger(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ledger:
    """Return the command line in a place without a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", f"postgresql://nobody@/ledger?host={tmp_path}")
    return caller(capsys)


@pytest.fixture
async def bundle(database: str, tmp_path: Path) -> Path:
    """Write a bundle of the small record."""
    await record(database)
    return await make(database, tmp_path / "bundle.zip")


def test_a_sound_bundle_is_told_with_who_signed_it(ledger: Ledger, bundle: Path) -> None:
    ran = ledger("verify", bundle)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"tameside-2022 is sound: {SIZE} entries, 14 narratives, 1 of them erased, root ")
    assert f"  entries 1 to {SIZE} with none missing, signed by {SIGNER.verifier_key()}\n" in ran.out
    assert ran.out.endswith("  compare that key with the published one: --key KEY\n")
    assert "compare that key" not in ledger("verify", bundle, "--key", SIGNER.verifier_key()).out
    assert ledger("verify", bundle, "--key", f" {SIGNER.verifier_key()} \r\n").status == 0, "as it was copied"
    [verdict] = ledger("verify", bundle, "--json", "--against", bundle).json
    assert (verdict["sound"], verdict["bundle"]["size"], verdict["bundle"]["role"]) == (True, SIZE, "AUDITOR")


def test_a_damaged_bundle_names_the_first_entry(ledger: Ledger, bundle: Path) -> None:
    earlier = bundle.with_name("kept.zip")
    earlier.write_bytes(bundle.read_bytes())
    forge(
        bundle,
        lambda members: members.update(
            {"narratives.ndjson": members["narratives.ndjson"].replace(b"Nine", b"None")}
        ),
    )
    ran = ledger("verify", bundle, "--views")
    assert ran.status == 1
    first = f"tameside-2022, entry {NARRATED}: a narrative or its salt is not the one recorded: "
    assert ran.err.startswith(f"ledger: the bundle is damaged, first at {first}")
    [verdict] = ledger("verify", bundle, "--json").json
    assert (verdict["sound"], verdict["first"]["position"]) == (False, NARRATED)
    assert ledger("verify", earlier, "--against", bundle).err.startswith(
        f"ledger: {bundle} cannot be compared with: "
    )


def without_texts(members: dict[str, bytes]) -> None:
    """Mark all narratives as erased by an entry that is not in the bundle."""
    narratives = [json.loads(line) for line in members["narratives.ndjson"].splitlines()]
    narratives = [line if "erasedBy" in line else line | {"erasedBy": 99_999} for line in narratives]
    for line in narratives:
        line.pop("salt", None), line.pop("text", None)
    members["narratives.ndjson"] = b"".join(
        json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in narratives
    )


def test_what_later_entries_are_said_to_have_erased_is_counted(ledger: Ledger, bundle: Path) -> None:
    forge(bundle, without_texts)
    but = ", except 13 narratives or documents marked as erased by later entries, which are not included: "
    ran = ledger("verify", bundle)
    assert (ran.status, ran.out.startswith(f"tameside-2022 is sound{but}")) == (0, True)
    own = by_its_own(bundle)
    verdict = "SOUND, but for erasures by entries after this bundle (13): "
    assert (own.status, own.out.startswith(verdict)) == (0, True)


async def test_a_bundle_without_a_signed_manifest_is_accepted_only_by_request(
    ledger: Ledger, database: str, tmp_path: Path
) -> None:
    await record(database)
    await make(database, tmp_path / "bundle.zip", sign_note=None)
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip", "--json")
    assert (ran.status, ran.json[0]["sound"]) == (1, False)
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip")
    assert (ran.status, "--unsigned" in ran.out) == (1, True)
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip", "--unsigned")
    assert (ran.status, "its manifest is not signed" in ran.out) == (0, True)
    ran = await asyncio.to_thread(ledger, "verify", "tameside-2022", "--unsigned")
    assert (ran.status, ran.err) == (2, "ledger: --unsigned is for a bundle; name one (FILE.zip)\n")


async def test_a_view_that_the_bundle_does_not_tell_of_fails(
    ledger: Ledger, database: str, tmp_path: Path
) -> None:
    await record(database)
    await rebuild(database, ALL)
    lines = [
        one
        for one in await stored_states(database, ALL, "tameside-2022", SIZE)
        if one.view not in ("plan", "board")
    ]
    await make(database, tmp_path / "bundle.zip", views=tuple(lines))
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip", "--views")
    assert ran.status == 1
    assert ran.err.startswith("ledger: the bundle lacks board, plan: these views did not exist when")
    forge(tmp_path / "bundle.zip", lambda members: members.update({"views.json": b""}))
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip", "--views", "--json")
    assert (ran.status, ran.json[0]["sound"]) == (1, False)
    assert ran.json[0]["bundle"]["absent"] == sorted(view.name for view in ALL)
    forge(tmp_path / "bundle.zip", lambda _: None, software="0.0.1")
    ran = await asyncio.to_thread(ledger, "verify", "bundle.zip", "--views")
    assert (ran.status, "the bundle lacks " in ran.err) == (0, True)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nothing.zip"], 1, "nothing.zip cannot be read: No such file or directory; name a bundle"),
        (["tameside-2022", "--key", "x"], 2, "--key is for a bundle; name one (FILE.zip)"),
        (["--against", "x"], 2, "--against compares one notice with a file; name the notice or"),
    ],
)
def test_what_cannot_be_verified_is_told_in_a_line(
    ledger: Ledger, words: list[str], status: int, message: str
) -> None:
    ran = ledger("verify", *words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert message in ran.err
