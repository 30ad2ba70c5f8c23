"""Run the commands of the README and of other pages as written, on real notices."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.api.cli_tools import url_of
from tests.api.process import serving
from tests.journeys import documents

NOTICE = "tameside-2022"
SETTING, ADVISER, AUDITOR, PARTNER, HOLDER = (f"README.md: Short journeys {number}" for number in range(1, 6))
AUDITING = [
    "docs/auditing.md: 1. Get a bundle 1",
    "docs/auditing.md: 2. Verify the bundle offline 1",
    "docs/auditing.md: 2. Verify the bundle offline 2",
    "docs/auditing.md: 3. Compare with what others hold 1",
]
JOURNEYS = [SETTING, ADVISER, AUDITOR, *AUDITING, PARTNER, HOLDER]
SERVED = [
    "docs/evidence.md: Send a document 1",
    "docs/asking.md: Ask questions 1",
    "docs/proofs.md: With Python 1",
    "docs/erasure.md: Two people, under a named authority 1",
]
BLOCKS = [*JOURNEYS, *SERVED]


@pytest.mark.long(seconds=60)
def test_the_journeys_of_the_readme_go_as_written(database: str, tmp_path: Path) -> None:
    (tmp_path / "ledger").symlink_to(documents.ROOT / "ledger")
    variables = documents.environment(tmp_path, LEDGER_DATABASE_URL=url_of(database))
    documents.shell("ledger demo --check", tmp_path, variables)
    output = documents.shell(f"set -u\n{documents.script(JOURNEYS)}", tmp_path, variables)
    sound = re.search(r"^tameside-2022 is sound: (\d+) entries", output, re.MULTILINE)
    assert sound is not None, output
    size = int(sound[1])
    assert size > 700
    for line in (
        "The board took decision D1",
        "objective O2: due 30 November 2022 → 31 December 2022",
        f"tameside-2022.zip holds entries 1 to {size} of tameside-2022",
        f"SOUND: tameside-2022: {size} entries, 1 to {size} with none missing",
        "the history continues earlier.zip",
        "another-2022 is sound: 2 areas, 27 clauses.",
        "another-2022 is recorded: entries 1 to 30.",
    ):
        assert line in output
    recorded = re.search(r'"id":"week-1","source":"plan-system","position":(\d+),', output)
    assert recorded is not None, output
    assert int(recorded[1]) > size
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "Evidence of impact" in (tmp_path / "preview.html").read_text("utf-8")


def line_of(name: str, type_: str, data: Mapping[str, object]) -> str:
    """Return a line of a file of facts."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "plan",
        "type": f"improvement-ledger.{type_}.v1",
        "time": "2022-08-01T09:00:00Z",
        "data": data,
    }
    return json.dumps(event) + "\n"


def objective(name: str) -> str:
    """Return a line that adds an objective."""
    data = {"objective": name, "title": "Visits in time", "due": "2023-08-01", "owner": "officer", "areas": ["1a"]}
    return line_of(name, "plan.ObjectiveAdded", data)


@pytest.mark.long(seconds=25)
def test_the_commands_for_a_running_server_go_as_written(database: str, tmp_path: Path) -> None:
    variables = documents.environment(tmp_path, LEDGER_DATABASE_URL=url_of(database), LEDGER_DATA=str(tmp_path))
    role = line_of("role", "people.RoleGranted", {"actor": "a.khan", "role": "COUNCIL_OFFICER"})
    (tmp_path / "facts.ndjson").write_text(objective("O1") + objective("O4") + role, "utf-8")
    (tmp_path / "board-pack.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    prepare = f"""
        ledger notice add {NOTICE}
        ledger append facts.ndjson --notice {NOTICE}
        ledger people set {NOTICE} a.khan --name 'Ada Invented'
    """
    documents.shell(prepare, tmp_path, variables)
    tokens = {
        role: documents.shell(f"ledger token issue --notice {NOTICE} --role {role}", tmp_path, variables).strip()
        for role in ("council-officer", "adviser")
    }
    with serving(database, LEDGER_DATA=str(tmp_path)) as server:
        for name, role in zip(SERVED, ("council-officer", "adviser", "adviser", "adviser"), strict=True):
            served = {"LEDGER": server.url, "LEDGER_TOKEN": tokens[role], "TOKEN": tokens[role]}
            output = documents.shell(documents.script([name]), tmp_path, {**variables, **served})
            print(name, output)  # noqa: T201 - for the reader of a failure
            assert "urn:improvement-ledger:problem" not in output
            assert '"errors"' not in output
    assert (tmp_path / "12.tlog-proof").read_text("utf-8").startswith("c2sp.org/tlog-proof@v1\n")
    assert json.loads((tmp_path / "12.entry").read_bytes())["position"] == 12
    assert f"The directory of {NOTICE} names nobody" in documents.shell(
        f"ledger people show {NOTICE}", tmp_path, variables
    )
