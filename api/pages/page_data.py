"""Data that templates need in addition to a query's result: the page's subject, charts and counts. Pure.

The function of each page takes the page request and the notice, and returns the template's data.

Raises:
    HTTPException: 404 where the page's subject does not exist.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from markupsafe import Markup
from msgspec import Struct
from starlette.exceptions import HTTPException

from api import charts
from api.charts.captions import counts
from api.pages.page_request import PageRequest
from projections.narrate.sentence import natural_key, with_name

Json = Mapping[str, Any]
NOT_RECORDED = "nothing with this reference is recorded at this point"
_TALLY = ("NOT_MET", "NO_EVIDENCE", "AT_RISK", "NOT_DUE", "MET_LATE", "MET")
"""Statuses of obligations, the gravest first; powers and context clauses are not counted."""
_REPORTS_TO_THE_BOARD = ("reports", "/board", "#reports", "Reports to the board")
_LATE = timedelta(days=1)
"""Time from an event to its recording after which the overview marks the entry as late."""
_PAGES_OF = {
    "objective": ("plan", "/plan/{}", "", "The objective in the plan"),
    "decision": ("board", "/board/decisions/{}", "", "The decision"),
    "meeting": ("board", "/board", "#timetable", "The board's meetings"),
    "evidence": ("evidence", "/evidence/{}", "", "The document"),
    "instruction": ("duties", "/duties", "#instructions", "Instructions to the council"),
    "board-action": ("board", "/board", "#actions", "The board's action log"),
    "risk": ("risks", "/plan", "#risks", "The register of risks"),
    "dependency": ("risks", "/plan", "#dependencies", "The register of dependencies"),
    "measure": ("measures", "/measures/{}", "", "The measure and its chart"),
    "AdviserReportIssued": ("adviser", "/reports/{}", "", "The adviser's report"),
    "BoardReportSubmitted": _REPORTS_TO_THE_BOARD,
    "ChairReportDelivered": _REPORTS_TO_THE_BOARD,
}
"""View, path, anchor and link text of a subject's page, by kind of subject, or by fact for a report."""


def only(nodes: Sequence[Json]) -> Json:
    """Return the single node of a list.

    Raises:
        HTTPException: 404 if the list is empty.
    """
    if not nodes:
        raise HTTPException(404, NOT_RECORDED)
    return nodes[0]


def overview(_page_request: PageRequest, notice: Json) -> Json:
    """Return the obligations and clauses in order, the number of each status, and the week's entries.

    Neighbouring entries of one fact by one actor share a line, unless they have a subject or are late.
    """
    lines = notice.get("compliance", {}).get("nodes", ())
    counted = Counter(line["status"] for line in lines)
    return {
        "lines": sorted(lines, key=lambda line: natural_key(line["clause"])),
        "clauses": sorted(notice["clauses"], key=lambda clause: natural_key(clause["number"])),
        "tally": [(status, counted[status]) for status in _TALLY if counted[status]],
        "recent": [
            {"first": together[0], "last": together[-1], "count": len(together), "late": _is_late(together[0])}
            for _, group in groupby(notice.get("entries", {}).get("nodes", ()), _alike)
            if (together := list(group))
        ],
    }


def _alike(entry: Json) -> tuple[Any, ...]:
    """Return the key of an entry on the overview: neighbours with equal keys share a line."""
    own = entry["position"] if entry["subject"] else entry["occurredAt"] if _is_late(entry) else None
    return entry["type"], entry["actor"], own


def _is_late(entry: Json) -> bool:
    """Return True if an entry was recorded more than a day after it happened."""
    recorded, occurred = (datetime.fromisoformat(entry[name]) for name in ("recordedAt", "occurredAt"))
    return recorded - occurred > _LATE


def objective(_page_request: PageRequest, notice: Json) -> Json:
    """Return the objective that the page shows. Raise HTTPException (404) if it is not recorded."""
    return {"objective": only(notice["plan"]["objectives"]["nodes"])}


def board(page_request: PageRequest, notice: Json) -> Json:
    """Return the bar chart of the improvement board: its chairs' terms and its vacancies."""
    chairs, vacancies = (
        [term for term in notice["board"][name] if term["board"] is None] for name in ("chairs", "vacancies")
    )
    return {"tenure": _tenure("chair", "Chairs of the board", chairs, vacancies, page_request, notice)}


