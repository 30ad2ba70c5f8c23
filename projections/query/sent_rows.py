"""Relations over rows that a statement takes as a parameter, in JSON, instead of reading them from a view.

The list of notices is composed of such rows. Each row was read from its own notice, at that notice's position.
"""

import re
from collections.abc import Collection
from typing import Any

from msgspec import structs

from ledger.domain.fields import unwrap
from projections.engine.columns import postgres_type
from projections.query.condition import names_in
from projections.query.groups import quantity_names
from projections.query.relation import Computed, Relation
from projections.query.tree import GroupFigure, Groups, Listing, Node, NullableObject, ObjectNode, PageRows

PARAMETER = "sent_rows"
"""Name of the statement's parameter that contains the rows."""
_COLUMN = re.compile(r'\bt\."?(\w+)')
"""Pattern of a column of a row in the SQL of a condition."""


def over_sent_rows(relation: Relation[Any], fields: Collection[str], key: str) -> Relation[Any]:
    """Return a relation over rows sent as a parameter, with the conditions of another relation.

    Args:
        relation: The relation that the rows were read from; its field `zone` names the zone of a row's days.
        fields: The fields that rows may have; no narratives.
        key: A further field of type string. It is unique, and orders the rows.
    """
    hints: dict[str, Any] = {key: str} | {name: relation.hints[name] for name in fields}
    columns = ", ".join(f'"{name}" {postgres_type(unwrap(hint).column_type)}' for name, hint in hints.items())
    return structs.replace(
        relation,
        source=f"(SELECT :notice AS notice, r.* FROM jsonb_to_recordset(:{PARAMETER}) r({columns}))",
        computed={name: Computed(hint, f't."{name}"') for name, hint in hints.items()},
        order=(key,),
        zone='t."zone"',
    )


def fields_read(listing: Listing) -> set[str]:
    """Return the fields whose values decide which rows a list has, their order and their groups."""
    relation, conditions = listing.relation, [*listing.conditions, *names_in(listing.test)]
    fields = {*relation.fields_of(conditions), *(sort.name for sort in listing.sorts)}
    for name in conditions:
        fields.update(_COLUMN.findall(relation.conditions.get(name, "")))
    return fields | _of_groups(listing.item)


def _of_groups(node: Node) -> set[str]:
    match node:
        case ObjectNode(items):
            return set[str]().union(*(_of_groups(below) for _, below in items))
        case PageRows(item) | NullableObject(_, item):
            return _of_groups(item)
        case Groups(keys, item):
            return {"zone", *(key.name for key in keys)} | _of_groups(item)
        case GroupFigure(of):
            return set(quantity_names(of.quantity))
    return set()
