"""Media types: formats are recognised by their magic number, text by being text."""

import io
import zipfile

import puremagic.main
import pytest

from ledger.evidence.media_type import EDGE, mismatch

OFFICE = "application/vnd.openxmlformats-officedocument."
ODT, ODS = (f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet"))
DOCX, XLSX = OFFICE + "wordprocessingml.document", OFFICE + "spreadsheetml.sheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def archive(*entries: tuple[str, str]) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as opened:
        for name, content in entries:
            opened.writestr(name, content)
    return found.getvalue()


WORD = archive(("[Content_Types].xml", "x"), ("word/document.xml", "x"))
EXCEL = archive(("[Content_Types].xml", "x"), ("xl/workbook.xml", "x"))
TEXT = archive(("mimetype", ODT), ("content.xml", "x"))


@pytest.mark.parametrize(
    ("declared", "content"),
    [
        ("application/pdf", b"%PDF-1.4\n..."),
        ("image/png", PNG),
        ("IMAGE/PNG", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50)),
        ("image/jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50)),
        ("image/gif", b"GIF89a" + bytes(20)),
        (DOCX, WORD),
        (XLSX, EXCEL),
        (ODT, TEXT),
        ("application/zip", WORD),
        ("application/msword", OLE),
        ("application/vnd.ms-excel", OLE),
        ("application/vnd.ms-outlook", OLE),
        ("application/rtf", b"{\\rtf1\\ansi Dear all}"),
        ("text/csv", b"Month,Visits\nMay,10\n"),
        ("text/csv", "Zoë,1\n".encode("cp1252")),
        ("text/csv", "Zoë,1\n".encode("utf-16")),
        ("text/plain", b"BM, Rar, ID3: words that begin other files"),
        ("text/plain", b"From: a colleague"),
        ("text/html", b"<!doctype html><p>Minutes</p>"),
        ("text/markdown", b"<!-- a note -->\n# Minutes"),
        ("application/json", b'{"visits": 10}'),
        ("application/xml", b'<?xml version="1.0" standalone="yes"?><a/>'),
        ("message/rfc822", b"Received: by mail\nSubject: Visits\n\nDear all"),
        ("application/x-something-of-ours", b"\x01\x02\x03\x04"),
    ],
)
def test_what_is_declared_rightly_passes(declared: str, content: bytes) -> None:
    assert mismatch(declared, content, b"") is None


@pytest.mark.parametrize(
    ("declared", "content", "found"),
    [
        ("application/pdf", PNG, "image/png"),
        ("application/pdf", b"no pdf at all", "none that is known here"),
        ("image/jpeg", PNG, "image/png"),
        ("text/plain", b"%PDF-1.4", "application/pdf"),
        ("text/plain", b"{\\rtf1}", "application/rtf"),
        ("text/plain", PNG, "image/png"),
        ("text/csv", b"\n <HTML><body>Sign in</body>", "text/html"),
        ("application/json", b"\xef\xbb\xbf<!DOCTYPE html>", "text/html"),
        ("application/octet-stream", b"%PDF-1.4", "application/pdf"),
        ("application/msword", WORD, None),
        (DOCX, OLE, None),
        (DOCX, EXCEL, None),
        (ODS, TEXT, None),
        (DOCX, b"PK\x03\x04 and no more", None),
    ],
)
def test_what_is_declared_wrongly_is_told(declared: str, content: bytes, found: str | None) -> None:
    seen = mismatch(declared, content, b"")
    assert seen is not None
    assert found in (None, seen)


def test_binary_data_after_a_text_is_told_by_its_end() -> None:
    assert mismatch("text/plain", b"a" * 100, b"b\x00c") is not None


def test_the_contents_of_an_archive_are_looked_for_at_its_end() -> None:
    large = archive(("[Content_Types].xml", "x" * 200_000), ("word/document.xml", "x" * 200_000))
    head, tail = large[:EDGE], large[-EDGE:]
    assert b"word/" not in head
    assert mismatch(DOCX, head, tail) is None


def test_as_much_is_looked_at_as_formats_need() -> None:
    assert max(puremagic.main.max_head, puremagic.main.max_foot) <= EDGE
