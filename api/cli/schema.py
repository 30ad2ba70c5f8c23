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
    _, facts, rules, _ = parser.add_actions(
        graphql=("print the GraphQL schema, in its definition language", _graphql),
        facts=("print the JSON Schema of every fact, by its type name", _facts),
        rules=("print every rule that a clause may name, with its parameters", _rules),
        openapi=("print the REST interface, as OpenAPI 3.1", _openapi),
    )
    for name, command in (("facts", facts), ("rules", rules)):
        command.add_argument("--markdown", action="store_true", help=f"write the reference in docs/{name}.md")


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
