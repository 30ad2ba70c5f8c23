"""Notice packs shipped with the ledger (TOML), and their sample histories (NDJSON).

Imports the standard library only; `ledger.intake.pack` reads a pack.
"""

from importlib.resources import files

_FILES = sorted(file.name for file in files("ledger.packs").iterdir())
SHIPPED = tuple(name.removesuffix(".toml") for name in _FILES if name.endswith(".toml"))
"""Ids of the notices whose packs are shipped."""


def shipped(notice: str) -> bytes:
    """Return the pack of a notice.

    Raises:
        FileNotFoundError: No pack of that notice is shipped.
    """
    return files("ledger.packs").joinpath(f"{notice}.toml").read_bytes()


def history(notice: str) -> bytes:
    """Return the invented history of a notice: one CloudEvent a line.

    Each line has further attributes. `demoactor` and `demorecordedat` name the recorder and the instant.
    `demorefers` maps fields of the data to the ids of earlier lines, whose positions they take.
    `demorefused` is the code of an expected refusal.

    Raises:
        FileNotFoundError: No history of that notice is shipped.
    """
    return files("ledger.packs").joinpath(f"{notice}.ndjson").read_bytes()
