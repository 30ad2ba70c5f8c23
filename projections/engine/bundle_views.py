"""The views of a bundle: their states as they are stored, and the same folded anew from the bundle's entries.

Imports `ledger` and its neighbours; `states` alone needs the database.
"""

from collections.abc import Sequence
from pathlib import Path

from ledger.bundle import verify
from ledger.bundle.read import BundleArchive, BundleError
from ledger.bundle.records import ViewStateRecord
from ledger.bundle.write import ViewStateLine as Stored
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.errors import LedgerError
from ledger.intake.envelope import decode
from ledger.store.database import connect
from projections.engine.digest import Digest, folded, stored
from projections.engine.view import View
from projections.views.registry import ALL


async def states(url: str, notice: str, size: int) -> tuple[Stored, ...]:
    """The state of each view as of a position, or as of the earlier one that the view has reached."""
    async with await connect(url, "ledger_projector") as connection:
        cursor = await connection.execute(
            "SELECT view, version, position FROM views.progress WHERE notice = %s AND position > 0", (notice,)
        )
        reached = {(view, version): position for view, version, position in await cursor.fetchall()}
        found = []
        for view in ALL:
            position = min(reached.get((view.name, view.version), 0), size)
            if position:
                state = await stored(connection, view, notice, position)
                found.append(Stored(view.name, view.version, position, state))
        return tuple(found)


def digests(path: Path) -> list[Digest]:
    """Each view of a sound bundle: its state as the bundle tells it, and as the bundle's entries give it.

    Raises LedgerError when the bundle shows no entries, and when a view was folded by another version than this
    software's, whose state nobody but that version can tell.
    """
    try:
        with BundleArchive(path) as container:
            manifest, told = verify.manifest_of(container), verify.views_of(container)
            if manifest.withheld:
                raise LedgerError(f"{path} shows no entries to {manifest.role}, so no view can be folded from it")
            known = _known(told, manifest.software)
            whole = [decode(line) for line in verify.entries(container)] if told else []
    except BundleError as error:
        raise LedgerError(f"{path}: {error}") from None
    return [
        Digest(
            manifest.notice,
            state.view,
            state.version,
            state.position,
            state.digest,
            folded(view, _part(view, whole, state.position)),
        )
        for state, view in zip(told, known, strict=True)
    ]


def _known(told: Sequence[ViewStateRecord], software: str) -> list[View]:
    views = {(view.name, view.version): view for view in ALL}
    for state in told:
        if (state.view, state.version) not in views:
            raise LedgerError(
                f"the view {state.view} in the bundle is of version {state.version}, which this software does not "
                f"fold; verify its views with improvement-ledger {software}"
            )
    return [views[state.view, state.version] for state in told]


def _part(view: View, whole: Sequence[Entry], position: int) -> list[Entry]:
    """The entries up to a position that the view folds, and the corrections among them."""
    return [e for e in whole[:position] if type(e.fact) in view.facts or isinstance(e.fact, EntryCorrected)]
