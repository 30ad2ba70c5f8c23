"""`ledger people`: the directory of who an actor is, beside the log and never in it."""

from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.cli.common import Parser, database, run, show
from ledger.domain.errors import LedgerError
from ledger.mutable import people
from ledger.store.database import connect


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    actions = parser.add_subparsers(required=True, metavar="show, set or erase", parser_class=Parser)
    shown = actions.add_parser("show", help="who the actors are", description="Show who the actors are.")
    said = actions.add_parser("set", help="say who an actor is", description="Say who an actor is.")
    erased = actions.add_parser("erase", help="erase who an actor is", description="Erase who an actor is.")
    for command, action in ((shown, _show), (said, _set), (erased, _erase)):
        command.add_argument("notice", metavar="NOTICE", help="the notice in which they act")
        command.set_defaults(run=action)
    for command in (said, erased):
        command.add_argument("actor", metavar="ACTOR", help="the actor's id, as entries have it")
    said.add_argument("--name", required=True, metavar="TEXT", help="their name")
    said.add_argument("--contact", metavar="TEXT", help="how to reach them")
    for command in (shown, said, erased):
        command.takes_json()


@asynccontextmanager
async def _connected() -> AsyncIterator[people.Connection]:
    async with database() as url, await connect(url, "ledger_writer") as connection:
        yield connection


def _show(arguments: Namespace) -> int:
    found = run(_shown(arguments.notice))
    if arguments.json:
        show(found)
        return 0
    for one in found:
        print(f"{one.actor}: {one.name}{f', {one.contact}' if one.contact else ''}")
    if not found:
        print(f"The directory of {arguments.notice} names nobody.")
    return 0


async def _shown(notice: str) -> list[people.Person]:
    async with _connected() as connection:
        return await people.people(connection, notice)


def _set(arguments: Namespace) -> int:
    found = people.person(arguments.actor, arguments.name, arguments.contact)
    run(_put(arguments.notice, found))
    if arguments.json:
        show(found)
    else:
        print(f"{found.actor} is {found.name}. No entry holds that; ledger people erase forgets it.")
    return 0


async def _put(notice: str, found: people.Person) -> None:
    async with _connected() as connection:
        await people.put(connection, notice, found)


def _erase(arguments: Namespace) -> int:
    if not run(_erased(arguments.notice, arguments.actor)):
        raise LedgerError(f"the directory of {arguments.notice} does not name {arguments.actor}")
    if arguments.json:
        show({"erased": arguments.actor})
    else:
        print(f"Nothing says any more who {arguments.actor} is.")
    return 0


async def _erased(notice: str, actor: str) -> bool:
    async with _connected() as connection:
        return await people.erase(connection, notice, actor)
