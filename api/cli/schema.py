"""Print the GraphQL schema, the facts' JSON Schemas, the rules, or the OpenAPI document: `ledger schema`."""

import json
from argparse import Namespace

from api.app import create_app
from api.cli import fact_reference, rule_reference
from api.cli.common import Parser
from api.http import fact_schemas, openapi
from api.settings import Settings
from schema import build


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    actions = parser.add_subparsers(required=True, metavar="graphql, facts, rules or openapi", parser_class=Parser)
    for name, meaning, action in (
        ("graphql", "the GraphQL schema, in its definition language", _graphql),
        ("facts", "the JSON Schema of every fact, by its type name", _facts),
        ("rules", "every rule that a clause may name, with its parameters", _rules),
        ("openapi", "the REST interface, as OpenAPI 3.1", _openapi),
    ):
        command = actions.add_parser(name, help=meaning, description=f"Print {meaning}.")
        command.takes_json()
        if name in ("facts", "rules"):
            help_text = f"write the reference in docs/{name}.md"
            command.add_argument("--markdown", action="store_true", help=help_text)
        command.set_defaults(run=action)


def _graphql(arguments: Namespace) -> int:
    sdl = build().as_str()
    print(json.dumps({"sdl": sdl}) if arguments.json else sdl)
    return 0


def _openapi(_: Namespace) -> int:
    document = openapi.document(create_app(Settings()).routes)
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return 0


def _facts(arguments: Namespace) -> int:
    if arguments.markdown:
        print(fact_reference.markdown(), end="")
        return 0
    print(json.dumps(fact_schemas.all_schemas(), indent=2, ensure_ascii=False))
    return 0


def _rules(arguments: Namespace) -> int:
    if arguments.markdown:
        print(rule_reference.markdown(), end="")
        return 0
    print(json.dumps(rule_reference.as_json(), indent=2, ensure_ascii=False))
    return 0
