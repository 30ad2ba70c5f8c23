"""Manage the directory of actors' names, which is separate from the log: `ledger people`."""

from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.cli.common import Parser, database_with, run, show
from ledger.domain.errors import LedgerError
from ledger.mutable import people
from ledger.store.database import connect


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    actions = parser.add_subparsers(required=True, metavar="show, set or erase", parser_class=Parser)
    show_command = actions.add_parser("show", help="list the actors' names", description="List the actors' names.")
    set_command = actions.add_parser("set", help="set an actor's name", description="Set an actor's name.")
    erase_command = actions.add_parser("erase", help="erase an actor's name", description="Erase an actor's name.")
    for command, action in ((show_command, _show), (set_command, _set), (erase_command, _erase)):
        command.add_argument("notice", metavar="NOTICE", help="notice in which they act")
        command.set_defaults(run=action)
    for command in (set_command, erase_command):
        command.add_argument("actor", metavar="ACTOR", help="actor's id, as in the entries")
    set_command.add_argument("--name", required=True, metavar="TEXT", help="person's name")
    set_command.add_argument("--contact", metavar="TEXT", help="person's contact details")
    for command in (show_command, set_command, erase_command):
        command.takes_json()


@asynccontextmanager
async def _connected(notice: str) -> AsyncIterator[people.Connection]:
    async with database_with(notice) as url, await connect(url, "ledger_writer") as connection:
        yield connection


def _show(arguments: Namespace) -> int:
    persons = run(_read(arguments.notice))
    if arguments.json:
        show(persons)
        return 0
    for person in persons:
        print(f"{person.actor}: {person.name}{f', {person.contact}' if person.contact else ''}")
    if not persons:
        print(f"The directory of {arguments.notice} names nobody.")
    return 0


async def _read(notice: str) -> list[people.Person]:
    async with _connected(notice) as connection:
        return await people.people(connection, notice)


def _set(arguments: Namespace) -> int:
    person = people.person(arguments.actor, arguments.name, arguments.contact)
    run(_write(arguments.notice, person))
    if arguments.json:
        show(person)
    else:
        print(f"{person.actor} is {person.name}. No entry contains the name; ledger people erase removes it.")
    return 0


async def _write(notice: str, person: people.Person) -> None:
    async with _connected(notice) as connection:
        await people.put(connection, notice, person)


def _erase(arguments: Namespace) -> int:
    if not run(_remove(arguments.notice, arguments.actor)):
        raise LedgerError(f"the directory of {arguments.notice} does not name {arguments.actor}")
    if arguments.json:
        show({"erased": arguments.actor})
    else:
        print(f"The name of {arguments.actor} is erased.")
    return 0


async def _remove(notice: str, actor: str) -> bool:
    async with _connected(notice) as connection:
        return await people.erase(connection, notice, actor)
