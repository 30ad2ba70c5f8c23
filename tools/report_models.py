"""Print the models of the answers to the report's queries: `python -m tools.report_models`.

A query document selects one notice, or several notices by aliases. The selection of an object becomes a class,
unless the selection is a fragment alone. A fragment's class has the fragment's name. Most other classes are named
by their operation and field. A class inherits from the fragments in its selection. A connection becomes a page of
rows.
"""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLType,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_named_type,
    parse,
)
from strawberry.utils.str_converters import to_snake_case

from api.report.query_documents import QUESTIONS

ROOT = Path(__file__).parent.parent
QUERIES = ROOT / "api" / "report" / "queries"
QUESTION_FILES = ROOT / "schema" / "questions"
TYPES = {
    "Boolean": "bool",
    "Count": "int",
    "Date": "date",
    "DateTime": "datetime",
    "Float": "float",
    "Int": "int",
    "JSON": "Any",
}
"""Python types by GraphQL scalar. Other scalars, and the words of enums, are `str`."""
TOP = '''"""Models of the answers to the report's queries; `make facts` writes them."""

from datetime import date, datetime
from typing import Any

from api.report.query_documents import ListPage, ListQuery, Query, QueryModel
'''


class DocumentModels:
    """Python classes that model the answer to one query document."""

    def __init__(self, text: str) -> None:
        """Parse the document."""
        self.classes: dict[str, str] = {}
        """Python source of each class, by name. A class comes after the classes that it names."""
        self._fragments = {}
        for definition in parse(text).definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self._fragments[definition.name.value] = definition
            elif isinstance(definition, OperationDefinitionNode):
                self._operation = definition

    def query(self, name: str, of: GraphQLObjectType) -> str:
        """Add the classes of the document's query, and return the Python source that declares the query."""
        roots = _fields(self._operation.selection_set)
        if "notice" not in roots:
            return f'Query("{name}", {self._several(roots, of)})'
        selections = roots["notice"].selection_set
        variables = {each.variable.name.value for each in self._operation.variable_definitions or ()}
        if "after" not in variables:
            return f'Query("{name}", {self._class("Notice", selections, of)})'
        steps: list[str] = []
        fields = _fields(selections)
        while "nodes" not in fields:
            ((step, field),) = fields.items()
            steps.append(step)
            fields, of = _fields(field.selection_set), _object(of.fields[step].type)
        return f'ListQuery("{name}", "{".".join(steps)}", {self._row(fields["nodes"], of)})'

    def _several(self, roots: dict[str, FieldNode], of: GraphQLObjectType) -> str:
        """Add the class of an answer with several notices, and return its name."""
        notices = {key: self._class(key, field.selection_set, of) for key, field in roots.items()}
        name = self._operation.name.value if self._operation.name else "Notices"
        lines = [f"class {name}(QueryModel, frozen=True, kw_only=True):"]
        lines += [
            '    """Notices by their names in the query."""',
            "",
            *(f"    {key}: {kind}" for key, kind in notices.items()),
        ]
        self.classes[name] = "\n".join(lines)
        return name

    def _class(self, field: str, selections: SelectionSetNode | None, of: GraphQLObjectType) -> str:
        """Add the class of a field's selection, and return its name."""
        bases = [self._fragment(spread, of) for spread in _spreads(selections)]
        if bases and not _fields(selections):
            return bases[0]
        name = f"{self._operation.name.value if self._operation.name else ''}{field[:1].upper()}{field[1:]}"
        return self._add(name, bases, selections, of)

    def _fragment(self, name: str, of: GraphQLObjectType) -> str:
        selections = self._fragments[name].selection_set
        return self._add(name, [self._fragment(spread, of) for spread in _spreads(selections)], selections, of)

    def _add(self, name: str, bases: list[str], selections: SelectionSetNode | None, of: GraphQLObjectType) -> str:
        annotations = {
            to_snake_case(key): self._annotation(of.fields[field.name.value].type, field)
            for key, field in _fields(selections).items()
        }
        meaning = " ".join((of.description or "").split()).split(". ")[0].removesuffix(".")
        lines = [f"class {name}({', '.join(bases) or 'QueryModel'}, frozen=True, kw_only=True):"]
        lines += [f'    """{meaning}."""', "", *(f"    {key}: {kind}" for key, kind in annotations.items())]
        self.classes[name] = "\n".join(lines)
        return name

    def _annotation(self, kind: GraphQLOutputType, field: FieldNode) -> str:
        """Return the Python type of a field."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, field)
        present = self._present(kind, field)
        return present if present == "Any" else f"{present} | None"

    def _present(self, kind: GraphQLOutputType, field: FieldNode) -> str:
        """Return the Python type of a field that is not null."""
        if isinstance(kind, GraphQLList):
            return f"tuple[{self._annotation(kind.of_type, field)}, ...]"
        if not isinstance(kind, GraphQLObjectType):
            return TYPES.get(get_named_type(kind).name, "str")
        nodes = _fields(field.selection_set).get("nodes")
        if nodes is not None:
            return f"ListPage[{self._row(nodes, kind)}]"
        return self._class(_key(field), field.selection_set, kind)

    def _row(self, nodes: FieldNode, connection: GraphQLObjectType) -> str:
        """Add the class of a connection's rows, and return its name."""
        return self._class("Row", nodes.selection_set, _object(connection.fields["nodes"].type))


def _object(kind: GraphQLType) -> GraphQLObjectType:
    """Return the object type inside a list or non-null type.

    Raises:
        TypeError: The type has no object type inside.
    """
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType):
        raise TypeError(f"{named.name} is not a type of objects")
    return named


def _key(field: FieldNode) -> str:
    """Return the name of a field in the answer."""
    return (field.alias or field.name).value


def _fields(selections: SelectionSetNode | None) -> dict[str, FieldNode]:
    """Return the fields of a selection by their names in the answer."""
    nodes = selections.selections if selections is not None else ()
    return {_key(node): node for node in nodes if isinstance(node, FieldNode)}


def _spreads(selections: SelectionSetNode | None) -> list[str]:
    """Return the names of the fragments in a selection."""
    nodes = selections.selections if selections is not None else ()
    return [node.name.value for node in nodes if isinstance(node, FragmentSpreadNode)]


def lines() -> Iterator[str]:
    """Yield the source of the module of models, part by part.

    Raises:
        TypeError: Two documents have different selections with the same name.
    """
    notice = build_schema((ROOT / "schema" / "schema.graphql").read_text("utf-8")).type_map["Notice"]
    classes: dict[str, str] = {}
    queries = []
    paths = [*QUERIES.glob("*.graphql"), *(QUESTION_FILES / f"{name}.graphql" for name in QUESTIONS)]
    for path in sorted(paths, key=lambda path: path.stem):
        models = DocumentModels(path.read_text("utf-8"))
        constant = path.stem.upper().replace("-", "_")
        queries.append(f"{constant} = {models.query(path.stem, _object(notice))}")
        for name, text in models.classes.items():
            if classes.setdefault(name, text) != text:
                raise TypeError(f"two selections have the name {name}; name one of them by a fragment")
    yield TOP
    yield from (f"\n{text}\n" for text in classes.values())
    yield ""
    yield from queries


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201 - a command line prints
