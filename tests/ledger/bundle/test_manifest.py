"""The manifest of a bundle is signed, so a member that no entry binds cannot be replaced or left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.bundle import comparison, verify, write
from ledger.bundle.write import ViewStateLine
from ledger.proof.checkpoint import Signer
from ledger.verify.findings import Damage
from tests.ledger.bundle.bundles import SIGNER, also, by_its_own, forge, found, make, members
from tests.ledger.damage import SIZE

pytestmark = pytest.mark.database
VIEWS = tuple(ViewStateLine(name, 1, SIZE, "A" * 43 + "=") for name in ("plan", "people"))


def cut_view(contents: dict[str, bytes]) -> None:
    """Leave out a line of the views."""
    contents["views.json"] = contents["views.json"].splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda contents: contents.update({"README.txt": b"Pay the bearer.\n"}),
        lambda contents: contents.update({"verify.py": b"print('SOUND')\n"}),
        lambda _: None,
        cut_view,
    ],
    ids=["README", "verifier", "nothing", "view line"],
)
async def test_a_member_that_no_entry_binds_is_bound_by_the_manifest(
    recorded: str, tmp_path: Path, change: Any
) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", views=VIEWS)
    assert (found(bundle), also(bundle)) == ([], [])
    before = members(bundle)
    forge(bundle, change, signer=None)
    changed = members(bundle) != before
    assert found(bundle) == ([(0, Damage.BUNDLE)] if changed else [])
    assert also(bundle) == ([0] if changed else [])


async def test_another_key_cannot_sign_the_manifest(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", views=VIEWS)
    forge(bundle, cut_view, signer=Signer.generate(SIGNER.public.name))
    assert (found(bundle), also(bundle)) == ([(0, Damage.BUNDLE)], [0])
    forge(bundle, lambda _: None, signer=SIGNER)
    assert (found(bundle), also(bundle)) == ([], [])


async def test_the_signature_of_another_ledgers_manifest_is_refused(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    manifest = members(bundle)["manifest.json"]

    def exchange(contents: dict[str, bytes]) -> None:
        text = write.manifest_note("ledger.example/ledgers/another-2022", manifest)
        contents["manifest.note"] = SIGNER.sign_note(text).encode()

    forge(bundle, exchange, signer=None)
    assert (found(bundle), also(bundle)) == ([(0, Damage.BUNDLE)], [0])


async def test_a_bundle_of_the_first_format_is_sound_only_by_request(recorded: str, tmp_path: Path) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip", sign_note=None)
    assert json.loads(members(bundle)["manifest.json"])["format"] == "improvement-ledger bundle 1"
    assert found(bundle) == [(0, Damage.BUNDLE)]
    refused = by_its_own(bundle)
    assert (refused.status, "--unsigned" in refused.out) == (1, True)
    assert not verify.check(bundle, unsigned=True).manifest_signed
    accepted = by_its_own(bundle, "--unsigned")
    assert (accepted.status, "Its manifest is not signed" in accepted.out) == (0, True)
    signed = await make(recorded, tmp_path / "signed.zip")
    assert verify.check(signed).manifest_signed
    assert "not signed" not in by_its_own(signed).out
    ran = by_its_own(signed, "--against", bundle)
    assert (ran.status, found(signed, earlier=comparison.read(bundle))) == (0, [])


async def test_a_signed_bundle_cannot_be_turned_into_one_of_the_first_format(
    recorded: str, tmp_path: Path
) -> None:
    """Leave out the signature and a view line, as somebody without the key can."""
    bundle = await make(recorded, tmp_path / "bundle.zip", views=VIEWS)

    def strip(contents: dict[str, bytes]) -> None:
        cut_view(contents)
        contents.pop("manifest.note")

    forge(bundle, strip, format="improvement-ledger bundle 1")
    assert (found(bundle), by_its_own(bundle).status) == ([(0, Damage.BUNDLE)], 1)


@pytest.mark.parametrize("strip", [False, True])
async def test_format_and_signature_go_together(recorded: str, tmp_path: Path, strip: bool) -> None:
    bundle = await make(recorded, tmp_path / "bundle.zip")
    if strip:
        forge(bundle, lambda contents: contents.pop("manifest.note"))
    else:
        forge(bundle, lambda _: None, format="improvement-ledger bundle 1")
    assert (found(bundle), also(bundle)) == ([(0, Damage.BUNDLE)], [0])
