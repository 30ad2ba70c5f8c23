"""Where a process has its signing key from, and which key the entries say signs which size."""

import json
import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.domain.errors import Damaged, LedgerError
from ledger.domain.registry import find_kind
from ledger.follow.monitor import _Copy
from ledger.follow.registry import Source
from ledger.proof import keys
from ledger.proof.checkpoint import Signer, VerifierKey, parse, sign
from ledger.proof.merkle import leaf_hash

ORIGIN = "ledger.example/ledgers/tameside-2022"


def test_a_key_is_made_once_for_all_processes_and_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there"
    with ThreadPoolExecutor(8) as pool:
        keys_of = {
            signer.verifier_key()
            for signer in pool.map(lambda _: keys.read_or_generate(data, "ledger.example"), range(8))
        }
    assert len(keys_of) == 1
    assert [file.name for file in data.iterdir()] == [keys.KEY_FILE]
    assert stat.S_IMODE((data / keys.KEY_FILE).stat().st_mode) == 0o600
    assert keys.read_or_generate(data, "another.example").verifier_key() in keys_of
    assert keys.read(data / keys.KEY_FILE).public.name.startswith("ledger.example/")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    keys.generate(tmp_path / "key", "ledger.example")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(LedgerError, match="never overwritten"):
        keys.generate(tmp_path / "key", "ledger.example")
    assert (tmp_path / "key").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_made_or_read_is_said_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="not a valid key name"):
        keys.generate(tmp_path / "key", "two words")
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be written"):
        keys.generate(tmp_path / "file" / "key", "ledger.example")
    keys.generate(tmp_path / "open", "ledger.example")
    (tmp_path / "open").chmod(0o640)
    with pytest.raises(LedgerError, match="run chmod 600"):
        keys.read(tmp_path / "open")


def test_any_origin_makes_a_name() -> None:
    assert keys._NAME.fullmatch(keys.new_name("ledger.example:80/a~b/" + "c" * 200))


def test_from_each_rotation_on_its_key_signs() -> None:
    first, second = (Signer.generate(name).public for name in ("one", "two"))
    rotations = [keys.Rotation(9, second), keys.Rotation(4, first)]
    signers = [keys.signing_key(rotations, size) for size in (1, 3, 4, 8, 9, 1_000)]
    assert signers == [None, None, first, first, second, second]


def test_a_rotation_is_read_from_the_stored_bytes() -> None:
    key = Signer.generate("ledger.example/k1").public
    data = {"key": key.name, "publicKey": b64encode(key.public_key).decode()}
    kind = find_kind("SigningKeyRotated")
    assert kind is not None
    assert kind.type.startswith(keys.ROTATION_TYPE)
    body = json.dumps({"id": "x", "type": kind.type, "data": data}).encode()
    assert keys.find_rotation(7, body) == keys.Rotation(7, key)
    assert keys.find_rotation(7, body.replace(b"SigningKeyRotated.v", b"Other.v")) is None
    mentioned = {"type": "improvement-ledger.plan.ProgressRecorded.v1", "data": {"x": keys.ROTATION_TYPE}}
    assert keys.find_rotation(7, json.dumps(mentioned).encode()) is None


ROTATIONS: list[object] = [
    None,
    [],
    {},
    {"key": 1, "publicKey": "AAAA"},
    {"key": "k"},
    {"key": "k", "publicKey": "?"},
    {"key": "a name", "publicKey": "A" * 43 + "="},
]
"""Data that no rotation has."""


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b"{}", b'{"type": 1}', b"\xff", b"[" * 100_000),
        *(json.dumps({"type": f"{keys.ROTATION_TYPE}1", "data": data}).encode() for data in ROTATIONS),
        json.dumps({"type": f"{keys.ROTATION_TYPE}1", "data": {"key": "k", "publicKey": "AAAA"}}).encode(),
    ],
)
def test_an_unreadable_rotation_is_damage_and_an_alarm(body: bytes) -> None:
    body += b"" if keys.ROTATION_TYPE.encode() in body else keys.ROTATION_TYPE.encode()
    with pytest.raises(Damaged, match="entry 1 is not a readable key rotation"):
        keys.find_rotation(1, body)
    copy = _Copy(Source("tameside", "https://ledger.example", str(Signer.generate("k").public), left=False), "n")
    leaf = leaf_hash(body)
    assert not copy.add(1, "improvement-ledger.plan.ProgressRecorded.v1", body, leaf, leaf)
    assert copy.alarm is not None
    assert copy.alarm.kind == "REWRITTEN"


def test_a_checkpoint_is_signed_under_the_keys_name_and_the_logs() -> None:
    signer = Signer.generate("ledger.example/k1")
    note = sign(ORIGIN, 7, bytes(32), *keys.log_signers(signer, ORIGIN))
    assert [line.split()[1] for line in note.splitlines()[4:]] == ["ledger.example/k1", ORIGIN]
    for name in ("ledger.example/k1", ORIGIN):
        assert parse(note, [VerifierKey(name, signer.public.public_key)]).size == 7
    assert keys.log_signers(signer.renamed(ORIGIN), ORIGIN)[0].public.name == ORIGIN
    assert len(keys.log_signers(signer.renamed(ORIGIN), ORIGIN)) == 1
