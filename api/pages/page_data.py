"""What templates need beside the answer: the one thing that a page is about, charts, tallies. Pure.

Each takes the visit and the notice as the page's query shows it; raises HTTPException (404) where the page is
about something that is not there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from markupsafe import Markup
from msgspec import Struct
from starlette.exceptions import HTTPException

from api import charts
from api.charts.captions import counts
from api.pages.page_request import PageRequest
from projections.narrate.sentence import natural

Json = Mapping[str, Any]
NOTHING = "nothing of this id had been recorded at this point"
_TALLY = ("NOT_MET", "NO_EVIDENCE", "AT_RISK", "NOT_DUE", "MET")
_REPORTS_TO_THE_BOARD = ("reports", "/board", "#reports", "The reports to the board")
_PAGES_OF = {
    "objective": ("plan", "/plan/{}", "", "Its page in the plan"),
    "decision": ("board", "/board/decisions/{}", "", "The decision"),
    "meeting": ("board", "/board", "#timetable", "The board's meetings"),
    "evidence": ("evidence", "/evidence/{}", "", "The document"),
    "measure": ("measures", "/measures/{}", "", "The measure, with its chart"),
    "AdviserReportIssued": ("adviser", "/reports/{}", "", "The adviser's report"),
    "BoardReportSubmitted": _REPORTS_TO_THE_BOARD,
    "ChairReportDelivered": _REPORTS_TO_THE_BOARD,
}
"""The kind of a thing, or of a report the fact that it began with → view, page, place showing it, and words."""


def only(nodes: Sequence[Json]) -> Json:
    """The one that was asked for."""
    if not nodes:
        raise HTTPException(404, NOTHING)
    return nodes[0]


def glance(_visit: PageRequest, notice: Json) -> Json:
    """The obligations and the clauses in order, and how many have each status."""
    lines = notice.get("compliance", {}).get("nodes", ())
    counted = Counter(line["status"] for line in lines)
    return {
        "lines": sorted(lines, key=lambda line: natural(line["clause"])),
        "clauses": sorted(notice["clauses"], key=lambda clause: natural(clause["number"])),
        "tally": [(status, counted[status]) for status in _TALLY if counted[status]],
    }


def objective(_visit: PageRequest, notice: Json) -> Json:
    """The objective."""
    return {"objective": only(notice["plan"]["objectives"]["nodes"])}


def board(_visit: PageRequest, notice: Json) -> Json:
    """The chair's bar."""
    found = notice["board"]
    return {"tenure": _tenure("chair", "Who chaired the board", found["chairs"], found["vacancies"], notice)}


def reports(_visit: PageRequest, notice: Json) -> Json:
    """The adviser's bar."""
    found = notice["adviser"]
    return {"tenure": _tenure("adviser", "Who advised", found["tenures"], found["vacancies"], notice)}


def report(visit: PageRequest, notice: Json) -> Json:
    """The report."""
    wanted = visit.about["report"]
    return {"report": only([each for each in notice["adviserReports"]["nodes"] if each["report"] == wanted])}


def about(visit: PageRequest, notice: Json) -> Json:
    """What kinds of thing it is, and their pages."""
    moments = notice["timeline"]["nodes"]
    only(moments)
    subject = visit.about["subject"]
    kinds = list(dict.fromkeys(moment["kind"] for moment in moments))
    keys = dict.fromkeys(moment["fact"] if moment["kind"] == "report" else moment["kind"] for moment in moments)
    known = [_PAGES_OF[key] for key in keys if key in _PAGES_OF]
    return {
        "subject": subject,
        "kinds": [kind.replace("_", " ") for kind in kinds],
        "pages_of_it": [
            (words, visit.address(path.format(subject)) + place)
            for view, path, place, words in known
            if visit.reads(view)
        ],
    }


class ChartImage(Struct, frozen=True):
    """A measure as a page shows it."""

    series: charts.Series
    svg: Markup
    said: list[str]
    target: str
    baseline: str
    rows: list[tuple[charts.ChartReading, Mapping[str, str]]]


def measures(_visit: PageRequest, notice: Json) -> Json:
    """The charts."""
    return {"charts": [_chart(each) for each in notice["measures"]["nodes"]]}


def measure(_visit: PageRequest, notice: Json) -> Json:
    """The measure with its chart."""
    found = only(notice["measures"]["nodes"])
    return {"measure": found, "chart": _chart(found)}


def _chart(found: Json) -> ChartImage:
    series = charts.series_of(found)
    return ChartImage(
        series,
        Markup(charts.xmr_svg(series, f"chart-{series.measure}")),  # noqa: S704 - api.charts escapes every text
        charts.signals_in_words(series),
        charts.number(series.target, series.unit) if series.target is not None else "",
        charts.number(series.baseline, series.unit) if series.baseline is not None else "",
        [
            (point, {"shown": charts.number(point.value, series.unit), "counted": counts(point, series.unit)})
            for point in reversed(series.points)
        ],
    )


def _tenure(key: str, title: str, held: Sequence[Json], gaps: Sequence[Json], notice: Json) -> Markup:
    until = datetime.fromisoformat(notice["asOf"]["on"]).date()
    spans = [
        charts.Span(each.get(key), date.fromisoformat(each["first"]), _day(each["last"]))
        for each in (*held, *gaps)
    ]
    if not spans:
        return Markup("")
    return Markup(charts.tenure_svg(f"tenure-{key}", title, spans, until))  # noqa: S704 - api.charts escapes every text


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value is not None else None
