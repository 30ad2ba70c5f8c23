"""The application: every route, and what goes around all of them. The composition root of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from api import contracts, graphql, health, intake, log, problem
from api.logs import RequestLog
from api.services import Ledger
from api.settings import Settings
from ledger.batch import Clock, now
from ledger.errors import Busy, Refused, Unavailable


def create_app(settings: Settings, clock: Clock = now) -> Starlette:
    """The application of these settings; `clock` says at what instant it records.

    Its lifespan starts and stops the ledger's parts, which are `app.state.ledger`; the start raises
    LedgerError when one of them cannot start.
    """
    ledger = Ledger(settings, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with ledger:
            yield

    app = Starlette(
        routes=[
            Route("/ledgers/{notice}/entries", intake.post_entries, methods=["POST"]),
            Route("/ledgers/{notice}/entries", log.get_entries, methods=["GET"]),
            Route("/graphql", graphql.endpoint(), methods=["GET", "POST"]),
            Route("/facts", contracts.get_facts, methods=["GET"]),
            Route("/facts/{type}", contracts.get_fact, methods=["GET"]),
            Route("/healthz", health.healthz, methods=["GET"]),
            Route("/readyz", health.readyz, methods=["GET"]),
        ],
        middleware=[Middleware(RequestLog)],
        exception_handlers={
            Refused: problem.on_ledger_error,
            Busy: problem.on_ledger_error,
            Unavailable: problem.on_ledger_error,
            HTTPException: problem.on_http_exception,
            Exception: problem.on_failure,
        },
        lifespan=lifespan,
    )
    app.state.ledger = ledger
    return app
