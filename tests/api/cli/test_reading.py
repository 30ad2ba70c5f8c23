"""Test the commands that read: the demo on a real database, the replay of its history, and its verification."""

import csv
import io
import json
import random
import shutil
import stat
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from api.cli import demo_data, main
from ledger.packs import history
from projections.views.registry import ALL
from tests.api.cli_tools import NOTICE, Ledger, Ran, caller, url_of
from tests.databases import copied_database
from tests.ledger.bundle.bundles import also, by_its_own, found

LINES: list[dict[str, Any]] = [json.loads(line) for line in history(NOTICE).splitlines()]
RECORDED = [line for line in LINES if "demorefused" not in line]
FIRST = 30 + 2 * len(demo_data.PEOPLE)
"""Entries before the history: the notice, and a role and a token for each of the people."""
LAST_POSITION = FIRST + len(RECORDED)
LAST = datetime.fromisoformat(LINES[-1]["demorecordedat"])


def position(line: str) -> int:
    """Return the position of a line of the history."""
    return FIRST + 1 + [event["id"] for event in RECORDED].index(line)


class Demo(Struct, frozen=True):
    """A demo that has run: its database, for copying, its directory, and its output."""

    url: str
    folder: Path
    ran: Ran


@pytest.fixture(scope="module")
def shown(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run the demo once for this module."""
    folder = tmp_path_factory.mktemp("shown")
    with copied_database(template, "ledger_template") as url, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LEDGER_DATABASE_URL", url_of(url))
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            status = main(["demo", "--check"])
        ran = Ran(status, out.getvalue(), err.getvalue())
        assert status == 0, ran
        yield Demo(url, folder, ran)


@pytest.fixture
def ledger(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: str
) -> Ledger:
    """Return the command line on an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(database))
    return caller(capsys)


@pytest.fixture
def copied(template: str, shown: Demo, tmp_path: Path) -> Iterator[str]:
    """Copy the database with the demo's data, and its directory."""
    shutil.copytree(shown.folder, tmp_path, dirs_exist_ok=True)
    with copied_database(template, str(conninfo_to_dict(shown.url)["dbname"])) as url:
        yield url


