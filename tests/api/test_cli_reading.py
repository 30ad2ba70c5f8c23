"""What the command line shows: the demo on a real database, and its history replayed and verified."""

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.cli import main, sample
from ledger.packs import history
from tests.api.cli_tools import NOTICE, Ledger, caller, url_of

TOLD = 75
"""Entries of the demo: 30 of the notice, 18 of the people, 27 of the history."""


_numbers = count(1)


@pytest.fixture(scope="module")
def shown(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database in which the demo has been, to be copied, and the directory in which it ran."""
    folder = tmp_path_factory.mktemp("shown")
    with scratch(template, "ledger_template") as url, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LEDGER_DATABASE_URL", url_of(url))
        assert main(["demo", "--check", "--json"]) == 0
        yield url, folder


@contextmanager
def scratch(server: str, source: str) -> Iterator[str]:
    """A database of its own, copied from `source`."""
    name = f"shown_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(source)))
        yield make_conninfo(server, dbname=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def ledger(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> Ledger:
    """The command line on an empty database of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    return caller(capsys)


@pytest.fixture
def copied(template: str, shown: tuple[str, Path], tmp_path: Path) -> Iterator[str]:
    """The test's own copy of the database in which the demo has been; its directory is copied too."""
    shutil.copytree(shown[1], tmp_path, dirs_exist_ok=True)
    with scratch(template, str(conninfo_to_dict(shown[0])["dbname"])) as url:
        yield url


@pytest.fixture
def demo(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, copied: str
) -> Ledger:
    """The command line on that copy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(copied))
    return caller(capsys)


def test_the_demo_says_what_it_does_and_all_its_checks_hold(ledger: Ledger, database: str) -> None:
    ran = ledger("demo", "--check")
    assert (ran.status, ran.err) == (0, "")
    steps = ["A database and a server", "The notice", "The people", "The history", "The replay", "The proof"]
    places = [ran.out.index(f"{number}. {title}") for number, title in enumerate([*steps, "The questions"], 1)]
    assert places == sorted(places)
    assert "All of it is invented." in ran.out
    assert "an officer tried to grant access to themselves (SAME_PERSON)" in ran.out
    assert "O2  due 2023-02-28" in ran.out
    assert "O2  due 2022-10-31" in ran.out
    assert "All 7 checks held" in ran.out
    assert stat.S_IMODE(Path(".ledger/demo/tokens.json").stat().st_mode) == 0o600
    with psycopg.connect(database) as connection:
        [first, last] = connection.execute(
            "SELECT min(recorded_at), max(recorded_at) FROM ledger.entries"
        ).fetchall()[0]
    assert (first.year, last.isoformat()) == (2022, "2022-12-19T10:00:00+00:00")


def test_the_demo_is_harmless_when_repeated(demo: Ledger, copied: str) -> None:
    again = demo("demo", "--check")
    assert again.status == 0
    assert "27 facts are in, 27 of them since an earlier run." in again.out
    Path(".ledger/demo/tokens.json").unlink()
    assert demo("demo", "--check").status == 0
    with psycopg.connect(copied) as connection:
        [(size,)] = connection.execute("SELECT size FROM ledger.heads").fetchall()
    assert size == TOLD + len(sample.PEOPLE)


def test_the_demo_leaves_a_real_ledger_alone(ledger: Ledger, database: str) -> None:
    ledger("notice", "add", NOTICE)
    ran = ledger("demo", "--check")
    assert ran.status == 1
    assert "holds a tameside-2022 that is not the demo's" in ran.err
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT size FROM ledger.heads").fetchall() == [(30,)]


def test_the_demo_names_what_did_not_hold(demo: Ledger, copied: str) -> None:
    with psycopg.connect(copied) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.narratives SET body = 'Other' WHERE position = 56")
    ran = demo("demo", "--check")
    assert ran.status == 1
    assert "This did not hold: the record is sound." in ran.out


def test_a_demo_of_another_version_is_told_with_its_mend(demo: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    other = history(NOTICE).replace(b"since they moved", b"since they went")
    monkeypatch.setattr("api.cli.sample.history", lambda _notice: other)
    ran = demo("demo", "--check")
    assert ran.status == 1
    assert "made by another version of its history; remove .ledger/demo" in ran.err


def test_the_history_is_told_in_numbered_minutes(demo: Ledger) -> None:
    told = demo("replay", NOTICE)
    assert told.status == 0
    minutes = told.out.strip().split("\n\n")
    assert len(minutes) == TOLD
    assert all(minute.strip().startswith(f"{number}. ") for number, minute in enumerate(minutes, 1))
    corrected = minutes[70]
    for line in (
        "  71. Entry 51 was corrected.",
        "recorded  2 November 2022, 10:10, by council-officer",
        "reason    «The due date was copied from an older draft; the plan says the end of February (invented)»",
        "changed   objective O2: due 31 October 2022 → 28 February 2023",
    ):
        assert line in corrected
    assert "happened  27 July 2022, 14:30" in minutes[53]
    assert "evidence  E1 (entry 53)" in minutes[53]
    assert "in words  «erased by entry 68»" in minutes[58]
    assert "but       entry 71 corrected this" in minutes[50]


def test_the_history_is_told_as_it_was_and_in_parts(demo: Ledger) -> None:
    def positions(*words: str) -> list[int]:
        ran = demo("replay", NOTICE, "--json", *words)
        assert ran.status == 0
        return [minute["position"] for minute in ran.json]

    assert positions("--to", "40") == [*range(1, 41)]
    assert positions("--to", "2022-09-30T00:00:00Z")[-1] == 63
    assert positions("--subject", "A1") == [60, 61, 64]
    assert positions("--clause", "9")[-2:] == [63, 64]
    assert positions("--actor", "chair") == [54, 58, 69, 74]
    assert positions("--decisions") == [54, 58, 61, 63, 64, 68, 69, 70, 71, 74]
    before = demo("replay", NOTICE, "--to", "70", "--subject", "O2", "--json").json
    assert all(minute["correctedBy"] is None for minute in before)
    assert demo("replay", NOTICE, "--actor", "nobody").out.startswith("Nothing of this kind")


def test_a_difference_between_two_positions_is_told(demo: Ledger) -> None:
    told = demo("replay", NOTICE, "--diff", "70..72").out
    assert "tameside-2022, from position 70 to 72:" in told
    assert "  objective O2: due 31 October 2022 → 28 February 2023" in told
    assert "  objective O3: activity RED → AMBER" in told
    [found] = demo("replay", NOTICE, "--diff", "2022-11-01..2022-11-03", "--json").json
    assert (found["from"], found["to"]) == (70, 71)
    assert {(change["of"], change["aspect"]) for change in found["changes"]} == {
        ("entry 51", "reads"),
        ("objective O2", "due"),
    }
    assert "nothing changed" in demo("replay", NOTICE, "--diff", "70..70").out
    assert demo("replay", NOTICE, "--diff", "9..2").err.endswith("write 2..9\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["replay", "nowhere"], "no notice 'nowhere' is recorded"),
        (["replay", "a,b"], "no notice 'a,b' is recorded"),
        (["replay", NOTICE, "--to", "99"], "has 75 entries, so 99 is yet to come"),
        (["replay", NOTICE, "--to", "2001-01-01"], "nothing had been recorded of tameside-2022 by 2001-01-01"),
        (["verify", "nowhere"], "nothing is recorded of a notice nowhere"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(demo: Ledger, words: list[str], told: str) -> None:
    ran = demo(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert told in ran.err


def test_verify_names_an_entry_that_was_edited(demo: Ledger, copied: str) -> None:
    assert demo("verify").out.startswith("tameside-2022 is sound: 75 entries, 70 texts, 1 of them erased, root ")
    with psycopg.connect(copied) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE ledger.entries SET body = decode(replace(encode(body, 'hex'), %s, %s), 'hex') "
            "WHERE position = 55",
            (b"AMBER".hex(), b"GREEN".hex()),
        )
    ran = demo("verify", NOTICE)
    assert ran.status == 1
    assert "first at tameside-2022, entry 55: the bytes are not those that were hashed" in ran.err
    [report] = demo("verify", "--json").json
    assert (report["sound"], report["first"]["position"]) == (False, 55)


def test_migrate_says_whether_there_was_anything_to_do(ledger: Ledger, database: str) -> None:
    assert ledger("migrate").out == "The database was up to date already.\n"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA ledger, views CASCADE")
        connection.execute("DROP TABLE public.ledger_migrations")
    assert ledger("verify").err.startswith("ledger: the database lacks ")
    assert ledger("migrate", "--json").json[0]["ran"][0] == "ledger/0000_roles.sql"
    assert ledger("verify").out == "Nothing is recorded yet.\n"
