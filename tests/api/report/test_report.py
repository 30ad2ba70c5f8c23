"""The adviser's report: the same bytes at its position, wherever it is rebuilt, and each role's view of it."""

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from graphql import parse, validate
from msgspec import structs

import schema
from api.report.formats import FORMATS
from api.report.model import AreaSummary, Report, cited
from api.report.query_documents import FIGURES, document
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.intake.parse import accept
from ledger.proof.merkle import leaf_hash, root_hash
from tests.api.cli_tools import Ledger, caller, url_of
from tests.api.service import Notice, Service, event, issue, record
from tests.databases import copied_database
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
READERS = {"adviser": "ADVISER", "auditor": "AUDITOR", "reviewer": "REVIEWER", "board-member": "BOARD_MEMBER"}
REPORTS = f"/ledgers/{NOTICE}/reports"


@pytest.fixture(scope="module")
def demo(history_template: str) -> Iterator[Service]:
    """Yield a service with the invented history, and tokens for some of its readers."""
    with copied_database(history_template, "history_template") as url:
        tokens = {actor: asyncio.run(issue(url, NOTICE, actor, role)) for actor, role in READERS.items()}
        with Service(url, Notice(NOTICE, tokens)) as running:
            yield running


@pytest.fixture
def call(demo: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Return the command line on the service's database."""
    monkeypatch.setenv("LEDGER_DATABASE_URL", url_of(demo.database))
    return caller(capsys)


def get(demo: Service, name: str, actor: str | None = "adviser", **parameters: Any) -> httpx.Response:
    with demo.client(actor) as client:
        return client.get(f"{REPORTS}/{name}", params=parameters)


def model(demo: Service, name: str, actor: str = "adviser", **parameters: Any) -> Report:
    response = get(demo, name, actor, **parameters)
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=Report)


def tables(body: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {
            name.removesuffix(".csv"): [*csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))]
            for name in archive.namelist()
        }


