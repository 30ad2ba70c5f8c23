"""The steps of the demo: each says what it does, does it, and notes what held.

The notice and the tokens are the operator's; everything else goes through the public interface.
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
from ledger.packs import shipped
from ledger.proof.checkpoint import CheckpointError, parse
from ledger.verify.database import verify
from projections.narrate.history import Sentence
from projections.narrate.loader import opened, tellings

CORRECTED, DUE_BEFORE, DUE_NOW = "correction-1", "2022-11-30", "2022-12-31"
"""The line of the history that corrects a due date, and that date before and after."""
ERASED = "slip"
DECIDED = "improvement-ledger.board.BoardDecisionRecorded.v1"
SHOWN = 4
"""Decisions of the board that the demo tells in full."""
"""The line whose text is erased later."""
_PLAN = """query Plan($notice: ID!, $asOf: AsOfInput, $atLeast: Int) {
  notice(id: $notice, asOf: $asOf, atLeast: $atLeast) {
    plan { objectives { nodes { objective due activityRating impactRating } } }
  }
}"""


class DemoChecks(Struct):
    """What is said on the way, and what held."""

    quiet: bool
    out: Console = field(default_factory=console)
    begun: float = field(default_factory=time.monotonic)
    checks: dict[str, bool] = field(default_factory=dict)
    steps: int = 0

    def step(self, title: str, what: str) -> None:
        """Begins a step."""
        self.steps += 1
        if not self.quiet:
            self.out.print(f"\n{self.steps}. {title}", style="bold", markup=False)
        self.say(what)

    def say(self, line: str) -> None:
        """A line within a step."""
        if not self.quiet:
            self.out.print(f"   {line}", markup=False)

    def check(self, name: str, *, held: bool) -> None:
        """Notes whether something held."""
        self.checks[name] = held

    @property
    def failed(self) -> list[str]:
        """What did not hold."""
        return [name for name, held in self.checks.items() if not held]


def unpacked(bundle: Path) -> Path:
    """The verifier of a bundle, in a file beside it."""
    script = bundle.with_name("verify.py")
    with ZipFile(bundle) as archive:
        script.write_bytes(archive.read(script.name))
    return script


def _program() -> str:
    """How the command line is called from here."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "ledger" and shutil.which("ledger") is None else "ledger"


