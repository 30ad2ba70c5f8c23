"""Verification finds damage to narratives, and names the entry and the kind."""

import pytest

from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.damage import ERASED, NARRATED, SIZE, damage, kinds

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    ("change", "damage_kind"),
    [
        ("UPDATE ledger.narratives SET body = body || '.' WHERE position = {narrated}", Damage.NARRATIVE_EDITED),
        ("UPDATE ledger.narratives SET salt = sha256(salt) WHERE position = {narrated}", Damage.NARRATIVE_EDITED),
        ("DELETE FROM ledger.narratives WHERE position = {narrated}", Damage.NARRATIVE_MISSING),
        (
            (
                "UPDATE ledger.narratives SET salt = NULL, body = NULL, erased_by = {erasing}"
                " WHERE position = {narrated}"
            ),
            Damage.NARRATIVE_ERASED,
        ),
        (
            "UPDATE ledger.narratives SET salt = NULL, body = NULL, erased_by = 2000 WHERE position = {narrated}",
            Damage.NARRATIVE_ERASED,
        ),
        (
            "INSERT INTO ledger.narratives VALUES ('tameside-2022', {narrated}, 'more', sha256('salt'), 'More.')",
            Damage.NARRATIVE_ORPHANED,
        ),
    ],
)
async def test_a_narrative_damaged(recorded: str, change: str, damage_kind: Damage) -> None:
    await damage(recorded, change)
    assert kinds(await verify(recorded)) == [(NARRATED, damage_kind)]


@pytest.mark.parametrize("position", [0, SIZE + 1])
async def test_a_narrative_without_an_entry(recorded: str, position: int) -> None:
    move = "UPDATE ledger.narratives SET position = {position} WHERE position = {narrated}"
    await damage(recorded, move, position=position)
    assert set(kinds(await verify(recorded))) == {
        (position, Damage.NARRATIVE_ORPHANED),
        (NARRATED, Damage.NARRATIVE_MISSING),
    }


async def test_an_erased_narrative_brought_back(recorded: str) -> None:
    await damage(
        recorded,
        "UPDATE ledger.narratives SET erased_by = NULL, body = 'again', salt = sha256('')"
        " WHERE position = {erased}",
    )
    assert kinds(await verify(recorded)) == [(ERASED, Damage.NARRATIVE_EDITED), (ERASED, Damage.NARRATIVE_KEPT)]


async def test_a_row_that_says_erased_and_still_holds_the_text(recorded: str) -> None:
    await damage(
        recorded,
        "ALTER TABLE ledger.narratives DROP CONSTRAINT narratives_check",
        "UPDATE ledger.narratives SET body = 'still here' WHERE position = {erased}",
    )
    assert kinds(await verify(recorded)) == [(ERASED, Damage.NARRATIVE_KEPT)]