def elsewhere(demo: Service, report: str, folder: Path) -> dict[str, bytes]:
    """Return the files of `ledger report` in another process, time zone, locale and hash seed."""
    apart = {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    environment = {**os.environ, **apart, "LEDGER_DATABASE_URL": url_of(demo.database)}
    words = ["report", NOTICE, "--issued", report]
    program = f"""
from api.cli import main
for name in {[*FORMATS]}:
    assert main([*{words}, "--format", name, "-o", "{folder}/" + name]) == 0
"""
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return {name: (folder / name).read_bytes() for name in FORMATS}


@pytest.mark.parametrize("name", [*FIGURES, "issued", "words", "draft"])
def test_each_question_is_one_that_the_schema_answers(name: str) -> None:
    assert validate(schema.build()._schema, parse(document(name))) == []


def test_an_issued_report_is_the_same_whatever_was_recorded_later(demo: Service, tmp_path: Path) -> None:
    before = {name: get(demo, f"AR5.{name}").content for name in FORMATS}
    reading = next(point for point in (model(demo, "AR5.json").measures or ())[0].points if point.signals)
    now = figures(demo, "AR5.json")
    later = [
        event("plan.ProgressRecorded", _progress("Later"), "operator", time="2023-06-01T09:00:00Z"),
        event(
            "records.EntryCorrected", {"position": reading.position, "reason": "It was counted twice."}, "operator"
        ),
    ]
    asyncio.run(record(demo.database, NOTICE, later))
    caught_up(demo)
    assert figures(demo, "AR5.json") != now
    for name, body in before.items():
        assert get(demo, f"AR5.{name}").content == body, name
        assert get(demo, f"AR5.{name}", "auditor").content == body, name
    assert elsewhere(demo, "AR5", tmp_path) == before


def figures(demo: Service, name: str) -> object:
    """Return the figures of the measures now, instead of at the report's position."""
    report = model(demo, name)
    variables = {"from": str(report.first), "to": str(report.last)}
    return model(demo, "preview.json", **variables).measures


def caught_up(demo: Service) -> None:
    """Wait until the views contain the last entry."""
    query = f'{{ notice(id: "{NOTICE}", atLeast: {demo.position()}) {{ asOf {{ position }} }} }}'
    with demo.client("auditor") as client:
        while client.post("/graphql", json={"query": query}).json()["data"] is None:
            pass


def _progress(narrative: str) -> dict[str, Any]:
    return {"objective": "O5", "narrative": narrative, "activityRating": "GREEN", "impactRating": "AMBER"}


def test_it_shows_what_had_been_recorded_and_what_the_adviser_said(demo: Service) -> None:
    report = model(demo, "AR2.json")
    assert (report.report, report.position, str(report.first), str(report.last)) == (
        "AR2", report.position, "2022-10-01", "2022-12-31",
    )  # fmt: skip
    assert [(area.area, area.judgement, area.text) for area in report.areas] == [
        ("1a", "PROGRESS", "The self-assessment is candid."),
        ("1b", "CONCERN", "Visits improve; meetings do not."),
    ]
    assert report.requirements is not None
    comments = {line.clause: line.text for line in report.requirements if line.text}
    assert comments == {
        "5b": "The board meets as agreed.",
        "11": "Most actions are in time; the plan says which are not.",
    }
    assert report.issued_position is not None
    assert max(entry.position for entry in report.entries) <= report.position < report.issued_position
    assert report.decisions
    assert all("2022-10-01" <= f"{each.decided_at:%Y-%m-%d}" <= "2022-12-31" for each in report.decisions)
    assert report.invented


def test_its_annex_cites_what_it_names_and_leads_to_its_root(demo: Service) -> None:
    report = model(demo, "AR4.json")
    named = {position for position in cited(structs.replace(report, entries=())) if position <= report.position}
    assert [entry.position for entry in report.entries] == sorted(named)
    with demo.client("auditor") as client:
        lines = client.get(f"/ledgers/{NOTICE}/entries", params={"limit": report.position}).content.splitlines()
    leaves = [leaf_hash(line) for line in lines]
    encoded = [msgspec.json.decode(msgspec.json.encode(leaf)) for leaf in leaves]
    assert report.root_hash == msgspec.json.decode(msgspec.json.encode(root_hash(leaves)))
    assert all(entry.leaf_hash == encoded[entry.position - 1] for entry in report.entries)


def test_the_page_needs_nothing_else_and_says_where_it_is(demo: Service) -> None:
    response = get(demo, "AR5.html")
    page_elements = _Elements()
    page_elements.feed(response.text)
    assert page_elements.names["html"] == [{"lang": "en-GB"}]
    assert len(page_elements.names["h1"]) == 1
    assert not page_elements.names.keys() & {"script", "link", "img", "iframe", "object"}
    assert not [each for elements in page_elements.names.values() for each in elements if "style" in each]
    levels = [int(name[1]) for name in page_elements.order if name in {"h1", "h2", "h3"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each["id"] for elements in page_elements.names.values() for each in elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {each["href"] for each in page_elements.names["a"]} <= {f"#{name}" for name in ids}
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert len(page_elements.names["svg"]) == 9


class _Elements(HTMLParser):
    """The elements of a page, by name, and their order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[dict[str, str | None]]] = {}
        self.order: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.setdefault(tag, []).append(dict(attrs))
        self.order.append(tag)


def test_the_pdf_is_tagged_and_declares_its_standard(demo: Service) -> None:
    response = get(demo, "AR5.pdf")
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == f'attachment; filename="{NOTICE}-AR5.pdf"'
    body = response.content
    for part in (b"%PDF-1.7", b"/Marked true", b"/Lang(en-GB)", b"pdfuaid:part", b"/StructTreeRoot", b"/Alt"):
        assert part in body, part


def test_the_tables_are_tidy(demo: Service) -> None:
    report, csv_tables = model(demo, "AR5.json"), tables(get(demo, "AR5.csv").content)
    assert len(csv_tables["requirements"]) == len(report.requirements or ())
    assert len(csv_tables["entries"]) == len(report.entries)
    assert {row["leaf_hash"] for row in csv_tables["entries"]} == {f"sha256:{e.leaf_hash}" for e in report.entries}
    assert csv_tables["report"][0]["root_hash"] == f"sha256:{report.root_hash}"
    readings = [row for row in csv_tables["readings"] if row["measure"] == "M1"]
    assert all(row["numerator"] and row["denominator"] for row in readings)
    assert {row["decision"] for row in csv_tables["decision_evidence"]} <= {
        row["decision"] for row in csv_tables["decisions"]
    }


def test_no_text_becomes_a_formula(demo: Service) -> None:
    report = model(demo, "AR5.json")
    formulas: tuple[str, ...] = (
        '=HYPERLINK("http://x")',
        "+1",
        "-2",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\u00a0\n =1",
        "\uff1d1",
        "\ufe62 1",
    )
    formulas += ("\u2212 1", "|cmd", "\uff5ccmd", "\u200b=1", "\ufeff@x")
    texts = (*formulas, "plain", "a=b", " indented", "5 = five")
    areas = tuple(structs.replace(report.areas[0], text=text) for text in texts)
    written = tables(FORMATS["csv"].write(structs.replace(report, areas=areas)))["areas"]
    assert [row["text"] for row in written] == [*(f"'{text}" for text in formulas), *texts[len(formulas) :]]


def test_whoever_reads_less_gets_less_and_is_told_so(demo: Service) -> None:
    whole, less = model(demo, "AR5.json"), model(demo, "AR5.json", "reviewer")
    assert (less.decisions, less.board_reports, less.access) == (None, None, None)
    assert whole.measures
    assert less.measures
    hidden = [series for series in less.measures if series.suppressed]
    assert hidden
    for series in hidden:
        assert (series.mean, series.upper, {point.value for point in series.points}) == (None, None, {None})
    assert all(entry.withheld and entry.actor is None for entry in less.entries)
    page = get(demo, "AR5.html", "reviewer").text
    assert "Figures with small counts are hidden in this copy." in page
    assert page.count("This section is left out because your roles") == 3
    assert get(demo, "AR5.pdf", "reviewer").status_code == 200
    assert get(demo, "AR5.html", "board-member").status_code == 403


@pytest.mark.parametrize(
    ("name", "actor", "parameters", "status", "code"),
    [
        ("AR9.json", "adviser", {}, 404, "UNKNOWN_REPORT"),
        ("AR5.docx", "adviser", {}, 400, "INVALID_PARAMETER"),
        ("AR5.json", None, {}, 401, "UNAUTHENTICATED"),
        ("preview.json", "adviser", {"from": "2022-07-05"}, 400, "INVALID_PARAMETER"),
        ("preview.json", "adviser", {"from": "2022-07-05", "to": "9999-12-31"}, 422, "OUT_OF_RANGE"),
        ("preview.json", "adviser", {"from": "0001-01-01", "to": "2022-12-31"}, 422, "OUT_OF_RANGE"),
        ("preview.json", "adviser", {"from": "2022-10-01", "to": "2022-07-05"}, 400, "INVALID_PARAMETER"),
        ("preview.json", "adviser", {"from": "2022-07-05", "to": "2022-09-30", "position": "0"}, 400,
         "INVALID_PARAMETER"),
        ("preview.json", "adviser", {"from": "2022-07-05", "to": "2022-09-30", "position": 99_999}, 404,
         "NOT_RECORDED_YET"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_a_problem(
    demo: Service, name: str, actor: str | None, parameters: dict[str, Any], status: int, code: str
) -> None:
    response = get(demo, name, actor, **parameters)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_preview_is_the_report_without_the_advisers_words(demo: Service) -> None:
    written = model(demo, "AR2.json")
    period: dict[str, Any] = {"from": "2022-10-01", "to": "2022-12-31", "position": written.position}
    preview = model(demo, "preview.json", **period)
    assert (preview.report, preview.adviser, preview.issued_at) == (None, None, None)
    assert preview.measures == written.measures
    assert preview.areas == tuple(
        AreaSummary(**structs.asdict(area) | {"judgement": None, "text": None}) for area in written.areas
    )
    assert "Draft of an adviser&#39;s report, not issued" in get(demo, "preview.html", **period).text


TO_COME = {
    "actions.due", "actions.firstDue", "slow.due", "slow.firstDue", "access.untilAt", "access.fromAt",
    "notice.targetDate", "recordedAt", "entries.recordedAt", "entries.occurredAt",
}  # fmt: skip
"""Fields with days that may come after a period: dates set in the period, and the ledger's head."""


def later(value: object, last: str, path: str = "") -> Iterator[str]:
    """Yield the path of each day after a period, and of each narrative that names one."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from later(each, last, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for each in value:
            yield from later(each, last, path)
    elif isinstance(value, str) and re.match("20[0-9]{2}-[0-9]{2}-[0-9]{2}", value) and value[:10] > last:
        yield path


@pytest.mark.parametrize(
    ("first", "last", "delivery"),
    [
        ("2022-07-05", "2022-09-30", "2023-06-30"),
        ("2022-10-01", "2022-12-31", "2023-06-30"),
        ("2023-07-01", "2023-12-31", "2023-12-31"),
    ],
)
def test_nothing_in_a_report_happened_after_its_period(
    demo: Service, first: str, last: str, delivery: str
) -> None:
    body = json.loads(get(demo, "preview.json", **{"from": first, "to": last}).content)
    assert set(later(body, last)) <= TO_COME
    assert body["notice"]["targetDate"] == delivery
    # A figure for the period is reported after it; the last entry is the head of the ledger.
    after = [entry for entry in body["entries"] if entry["occurredAt"][:10] > last]
    types = {entry["type"] for entry in after if entry["position"] != body["position"]}
    assert all(".measures.MeasureReading" in name for name in types), types
    with demo.client("adviser") as client:
        page = client.get(f"{REPORTS}/preview.html", params={"from": first, "to": last}).text
    for series in body["measures"]:
        assert f"{len(series['readings']['nodes'])} readings, the latest" in page


def test_an_erased_text_is_gone_from_it_and_nothing_else(demo: Service) -> None:
    before = json.loads(get(demo, "AR2.json").content)
    position = before["decisions"][0]["position"]
    erasing = asyncio.run(_erased(demo.database, position))
    caught_up(demo)
    after = json.loads(get(demo, "AR2.json").content)
    decision = after["decisions"][0]
    for name in ("title", "outcome", "rationale"):
        assert decision[name] is None
        assert decision[f"{name}ErasedBy"] == erasing
        decision[name], decision[f"{name}ErasedBy"] = before["decisions"][0][name], None
    for option, known in zip(decision["options"], before["decisions"][0]["options"], strict=True):
        assert option == {"text": None, "erasedBy": erasing}
        option.update(known)
    assert after == before
    assert f"[erased by entry {erasing}]" in get(demo, "AR2.html").text


async def _erased(url: str, position: int) -> int:
    """Erase the narratives of an entry, as two officers do, and return the erasing entry's position."""
    async with Writer(url) as writer:
        erasure_request = {
            "position": position,
            "reason": "It names somebody.",
            "authority": "UK GDPR, article 17",
        }
        request = accept(event("records.ErasureRequested", erasure_request, "records-officer"))
        receipt = await writer.append(NOTICE, request, Credential("records-officer"))
        erasure = {"position": position, "request": receipt.position}
        erased = accept(event("records.NarrativeErased", erasure, "data-protection-officer"))
        return (await writer.append(NOTICE, erased, Credential("data-protection-officer"))).position


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            ("--period", "2022-10-01..2022-07-05"),
            2,
            "'2022-10-01..2022-07-05' is not a period; write its first and last",
        ),
        (("--issued", "AR5", "--as-of", "9"), 2, "an issued report has a position of its own"),
        (
            ("--issued", "AR9"),
            1,
            "tameside-2022 has no adviser's report 'AR9'; issued reports: AR1, AR2",
        ),
        (("--period", "2022-07-05..2022-09-30", "--as-of", "99999"), 1, "position 99999 is not in tameside-2022"),
    ],
)
def test_what_the_command_cannot_make_is_one_line(
    call: Ledger, tmp_path: Path, words: tuple[str, ...], status: int, message: str
) -> None:
    ran = call("report", NOTICE, *words, "--format", "json", "-o", tmp_path / "report.json")
    assert (ran.status, ran.out) == (status, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert not [*tmp_path.iterdir()]
