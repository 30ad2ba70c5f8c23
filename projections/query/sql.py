"""SQL of an answer's tree: one query whose single row holds the JSON text and the number of its rows.

Lists become nested lateral subqueries. Objects are concatenated as text, in half the time of PostgreSQL's
`json_build_object`. The order of rows comes from the subquery with the LIMIT. Everything joined to that
subquery depends on its rows. So PostgreSQL must make it the outer side of nested loops, and the order survives.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from projections.query.condition import names_in, test_sql
from projections.query.groups import MOST_GROUPS, group_rows
from projections.query.json_text import concat, json_value, literal
from projections.query.relation import TODAY, Relation
from projections.query.scope import NUMBER, Scope
from projections.query.sent_rows import PARAMETER
from projections.query.tree import (
    Cell,
    Constant,
    Cursor,
    EndCursor,
    ErasedBy,
    Form,
    GroupFigure,
    GroupKeys,
    Groups,
    GroupSize,
    HasMore,
    Listing,
    NarrativeBody,
    NarrativeList,
    Node,
    NullableObject,
    ObjectNode,
    PageRows,
    Path,
    SnapshotValue,
    Statement,
    TotalCount,
    depth_of,
    form_of,
)

_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")
_TYPES = {
    "notice": "text",
    "position": "bigint",
    "on": "timestamptz",
    "recorded_at": "timestamptz",
    "root_hash": "text",
    "bank_holidays": "date[]",
    PARAMETER: "jsonb",
}
NESTED = 4
"""Maximum depth of nested lists whose rows are not counted while they are read; each level multiplies rows."""


def compose(
    listing: Listing, redacted: Collection[str], *, exact: bool = True, most_rows: int | None = None
) -> Statement:
    """Return the query of an object and its lists.

    Args:
        listing: The object; at most one row.
        redacted: Views with small counts suppressed.
        exact: True to make the statement fail at an answer that a client may not get: a missing value, a number
            out of range, too many groups, a list without pages that is too long. Otherwise the caller must check.
        most_rows: Number of rows above which the statement fails. Only deep trees count rows while they read.
    """
    is_deep = depth_of(listing.item) > NESTED
    writer = _Writer(redacted, exact=exact, most_rows=most_rows if is_deep else None)
    scope = Scope(listing.relation)
    row = writer.members(listing.item, scope)
    source = writer.rows_of(listing, None)
    count = " + ".join(scope.counts) or "0"
    sql = f"SELECT convert_to({row}, 'UTF8'), ({count})::bigint FROM ({source}) t{scope.joined}"
    return Statement(sql.encode(), tuple(writer.parameters))


class _Writer:
    """Writer of the SQL of one statement."""

    def __init__(self, redacted: Collection[str], *, exact: bool, most_rows: int | None) -> None:
        self._redacted = redacted
        self._exact = exact
        self._most_rows = most_rows
        self._lists = 0
        self.parameters: list[object] = []

    # --- parameters

    def parameter(self, of: object) -> str:
        """Return the placeholder of a parameter, such as `$1`."""
        if of not in self.parameters:
            self.parameters.append(of)
        return f"${self.parameters.index(of) + 1}"

    def snapshot_value(self, name: str) -> str:
        """Return the placeholder of a snapshot's value, with its type, such as `$1::text`."""
        return f"{self.parameter(name)}::{_TYPES[name]}"

    def sql(self, relation: Relation[Any], declared: str) -> str:
        """Return SQL that a relation declares, with placeholders for the snapshot's values."""
        seen = "TRUE" if relation.view in self._redacted else "FALSE"
        declared = declared.replace(":redacted", seen).replace(":today", f"({TODAY})")
        return _NAMED.sub(lambda match: self.snapshot_value(match[1]), declared)

    def expression(self, relation: Relation[Any], name: str) -> str:
        """Return the SQL of a field."""
        return self.sql(relation, relation.expression(name))

    # --- values

    def members(self, item: ObjectNode, scope: Scope) -> str:
        """Return the SQL of an object's JSON."""
        parts: list[str] = []
        text = "{"
        for key, node in item.items:
            text += f'"{key}":'
            if isinstance(node, PageRows):  # no copy of a long array is made
                parts += [literal(text + "["), self.page_rows(node, scope)]
                text = "],"
                continue
            value = node.json if isinstance(node, Constant) else self.value(node, scope)
            if isinstance(node, Constant):
                text += value
            else:
                parts += [literal(text), value]
                text = ""
            text += ","
        parts.append(literal(text.removesuffix(",") + "}"))
        return concat(parts)

    def value(self, node: Node, scope: Scope) -> str:
        """Return the SQL of a node's JSON."""
        return _WRITERS[type(node)](self, node, scope)

    def value_of_snapshot(self, node: SnapshotValue, _scope: Scope) -> str:
        return self._written(self.snapshot_value(node.name), node.form)

    def cell(self, node: Cell, scope: Scope) -> str:
        scope.join_lateral(node.name)
        text = self._written(self.expression(scope.relation, node.name), node.form)
        return f"coalesce({text}, {'views.absent()' if self._exact and not node.optional else literal('null')})"

    def _written(self, expression: str, form: Form) -> str:
        """Return SQL that writes a value as JSON text; an inexact statement checks no ranges."""
        return json_value(expression, form if self._exact or form != "int" else "count")

    def narrative(self, node: NarrativeBody, _scope: Scope) -> str:
        return f"coalesce({self._narrative(node.name, 'to_json(n.body)::text')}, 'null')"

    def erased_by(self, node: ErasedBy, _scope: Scope) -> str:
        return f"coalesce({self._narrative(node.name, 'n.erased_by::text')}, 'null')"

    def path(self, node: Path, scope: Scope) -> str:
        own = ""
        if node.position or node.on:
            own += " || '@'"
        if node.position:
            own += f" || {self.snapshot_value('position')}"
        if node.on:
            own += f" || '~' || trim('\"' FROM {json_value(self.snapshot_value('on'), 'instant')})"
        if node.kind:
            own += f" || '/{node.kind}'"
        if node.key is not None:
            own += f" || '/' || {self.expression(scope.relation, node.key)}"
        return f"to_json({self.snapshot_value('notice')}{own})::text"

    def nullable(self, node: NullableObject, scope: Scope) -> str:
        """Return the SQL of a nested object of the same row; null if the node's field is null."""
        before, scope.counts = scope.counts, []
        text = self.members(node.item, scope)
        is_null = f"{self.expression(scope.relation, node.name)} IS NULL"
        scope.counts = before + [f"CASE WHEN {is_null} THEN 0 ELSE {count} END" for count in scope.counts]
        return f"CASE WHEN {is_null} THEN 'null' ELSE {text} END"

    def _narrative(self, name: str, what: str) -> str:
        return (
            f"(SELECT {what} FROM ledger.narratives n WHERE n.notice = {self.snapshot_value('notice')} "
            f'AND n.position = t."{name}_position" AND n.path = t."{name}_path")'
        )

    def narratives(self, node: NarrativeList, _scope: Scope) -> str:
        """Return the SQL of an array of narratives, in the order of the field."""
        written = {
            "path": "to_json(p.path)::text",
            "body": "to_json(n.body)::text",
            "erased_by": "n.erased_by::text",
        }
        parts: list[str] = []
        for index, (key, member) in enumerate(node.members):
            parts.append(literal(f'{"," if index else "{"}"{key}":'))
            parts.append(
                literal(member.json) if isinstance(member, Constant) else f"coalesce({written[member]}, 'null')"
            )
        item = concat([*parts, literal("}" if parts else "{}")])
        return (
            f"(SELECT '[' || coalesce(string_agg({item}, ',' ORDER BY p.nth), '') || ']' "
            f'FROM unnest(t."{node.name}_paths") WITH ORDINALITY p(path, nth) LEFT JOIN ledger.narratives n '
            f"ON n.notice = {self.snapshot_value('notice')} "
            f'AND n.position = t."{node.name}_position" AND n.path = p.path)'
        )

    # --- lists

    def rows_of(self, listing: Listing, key: str | None) -> str:
        """Return the SQL of a list's rows; with a key, of the rows that belong to the key."""
        relation = listing.relation
        rows, where = self._conditions(listing, key)
        for cursor, is_before in ((listing.after, False), (listing.before, True)):
            if cursor:
                place = [self.parameter(value) for value in cursor]
                where.append(
                    relation.beyond(listing.sorts, place, is_reversed=listing.is_reversed, is_before=is_before)
                )
        if key is not None:
            where += self._are_of_cursors(listing, key)
        more = 1 if _reads_one_more(listing) else 0
        order = relation.order_by(listing.sorts, is_reversed=listing.is_reversed, is_backward=listing.is_backward)
        sql = self.sql(relation, f"SELECT t.* FROM {rows} WHERE {' AND '.join(where)} ORDER BY {order}")
        return f"{sql} LIMIT {listing.first + more}"

    def _are_of_cursors(self, listing: Listing, key: str) -> list[str]:
        """Return the tests that the list's cursors name the row with this key."""
        return [f"{key}::text = {self.parameter(cursor_key)}" for cursor_key in listing.cursor_keys]

    def _conditions(self, listing: Listing, key: str | None) -> tuple[str, list[str]]:
        """Return the FROM item and the tests of WHERE of a list's rows on all pages."""
        conditions = [(name, self.parameter(listing.conditions[name])) for name in sorted(listing.conditions)]
        if listing.by is not None and key is not None:
            conditions.append((listing.by, key))
        rows, where = listing.relation.rows(conditions)
        names = [name for name, _ in conditions]
        if listing.test is not None:
            where.append(test_sql(listing.relation, listing.test, self.parameter))
        names += names_in(listing.test)
        fields = [*listing.relation.fields_of(names), *(sort.name for sort in listing.sorts)]
        return rows + listing.relation.laterals_of(fields), where

    def _all_rows(self, listing: Listing, key: str | None) -> str:
        """Return the FROM item of a list's rows on all pages."""
        rows, where = self._conditions(listing, "u.key" if listing.spread else key)
        sql = self.sql(listing.relation, f"(SELECT t.* FROM {rows} WHERE {' AND '.join(where)}) t")
        return f"unnest({key}) u(key) CROSS JOIN LATERAL {sql}" if listing.spread else sql

    def listing(self, listing: Listing, scope: Scope) -> str:
        """Join a list to the rows of its parent, and return the SQL of its JSON."""
        self._lists += 1
        number = self._lists
        key = None
        if listing.key is not None:
            key = f"k{number}.key"
            scope.join_lateral(listing.key)
            scope.joins.append(f"(SELECT {self.expression(scope.relation, listing.key)} AS key) k{number}")
        inner = Scope(
            listing.relation,
            listing if _reads_one_more(listing) else None,
            self._list_name(listing, key),
            listing.sorts,
            lambda: self._all_rows(listing, key),
        )
        json = self._json(listing, inner)
        scope.joins += inner.groups
        scope.counts += [f"{item.rpartition(' ')[2]}.n" for item in inner.groups]
        if listing.cursor_keys and key is not None:
            json = f"CASE WHEN {' AND '.join(self._are_of_cursors(listing, key))} THEN {json} ELSE 'null' END"
        counts = [f"coalesce(sum({count}){inner.on_page}, 0)" for count in inner.counts]
        if listing.counted:
            own = f"count(*){inner.on_page}"
            counts.append(own if self._most_rows is None else f"views.counted({own}, {self._most_rows})")
        columns = f"{json} AS json"
        if counts:
            columns += f", {' + '.join(counts)} AS n"
            scope.counts.append(f"l{number}.n")
        scope.joins.append(f"(SELECT {columns} FROM {self._rows(listing, key, number)}{inner.joined}) l{number}")
        return f"l{number}.json"

    def _list_name(self, listing: Listing, key: str | None) -> str:
        """Return the SQL of the list's name in its cursors."""
        if not listing.cursors:
            return ""
        return f"{literal(listing.cursors)} || {self.snapshot_value('notice')}" + (
            "" if key is None else f" || '/' || {key}"
        )

    def _json(self, listing: Listing, scope: Scope) -> str:
        item = self.members(listing.item, scope)
        if listing.shape == "page":
            return item
        if listing.shape == "one":
            return f"coalesce((array_agg({item}))[1], 'null')"
        rows = f"concat('[', string_agg({item}, ','), ']')"
        return (
            f"CASE WHEN count(*) >= {listing.first} THEN views.absent() ELSE {rows} END" if self._exact else rows
        )

    def _rows(self, listing: Listing, key: str | None, number: int) -> str:
        rows = f"({self.rows_of(listing, f'u{number}.key' if listing.spread else key)}) t"
        if listing.spread:
            rows = f"unnest({key}) WITH ORDINALITY u{number}(key, nth) CROSS JOIN LATERAL {rows}"
        if _reads_one_more(listing) or listing.is_backward:
            order = f" ORDER BY {NUMBER} DESC" if listing.is_backward else ""
            rows = f"(SELECT t.*, row_number() OVER () AS {NUMBER} FROM {rows}{order}) t"
        return rows

    # --- pages

    def page_rows(self, node: PageRows, scope: Scope) -> str:
        """Return the SQL of a page's rows, joined by commas; null if the page is empty."""
        return f"string_agg({self.members(node.item, scope)}, ','){scope.on_page}"

    def _place(self, scope: Scope) -> str:
        relation = scope.relation
        values = []
        for sort in scope.sorts:
            scope.join_lateral(sort.name)
            value = json_value(self.expression(relation, sort.name), form_of(relation.hints[sort.name]))
            values.append(f"coalesce({value}, 'null')")
        values += [json_value(f't."{name}"', form_of(relation.hints[name])) for name in relation.order]
        return f"concat('[', concat_ws(',', {', '.join(values)}), ']')"

    def has_more(self, _node: HasMore, scope: Scope) -> str:
        return f"(count(*) > count(*){scope.on_page})::text"

    def total_count(self, _node: TotalCount, scope: Scope) -> str:
        return f"(SELECT count(*) FROM {scope.all_rows()})::text"

    def groups(self, node: Groups, scope: Scope) -> str:
        """Join the groups of a list to its parent's rows, and return the SQL of their JSON."""
        self._lists += 1
        name = f"g{self._lists}"
        group = Scope(scope.relation, keys=len(node.keys))
        item = self.members(node.item, group)
        rows = self.sql(scope.relation, group_rows(scope.relation, scope.all_rows(), node.keys, group.figures))
        count = "count(*)" if self._most_rows is None else f"views.counted(count(*), {self._most_rows})"
        json = f"concat('[', string_agg({item}, ','), ']')"
        if self._exact:
            json = f"CASE WHEN count(*) > {MOST_GROUPS} THEN views.absent() ELSE {json} END"
        scope.groups.append(f"(SELECT {json} AS json, {count} AS n FROM ({rows}) g) {name}")
        return f"{name}.json"

    def group_keys(self, _node: GroupKeys, scope: Scope) -> str:
        return f"to_json(ARRAY[{', '.join(f'g.k{n}' for n in range(1, scope.keys + 1))}]::text[])::text"

    def group_size(self, _node: GroupSize, _scope: Scope) -> str:
        return "g.n::text"

    def group_figure(self, node: GroupFigure, scope: Scope) -> str:
        if node.of not in scope.figures:
            scope.figures.append(node.of)
        value = json_value(f"g.f{scope.figures.index(node.of) + 1}", node.form)
        return f"coalesce({value}, 'null')"

    def row_cursor(self, _node: Cursor, scope: Scope) -> str:
        return self._cursor(scope, self._place(scope))

    def _cursor(self, scope: Scope, place: str) -> str:
        return f"""('"' || views.cursor({scope.cursors}, {place}) || '"')"""

    def end_cursor(self, node: EndCursor, scope: Scope) -> str:
        places = f"array_agg({self._place(scope)}){scope.on_page}"
        place = f"({places})[{f'count(*){scope.on_page}' if node.last else '1'}]"
        return f"coalesce({self._cursor(scope, place)}, 'null')"


_WRITERS: Mapping[type, Callable[[_Writer, Any, Scope], str]] = {
    SnapshotValue: _Writer.value_of_snapshot,
    Cell: _Writer.cell,
    NarrativeBody: _Writer.narrative,
    ErasedBy: _Writer.erased_by,
    Path: _Writer.path,
    NarrativeList: _Writer.narratives,
    ObjectNode: _Writer.members,
    NullableObject: _Writer.nullable,
    Listing: _Writer.listing,
    Cursor: _Writer.row_cursor,
    HasMore: _Writer.has_more,
    TotalCount: _Writer.total_count,
    Groups: _Writer.groups,
    GroupKeys: _Writer.group_keys,
    GroupSize: _Writer.group_size,
    GroupFigure: _Writer.group_figure,
    EndCursor: _Writer.end_cursor,
}


def _reads_one_more(listing: Listing) -> bool:
    """Return True if the list reads one row more than its page shows, to see if more follow."""
    return listing.shape == "page" and _contains(listing.item, HasMore)


def _contains(item: ObjectNode, kind: type) -> bool:
    return any(
        isinstance(node, kind) or (isinstance(node, ObjectNode) and _contains(node, kind))
        for _, node in item.items
    )
