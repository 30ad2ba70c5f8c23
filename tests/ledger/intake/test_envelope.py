"""The worked example of docs/envelope.md, byte for byte."""

import hashlib
import re
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec
import pytest

from ledger.domain.areas.notice import NoticeIssued
from ledger.domain.areas.people import RoleGranted
from ledger.domain.errors import Damaged
from ledger.intake.envelope import Envelope, decode, decode_data, decode_envelope, encoder
from ledger.intake.parse import SERVER_ATTRIBUTES, digest
from ledger.proof.merkle import Frontier, leaf_hash, root_hash

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "envelope.md").read_text("utf-8")
BODIES = [line.encode() for line in DOCUMENT.splitlines() if line.startswith('{"specversion"')]
TABLE = re.findall(r"^\| (\d+) \| (\d+) \| `([^`]+)` \| `([^`]+)` \|$", DOCUMENT, re.MULTILINE)


def test_the_example_has_three_entries() -> None:
    assert len(BODIES) == len(TABLE) == 3


@pytest.mark.parametrize(("body", "row"), list(zip(BODIES, TABLE, strict=True)))
def test_the_ledger_writes_those_very_bytes(body: bytes, row: tuple[str, str, str, str]) -> None:
    envelope = decode_envelope(body)
    data = msgspec.Raw(encoder.encode(decode_data(envelope)))
    assert encoder.encode(msgspec.structs.replace(envelope, data=data)) == body
    position, size, leaf, _ = row
    assert (envelope.position, len(body)) == (int(position), int(size))
    assert leaf_hash(body) == hashlib.sha256(b"\x00" + body).digest() == b64decode(leaf)


def test_roots_are_those_of_rfc_6962() -> None:
    leaves = [leaf_hash(body) for body in BODIES]
    roots = [b64encode(root).decode() for root in Frontier().extend_with_roots(leaves)]
    assert roots == [row[3] for row in TABLE]
    pair = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert root_hash(leaves) == hashlib.sha256(b"\x01" + pair + leaves[2]).digest()


def test_the_narrative_is_bound_by_its_salted_digest() -> None:
    salt = re.search(r"`([0-9a-f]{64})` \(hexadecimal\)", DOCUMENT)
    text = re.search(r"its text is\s+`([^`]+)`", DOCUMENT)
    assert salt
    assert text
    fact = decode(BODIES[0]).fact
    assert isinstance(fact, NoticeIssued)
    assert fact.title.sha256 == digest(bytes.fromhex(salt[1]), text[1])


def test_an_entry_reads_back() -> None:
    entry = decode(BODIES[2])
    assert isinstance(entry.fact, RoleGranted)
    assert (entry.notice, entry.position, entry.actor, entry.clauses) == ("tameside-2022", 3, "operator", ())
    assert entry.occurred_at == entry.recorded_at


def test_the_table_of_attributes_is_the_envelope() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (client|ledger)", DOCUMENT, re.MULTILINE)
    assert [name for name, _ in rows] == list(Envelope.__struct_encode_fields__)
    assert {name for name, setter in rows if setter == "ledger"} == {*SERVER_ATTRIBUTES, "datacontenttype"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        BODIES[0][:-1],
        BODIES[0].replace(b'"1.0"', b'"2.0"'),
        BODIES[0].replace(b'"position":1', b'"position":0'),
    ],
)
def test_other_bytes_are_damage(body: bytes) -> None:
    with pytest.raises(Damaged):
        decode(body)
