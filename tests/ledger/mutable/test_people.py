"""A person's details are erased like a narrative: by two people, and without changing a proof."""

import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import Refused
from ledger.mutable import people as directory
from ledger.mutable.people import Person, people, put
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.ledger.damage import kinds
from tests.ledger.history import ALICE, DAN, NOTICE, OPERATOR, ROSA, begin, progress, submit

pytestmark = pytest.mark.database


async def test_erasing_the_entry_of_an_actor_erases_who_they_are(database: str) -> None:
    async with Writer(database) as writer, await connect(database, "ledger_writer") as connection:
        await begin(writer)
        data = {"actor": "zoe", "kind": "PERSON"}
        registered = (await writer.append(NOTICE, submit("ActorRegistered", data, "operator"), OPERATOR)).position
        for actor in ("zoe", "alice"):
            await put(connection, NOTICE, Person(actor, "A name", "A street"))
        erasure_request = {"position": registered, "reason": "She asked for it", "authority": "UK GDPR 17"}
        request = (await writer.append(NOTICE, submit("ErasureRequested", erasure_request, "rosa"), ROSA)).position
        erasure = {"position": registered, "request": request}
        with pytest.raises(Refused, match="another person must approve it"):
            await writer.append(NOTICE, submit("NarrativeErased", erasure, "rosa"), ROSA)
        assert len(await people(connection, NOTICE)) == 2
        await writer.append(NOTICE, submit("NarrativeErased", erasure, "dan"), DAN)
        assert [person.actor for person in await people(connection, NOTICE)] == ["alice"]
        # Of any other entry the texts go, and nobody from the directory.
        other_position = (await writer.append(NOTICE, progress(), ALICE)).position
        erasure_request = {"position": other_position, "reason": "A name", "authority": "UK GDPR 17"}
        request = (await writer.append(NOTICE, submit("ErasureRequested", erasure_request, "rosa"), ROSA)).position
        await writer.append(
            NOTICE, submit("NarrativeErased", {"position": other_position, "request": request}, "dan"), DAN
        )
        assert [person.actor for person in await people(connection, NOTICE)] == ["alice"]
        assert await directory.erase(connection, NOTICE, "alice")
    assert kinds(await verify(database)) == []


def test_a_contact_is_not_longer_than_the_directory_stores() -> None:
    assert directory.person("ann", "Ann", "x" * 500).contact == "x" * 500
    with pytest.raises(Refused, match=r"contact: expected text of at most 500 characters"):
        directory.person("ann", "Ann", "x" * 501)
