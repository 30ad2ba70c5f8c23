"""`ledger migrate`: brings the schema of the settings' database up to date."""

from argparse import Namespace

from api.cli.common import Parser, run, say, show
from api.services import Database
from api.settings import Settings
from ledger.store.database import migrate


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.takes_json()
    parser.set_defaults(run=_migrate)


def _migrate(arguments: Namespace) -> int:
    ran = run(_ran(Settings.from_environment()))
    if arguments.json:
        show({"ran": ran})
        return 0
    for name in ran:
        say(f"ran {name}")
    print("The database is up to date." if ran else "The database was up to date already.")
    return 0


async def _ran(settings: Settings) -> list[str]:
    if settings.database_url is not None:
        return await migrate(settings.database_url)
    lines: list[str] = []
    database = Database(settings)
    try:
        await database.open(lines.append)
    finally:
        database.close()
    return [line.removeprefix("ran ") for line in lines if line.startswith("ran ")]
