"""Test the commands that record on a real database: notices, facts from files, and tokens."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from ledger.append import tokens
from ledger.packs import shipped
from tests.api.cli_tools import NOTICE, Ledger, caller, url_of


@pytest.fixture
def ledger(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> Ledger:
    """Return the command line on an empty database, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    monkeypatch.delenv("LEDGER_TOKEN", raising=False)
    return caller(capsys)


def objective(name: str, **more: Any) -> str:
    """Return a line that adds an objective."""
    data = {"objective": name, "title": "See children", "areas": ["1b"], "owner": "ann", "due": "2023-03-31"}
    kind = "improvement-ledger.plan.ObjectiveAdded.v1"
    return json.dumps({"specversion": "1.0", "id": name, "source": "plan", "type": kind, "data": {**data, **more}})


def written(*lines: str) -> Path:
    """Write lines to a file."""
    path = Path("events.ndjson")
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_a_pack_is_checked_by_its_lines(ledger: Ledger) -> None:
    assert ledger("notice", "check", NOTICE).out == "tameside-2022 is sound: 2 areas, 27 clauses.\n"
    Path("mine.toml").write_bytes(shipped(NOTICE).replace(b'number = "13"', b"number = 13"))
    line = Path("mine.toml").read_text("utf-8").split("number = 13\n")[0].count("\n") + 1
    ran = ledger("notice", "check", "mine.toml")
    assert ran.status == 1
    assert ran.out.startswith(f"mine.toml:{line}: clause 13, number: ")
    assert "mine.toml has 1 error;" in ran.err
    [result] = ledger("notice", "check", "mine.toml", "--json").json
    assert (result["sound"], result["faults"][0]["line"]) == (False, line)
    refused = ledger("notice", "add", "mine.toml")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith(f"ledger: mine.toml:{line}: clause 13")
    assert "nothing.toml cannot be read" in ledger("notice", "check", "nothing.toml").err


@pytest.mark.parametrize("action", ["check", "add"])
def test_a_file_without_an_end_is_no_pack(ledger: Ledger, action: str) -> None:
    with Path("sparse.toml").open("wb") as file:
        file.truncate(5_000_000_000)
    for name in ("sparse.toml", "/dev/zero"):
        ran = ledger("notice", action, name)
        assert (ran.status, ran.out) == (1, "")
        assert f"{name} has more than 10,000,000 bytes; name a notice pack" in ran.err


def test_a_notice_is_recorded_once_and_never_from_another_pack(ledger: Ledger) -> None:
    assert ledger("notice", "add", NOTICE).out == "tameside-2022 is recorded: entries 1 to 30.\n"
    again = ledger("notice", "add", NOTICE)
    assert again.status == 0
    assert "was recorded already" in again.out
    receipts = ledger("notice", "add", NOTICE, "--json").json
    assert [receipt["position"] for receipt in receipts] == [*range(1, 31)]
    assert all(receipt["duplicate"] for receipt in receipts)
    last = shipped(NOTICE).rpartition(b"[[clause]]")[2].replace(b'number = "13"', b'number = "14"')
    Path("mine.toml").write_bytes(shipped(NOTICE) + b"\n[[clause]]" + last)
    other = ledger("notice", "add", "mine.toml")
    assert other.status == 1
    assert "was recorded from another version of its pack" in other.err
    assert ledger("verify").out.startswith("tameside-2022 is sound: 30 entries")