@pytest.fixture
def demo(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, copied: str
) -> Ledger:
    """Return the command line on that copy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(copied))
    return caller(capsys)


def test_the_demo_says_what_it_does_and_all_its_checks_hold(shown: Demo) -> None:
    ran = shown.ran
    assert ran.err == ""
    steps = ["A database and a server", "The notice", "The people", "The history", "The replay", "The proof"]
    places = [
        ran.out.index(f"{number}. {title}")
        for number, title in enumerate([*steps, "The questions", "The bundle"], 1)
    ]
    assert places == sorted(places)
    assert "All of them are invented." in ran.out
    assert "One was refused, as expected: erasure-by-one (SAME_PERSON)." in ran.out
    assert "O2  due 2022-12-31" in ran.out
    assert "O2  due 2022-11-30" in ran.out
    assert f"   SOUND: {NOTICE}: {LAST_POSITION} entries, 1 to {LAST_POSITION} with none missing, " in ran.out
    assert "All 9 checks passed" in ran.out
    assert stat.S_IMODE((shown.folder / ".ledger/demo/tokens.json").stat().st_mode) == 0o600
    with psycopg.connect(shown.url) as connection:
        [first, last] = connection.execute(
            "SELECT min(recorded_at), max(recorded_at) FROM ledger.entries"
        ).fetchall()[0]
    assert (first.year, last) == (2022, LAST)


def test_the_demo_is_harmless_when_repeated(demo: Ledger, copied: str) -> None:
    """Repeat it without two of the tokens, which are issued again; nothing else is recorded."""
    file = Path(".ledger/demo/tokens.json")
    secrets = json.loads(file.read_text("utf-8"))
    lost = {actor: secrets.pop(actor) for actor in ("adviser", "auditor")}
    file.write_text(json.dumps(secrets), "utf-8")
    again = demo("demo", "--check", "--json")
    assert (again.status, [*again.json[0]["checks"].values()]) == (0, [True] * 9)
    issued = json.loads(file.read_text("utf-8"))
    assert {actor: secret for actor, secret in issued.items() if actor not in lost} == secrets
    assert all(issued[actor] != secret for actor, secret in lost.items())
    with psycopg.connect(copied) as connection:
        [(size,)] = connection.execute("SELECT size FROM ledger.heads").fetchall()
    assert size == LAST_POSITION + len(lost)


def test_the_demo_leaves_a_real_ledger_alone(ledger: Ledger, database: str) -> None:
    ledger("notice", "add", NOTICE)
    ran = ledger("demo", "--check")
    assert ran.status == 1
    assert "holds a tameside-2022 that the demo did not record" in ran.err
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT size FROM ledger.heads").fetchall() == [(30,)]


def test_the_demo_names_what_did_not_hold(demo: Ledger, copied: str) -> None:
    with psycopg.connect(copied) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE ledger.narratives SET body = 'Other' WHERE position = %s", (position("progress-1"),)
        )
    ran = demo("demo", "--check")
    assert ran.status == 1
    assert f"{len(RECORDED)} facts are recorded, {len(RECORDED)} of them by an earlier run." in ran.out
    assert "These checks failed: the record is sound; the bundle proves itself." in ran.out


def test_a_demo_of_another_version_is_told_with_its_mend(demo: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = history(NOTICE).splitlines()[:2]
    other = first + b"\n" + second.replace(b"improvement adviser", b"adviser")
    assert second not in other
    monkeypatch.setattr("api.cli.demo_data.history", lambda _notice: other)
    ran = demo("demo", "--check")
    assert ran.status == 1
    assert "from another version of its history; remove .ledger/demo" in ran.err


def test_the_history_is_told_in_numbered_minutes(demo: Ledger) -> None:
    replay = demo("replay", NOTICE)
    assert replay.status == 0
    minutes = replay.out.strip().split("\n\n")
    assert len(minutes) == LAST_POSITION
    assert all(minute.strip().startswith(f"{number}. ") for number, minute in enumerate(minutes, 1))
    assert all("(invented)" in minute for minute in minutes[FIRST:])
    assert not any("(invented)" in minute for minute in minutes[:FIRST])

    def minute(line: str) -> str:
        return minutes[position(line) - 1]

    for told_of_it in (
        f"Entry {position('objective-2')} was corrected.",
        "recorded  19 July 2022, 10:10, by Priya Summerhill-Dray (council-officer) (invented)",
        "reason    “The due date was copied from an older draft; the plan says the end of December.”",
        "changed   objective O2: due 30 November 2022 → 31 December 2022",
    ):
        assert told_of_it in minute("correction-1")
    assert "happened  27 July 2022, 15:10" in minute("decision-1")
    assert f"evidence  E6 (entry {position('evidence-6')})" in minute("decision-1")
    assert f"in words  “erased by entry {position('erasure')}”" in minute("slip")
    assert f"but       entry {position('correction-1')} corrected this" in minute("objective-2")


def test_who_had_access_to_what_is_told(demo: Ledger) -> None:
    """Check that the replay prints the grants of access, their ends, and each use."""
    output = demo("replay", NOTICE, "--clause", "9").out
    for sentence in (
        "Access X1 was requested: case files, for Silas Underbough (reviewer), to do review R1",
        "was granted, from 3 October 2022, 08:00 until 21 October 2022, 18:00 (case files, for Silas Underbough",
        "Access X1 was used: files-a was viewed (case files, for Silas Underbough (reviewer)).",
        "Access X1 was withdrawn at once (case files, for Silas Underbough (reviewer)).",
        "Access X4 was refused: “Ten years are more than the review needs; ask for those of this year.”",
        "A use of access X5 was refused, for caseloads: expired (data, for diagnostic-provider).",
        "Access X5 was extended until 10 February 2023, 18:00",
    ):
        assert sentence in output
    assert "clauses   5" not in output


def test_the_history_is_told_as_it_was_and_in_parts(demo: Ledger) -> None:
    def positions(*words: str) -> list[int]:
        ran = demo("replay", NOTICE, "--json", *words)
        assert ran.status == 0
        return [minute["position"] for minute in ran.json]

    corrected = position("correction-1")
    assert positions("--to", "40") == [*range(1, 41)]
    assert positions("--to", "2022-07-19T09:10:00Z")[-1] == corrected
    assert positions("--to", "2022-07-19") == positions("--to", "2022-07-19T23:59:59+01:00")  # its end, in England
    of_x4 = ["request-4", "refusal-4"]
    assert positions("--subject", "X4") == [position(line) for line in of_x4]
    assert positions("--actor", "auditor") == [position("audit-1"), position("audit-2")]
    decisions = set(positions("--decisions"))
    assert {position(line) for line in ("decision-1", "grant-1", "refusal-4", "erasure", "closed")} <= decisions
    assert not {position(line) for line in ("progress-1", "reading-M1-2022-07", "use-1")} & decisions
    before = demo("replay", NOTICE, "--to", corrected - 1, "--subject", "O2", "--json").json
    assert all(minute["correctedBy"] is None for minute in before)
    assert demo("replay", NOTICE, "--actor", "nobody").out.startswith("No such entry")


def test_the_history_is_a_table_and_names_people_where_the_directory_does(demo: Ledger) -> None:
    assert demo("people", "set", NOTICE, "chair", "--name", "=Jane Doe").status == 0
    rows = [*csv.DictReader(io.StringIO(demo("replay", NOTICE, "--csv", "--decisions").out))]
    minutes = demo("replay", NOTICE, "--json", "--decisions").json
    assert [int(row["position"]) for row in rows] == [minute["position"] for minute in minutes]
    assert [row["sentence"].removeprefix("'") for row in rows] == [minute["sentence"] for minute in minutes]
    by_chair = [row for row in rows if row["actor"] == "chair"]
    assert {row["name"] for row in by_chair} == {"'=Jane Doe"}
    assert "by =Jane Doe (chair)" in demo("replay", NOTICE, "--decisions", "--actor", "chair").out
    changes = demo("replay", NOTICE, "--csv", "--diff", "100..130").out.splitlines()
    assert changes[0] == '"of","aspect","before","after"'
    assert '"measure M2","target","","90"' in changes
    assert demo("replay", NOTICE, "--csv", "--json").status == 2
    assert demo("people", "erase", NOTICE, "chair").status == 0


def test_a_difference_between_two_positions_is_told(demo: Ledger) -> None:
    at = position("correction-1")
    output = demo("replay", NOTICE, "--diff", f"{at - 1}..{at + 1}").out
    assert f"tameside-2022, from position {at - 1} to {at + 1}:" in output
    assert "  objective O2: due 30 November 2022 → 31 December 2022" in output
    [value_change] = demo("replay", NOTICE, "--diff", "2022-07-19T09:09:00Z..2022-07-19T09:10:00Z", "--json").json
    assert (value_change["from"], value_change["to"]) == (at - 1, at)
    assert {(change["of"], change["aspect"]) for change in value_change["changes"]} == {
        (f"entry {position('objective-2')}", "reads"),
        ("objective O2", "due"),
    }
    assert "no changes" in demo("replay", NOTICE, "--diff", "70..70").out
    assert demo("replay", NOTICE, "--diff", "9..2").err.endswith("write 2..9\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["replay", "nowhere"], "no notice 'nowhere' is recorded"),
        (["replay", "a,b"], "no notice 'a,b' is recorded"),
        (["replay", NOTICE, "--to", "9999"], f"has {LAST_POSITION} entries; choose a position up to that"),
        (["replay", NOTICE, "--to", "2001-01-01"], "nothing was recorded for tameside-2022 by 2001-01-01"),
        (["verify", "nowhere"], "nothing is recorded under the notice nowhere"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(demo: Ledger, words: list[str], message: str) -> None:
    ran = demo(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert message in ran.err


def test_verify_names_an_entry_that_was_edited(demo: Ledger, copied: str) -> None:
    assert demo("verify").out.startswith(f"tameside-2022 is sound: {LAST_POSITION} entries, ")
    with psycopg.connect(copied) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE ledger.entries SET body = decode(replace(encode(body, 'hex'), %s, %s), 'hex') "
            "WHERE position = %s",
            (b"AMBER".hex(), b"GREEN".hex(), position("slip")),
        )
    ran = demo("verify", NOTICE)
    assert ran.status == 1
    assert f"first at tameside-2022, entry {position('slip')}: the bytes are not those that were hashed" in ran.err
    assert ran.err.endswith("; compare the database with a backup that is restored next to it\n")
    [report] = demo("verify", "--json").json
    assert (report["sound"], report["first"]["position"]) == (False, position("slip"))


def test_verify_of_a_wrong_document_names_both_backups(demo: Ledger, copied: str) -> None:
    with psycopg.connect(copied) as connection:
        connection.execute(
            "INSERT INTO ledger.files (notice, position, content, salt, size, media_type) "
            "VALUES (%s, 1, repeat('0', 64), decode(repeat('00', 32), 'hex'), 1, 'text/csv')",
            (NOTICE,),
        )
    assert "and the store of documents with their backups, restored next to them\n" in demo("verify", NOTICE).err


def test_a_view_that_was_edited_is_found_and_rebuilt(demo: Ledger, copied: str) -> None:
    assert " equals its entries\n" in demo("verify", "--views").out
    with psycopg.connect(copied) as connection:
        connection.execute("UPDATE views.objectives SET owner = 'mallory' WHERE objective = 'O3'")
    ran = demo("verify", NOTICE, "--views")
    assert ran.status == 1
    assert ran.err == (f"ledger: the view plan of {NOTICE} differs from its entries; run ledger rebuild plan\n")
    [report] = demo("verify", "--views", "--json").json
    assert [view["view"] for view in report["views"] if view["stored"] != view["folded"]] == ["plan"]
    rebuilt = demo("rebuild", "plan", "notice", "--notice", NOTICE)
    assert (rebuilt.status, rebuilt.err) == (0, "")
    assert rebuilt.out.startswith(f"2 views rebuilt from {LAST_POSITION} entries in ")
    assert f"  plan of {NOTICE}, table objectives: " in rebuilt.out
    assert demo("rebuild", "plan").out.endswith("No differences from the tables in use.\n")
    assert demo("verify", "--views").status == 0
    with psycopg.connect(copied) as connection:
        connection.execute("DELETE FROM views.progress WHERE view = 'measures'")
    ran = demo("verify", "--views")
    assert (ran.status, ran.err) == (
        1,
        f"ledger: views missing for {NOTICE}: measures; run ledger rebuild\n",
    )
    with psycopg.connect(copied) as connection:
        connection.execute("UPDATE views.progress SET position = position + 1 WHERE view = 'plan'")
    ran = demo("verify", "--views")
    assert ran.status == 1
    assert (
        f"plan of {NOTICE} is recorded as folded to {LAST_POSITION + 1}, but the entries end at {LAST_POSITION}"
        in ran.err
    )
    [done] = demo("rebuild", "--json").json
    assert [view["failure"] for view in done["views"]] == [None] * len(done["views"])
    wrong = demo("rebuild", "plans")
    assert (wrong.status, wrong.err.startswith("ledger: no view 'plans'; the views are ")) == (2, True)
    assert demo("rebuild", "--notice", "nowhere").status == 1


def test_migrate_says_whether_there_was_anything_to_do(ledger: Ledger, database: str) -> None:
    assert ledger("migrate").out == "The database was already up to date.\n"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA ledger, views, guests CASCADE")
        connection.execute("DROP TABLE public.ledger_migrations")
    assert ledger("verify").err.startswith("ledger: the database lacks ")
    assert ledger("migrate", "--json").json[0]["ran"][0] == "ledger/0000_roles.sql"
    assert ledger("verify").out == "No entries yet.\n"


def test_a_bundle_of_the_demo_proves_itself_until_a_byte_of_it_is_changed(
    demo: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEDGER_DATA", ".ledger/demo")
    [done] = demo("export", NOTICE, "-o", "bundle.zip", "--json").json
    bundle = tmp_path / "bundle.zip"
    sound = bundle.read_bytes()
    assert (done["size"], done["bytes"], done["sha256"]) == (LAST_POSITION, len(sound), sha256(sound).hexdigest())
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    ran = by_its_own(bundle, "--key", done["key"])
    assert (ran.status, ran.err) == (0, "")
    views = demo("verify", "bundle.zip", "--views", "--key", done["key"])
    assert views.status == 0
    assert views.out.count(f" at {LAST_POSITION}: ") == views.out.count(" equals its entries\n") == len(ALL)
    draw = random.Random(2022)
    for _ in range(20):
        changed = bytearray(sound)
        changed[draw.randrange(len(sound))] ^= 1 << draw.randrange(8)
        bundle.write_bytes(changed)
        assert found(bundle)
        assert also(bundle)
    assert by_its_own(bundle).status == 1


def test_a_bundle_is_written_as_of_any_position_and_for_any_reader(
    demo: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATA", ".ledger/demo")
    leftover = Path(".earlier.zip.part")
    leftover.touch(mode=0o644)  # as a run of an older ledger leaves it that was killed
    ran = demo("export", NOTICE, "-o", "earlier.zip", "--as-of", "2022-12-31")
    assert ran.status == 0
    assert stat.S_IMODE(Path("earlier.zip").stat().st_mode) == 0o600
    leftover.unlink(missing_ok=True)
    [earlier] = demo("verify", "earlier.zip", "--json").json
    assert ran.out.startswith(f"earlier.zip holds entries 1 to {earlier['bundle']['size']} of {NOTICE}: ")
    board = ("--role", "board-member", "--as-of", LAST_POSITION - 9)
    assert demo("export", NOTICE, "-o", "board.zip", *board).status == 0
    output = demo("verify", "board.zip", "--against", "earlier.zip").out
    assert f"  {LAST_POSITION - 9} of them withheld from BOARD_MEMBER\n" in output
    assert "  the history continues earlier.zip\n" in output
    refused = demo("verify", "board.zip", "--views")
    assert refused.err.startswith("ledger: board.zip shows no entries to BOARD_MEMBER")
    assert "  the history continues earlier.zip\n" in demo("verify", NOTICE, "--against", "earlier.zip").out
    for words, output in (
        (("-o", "bundle"), "bundle is not a bundle's name; end it in .zip"),
        (
            ("-o", "no/bundle.zip"),
            "no/bundle.zip cannot be written: No such file or directory; name another file",
        ),
        (("-o", "x.zip", "--role", "integration"), "INTEGRATION may not read notices"),
        (("-o", "x.zip", "--as-of", "9999"), f"has {LAST_POSITION} entries; choose a position up to that"),
    ):
        refused = demo("export", NOTICE, *words)
        assert (refused.status, refused.err.count("\n")) in ((1, 1), (2, 1))
        assert output in refused.err
    assert list(Path().glob("*.part")) == list(Path().glob("x.zip")) == []
