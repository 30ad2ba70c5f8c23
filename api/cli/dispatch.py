"""Call the module of a command, and write its errors."""

import sys
from importlib import import_module

from msgspec import to_builtins

from api.cli import COMMANDS, streams
from api.cli.common import Misused, Parser, sentence, show_error
from ledger.domain.errors import LedgerError, Refused


def dispatch(words: list[str]) -> int:
    """Run the command that these words name and return its exit status."""
    as_json = "--json" in words
    streams.open_missing()
    streams.write_all_characters(as_json=as_json)
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
