"""Merkle trees, tiles, signed checkpoints and proofs. Imports nothing of `ledger.append`."""
