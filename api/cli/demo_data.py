"""Provide the demo's clock, people and tokens, and send the invented history as those people.

Facts arrive through the public HTTP intake with each person's own token, except the service's own facts. The
demo's clock records each fact at the history's instant.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from api.cli.common import OPERATOR
from api.cli.key import rotation
from ledger.append import tokens
from ledger.append.clock import now
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.registry import find_kind
from ledger.domain.roles import Role
from ledger.intake.parse import accept
from ledger.packs import history
from ledger.proof.checkpoint import VerifierKey
from ledger.proof.keys import ROTATION_TYPE

NOTICE = "tameside-2022"
START = datetime(2022, 7, 6, 9, tzinfo=UTC)
"""Instant at which the demo records the notice; it distinguishes the demo's ledger from a real one."""
_READINGS = [
    kind.type
    for name in ("EvidenceSubmitted", "MeasureReadingReported", "MeasureReadingRestated")
    if (kind := find_kind(name)) is not None
]
SERVICE = Credential("service", role=Role.SERVICE)
"""Credential of the service, which records uses of access, opened documents and signing keys, and has no token."""
PEOPLE = {
    "adviser": Role.ADVISER,
    "department-official": Role.DEPARTMENT_OFFICIAL,
    "chair": Role.CHAIR,
    "chair-2": Role.CHAIR,
    "board-member": Role.BOARD_MEMBER,
    "council-officer": Role.COUNCIL_OFFICER,
    "council-officer-2": Role.COUNCIL_OFFICER,
    "performance-system": Role.INTEGRATION,
    "partner-health": Role.PARTNER,
    "partner-police": Role.PARTNER,
    "partner-schools": Role.PARTNER,
    "reviewer": Role.REVIEWER,
    "diagnostic-provider": Role.DIAGNOSTIC_PROVIDER,
    "inspector": Role.INSPECTOR,
    "records-officer": Role.RECORDS_OFFICER,
    "data-protection-officer": Role.DATA_PROTECTION_OFFICER,
    "auditor": Role.AUDITOR,
}
"""Role of each person and system with a token in the demo."""
NAMES = {
    "adviser": "Ada Brightwell",
    "adviser-before": "Jonah Quillfeather",
    "auditor": "Winifred Tallow",
    "board-member": "Osric Penhaligon-Vane",
    "chair": "Cressida Larkspur",
    "chair-2": "Barnaby Thistlewood",
    "chief-executive": "Leontyne Harkaway",
    "council-officer": "Priya Summerhill-Dray",
    "council-officer-2": "Tobias Wrenfield",
    "data-protection-officer": "Hester Oakenshaw",
    "department-official": "Ines Merriweather-Coe",
    "department-official-2": "Ambrose Fennimore",
    "director": "Rosalind Ashgrove-Pike",
    "inspector": "Cornelius Applewhite",
    "lead-member": "Delphine Starling-Moor",
    "leader": "Hugo Cloudesley",
    "records-officer": "Marigold Inkpen",
    "reviewer": "Silas Underbough",
    "reviewer-2": "Nerys Foxglove",
}
"""Invented names of the people in the demo, by actor."""


class Clock:
    """Clock of the demo, which returns the instant `at` of the history if set, or else the real time."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        """Return the instant at which the ledger records."""
        return self.at or now()


class Outcome(Struct, frozen=True):
    """Outcome of one line of the history."""

    id: str
    position: int | None
    """Position of the entry; None for a refused line."""
    duplicate: bool
    codes: tuple[str, ...]
    """Codes of the refusal; empty for a recorded line."""
    expected: bool
    """True if the outcome is as the history expects. In a repeated demo, a refusal may have another reason."""


class Keys:
    """Tokens of the demo's people, in a file that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "tokens.json"

    async def fetch(self, url: str, writer: Writer) -> dict[str, str]:
        """Return the token of each actor: the token in the file while it is valid, otherwise a new token."""
        secrets = self._read()
        for actor, role in PEOPLE.items():
            if actor in secrets and await self._opens(url, writer, secrets[actor]):
                continue
            secrets[actor] = tokens.new_secret()
            self._write(secrets)
            system = role is Role.INTEGRATION
            bounds = tokens.TokenScope(
                actor=actor,
                role=role,
                source=f"invented/{actor}" if system else None,
                facts=_READINGS if system else (),
            )
            await tokens.issue(url, writer, NOTICE, bounds, OPERATOR, secrets[actor])
        return {actor: secrets[actor] for actor in PEOPLE}

    def _read(self) -> dict[str, str]:
        try:
            secrets: dict[str, str] = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LedgerError(
                f"{self._file} cannot be read: {error}; remove it, and the demo issues new tokens"
            ) from None
        return secrets

    def _write(self, secrets: dict[str, str]) -> None:
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600, exist_ok=False)
            fresh.write_text(json.dumps(secrets, indent=1), "utf-8")
            fresh.replace(self._file)
        except OSError as error:
            raise LedgerError(
                f"{self._file} cannot be written: {error.strerror}; set LEDGER_DATA to a directory of your own"
            ) from None

    @staticmethod
    async def _opens(url: str, writer: Writer, secret: str) -> bool:
        try:
            await tokens.credential_of(url, writer, NOTICE, secret)
        except LedgerError:
            return False
        return True


