"""Manage the directory of actors' names, which is separate from the entries: `ledger people`."""

from argparse import Namespace
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from api.cli.caught_up import caught_up
from api.cli.common import Parser, database_with, run, show, show_result
from ledger.domain.errors import LedgerError
from ledger.domain.near_matches import similar
from ledger.mutable import people
from ledger.store.database import connect
from projections.views.people import actors_of


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    commands = parser.add_actions(
        show=("list the actors' names", _show),
        set=("set an actor's name", _set),
        erase=("erase an actor's name", _erase),
    )
    for command in commands:
        command.add_argument("notice", metavar="NOTICE", help="notice in which they act")
    for command in commands[1:]:
        command.add_argument("actor", metavar="ACTOR", help="actor's id, as in the entries")
    commands[1].add_argument("--name", required=True, metavar="TEXT", help="person's name")
    commands[1].add_argument("--contact", metavar="TEXT", help="person's contact details")


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
    line = f"{person.actor} is {person.name}. No entry contains the name; ledger people erase removes it."
    return show_result(arguments, person, line)


async def _write(notice: str, person: people.Person) -> None:
    async with database_with(notice) as url:
        async with caught_up(url, notice) as reader, reader.at(notice) as snapshot:
            _check_actor(notice, person.actor, await actors_of(snapshot))
        async with await connect(url, "ledger_writer") as connection:
            await people.put(connection, notice, person)


def _check_actor(notice: str, actor: str, known: Collection[str]) -> None:
    """Raise LedgerError unless an entry names the actor; the message suggests similar ids if any."""
    if actor not in known:
        near = similar(actor, known)
        remedy = f"did you mean {' or '.join(near)}?" if near else "register the actor first, or correct the id"
        raise LedgerError(f"no entry of {notice} names an actor {actor}; {remedy}")


def _erase(arguments: Namespace) -> int:
    if not run(_remove(arguments.notice, arguments.actor)):
        raise LedgerError(f"the directory of {arguments.notice} does not name {arguments.actor}")
    return show_result(arguments, {"erased": arguments.actor}, f"The name of {arguments.actor} is erased.")


async def _remove(notice: str, actor: str) -> bool:
    async with _connected(notice) as connection:
        return await people.erase(connection, notice, actor)
