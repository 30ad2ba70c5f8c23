"""Migrate the schema of the settings' database: `ledger migrate`."""

from argparse import Namespace

from api.cli.common import Parser, run, say, show
from api.database import Database
from api.settings import Settings
from ledger.store.distribution import migrate_server


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.runs(_migrate)


def _migrate(arguments: Namespace) -> int:
    ran = run(_run_migrations(Settings.from_environment()))
    if arguments.json:
        show({"ran": ran})
        return 0
    for name in ran:
        say(f"ran {name}")
    print("The database is up to date." if ran else "The database was already up to date.")
    return 0


async def _run_migrations(settings: Settings) -> list[str]:
    if settings.database_url is not None:
        return await migrate_server(settings.database_url)
    lines: list[str] = []
    database = Database(settings)
    try:
        await database.open(lines.append)
    finally:
        database.close()
    return [line.removeprefix("ran ") for line in lines if line.startswith("ran ")]
