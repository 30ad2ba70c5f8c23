"""Digests of a bundle's views.

`stored_states` reads the digests for a new bundle from the database. `digests` returns the digests that a bundle
has, and those folded from its entries, without a database.
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
from projections.engine.digest import Digest, folded_digest, stored_digest
from projections.engine.view import View


async def stored_states(url: str, views: Sequence[View], notice: str, size: int) -> tuple[Stored, ...]:
    """Return the stored digest of each view at position `size`, or at the earlier position that the view reached.

    Views whose current version has folded no entry are left out.

    Raises:
        Unavailable: The database cannot be reached.
    """
    async with await connect(url, "ledger_projector") as connection:
        cursor = await connection.execute(
            "SELECT view, version, position FROM views.progress WHERE notice = %s AND position > 0", (notice,)
        )
        positions = {(view, version): position for view, version, position in await cursor.fetchall()}
        states = []
        for view in views:
            position = min(positions.get((view.name, view.version), 0), size)
            if position:
                state = await stored_digest(connection, view, notice, position)
                states.append(Stored(view.name, view.version, position, state))
        return tuple(states)


def digests(path: Path, views: Sequence[View]) -> list[Digest]:
    """Return two digests of each view in a sound bundle: as stored, and as folded from the bundle's entries.

    Raises:
        LedgerError: The bundle is damaged or withholds entries, or this software does not fold one of its views
            in that version.
    """
    try:
        with BundleArchive(path) as archive:
            manifest, states = verify.manifest_of(archive), verify.views_of(archive)
            if manifest.withheld:
                raise LedgerError(f"{path} shows no entries to {manifest.role}, so no view can be folded from it")
            matching = _matching(states, views, manifest.software)
            entries = [decode(line) for line in verify.entries(archive)] if states else []
    except BundleError as error:
        raise LedgerError(f"{path}: {error}") from None
    return [
        Digest(
            manifest.notice,
            state.view,
            state.version,
            state.position,
            state.digest,
            folded_digest(view, _entries_of(view, entries, state.position)),
        )
        for state, view in zip(states, matching, strict=True)
    ]


def _matching(states: Sequence[ViewStateRecord], views: Sequence[View], software: str) -> list[View]:
    by_version = {(view.name, view.version): view for view in views}
    for state in states:
        if (state.view, state.version) not in by_version:
            raise LedgerError(
                f"the view {state.view} in the bundle is of version {state.version}, which this software does not "
                f"fold; verify its views with improvement-ledger {software}"
            )
    return [by_version[state.view, state.version] for state in states]


def _entries_of(view: View, entries: Sequence[Entry], position: int) -> list[Entry]:
    """Return the entries that the view folds, and all corrections, up to a position."""
    return [e for e in entries[:position] if type(e.fact) in view.facts or isinstance(e.fact, EntryCorrected)]
