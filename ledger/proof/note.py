"""Read and write C2SP signed notes with Ed25519 keys, the format of checkpoints.

Imports only the standard library and `cryptography`. Follows https://c2sp.org/signed-note and Go's
`golang.org/x/mod/sumdb/note`, including the text forms of keys. This module is stricter in two ways. Base64 must
be canonical, and a repeated signature by a known key is verified too. A witness's signature is checked by its key,
like any other. Cosignatures with a time (https://c2sp.org/tlog-cosignature) and those by unknown keys are ignored.
"""

import hmac
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_SIZE = 32
_KEY_ID_SIZE = 4
_MARK = "\N{EM DASH} "
_MAX_SIGNATURES = 100
_MAX_KEY_FILE = 4096
_KEY_ID = re.compile(r"[0-9a-fA-F]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class CheckpointError(ValueError):
    """A checkpoint, note or key is malformed, or a signature is missing or wrong."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with a name, published as `name+id+base64(0x01 || public key)`.

    Raise CheckpointError for an invalid name or a key that is not 32 bytes.
    """

    name: str
    public_key: bytes
    """Ed25519 public key of 32 bytes (RFC 8032)."""
    key_id: bytes = field(init=False)
    """First 4 bytes of SHA-256(name || newline || 0x01 || public key)."""

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise CheckpointError("a key's name is empty or has a space or plus: try one like a.example/log")
        if len(self.public_key) != _KEY_SIZE:
            raise CheckpointError(f"the public key is not {_KEY_SIZE} bytes long: copy the key again")
        named = _to_bytes(self.name) + b"\n" + _ED25519 + self.public_key
        object.__setattr__(self, "key_id", sha256(named).digest()[:_KEY_ID_SIZE])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key from its text. Raise CheckpointError if the text is malformed."""
        name, key_id, public_key = _read_key("", text)
        key = cls(name, public_key)
        if key.key_id != key_id:
            raise CheckpointError("the verifier key's id does not match its name and key: copy it again")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519 + self.public_key)}"

    def verify(self, text: str, signature: bytes) -> None:
        """Raise CheckpointError unless this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, _to_bytes(text))
        except InvalidSignature:
            label = f"{self.name}+{self.key_id.hex()}"
            raise CheckpointError(f"the signature by {label} does not match the text: fetch it again") from None


class Signer:
    """A private key with a name. Only `to_text` reveals the private key."""

    __slots__ = ("_private_key", "_public")

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public = VerifierKey(name, private_key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Self:
        """Return a new random key. Raise CheckpointError for an invalid name."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a key from the text of `to_text`. Raise CheckpointError, which repeats nothing of the text."""
        name, key_id, private_key = _read_key("PRIVATE+KEY+", text)
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(private_key))
        if signer._public.key_id != key_id:
            raise CheckpointError("the signing key's id does not match its name and key: copy it again")
        return signer

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a key from a file that only its owner may use. Raise CheckpointError if the key cannot be read."""
        try:
            with open(path, "rb", opener=_open_without_blocking) as file:
                status = os.fstat(file.fileno())
                content = file.read(_MAX_KEY_FILE) if stat.S_ISREG(status.st_mode) else b""
        except OSError as error:
            raise CheckpointError(f"the signing key {path} cannot be read: {error.strerror}") from None
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CheckpointError(f"the signing key {path} is open to other users: run chmod 600 on it")
        try:
            return cls.from_text(content.decode("ascii", "replace").strip())
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None

    def to_text(self) -> str:
        """Return the private key in Go's form `PRIVATE+KEY+name+id+base64(0x01 || key)`, without a newline."""
        key = encode_base64(_ED25519 + self._private_key.private_bytes_raw())
        return f"PRIVATE+KEY+{self._public.name}+{self._public.key_id.hex()}+{key}"

    def derive_key(self, purpose: str) -> bytes:
        """Return a secret of 32 bytes for another purpose. The secret reveals nothing of the private key."""
        return hmac.digest(
            self._private_key.private_bytes_raw(), f"improvement-ledger {purpose}".encode(), "sha256"
        )

    def verifier_key(self) -> str:
        """Return the public key as text, in the form that `VerifierKey.parse` reads."""
        return str(self._public)

    @property
    def public(self) -> VerifierKey:
        """Public key of this signer."""
        return self._public

    def renamed(self, name: str) -> "Signer":
        """Return the same key under another name. Raise CheckpointError for an invalid name."""
        return Signer(name, self._private_key)

    def __repr__(self) -> str:
        return f"Signer({self.verifier_key()})"

    def sign_note(self, text: str, *others: "Signer") -> str:
        """Return a note over the text, signed by this key and others.

        Raise CheckpointError if the text has a control character or no final newline.
        """
        if not text.endswith("\n") or _CONTROL.search(text):
            raise CheckpointError("the text to sign holds a control character or does not end in a newline")
        return f"{text}\n{''.join(signer.signature_line(text) for signer in (self, *others))}"

    def signature_line(self, text: str) -> str:
        """Return this key's signature line for a note over the text."""
        signature = self._public.key_id + self._private_key.sign(_to_bytes(text))
        return f"{_MARK}{self._public.name} {encode_base64(signature)}\n"


