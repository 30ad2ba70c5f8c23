"""Tree of an answer that the database writes: rows of relations, nested as requested, as one JSON text.

Nodes name relations and fields only. `projections.query.sql` turns the tree into SQL, in which every
node becomes JSON text.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from ledger.domain.fields import unwrap
from projections.query.condition import Test
from projections.query.groups import FigureOf, GroupKey
from projections.query.relation import PAGE, Relation, Sort

Form = Literal["text", "int", "count", "float", "bool", "date", "instant", "json", "array"]
"""Form in which a field is written. An int has at most 32 bits, as in GraphQL; a count may have more."""

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
    """Return the form of a type's values.

    Raises:
        KeyError: Values of this type, such as narratives, have no form.
    """
    return _FORMS[unwrap(hint).column_type]


class Constant(Struct, frozen=True):
    """A JSON value known in advance."""

    json: str


class SnapshotValue(Struct, frozen=True):
    """A value of the snapshot itself."""

    name: Literal["notice", "position", "recorded_at", "on", "root_hash"]
    form: Form


class Cell(Struct, frozen=True):
    """The value of a field of the row."""

    name: str
    form: Form
    optional: bool


class NarrativeBody(Struct, frozen=True):
    """The body of a narrative; null if the narrative is missing or was erased."""

    name: str


class ErasedBy(Struct, frozen=True):
    """The position of the entry that erased a narrative; null if the narrative was not erased."""

    name: str


class Path(Struct, frozen=True):
    """An id of the row among all notices: the notice, the kind of thing and the row's own id."""

    kind: str
    """Kind of the thing; empty for the notice itself."""
    key: str | None
    """Field of the row's own id; None for the notice and for a section of it."""
    position: bool = False
    """True if the id names the position of the snapshot."""
    on: bool = False
    """True if the id names the effective instant of the snapshot."""


NarrativeMember = Literal["path", "body", "erased_by"]


class NarrativeList(Struct, frozen=True):
    """A field with a list of narratives; each narrative is written as an object with these members."""

    name: str
    members: tuple[tuple[str, NarrativeMember | Constant], ...]


class ObjectNode(Struct, frozen=True):
    """An object: its members in order."""

    items: "tuple[tuple[str, Node], ...]"


class NullableObject(Struct, frozen=True):
    """A nested object of the same row; null while a field of the row is null."""

    name: str
    item: "ObjectNode"


class PageRows(Struct, frozen=True):
    """The rows of a page, each an object that may contain `Cursor`."""

    item: "ObjectNode"


class Cursor(Struct, frozen=True):
    """The cursor of a row in its page."""


class HasMore(Struct, frozen=True):
    """A flag: true if more rows follow the page."""


class EndCursor(Struct, frozen=True):
    """The cursor of the first or last row of a page; null on an empty page."""

    last: bool


class TotalCount(Struct, frozen=True):
    """The number of a list's rows, on all pages."""


class GroupKeys(Struct, frozen=True):
    """The keys of a group, as texts."""


class GroupSize(Struct, frozen=True):
    """The number of rows of a group."""


class GroupFigure(Struct, frozen=True):
    """A figure of the rows of a group. If no row has a value, a count is 0 and any other figure is null."""

    of: FigureOf
    form: Form


class Groups(Struct, frozen=True):
    """The groups of a list's rows on all pages."""

    keys: tuple[GroupKey, ...]
    item: "ObjectNode"
    """Object for each group, of `GroupKeys`, `GroupSize` and `GroupFigure`."""


class Listing(Struct, frozen=True, kw_only=True):
    """Rows of a relation, in order."""

    relation: Relation[Any]
    shape: Literal["list", "one", "page"]
    item: "ObjectNode"
    """Object for each row of a list, for the row of `one`, or for the page.

    A list that reaches `first` rows makes an exact statement fail. A page contains nodes such as `PageRows`,
    `HasMore` and `EndCursor`.
    """
    conditions: Mapping[str, object] = {}
    """Condition → the parameter with its value; all must hold."""
    test: Test | None = None
    """Further conditions, combined by and, or and not."""
    by: str | None = None
    """Condition that ties the rows to the parent row, if any."""
    key: str | None = None
    """Field of the parent row with the value of the condition `by`."""
    spread: bool = False
    """True if the field `key` is an array; the rows of its items follow one another."""
    first: int = PAGE
    """Maximum number of rows per key."""
    sorts: tuple[Sort, ...] = ()
    """Sorts that precede the relation's own order."""
    is_reversed: bool = False
    """True if the relation's own order is reversed."""
    is_backward: bool = False
    """True if a page shows the last rows instead of the first rows; the rows keep their order."""
    after: Sequence[object] = ()
    """Parameters of a place in the order, one for each sort and field of the order.

    Only rows after the place are returned.
    """
    before: Sequence[object] = ()
    """Parameters of a place in the order, as for `after`; only rows before the place are returned."""
    cursor_keys: Sequence[object] = ()
    """Parameters with the key of the row whose list a cursor names; the lists of other rows are null."""
    cursors: str = ""
    """Name of the list in its cursors; the notice and the key follow it."""
    counted: bool = True
    """True if the list's rows count as rows of the answer."""


Node: TypeAlias = (
    Constant
    | SnapshotValue
    | Cell
    | NarrativeBody
    | ErasedBy
    | Path
    | NarrativeList
    | ObjectNode
    | NullableObject
    | PageRows
    | Cursor
    | HasMore
    | EndCursor
    | TotalCount
    | GroupKeys
    | GroupSize
    | GroupFigure
    | Groups
    | Listing
)


def depth_of(node: Node) -> int:
    """Return the depth of nested lists in a tree; lists with `counted` false add no depth."""
    match node:
        case ObjectNode():
            return max((depth_of(below) for _, below in node.items), default=0)
        case NullableObject() | PageRows():
            return depth_of(node.item)
        case Listing():
            return depth_of(node.item) + node.counted
    return 0


class Statement(Struct, frozen=True):
    """A query whose single row holds the answer's bytes and the number of its rows."""

    sql: bytes
    """SQL with `$1`, `$2` … for its parameters."""
    parameters: tuple[object, ...]
    """Parameters: names of the snapshot's values (`notice`, `position`, `on` …) or parameters of the tree."""
