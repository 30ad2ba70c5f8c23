"""Test that a service which stops, or replaces its workers, answers clients that have just connected."""

import signal
import socket
from contextlib import ExitStack
from http.client import HTTPResponse

import pytest

from tests.api import process as processes
from tests.api.process import Process, faults, serving

pytestmark = pytest.mark.database
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
PATIENT = f"""
from api.http import protocol
protocol.FIRST_SECONDS = 5.0  # a busy machine may take a second between the signal and the request
{processes.SERVE}
"""


def connected(server: Process, sent: bytes = b"") -> socket.socket:
    """Return a connection that has sent these bytes."""
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=60)
    client.sendall(sent)
    return client


def answer_to(client: socket.socket, sent: bytes) -> tuple[int, str | None]:
    """Send bytes, and return the answer's status and whether the connection ends."""
    client.sendall(sent)
    answer = HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer.status, answer.headers["Connection"]


def test_a_service_that_stops_answers_clients_that_have_just_connected(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SERVE", PATIENT)
    with serving(database) as server, ExitStack() as stack:
        server.read_until("Application startup complete")
        fresh, begun, unused, again, last = (
            stack.enter_context(connected(server, sent)) for sent in (b"", HEAD, b"", b"", b"")
        )
        assert answer_to(again, HEAD + b"\r\n") == (200, None)
        again.sendall(HEAD)
        assert answer_to(last, HEAD + b"\r\n") == (200, None)  # the server has accepted the others before
        server.popen.send_signal(signal.SIGTERM)
        server.read_until("Shutting down")
        assert last.recv(1) == b""
        assert answer_to(fresh, HEAD + b"\r\n") == (200, "close")
        assert answer_to(begun, b"\r\n") == (200, "close")
        assert answer_to(again, b"\r\n") == (200, "close")
        assert unused.recv(1) == b""
        assert faults(server.rest()) == []