class DemoRun:
    """The demo's steps on a ledger that is being served."""

    def __init__(self, url: str, ledger: Ledger, clock: Clock, findings: DemoChecks) -> None:
        settings = ledger.settings
        self._url = url
        self._writer = ledger.writer
        self._log = ledger.log
        self._clock = clock
        self._folder = settings.data
        self._files = ObjectStore(settings.store)
        self._signer = ledger.log.key
        self._command = _program() if settings.database_url else f"LEDGER_DATA={settings.data} {_program()}"
        self._findings = findings

    async def go(self, address: str) -> dict[str, str]:
        """All steps; the tokens of the demo's people. Raises LedgerError where it cannot go on."""
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
        found = self._findings
        found.step("The notice", "Recording Tameside's notice of 5 July 2022 from its pack, clause by clause.")
        self._clock.at = demo_data.BEGUN
        pack = read(shipped(NOTICE))
        try:
            receipts = await record(self._writer, pack)
        except OtherPack:
            raise self._other_demo() from None
        if abs(receipts[0].recorded_at - demo_data.BEGUN) > timedelta(minutes=1):
            raise LedgerError(
                f"this database holds a {NOTICE} that is not the demo's, and the demo would add invented entries; "
                "set LEDGER_DATABASE_URL to another database, or unset it"
            )
        whole = 1 + len(pack.areas) + len(pack.clauses)
        found.check("the notice is recorded whole", held=len(receipts) == whole)
        there = "was here already" if receipts[0].duplicate else "is recorded"
        found.say(f"It {there}: {len(pack.areas)} areas and {len(pack.clauses)} clauses, {len(receipts)} entries.")

    def _other_demo(self) -> LedgerError:
        return LedgerError(
            "the demo that is here was made by another version of its history; "
            f"remove {self._folder} or name another database, and try again"
        )

    async def _people(self) -> dict[str, str]:
        self._findings.step("The people", "Giving each of them a role, and a token of their own.")
        self._clock.at = demo_data.BEGUN + timedelta(minutes=5)
        keys = await Keys(self._folder).fetch(self._url, self._writer)
        self._clock.at = None
        roles = len(set(demo_data.PEOPLE.values()))
        self._findings.say(f"{len(keys)} people and systems in {roles} roles have theirs.")
        return keys

    async def _history(self, client: httpx.AsyncClient, keys: dict[str, str]) -> dict[str, Outcome]:
        found = self._findings
        found.step(
            "The history",
            "Sending what they did from July 2022 to March 2024, each at its own time. All of it is invented.",
        )
        outcomes = await demo_data.play(client, self._writer, keys, self._clock, self._signer)
        if any("KEY_REUSED" in outcome.codes for outcome in outcomes):
            raise self._other_demo()
        found.check("the history went in as it says", held=all(outcome.as_told for outcome in outcomes))
        recorded = [outcome for outcome in outcomes if outcome.position is not None]
        there = sum(outcome.duplicate for outcome in recorded)
        found.say(f"{len(recorded)} facts are in" + (f", {there} of them since an earlier run." if there else "."))
        for outcome in outcomes:
            why = ", ".join(outcome.codes)
            if not outcome.as_told:
                found.say(f"{outcome.id}: {why or 'it was recorded, and should have been refused'}")
            elif why:
                found.say(f"One was refused, rightly: {outcome.id} ({why}).")
        return {outcome.id: outcome for outcome in outcomes}

    async def _replay(self, outcomes: dict[str, Outcome]) -> None:
        found = self._findings
        found.step(
            "The replay",
            "Telling it in plain words: the board's first decisions, and what they rested on.",
        )
        found.say("")
        told: list[Sentence] = []
        decided = 0
        async with opened(self._url, NOTICE) as history:
            async for minute, story in tellings(history, history.size):
                told.append(minute)
                decided += minute.type == DECIDED
                if minute.type == DECIDED and decided <= SHOWN and not found.quiet:
                    show_minute(found.out, minute, story.zone)
            positions = [*range(1, history.size + 1)]
        found.check("every entry can be told", held=[minute.position for minute in told] == positions)
        erased = [minute.texts for minute in told if minute.position == outcomes[ERASED].position]
        gone = [text for texts in erased for text in texts.values() if text.startswith("“erased by entry")]
        found.check("an erased text is gone from the replay", held=len(gone) == 1)
        found.say(f"What was decided, by whomever, is told by: {self._command} replay {NOTICE} --decisions")
        found.say(f"All {len(told)} entries are told by: {self._command} replay {NOTICE}")

    async def _verify(self, client: httpx.AsyncClient, token: str) -> None:
        found = self._findings
        found.step(
            "The proof", "Recomputing every hash from the stored bytes, and fetching what the server signed."
        )
        report = await verify(self._url, NOTICE, store_of=self._files, state_check=wrong_snapshot)
        found.check("the record is sound", held=report.sound)
        for line in verdict(report):
            found.say(line)
        answer = await client.get(f"/ledgers/{NOTICE}/checkpoint", headers={"Authorization": f"Bearer {token}"})
        try:
            signed = parse(answer.text, [self._signer])
        except CheckpointError as error:
            found.say(f"The checkpoint does not hold: {error}")
            found.check("the signed checkpoint is of this record", held=False)
            return
        root = b64encode(signed.root_hash).decode()
        found.check("the signed checkpoint is of this record", held=root == report.notices[0].root_hash)
        found.say(f"{self._signer.name} has signed its {signed.size} entries under the root {root}.")

    async def _bundle(self) -> None:
        """Runs the bundle's own verifier as an auditor would, apart from this process and its modules."""
        found, bundle = self._findings, self._folder / f"{NOTICE}.zip"
        found.step("The bundle", "Writing what an auditor is given, and running the verifier that it carries.")
        done = await export(
            self._url, self._log, ExportRequest(NOTICE, (await self._log.checkpoint(NOTICE)).size, bundle)
        )
        script = await asyncio.to_thread(unpacked, bundle)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-I", script, bundle, stdout=pipe)
        output, _ = await process.communicate()
        found.check("the bundle proves itself", held=process.returncode == 0)
        found.say(f"{done.file}: {done.bytes:,} bytes, SHA-256 {done.sha256}")
        for line in output.decode().splitlines():
            found.say(line)

    async def _questions(self, client: httpx.AsyncClient, token: str, outcomes: dict[str, Outcome]) -> None:
        """Asks for the plan at both positions; waits, as any client may, for the views to see the last entry."""
        found = self._findings
        before = (outcomes[CORRECTED].position or 2) - 1
        last = max(outcome.position or 1 for outcome in outcomes.values())
        found.step("The questions", "Asking GraphQL as the adviser: the plan now, and as it was recorded earlier.")
        for title, variables, due in (
            ("now", {"atLeast": last}, DUE_NOW),
            (f"as of position {before}, before the correction", {"asOf": {"position": before}}, DUE_BEFORE),
        ):
            objectives = await self._plan(client, token, {"notice": NOTICE, **variables})
            found.say(f"{title[0].upper()}{title[1:]}:")
            for one in objectives:
                activity, impact = (one[rating] or "not rated" for rating in ("activityRating", "impactRating"))
                ratings = f"activity {activity}, impact {impact}"
                found.say(f"  {one['objective']}  due {one['due']}  {ratings}")
            dues = {one["objective"]: one["due"] for one in objectives}
            found.check(f"GraphQL answers {title}", held=dues.get("O2") == due)

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
            self._findings.say(f"It was not answered: {body.get('errors', body)}")
            return []
        found: list[dict[str, Any]] = notice["plan"]["objectives"]["nodes"]
        return found
