"""Signed notes and their keys: Go's own vectors, everything that may be wrong with one, and the key's file."""

import os
from base64 import b64encode
from pathlib import Path

import pytest

from ledger.proof.checkpoint import CheckpointError, Signer, VerifierKey
from ledger.proof.note import open_note

# The keys and notes of golang.org/x/mod, sumdb/note/note_test.go.
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

SIGNER = Signer.generate("ledger.example")
KEY = SIGNER.verifier_key()


def test_gos_keys_sign_and_verify_as_in_go() -> None:
    signer = Signer.from_text(PETER_SECRET)
    assert signer.verifier_key() == PETER
    assert signer.to_text() == PETER_SECRET
    assert signer.sign_note(TEXT) == TEXT + "\n" + PETER_LINE
    assert str(VerifierKey.parse(ENOCH)) == ENOCH


@pytest.mark.parametrize(
    ("signed", "keys", "by"),
    [
        (PETER_LINE + ENOCH_LINE, [PETER], ["PeterNeumann"]),
        (PETER_LINE + ENOCH_LINE, [PETER, ENOCH], ["PeterNeumann", "EnochRoot"]),
        (ENOCH_LINE + PETER_LINE, [PETER, ENOCH], ["EnochRoot", "PeterNeumann"]),
        (PETER_LINE * 2 + ENOCH_LINE * 2, [PETER], ["PeterNeumann"]),
        (PETER_LINE * 100, [PETER], ["PeterNeumann"]),
        (PETER_LINE + ENOCH_LINE[:60] + "ABCD" + ENOCH_LINE[60:], [PETER], ["PeterNeumann"]),
        (PETER_LINE, [ENOCH, PETER, ENOCH], ["PeterNeumann"]),
    ],
)
def test_a_note_is_opened_by_the_known_keys_that_signed_it(signed: str, keys: list[str], by: list[str]) -> None:
    text, signatures = open_note(f"{TEXT}\n{signed}", keys)
    assert text == TEXT
    assert [signature.key.name for signature in signatures] == by


@pytest.mark.parametrize(
    ("signed", "keys", "why"),
    [
        (PETER_LINE + ENOCH_LINE, [], "no known key"),
        (ENOCH_LINE, [PETER], "no known key"),
        (PETER_LINE.replace("PeterNeumann", "CarmenSandiego"), [PETER], "no known key"),
        (PETER_LINE.replace("x08g", "xxxx"), [PETER], "no known key"),
        (ENOCH_LINE, [ENOCH, PETER, ENOCH], "given twice"),
        (PETER_LINE[:60] + "ABCD" + PETER_LINE[60:], [PETER], "PeterNeumann.c74f20a3 does not match"),
        (PETER_LINE.replace("FFYC2", "FFYC3"), [PETER], "PeterNeumann.c74f20a3 does not match"),
        (
            ENOCH_LINE + PETER_LINE.replace("FFYC2", "FFYC3"),
            [PETER, ENOCH],
            "PeterNeumann.c74f20a3 does not match",
        ),
        (PETER_LINE + PETER_LINE.replace("FFYC2", "FFYC3"), [PETER], "PeterNeumann.c74f20a3 does not match"),
        (PETER_LINE * 101, [PETER], "more than 100"),
        (PETER_LINE + ENOCH_LINE * 100, [PETER], "more than 100"),
    ],
)
def test_a_note_without_a_good_signature_is_refused(signed: str, keys: list[str], why: str) -> None:
    with pytest.raises(CheckpointError, match=why):
        open_note(f"{TEXT}\n{signed}", keys)


# Malformed notes


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        TEXT,
        TEXT + "\n",
        TEXT + "\n\n",
        TEXT + PETER_LINE,
        TEXT + "\n" + PETER_LINE[:-1],
        TEXT + "\n" + PETER_LINE + "\n",
        TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        TEXT + "\n" + "Unexpected line.\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("\n", "\r\n"),
        (TEXT + "\n" + PETER_LINE).replace("\n", "\r\n"),
        TEXT.replace(" ", "\t", 1) + "\n" + PETER_LINE,
        "\x01" + TEXT + "\n" + PETER_LINE,
        "\x00" + TEXT + "\n" + PETER_LINE,
        "\ud800" + TEXT + "\n" + PETER_LINE,
        b"\xff" + (TEXT + "\n" + PETER_LINE).encode(),
        b"\xed\xa0\x80" + (TEXT + "\n" + PETER_LINE).encode(),
        (TEXT + "\n" + PETER_LINE).encode("utf-16"),
        TEXT + "\n" + PETER_LINE.replace("—", "-"),
        TEXT + "\n" + PETER_LINE.replace("— ", "—"),
        TEXT + "\n" + " " + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann ", ""),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann ", " "),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
        TEXT + "\n" + PETER_LINE + ENOCH_LINE.replace("EnochRoot", "Enoch+Root"),
        TEXT + "\n" + PETER_LINE + ENOCH_LINE.replace("EnochRoot", "Enoch\u00a0Root"),
        TEXT + "\n" + PETER_LINE + ENOCH_LINE.replace("EnochRoot", "Enoch\u2003Root"),
        TEXT + "\n" + PETER_LINE + "— EnochRoot \n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eA==\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBz\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz-eBzm_w==\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBzm/w==AAAA\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBzm/x==\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBzm/w\n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBzm/w== \n",
        TEXT + "\n" + PETER_LINE + "— EnochRoot rwz+eBzmé===\n",
        None,
        7,
        bytearray((TEXT + "\n" + PETER_LINE).encode()),
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        open_note(note, [PETER])
    # Refused for its form, not for want of a signature that could be found.
    assert "no known key" not in str(refused.value)