def reports(page_request: PageRequest, notice: Json) -> Json:
    """Return the bar chart of the advisers' terms and of the periods without an adviser."""
    data = notice["adviser"]
    return {"tenure": _tenure("adviser", "Advisers", data["tenures"], data["vacancies"], page_request, notice)}


def report(_page_request: PageRequest, notice: Json) -> Json:
    """Return the adviser's report that the page shows. Raise HTTPException (404) if it is not recorded."""
    return {"report": only(notice["adviserReports"]["nodes"])}


def about(page_request: PageRequest, notice: Json) -> Json:
    """Return the page's subject, its kinds, and links to the pages that show it.

    Raises:
        HTTPException: 404 if no fact about the subject is recorded.
    """
    moments = notice["timeline"]["nodes"]
    only(moments)
    subject = page_request.about["subject"]
    kinds = list(dict.fromkeys(moment["kind"] for moment in moments))
    origins = dict.fromkeys(moment["fact"] if moment["kind"] == "report" else moment["kind"] for moment in moments)
    known = [_PAGES_OF[origin] for origin in origins if origin in _PAGES_OF]
    return {
        "subject": subject,
        "kinds": [kind.replace("_", " ") for kind in kinds],
        "pages_of_it": [
            (text, page_request.address(path.format(subject)) + place)
            for view, path, place, text in known
            if page_request.reads(view)
        ],
    }


class ChartImage(Struct, frozen=True):
    """Chart of a measure on a page, with its icons, sentences and table rows."""

    series: charts.Series
    svg: Markup
    icons: list[tuple[Markup, str]]
    """Icons of variation and assurance, with their meanings."""
    sentences: list[str]
    target: str
    baseline: str
    rows: list[tuple[charts.ChartReading, Mapping[str, str]]]
    latest_only: bool
    """True if earlier readings are not in the chart."""


def measures(_page_request: PageRequest, notice: Json) -> Json:
    """Return a chart for each measure."""
    return {"charts": [_chart(measure) for measure in notice["measures"]["nodes"]]}


def measure(_page_request: PageRequest, notice: Json) -> Json:
    """Return the measure and its chart. Raise HTTPException (404) if the measure is not recorded."""
    data = only(notice["measures"]["nodes"])
    return {"measure": data, "chart": _chart(data)}


def _chart(data: Json) -> ChartImage:
    series = charts.series_of(data)
    return ChartImage(
        series,
        Markup(charts.xmr_svg(series, f"chart-{series.measure}")),  # noqa: S704 - api.charts escapes every text
        [
            (Markup(icon), meaning)  # noqa: S704 - api.charts escapes every text
            for icon, meaning in (charts.variation_icon(series), charts.assurance_icon(series))
            if icon
        ],
        charts.signals_in_words(series),
        charts.number(series.target, series.unit) if series.target is not None else "",
        charts.number(series.baseline, series.unit) if series.baseline is not None else "",
        [
            (point, {"value": charts.number(point.value, series.unit), "counts": counts(point, series.unit)})
            for point in reversed(series.points)
        ],
        data["readings"].get("pageInfo", {}).get("hasPreviousPage", False),
    )


class TenureChart(Struct, frozen=True):
    """Bar chart of the terms in a post, and the sentence of each numbered bar."""

    svg: Markup
    legend: list[str]


def _tenure(
    key: str, title: str, terms: Sequence[Json], gaps: Sequence[Json], page_request: PageRequest, notice: Json
) -> TenureChart | None:
    until = datetime.fromisoformat(notice["asOf"]["on"]).date()
    spans = [
        charts.Span(
            with_name(term[key], page_request.names) if key in term else None,
            date.fromisoformat(term["first"]),
            _day(term["last"]),
        )
        for term in (*terms, *gaps)
    ]
    visible = charts.visible_spans(spans, until)
    if not visible:
        return None
    svg = charts.tenure_svg(f"tenure-{key}", title, visible, until)
    legend = [span.sentence() for span in visible]
    return TenureChart(Markup(svg), legend)  # noqa: S704 - api.charts escapes every text


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value is not None else None
