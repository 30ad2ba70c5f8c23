"""Check a file against its declared media type, by its first and last bytes. Imports puremagic.

A file of a format with a magic number must have that number, as a rule at its start. A file of a text format must
be text, and not a page or document in disguise.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain

import puremagic

EDGE = 65_536
"""Maximum bytes examined at each end of a file."""
_SETS = (
    {"application/gzip", "application/x-gzip", "application/x-tgz"},
    {"application/json", "text/json"},
    {"application/msword", "application/vnd.ms-word", "application/x-msword"},
    {"application/msaccess", "application/mdb", "application/vnd.ms-access", "application/vnd.msaccess"}
    | {"application/x-mdb", "application/x-msaccess"},
    {"application/pdf", "application/acrobat", "application/wps-office.pdf", "application/x-pdf", "text/pdf"}
    | {"text/x-pdf"},
    {"application/postscript", "application/eps", "application/illustrator", "application/x-eps", "image/x-eps"},
    {"application/rtf", "application/richtext", "application/x-rtf", "text/richtext", "text/rtf"},
    {"application/vnd.ms-excel", "application/excel", "application/msexcel", "application/x-excel"}
    | {"application/x-msexcel", "application/xls"},
    {"application/vnd.ms-powerpoint", "application/mspowerpoint", "application/powerpoint"}
    | {"application/x-mspowerpoint"},
    {"application/vnd.sqlite3", "application/geopackage+sqlite3", "application/x-sqlite3"},
    {"application/vnd.rar", "application/rar", "application/x-rar", "application/x-rar-compressed"},
    {"application/x-7z-compressed", "application/7z", "application/x-7z"},
    {"application/x-tar", "application/tar"},
    {"application/x-spss-sav", "application/x-spss-savefile"},
    {"application/xml", "text/xml"},
    {"application/x-mswinurl", "application/internet-shortcut", "text/x-url"},
    {"application/x-plist", "application/x-apple-plist", "application/x-bplist", "application/x-safari-webarchive"}
    | {"application/x-webarchive"},
    {"application/vnd.visio", "application/visio", "application/x-visio"},
    {"application/zip", "application/x-zip", "application/x-zip-compressed", "multipart/x-zip"},
    {"audio/aac", "audio/aacp", "audio/x-aac"},
    {"audio/amr", "audio/amr-nb", "audio/amr-wb"},
    {"audio/basic", "audio/x-au"},
    {"audio/flac", "audio/x-flac"},
    {"audio/midi", "audio/mid", "audio/x-midi"},
    {"audio/mpeg", "audio/mp3", "audio/mpeg3", "audio/mpg", "audio/x-mp3", "audio/x-mpeg", "audio/x-mpeg-3"},
    {"audio/ogg", "application/ogg", "application/x-ogg", "audio/opus", "audio/speex", "audio/vorbis"}
    | {"audio/x-ogg", "audio/x-opus+ogg", "audio/x-vorbis", "audio/x-vorbis+ogg", "video/ogg", "video/x-ogg"},
    {"audio/wav", "audio/vnd.wave", "audio/wave", "audio/x-pn-wav", "audio/x-wav"},
    {"image/avif", "image/avif-sequence"},
    {"image/bmp", "image/x-bmp", "image/x-ms-bmp"},
    {"image/emf", "application/emf", "application/x-emf", "image/x-emf"},
    {"image/gif", "image/x-citrix-gif"},
    {"image/heic", "image/heic-sequence", "image/heif", "image/heif-sequence"},
    {"image/jpeg", "image/jpg", "image/pjpeg", "image/x-citrix-jpeg"},
    {"image/jp2", "image/jpeg2000", "image/jpeg2000-image", "image/jpx", "image/x-jp2"},
    {"image/png", "image/apng", "image/vnd.mozilla.apng", "image/x-citrix-png", "image/x-png"},
    {"image/svg+xml", "image/svg"},
    {
        "image/tiff",
        "application/tiff",
        "image/tif",
        "image/x-tif",
        "image/x-tiff",
        "image/x-adobe-dng",
        "image/x-canon-cr2",
        "image/x-nikon-nef",
    }
    | {"image/x-sony-arw"},
    {"image/webp", "image/x-webp"},
    {"image/vnd.djvu", "image/vnd.djvu+multipage", "image/x-djvu"},
    {"image/vnd.adobe.photoshop", "application/photoshop", "application/x-photoshop", "image/photoshop"}
    | {"image/psd", "image/x-psd"},
    {
        "image/vnd.dwg",
        "application/acad",
        "application/dwg",
        "application/x-acad",
        "application/x-dwg",
        "image/x-dwg",
    },
    {"image/wmf", "application/x-msmetafile", "application/x-wmf", "image/x-wmf", "windows/metafile"},
    {"image/vnd.microsoft.icon", "application/ico", "image/ico", "image/icon", "image/x-ico", "image/x-icon"},
    {"message/rfc822", "application/x-mimearchive", "multipart/related"},
    {"text/calendar", "application/ics"},
    {"text/vcard", "application/vcard", "text/directory", "text/x-vcard"},
    {"text/csv", "application/csv", "text/comma-separated-values", "text/x-csv"},
    {"video/avi", "video/divx", "video/msvideo", "video/vnd.avi", "video/x-avi", "video/x-msvideo"},
    {"video/mp4", "application/mp4", "audio/3gpp", "audio/3gpp2", "audio/m4a", "audio/mp4", "audio/mp4a-latm"}
    | {"audio/x-m4a", "audio/x-m4b", "video/3gpp", "video/3gpp2", "video/quicktime", "video/x-m4v"},
    {"video/webm", "application/x-matroska", "audio/matroska", "audio/webm", "audio/x-matroska"}
    | {"video/matroska", "video/mkv", "video/x-matroska"},
    {"video/mpeg", "video/dvd", "video/mpg", "video/x-mpeg", "video/x-mpeg2"},
    {"video/x-ms-wmv", "application/vnd.ms-asf", "audio/x-ms-wma", "video/x-ms-asf"},
)
"""Sets of media types that name one format, or several formats with one signature."""
_SET_OF = {name: frozenset(names) for names in _SETS for name in names}
_TEXTS = {"application/json", "application/xml", "application/x-ndjson", "image/svg"}
_TEXTS |= _SET_OF["message/rfc822"] | _SET_OF["text/csv"] | _SET_OF["text/vcard"]
_TEXTS |= {"application/mbox", "application/x-yaml", "application/yaml", "message/news"}
_TEXTS |= {f"application/{name}" for name in ("ecmascript", "javascript", "sdp", "sql", "vnd.chess-pgn")}
_TEXTS |= {f"application/x-{name}" for name in ("awk", "csh", "desktop", "perl", "python", "sh", "shellscript")}
_TEXTS |= {f"application/x-{name}" for name in ("gedcom", "go-sgf", "javascript", "latex", "lyx", "tex")}
_TEXTS |= {"application/vnd.apple.mpegurl", "audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls"}
_BARE = {f"application/pgp-{name}" for name in ("encrypted", "keys", "signature")} | {"application/pkcs10"}
"""Media types whose files may be text with a magic number, or binary without."""
UNKNOWN = "application/octet-stream"
"""Media type of a file of an unknown format."""
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""Name of a stream in each Office Open XML document that a password protects."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]|\x1a(?!\x1a*\Z)")
"""Pattern of control characters that no text has, except \\x1a at its end, as in DOS."""
_HTML = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)\b", re.IGNORECASE)
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OTHER_FORMATS = {
    "application/msword": ("application/rtf", f"{_OPEN_XML}wordprocessingml.document"),
    "application/vnd.ms-excel": ("text/csv", f"{_OPEN_XML}spreadsheetml.sheet"),
    "application/vnd.ms-powerpoint": (f"{_OPEN_XML}presentationml.presentation",),
    "audio/aac": ("audio/mp4",),
    "image/heic": ("image/avif",),
}
"""Media type → other formats whose files often have this type, for example CSV on Windows with Excel."""
_PDF = b"%PDF-"
_XML = re.compile(rb"(\xef\xbb\xbf)?<\?xml\b")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_BEGINNINGS = {
    # “web page” and XML of Word, and the exports of other programs under its name
    "application/msword": re.compile(
        rb"(\xef\xbb\xbf)?\s*(?:<(?:!doctype html|html)\b|(?:MIME-Version|Message-ID|Date|From|Subject): "
        rb"|<\?xml[^>]*>\s*<\?mso-application progid=.Word\.Document)",
        re.IGNORECASE,
    ),
    # readers look for it in the first 1,024 bytes; printers and mail gateways leave lines of text before it
    "application/pdf": re.compile(rb"(\xef\xbb\xbf)?(?!\s*<)[\x04\t\n\x0c\r\x1b -~]{0,1019}?%PDF-"),
    # Illustrator writes PDF; drivers write the end of the last job, or commands to the printer, before it
    "application/postscript": re.compile(
        rb"(\xef\xbb\xbf)?(?!\s*<)(?:[\x04\t\n\x0c\r\x1b -~]{0,4096}?[\x04\r\n]|\x1b%-12345X)?%(?:PDF-|!)"
        rb"|\xc5\xd0\xd3\xc6"
    ),
    "application/rtf": re.compile(rb"(\xef\xbb\xbf)?\s*\{\\rtf"),
    "application/vnd.fdf": re.compile(rb"%FDF-"),
    "application/vnd.ms-excel": _HTML,  # “Export to Excel” of many programs
    "application/vnd.ms-outlook-pst": re.compile(rb"!BDN"),
    "application/vnd.visio": re.compile(_XML.pattern + rb"|PK\x03\x04"),
    "application/x-iwork-keynote-sffkey": re.compile(rb"PK\x03\x04"),
    "application/x-plist": _XML,
    "audio/amr": re.compile(rb"#!AMR"),
    "audio/mpeg": re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),  # dictaphones record at low rates
    "image/emf": _GZIP,
    "image/svg+xml": _GZIP,
    "image/wmf": _GZIP,
    "image/tiff": re.compile(rb"II\+\0|MM\0\+"),  # of more than 4 GB
}
"""Media type → beginnings of its files that puremagic lacks; text or a byte order mark may precede some."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OWN_NAME = re.compile(
    rb"PK\x03\x04.{26}mimetype(application/vnd\.(?:sun\.xml|oasis\.opendocument)\.[\w.-]+?|image/openraster)PK",
    re.DOTALL,
)
"""Pattern of the beginning of a document whose first part has its media type."""
_SHARED = (_ZIP, _OLE, b"bplist")
"""First bytes of containers of many formats, such as Safari's web archive, a binary property list."""
_CONTAINERS = {
    _OPEN_XML: _ZIP,
    _OPEN_DOCUMENT: _ZIP,
    "application/msword": _OLE,
    "application/vnd.ms-excel": _OLE,
    "application/vnd.ms-outlook": _OLE,
    "application/vnd.ms-powerpoint": _OLE,
}
"""Prefix of an office document's media type → the first bytes of its files."""
_PARTS = {"wordprocessingml": b"word/", "spreadsheetml": b"xl/", "presentationml": b"ppt/"}
_DOCUMENTS = (
    *(f"{_OPEN_XML}{kind}" for kind in ("wordprocessingml.document", "spreadsheetml.sheet")),
    f"{_OPEN_XML}presentationml.presentation",
    *(f"{_OPEN_DOCUMENT}{kind}" for kind in ("text", "spreadsheet", "presentation")),
)
"""Media types of office documents that are ZIP files."""
_STREAMS = ("WordDocument", "Workbook", "Book", "PowerPoint Document", "__properties_version1.0")
_OFFICE_STREAMS = tuple(name.encode("utf-16-le") for name in _STREAMS)
"""Names of streams, of which each document of Word, Excel, PowerPoint or Outlook has one."""
_STRONG = 4
"""Number of matching bytes that cannot be an accident in a file of an unknown type."""


