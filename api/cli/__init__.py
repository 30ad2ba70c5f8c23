"""The command line `ledger`: which commands there are, and what happens when one cannot do its work.

Each command is a module of this package with `configure` (its arguments) and is imported only when it is called.
Errors are one line on stderr: what, why, and the mend. Exit 1: refused or failed; 2: called wrongly.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from msgspec import to_builtins

from api.cli.common import Misused, Parser, sentence, show_error
from ledger.domain.errors import LedgerError, Refused

COMMANDS = {
    "demo": "show it all: a real notice, an invented history, a server to look at",
    "serve": "serve the HTTP interface",
    "project": "keep the views up to date, as a process of its own",
    "migrate": "bring the database's schema up to date",
    "notice": "check a notice pack, or record a notice from one",
    "append": "record facts from a file of CloudEvents, one a line",
    "replay": "tell the history of a notice in plain words",
    "report": "write the adviser's report on a period, or one that was issued",
    "rebuild": "fold views anew beside the live ones, say what differs, and take them into use",
    "export": "write an auditor's bundle, which proves a ledger without it",
    "verify": "recompute every hash, of the record or of a bundle, and name the first entry that differs",
    "people": "say who an actor is, beside the log, and erase it",
    "token": "issue and revoke API tokens",
    "key": "make, show and record the key that signs checkpoints",
    "schema": "print the GraphQL schema, or the JSON Schemas of all facts",
}
"""Command → what it does; each is the module of its name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        return _run(words)
    except SystemExit as ended:  # argparse, after printing help
        return int(ended.code or 0)
    except Misused as error:
        show_error(str(error), as_json)
        return 2
    except Refused as error:
        show_error(str(error), as_json, to_builtins(error.refusals))
    except LedgerError as error:
        show_error(str(error), as_json)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0 if words else 2
    name = words[0]
    if name not in COMMANDS:
        raise Misused(f"there is no command {name!r}; the commands are {', '.join(COMMANDS)}")
    parser = Parser(prog=f"ledger {name}", description=sentence(COMMANDS[name]))
    import_module(f"api.cli.{name}").configure(parser)
    arguments = parser.parse_args(words[1:])
    status = int(arguments.run(arguments))
    sys.stdout.flush()
    return status


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {meaning}" for name, meaning in COMMANDS.items()]
    return "\n".join(
        [
            "ledger COMMAND: the record of what was done under an improvement notice.",
            "",
            *lines,
            "",
            "`ledger COMMAND --help` says more. The settings are environment variables, or lines of .env;",
            "without LEDGER_DATABASE_URL the ledger runs a PostgreSQL of its own under ./.ledger.",
        ]
    )
