"""Serve the application: its socket, processes and logs. Imports uvicorn, starlette and psycopg."""

import asyncio
import gc
import logging
import os
import socket
import tempfile
from functools import partial

import psycopg
import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.database import Database
from api.http import assets, metrics, request_log
from api.http.body import MAXIMUM_EVENT
from api.http.protocol import Protocol
from api.http.supervisor import Supervisor
from api.http.watchdog import CLOSE_SECONDS, Server
from api.http.websocket import WebSocketProtocol
from api.settings import Bind, Settings
from ledger.domain.errors import LedgerError
from ledger.store.database import unreachable

GRACE_SECONDS = 30
"""Seconds that running requests may take after the server is told to stop."""
WORKERS_SECONDS = 5
"""Seconds that workers may exceed their own time limit before the supervisor kills them."""
KEEP_ALIVE_SECONDS = 75
START_SECONDS = 60
"""Seconds for which a worker may not answer, for example while it imports; the supervisor then kills it."""
NEW_OBJECTS = 2_000
"""Number of new objects after which Python collects garbage; a mutation leaves 64 unreachable objects."""
MEMORY = "/dev/shm"  # noqa: S108 - the folder is made with a random name, for its owner only
"""Folder that Linux keeps in memory."""
_BACKLOG = 2_048
logger = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; raise LedgerError when the server cannot start."""
    request_log.configure(settings.log)
    assets.check_installed()
    with listen(settings.bind) as listener:
        database = Database(settings)
        try:
            asyncio.run(_prepare(database))
            logger.info("checkpoints are signed by %s", settings.signer().verifier_key())
            logger.info("listening on %s", address(listener))
            if settings.workers > 1:
                with tempfile.TemporaryDirectory(prefix="ledger-metrics-", dir=_memory()) as directory:
                    os.environ[metrics.DIRECTORY] = directory  # read by the workers as they start
                    seconds = GRACE_SECONDS + CLOSE_SECONDS + WORKERS_SECONDS
                    Supervisor(config(settings), [listener], seconds=seconds).run()
            else:
                Server(config(settings)).run([listener])
        finally:
            database.close()


def _memory() -> str | None:
    """Return the folder of files in memory, or None for the folder of temporary files.

    The workers map their figures into memory. On a full disk, the kernel would end a worker that adds a figure.
    """
    return MEMORY if os.access(MEMORY, os.W_OK) else None


async def _prepare(database: Database) -> None:
    """Open the database, and log each right of the login that weakens a promise of the ledger.

    Raises:
        LedgerError: The database or its login cannot be used.
        Unavailable: The database cannot be reached, or the connection was lost.
    """
    try:
        await database.open(logger.info)
        warnings = await database.check_login()
    except psycopg.OperationalError as error:
        raise unreachable(error) from error
    for warning in warnings:
        logger.warning("%s", warning)


def listen(bind: Bind) -> socket.socket:
    """Return the listener socket; raise LedgerError when the address cannot be bound."""
    try:
        family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
        listener = socket.create_server((bind.host, bind.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise LedgerError(
            f"LEDGER_BIND: {bind.host}:{bind.port} cannot be used: {error.strerror}; choose another address"
        ) from error
    # Accepted sockets inherit it. asyncio sets it only if the protocol is named; without it an answer takes 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL of a listener socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _application(settings: Settings) -> Starlette:
    request_log.configure(settings.log)
    application = create_app(settings)
    gc.freeze()  # a search through all that was imported would stop every request for a tenth of a second
    gc.set_threshold(NEW_OBJECTS)
    return application


def config(settings: Settings) -> uvicorn.Config:
    """Return uvicorn's configuration for the application."""
    return uvicorn.Config(
        partial(_application, settings),
        factory=True,
        http=Protocol,
        ws=WebSocketProtocol,
        ws_max_size=MAXIMUM_EVENT,
        lifespan="on",
        proxy_headers=False,  # api.http.forwarded reads them, with the host
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )
