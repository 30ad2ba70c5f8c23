"""Fields of a type with the objects that the ids in its rows name. Imports strawberry, and the declarations."""

import re
from collections.abc import Iterator

from msgspec import structs
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fields import unwrap
from schema.derive.declaration import ID, TYPES, Many, ObjectDeclaration, Value, node, short_list


def add_references() -> None:
    """Add to each type a field for each of its ids, which returns the object with that id.

    The field has the id's name with `Node` or `Nodes`.

    The row marks the ids of actors. Any other id leads to the only type that is identified by a field of the same
    name. An id is left out if there is no such type, or if a declared field has its object. The row's own id is
    left out too.
    """
    types: dict[str, list[str]] = {}
    for name, each in TYPES.items():
        if each.node is not None:
            types.setdefault(each.node, []).append(name)
    identified = {field: names[0] for field, names in types.items() if len(names) == 1}
    for name, each in TYPES.items():
        TYPES[name] = structs.replace(each, fields={**each.fields, **dict(_references(each, identified))})


def _references(declaration: ObjectDeclaration, identified: dict[str, str]) -> Iterator[tuple[str, Many]]:
    """Yield a field for each id in a row, which returns the object with that id.

    Args:
        declaration: The row's type.
        identified: Types by the fields that identify them.
    """
    relation, fields = declaration.relation, declaration.fields
    followed = {declaration.node, *(each.key for each in fields.values() if isinstance(each, Many))}
    for name, spec in fields.items():
        column = (isinstance(spec, Value) and spec.name) or name
        if not isinstance(spec, Value) or column in followed:
            continue
        singular = re.sub("s$", "", re.sub("ies$", "y", name))
        is_actor = relation.meanings[column].is_actor
        of = identified.get("actor" if is_actor else singular if spec.type is ID else "")
        if of is None:
            continue
        by = TYPES[of].node or ""
        if unwrap(relation.hints[column]).origin is list:
            described = f"Objects of those ids in `{to_camel_case(name)}` with which something is recorded."
            yield f"{singular}_nodes", short_list(of, described, by=by, key=column)
        else:
            yield f"{name}_node", node(of, by, column)
