"""Run the steps of the demo, announce them, and note the results of their checks.

The operator records the notice and the tokens, and the service its own facts. People and systems send their facts
over HTTP. The checks use HTTP, the database and a bundle.
"""

import asyncio
import os
import shutil
import sys
import time
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
from msgspec import Struct, field
from rich.console import Console

from api.cli import demo_data
from api.cli.common import console
from api.cli.demo_data import NOTICE, Clock, Keys, Outcome
from api.cli.export import ExportRequest, export
from api.cli.notice import OtherPack, record
from api.cli.replay import show_minute
from api.cli.verify import verdict
from api.services import Ledger
from ledger.append.snapshots import wrong_snapshot
from ledger.domain.errors import LedgerError
from ledger.evidence.object_store import ObjectStore
from ledger.intake.pack import read
from ledger.mutable.people import Person, put
from ledger.packs import shipped
from ledger.proof.checkpoint import CheckpointError, parse
from ledger.store.database import connect
from ledger.verify.database import verify
from projections.narrate.history import NarratedEntry
from projections.narrate.loader import narrate, open_history

CORRECTED, DUE_BEFORE, DUE_NOW = "correction-1", "2022-11-30", "2022-12-31"
"""Id of the history's line that corrects a due date, the date before the correction, and the date after it."""
ERASED = "slip"
"""Id of the history's line whose narrative is erased later."""
DECIDED = "improvement-ledger.board.BoardDecisionRecorded.v1"
DECISIONS_IN_FULL = 4
"""Number of the board's decisions that the demo prints in full."""
_PLAN = """query Plan($notice: ID!, $asOf: AsOfInput, $atLeast: Int) {
  notice(id: $notice, asOf: $asOf, atLeast: $atLeast) {
    plan { objectives { nodes { objective due activityRating impactRating } } }
  }
}"""


class DemoChecks(Struct):
    """Output of the demo, and the results of its checks."""

    quiet: bool
    out: Console = field(default_factory=console)
    started: float = field(default_factory=time.monotonic)
    checks: dict[str, bool] = {}
    steps: int = 0

    def step(self, title: str, description: str) -> None:
        """Start a step of the demo, and print its title and description unless quiet."""
        self.steps += 1
        if not self.quiet:
            self.out.print(f"\n{self.steps}. {title}", style="bold", markup=False)
        self.say(description)

    def say(self, line: str) -> None:
        """Print a line within a step, unless quiet."""
        if not self.quiet:
            self.out.print(f"   {line}", markup=False)

    def check(self, name: str, *, passed: bool) -> None:
        """Note whether the check with this name passed."""
        self.checks[name] = passed

    @property
    def failed(self) -> list[str]:
        """Names of the failed checks."""
        return [name for name, passed in self.checks.items() if not passed]


def unpacked(bundle: Path) -> Path:
    """Extract a bundle's verifier into a file next to the bundle, and return the file's path."""
    script = bundle.with_name("verify.py")
    with ZipFile(bundle) as archive:
        script.write_bytes(archive.read(script.name))
    return script


