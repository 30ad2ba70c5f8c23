"""Distribute the ledger over a Citus cluster: `ledger distribute`."""

from argparse import Namespace

from api.cli.common import Parser, run, say, show
from api.settings import Settings
from ledger.domain.errors import LedgerError
from ledger.store.distribution import distribute


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.takes_json()
    parser.set_defaults(run=_distribute)


def _distribute(arguments: Namespace) -> int:
    url = Settings.from_environment().database_url
    if url is None:
        raise LedgerError("set LEDGER_DATABASE_URL to the coordinator of a Citus cluster")
    steps = run(distribute(url, say))
    if arguments.json:
        show({"done": steps})
    else:
        print("The ledger is distributed." if steps else "The ledger was already distributed.")
    return 0
