"""Test the command line as a whole: help, errors of one line, and exit statuses."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from api.cli import COMMANDS, main
from ledger.domain.errors import Unavailable
from ledger.domain.registry import KINDS
from ledger.domain.rules import RULES
from ledger.store.database import connect
from tests.api.cli_tools import NOTICE, Ledger, caller, url_of

ROOT = Path(__file__).parents[3]
RUN = [sys.executable, "-c", "import sys; from api.cli import main; sys.exit(main())"]


@pytest.fixture
def ledger(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ledger:
    """Return the command line in an empty directory, with a database that does not exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", f"postgresql://nobody@/ledger?host={tmp_path}")
    return caller(capsys)


def test_help_lists_every_command_and_what_it_does(ledger: Ledger) -> None:
    ran = ledger("--help")
    assert ran.status == 0
    assert all(name in ran.out and meaning in ran.out for name, meaning in COMMANDS.items())
    assert ledger().status == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_takes_json(ledger: Ledger, name: str) -> None:
    assert import_module(f"api.cli.{name}").__doc__
    ran = ledger(name, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: ledger {name}")
    actions = {
        "notice": ["add", "check"],
        "people": ["show", "set", "erase"],
        "token": ["issue", "revoke"],
        "follow": ["add", "remove", "publish", "unpublish", "status"],
        "key": ["generate", "show", "rotate"],
        "schema": ["graphql", "facts"],
    }
    helps = [ledger(name, action, "--help").out for action in actions.get(name, [])] or [ran.out]
    assert all("--json" in text for text in helps)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dance"], "no command 'dance'; the commands are demo, "),
        (["append", "-"], "the following arguments are required: --notice; see ledger append --help"),
        (["notice"], "see ledger notice --help"),
        (["replay", NOTICE, "--to", "soon"], "'soon' is not a position or a time; for example"),
        (["replay", NOTICE, "--to", "0"], "'0' is not a position or a time; for example"),
        (["replay", NOTICE, "--to", "2022-09-30T12:00:00"], "is not a position or a time; for example"),
        (["replay", NOTICE, "--diff", "3"], "'3' is not a range; write two positions or times as A..B"),
        (["replay", NOTICE, "--diff", "1..2", "--actor", "ann"], "omit --diff"),
        (
            ["token", "issue", "--notice", NOTICE, "--role", "king"],
            "no role 'king'; the roles are",
        ),
        (["serve", "--port", "x"], "'x' is not a port"),
    ],
)
def test_a_call_that_is_wrong_is_told_in_one_line(ledger: Ledger, words: list[str], message: str) -> None:
    ran = ledger(*words)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.startswith("ledger: ")
    assert ran.err.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_told_in_one_line(ledger: Ledger) -> None:
    for words in (["verify"], ["replay", NOTICE], ["notice", "add", NOTICE], ["migrate"]):
        ran = ledger(*words)
        assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert "the database cannot be reached" in ran.err


@pytest.mark.parametrize(
    "value",
    [
        "nonsense",
        "postgresql://dfe:Secret50%off@source.invalid/ledger",
        "postgresql://dfe:Secret50@source.invalid/ledger?connect_timeout=soon",
    ],
)
def test_a_wrong_url_of_a_source_is_one_line_without_its_password(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LEDGER_SOURCE_URL", value)
    ran = ledger("follow", "add", "source", "--site", "https://source.invalid", "--key", "k")
    assert ran.status == 1
    assert "LEDGER_SOURCE_URL is wrong: it" in ran.err
    assert ran.err.count("\n") == 1
    assert "Secret50" not in ran.out + ran.err
    assert value not in ran.out + ran.err


@pytest.mark.parametrize("hosts", ["127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2"])
async def test_the_reason_why_a_database_cannot_be_reached_is_no_advice(hosts: str) -> None:
    with pytest.raises(Unavailable, match=r"the database cannot be reached: [^\n]*Connection refused$"):
        await connect(f"postgresql://me:secret@{hosts}/ledger")


def test_a_wrong_setting_is_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_WORKERS", "many")
    ran = ledger("verify")
    assert ran.status == 1
    assert ran.err.startswith("ledger: LEDGER_WORKERS is wrong: 'many'")


def test_errors_are_json_for_programs(ledger: Ledger) -> None:
    ran = ledger("verify", "--json")
    assert (ran.status, ran.out) == (1, "")
    assert "cannot be reached" in json.loads(ran.err)["error"]


@pytest.mark.filterwarnings("default")
def test_schema_prints_the_sdl_and_a_schema_of_every_fact(ledger: Ledger) -> None:
    sdl = ledger("schema", "graphql")
    assert sdl.status == 0
    assert "type Query {" in sdl.out
    assert json.loads(ledger("schema", "graphql", "--json").out)["sdl"] == sdl.out.rstrip("\n")
    facts = json.loads(ledger("schema", "facts").out)
    assert facts["improvement-ledger.plan.ObjectiveAdded.v1"]["required"] == [
        "objective",
        "title",
        "areas",
        "owner",
        "due",
    ]


def test_a_reader_that_has_seen_enough_is_no_error(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    assert ledger("notice", "add", NOTICE).status == 0
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    nobody_reads, output = os.pipe()
    os.close(nobody_reads)
    words = [*RUN, "replay", NOTICE, "--to", "2", "--json"]
    ran = subprocess.run(words, stdout=output, stderr=subprocess.PIPE, check=False)
    os.close(output)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_the_reference_of_all_rules_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "rules", "--markdown"]) == 0
    reference = capsys.readouterr().out
    assert (ROOT / "docs/rules.md").read_text("utf-8") == reference, "run ledger schema rules --markdown"
    assert all(f"## {kind}\n" in reference for kind in RULES)
    assert main(["schema", "rules"]) == 0
    assert [rule["rule"] for rule in json.loads(capsys.readouterr().out)] == list(RULES)


def test_the_reference_of_all_facts_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "facts", "--markdown"]) == 0
    reference = capsys.readouterr().out
    assert (ROOT / "docs/facts.md").read_text("utf-8") == reference, "run make facts"
    assert all(f"### {kind.name}\n" in reference and kind.type in reference for kind in KINDS.values())
    assert (
        reference.count("```json") == len(KINDS) - 3
    )  # a notice and its areas are in the pack; the history has no loss
