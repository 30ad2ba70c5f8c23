"""Proofs that entries are in the ledger, and the signed checkpoint that they lead to, at the position read.

Those of a page are made together. Imports strawberry's loader, and the arithmetic of `ledger`.
"""

from strawberry.dataloader import DataLoader

from ledger.domain.errors import Damaged
from ledger.proof import proof_builder
from ledger.proof.checkpoint_signer import SignedCheckpoint
from schema.context import Standpoint
from schema.errors import problem

NO_PROOF = "NO_PROOF"


async def checkpoint(at: Standpoint) -> SignedCheckpoint:
    """The checkpoint of the tree that was read; raises Refused (NO_CHECKPOINT) where it is not signed."""
    if at.context.sign is None:
        raise problem(NO_PROOF, "nothing is signed here; ask a server of the ledger")
    return await at.context.sign(at.notice, at.position)


async def proof(at: Standpoint, position: int) -> str:
    """The proof of an entry; raises as `checkpoint` does, and GraphQLError (NO_PROOF) for a damaged record."""
    if proof not in at.loaders:

        async def load(positions: list[int]) -> list[str]:
            signed = await checkpoint(at)
            tree = (signed.size, signed.root_hash)
            try:
                found = await at.ask(
                    lambda reading: proof_builder.proof_texts(
                        reading.fetch, at.notice, positions, tree, signed.note
                    )
                )
            except Damaged as error:
                raise problem(NO_PROOF, str(error)) from error
            return [found[each] for each in positions]

        at.loaders[proof] = DataLoader(load)
    text: str = await at.loaders[proof].load(position)
    return text
