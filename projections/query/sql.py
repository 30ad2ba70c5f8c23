"""The SQL of an answer's tree: one query, whose one row is the answer's text and the number of its rows.

Lists become lateral subqueries, one in another; an object is written as text (in half the time that PostgreSQL's
`json_build_object` takes). The order of rows is that of the subquery with the LIMIT: everything joined to it
depends on its rows, so that it is the outer side of nested loops.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from projections.query.relation import TODAY, Relation
from projections.query.tree import (
    Cell,
    Constant,
    Cursor,
    EndCursor,
    ErasedBy,
    Form,
    HasMore,
    Listing,
    NarrativeList,
    NarrativeText,
    Node,
    NullableObject,
    ObjectNode,
    PageRows,
    Path,
    ReadingValue,
    Statement,
    form_of,
)

_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")
_TYPES = {
    "notice": "text",
    "position": "bigint",
    "on": "timestamptz",
    "recorded_at": "timestamptz",
    "root_hash": "text",
}
_ARGUMENTS = 90
"""A function of PostgreSQL takes 100 at most."""
_MORE = '"of the page"'
"""The column that numbers a page's rows, of which one more is read than it shows."""


def compose(listing: Listing, redacted: Collection[str]) -> Statement:
    """The query of one object and all that hangs on it; `redacted`: the views that its reader sees suppressed."""
    writer = _Writer(redacted)
    scope = _Scope(listing.relation)
    row = writer.members(listing.item, scope)
    within = writer.within(listing, None)
    count = " + ".join(scope.counts) or "0"
    sql = f"SELECT convert_to({row}, 'UTF8'), ({count})::bigint FROM ({within}) t{scope.joined}"
    return Statement(sql.encode(), tuple(writer.parameters))


class _Scope:
    """The rows that an object is written of: what is joined to them for it."""

    def __init__(self, relation: Relation[Any], page: "Listing | None" = None, cursors: str = "") -> None:
        self.relation = relation
        self.page = page
        self.cursors = cursors
        """The SQL of the list that cursors of this scope name."""
        self.joins: list[str] = []
        self.counts: list[str] = []

    @property
    def joined(self) -> str:
        """What follows the rows in FROM."""
        return "".join(f" CROSS JOIN LATERAL {join}" for join in self.joins)

    def beside(self, name: str) -> None:
        """Joins what the field of that name is worked out from."""
        worked = self.relation.worked.get(name)
        if worked is not None and worked.beside and worked.beside not in self.joins:
            self.joins.append(worked.beside)

    @property
    def shown(self) -> str:
        """Of an aggregate: only over the rows that a page shows."""
        return "" if self.page is None else f" FILTER (WHERE t.{_MORE} <= {self.page.first})"


