"""Serve `GET /healthz` and `GET /readyz` for operators; neither names a notice or a person.

Imports starlette and psycopg.
"""

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response

from api.http.openapi import Operation, describes
from api.http.problem import problem, respond
from api.services import Ledger
from ledger.domain.errors import LedgerError, Refusal
from ledger.eventsourcing import guests
from ledger.eventsourcing.guests import GuestRun
from ledger.store.distribution import lost_worker
from projections.engine.runner import ViewStatus

ROLLED_BACK = (
    "The database lost entries of these notices, so nothing is recorded or signed for them. The log names them. "
    "Restore the newest copy of the database, or run: ledger resume NOTICE --accept-loss"
)
LOST_WORKER = (
    "A worker of the cluster cannot be reached. Its notices are neither read nor recorded, and no views or "
    "checkpoints follow. The log names the worker. Start it, or name its standby with citus_update_node"
)
UNREADABLE = (
    "The file of high-water marks cannot be read, so nothing is recorded or signed. The log names the file and "
    "the reason. Restore the file from the backup of the signing key"
)


@describes(Operation(summary="Check that the process answers.", answers={200: "It does."}, public=True))
async def healthz(_: Request) -> Response:
    """Answer 200 while the process runs."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@describes(
    Operation(
        summary="Check that the database answers; report on the views and on unsigned logs.",
        answers={200: "It does."},
        public=True,
    )
)
async def readyz(request: Request) -> Response:
    """Return 200 with the state of the service's parts, or 503 if the database cannot be reached.

    Neither a stopped view nor an unsigned log changes the status.
    """
    ledger: Ledger = request.app.state.ledger
    try:
        runs = await guests.runs(ledger.url)
        views = await _views(ledger)
    except (LedgerError, psycopg.OperationalError):
        return respond(problem([Refusal("UNAVAILABLE", "the database cannot be reached; the log says why")]))
    rolled_back = len(ledger.marks.stopped)
    body = {
        "status": "ready",
        "follows": ledger.runner.is_owner,
        "checkpoints": {"refused": len(ledger.log.refused)},
        "rolledBack": {"notices": rolled_back, **({"remedy": ROLLED_BACK} if rolled_back else {})},
        "highWaterMarks": {"readable": False, "remedy": UNREADABLE} if ledger.marks.fault else {"readable": True},
        "views": [
            {"view": view.view, "notices": len(view.positions), "stopped": len(view.stopped)}
            for view in views or ()
        ],
        **({"cluster": {"complete": False, "remedy": LOST_WORKER}} if views is None else {}),
        "standbys": [
            {"read": standby.fault is None, "lagSeconds": round(standby.lag, 3)}
            for standby in ledger.reader.standbys
        ],
        "followed": [{"source": alarm.source, "alarm": alarm.kind} for alarm in ledger.follow.alarms],
        "followers": [
            {"slot": slot.name, "connected": slot.active, "backlogBytes": slot.backlog}
            for slot in ledger.follow.slots
        ],
        "guests": [
            {"guest": guest, "notices": len(stopped), "stopped": sum(stopped)}
            for guest, stopped in _stopped_by_guest(runs).items()
        ],
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


async def _views(ledger: Ledger) -> list[ViewStatus] | None:
    """Return the status of each view, or None while a worker of the cluster cannot be reached."""
    try:
        return await ledger.runner.status()
    except psycopg.OperationalError as error:
        if lost_worker(error) is None:
            raise
        return None


def _stopped_by_guest(runs: list[GuestRun]) -> dict[str, list[bool]]:
    """Return a flag for each notice of each guest, by guest: True if the guest has stopped in the notice."""
    by_guest: dict[str, list[bool]] = {}
    for run in runs:
        by_guest.setdefault(run.guest, []).append(run.failed_at is not None)
    return by_guest
