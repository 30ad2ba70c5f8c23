"""The key from which the pages' cookies and forms are sealed: one for all processes of the service.

It is in the file of LEDGER_SESSION_KEY_FILE, or in `session.key` in LEDGER_DATA, made when it is not there.
Another key signs everybody out and does nothing else.
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.settings import Settings
from ledger.domain.errors import LedgerError

BYTES = 32
"""The length of a key, and the least that a file of one has to hold."""


def session_key(settings: Settings) -> bytes:
    """The key of these settings; raises LedgerError when it can be neither read nor made."""
    given = settings.session_key_file
    path = given or settings.data / "session.key"
    try:
        if given is None and not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be had: {error.strerror}; name a file that can, with LEDGER_SESSION_KEY_FILE"
        ) from None
    if len(key) < BYTES:
        raise LedgerError(f"{path} holds {len(key)} bytes; a key of sessions has {BYTES} random bytes or more")
    return key


def _make(path: Path) -> None:
    """Makes the file whole or not at all, and leaves one alone that another process made meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".session.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def derived(key: bytes, use: str) -> bytes:
    """A key for one use alone (RFC 5869)."""
    return HKDF(SHA256(), BYTES, None, f"improvement-ledger {use}".encode()).derive(key)