class Signature(NamedTuple):
    """A verified signature of a note, with the key that made it."""

    key: VerifierKey
    value: bytes
    """Ed25519 signature of 64 bytes (RFC 8032)."""


def open_note(note: str | bytes, verifier_keys: Iterable[str | VerifierKey]) -> tuple[str, tuple[Signature, ...]]:
    """Return the text of a note and one verified signature for each known key that signed it.

    Signatures by unknown keys are ignored.

    Raises:
        CheckpointError: The note or a key is malformed, no known key signed it, a known key's signature is
            wrong, or the signer's key is given twice.
    """
    text, lines = _split_note(note)
    known: dict[tuple[str, bytes], list[VerifierKey]] = {}
    for candidate in verifier_keys:
        key = candidate if isinstance(candidate, VerifierKey) else VerifierKey.parse(candidate)
        known.setdefault((key.name, key.key_id), []).append(key)
    signatures: dict[VerifierKey, Signature] = {}
    for line in lines:
        name, key_id, value = _read_signature(line)
        keys = known.get((name, key_id), [])
        if len(keys) > 1:
            raise CheckpointError(f"the key {name}+{key_id.hex()} is given twice: give each key once")
        for key in keys:
            key.verify(text, value)
            signatures.setdefault(key, Signature(key, value))
    if not signatures:
        raise CheckpointError("no known key signed the note: give the verifier key of its signer")
    return text, tuple(signatures.values())


def note_text(note: str | bytes) -> str:
    """Return the text of a note without checking signatures. Raise CheckpointError if the note is malformed."""
    text, lines = _split_note(note)
    for line in lines:
        _read_signature(line)
    return text


def encode_base64(data: bytes) -> str:
    """Encode bytes in standard base64 (RFC 4648 section 4)."""
    return b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Decode standard base64. Raise ValueError unless `encode_base64` would write the same text."""
    data = b64decode(text)
    if encode_base64(data) != text:
        raise ValueError("not canonical base64")
    return data


def _split_note(note: str | bytes) -> tuple[str, list[str]]:
    try:
        content = note.decode() if isinstance(note, bytes) else note.encode().decode()
    except (AttributeError, UnicodeError):
        raise CheckpointError("the note is not UTF-8 text: fetch it again") from None
    if _CONTROL.search(content):
        raise CheckpointError("the note holds a control character: fetch it again as it was signed")
    text, blank_line, signed = content.rpartition("\n\n")
    if not blank_line or not signed.endswith("\n"):
        raise CheckpointError("the note does not end in a blank line and signature lines: fetch it again")
    lines = signed.removesuffix("\n").split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise CheckpointError(f"the note has more than {_MAX_SIGNATURES} signatures: leave some out")
    return text + "\n", lines


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    try:
        signature = decode_base64(encoded)
    except ValueError:
        signature = b""
    if not line.startswith(_MARK) or not _is_name(name) or len(signature) <= _KEY_ID_SIZE:
        raise CheckpointError("a signature line of the note is not of the form: em dash, name, base64")
    return name, signature[:_KEY_ID_SIZE], signature[_KEY_ID_SIZE:]


def _read_key(prefix: str, text: str) -> tuple[str, bytes, bytes]:
    # The message repeats nothing of the text, which may contain a private key.
    malformed = CheckpointError(f"the key is not of the form {prefix}name+id+base64key: copy the key again")
    if type(text) is not str or not text.startswith(prefix):
        raise malformed
    name, _, rest = text.removeprefix(prefix).partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = decode_base64(encoded)
    except ValueError:
        raise malformed from None
    if not _KEY_ID.fullmatch(key_id) or key[:1] != _ED25519 or len(key) != 1 + _KEY_SIZE:
        raise malformed
    return name, bytes.fromhex(key_id), key[1:]


def _is_name(name: str) -> bool:
    return name != "" and not any(char == "+" or char < " " or char.isspace() for char in name)


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CheckpointError("the text has a character that UTF-8 cannot encode: remove it") from None


def _open_without_blocking(path: str, flags: int) -> int:
    # Without O_NONBLOCK a named pipe at this path would block the caller for ever.
    return os.open(path, flags | os.O_NONBLOCK)
