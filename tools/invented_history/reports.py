"""Reports of the chair, to the board and of the adviser, and the views of staff and children."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("reports")

QUARTERS = TABLES["quarters"]
ADVISER_SAYS = TABLES["adviser_says"]


def write(writer: HistoryWriter) -> None:
    """Record the reports and views quarter by quarter."""
    for number, (first, last) in enumerate(QUARTERS, 1):
        _quarter(writer, number, first, last)
    _views(writer)


def _quarter(writer: HistoryWriter, number: int, first: str, last: str) -> None:
    data: Data
    period = {"first": first, "last": last}
    ended = date.fromisoformat(last)
    at = working_day_from(ended + timedelta(days=12))
    if number != 4:
        chair = "chair" if number < 3 else "chair-2"
        at_chair = "2023-03-31 12:00" if number == 3 else f"{at} 10:00"
        views = [
            {"objective": "O1", "text": "Children are seen sooner than a quarter ago."},
            {"objective": "O5", "text": "Workers carry too much; I see no answer in the plan."},
        ]
        data = {
            "report": f"CR{number}",
            "period": period | {"last": "2023-03-31"} if number == 3 else period,
            "objectives": views,
        }
        chair = "chair" if number == 3 else chair
        writer.record(f"chair-report-{number}", "ChairReportDelivered", chair, at_chair, data, clauses="5b")
    audit = writer.submit_evidence(
        f"Twenty audited records, quarter {number}",
        f"{at} 11:00",
        classification="OFFICIAL_SENSITIVE",
        clauses="5c",
    )
    meeting = {1: "B4", 2: "B7", 3: "B10", 4: "B13", 5: "B15", 6: "B17"}[number]
    report: Data = {
        "report": f"BRP{number}",
        "meeting": meeting,
        "data": [audit],
        "analysis": "More is done in time; whether children are safer, the audits show for two records of three.",
        "objectives": ["O1", "O3", "O6"],
    }
    if number != 2:
        report["recommendations"] = [
            {"recommendation": "a", "text": "Sample the same children again in six months."}
        ]
    if number not in (1, 4):
        report["impactEvidence"] = [
            {"claim": "Children tell their worker more when visits are regular.", "evidence": [audit]}
        ]
    writer.record(
        f"board-report-{number}", "BoardReportSubmitted", "council-officer", f"{at} 14:00", report, clauses="5c"
    )
    if number in (1, 3, 5):
        data = {
            "report": f"BRP{number}",
            "recommendation": "a",
            "outcome": ("ACCEPTED", "", "DEFERRED", "", "ACCEPTED")[number - 1],
            "reason": "The board wants to see the same children, not other ones.",
        }
        chair = "chair" if number == 1 else "chair-2"
        at_board = {1: "2022-10-26 16:45", 3: "2023-07-26 16:50", 5: "2023-10-25 16:55"}[number]
        writer.record(
            f"board-report-{number}-decided", "ReportRecommendationDecided", chair, at_board, data, clauses="5c"
        )
    first_word, first_text, second_word, second_text = ADVISER_SAYS[number - 1]
    writer.record(
        f"adviser-report-{number}",
        "AdviserReportIssued",
        "adviser",
        f"{working_day_from(at + timedelta(days=7))} 17:00",
        {
            "report": f"AR{number}",
            "period": period,
            "perArea": [
                {"area": "1a", "judgement": first_word, "text": first_text},
                {"area": "1b", "judgement": second_word, "text": second_text},
            ],
            "requirements": [
                {
                    "number": "5b",
                    "text": "The board meets as agreed." if number != 4 else "The board had no chair.",
                },
                {"number": "11", "text": "Most actions are in time; the plan says which are not."},
            ],
            "query": '{ notice(id: "tameside-2022") { compliance { nodes { clause status } } } }',
        },
        clauses="12",
        refers={"position": f"board-report-{number}"},
    )


def _views(writer: HistoryWriter) -> None:
    data: Data
    gatherings = TABLES["gatherings"]
    for number, (day, group, method, count, themes, change, reason) in enumerate(gatherings, 1):
        data = {"views": f"V{number}", "group": group, "method": method, "count": count, "themes": themes}
        recorded = working_day_from(date.fromisoformat(day) + timedelta(days=1))
        writer.record(
            f"views-{number}",
            "ViewsGathered",
            "council-officer",
            f"{recorded} 10:30",
            data,
            time=f"{day} 13:00",
            clauses="5e",
        )
        if number == 5:
            continue
        data = {"views": f"V{number}", "standard": f"practice standard {number}", "reason": reason}
        data |= {"changeMade": change} if change else {}
        at = f"{working_day_from(recorded + timedelta(days=20))} 11:30"
        writer.record(f"views-{number}-considered", "ViewsConsidered", "council-officer-2", at, data, clauses="5e")
