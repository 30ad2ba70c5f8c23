"""Test the log over HTTP: checkpoints, proofs and tiles lead from a receipt to the signed root."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from ledger.proof import keys
from ledger.proof.checkpoint import Checkpoint, VerifierKey, parse
from ledger.proof.merkle import leaf_hash, root_hash, verify_consistency, verify_inclusion
from tests.api.http.test_entries_feed import stored
from tests.api.service import NDJSON, NOTICE, Service, progress

pytestmark = pytest.mark.database
LOG = f"/ledgers/{NOTICE}"
SIZE = 600
"""Entries for two complete tiles and a part of a third."""


@pytest.fixture(scope="module")
def long_log(service: Service) -> Service:
    """Fill the service's notice to SIZE entries."""
    with service.client("officer") as client:
        lines = [json.dumps(progress()) for _ in range(SIZE - service.position())]
        client.post(service.entries, content="\n".join(lines), headers={"Content-Type": NDJSON})
    assert service.position() == SIZE
    return service


@pytest.fixture
def member(long_log: Service) -> Iterator[httpx.Client]:
    """Return a board member's client, who cannot read entries."""
    with long_log.client("member") as client:
        yield client


def key_of(service: Service) -> VerifierKey:
    """Return the key that the service created."""
    return keys.read(service.data / keys.KEY_FILE).public


def checkpoint(service: Service, client: httpx.Client) -> Checkpoint:
    """Return the newest checkpoint, after verifying its signature."""
    answer = client.get(f"{LOG}/checkpoint")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "private" in answer.headers["cache-control"]
    return parse(answer.text, [key_of(service)])


def test_the_checkpoint_is_of_the_head_under_both_names(long_log: Service, member: httpx.Client) -> None:
    signed = checkpoint(long_log, member)
    assert (signed.origin, signed.size) == (f"localhost/ledgers/{NOTICE}", SIZE)
    assert signed.root_hash == root_hash([leaf for _, leaf in stored(long_log)])
    of_log = VerifierKey(signed.origin, key_of(long_log).public_key)
    assert parse(member.get(f"{LOG}/checkpoint").text, [of_log]).root_hash == signed.root_hash