def test_lines_are_recorded_and_what_is_wrong_is_told_by_line(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    path = written(
        objective("O1"), "", "{", objective("O2", due="soon"), objective("O3", areas=["1x"]), objective("O4")
    )
    ran = ledger("append", path, "--notice", NOTICE)
    assert ran.status == 1
    assert [(receipt["id"], receipt["position"]) for receipt in ran.json] == [("O1", 31), ("O4", 32)]
    errors = ran.err.splitlines()
    assert [line.split(":")[0] for line in errors[:3]] == ["line 3", "line 4", "line 5"]
    assert errors[1].startswith("line 4: data.due: ")
    assert errors[2].endswith("(NOT_FOUND)")
    assert errors[3] == "2 recorded, 0 recorded earlier, 3 refused."


def test_after_a_break_the_same_file_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger("notice", "add", NOTICE)
    first = ledger("append", written(objective("O1")), "--notice", NOTICE)
    content = "".join(f"{objective(f'O{n}')}\n" for n in range(1, 1201)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    ran = ledger("append", "-", "--notice", NOTICE)
    assert (ran.status, ran.err) == (0, "")
    assert ran.json[0] == {**first.json[0], "duplicate": True}
    assert [receipt["position"] for receipt in ran.json] == [*range(31, 1231)]


def test_a_line_that_never_ends_is_refused_and_its_neighbours_go_in(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    path = written(objective("O1"), objective("O2", title="x" * 9_000_000), objective("O3"))
    ran = ledger("append", path, "--notice", NOTICE, "--json")
    assert ran.status == 1
    assert [line.get("id") for line in ran.json] == ["O1", None, "O3"]
    assert (ran.json[1]["line"], ran.json[1]["refusals"][0]["code"]) == (2, "TOO_LARGE")


def test_a_file_without_line_breaks_is_not_read_for_ever(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    ran = ledger("append", "/dev/zero", "--notice", NOTICE)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == ("ledger: line 1 has no end within 268,435,456 bytes; put each event on one line\n")


def test_a_file_may_begin_with_a_byte_order_mark(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    path = written("\ufeff" + objective("O1"), objective("O2"))
    assert [receipt["id"] for receipt in ledger("append", path, "--notice", NOTICE).json] == ["O1", "O2"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_file_in_utf_16_is_refused_in_one_line(ledger: Ledger, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(objective("O1") + "\n" + objective("O2") + "\n", encoding)
    ran = ledger("append", str(path), "--notice", NOTICE)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "ledger: the file is in UTF-16 or UTF-32; save it in UTF-8\n"


def test_an_event_over_several_lines_is_told_once(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    path = written(json.dumps(json.loads(objective("O1")), indent=2))
    ran = ledger("append", path, "--notice", NOTICE)
    assert (ran.status, ran.out) == (1, "")
    assert (
        ran.err == "ledger: an event spans several lines; put each on one line, for example with: jq -c . FILE\n"
    )


def test_a_token_records_as_its_actor_until_it_is_revoked(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger("notice", "add", NOTICE)
    issued = ledger("token", "issue", "--role", "council-officer", "--notice", NOTICE, "--actor", "ann")
    assert issued.status == 0
    secret = issued.out.strip()
    assert "in entry 32, and granted them the role of council officer." in issued.err
    path = written(objective("O1"))
    assert ledger("append", path, "--notice", NOTICE, "--token", secret).status == 0
    [minute] = ledger("replay", NOTICE, "--actor", "ann", "--json").json
    assert (minute["position"], minute["role"]) == (33, "council officer")
    [again] = ledger(
        "token", "issue", "--role", "COUNCIL_OFFICER", "--notice", NOTICE, "--actor", "ann", "--json"
    ).json
    assert not again["roleGranted"]
    assert again["position"] == 34
    revoked = ledger("token", "revoke", again["token"], "--notice", NOTICE, "--reason", "It was mislaid")
    assert revoked.out == f"Token {again['token']} is revoked, in entry 35.\n"
    monkeypatch.setenv("LEDGER_TOKEN", again["secret"])
    refused = ledger("append", written(objective("O9")), "--notice", NOTICE)
    assert refused.status == 1
    assert "(FORBIDDEN)" in refused.err


def test_a_token_may_be_bound_to_a_source_facts_and_a_time(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    bounds = ["--role", "integration", "--notice", NOTICE, "--source", "plan", "--fact", "ObjectiveAdded"]
    [issued] = ledger("token", "issue", *bounds, "--until", "2099-01-01", "--json").json
    assert issued["actor"] == "integration"
    lines = [objective(name, owner="integration") for name in ("O1", "O2")]
    path = written(lines[0], lines[1].replace('"source": "plan"', '"source": "elsewhere"'))
    ran = ledger("append", path, "--notice", NOTICE, "--token", issued["secret"])
    assert [receipt["id"] for receipt in ran.json] == ["O1"]
    assert "line 2: source: this token records only from the source plan; use that source (FORBIDDEN)" in ran.err
    assert "the token expires in the past" in ledger("token", "issue", *bounds, "--until", "2020-01-01").err


def test_a_misspelt_actor_gets_no_token(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    words = ["token", "issue", "--role", "partner", "--notice", NOTICE, "--actor"]
    assert ledger(*words, "jane.smith").status == 0
    ran = ledger(*words, "jane.smiht")
    assert (ran.status, "did you mean jane.smith?" in ran.err) == (1, True)
    assert ledger(*words, "jane.smiht", "--register").status == 0
    unset = ledger(*words, "")  # as from a script whose variable has no value
    assert (unset.status, "actor" in unset.err) == (1, True)


def test_a_token_for_a_powerful_role_waits_for_a_second_person(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    words = ["token", "issue", "--notice", NOTICE, "--role"]
    secrets = {
        role: ledger(*words, role, "--json").json[0]["secret"]
        for role in ("records-officer", "department-official")
    }
    kind = "improvement-ledger.people.ActorRegistered.v1"
    line = {"specversion": "1.0", "id": "a1", "source": "records", "type": kind}
    path = written(json.dumps(line | {"data": {"actor": "ann", "kind": "PERSON"}}))
    assert ledger("append", path, "--notice", NOTICE, "--token", secrets["records-officer"]).status == 0
    ran = ledger(*words, "adviser", "--actor", "ann")
    assert (ran.status, "takes two people; entry 36 requests it for ann" in ran.err) == (1, True)
    assert "entry 36 requests it" in ledger(*words, "adviser", "--actor", "ann").err
    line |= {"id": "g1", "type": "improvement-ledger.people.RoleGranted.v1"}
    path = written(json.dumps(line | {"data": {"actor": "ann", "role": "ADVISER", "request": 36}}))
    assert ledger("append", path, "--notice", NOTICE, "--token", secrets["records-officer"]).status == 0
    assert ledger(*words, "adviser", "--actor", "ann").status == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["token", "issue", "--role", "adviser", "--notice", "nowhere"],
            "no notice 'nowhere' is recorded; add it first",
        ),
        (
            ["token", "issue", "--role", "adviser", "--notice", NOTICE + "0"],
            f"no notice '{NOTICE}0' is recorded; did you mean {NOTICE}?",
        ),
        *(
            (words, f"no notice '{NOTICE}0' is recorded; did you mean {NOTICE}?")
            for words in (
                ["token", "revoke", "x", "--notice", NOTICE + "0", "--reason", "why"],
                ["people", "show", NOTICE + "0"],
                ["people", "set", NOTICE + "0", "ann", "--name", "Ann"],
                ["people", "erase", NOTICE + "0", "ann"],
                ["replay", NOTICE + "0"],
                ["export", NOTICE + "0", "-o", "x.zip"],
                ["report", NOTICE + "0", "--issued", "AR1", "--format", "html", "-o", "x.html"],
                ["rebuild", "--notice", NOTICE + "0"],
                ["key", "rotate", NOTICE + "0"],
                ["resume", NOTICE + "0", "--accept-loss"],
            )
        ),
        (
            ["token", "issue", "--role", "adviser", "--notice", NOTICE, "--fact", "Dance"],
            "no fact 'Dance'",
        ),
        (["token", "issue", "--role", "public", "--notice", NOTICE], "the role PUBLIC cannot be granted"),
        (["token", "revoke", "x", "--notice", NOTICE, "--reason", "why"], "there is no token x"),
        (["append", "nothing.ndjson", "--notice", NOTICE], "nothing.ndjson cannot be read"),
        (["append", "-", "--notice", NOTICE, "--token", "ledger_x"], "the token has no rights in tameside-2022"),
    ],
)
def test_what_is_refused_is_told_in_one_line(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    ledger("notice", "add", NOTICE)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    ran = ledger(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert message in ran.err


def test_a_mistyped_notice_of_events_is_named(ledger: Ledger) -> None:
    ledger("notice", "add", NOTICE)
    ran = ledger("append", written(objective("O1")), "--notice", NOTICE + "0")
    assert (ran.status, ran.err) == (1, f"ledger: no notice '{NOTICE}0' is recorded; did you mean {NOTICE}?\n")


def test_the_secret_of_a_token_is_nowhere_in_the_database(ledger: Ledger, database: str) -> None:
    ledger("notice", "add", NOTICE)
    secret = ledger("token", "issue", "--role", "adviser", "--notice", NOTICE).out.strip()
    with psycopg.connect(database) as connection:
        for table in ("entries", "narratives", "tokens", "heads"):
            query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier("ledger", table))
            rows = connection.execute(query).fetchall()
            assert rows
            assert not any(secret in text or secret.encode().hex() in text for (text,) in rows)


def test_who_an_actor_is_stands_beside_the_log_and_can_be_erased(ledger: Ledger, database: str) -> None:
    ledger("notice", "add", NOTICE)
    assert "names nobody" in ledger("people", "show", NOTICE).out
    set_ = ("people", "set", NOTICE, "chair", "--name", "Ada Invented")
    assert "names an actor chair; register the actor first" in ledger(*set_).err
    ledger("token", "issue", "--role", "chair", "--notice", NOTICE)
    misspelt = ledger("people", "set", NOTICE, "chairr", "--name", "Ada Invented")
    assert (misspelt.status, misspelt.out) == (1, "")
    assert "names an actor chairr; did you mean chair?" in misspelt.err
    assert ledger(*set_).out.startswith("chair is Ada Invented.")
    ledger(*set_, "--contact", "The town hall")
    assert ledger("people", "show", NOTICE).out == "chair: Ada Invented, The town hall\n"
    with psycopg.connect(database) as connection:
        connection.execute("SET ROLE ledger_reader")
        assert connection.execute("SELECT * FROM ledger.people").fetchall() == []
        connection.execute(f"SET LOCAL ledger.notices = '{NOTICE}'")
        assert len(connection.execute("SELECT * FROM ledger.people").fetchall()) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger.people")
    [before] = ledger("verify", "--json").json
    assert ledger("people", "erase", NOTICE, "chair").out == "The name of chair is erased.\n"
    assert ledger("people", "erase", NOTICE, "chair").err.count("\n") == 1
    assert "names nobody" in ledger("people", "show", NOTICE).out
    [after] = ledger("verify", "--json").json
    assert after["notices"][0]["root_hash"] == before["notices"][0]["root_hash"]
    assert "no notice 'nowhere' is recorded" in ledger("people", "set", "nowhere", "chair", "--name", "Ada").err
    assert "name: " in ledger("people", "set", NOTICE, "chair", "--name", " ").err


def test_a_token_is_revoked_by_its_id_and_never_repeated(ledger: Ledger) -> None:
    secret = f"{tokens.PREFIX}{'x' * 43}"
    ran = ledger("token", "revoke", secret, "--notice", NOTICE, "--reason", "It leaked.")
    assert (ran.status, ran.out) == (2, "")
    assert "name the token by its public id" in ran.err
    assert secret not in ran.err


def test_an_empty_token_is_not_the_operator(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger("notice", "add", NOTICE)
    monkeypatch.setenv("LEDGER_TOKEN", "")
    ran = ledger("append", "-", "--notice", NOTICE)
    assert (ran.status, ran.out) == (2, "")
    assert "LEDGER_TOKEN is empty" in ran.err
