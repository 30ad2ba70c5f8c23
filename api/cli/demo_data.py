"""The demo's own ledger: its clock, its people with their tokens, and the invented history fed in as they would.

The people come through the public HTTP intake with their own tokens; only the clock is the demo's, so that each
fact is recorded at the instant that the history gives.
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
from ledger.append.placement import now
from ledger.append.writer import Writer
from ledger.domain.areas.people import Credential
from ledger.domain.errors import LedgerError, Refused
from ledger.domain.registry import find_kind
from ledger.domain.roles import Role
from ledger.intake.parse import accept
from ledger.packs import history
from ledger.proof.checkpoint import VerifierKey
from ledger.proof.keys import TYPE

NOTICE = "tameside-2022"
BEGUN = datetime(2022, 7, 6, 9, tzinfo=UTC)
"""When the notice is recorded, by the demo's clock: so a ledger that the demo made can be told from a real one."""
_READINGS = [
    kind.type
    for name in ("EvidenceSubmitted", "MeasureReadingReported", "MeasureReadingRestated")
    if (kind := find_kind(name)) is not None
]
SERVICE = Credential("service", role=Role.SERVICE)
"""The service's own part in the history: uses of access, openings, keys. It has no token, and posts nothing."""
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
"""Everybody who acts or looks in the demo."""


class Clock:
    """The demo's clock: set to an instant of the history, and the real time once it is let go."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        """The instant at which the ledger records."""
        return self.at or now()


class Outcome(Struct, frozen=True):
    """What became of a line of the history."""

    id: str
    position: int | None
    """None: it was refused."""
    duplicate: bool
    codes: tuple[str, ...]
    """Why it was refused."""
    as_told: bool
    """Whether that is what the history says becomes of it; played again, a refusal may have another reason."""


class Keys:
    """One token for each of the demo's people, kept in a file that only its owner reads."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "tokens.json"

    async def fetch(self, url: str, writer: Writer) -> dict[str, str]:
        """Actor → token: those in the file while they open something, else new ones."""
        kept = self._kept()
        for actor, role in PEOPLE.items():
            if actor in kept and await self._opens(url, writer, kept[actor]):
                continue
            kept[actor] = tokens.new_secret()
            self._keep(kept)
            system = role is Role.INTEGRATION
            bounds = tokens.TokenScope(
                actor=actor,
                role=role,
                source=f"invented/{actor}" if system else None,
                facts=_READINGS if system else (),
            )
            await tokens.issue(url, writer, NOTICE, bounds, OPERATOR, kept[actor])
        return {actor: kept[actor] for actor in PEOPLE}

    def _kept(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LedgerError(
                f"{self._file} cannot be read: {error}; remove it, and new tokens are issued"
            ) from None
        return found

    def _keep(self, kept: dict[str, str]) -> None:
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600, exist_ok=False)
            fresh.write_text(json.dumps(kept, indent=1), "utf-8")
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
    """The lines of the history, with what they say for the demo itself."""
    return map(json.loads, history(NOTICE).splitlines())


async def play(
    client: httpx.AsyncClient, writer: Writer, keys: dict[str, str], clock: Clock, signing: VerifierKey
) -> list[Outcome]:
    """Posts the history line by line, each as its actor and at its time; harmless when repeated.

    The key that the history names is `signing`: nobody has the invented one, and nothing could be signed by it.
    """
    outcomes: list[Outcome] = []
    positions: dict[str, int] = {}
    for line in lines():
        event = {name: value for name, value in line.items() if not name.startswith("demo")}
        for name, earlier in line.get("demorefers", {}).items():
            event["data"][name] = _positions(positions, earlier)
        if event["type"].startswith(TYPE):
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
    """The position of an earlier line, or of each of some."""
    return known.get(earlier, 1) if isinstance(earlier, str) else [known.get(name, 1) for name in earlier]


async def _by_service(writer: Writer, line: dict[str, Any], event: dict[str, Any], *, again: bool) -> Outcome:
    """What the service records of itself."""
    try:
        receipt = await writer.append(NOTICE, accept(event), SERVICE)
    except Refused as refused:
        codes = tuple(refusal.code for refusal in refused.refusals)
        return Outcome(line["id"], None, False, codes, _rightly(line, codes, again=again))
    return Outcome(line["id"], receipt.position, receipt.duplicate, (), "demorefused" not in line)


def _outcome(line: dict[str, Any], status: int, answer: dict[str, Any], *, again: bool) -> Outcome:
    refusal = line.get("demorefused")
    if status in (200, 201):
        return Outcome(line["id"], answer["position"], answer["duplicate"], (), refusal is None)
    codes = tuple(error["code"] for error in answer.get("errors", ()))
    return Outcome(line["id"], None, False, codes, _rightly(line, codes, again=again))


def _rightly(line: dict[str, Any], codes: tuple[str, ...], *, again: bool) -> bool:
    return "demorefused" in line and (again or line["demorefused"] in codes)
