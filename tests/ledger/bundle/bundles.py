"""Bundles for tests: made of a record in a database, and verified by both verifiers."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ledger.bundle import verify, verify_bundle, write
from ledger.bundle.archive import Archive
from ledger.bundle.write import BundleOrder
from ledger.domain.roles import Role
from ledger.proof.checkpoint import Signer, sign
from ledger.proof.merkle import Frontier, leaf_hash
from ledger.store.database import connect
from ledger.verify.findings import Damage
from tests.ledger.history import NOTICE

SIGNER = Signer.generate("ledger.example/2022")
ORIGIN = "ledger.example/ledgers"


async def bodies(url: str, notice: str = NOTICE) -> list[bytes]:
    """Return the stored bytes of all entries."""
    async with await connect(url) as connection:
        cursor = await connection.execute(
            "SELECT body FROM ledger.entries WHERE notice = %s ORDER BY position", (notice,)
        )
        return [body for (body,) in await cursor.fetchall()]


async def checkpoint(url: str, size: int | None = None, signer: Signer = SIGNER, notice: str = NOTICE) -> str:
    """Return the signed checkpoint of the first `size` entries as they are now."""
    frontier = Frontier()
    for body in (await bodies(url, notice))[:size]:
        frontier.append(leaf_hash(body))
    return sign(f"{ORIGIN}/{notice}", frontier.size, frontier.root(), signer)


async def make(url: str, path: Path, size: int | None = None, **order: Any) -> Path:
    """Write a bundle of the record up to a position, by default for an auditor."""
    signer = order.pop("signer", SIGNER)
    note = await checkpoint(url, size, signer)
    contents = {"role": Role.AUDITOR, "sign_note": signer.sign_note, **order}
    bundle_order = BundleOrder(NOTICE, note, signer.verifier_key(), **contents)
    with path.open("w+b") as file:
        await write.write(url, file, bundle_order, lambda _notice, _done, _size: None)
    return path


class Ran(Struct, frozen=True):
    """Output of the verifier in the bundle."""

    status: int
    out: str
    err: str


def by_its_own(bundle: Path, *options: object) -> Ran:
    """Run the bundle's own verifier as its README says, without access to the project's modules."""
    script = bundle.with_suffix(".py")
    script.write_bytes(zipfile.ZipFile(bundle).read("verify.py"))
    command = [sys.executable, "-I", script.name, bundle.name, *map(str, options)]
    ran = subprocess.run(command, cwd=bundle.parent, capture_output=True, text=True, check=False)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def also(bundle: Path, key: str | None = None, against: bytes | None = None) -> list[int]:
    """Return the positions of the findings of the bundle's own verifier, run in this process."""
    try:
        log = None if against is None else verify_bundle.KeptCopy(BytesIO(against))
        with bundle.open("rb") as file:
            problems, _ = verify_bundle.verify(file, key, log)
    except (verify_bundle.BadBundle, OSError, UnicodeDecodeError):
        return [0]
    return sorted({position for position, _ in problems}, key=lambda position: (position == 0, position))


def found(bundle: Path, **more: Any) -> list[tuple[int, Damage]]:
    """Return the findings of the ledger's own verifier in a bundle."""
    report = verify.check(bundle, **more).report
    return [(finding.position, finding.damage) for finding in report.findings]


def members(bundle: Path) -> dict[str, bytes]:
    """Return the members of a bundle, in their order."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def reseal(content: bytes) -> bytes:
    """Return the bytes of a bundle, sealed with the SHA-256 of any content before the end."""
    return content[:-64] + sha256(content[:-64]).hexdigest().encode()


def forge(
    bundle: Path,
    change: Callable[[dict[str, bytes]], object],
    signer: Signer | None = SIGNER,
    **manifest_changes: Any,
) -> None:
    """Change the members of a bundle, and make manifest, its signature and the seal fit again.

    Args:
        bundle: The bundle.
        change: Changes its members.
        signer: The key that signs the manifest; None leaves the old signature.
        manifest_changes: Changed fields of the manifest.
    """
    contents = members(bundle)
    change(contents)
    manifest, note = json.loads(contents.pop("manifest.json")), contents.pop("manifest.note", None)
    with bundle.open("w+b") as file, Archive(file) as archive:
        for name, content in contents.items():
            archive.put(name, content)
        manifest |= {"files": [msgspec.to_builtins(member) for member in archive.members], **manifest_changes}
        line = msgspec.json.encode(manifest) + b"\n"
        archive.put("manifest.json", line)
        if note is not None:
            text = write.manifest_note(manifest["origin"], line)
            archive.put("manifest.note", signer.sign_note(text).encode() if signer is not None else note)
        archive.seal()
