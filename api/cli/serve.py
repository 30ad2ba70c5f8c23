"""Serve the HTTP interface with the settings of the environment: `ledger serve`."""

import dataclasses
from argparse import ArgumentTypeError, Namespace

from api.cli.common import Parser
from api.http import server
from api.settings import Settings


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--port", type=port, metavar="N", help="port to serve on; by default that of LEDGER_BIND")
    parser.runs(_serve)


def port(text: str) -> int:
    """Return the number of a TCP port, where 0 means any free port.

    Raises:
        ArgumentTypeError: The text is not a port.
    """
    if not text.isdecimal() or int(text) > 65_535:
        raise ArgumentTypeError(f"{text!r} is not a port; enter a number from 0 to 65535")
    return int(text)


def _serve(arguments: Namespace) -> int:
    settings = Settings.from_environment()
    if arguments.port is not None:
        bind = dataclasses.replace(settings.bind, port=arguments.port)
        settings = dataclasses.replace(settings, bind=bind)
    server.serve(settings)
    return 0