def mismatch(declared: str, head: bytes, tail: bytes) -> str | None:
    """Return the media type that a file seems to have, or None if it may have the declared type.

    Args:
        declared: Declared media type.
        head: First bytes of the file.
        tail: Last bytes of the file, without bytes that `head` has.
    """
    name = declared.lower()
    others = next((kinds for prefix, kinds in _OTHER_FORMATS.items() if name in _names(prefix)), ())
    if not head.startswith(_OLE) and any(mismatch(other, head, tail) is None for other in others):
        return None
    if any(name in _names(kind) and beginning.match(head) for kind, beginning in _BEGINNINGS.items()):
        return None
    if name.startswith("text/") or name.endswith(("+json", "+xml", "+yaml", "-flat-xml")) or name in _TEXTS:
        return _not_text(name, head, tail)
    office = next((start for start in _CONTAINERS if name.startswith(start) or name in _names(start)), None)
    if office is not None and "macroenabled" not in name:
        matches = _matches(head, tail)
        is_older = not head.startswith((_ZIP, _OLE)) and bool(_names(name) & {kind for kind, _ in matches})
        return None if is_older or _is_office(name, _CONTAINERS[office], head, tail) else _best(matches)
    return _not_binary(name, head, tail)


def _not_binary(name: str, head: bytes, tail: bytes) -> str | None:
    matches = _matches(head, tail)
    if _names(name) & {kind for kind, _ in matches}:
        return None
    has_magic = bool(_names(name) & _with_magic() - _BARE)
    is_shared = head.startswith(_SHARED) or bool(_XML.match(head))
    is_container = is_shared if name != UNKNOWN else _is_unknown_container(head, tail)
    if is_container and not has_magic:
        return None  # a container of a format that the tables lack
    if has_magic or (matches and max(length for _, length in matches) >= _STRONG):
        return _best(matches)
    return None


