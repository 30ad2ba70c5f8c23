"""Check docker-compose.yml without an engine: its structure, and its commands on a real server."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml  # type: ignore[import-untyped] # pyyaml has no types of its own

from tests.journeys import documents
from tests.journeys.tcp_server import tcp_server

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((documents.ROOT / "docker-compose.yml").read_text("utf-8"))[
    "services"
]


def mounts(service: str) -> set[str]:
    """Return the names of a service's volumes."""
    return {volume.partition(":")[0] for volume in SERVICES[service]["volumes"]}


def test_only_the_services_that_administer_mount_the_administrators_password() -> None:
    assert {name for name in SERVICES if "administrator" in mounts(name)} == {
        *("secrets", "database", "migrate", "login")
    }
    assert mounts("ledger") == {"evidence", "service"}
    assert "administrator" not in str(SERVICES["ledger"]["command"])


def test_each_service_waits_for_the_one_before_it() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    completed, healthy = ({"condition": f"service_{state}"} for state in ("completed_successfully", "healthy"))
    assert waits == {
        "secrets": {},
        "database": {"secrets": completed},
        "migrate": {"database": healthy},
        "login": {"migrate": completed},
        "ledger": {"login": completed},
    }


def test_no_secret_has_a_default() -> None:
    for service in SERVICES.values():
        settings = service.get("environment", {})
        assert not [name for name in settings if "PASSWORD" in name and not name.endswith("_FILE")]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def command(service: str, folder: Path, port: int) -> str:
    """Return a service's script, with its volumes in `folder` and its database on the port."""
    script: str = SERVICES[service]["command"][-1]
    for volume in ("administrator", "service"):
        script = script.replace(f"/{volume}/", f"{folder}/{volume}/").replace(f" /{volume}", f" {folder}/{volume}")
    return script.replace("@database:5432", f"@127.0.0.1:{port}").replace("$$", "$")


@pytest.mark.long
def test_the_commands_lead_to_a_demo_with_few_rights(tmp_path: Path) -> None:
    for volume in ("administrator", "service"):
        (tmp_path / volume).mkdir()
    with tcp_server() as server, psycopg.connect(f"{server.url('postgres', 'postgres')}/postgres") as connection:
        variables = documents.environment(tmp_path, LEDGER_BIND="127.0.0.1:0")
        documents.shell(command("secrets", tmp_path, server.port), tmp_path, variables)
        passwords = [(tmp_path / volume / "password").read_text() for volume in ("administrator", "service")]
        assert passwords[0] != passwords[1]
        assert all(len(password) == 48 for password in passwords)
        connection.autocommit = True
        connection.execute(f"CREATE ROLE administrator SUPERUSER LOGIN PASSWORD '{passwords[0]}'".encode())
        connection.execute("CREATE DATABASE ledger OWNER administrator")
        for _ in range(2):  # a second `docker compose up` repeats them
            for service in ("secrets", "migrate", "login"):
                documents.shell(command(service, tmp_path, server.port), tmp_path, variables)
        demo = command("ledger", tmp_path, server.port).replace("ledger demo", "ledger demo --check")
        assert "All 9 checks passed" in documents.shell(demo, tmp_path, variables)
