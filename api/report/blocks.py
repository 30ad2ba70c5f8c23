"""The parts that a written report is made of, whatever it is written in: HTML and PDF show the same ones. Pure."""

from msgspec import Struct


class Block(Struct, frozen=True, tag=True, tag_field="block"):
    """A part of a document."""


class Heading(Block, frozen=True, tag="heading"):
    """A heading; those of level 2 have an anchor and stand in the contents."""

    text: str
    level: int = 2
    anchor: str = ""


class Paragraph(Block, frozen=True, tag="paragraph"):
    """A paragraph; a note stands out."""

    text: str
    note: bool = False


class Quotation(Block, frozen=True, tag="quotation"):
    """Words of somebody's own, paragraph by paragraph."""

    paragraphs: tuple[str, ...]


class Items(Block, frozen=True, tag="items"):
    """A list."""

    items: tuple[str, ...]


class Facts(Block, frozen=True, tag="facts"):
    """Names, each with what it is."""

    rows: tuple[tuple[str, str], ...]


class Table(Block, frozen=True, tag="table"):
    """A table; the first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()
    """How wide its columns are, one against another; none: as their words need."""
    codes: tuple[int, ...] = ()
    """The columns that hold codes for machines, such as hashes."""


class Chart(Block, frozen=True, tag="chart"):
    """A chart, and what it says to whoever does not see it."""

    svg: str
    said: str


class Paper(Struct, frozen=True):
    """A whole document."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def words(text: str) -> Quotation:
    """Somebody's text as a quotation, in its own paragraphs."""
    return Quotation(tuple(part.strip() for part in text.split("\n") if part.strip()))
