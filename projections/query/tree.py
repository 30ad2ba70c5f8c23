"""Answers that the database puts together: rows of relations, nested as they are asked for, as one JSON text.

A tree of the nodes below says what is asked for. It names relations and their fields only, so that one declaration
serves this way of reading and `Reading.find`; `projections.query.sql` makes SQL of it. Every node stands for a
JSON value, written as `msgspec.json` writes it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from ledger.domain.fields import unwrap
from projections.query.relation import PAGE, Relation

Form = Literal["text", "int", "count", "float", "bool", "date", "instant", "json", "array"]
"""How a field's value is written: an int has 32 bits at most, as GraphQL has it, and a count more; any other
value makes the statement fail."""

_FORMS: Mapping[object, Form] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "bool",
    date: "date",
    datetime: "instant",
    dict: "json",
    list[str]: "array",
    list[int]: "array",
}


def form_of(hint: object) -> Form:
    """How values of a type are written; raises KeyError for a type that no row holds."""
    return _FORMS[unwrap(hint).column_type]


class Constant(Struct, frozen=True):
    """A JSON value that is known before anything is read."""

    json: str


class ReadingValue(Struct, frozen=True):
    """Something of the reading itself."""

    name: Literal["position", "recorded_at", "on", "root_hash"]
    form: Form


class Cell(Struct, frozen=True):
    """A field of the row."""

    name: str
    form: Form
    optional: bool


class NarrativeText(Struct, frozen=True):
    """The words of a narrative; null once it was erased."""

    name: str


class ErasedBy(Struct, frozen=True):
    """The position of the entry that erased a narrative."""

    name: str


class Path(Struct, frozen=True):
    """An id that leads to the row: its notice, what kind of thing it is, and its own id there."""

    kind: str
    key: str | None
    """The field that holds its own id; None: it is the notice."""


NarrativeMember = Literal["path", "text", "erased_by"]


class NarrativeList(Struct, frozen=True):
    """A field of several narratives: of each the members named, one by one."""

    name: str
    members: tuple[tuple[str, NarrativeMember | Constant], ...]


class ObjectNode(Struct, frozen=True):
    """An object: its members in order."""

    items: "tuple[tuple[str, Node], ...]"


class NullableObject(Struct, frozen=True):
    """An object made of the same row; null while a field of the row is."""

    name: str
    item: "ObjectNode"


class PageRows(Struct, frozen=True):
    """The rows of a page, each as an object in which `Cursor` may stand."""

    item: "ObjectNode"


class Cursor(Struct, frozen=True):
    """The cursor of a row in its page."""


class HasMore(Struct, frozen=True):
    """Whether more rows follow the page."""


class EndCursor(Struct, frozen=True):
    """The cursor of the first or the last row of a page; null of an empty one."""

    last: bool


class Listing(Struct, frozen=True, kw_only=True):
    """Rows of a relation, in its order."""

    relation: Relation[Any]
    shape: Literal["list", "one", "page"]
    item: "ObjectNode"
    """Of a list each row (the statement fails where there are `first`); of one the row, or null; of a page the
    page, in which `Rows`, `Has` and `End` stand."""
    conditions: Mapping[str, object] = field(default_factory=dict)
    """Condition → the parameter that is its value."""
    by: str | None = None
    """The condition that ties the rows to the row in which this stands."""
    key: str | None = None
    """The field of that row with which it is asked."""
    spread: bool = False
    """Whether that field holds several, whose rows follow one another."""
    first: int = PAGE
    """How many rows at most, for each key."""
    after: Sequence[object] = ()
    """Only those after this place: parameters, one for each field of the order."""
    cursors: str = ""
    """The list that cursors name; the notice and the key are put behind it."""
    counted: bool = True
    """Whether its rows count as rows of the answer."""


Node: TypeAlias = (
    Constant
    | ReadingValue
    | Cell
    | NarrativeText
    | ErasedBy
    | Path
    | NarrativeList
    | ObjectNode
    | NullableObject
    | PageRows
    | Cursor
    | HasMore
    | EndCursor
    | Listing
)


class Statement(Struct, frozen=True):
    """A query whose one row is the answer's bytes and the number of rows that it holds."""

    sql: bytes
    """With `$1` and so on for its parameters."""
    parameters: tuple[object, ...]
    """What each stands for: the name of something of the reading's (`notice`, `position`, `on` …), or a parameter
    of the tree's."""
