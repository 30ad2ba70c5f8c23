"""`ledger verify FILE.zip`: a bundle is verified from its file alone, in plain words or in JSON."""

from pathlib import Path

import pytest

from tests.api.cli_tools import Ledger, caller
from tests.ledger.bundles import SIGNER, forge, make
from tests.ledger.damage import SIZE, TOLD, record


@pytest.fixture
def ledger(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ledger:
    """The command line where there is no database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", f"postgresql://nobody@/ledger?host={tmp_path}")
    return caller(capsys)


@pytest.fixture
async def bundle(database: str, tmp_path: Path) -> Path:
    """A bundle of the small record."""
    await record(database)
    return await make(database, tmp_path / "bundle.zip")


def test_a_sound_bundle_is_told_with_who_signed_it(ledger: Ledger, bundle: Path) -> None:
    ran = ledger("verify", bundle)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"tameside-2022 is sound: {SIZE} entries, 14 texts, 1 of them erased, root ")
    assert f"  entries 1 to {SIZE} with none missing, signed by {SIGNER.verifier_key()}\n" in ran.out
    assert ran.out.endswith("  compare that key with the one that was published: --key KEY\n")
    assert "compare that key" not in ledger("verify", bundle, "--key", SIGNER.verifier_key()).out
    [found] = ledger("verify", bundle, "--json", "--against", bundle).json
    assert (found["sound"], found["bundle"]["size"], found["bundle"]["role"]) == (True, SIZE, "AUDITOR")


def test_a_damaged_bundle_names_the_first_entry(ledger: Ledger, bundle: Path) -> None:
    kept = bundle.with_name("kept.zip")
    kept.write_bytes(bundle.read_bytes())
    forge(
        bundle,
        lambda held: held.update({"narratives.ndjson": held["narratives.ndjson"].replace(b"Nine", b"None")}),
    )
    ran = ledger("verify", bundle, "--views")
    assert ran.status == 1
    first = f"tameside-2022, entry {TOLD}: a narrative or its salt is not the one recorded: "
    assert ran.err.startswith(f"ledger: the bundle is damaged, first at {first}")
    [found] = ledger("verify", bundle, "--json").json
    assert (found["sound"], found["first"]["position"]) == (False, TOLD)
    assert ledger("verify", kept, "--against", bundle).err.startswith(
        f"ledger: {bundle} cannot be compared with: "
    )


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["nothing.zip"], 1, "nothing.zip cannot be read: No such file or directory; name a bundle"),
        (["tameside-2022", "--key", "x"], 2, "--key says who must have signed a bundle; name a bundle, FILE.zip"),
        (["--against", "x"], 2, "--against holds one notice's history against a file; name the notice or"),
    ],
)
def test_what_cannot_be_verified_is_told_in_a_line(
    ledger: Ledger, words: list[str], status: int, told: str
) -> None:
    ran = ledger("verify", *words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert told in ran.err