@pytest.mark.parametrize("query", ["", "?size=600", "?size=300", "?size=257"])
def test_an_entry_that_is_withheld_is_proved_by_its_leaf_hash(
    long_log: Service, member: httpx.Client, query: str
) -> None:
    answer = member.get(f"{LOG}/proof/257{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.headers["content-disposition"] == 'inline; filename="tameside-257.tlog-proof"'
    head, note = answer.text.split("\n\n", 1)
    magic, index, *hashes = head.split("\n")
    assert (magic, index) == ("c2sp.org/tlog-proof@v1", "index 256")
    signed = parse(note, [key_of(long_log)])
    assert signed.size == int(query.partition("=")[2] or SIZE)
    leaf = b64decode(member.get(f"{LOG}/entries", params={"after": 256, "limit": 1}).json()["leafHash"])
    verify_inclusion(256, signed.size, leaf, [b64decode(each) for each in hashes], signed.root_hash)


def test_a_receipt_is_proved_later_with_the_root_that_it_names(long_log: Service) -> None:
    with psycopg.connect(long_log.database) as connection:
        row = connection.execute("SELECT root_hash FROM ledger.entries WHERE position = 300").fetchone()
    with long_log.client("officer") as client:
        note = client.get(f"{LOG}/proof/300", params={"size": 300}).text.split("\n\n", 1)[1]
    assert row is not None
    assert parse(note, [key_of(long_log)]).root_hash == row[0]


@pytest.mark.parametrize(("first", "second"), [(1, 600), (256, 257), (255, 600), (600, 600), (300, 512)])
def test_an_earlier_log_is_shown_to_be_the_beginning_of_a_later_one(
    member: httpx.Client, first: int, second: int
) -> None:
    answer = member.get(f"{LOG}/consistency", params={"from": first, "to": second}).json()
    roots = [b64decode(answer[name]) for name in ("fromRoot", "toRoot")]
    path = [b64decode(each) for each in answer["consistency"]]
    assert (answer["from"], answer["to"]) == (first, second)
    verify_consistency(first, second, path, roots[0], roots[1])


def test_tiles_hold_the_hashes_and_bundles_the_entries(long_log: Service, member: httpx.Client) -> None:
    bodies, leaves = zip(*stored(long_log), strict=True)
    for path, hashes in {
        "0/000": leaves[:256],
        "0/001": leaves[256:512],
        "0/002.p/88": leaves[512:],
        "0/002.p/1": leaves[512:513],
        "1/000.p/2": [root_hash(leaves[:256]), root_hash(leaves[256:512])],
    }.items():
        answer = member.get(f"{LOG}/tile/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.content == b"".join(hashes)
    assert member.get(f"{LOG}/tile/entries/000").status_code == 403
    with long_log.client("officer") as client:
        for path, expected in (("000", bodies[:256]), ("002.p/88", bodies[512:])):
            answer = client.get(f"{LOG}/tile/entries/{path}")
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert answer.headers["content-encoding"] == "gzip"
            plain = client.get(f"{LOG}/tile/entries/{path}", headers={"Accept-Encoding": "gzip;q=0"})
            assert "content-encoding" not in plain.headers
            assert plain.content == answer.content
            assert answer.content == b"".join(len(body).to_bytes(2, "big") + body for body in expected)
    assert leaf_hash(bodies[0]) == leaves[0]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        *(
            (f"tile/{tile}", 404, "UNKNOWN_TILE")
            for tile in (
                "0",
                "0/",
                "0/0",
                "0/0000",
                "00/000",
                "-1/000",
                "64/000",
                "0/x000/001",
                "0/001/x002",
                "0/X000/001",
                "0/000.p",
                "0/000.p/0",
                "0/000.p/01",
                "0/000.p/256",
                "0/000.p/1000",
                "0/002",
                "0/002.p/89",
                "0/x999/x999/x999/999",
                "0/x999/x999/x999/x999/999",
                "1/000",
                "2/000.p/1",
                "entries",
                "entries/0",
                "%00/000",
                "0/٣٣٣",
            )
        ),
        ("tile/", 404, "UNKNOWN_TILE"),
        ("proof/0", 400, "INVALID_PARAMETER"),
        ("proof/x", 400, "INVALID_PARAMETER"),
        ("proof/-1", 400, "INVALID_PARAMETER"),
        ("proof/%D9%A3", 400, "INVALID_PARAMETER"),
        ("proof/99999999999999999999", 400, "INVALID_PARAMETER"),
        ("proof/601", 404, "UNKNOWN_POSITION"),
        ("proof/2147483648", 404, "UNKNOWN_POSITION"),
        ("proof/300?size=299", 404, "UNKNOWN_POSITION"),
        ("proof/300?size=601", 400, "INVALID_PARAMETER"),
        ("proof/300?size=x", 400, "INVALID_PARAMETER"),
        ("proof/300?size=300&size=301", 400, "INVALID_PARAMETER"),
        ("consistency", 400, "INVALID_PARAMETER"),
        ("consistency?from=0&to=5", 400, "INVALID_PARAMETER"),
        ("consistency?from=6&to=5", 400, "INVALID_PARAMETER"),
        ("consistency?from=1&to=601", 400, "INVALID_PARAMETER"),
        ("consistency?from=1&to=0", 400, "INVALID_PARAMETER"),
    ],
)
def test_what_is_not_there_or_malformed_is_said(member: httpx.Client, path: str, status: int, code: str) -> None:
    answer = member.get(f"{LOG}/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/000", "proof/1", "consistency?from=1"])
def test_the_log_is_for_readers_of_the_notice(long_log: Service, path: str) -> None:
    with long_log.client() as nobody, long_log.client("system") as system, long_log.client("officer") as officer:
        assert nobody.get(f"{LOG}/{path}").status_code == 401
        assert system.get(f"{LOG}/{path}").json()["code"] == "FORBIDDEN"
        elsewhere = officer.get(f"/ledgers/elsewhere/{path}")
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "UNKNOWN_NOTICE")


def test_what_contradicts_what_was_signed_is_neither_signed_nor_proved(long_log: Service) -> None:
    """Damage the record, as the last test of the module."""
    with long_log.client("officer") as client, psycopg.connect(long_log.database, autocommit=True) as owner:
        before = checkpoint(long_log, client)
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger.entries SET leaf_hash = sha256(leaf_hash) WHERE position = 590")
        assert long_log.post(client, progress()).status_code == 201
        assert checkpoint(long_log, client) == before
        answer = client.get(f"{LOG}/proof/590")
        assert (answer.status_code, answer.json()["code"]) == (503, "NO_PROOF")
        while client.get("/readyz").json()["checkpoints"] != {"refused": 1}:
            pass
        waiting = re.search(
            rb"^ledger_checkpoint_wait_seconds (\S+)", client.get("/metrics").content, re.MULTILINE
        )
        assert waiting is not None
        assert float(waiting[1]) > 0
