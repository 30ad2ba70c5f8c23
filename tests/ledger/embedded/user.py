"""A process that uses the embedded database: told one command a line, it answers one JSON line each."""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

import psycopg

from ledger.embedded import EmbeddedPostgres, EmbeddedPostgresError

PR_SET_CHILD_SUBREAPER = 36


def obey(server: EmbeddedPostgres, command: str, argument: str) -> Any:
    """Carry out one command."""
    match command:
        case "start":
            url = server.start()
            return {"url": url, "pid": server.pid, "supervisor": server.supervisor_pid}
        case "close":
            server.close()
            return server.wait_until_stopped(20)
        case "connect":
            with psycopg.connect(argument) as connection:
                return connection.execute("SELECT session_user").fetchone()
        case "imported":
            return argument in sys.modules
        case "adopt":
            return ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        case "readable":
            return os.access(argument, os.R_OK)
    raise ValueError(command)


def main() -> None:
    """Read commands until the input ends; answer an error with its message."""
    parameters = json.loads(sys.argv[1])
    server = EmbeddedPostgres(
        Path(parameters["root"]), parameters["options"], system_directory=Path(parameters["system_directory"])
    )
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        try:
            answer = {"answer": obey(server, command, argument)}
        except (EmbeddedPostgresError, psycopg.OperationalError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
