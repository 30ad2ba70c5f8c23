"""Compose the application: its routes, middleware and exception handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import Route, WebSocketRoute

from api.http import (
    entries_feed,
    evidence,
    fact_schemas,
    graphiql,
    graphql,
    health,
    intake,
    metrics,
    notifications,
    openapi,
    problem,
    proofs,
    reports,
)
from api.http.compression import COMPRESSED
from api.http.cors import cross_origin
from api.http.cut_requests import CutRequests
from api.http.forwarded import ForwardedHeaders
from api.http.graphql_documents import Documents
from api.http.head import HeadResponses
from api.http.hosts import KnownHosts
from api.http.relative_redirects import RelativeRedirects
from api.http.request_log import RequestLog
from api.http.startup import UntilOpen, opened
from api.http.under_way import PIECES
from api.pages.application import application
from api.pages.errors import outside_answer
from api.services import Ledger
from api.settings import Settings
from ledger.append.clock import Clock, now
from ledger.domain.errors import Busy, Refused, Unavailable


def create_app(settings: Settings, clock: Clock = now) -> Starlette:
    """Return the application, whose lifespan starts and stops the ledger's parts.

    `app.state.ledger` contains the parts. While the database is unreachable at the start, every request except
    `/healthz` is refused. Starting raises LedgerError when a part fails for another reason.

    Args:
        settings: Settings of the process.
        clock: Clock that gives the instant of each recording.
    """
    ledger = Ledger(settings, clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with opened(ledger):
            yield {"closing": ledger.feeds.closing}

    graphql_endpoint = graphql.endpoint(
        introspection=settings.introspection,
        documents=Documents(settings.documents),
        origins=settings.cors_origins,
    )
    app = Starlette(
        routes=[
            Route("/ledgers/{notice}/entries", intake.post_entries, methods=["POST"]),
            Route("/ledgers/{notice}/entries", entries_feed.get_entries, methods=["GET"], middleware=COMPRESSED),
            Route("/ledgers/{notice}/notifications", notifications.get_notifications, methods=["GET"]),
            Route("/ledgers/{notice}/notifications/{section}", notifications.get_section, methods=["GET"]),
            Route("/ledgers/{notice}/checkpoint", proofs.get_checkpoint, methods=["GET"]),
            Route("/ledgers/{notice}/tile/{tile:path}", proofs.get_tile, methods=["GET"]),
            Route("/ledgers/{notice}/proof/{position}", proofs.get_proof, methods=["GET"]),
            Route("/ledgers/{notice}/consistency", proofs.get_consistency, methods=["GET"]),
            Route("/ledgers/{notice}/evidence", evidence.put_evidence, methods=["PUT"]),
            Route(
                "/ledgers/{notice}/evidence/{evidence:path}",
                evidence.get_evidence,
                methods=["GET"],
                middleware=PIECES,
            ),
            Route("/ledgers/{notice}/reports/preview.{format}", reports.get_preview, methods=["GET"]),
            Route("/ledgers/{notice}/reports/{report:path}.{format}", reports.get_report, methods=["GET"]),
            Route("/graphql", graphql_endpoint, middleware=COMPRESSED),  # the endpoint refuses other methods
            WebSocketRoute("/graphql", graphql_endpoint),
            Route("/graphql/{file}", graphiql.get_file, methods=["GET"]),
            Route("/facts", fact_schemas.get_facts, methods=["GET"], middleware=COMPRESSED),
            Route("/facts/{type}", fact_schemas.get_fact, methods=["GET"], middleware=COMPRESSED),
            Route("/healthz", health.healthz, methods=["GET"]),
            Route("/readyz", health.readyz, methods=["GET"]),
            Route("/metrics", metrics.get_metrics, methods=["GET"]),
            Route("/openapi.json", openapi.get_openapi, methods=["GET"], middleware=COMPRESSED),
        ],
        middleware=[
            Middleware(ForwardedHeaders),
            Middleware(RequestLog),
            Middleware(CutRequests, answer=outside_answer),
            Middleware(KnownHosts, settings=settings, answer=outside_answer),
            *cross_origin(settings.cors_origins),
            Middleware(HeadResponses),
            Middleware(RelativeRedirects),
            Middleware(UntilOpen, ledger=ledger, answer=outside_answer),
        ],
        exception_handlers={
            Refused: problem.on_ledger_error,
            Busy: problem.on_ledger_error,
            Unavailable: problem.on_ledger_error,
            ClientDisconnect: problem.on_disconnect,
            HTTPException: problem.on_http_exception,
            Exception: problem.on_failure,
        },
        lifespan=lifespan,
    )
    app.state.ledger = ledger
    app.router.default = application(ledger)  # a Mount would take what has a route here and another method
    return app
