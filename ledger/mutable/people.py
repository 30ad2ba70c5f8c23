"""Store the directory of people: the person behind each actor. It is next to the log and never in it.

Entries name actors by ids. Names and addresses are only here, so they can be changed and erased without touching a
proof.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct
from psycopg import AsyncConnection

from ledger.domain.errors import LedgerError
from ledger.domain.fact import Id
from ledger.intake.parse import convert

Connection = AsyncConnection[Any]


class Person(Struct, frozen=True):
    """An actor with a name."""

    actor: Id
    name: Annotated[str, Meta(min_length=1, max_length=200, description="Name by which others know the person.")]
    contact: Annotated[str | None, Meta(description="Address or telephone number, at most 500 characters.")] = None


def person(actor: str, name: str, contact: str | None) -> Person:
    """Return the person with these values. Raises Refused, naming the field at fault."""
    fields = {"actor": actor, "name": name.strip()} | ({"contact": contact.strip()} if contact else {})
    return convert(fields, Person, "")


async def put(connection: Connection, notice: str, profile: Person) -> None:
    """Set the person of an actor in a notice. Raises LedgerError for an unknown notice."""
    cursor = await connection.execute(
        "INSERT INTO ledger.people (notice, actor, name, contact) SELECT notice, %s, %s, %s FROM ledger.heads "
        "WHERE notice = %s "
        "ON CONFLICT (notice, actor) DO UPDATE SET name = excluded.name, contact = excluded.contact",
        (profile.actor, profile.name, profile.contact, notice),
    )
    if not cursor.rowcount:
        raise LedgerError(f"no notice {notice!r} is recorded; check its name")


async def people(connection: Connection, notice: str) -> list[Person]:
    """Return all people in the notice's directory, by actor."""
    cursor = await connection.execute(
        "SELECT actor, name, contact FROM ledger.people WHERE notice = %s ORDER BY actor", (notice,)
    )
    return [Person(*row) for row in await cursor.fetchall()]


async def erase(connection: Connection, notice: str, actor: str) -> bool:
    """Erase an actor's person. Return whether there was one."""
    cursor = await connection.execute(
        "DELETE FROM ledger.people WHERE notice = %s AND actor = %s", (notice, actor)
    )
    return bool(cursor.rowcount)
