"""`GET /healthz` and `GET /readyz`: for whoever keeps the service running; they name no notice and no person.

Imports starlette and its neighbours.
"""

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response

from api.problem import problem, respond
from api.services import Ledger
from ledger.errors import LedgerError, Refusal


async def healthz(_: Request) -> Response:
    """The process answers."""
    return Response(b'{"status":"ok"}', media_type="application/json")


async def readyz(request: Request) -> Response:
    """The database answers too; each view with how it stands, which alone does not make the service unready."""
    ledger: Ledger = request.app.state.ledger
    try:
        views = await ledger.runner.status()
    except (LedgerError, psycopg.OperationalError):
        return respond(problem([Refusal("UNAVAILABLE", "the database cannot be reached; the log says why")]))
    body = {
        "status": "ready",
        "follows": ledger.runner.owns,
        "views": [
            {"view": view.view, "notices": len(view.positions), "stopped": len(view.stopped)} for view in views
        ],
    }
    return Response(msgspec.json.encode(body), media_type="application/json")
