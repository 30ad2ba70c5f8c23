"""Reports of the sample history: to the board, and by the adviser."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("reports")

QUARTERS = TABLES["quarters"]
ADVISER_SAYS = TABLES["adviser_says"]


def write(writer: HistoryWriter) -> None:
    """Record the reports quarter by quarter."""
    for number, (first, last) in enumerate(QUARTERS, 1):
        _quarter(writer, number, first, last)


def _quarter(writer: HistoryWriter, number: int, first: str, last: str) -> None:
    period = {"first": first, "last": last}
    ended = date.fromisoformat(last)
    at = working_day_from(ended + timedelta(days=12))
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
            **({"other": "Partners ask what a direction would change for them."} if number == 6 else {}),
            "query": '{ notice(id: "tameside-2022") { compliance { nodes { clause status } } } }',
        },
        clauses="12",
        refers={"position": f"board-report-{number}"},
    )