class _Writer:
    """Writes one statement."""

    def __init__(self, redacted: Collection[str]) -> None:
        self._redacted = redacted
        self._lists = 0
        self.parameters: list[object] = []

    # --- parameters

    def parameter(self, of: object) -> str:
        """The `$n` that stands for it."""
        if of not in self.parameters:
            self.parameters.append(of)
        return f"${self.parameters.index(of) + 1}"

    def given(self, name: str) -> str:
        """Something of the reading's own."""
        return f"{self.parameter(name)}::{_TYPES[name]}"

    def sql(self, relation: Relation[Any], declared: str) -> str:
        """SQL that a relation declares, with the reading's own in place."""
        seen = "TRUE" if relation.view in self._redacted else "FALSE"
        declared = declared.replace(":redacted", seen).replace(":today", f"({TODAY})")
        return _NAMED.sub(lambda found: self.given(found[1]), declared)

    def expression(self, relation: Relation[Any], name: str) -> str:
        """What stands in a field."""
        return self.sql(relation, relation.expression(name))

    # --- values

    def members(self, item: ObjectNode, scope: _Scope) -> str:
        """An object's text."""
        parts: list[str] = []
        text = "{"
        for key, node in item.items:
            text += f'"{key}":'
            value = node.json if isinstance(node, Constant) else self.value(node, scope)
            if isinstance(node, Constant):
                text += value
            else:
                parts += [_quoted(text), value]
                text = ""
            text += ","
        parts.append(_quoted(text.removesuffix(",") + "}"))
        return _concat(parts)

    def value(self, node: Node, scope: _Scope) -> str:
        """The text of a value that is not known before."""
        return _WRITTEN_BY[type(node)](self, node, scope)

    def of_reading(self, node: ReadingValue, _scope: _Scope) -> str:
        return _written(self.given(node.name), node.form)

    def cell(self, node: Cell, scope: _Scope) -> str:
        scope.beside(node.name)
        text = _written(self.expression(scope.relation, node.name), node.form)
        return f"coalesce({text}, {_quoted('null') if node.optional else 'views.absent()'})"

    def words(self, node: NarrativeText, _scope: _Scope) -> str:
        return f"coalesce({self._narrative(node.name, 'to_json(n.body)::text')}, 'null')"

    def erased_by(self, node: ErasedBy, _scope: _Scope) -> str:
        return f"coalesce({self._narrative(node.name, 'n.erased_by::text')}, 'null')"

    def path(self, node: Path, scope: _Scope) -> str:
        own = ""
        if node.key is not None:
            own = f" || '/{node.kind}/' || {self.expression(scope.relation, node.key)}"
        return f"to_json({self.given('notice')}{own})::text"

    def unless(self, node: NullableObject, scope: _Scope) -> str:
        """Another side of the row."""
        before, scope.counts = scope.counts, []
        text = self.members(node.item, scope)
        is_null = f"{self.expression(scope.relation, node.name)} IS NULL"
        scope.counts = before + [f"CASE WHEN {is_null} THEN 0 ELSE {each} END" for each in scope.counts]
        return f"CASE WHEN {is_null} THEN 'null' ELSE {text} END"

    def _narrative(self, name: str, what: str) -> str:
        return (
            f"(SELECT {what} FROM ledger.narratives n WHERE n.notice = t.notice "
            f'AND n.position = t."{name}_position" AND n.path = t."{name}_path")'
        )

    def texts(self, node: NarrativeList, _scope: _Scope) -> str:
        """Several narratives, in the order of their paths."""
        written = {
            "path": "to_json(p.path)::text",
            "text": "to_json(n.body)::text",
            "erased_by": "n.erased_by::text",
        }
        parts: list[str] = []
        for index, (key, member) in enumerate(node.members):
            parts.append(_quoted(f'{"," if index else "{"}"{key}":'))
            parts.append(
                _quoted(member.json) if isinstance(member, Constant) else f"coalesce({written[member]}, 'null')"
            )
        item = _concat([*parts, _quoted("}" if parts else "{}")])
        return (
            f"(SELECT '[' || coalesce(string_agg({item}, ',' ORDER BY p.nth), '') || ']' "
            f'FROM unnest(t."{node.name}_paths") WITH ORDINALITY p(path, nth) LEFT JOIN ledger.narratives n '
            f'ON n.notice = t.notice AND n.position = t."{node.name}_position" AND n.path = p.path)'
        )

    # --- lists

    def within(self, listing: Listing, key: str | None) -> str:
        """The rows of a list, for one key if it has one."""
        relation = listing.relation
        asked = [(name, self.parameter(listing.conditions[name])) for name in sorted(listing.conditions)]
        if listing.by is not None and key is not None:
            asked.append((listing.by, key))
        rows, where = relation.rows(asked)
        order = ", ".join(f't."{name}"' for name in relation.order)
        if listing.after:
            where.append(f"({order}) > ({', '.join(self.parameter(each) for each in listing.after)})")
        more = 1 if _looks_on(listing) else 0
        found = self.sql(relation, f"SELECT t.* FROM {rows} WHERE {' AND '.join(where)}")
        return f"{found} ORDER BY {order} LIMIT {listing.first + more}"

    def listing(self, listing: Listing, scope: _Scope) -> str:
        """Joins a list to the rows on which it hangs, and says where its text stands."""
        self._lists += 1
        number = self._lists
        key = None
        if listing.key is not None:
            key = f"k{number}.key"
            scope.beside(listing.key)
            scope.joins.append(f"(SELECT {self.expression(scope.relation, listing.key)} AS key) k{number}")
        inner = _Scope(listing.relation, listing if _looks_on(listing) else None, self._named(listing, key))
        json = self._json(listing, inner)
        counts = [f"coalesce(sum({each}){inner.shown}, 0)" for each in inner.counts]
        if listing.counted:
            counts.append(f"count(*){inner.shown}")
        columns = f"{json} AS json"
        if counts:
            columns += f", {' + '.join(counts)} AS n"
            scope.counts.append(f"l{number}.n")
        scope.joins.append(f"(SELECT {columns} FROM {self._rows(listing, key, number)}{inner.joined}) l{number}")
        return f"l{number}.json"

    def _named(self, listing: Listing, key: str | None) -> str:
        """The SQL of the list that its cursors name."""
        if not listing.cursors:
            return ""
        return f"{_quoted(listing.cursors)} || {self.given('notice')}" + (
            "" if key is None else f" || '/' || {key}"
        )

    def _json(self, listing: Listing, scope: _Scope) -> str:
        item = self.members(listing.item, scope)
        if listing.shape == "page":
            return item
        if listing.shape == "one":
            return f"coalesce((array_agg({item}))[1], 'null')"
        rows = f"'[' || coalesce(string_agg({item}, ','), '') || ']'"
        return f"CASE WHEN count(*) >= {listing.first} THEN views.absent() ELSE {rows} END"

    def _rows(self, listing: Listing, key: str | None, number: int) -> str:
        rows = f"({self.within(listing, f'u{number}.key' if listing.spread else key)}) t"
        if listing.spread:
            rows = f"unnest({key}) WITH ORDINALITY u{number}(key, nth) CROSS JOIN LATERAL {rows}"
        if _looks_on(listing):
            rows = f"(SELECT t.*, row_number() OVER () AS {_MORE} FROM {rows}) t"
        return rows

    # --- pages

    def rows(self, node: PageRows, scope: _Scope) -> str:
        item = self.members(node.item, scope)
        return f"'[' || coalesce(string_agg({item}, ','){scope.shown}, '') || ']'"

    def _place(self, scope: _Scope) -> str:
        relation = scope.relation
        values = [_written(f't."{name}"', form_of(relation.hints[name])) for name in relation.order]
        return f"concat('[', concat_ws(',', {', '.join(values)}), ']')"

    def has(self, _node: HasMore, scope: _Scope) -> str:
        return f"(count(*) > count(*){scope.shown})::text"

    def own_cursor(self, _node: Cursor, scope: _Scope) -> str:
        return self._cursor(scope, self._place(scope))

    def _cursor(self, scope: _Scope, place: str) -> str:
        return f"""('"' || views.cursor({scope.cursors}, {place}) || '"')"""

    def end(self, node: EndCursor, scope: _Scope) -> str:
        places = f"array_agg({self._place(scope)}){scope.shown}"
        place = f"({places})[{f'count(*){scope.shown}' if node.last else '1'}]"
        return f"coalesce({self._cursor(scope, place)}, 'null')"