def _is_unknown_container(head: bytes, tail: bytes) -> bool:
    """Return whether a file is a container but not an office document, such as a file of Power BI."""
    parts: tuple[bytes, ...] = ()
    if head.startswith(_OLE):
        parts = _OFFICE_STREAMS
    elif head.startswith(_ZIP):
        parts = (*_PARTS.values(), b"mimetype")
    return head.startswith(_SHARED) and not any(part in head or part in tail for part in parts)


def is_locked(head: bytes, tail: bytes) -> bool:
    """Return whether a file is an Office Open XML document that a password protects."""
    return head.startswith(_OLE) and _LOCKED in head + tail


def _names(name: str) -> frozenset[str]:
    """Return all names of a media type."""
    return _SET_OF.get(name, frozenset({name}))


def _best(matches: Sequence[tuple[str, int]]) -> str:
    return matches[0][0] if matches else UNKNOWN


def _not_text(name: str, head: bytes, tail: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 byte order mark
        return None
    if _CONTROL.search(head) or _CONTROL.search(tail):
        return _best(_matches(head, tail))
    if head.startswith(_PDF):
        return "application/pdf"
    if _BEGINNINGS["application/rtf"].match(head):
        return "application/rtf"
    return "text/html" if _HTML.match(head) and "html" not in name else None


def _is_office(name: str, magic: bytes, head: bytes, tail: bytes) -> bool:
    """Return whether a file is an office document of a media type, as far as its container shows."""
    if not head.startswith(magic):
        return False
    if name.startswith(_OPEN_DOCUMENT):
        is_first = head[30:].startswith(b"mimetype")
        return head[38:].startswith(name.encode()) if is_first else b"content.xml" in head + tail
    part = next((part for word, part in _PARTS.items() if word in name), b"")
    return part in head or part in tail


def _matches(head: bytes, tail: bytes) -> list[tuple[str, int]]:
    """Return the media types that the bytes suggest, the likeliest first, with the number of matching bytes."""
    if head[4:8] == b"ftyp":
        return [(_iso_media(head), 12)]
    zipped = [(_zip_kind(head, tail), len(_ZIP))] if head.startswith(_ZIP) else []
    try:
        matches = puremagic.magic_string(head + tail)
    except puremagic.PureError:
        return zipped
    named = (match for match in matches if match.mime_type not in ("", UNKNOWN))
    return zipped + [(match.mime_type.lower(), len(match.byte_match)) for match in named]


def _zip_kind(head: bytes, tail: bytes) -> str:
    """Return the media type of a ZIP file: that of a document, by its parts, or of an archive."""
    own = _OWN_NAME.match(head)
    if own is not None:
        return own[1].decode()
    kinds = (kind for kind in _DOCUMENTS if _is_office(kind, _ZIP, head, tail))
    return next(kinds, "application/zip")


def _iso_media(head: bytes) -> str:
    """Return the media type of an ISO base media file, by the brands in its first box."""
    box = head[8 : min(int.from_bytes(head[:4]), 256)]
    brands = {box[start : start + 4] for start in range(0, len(box), 4)}
    if brands & _AVIF:
        return "image/avif"
    if b"crx " in brands:
        return "image/x-canon-cr3"
    return "image/heic" if brands & _HEIF else "video/mp4"


@cache
def _with_magic() -> frozenset[str]:
    """Return the media types with a known magic number."""
    rows = chain(puremagic.magic_header_array, puremagic.magic_footer_array, *puremagic.multi_part_dict.values())
    return frozenset(row.mime_type.lower() for row in rows if row.mime_type not in ("", UNKNOWN))
