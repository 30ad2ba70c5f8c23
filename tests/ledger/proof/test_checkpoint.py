"""Checkpoints: a public one, round trips, and everything that one may have wrong under a good signature."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.checkpoint import CheckpointError, Signer, VerifierKey, parse, sign
from ledger.proof.note import open_note

# Of Go's checksum database; from transparency-dev/formats.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_CHECKPOINT = (
    "go.sum database tree\n"
    "6476701\n"
    "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n"
    "\n"
    "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+"
    "1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n"
)

ORIGIN = "ledger.example/ledgers/tameside-2022"
ROOT = bytes(range(32))
ROOT_LINE = b64encode(ROOT).decode()
SIGNER = Signer.generate("ledger.example")
KEY = SIGNER.verifier_key()
OTHER = Signer.generate("witness.example")


def test_a_real_checkpoint_of_another_log_is_read() -> None:
    checkpoint = parse(SUMDB_CHECKPOINT, [SUMDB])
    assert checkpoint.origin == "go.sum database tree"
    assert checkpoint.size == 6476701
    assert b64encode(checkpoint.root_hash) == b"mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk="
    assert checkpoint.extension == ()
    assert [str(signature.key) for signature in checkpoint.signatures] == [SUMDB]
    assert parse(SUMDB_CHECKPOINT.encode(), [VerifierKey.parse(SUMDB)]) == checkpoint


@given(
    st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), min_size=1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_is_read(origin: str, size: int, root: bytes) -> None:
    note = sign(origin, size, root, SIGNER)
    checkpoint = parse(note, [OTHER.verifier_key(), KEY])
    assert (checkpoint.origin, checkpoint.size, checkpoint.root_hash) == (origin, size, root)
    assert note.encode().startswith(f"{origin}\n{size}\n{b64encode(root).decode()}\n\n— ledger.example ".encode())


def test_extension_lines_and_further_signatures_are_read() -> None:
    body = f"{ORIGIN}\n7\n{ROOT_LINE}\nfirst line\nsecond\n"
    note = SIGNER.sign_note(body) + OTHER.sign_note(body).removeprefix(f"{body}\n")
    both = parse(note, [OTHER.verifier_key(), KEY])
    assert both.extension == ("first line", "second")
    assert [signature.key.name for signature in both.signatures] == ["ledger.example", "witness.example"]
    assert [signature.key.name for signature in parse(note, [KEY]).signatures] == ["ledger.example"]


@given(st.data())
def test_no_changed_byte_passes(data: st.DataObject) -> None:
    note = sign(ORIGIN, 1234, ROOT, SIGNER).encode()
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + bytes([note[at] ^ data.draw(st.integers(1, 255))]) + note[at + 1 :]
    with pytest.raises(CheckpointError):
        parse(changed, [KEY])


@pytest.mark.parametrize(
    "body",
    [
        "\n",
        f"{ORIGIN}\n",
        f"{ORIGIN}\n7\n",
        f"\n7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7\n\n",
        f"{ORIGIN}\n7\n{ROOT_LINE}\n\nextension\n",
        f"{ORIGIN}\n7\n{ROOT_LINE}\nextension\n\n",
        f"{ORIGIN}\n{ROOT_LINE}\n7\n",
        *(
            f"{ORIGIN}\n{size}\n{ROOT_LINE}\n"
            for size in (
                "07",
                "00",
                "+7",
                "-7",
                "-0",
                " 7",
                "7 ",
                "7.0",
                "7e0",
                "0x7",
                "1_000",
                "\N{ARABIC-INDIC DIGIT SEVEN}",
                "²",
                "seven",
            )
        ),
        f"{ORIGIN}\n{2**64}\n{ROOT_LINE}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT_LINE}\n",
        *(
            f"{ORIGIN}\n7\n{root}\n"
            for root in (
                b64encode(ROOT[:31]).decode(),
                b64encode(ROOT + b"\0").decode(),
                ROOT.hex(),
                ROOT_LINE[:-1],
                ROOT_LINE + "=",
                ROOT_LINE + " ",
                " " + ROOT_LINE,
                ROOT_LINE.replace("=", "!"),
                ROOT_LINE[:-2] + "9=",
                b64encode(b"\xfb" * 32).decode().replace("+", "-").replace("/", "_"),
            )
        ),
    ],
)
def test_a_malformed_checkpoint_is_refused_though_its_signature_is_good(body: str) -> None:
    note = SIGNER.sign_note(body)
    assert open_note(note, [KEY])[0] == body
    with pytest.raises(CheckpointError, match=r"^the checkpoint"):
        parse(note, [KEY])


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 7, ROOT),
        ("two\nlines", 7, ROOT),
        ("tab\t", 7, ROOT),
        ("\ud800", 7, ROOT),
        *((ORIGIN, size, ROOT) for size in (-1, 2**64, 10**5000, True, 7.0, "7", None)),
        *((ORIGIN, 7, root) for root in (b"", ROOT[:31], ROOT + b"\0", ROOT.hex(), bytearray(ROOT), None)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_signed_that_could_not_be_read(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(CheckpointError):
        sign(origin, size, root, SIGNER)