def forged(text: str) -> str:
    """Return a note that `sign_note` refuses to make, with a valid signature."""
    key = VerifierKey.parse(KEY)
    signature = key.key_id + SIGNER._private_key.sign(text.encode())
    return f"{text}\n— {key.name} {b64encode(signature).decode()}\n"


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20) if chr(code) != "\n"])
def test_a_control_character_is_refused_even_where_the_signature_is_good(character: str) -> None:
    assert open_note(forged("good\n"), [KEY])[0] == "good\n"
    with pytest.raises(CheckpointError, match="control character"):
        open_note(forged(f"bad{character}\n"), [KEY])
    with pytest.raises(CheckpointError, match="control character"):
        SIGNER.sign_note(f"bad{character}\n")


def test_signature_lines_alone_are_no_note() -> None:
    note = SIGNER.sign_note("\n")
    assert open_note(note, [KEY])[0] == "\n"
    with pytest.raises(CheckpointError, match="blank line"):
        open_note(note.removeprefix("\n\n"), [KEY])


def test_text_without_a_last_newline_is_not_signed() -> None:
    with pytest.raises(CheckpointError, match="end in a newline"):
        SIGNER.sign_note("no newline")


def test_text_may_hold_empty_lines_and_any_other_character() -> None:
    text = "— not a signature\n\n\x7f\u0085 è subito sera\n\n— nor this\n"
    assert open_note(SIGNER.sign_note(text), [KEY])[0] == text


# Keys


def mangled(key: str) -> list[str]:
    """Yield each proper part of the key, and the key with each character changed, as Go's tests do."""
    parts = {key[start:stop] for start in range(len(key) + 1) for stop in range(start, len(key) + 1)}
    return sorted(parts - {key}) + [key[:at] + chr(ord(key[at]) + 1) + key[at + 1 :] for at in range(len(key))]


def test_a_mangled_verifier_key_is_refused() -> None:
    for text in mangled(PETER):
        with pytest.raises(CheckpointError):
            VerifierKey.parse(text)


def test_a_mangled_signing_key_is_refused_without_repeating_it() -> None:
    secret = PETER_SECRET.removeprefix("PRIVATE+KEY+PeterNeumann+c74f20a3+")
    for text in mangled(PETER_SECRET):
        with pytest.raises(CheckpointError) as refused:
            Signer.from_text(text)
        assert not any(secret[at : at + 6] in str(refused.value) for at in range(len(secret) - 6))


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER + "\n",
        " " + PETER,
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", "\ud800"),
        PETER.replace("c74f20a3", "0xc74f20"),
        PETER.replace("c74f20a3", "\N{ARABIC-INDIC DIGIT ZERO}" * 8),
        PETER_SECRET,
        PETER.encode(),
        None,
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        VerifierKey.parse(text)
    with pytest.raises(CheckpointError):
        open_note(TEXT + "\n" + PETER_LINE, [PETER, text])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_no_verifier_key_is_made_of_other_than_32_bytes(length: int) -> None:
    with pytest.raises(CheckpointError):
        VerifierKey("ledger.example", b"k" * length)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b", "a\x00b", "a\x1cb", "\ud800"])
def test_no_key_is_made_under_a_name_that_no_note_can_carry(name: str) -> None:
    with pytest.raises(CheckpointError):
        Signer.generate(name)


def test_a_key_survives_its_text_and_differs_from_every_other() -> None:
    again = Signer.from_text(SIGNER.to_text())
    assert again.verifier_key() == KEY
    assert again.sign_note(TEXT) == SIGNER.sign_note(TEXT)
    assert Signer.generate("ledger.example").verifier_key() != KEY


def test_a_signer_never_shows_its_private_key() -> None:
    secret = SIGNER.to_text().split("+", 4)[4]
    for text in (repr(SIGNER), str(SIGNER), f"{SIGNER}", f"{[SIGNER]!r}"):
        assert KEY in text
        assert secret not in text


# Key files


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "signing.key"
    path.touch(mode=0o600)
    path.write_text(SIGNER.to_text() + "\n")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\n"])
def test_a_key_file_of_its_owner_is_read(key_file: Path, mode: int, end: str) -> None:
    key_file.write_text(SIGNER.to_text() + end)
    key_file.chmod(mode)
    assert Signer.read(key_file).verifier_key() == KEY
    assert Signer.read(str(key_file)).verifier_key() == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])
def test_a_key_file_that_others_may_use_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(CheckpointError, match=r"signing\.key is open to other users: run chmod 600"):
        Signer.read(key_file)


def test_a_link_is_judged_by_the_file_it_leads_to(key_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key_file)
    assert Signer.read(link).verifier_key() == KEY
    key_file.chmod(0o644)
    with pytest.raises(CheckpointError, match="open to other users"):
        Signer.read(link)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xff\xfe", KEY.encode(), b"x" * 10_000, PETER_SECRET.encode()[:-1]],
    ids=["empty", "blank", "binary", "public", "long", "cut"],
)
def test_a_file_without_a_key_is_refused_by_name_and_not_repeated(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"signing\.key") as refused:
        Signer.read(key_file)
    assert "AYEKFALVFGyNhPJ" not in str(refused.value)


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    full_pipe = tmp_path / "full"
    os.mkfifo(full_pipe, 0o600)
    writer = os.open(full_pipe, os.O_RDWR)
    os.write(writer, SIGNER.to_text().encode())
    directory = tmp_path / "directory"
    directory.mkdir(0o700)
    for path in (tmp_path / "missing", directory, pipe, full_pipe):
        with pytest.raises(CheckpointError, match=path.name):
            Signer.read(path)
    os.close(writer)
