"""Read the key that seals the pages' cookies and forms, shared by all processes of the service.

The key is in the file of LEDGER_SESSION_KEY_FILE, or in `session.key` under LEDGER_DATA, created at the first
start. A change of the key signs everybody out, ends sign-ins under way and invalidates open forms.
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.settings import Settings
from ledger.domain.errors import LedgerError

BYTES = 32
"""Bytes of a new key, and the minimum bytes of a key file."""


def session_key(settings: Settings) -> bytes:
    """Return the key that these settings name.

    Raises:
        LedgerError: The key file cannot be read or created, or is too short.
    """
    named = settings.session_key_file
    path = named or settings.data / "session.key"
    try:
        if named is None and not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be read or created: {error.strerror}; name another file with LEDGER_SESSION_KEY_FILE"
        ) from None
    if len(key) < BYTES:
        raise LedgerError(f"{path} holds {len(key)} bytes; a session key needs at least {BYTES} random bytes")
    return key


def _make(path: Path) -> None:
    """Create the key file atomically; keep a file that another process created first."""
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
    """Return a key derived for one use only (RFC 5869)."""
    return HKDF(SHA256(), BYTES, None, f"improvement-ledger {use}".encode()).derive(key)
