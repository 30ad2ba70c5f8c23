"""Run the command line `ledger`.

Each command is a module of this package with a function `configure`, imported only when it is called. An error is
one line on stderr: what is wrong and what to do. Exit status 1: refused or failed; 2: wrong usage.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from msgspec import to_builtins

from api.cli import streams
from api.cli.common import Misused, Parser, sentence, show_error
from ledger.domain.errors import LedgerError, Refused

COMMANDS = {
    "demo": "load a real notice with an invented history, check it, and serve it",
    "serve": "serve the HTTP interface",
    "project": "keep the views up to date in a separate process",
    "migrate": "migrate the database's schema to this version",
    "distribute": "distribute the ledger over a Citus cluster by notice, and migrate it",
    "notice": "check a notice pack, or record a notice from one",
    "append": "record facts from a file of CloudEvents, one on each line",
    "replay": "print the history of a notice in plain English",
    "report": "write the adviser's report for a period, or an issued one",
    "rebuild": "rebuild views from the entries, print the differences, and swap them in",
    "export": "write an auditor's bundle, which can be verified without the server",
    "verify": "recompute every hash of the record or of a bundle, and print the first difference",
    "people": "list, set or erase actors' names, which are not in the log",
    "token": "issue and revoke API tokens",
    "follow": "follow other ledgers read-only, and let others follow this one",
    "resume": "accept the loss of entries after a restored backup or a failover",
    "key": "create, print or rotate the key that signs checkpoints",
    "schema": "print the GraphQL schema, the facts, the rules of clauses, or the OpenAPI document",
}
"""One-line help by command; each command is the module of its name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    streams.open_missing()
    try:
        return _run(words)
    except SystemExit as end:  # argparse raises it after printing help
        return int(end.code or 0)
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
    except BrokenPipeError:  # the reader of the output, such as head, has closed it
        streams.discard_output()
    except OSError as error:
        streams.discard_output()
        show_error(
            f"{error.filename or 'the output'} cannot be read or written: {error.strerror or error}", as_json
        )
    return 1


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0 if words else 2
    name = words[0]
    if name not in COMMANDS:
        raise Misused(f"no command {name!r}; the commands are {', '.join(COMMANDS)}")
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
            "ledger COMMAND: record and prove what a council does under an improvement notice.",
            "",
            *lines,
            "",
            "Run `ledger COMMAND --help` for its options. Settings are environment variables or lines of .env.",
            "Without LEDGER_DATABASE_URL, the ledger runs its own PostgreSQL under ./.ledger.",
        ]
    )
