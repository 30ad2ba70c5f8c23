"""The ZIP file of a bundle has the same bytes on every Python."""

import hashlib
from pathlib import Path

from ledger.bundle.archive import Archive
from ledger.bundle.read import BundleArchive

WRITTEN = "ec20c4d97220369da412786b92fb43e394a4adf6796cfd88a3c41d5a5bb99614"
"""By 3.11.2, which fills in headers otherwise than 3.11.7, 3.12 and 3.13 do."""


def test_the_bytes_are_the_same_on_every_python(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with path.open("w+b") as file, Archive(file) as archive:
        for name, data in (("README.txt", b"hello"), ("verify.py", b"x" * 100_000), ("evidence/12", b"")):
            archive.put(name, data)
        seal = archive.seal()
    assert seal == hashlib.sha256(path.read_bytes()).hexdigest() == WRITTEN
    with BundleArchive(path) as container:
        container.check_seal()
        assert container.names == ["README.txt", "verify.py", "evidence/12"]
