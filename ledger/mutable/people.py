"""Store the directory of people: the names and contacts of actors.

The directory is a table outside the ledger, and entries name actors by ids only. Names and contacts can therefore
be changed or erased while every proof stays valid.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct
from psycopg import AsyncConnection

from ledger.domain.errors import LedgerError
from ledger.domain.fact import Id
from ledger.intake.parse import convert

Connection = AsyncConnection[Any]


class Person(Struct, frozen=True):
    """An actor with a name and, if known, a contact."""

    actor: Id
    name: Annotated[str, Meta(min_length=1, max_length=200, description="Name by which others know the person.")]
    contact: Annotated[str, Meta(max_length=500, description="Address or telephone number.")] | None = None


def person(actor: str, name: str, contact: str | None) -> Person:
    """Return a person with these values, without spaces around the name and contact.

    Raises:
        Refused: A value is missing or invalid; each refusal names the field.
    """
    fields = {"actor": actor, "name": name.strip()} | ({"contact": contact.strip()} if contact else {})
    return convert(fields, Person, "")


async def put(connection: Connection, notice: str, profile: Person) -> None:
    """Add a person to a notice's directory, or replace the name and contact of the same actor.

    Raises:
        LedgerError: The notice is not recorded.
    """
    cursor = await connection.execute(
        "INSERT INTO ledger.people (notice, actor, name, contact) SELECT notice, %s, %s, %s FROM ledger.heads "
        "WHERE notice = %s "
        "ON CONFLICT (notice, actor) DO UPDATE SET name = excluded.name, contact = excluded.contact",
        (profile.actor, profile.name, profile.contact, notice),
    )
    if not cursor.rowcount:
        raise LedgerError(f"no notice {notice!r} is recorded; check its name")


async def people(connection: Connection, notice: str) -> list[Person]:
    """Return all people in a notice's directory, in the order of their actor ids."""
    cursor = await connection.execute(
        "SELECT actor, name, contact FROM ledger.people WHERE notice = %s ORDER BY actor", (notice,)
    )
    return [Person(*row) for row in await cursor.fetchall()]


async def erase(connection: Connection, notice: str, actor: str) -> bool:
    """Erase an actor's name and contact from a notice's directory. Return whether the actor was there."""
    cursor = await connection.execute(
        "DELETE FROM ledger.people WHERE notice = %s AND actor = %s", (notice, actor)
    )
    return bool(cursor.rowcount)
