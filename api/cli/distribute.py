"""Distribute the ledger over a Citus cluster: `ledger distribute`."""

from argparse import Namespace

from api.cli.common import Parser, run, say, show_result
from api.settings import Settings
from ledger.domain.errors import LedgerError
from ledger.store.distribution import distribute


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.runs(_distribute)


def _distribute(arguments: Namespace) -> int:
    url = Settings.from_environment().database_url
    if url is None:
        raise LedgerError("set LEDGER_DATABASE_URL to the coordinator of a Citus cluster")
    steps = run(distribute(url, say))
    line = "The ledger is distributed." if steps else "The ledger was already distributed."
    return show_result(arguments, {"done": steps}, line)
