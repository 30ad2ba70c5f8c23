"""Views of a bundle state their position and version, and are folded again from the bundle's entries."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from ledger.store.database import connect
from projections.engine import bundle_views
from projections.engine.digest import digests
from projections.engine.rebuild import rebuild
from projections.views.registry import ALL
from tests.ledger.bundle.bundles import forge, make
from tests.ledger.damage import SIZE, record
from tests.ledger.history import ALICE, submit

pytestmark = pytest.mark.database


@pytest.fixture
async def built(database: str) -> str:
    """Return the small record with its views folded."""
    await record(database)
    await rebuild(database, ALL)
    return database


async def test_every_view_of_a_bundle_is_what_its_entries_give(built: str, tmp_path: Path) -> None:
    for size in (SIZE, SIZE - 2):
        states = await bundle_views.stored_states(built, ALL, "tameside-2022", size)
        assert {(state.view, state.version, state.position) for state in states} == {
            (view.name, view.version, size) for view in ALL
        }
        digests = bundle_views.digests(await make(built, tmp_path / "bundle.zip", size, views=states), ALL)
        assert len(digests) == len(ALL)
        assert all(digest.sound for digest in digests)


async def test_a_view_that_was_not_what_its_entries_give_is_named(built: str, tmp_path: Path) -> None:
    states = await bundle_views.stored_states(built, ALL, "tameside-2022", SIZE)
    path = await make(built, tmp_path / "bundle.zip", views=states)

    def edited(contents: dict[str, bytes]) -> None:
        states: list[dict[str, Any]] = [msgspec.json.decode(line) for line in contents["views.json"].splitlines()]
        states[1]["digest"] = states[0]["digest"]
        contents["views.json"] = b"".join(msgspec.json.encode(state) + b"\n" for state in states)

    forge(path, edited)
    assert [digest.view for digest in bundle_views.digests(path, ALL) if not digest.sound] == [states[1].view]


async def test_a_view_of_another_version_is_for_that_version_to_verify(built: str, tmp_path: Path) -> None:
    state = (await bundle_views.stored_states(built, ALL, "tameside-2022", SIZE))[0]
    path = await make(built, tmp_path / "bundle.zip", views=(msgspec.structs.replace(state, version=99),))
    with pytest.raises(LedgerError, match=f"the view {state.view} in the bundle is of version 99"):
        bundle_views.digests(path, ALL)


async def test_a_bundle_without_sight_of_entries_folds_no_view(built: str, tmp_path: Path) -> None:
    states = await bundle_views.stored_states(built, ALL, "tameside-2022", SIZE)
    path = await make(built, tmp_path / "bundle.zip", views=states, role=Role.REVIEWER)
    with pytest.raises(LedgerError, match="shows no entries to REVIEWER"):
        bundle_views.digests(path, ALL)


async def test_a_row_of_the_past_that_was_edited_is_found(built: str) -> None:
    """Compare the digests of earlier positions, which prove past rows too."""
    async with Writer(built) as writer:
        changed = {"objective": "O1", "due": "2023-07-31", "reason": "More time"}
        await writer.append("tameside-2022", submit("ObjectiveRevised", changed), ALICE)
    await rebuild(built, ALL)
    assert all(digest.sound for digest in await digests(built, ALL))
    async with await connect(built) as connection:
        cursor = await connection.execute("UPDATE views.objectives SET owner = 'bob' WHERE NOT upper_inf(held)")
        assert cursor.rowcount > 0
    assert [digest.view for digest in await digests(built, ALL) if not digest.sound] == ["plan"]
