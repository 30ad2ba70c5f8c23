"""Serves the application: its socket, its processes and its logs. Imports uvicorn."""

import asyncio
import logging
import os
import socket
import tempfile
from functools import partial

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.http import metrics, request_log
from api.http.protocol import Protocol
from api.services import Database
from api.settings import Bind, Settings
from ledger.domain.errors import LedgerError

GRACE_SECONDS = 30
"""How long requests under way may take once the server is told to stop."""
KEEP_ALIVE_SECONDS = 75
START_SECONDS = 60
"""How long a worker may take to import everything: uvicorn kills one that does not answer it for so long."""
_BACKLOG = 2_048
logger = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serves until it is told to stop (SIGINT or SIGTERM); raises LedgerError when it cannot start."""
    request_log.configure(settings.log)
    with listen(settings.bind) as listening:
        database = Database(settings)
        try:
            asyncio.run(database.open(logger.info))
            logger.info("checkpoints are signed by %s", settings.signer().verifier_key())
            logger.info("listening on %s", address(listening))
            if settings.workers > 1:
                with tempfile.TemporaryDirectory(prefix="ledger-metrics-") as directory:
                    os.environ[metrics.DIRECTORY] = directory  # read by the workers as they start
                    Multiprocess(config(settings), [listening]).run()
            else:
                uvicorn.Server(config(settings)).run([listening])
        finally:
            database.close()


def listen(bind: Bind) -> socket.socket:
    """The socket that is served; raises LedgerError when the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
        listening = socket.create_server((bind.host, bind.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise LedgerError(
            f"LEDGER_BIND: {bind.host}:{bind.port} cannot be had: {error.strerror}; choose another"
        ) from error
    # What is accepted inherits it; asyncio sets it only where the protocol is named: 40 ms an answer.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address(listening: socket.socket) -> str:
    """Where the socket is found, as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _application(settings: Settings) -> Starlette:
    request_log.configure(settings.log)
    return create_app(settings)


def config(settings: Settings) -> uvicorn.Config:
    """How uvicorn is to serve the application."""
    return uvicorn.Config(
        partial(_application, settings),
        factory=True,
        http=Protocol,
        lifespan="on",
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )
