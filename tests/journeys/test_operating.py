"""Run the commands of docs/operating.md as written: set up a server, take a backup, restore it elsewhere."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.domain.areas.notice import NoticeIssued
from ledger.domain.registry import KIND_OF
from tests.api.cli_tools import url_of
from tests.journeys import documents
from tests.journeys.tcp_server import tcp_server

PAGE = "docs/operating.md"
SET_UP = [f"{PAGE}: Setting up a server of your own {number}" for number in (1, 2)]
BACKUP = [f"{PAGE}: Backup 1"]
RESTORING = [f"{PAGE}: Restoring 1"]
BLOCKS = [*SET_UP, *BACKUP, *RESTORING]


@pytest.mark.long
def test_a_server_of_ones_own_starts_as_the_page_says(tmp_path: Path) -> None:
    with tcp_server() as server:
        variables = documents.environment(
            tmp_path,
            ADMINISTRATOR_URL=server.url("postgres", "postgres"),
            SERVICE_URL=server.url("improvement_ledger", "the+service"),
            SERVICE_PASSWORD="the+service",
            LEDGER_BIND="127.0.0.1:0",
        )
        script = documents.script(SET_UP)
        shell = subprocess.Popen(
            ["sh", "-euc", script],
            cwd=tmp_path,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert shell.stderr is not None
            assert shell.stdout is not None
            log: list[str] = []
            for line in shell.stderr:
                log.append(line)
                if "listening on " in line:
                    break
            else:
                raise AssertionError(log)
            address = json.loads(log[-1])["message"].removeprefix("listening on ")
            assert not [line for line in log if '"warning"' in line]
            token = next(line.strip() for line in shell.stdout if line.startswith("ledger_"))
            with httpx.Client(
                timeout=60, base_url=address, headers={"Authorization": f"Bearer {token}"}
            ) as client:
                lines = client.get("/ledgers/tameside-2022/entries?limit=1").text
            assert json.loads(lines)["type"] == KIND_OF[NoticeIssued].type
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
            shell.communicate(timeout=60)


@pytest.mark.long
def test_a_backup_that_is_restored_verifies(database: str, tmp_path: Path) -> None:
    variables = documents.environment(
        tmp_path,
        LEDGER_DATABASE_URL=url_of(database),
        SERVER_URL=url_of(make_conninfo(database, dbname="postgres")),
        RESTORED_URL=url_of(make_conninfo(database, dbname="restored")),
    )
    try:
        documents.shell("ledger demo --check", tmp_path, variables)
        before = documents.shell("ledger verify --views", tmp_path, variables)
        documents.shell(documents.script(BACKUP), tmp_path, variables)
        after = documents.shell(documents.script(RESTORING), tmp_path, variables)
        assert before in after
        assert "is sound" in before
        assert "DIFFERS" not in after
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)")