def lines() -> Iterator[dict[str, Any]]:
    """Yield the lines of the history, with their attributes for the demo."""
    return map(json.loads, history(NOTICE).splitlines())


async def play(
    client: httpx.AsyncClient, writer: Writer, keys: dict[str, str], clock: Clock, signing: VerifierKey
) -> list[Outcome]:
    """Record each line of the history as its actor and at its time, and return the outcomes.

    Repeating this adds no entry. The history's signing key is replaced with `signing`, because nobody has the
    invented private key.
    """
    outcomes: list[Outcome] = []
    positions: dict[str, int] = {}
    for line in lines():
        event = {name: value for name, value in line.items() if not name.startswith("demo")}
        for name, earlier in line.get("demorefers", {}).items():
            event["data"][name] = _positions(positions, earlier)
        if event["type"].startswith(ROTATION_TYPE):
            event |= {"subject": signing.name, **rotation(signing)}
        clock.at = datetime.fromisoformat(line["demorecordedat"])
        again = any(outcome.duplicate for outcome in outcomes[:1])
        if line["demoactor"] == SERVICE.actor:
            outcomes.append(await _by_service(writer, line, event, again=again))
            positions[line["id"]] = outcomes[-1].position or 1
            continue
        response = await client.post(
            f"/ledgers/{NOTICE}/entries",
            content=json.dumps(event),
            headers={
                "Authorization": f"Bearer {keys[line['demoactor']]}",
                "Content-Type": "application/cloudevents+json",
            },
        )
        outcomes.append(_outcome(line, response.status_code, response.json(), again=again))
        if (position := outcomes[-1].position) is not None:
            positions[line["id"]] = position
    clock.at = None
    return outcomes


def _positions(known: dict[str, int], earlier: str | list[str]) -> int | list[int]:
    """Return the position of an earlier line, or the positions of several lines.

    The position of a line that was not recorded is 1.
    """
    return known.get(earlier, 1) if isinstance(earlier, str) else [known.get(name, 1) for name in earlier]


async def _by_service(writer: Writer, line: dict[str, Any], event: dict[str, Any], *, again: bool) -> Outcome:
    """Record a line of the history as the service, and return the line's outcome."""
    try:
        receipt = await writer.append(NOTICE, accept(event), SERVICE)
    except Refused as refused:
        codes = tuple(refusal.code for refusal in refused.refusals)
        return Outcome(line["id"], None, False, codes, _expected(line, codes, again=again))
    return Outcome(line["id"], receipt.position, receipt.duplicate, (), "demorefused" not in line)


def _outcome(line: dict[str, Any], status: int, answer: dict[str, Any], *, again: bool) -> Outcome:
    refusal = line.get("demorefused")
    if status in (200, 201):
        return Outcome(line["id"], answer["position"], answer["duplicate"], (), refusal is None)
    codes = tuple(error["code"] for error in answer.get("errors", ()))
    return Outcome(line["id"], None, False, codes, _expected(line, codes, again=again))


def _expected(line: dict[str, Any], codes: tuple[str, ...], *, again: bool) -> bool:
    return "demorefused" in line and (again or line["demorefused"] in codes)
