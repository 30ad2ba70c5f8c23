"""Make, print and rotate the key that signs checkpoints: `ledger key`."""

from argparse import Namespace
from base64 import b64encode
from pathlib import Path
from typing import Any

from api.cli.common import OPERATOR, Parser, check_notice, database, run, say, sentence, show
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
    actions = parser.add_subparsers(required=True, metavar="generate, show or rotate", parser_class=Parser)
    meaning = "create a key in a file that only its owner may read"
    generate = actions.add_parser("generate", help=meaning, description=sentence(meaning))
    generate.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="file to write")
    generate.add_argument(
        "--name", help="name of the key in signed notes; by default LEDGER_ORIGIN and random digits"
    )
    generate.set_defaults(run=_generate)
    meaning = "print the public part of the settings' key, for verifiers"
    show_command = actions.add_parser("show", help=meaning, description=sentence(meaning))
    show_command.set_defaults(run=_show)
    meaning = "record that the settings' key signs these notices' checkpoints from now on"
    rotate = actions.add_parser("rotate", help=meaning, description=sentence(meaning))
    rotate.add_argument("notices", metavar="NOTICE", nargs="+", help="notice whose checkpoints the key signs")
    rotate.set_defaults(run=_rotate)
    for command in (generate, show_command, rotate):
        command.takes_json()


def _generate(arguments: Namespace) -> int:
    name = arguments.name or keys.new_name(Settings.from_environment().origin)
    signer = keys.generate(arguments.output, name)
    if not arguments.json:
        say(f"Wrote the key to {arguments.output}. Keep it secret and keep a copy. Its public part:")
    return _print_key(signer, arguments)


def _show(arguments: Namespace) -> int:
    return _print_key(Settings.from_environment().signer(), arguments)


def _print_key(signer: Signer, arguments: Namespace) -> int:
    if arguments.json:
        show({"name": signer.public.name, "verifierKey": signer.verifier_key()})
    else:
        print(signer.verifier_key())
    return 0


def _rotate(arguments: Namespace) -> int:
    signer = Settings.from_environment().signer()
    for receipt, notice in zip(run(_record_keys(signer, arguments.notices)), arguments.notices, strict=True):
        if arguments.json:
            show({"notice": notice, "position": receipt.position, "verifierKey": signer.verifier_key()})
        else:
            print(f"{signer.public.name} signs the checkpoints of {notice} since entry {receipt.position}.")
    return 0


def rotation(key: VerifierKey) -> dict[str, Any]:
    """Return the attributes of the event that records a key; they are unique to the key."""
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
    """Record the key and sign the head with it; raise LedgerError for a key that another has since replaced."""
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
