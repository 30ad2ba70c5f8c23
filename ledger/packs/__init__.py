"""Notice packs shipped with the ledger (TOML), and their sample histories (NDJSON).

This module imports the standard library only. `ledger.intake.pack` parses a pack.
"""

from importlib.resources import files

_FILES = sorted(file.name for file in files("ledger.packs").iterdir())
SHIPPED = tuple(name.removesuffix(".toml") for name in _FILES if name.endswith(".toml"))
"""Ids of the notices whose packs are shipped."""


def shipped(notice: str) -> bytes:
    """Return the pack of a notice: the bytes of a TOML file.

    Raises:
        FileNotFoundError: No pack of that notice is shipped.
    """
    return files("ledger.packs").joinpath(f"{notice}.toml").read_bytes()


def history(notice: str) -> bytes:
    """Return the invented history of a notice as NDJSON: one CloudEvent on each line.

    Each event has further attributes. `demoactor` is the actor who records the event.
    `demorecordedat` is the instant of recording. `demorefers` maps names of data fields to ids of earlier events.
    Each such field takes the position of the earlier event's entry, or a list of positions.
    `demorefused`, if present, is the code of the refusal that the event is expected to get.

    Raises:
        FileNotFoundError: No history of that notice is shipped.
    """
    return files("ledger.packs").joinpath(f"{notice}.ndjson").read_bytes()
