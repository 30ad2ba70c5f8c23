"""The directory of people: who an actor is, beside the log and never in it; changed and erased at will.

Entries name actors by ids. A name or an address stands here alone, so it can be erased without touching a proof.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct
from psycopg import AsyncConnection

from ledger.domain.errors import LedgerError
from ledger.domain.fact import Id
from ledger.intake.parse import convert

Connection = AsyncConnection[Any]


class Person(Struct, frozen=True):
    """Who an actor is."""

    actor: Id
    name: Annotated[str, Meta(min_length=1, max_length=200, description="The name by which people know them.")]
    contact: Annotated[
        str | None, Meta(description="How to reach them: an address, a telephone number; at most 500 characters.")
    ] = None


def person(actor: str, name: str, contact: str | None) -> Person:
    """The person so described; raises Refused, naming the field that is wrong."""
    given = {"actor": actor, "name": name.strip()} | ({"contact": contact.strip()} if contact else {})
    return convert(given, Person, "")


async def put(connection: Connection, notice: str, found: Person) -> None:
    """Says who an actor of the notice is, whatever was said before; raises LedgerError for an unknown notice."""
    cursor = await connection.execute(
        "INSERT INTO ledger.people (notice, actor, name, contact) SELECT notice, %s, %s, %s FROM ledger.heads "
        "WHERE notice = %s "
        "ON CONFLICT (notice, actor) DO UPDATE SET name = excluded.name, contact = excluded.contact",
        (found.actor, found.name, found.contact, notice),
    )
    if not cursor.rowcount:
        raise LedgerError(f"no notice {notice!r} is recorded; check its name")


async def people(connection: Connection, notice: str) -> list[Person]:
    """Everybody in the notice's directory, by actor."""
    cursor = await connection.execute(
        "SELECT actor, name, contact FROM ledger.people WHERE notice = %s ORDER BY actor", (notice,)
    )
    return [Person(*row) for row in await cursor.fetchall()]


async def erase(connection: Connection, notice: str, actor: str) -> bool:
    """Erases who an actor is; whether anything was there."""
    cursor = await connection.execute(
        "DELETE FROM ledger.people WHERE notice = %s AND actor = %s", (notice, actor)
    )
    return bool(cursor.rowcount)
