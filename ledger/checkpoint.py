"""Re-export `ledger.proof.checkpoint` under its published name."""

from ledger.proof.checkpoint import Checkpoint, CheckpointError, parse

__all__ = ["Checkpoint", "CheckpointError", "parse"]
