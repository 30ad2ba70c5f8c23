"""Inclusion proofs of entries, and the signed checkpoint, at the position read.

Imports `ledger` and `projections`.
"""

from collections.abc import Collection, Mapping

from ledger.domain.errors import Damaged
from ledger.proof import proof_builder
from ledger.proof.checkpoint_signer import SignedCheckpoint
from projections.query.snapshot import Snapshot
from schema.context import Context
from schema.errors import problem

NO_PROOF = "NO_PROOF"


async def checkpoint(context: Context, snapshot: Snapshot) -> SignedCheckpoint:
    """Return the signed checkpoint of the tree at the position read.

    Raises:
        GraphQLError: NO_PROOF, if the process has no signing key.
        Refused: NO_CHECKPOINT, if that size has no checkpoint and may not be signed.
        Unavailable: The database is unreachable, or signing is stopped.
    """
    if context.sign is None:
        raise problem(NO_PROOF, "this process has no signing key; send the query to a server of the ledger")
    return await context.sign(snapshot.notice, snapshot.position)


async def proofs(context: Context, snapshot: Snapshot, positions: Collection[int]) -> Mapping[int, str]:
    """Return the proofs of entries, by position.

    Raises:
        GraphQLError: NO_PROOF, if the record is damaged or the process has no signing key.
        Refused: NO_CHECKPOINT, if that size has no checkpoint and may not be signed.
        Unavailable: The database is unreachable, or signing is stopped.
    """
    signed = await checkpoint(context, snapshot)
    tree = (signed.size, signed.root_hash)
    try:
        return await proof_builder.proof_texts(
            snapshot.fetch, snapshot.notice, sorted(positions), tree, signed.note
        )
    except Damaged as error:
        raise problem(NO_PROOF, str(error)) from error
