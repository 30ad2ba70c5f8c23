"""Types and lists of the rows that no module of `schema.types` declares."""

from typing import Any

from projections.engine.view import View
from projections.query.relation import Relation
from projections.views.registry import ALL, relations
from schema.derive.declaration import TYPES, Section, many, row_type, section


def declare_rest() -> None:
    """Declare a type for each table with a relation but no type, and a section for each view without types."""
    declared = {each.relation for each in TYPES.values()}
    views = {relation.view for relation in declared}
    for view in ALL:
        rest = {table: relation for table, relation in relations(view).items() if relation not in declared}
        for relation in rest.values():
            row_type(relation)
        if rest and view.name not in views:
            _declare_section(view, rest)


def _declare_section(view: View, tables: dict[str, Relation[Any]]) -> None:
    """Declare a section with a list of each table's rows."""
    title = view.name.replace("_", " ").capitalize()
    lists = {table: many(relation.row.__name__, relation.row.__doc__ or "") for table, relation in tables.items()}
    name = f"{view.name.title().replace('_', '')}View"
    cls = type(name, (Section,), {"__doc__": f"{title}: rows of the view.", **lists})
    section(view.name, f"{title}. FORBIDDEN to roles that do not read it.")(cls)