def _program() -> str:
    """Return the shell command that runs `ledger` from the current directory."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "ledger" and shutil.which("ledger") is None else "ledger"


class DemoRun:
    """The demo's steps on a running server."""

    def __init__(self, url: str, ledger: Ledger, clock: Clock, checks: DemoChecks) -> None:
        settings = ledger.settings
        self._url = url
        self._writer = ledger.writer
        self._log = ledger.log
        self._clock = clock
        self._folder = settings.data
        self._files = ObjectStore(settings.store)
        self._signer = ledger.log.key
        self._command = _program() if settings.database_url else f"LEDGER_DATA={settings.data} {_program()}"
        self._checks = checks

    async def go(self, address: str) -> dict[str, str]:
        """Run all steps and return the tokens of the demo's people, by actor.

        Raises:
            LedgerError: A step cannot continue.
        """
        await self._notice()
        keys = await self._people()
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            outcomes = await self._history(client, keys)
            await self._replay(outcomes)
            await self._verify(client, keys["adviser"])
            await self._questions(client, keys["adviser"], outcomes)
            await self._bundle()
        return keys

    async def _notice(self) -> None:
        checks = self._checks
        checks.step("The notice", "Recording Tameside's notice of 5 July 2022 from its pack, clause by clause.")
        self._clock.at = demo_data.START
        pack = read(shipped(NOTICE))
        try:
            receipts = await record(self._writer, pack)
        except OtherPack:
            raise self._other_demo() from None
        if abs(receipts[0].recorded_at - demo_data.START) > timedelta(minutes=1):
            raise LedgerError(
                f"this database holds a {NOTICE} that the demo did not record, and the demo would add invented "
                "entries; set LEDGER_DATABASE_URL to another database, or unset it"
            )
        whole = 1 + len(pack.areas) + len(pack.clauses)
        checks.check("the notice is recorded whole", passed=len(receipts) == whole)
        state = "was already recorded" if receipts[0].duplicate else "is recorded"
        checks.say(
            f"It {state}: {len(pack.areas)} areas and {len(pack.clauses)} clauses, {len(receipts)} entries."
        )

    def _other_demo(self) -> LedgerError:
        return LedgerError(
            "the demo's data is from another version of its history; "
            f"remove {self._folder} or name another database, and try again"
        )

    async def _people(self) -> dict[str, str]:
        self._checks.step("The people", "Giving each of them an invented name, a role and a token.")
        self._clock.at = demo_data.START + timedelta(minutes=5)
        keys = await Keys(self._folder).fetch(self._url, self._writer)
        self._clock.at = None
        async with await connect(self._url, "ledger_writer") as connection:
            for actor, name in demo_data.NAMES.items():
                await put(connection, NOTICE, Person(actor, name))
        roles = len(set(demo_data.PEOPLE.values()))
        self._checks.say(f"{len(keys)} people and systems in {roles} roles have tokens.")
        return keys

    async def _history(self, client: httpx.AsyncClient, keys: dict[str, str]) -> dict[str, Outcome]:
        checks = self._checks
        checks.step(
            "The history",
            "Sending their facts from July 2022 to March 2024, each at its own time. All of them are invented.",
        )
        outcomes = await demo_data.play(client, self._writer, keys, self._clock, self._signer)
        if any("KEY_REUSED" in outcome.codes for outcome in outcomes):
            raise self._other_demo()
        checks.check("the history is recorded as expected", passed=all(outcome.expected for outcome in outcomes))
        recorded = [outcome for outcome in outcomes if outcome.position is not None]
        earlier = sum(outcome.duplicate for outcome in recorded)
        checks.say(
            f"{len(recorded)} facts are recorded" + (f", {earlier} of them by an earlier run." if earlier else ".")
        )
        for outcome in outcomes:
            why = ", ".join(outcome.codes)
            if not outcome.expected:
                checks.say(f"{outcome.id}: {why or 'it was recorded but should have been refused'}")
            elif why:
                checks.say(f"One was refused, as expected: {outcome.id} ({why}).")
        return {outcome.id: outcome for outcome in outcomes}

    async def _replay(self, outcomes: dict[str, Outcome]) -> None:
        checks = self._checks
        checks.step(
            "The replay",
            "Printing it in plain English: the board's first decisions and their evidence.",
        )
        checks.say("")
        minutes: list[NarratedEntry] = []
        decided = 0
        async with open_history(self._url, NOTICE) as history:
            async for minute, story in narrate(history, history.size):
                minutes.append(minute)
                decided += minute.type == DECIDED
                if minute.type == DECIDED and decided <= DECISIONS_IN_FULL and not checks.quiet:
                    show_minute(checks.out, minute, story.zone)
            positions = [*range(1, history.size + 1)]
        checks.check("every entry has a minute", passed=[minute.position for minute in minutes] == positions)
        erased = [minute.narratives for minute in minutes if minute.position == outcomes[ERASED].position]
        erased_markers = [
            text for texts in erased for text in texts.values() if text.startswith("“erased by entry")
        ]
        checks.check("an erased narrative is gone from the replay", passed=len(erased_markers) == 1)
        checks.say(f"Print all decisions with: {self._command} replay {NOTICE} --decisions")
        checks.say(f"Print all {len(minutes)} entries with: {self._command} replay {NOTICE}")

    async def _verify(self, client: httpx.AsyncClient, token: str) -> None:
        checks = self._checks
        checks.step(
            "The proof", "Recomputing every hash from the stored bytes, and fetching the signed checkpoint."
        )
        report = await verify(self._url, NOTICE, store_of=self._files, state_check=wrong_snapshot)
        checks.check("the record is sound", passed=report.sound)
        for line in verdict(report):
            checks.say(line)
        answer = await client.get(f"/ledgers/{NOTICE}/checkpoint", headers={"Authorization": f"Bearer {token}"})
        try:
            signed = parse(answer.text, [self._signer])
        except CheckpointError as error:
            checks.say(f"The checkpoint is not valid: {error}")
            checks.check("the signed checkpoint is of this record", passed=False)
            return
        root = b64encode(signed.root_hash).decode()
        checks.check("the signed checkpoint is of this record", passed=root == report.notices[0].root_hash)
        checks.say(f"{self._signer.name} has signed {signed.size} entries with the root {root}.")

    async def _bundle(self) -> None:
        """Export a bundle and run its verifier as an auditor would, in a separate process.

        Raise the errors of `export`.
        """
        checks, bundle = self._checks, self._folder / f"{NOTICE}.zip"
        checks.step("The bundle", "Writing an auditor's bundle, and running the verifier inside it.")
        done = await export(
            self._url, self._log, ExportRequest(NOTICE, (await self._log.checkpoint(NOTICE)).size, bundle)
        )
        script = await asyncio.to_thread(unpacked, bundle)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-I", script, bundle, stdout=pipe)
        output, _ = await process.communicate()
        checks.check("the bundle proves itself", passed=process.returncode == 0)
        checks.say(f"{done.file}: {done.bytes:,} bytes, SHA-256 {done.sha256}")
        for line in output.decode().splitlines():
            checks.say(line)

    async def _questions(self, client: httpx.AsyncClient, token: str, outcomes: dict[str, Outcome]) -> None:
        """Check the answers of GraphQL to queries of the plan, now and before the correction.

        The first query waits until the views have reached the last entry.
        """
        checks = self._checks
        before = (outcomes[CORRECTED].position or 2) - 1
        last = max(outcome.position or 1 for outcome in outcomes.values())
        checks.step(
            "The questions", "Querying GraphQL as the adviser: the plan now, and as it was recorded earlier."
        )
        for title, variables, due in (
            ("now", {"atLeast": last}, DUE_NOW),
            (f"as of position {before}, before the correction", {"asOf": {"position": before}}, DUE_BEFORE),
        ):
            objectives = await self._plan(client, token, {"notice": NOTICE, **variables})
            checks.say(f"{title[0].upper()}{title[1:]}:")
            for objective in objectives:
                activity, impact = (
                    objective[rating] or "not rated" for rating in ("activityRating", "impactRating")
                )
                ratings = f"activity {activity}, impact {impact}"
                checks.say(f"  {objective['objective']}  due {objective['due']}  {ratings}")
            dues = {objective["objective"]: objective["due"] for objective in objectives}
            checks.check(f"GraphQL returns the plan {title}", passed=dues.get("O2") == due)

    async def _plan(
        self, client: httpx.AsyncClient, token: str, variables: dict[str, Any]
    ) -> list[dict[str, Any]]:
        answer = await client.post(
            "/graphql",
            json={"query": _PLAN, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )
        body = answer.json()
        notice = (body.get("data") or {}).get("notice")
        if notice is None:
            self._checks.say(f"The query failed: {body.get('errors', body)}")
            return []
        objectives: list[dict[str, Any]] = notice["plan"]["objectives"]["nodes"]
        return objectives
