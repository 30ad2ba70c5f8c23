"""Test the OWASP API Security Top 10 of 2023 on the running service, API1:2023 to API10:2023."""

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from api.app import create_app
from api.auth import oidc
from api.http import body
from api.settings import Settings, WrongSetting
from ledger.domain.errors import Unavailable
from tests.api.service import (
    BATCH,
    NDJSON,
    NO_TLS,
    NOTICE,
    STRUCTURED,
    Notice,
    Service,
    begin,
    event,
    issue,
    progress,
    record,
    run,
)

pytestmark = pytest.mark.database
PUBLIC = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/facts", "/facts/{type}"}
"""Routes that answer without a token; they name no notice and no person."""


def bearing(service: Service, token: str | None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=service.url, headers=headers, verify=NO_TLS, timeout=30)


def ask(client: httpx.Client, query: str) -> dict[str, Any]:
    result: dict[str, Any] = client.post("/graphql", json={"query": query}).json()
    return result


def test_1_broken_object_level_authorization(service: Service, officer: httpx.Client) -> None:
    """Check that another notice's objects are indistinguishable from unknown ones, by every path."""
    run(begin(service.database, "theirs"))
    leaks = []
    for notice in ("theirs", "nowhere"):
        path = f"/ledgers/{notice}/entries"
        answers = [
            officer.get(path),
            officer.get(path, headers={"Accept": "text/event-stream"}),
            officer.post(path, json=progress(), headers={"Content-Type": STRUCTURED}),
            officer.post(path, json=[progress()], headers={"Content-Type": BATCH}),
            officer.post(path, content=json.dumps(progress()), headers={"Content-Type": NDJSON}),
        ]
        assert {answer.status_code for answer in answers} == {404}
        query = "query($id: ID!) { notice(id: $id) { id } node(id: $id) { id } }"
        result = officer.post("/graphql", json={"query": query, "variables": {"id": notice}}).json()
        leaks.append(([answer.text for answer in answers], json.dumps(result).replace(notice, "")))
    assert leaks[0] == leaks[1]


def test_2_broken_authentication(service: Service) -> None:
    """Check that only the public routes answer without a valid token in the header."""
    good = service.notice.tokens["officer"]
    routes = [route for route in create_app(Settings()).routes if isinstance(route, Route)]
    assert {route.path for route in routes} >= PUBLIC
    guarded = [route for route in routes if route.path not in PUBLIC]
    made_up = "ledger_" + "A" * 43
    for route in guarded:
        path = route.path.split("{path:")[0].replace("{notice}", NOTICE)
        for method in (route.methods or set()) - {"HEAD"}:
            for token, query in ((None, {}), (made_up, {}), (None, {"access_token": good, "token": good})):
                with bearing(service, token) as client:
                    answer = client.request(method, path, params={"query": "{ me { actor } }", **query}, json={})
                assert answer.status_code in (401, 404) or answer.status_code >= 300, (path, method)
                assert answer.status_code != 200, (path, method)


def test_3_broken_object_property_level_authorization(service: Service, officer: httpx.Client) -> None:
    """Try to set the server's attributes and unknown fields, and to read withheld data."""
    for name, value in (
        ("actor", "chair"),
        ("actorrole", "CHAIR"),
        ("position", 1),
        ("recordedat", "2020-01-01T00:00:00Z"),
    ):
        answer = service.post(officer, progress() | {name: value})
        assert (answer.status_code, answer.json()["code"]) == (422, "SERVER_ATTRIBUTE")
    answer = service.post(officer, progress() | {"data": progress()["data"] | {"approved": True}})
    assert answer.json()["code"] == "UNKNOWN_FIELD"
    query = f'{{ notice(id: "{NOTICE}") {{ entries {{ nodes {{ data actor source withheld }} }} }} }}'
    with service.client("member") as client:
        nodes = ask(client, query)["data"]["notice"]["entries"]["nodes"]
        assert {json.dumps(node) for node in nodes} == {
            json.dumps({"data": None, "actor": None, "source": None, "withheld": True})
        }


def test_4_unrestricted_resource_consumption(service: Service, officer: httpx.Client) -> None:
    """Check that each limit of bodies, batches, pages, documents and lists has its error."""
    large = json.dumps(progress("x" * (body.MAXIMUM_EVENT + 1)))
    assert officer.post(service.entries, content=large, headers={"Content-Type": STRUCTURED}).status_code == 413
    bomb = gzip.compress(b"[" + b" " * (body.MAXIMUM_BATCH * 4) + b"]")
    packed = {"Content-Type": BATCH, "Content-Encoding": "gzip"}
    assert officer.post(service.entries, content=bomb, headers=packed).status_code == 413
    assert (
        officer.post(
            "/graphql",
            content=gzip.compress(b" " * 10_000_000),
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        ).status_code
        == 413
    )
    many = [progress()] * (body.MAXIMUM_EVENTS + 1)
    assert officer.post(service.entries, json=many, headers={"Content-Type": BATCH}).status_code == 413
    assert officer.get(service.entries, params={"limit": 10_001}).status_code == 400
    aliases = " ".join(f"a{number}: me {{ actor }}" for number in range(200))
    assert "errors" in ask(officer, f"{{ {aliases} }}")
    assert "errors" in ask(
        officer, f'{{ notice(id: "{NOTICE}") {{ entries(first: 1000000) {{ nodes {{ id }} }} }} }}'
    )