_WRITTEN_BY: Mapping[type, Callable[[_Writer, Any, _Scope], str]] = {
    ReadingValue: _Writer.of_reading,
    Cell: _Writer.cell,
    NarrativeText: _Writer.words,
    ErasedBy: _Writer.erased_by,
    Path: _Writer.path,
    NarrativeList: _Writer.texts,
    ObjectNode: _Writer.members,
    NullableObject: _Writer.unless,
    Listing: _Writer.listing,
    PageRows: _Writer.rows,
    Cursor: _Writer.own_cursor,
    HasMore: _Writer.has,
    EndCursor: _Writer.end,
}


def _written(expression: str, form: Form) -> str:
    """A value as JSON text; null where there is none."""
    if form == "int":
        return f"({expression})::integer::text"
    if form == "count":
        return f"({expression})::bigint::text"
    if form in ("bool", "json"):
        return f"({expression})::text"
    if form == "float":  # a whole number is written with its .0, so that it is read as what it is
        return f"regexp_replace(({expression})::text, '^(-?[0-9]+)$', '\\1.0')"
    if form == "instant":
        return (
            f"""('"' || to_char({expression}, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN date_trunc('second', """
            f"""{expression}) = {expression} THEN '' ELSE to_char({expression}, '.US') END || 'Z"')"""
        )
    return f"to_json({expression})::text"


def _looks_on(listing: Listing) -> bool:
    """Whether one row more than a page shows is read, to see that there is one."""
    return listing.shape == "page" and _holds(listing.item, HasMore)


def _holds(item: ObjectNode, kind: type) -> bool:
    return any(
        isinstance(node, kind) or (isinstance(node, ObjectNode) and _holds(node, kind)) for _, node in item.items
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _concat(parts: Sequence[str]) -> str:
    """Texts behind one another."""
    if len(parts) == 1:
        return f"{parts[0]}::text"
    if len(parts) > _ARGUMENTS:
        return _concat([_concat(parts[at : at + _ARGUMENTS]) for at in range(0, len(parts), _ARGUMENTS)])
    return f"concat({', '.join(parts)})"
