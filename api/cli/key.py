"""Make, print and rotate the key that signs checkpoints: `ledger key`."""

from argparse import Namespace
from base64 import b64encode
from pathlib import Path
from typing import Any

from api.cli.common import OPERATOR, Parser, check_notice, database, run, say, show_result
from api.settings import Settings
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.records import SigningKeyRotated
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.registry import KIND_OF
from ledger.intake.parse import SubmittedFact, accept
from ledger.proof import keys
from ledger.proof.checkpoint import Signer, VerifierKey
from ledger.proof.checkpoint_signer import CheckpointSigner
from ledger.proof.high_water import open_marks


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    generate, _, rotate = parser.add_actions(
        generate=("create a key in a file that only its owner may read", _generate),
        show=("print the public part of the settings' key, for verifiers", _show),
        rotate=("record that the settings' key signs these notices' checkpoints from now on", _rotate),
    )
    generate.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="file to write")
    generate.add_argument(
        "--name", help="name of the key in signed notes; by default LEDGER_ORIGIN and random digits"
    )
    rotate.add_argument("notices", metavar="NOTICE", nargs="+", help="notice whose checkpoints the key signs")


def _generate(arguments: Namespace) -> int:
    name = keys.new_name(Settings.from_environment().origin) if arguments.name is None else arguments.name
    signer = keys.generate(arguments.output, name)
    if not arguments.json:
        say(f"Wrote the key to {arguments.output}. Keep it secret and keep a copy. Its public part:")
    return _print_key(signer, arguments)


def _show(arguments: Namespace) -> int:
    return _print_key(Settings.from_environment().signer(), arguments)


def _print_key(signer: Signer, arguments: Namespace) -> int:
    key = signer.verifier_key()
    return show_result(arguments, {"name": signer.public.name, "verifierKey": key}, key)


def _rotate(arguments: Namespace) -> int:
    signer = Settings.from_environment().signer()
    for receipt, notice in zip(run(_record_keys(signer, arguments.notices)), arguments.notices, strict=True):
        value = {"notice": notice, "position": receipt.position, "verifierKey": signer.verifier_key()}
        line = f"{signer.public.name} signs the checkpoints of {notice} since entry {receipt.position}."
        show_result(arguments, value, line)
    return 0


def rotation(key: VerifierKey) -> dict[str, Any]:
    """Return the id, type and data of the event that records a key; the id contains the key's id."""
    data = {"key": key.name, "publicKey": b64encode(key.public_key).decode()}
    return {"id": f"signing-key:{key.key_id.hex()}", "type": KIND_OF[SigningKeyRotated].type, "data": data}


async def _record_keys(signer: Signer, notices: list[str]) -> list[Receipt]:
    event = {"specversion": "1.0", "source": "operator", **rotation(signer.public)}
    settings = Settings.from_environment()
    async with database() as url:
        for notice in notices:
            await check_notice(url, notice)
        marks = await open_marks(settings.high_water_file, url)
        async with (
            Writer(url, marks=marks) as writer,
            CheckpointSigner(url, settings.origin, signer, marks) as log,
        ):
            return [await _rotate_one(writer, log, notice, accept(event)) for notice in notices]


async def _rotate_one(writer: Writer, log: CheckpointSigner, notice: str, fact: SubmittedFact) -> Receipt:
    """Record the key in a notice, and sign the checkpoint of the notice's last entry with the key.

    Returns:
        The receipt of the recorded key.

    Raises:
        Refused: The key's fact or the checkpoint is refused.
        LedgerError: Another key has since replaced this key.
    """
    receipt = await writer.append(notice, fact, OPERATOR)
    try:
        signs = (await log.checkpoint(notice)).key == str(log.key)
    except Refused:
        if not receipt.duplicate:
            raise
        signs = False
    if not signs:
        raise LedgerError(
            f"{log.key.name} signed {notice} from entry {receipt.position} on and was replaced later; a key "
            "cannot return: create another with ledger key generate"
        )
    return receipt