def test_5_broken_function_level_authorization(service: Service) -> None:
    """Check that no other method or path gives a role more rights."""
    granted = event("people.RoleGranted", {"actor": "member", "role": "RECORDS_OFFICER"}, "member")
    with service.client("member") as client:
        assert service.post(client, granted).json()["code"] == "FORBIDDEN"
        mutation = f"""mutation {{ grantRole(input: {{ notice: "{NOTICE}", id: "g", source: "member",
            data: {{ actor: "member", role: RECORDS_OFFICER }} }}) {{ refusals {{ code }} }} }}"""
        assert ask(client, mutation)["data"]["grantRole"]["refusals"] == [{"code": "FORBIDDEN"}]
        by_get = client.get("/graphql", params={"query": mutation})
        assert by_get.status_code >= 400
        for method in ("PUT", "PATCH", "DELETE"):
            assert client.request(method, service.entries).status_code == 405


def test_6_unrestricted_access_to_sensitive_business_flows(service: Service) -> None:
    """Check that decisions of two people take two, and that a system records only its registered facts."""
    clerk = {"actor": "clerk", "role": "RECORDS_OFFICER"}
    run(record(service.database, NOTICE, [event("people.RoleGranted", clerk, "operator")]))
    with service.client("officer") as officer:
        slip = service.post(officer, progress()).json()["position"]
    with bearing(service, run(issue(service.database, NOTICE, **clerk))) as client:
        request = {"position": slip, "reason": "It tells of a family.", "authority": "The records policy."}
        receipt = service.post(client, event("records.ErasureRequested", request, "clerk")).json()
        erased = {"position": slip, "request": receipt["position"]}
        answer = service.post(client, event("records.NarrativeErased", erased, "clerk"))
        assert answer.json()["code"] == "SAME_PERSON"
    with service.client("system") as client:
        other = event("plan.ObjectiveAdded", {"objective": "O9"}, "system")
        answers = client.post(service.entries, json=[other] * 50, headers={"Content-Type": BATCH}).json()
    assert all("position" not in answer for answer in answers)


def test_7_server_side_request_forgery() -> None:
    """Check that the server fetches only the operator's address, and follows no redirect."""
    for wrong in ("http://169.254.169.254/latest", "file:///etc/passwd", "http://id.example"):
        with pytest.raises(WrongSetting):
            Settings.from_environment({"LEDGER_OIDC_ISSUER": wrong, "LEDGER_OIDC_AUDIENCE": "ledger"})

    async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readline())
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /inner\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def ask_once() -> None:
        async with await asyncio.start_server(redirecting, "127.0.0.1", 0) as server:
            issuer = oidc.Issuer(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "ledger")
            with pytest.raises(Unavailable):
                await issuer.person("eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AAAA")
            await issuer.close()

    requests: list[bytes] = []
    run(ask_once())
    assert len(requests) == 1
    assert b"/.well-known/" in requests[0]


def test_8_security_misconfiguration(service: Service, officer: httpx.Client) -> None:
    """Look for default secrets, debug pages, internal details and cached private answers."""
    assert (Settings().database_url, Settings().oidc_issuer, Settings().signing_key_file) == (None, None, None)
    for path in (
        "/docs",
        "/redoc",
        "/debug",
        "/.env",
        "/admin",
        "/..%2f..%2fetc/passwd",
        "/ledgers/../../etc/passwd",
    ):
        assert officer.get(path).status_code == 404
    answer = officer.get(service.entries, headers={"Origin": "https://elsewhere.example"})
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    assert "private" in answer.headers["cache-control"]
    broken = officer.post(service.entries, content=b"\xff", headers={"Content-Type": STRUCTURED})
    assert not any(word in broken.text for word in ("Traceback", ".py", "psycopg", "starlette"))


def test_9_improper_inventory_management(officer: httpx.Client) -> None:
    """Compare the routes that answer with the published document."""
    served = {
        route.path.replace(":path", "").rstrip("}")
        for route in create_app(Settings()).routes
        if isinstance(route, Route)
    }
    paths = {path.rstrip("}") for path in officer.get("/openapi.json").json()["paths"]}
    assert served == paths


def test_10_unsafe_consumption_of_apis(service: Service, notice: Notice) -> None:
    """Check that a partner's events obey their declaration and the partner's registration."""
    with service.client("system") as client:
        for wrong in (
            progress(source="officer"),
            progress(source="system", type="improvement-ledger.plan.ObjectiveAdded.v1"),
            progress("Call Jane on 07700 900123", source="system"),
            progress(source="system", datacontenttype="text/html"),
            progress(source="system", subject="<script>"),
            progress(source="../../etc/passwd\n"),
        ):
            assert service.post(client, wrong).status_code in (400, 403, 422), wrong
        assert service.post(client, progress(source="system")).status_code == 201
    assert notice.name == NOTICE
