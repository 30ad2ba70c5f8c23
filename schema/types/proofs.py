"""Inclusion proofs of entries, and the signed checkpoint, at the position read.

The proofs of a page are built together. Imports strawberry's loader, and the proofs of `ledger`.
"""

from strawberry.dataloader import DataLoader

from ledger.domain.errors import Damaged
from ledger.proof import proof_builder
from ledger.proof.checkpoint_signer import SignedCheckpoint
from schema.context import Standpoint
from schema.errors import problem

NO_PROOF = "NO_PROOF"


async def checkpoint(at: Standpoint) -> SignedCheckpoint:
    """Return the signed checkpoint of the tree at the position read.

    Raises:
        GraphQLError: NO_PROOF, if the process has no signing key.
        Refused: NO_CHECKPOINT, if no checkpoint of that size is signed.
    """
    if at.context.sign is None:
        raise problem(NO_PROOF, "this process has no signing key; send the query to a server of the ledger")
    return await at.context.sign(at.notice, at.position)


async def proof(at: Standpoint, position: int) -> str:
    """Return the proof of an entry.

    Raises:
        GraphQLError: NO_PROOF, if the record is damaged or the process has no signing key.
        Refused: NO_CHECKPOINT, if no checkpoint of that size is signed.
    """
    if proof not in at.loaders:

        async def load(positions: list[int]) -> list[str]:
            signed = await checkpoint(at)
            tree = (signed.size, signed.root_hash)
            try:
                proofs = await at.ask(
                    lambda reading: proof_builder.proof_texts(
                        reading.fetch, at.notice, positions, tree, signed.note
                    )
                )
            except Damaged as error:
                raise problem(NO_PROOF, str(error)) from error
            return [proofs[each] for each in positions]

        at.loaders[proof] = DataLoader(load)
    text: str = await at.loaders[proof].load(position)
    return text
