"""Run the commands of docs/following.md as written: a council publishes, a Department follows, and they part."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Literal

from ledger.store.database import migrate
from tests.api.documents import PDF, PDF_TYPE, about
from tests.api.process import faults, serving
from tests.api.service import NO_TLS, NOTICE, STRUCTURED, begin, progress
from tests.journeys import documents
from tests.journeys.tcp_server import TcpServer, tcp_server
from tests.ledger.follow.pairs import LOGICAL
from tests.projections.folding import until

pytestmark = [pytest.mark.database, pytest.mark.long]
PAGE = "docs/following.md"
PUBLISH = [f"{PAGE}: At the council 1"]
FOLLOW = [f"{PAGE}: At the Department 1"]
REMOVE = [f"{PAGE}: Leaving 1"]
UNPUBLISH = [f"{PAGE}: Leaving 2"]
BLOCKS = [*PUBLISH, *FOLLOW, *REMOVE, *UNPUBLISH]
PASSWORD = "the+follower"
DOCUMENT_FAULTS = {
    "a file is missing from the store",
    "a stored file differs from its entry",
    "Exception in ASGI application",
}
"""Messages in the copy's log about a missing and a damaged document."""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[TcpServer, TcpServer]]:
    with tcp_server(**LOGICAL) as council, tcp_server() as department:
        for server in (council, department):
            administrator = server.url("postgres", "postgres")
            with psycopg.connect(f"{administrator}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE ledger")
            asyncio.run(migrate(f"{administrator}/ledger"))
        yield council, department


async def test_a_department_follows_a_council(servers: tuple[TcpServer, TcpServer], tmp_path: Path) -> None:
    urls = [server.url("postgres", "postgres") for server in servers]
    council, department = (f"{url}/ledger" for url in urls)
    notice = await begin(council)
    both = {"PASSWORD": PASSWORD, "ADMINISTRATOR_URL": urls[0], "DEPARTMENT_URL": urls[1]}
    variables = documents.environment(tmp_path, **both, COUNCIL_SERVER=f"127.0.0.1:{servers[0].port}")
    key = documents.shell(documents.script(PUBLISH), tmp_path, variables).strip()
    variables = {**variables, "COUNCIL_KEY": key}
    output = documents.shell(documents.script(FOLLOW), tmp_path, variables)
    assert "tameside is followed. Its notices are read-only here." in output
    assert "source tameside at https://ledger.tameside.example" in output
    copy_tokens(council, department)
    signing = str(tmp_path / ".ledger" / "signing.key")
    council_data, department_data = tmp_path / "council", tmp_path / "department"
    with (
        serving(department, LEDGER_DATA=str(department_data)) as copy,
        serving(council, LEDGER_DATA=str(council_data), LEDGER_SIGNING_KEY_FILE=signing) as original,
    ):
        headers = {"Authorization": f"Bearer {notice.tokens['officer']}"}
        async with httpx.AsyncClient(headers=headers, timeout=30, verify=NO_TLS) as client:
            recorded = await post(client, original.url)
            assert recorded.status_code == 201, recorded.text
            position = recorded.json()["position"]
            query = f'{{ notice(id: "{NOTICE}") {{ title }} }}'

            async def has_arrived() -> bool:
                answer = (await client.post(f"{copy.url}/graphql", json={"query": query})).json()
                return bool(answer["extensions"]["ledger"][0]["position"] == position)

            await until(has_arrived)
            refused = await post(client, copy.url)
            assert (refused.status_code, refused.json()["code"]) == (409, "READ_ONLY_COPY")
            assert "record at https://ledger.tameside.example" in refused.json()["errors"][0]["message"]

            async def has_checkpoint() -> bool:
                notes = [
                    (await client.get(f"{url}/ledgers/{NOTICE}/checkpoint")).text
                    for url in (original.url, copy.url)
                ]
                return notes[0] == notes[1] and f"\n{position}\n" in notes[0]

            await until(has_checkpoint)

            async def sees_the_follower() -> bool:
                return bool((await client.get(f"{original.url}/readyz")).json()["followers"])

            await until(sees_the_follower)
            await open_documents_at_the_copy(client, original.url, copy.url, council_data, department_data)
            assert (await client.get(f"{copy.url}/readyz")).json()["followed"] == []
            assert (
                'ledger_follower_backlog_bytes{slot="dfe"}' in (await client.get(f"{original.url}/metrics")).text
            )
        at_department = {"LEDGER_DATABASE_URL": department, "LEDGER_DATA": str(department_data)}
        documents.shell("ledger verify --views", tmp_path, {**variables, **at_department})
        left = {**variables, "LEDGER_DATABASE_URL": department}
        assert "no longer followed" in documents.shell(documents.script(REMOVE), tmp_path, left)
        assert "its slot is gone" in documents.shell(documents.script(UNPUBLISH), tmp_path, variables)
        assert {fault["message"].strip() for fault in faults(copy.stop())} == DOCUMENT_FAULTS
        assert faults(original.stop()) == []


async def open_documents_at_the_copy(
    client: httpx.AsyncClient, original: str, copy: str, council_data: Path, department_data: Path
) -> None:
    """Open a document that is missing at the copy, mirrored there, restricted, or damaged there."""
    for name, classification in (("E1", "OFFICIAL"), ("E2", "RESTRICTED")):
        headers = {"Content-Type": PDF_TYPE, **about(name, classification)}
        answer = await client.put(f"{original}/ledgers/{NOTICE}/evidence", content=PDF, headers=headers)
        assert answer.status_code == 201, answer.text
    document, restricted = (f"{copy}/ledgers/{NOTICE}/evidence/{name}" for name in ("E1", "E2"))

    async def is_known() -> bool:
        return (await client.get(restricted)).status_code != 404

    await until(is_known)
    missing = await client.get(document)
    assert (missing.status_code, "is missing from the store" in missing.text) == (503, True)
    shutil.copytree(council_data / "evidence", department_data / "evidence", dirs_exist_ok=True)
    assert (await client.get(document)).content == PDF
    refused = await client.get(restricted)
    assert (refused.status_code, refused.json()["code"]) == (409, "READ_ONLY_COPY")
    (file,) = (path for path in (department_data / "evidence").rglob("*") if path.is_file())
    file.write_bytes(PDF.replace(b"1.7", b"1.6"))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(document)
    file.write_bytes(PDF)


async def post(client: httpx.AsyncClient, url: str) -> httpx.Response:
    headers = {"Content-Type": STRUCTURED}
    return await client.post(f"{url}/ledgers/{NOTICE}/entries", content=json.dumps(progress()), headers=headers)


def copy_tokens(council: str, department: str) -> None:
    """Let the council's tokens work at the Department, where no issuer of access tokens runs."""
    with psycopg.connect(council) as source, psycopg.connect(department) as copy:
        for row in source.execute("SELECT secret_hash, notice, token FROM ledger.tokens").fetchall():
            copy.execute(SQL("INSERT INTO ledger.tokens VALUES ({}, {}, {})").format(*map(Literal, row)))
