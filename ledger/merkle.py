"""Re-export `ledger.proof.merkle` under its published name."""

from ledger.proof.merkle import ProofError, leaf_hash, node_hash, root_hash, verify_consistency, verify_inclusion

__all__ = ["ProofError", "leaf_hash", "node_hash", "root_hash", "verify_consistency", "verify_inclusion"]
