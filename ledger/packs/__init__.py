"""Notice packs that come with the ledger (TOML), and their sample histories (NDJSON).

Imports the standard library only; `ledger.intake.pack` reads a pack.
"""

from importlib.resources import files

_FILES = sorted(file.name for file in files("ledger.packs").iterdir())
SHIPPED = tuple(name.removesuffix(".toml") for name in _FILES if name.endswith(".toml"))
"""The ids of the notices whose packs come with the ledger."""


def shipped(notice: str) -> bytes:
    """The pack of that notice; raises FileNotFoundError when there is none."""
    return files("ledger.packs").joinpath(f"{notice}.toml").read_bytes()


def history(notice: str) -> bytes:
    """The invented history of that notice, CloudEvents a line; raises FileNotFoundError when there is none.

    Beside a CloudEvent's own attributes each line says who records it (`demoactor`) and when (`demorecordedat`);
    which fields of its data are the positions of earlier lines, by their ids (`demorefers`); and, if it is to be
    refused, the code of the refusal (`demorefused`).
    """
    return files("ledger.packs").joinpath(f"{notice}.ndjson").read_bytes()
