"""Media types: formats are recognised by their magic number, text by being text."""

import io
import zipfile

import puremagic.main
import pytest

from ledger.evidence.media_type import EDGE, is_locked, mismatch

OFFICE = "application/vnd.openxmlformats-officedocument."
ODT, ODS = (f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet"))
SXW = "application/vnd.sun.xml.writer"
DOCX, XLSX = OFFICE + "wordprocessingml.document", OFFICE + "spreadsheetml.sheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
GZIP = b"\x1f\x8b\x08" + bytes(60)
PROPERTIES = b"bplist00\xd1\x01\x02" + bytes(60)
XML_PROPERTIES = b'<?xml version="1.0"?>\n<!DOCTYPE plist>\n<plist>'


def archive(*entries: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in entries:
            opened.writestr(name, content)
    return buffer.getvalue()


WORD = archive(("[Content_Types].xml", "x"), ("word/document.xml", "x"))
EXCEL = archive(("[Content_Types].xml", "x"), ("xl/workbook.xml", "x"))
TEXT = archive(("mimetype", ODT), ("content.xml", "x"))


def ftyp(*brands: bytes) -> bytes:
    """Return the beginning of an ISO base media file with these brands."""
    return (
        (16 + 4 * len(brands[1:])).to_bytes(4) + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:]) + bytes(99)
    )


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
        ("image/heic", ftyp(b"heic", b"mif1")),
        ("image/heif", ftyp(b"heic", b"mif1")),
        ("image/heic", ftyp(b"mif1", b"heic")),
        ("image/heic-sequence", ftyp(b"msf1", b"hevc")),
        ("image/avif", ftyp(b"avif", b"mif1")),
        ("video/quicktime", ftyp(b"qt  ")),
        ("video/quicktime", ftyp(b"mp42", b"isom")),
        ("audio/x-m4a", ftyp(b"M4A ", b"isom")),
        ("video/x-matroska", b"\x1aE\xdf\xa3" + bytes(60)),
        ("audio/x-m4a", ftyp(b"mp42")),
        ("application/vnd.ms-excel", b"Month,Visits\r\nMay,10\r\n"),
        ("application/vnd.ms-excel", "Zoë;1\r\n".encode("cp1252")),
        ("application/csv", b"Month,Visits\n"),
        ("application/msexcel", OLE),
        ("application/octet-stream", b"\x01\x02 of no known format"),
        ("application/octet-stream", b"plain words"),
        ("application/octet-stream", archive(("[Content_Types].xml", "x"), ("DataModel", "x"))),
        ("application/octet-stream", archive(("plan.csv", "x"))),
        ("application/octet-stream", OLE + "Quill".encode("utf-16-le")),
        ("application/vnd.ms-excel", b"<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table>"),
        ("audio/mpeg", b"\xff\xf3\x84\xc4" + bytes(60)),
        ("audio/mp3", b"\xff\xfa\x90\x00" + bytes(60)),
        ("image/x-canon-cr2", b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(60)),
        ("application/pdf", b"\x1b%-12345X@PJL JOB\r\n%PDF-1.7\n..."),
        ("text/csv", b"Month,Visits\r\nMay,10\r\n\x1a"),
        ("application/msword", b"\xef\xbb\xbf<html xmlns:w='urn:schemas-microsoft-com:office:word'>"),
        ("application/msword", b"MIME-Version: 1.0\r\nContent-Type: multipart/related"),
        ("application/vnd.ms-word", b"Date: Fri, 1 Jul 2022 09:00:00 +0100\r\nMessage-ID: <1>"),
        ("application/msword", b"<?xml version='1.0'?>\r\n<?mso-application progid='Word.Document'?>"),
        ("application/octet-stream", b"BM, two bytes of a bitmap"),
        ("application/msword", b"{\\rtf1\\ansi Dear all}"),
        ("application/msword", WORD),
        ("application/vnd.ms-excel", EXCEL),
        ("application/vnd.ms-powerpoint", archive(("[Content_Types].xml", "x"), ("ppt/presentation.xml", "x"))),
        ("application/wps-office.docx", WORD),
        ("application/wps-office.pdf", b"%PDF-1.7\n..."),
        ("application/vnd.visio", archive(("[Content_Types].xml", "x"), ("visio/document.xml", "x"))),
        ("image/x-webp", b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(60)),
        ("image/x-tif", b"II*\x00" + bytes(60)),
        ("text/x-pdf", b"%PDF-1.7\n..."),
        ("application/vcard", b"BEGIN:VCARD\r\nEND:VCARD\r\n"),
        ("video/mpg", b"\x00\x00\x01\xba" + bytes(60)),
        ("video/x-mpeg", b"\x00\x00\x01\xb3" + bytes(60)),
        ("video/mkv", b"\x1aE\xdf\xa3" + bytes(60)),
        ("application/7z", b"7z\xbc\xaf\x27\x1c" + bytes(60)),
        ("application/tar", b"a.txt" + bytes(252) + b"ustar\x0000" + bytes(248)),
        ("application/geopackage+sqlite3", b"SQLite format 3\x00" + bytes(60)),
        ("image/jpx", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60)),
        ("image/x-djvu", b"AT&TFORM\x00\x00\x00\x00DJVM" + bytes(60)),
        ("text/rtf", b"{\\rtf1\\ansi Dear all}"),
        ("application/x-zip-compressed", WORD),
        ("application/vnd.apple.pages", archive(("Index/Document.iwa", "x"))),
        ("image/pjpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50)),
        ("image/bmp", b"BM" + bytes(60)),
        ("application/x-rar", b"Rar!\x1a\x07\x00" + bytes(60)),
        ("video/x-msvideo", b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(60)),
        ("application/pdf", b"\xef\xbb\xbf%PDF-1.7\n..."),
        ("application/pdf", b"\r\n\r\n%PDF-1.4\n..."),
        ("text/rtf", b"\xef\xbb\xbf{\\rtf1\\ansi Dear all}"),
        ("application/mp4", ftyp(b"isom")),
        ("audio/mp4a-latm", ftyp(b"M4A ")),
        ("audio/aac", ftyp(b"M4A ")),
        ("audio/3gpp", ftyp(b"3gp4")),
        ("audio/amr", b"#!AMR\n" + bytes(60)),
        ("audio/x-flac", b"fLaC" + bytes(60)),
        ("audio/basic", b".snd" + bytes(60)),
        ("audio/vorbis", b"OggS\x00\x02" + bytes(60)),
        ("image/heif", ftyp(b"avif", b"mif1")),
        ("image/apng", PNG),
        ("image/svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("image/wmf", b"\xd7\xcd\xc6\x9a" + bytes(60)),
        ("image/vnd.dwg", b"AC1027" + bytes(60)),
        ("application/vnd.sqlite3", b"SQLite format 3\x00" + bytes(60)),
        ("application/vnd.ms-outlook-pst", b"!BDN" + bytes(60)),
        (ODS, archive(("content.xml", "x"), ("mimetype", ODS))),
        ("application/msword", b"\xdb\xa5-\x00" + bytes(60)),  # Word 2
        ("application/postscript", b"%PDF-1.4 of Illustrator"),
        ("application/illustrator", b"%PDF-1.4 of Illustrator"),
        ("application/postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        ("application/vnd.fdf", b"%FDF-1.2\n"),
        ("application/internet-shortcut", b"[InternetShortcut]\r\nURL=https://example.org\r\n"),
        ("application/x-mimearchive", b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n"),
        ("multipart/related", b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\n"),
        ("audio/mpg", b"ID3\x04\x00\x00" + bytes(60)),
        ("audio/x-mpeg-3", b"ID3\x04\x00\x00" + bytes(60)),
        ("image/psd", b"8BPS\x00\x01" + bytes(60)),
        ("image/tiff", b"II+\x00\x08\x00" + bytes(60)),
        ("image/x-canon-cr3", ftyp(b"crx ", b"isom")),
        ("image/x-citrix-gif", b"GIF89a" + bytes(20)),
        ("image/x-citrix-jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50)),
        ("image/x-citrix-png", PNG),
        ("video/matroska", b"\x1aE\xdf\xa3" + bytes(60)),
        ("video/vnd.avi", b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(60)),
        (f"{ODT}-flat-xml", b'<?xml version="1.0"?>\n<office:document>'),
        (f"{ODS}-flat-xml", b'\xef\xbb\xbf<?xml version="1.0"?>\n<office:document>'),
        ("application/x-webarchive", PROPERTIES),
        ("application/x-webarchive", XML_PROPERTIES),
        ("application/x-plist", XML_PROPERTIES),
        ("application/octet-stream", PROPERTIES + b"https://example.org/word/"),
        ("application/x-webloc", PROPERTIES),
        ("application/x-webloc", XML_PROPERTIES),
        ("application/vnd.visio", b'<?xml version="1.0"?>\n<VisioDocument>'),
        (
            "application/postscript",
            b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=POSTSCRIPT\r\n%!PS-Adobe-3.0\r\n",
        ),
        ("application/eps", b"\x1b%-12345X%!PS-Adobe-3.0 EPSF-3.0\n"),
        ("application/postscript", b"\x04%!PS-Adobe-3.0\r\n"),
        ("application/pdf", b"\x04%PDF-1.4\n"),
        ("image/svg+xml", GZIP),
        ("image/x-emf", GZIP),
        ("image/wmf", GZIP),
        (SXW, archive(("mimetype", SXW), ("content.xml", "x"))),
        ("image/openraster", archive(("mimetype", "image/openraster"), ("stack.xml", "x"))),
        ("application/x-iwork-keynote-sffkey", archive(("index.apxl", "x"))),
        ("application/mdb", b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(60)),
        ("application/vnd.ms-access", b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(60)),
        ("application/x-spss-savefile", b"$FL2@(#) SPSS DATA FILE" + bytes(60)),
        ("application/ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"),
        ("application/ico", b"\x00\x00\x01\x00\x01\x00" + bytes(60)),
        ("video/x-avi", b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(60)),
        ("audio/x-ogg", b"OggS\x00\x02" + bytes(60)),
        ("application/x-yaml", b"plan: 1\n"),
        ("application/yaml", b"--- # plan\n"),
        ("application/raml+yaml", b"plan: 1\n"),
        ("application/mbox", b"Return-Path: <a@example.org>\n"),
        ("application/x-shellscript", b"#!/bin/sh\n"),
        ("application/x-sh", b"#!/usr/bin/python\n"),
        ("application/x-csh", b"# a script\n"),
        ("application/x-awk", b"{ print $1 }\n"),
        ("application/x-desktop", b"Name=Plan\n"),
        ("application/javascript", b"function plan() {}\n"),
        ("application/sql", b"--- tables\n"),
        ("application/x-tex", b"% a plan\n"),
        ("application/pgp-signature", b"\x89\x01\x33\x04\x00" + bytes(60)),
        ("application/pgp-keys", b"Comment: of the council\n"),
        ("application/vnd.apple.mpegurl", b"one.mp4\n"),
        ("audio/x-mpegurl", b"\xef\xbb\xbfone.mp3\n"),
        ("image/x-portable-pixmap", b"P3 1 1 255\n0 0 0\n"),
    ],
)
def test_what_is_declared_rightly_passes(declared: str, content: bytes) -> None:
    assert mismatch(declared, content, b"") is None


@pytest.mark.parametrize(
    ("declared", "content", "actual"),
    [
        ("application/pdf", PNG, "image/png"),
        ("application/pdf", b"no pdf at all", "application/octet-stream"),
        ("image/jpeg", PNG, "image/png"),
        ("text/plain", b"%PDF-1.4", "application/pdf"),
        ("text/plain", b"{\\rtf1}", "application/rtf"),
        ("text/plain", PNG, "image/png"),
        ("text/csv", b"\n <HTML><body>Sign in</body>", "text/html"),
        ("application/json", b"\xef\xbb\xbf<!DOCTYPE html>", "text/html"),
        ("application/octet-stream", b"%PDF-1.4", "application/pdf"),
        ("application/octet-stream", WORD, DOCX),
        ("application/octet-stream", OLE + "WordDocument".encode("utf-16-le"), None),
        ("application/pdf", b"<html><body>%PDF-1.4", "text/html"),
        ("text/plain", b"one\x1atwo", None),
        ("application/octet-stream", TEXT, None),
        ("application/msword", b"plain words", None),
        ("application/msword", b"<?xml version='1.0'?><workbook/>", None),
        ("application/msword", EXCEL, None),
        (DOCX, OLE, None),
        (DOCX, EXCEL, None),
        (ODS, TEXT, None),
        (DOCX, b"PK\x03\x04 and no more", None),
        ("image/heic", ftyp(b"mp42"), "video/mp4"),
        ("video/mp4", ftyp(b"heic", b"mif1"), "image/heic"),
        ("application/vnd.ms-excel", b"%PDF-1.4", "application/pdf"),
        ("application/vnd.ms-excel", PNG, "image/png"),
        ("application/msword", PNG, "image/png"),
        ("image/png", b"\x01\x02 of no known format", "application/octet-stream"),
        ("application/pdf", b"MZ" + bytes(1100) + b"%PDF-1.4", None),
        ("image/svg", b"<html><body>Sign in</body></html>", "text/html"),
        ("audio/aac", PNG, "image/png"),
        ("application/vnd.ms-outlook-pst", PNG, "image/png"),
        (ODS, archive(("word/document.xml", "x")), None),
        ("application/postscript", PNG, "image/png"),
        ("image/tiff", PNG, "image/png"),
        ("image/x-canon-cr3", ftyp(b"mp42"), "video/mp4"),
        ("multipart/related", PNG, "image/png"),
        (f"{ODT}-flat-xml", TEXT, ODT),
        (SXW, TEXT, ODT),
        ("image/png", archive(("mimetype", "image/png")), "application/zip"),
        (ODT, archive(("mimetype", SXW), ("content.xml", "x")), SXW),
        (f"{ODT}-flat-xml", b"<html><body>Sign in</body>", "text/html"),
        (ODT, b'<?xml version="1.0"?>\n<office:document>', None),
        ("application/x-webarchive", PNG, "image/png"),
        ("application/x-webarchive", b"plain words", None),
        ("application/postscript", b"Nine of 10%! A note", None),
        ("image/svg+xml", PNG, "image/png"),
        ("image/png", GZIP, None),
        ("application/x-yaml", PNG, "image/png"),
        ("application/x-yaml", b"<html><body>Sign in</body></html>", "text/html"),
        ("application/javascript", b"<html><body>Sign in</body></html>", "text/html"),
        ("application/mbox", b"%PDF-1.4", "application/pdf"),
        ("application/pgp-keys", PNG, "image/png"),
        ("image/gif", b"function plan() {}\n", None),
    ],
)
def test_what_is_declared_wrongly_is_told(declared: str, content: bytes, actual: str | None) -> None:
    seen = mismatch(declared, content, b"")
    assert seen not in (None, declared), "the message would contradict itself"
    assert actual in (None, seen)


def test_binary_data_after_a_text_is_told_by_its_end() -> None:
    assert mismatch("text/plain", b"a" * 100, b"b\x00c") is not None


def test_the_contents_of_an_archive_are_looked_for_at_its_end() -> None:
    large = archive(("[Content_Types].xml", "x" * 200_000), ("word/document.xml", "x" * 200_000))
    head, tail = large[:EDGE], large[-EDGE:]
    assert b"word/" not in head
    assert mismatch(DOCX, head, tail) is None


def test_as_much_is_looked_at_as_formats_need() -> None:
    assert max(puremagic.main.max_head, puremagic.main.max_foot) <= EDGE


def test_a_password_on_an_office_document_is_noticed() -> None:
    locked = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert is_locked(locked, b"")
    assert is_locked(OLE, "EncryptedPackage".encode("utf-16-le"))
    assert not is_locked(OLE, b"")
    assert not is_locked(EXCEL, b"")
