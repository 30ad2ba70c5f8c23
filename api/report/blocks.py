"""Blocks of a written report; the HTML and the PDF display the same blocks. Pure."""

from msgspec import Struct


class Block(Struct, frozen=True, tag=True, tag_field="block"):
    """A part of a document."""


class Heading(Block, frozen=True, tag="heading"):
    """A heading; a heading of level 2 has an anchor and appears in the contents."""

    text: str
    level: int = 2
    anchor: str = ""


class Paragraph(Block, frozen=True, tag="paragraph"):
    """A paragraph, or a highlighted note."""

    text: str
    note: bool = False


class Quotation(Block, frozen=True, tag="quotation"):
    """A narrative, paragraph by paragraph."""

    paragraphs: tuple[str, ...]


class Items(Block, frozen=True, tag="items"):
    """A list of short texts."""

    items: tuple[str, ...]


class Facts(Block, frozen=True, tag="facts"):
    """Labels with their values."""

    rows: tuple[tuple[str, str], ...]


class Table(Block, frozen=True, tag="table"):
    """A table; the first cell of a row is its header."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()
    """Relative widths of the columns; empty to fit the content."""
    codes: tuple[int, ...] = ()
    """Indexes of the columns with machine-readable codes, such as hashes."""


class Chart(Block, frozen=True, tag="chart"):
    """A chart and its text alternative."""

    svg: str
    alternative: str


class Paper(Struct, frozen=True):
    """A whole document: its title, its subtitle and its blocks."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def quotation(text: str) -> Quotation:
    """Return a narrative as a quotation in its own paragraphs."""
    return Quotation(tuple(part.strip() for part in text.splitlines() if part.strip()))
