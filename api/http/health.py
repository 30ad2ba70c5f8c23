"""`GET /healthz` and `GET /readyz`: for whoever keeps the service running; they name no notice and no person.

Imports starlette and its neighbours.
"""

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response

from api.http.openapi import Operation, describes
from api.http.problem import problem, respond
from api.services import Ledger
from ledger.domain.errors import LedgerError, Refusal


@describes(Operation(summary="Whether the process answers.", answers={200: "It does."}, public=True))
async def healthz(_: Request) -> Response:
    """The process answers."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@describes(
    Operation(
        summary="Whether the database answers too, how the views stand, and how many logs are not signed.",
        answers={200: "It does."},
        public=True,
    )
)
async def readyz(request: Request) -> Response:
    """The database answers too; how views and checkpoints stand does not alone make the service unready."""
    ledger: Ledger = request.app.state.ledger
    try:
        views = await ledger.runner.status()
    except (LedgerError, psycopg.OperationalError):
        return respond(problem([Refusal("UNAVAILABLE", "the database cannot be reached; the log says why")]))
    body = {
        "status": "ready",
        "follows": ledger.runner.owns,
        "checkpoints": {"refused": len(ledger.log.refused)},
        "views": [
            {"view": view.view, "notices": len(view.positions), "stopped": len(view.stopped)} for view in views
        ],
    }
    return Response(msgspec.json.encode(body), media_type="application/json")
