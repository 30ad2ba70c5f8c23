"""The published name of `ledger.proof.checkpoint`."""

from ledger.proof.checkpoint import Checkpoint, CheckpointError, parse

__all__ = ["Checkpoint", "CheckpointError", "parse"]
