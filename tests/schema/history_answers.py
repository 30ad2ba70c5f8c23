"""Right answers to questions about the invented history, computed from its lines in plain Python.

Nothing here uses views, SQL or rules of the project. Rules are judged on `TODAY`, with all that was recorded.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ledger.packs import history

Row = dict[str, Any]
NOTICE = "tameside-2022"
VARIABLES: Mapping[str, Row] = {
    "changes": {"since": 640, "sinceInstant": "2024-01-01T00:00:00Z"},
    "compliance": {"first": "2022-12-31T00:00:00Z", "second": "2023-06-30T00:00:00Z"},
    "owned": {"owner": "director"},
}
"""Variables of the questions that have more than a notice."""
TODAY = date(2023, 11, 1)
ENGLAND = ZoneInfo("Europe/London")


def day(text: str) -> date:
    """Return a calendar day; the day in England of an instant."""
    if "T" not in text:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(ENGLAND).date()


def days(first: str, last: str) -> int:
    """Return the days from one day to another."""
    return (day(last) - day(first)).days


def _lines() -> list[Row]:
    """Return the recorded lines, each with its fact's name; the corrected one as its correction says."""
    lines: list[Row] = [json.loads(line) for line in history(NOTICE).splitlines()]
    recorded = [line | {"fact": line["type"].split(".")[2]} for line in lines if "demorefused" not in line]
    by_id = {line["id"]: line for line in recorded}
    for line in recorded:
        if line["fact"] == "EntryCorrected":
            by_id[line["demorefers"]["position"]]["now"] = line["data"]["replacement"]["data"]
    return recorded


LINES = _lines()
"""Lines of the history that were recorded, in order."""


def facts(*names: str) -> list[tuple[Row, Row]]:
    """Return the lines of these facts, each with its data as corrected."""
    return [(line, line["now"] if "now" in line else line["data"]) for line in LINES if line["fact"] in names]


def happened(line: Row) -> str:
    """Return the instant of an event whose fact states no day."""
    return str(line["time"] if "time" in line else line["demorecordedat"])


def actions() -> list[Row]:
    """Return the actions: owner, dates, completion and slippage."""
    rows: dict[str, Row] = {}
    for line, data in facts("ActionAdded", "ActionRevised", "ActionRebaselined", "ActionCompleted"):
        if line["fact"] == "ActionAdded":
            rows[data["action"]] = {**data, "firstDue": data["due"], "completedOn": None, "rebaselined": 0}
            continue
        row = rows[data["action"]]
        row |= {"owner": data.get("owner", row["owner"])}
        if line["fact"] == "ActionRebaselined":
            row |= {"due": data["to"], "rebaselined": row["rebaselined"] + 1}
        row["completedOn"] = data.get("completedOn", row["completedOn"])
    for row in rows.values():
        row["slippageDays"] = days(row["firstDue"], row["due"])
        row["overdue"] = row["completedOn"] is None and row["due"] < TODAY.isoformat()
        row["dueMonth"] = row["due"][:7]
    return list(rows.values())


def objectives() -> list[Row]:
    """Return the objectives: owner, due date, outcome and latest ratings."""
    rows: dict[str, Row] = {}
    for _, data in facts("ObjectiveAdded", "ObjectiveRevised", "ObjectiveClosed"):
        row = rows.setdefault(data["objective"], {"outcome": None, "at": "", "activity": None, "impact": None})
        row |= {name: data[name] for name in ("objective", "owner", "due", "outcome") if name in data}
    for line, data in facts("ProgressRecorded"):
        at = datetime.fromisoformat(happened(line)).astimezone(UTC).isoformat()
        row = rows[data["objective"]] if "action" not in data else {"at": "9"}
        if at >= row["at"]:
            row |= {"at": at, "activity": data["activityRating"], "impact": data["impactRating"]}
    for row in rows.values():
        row["open"] = row["outcome"] is None
        row["slow"] = row["open"] and row["due"] < TODAY.isoformat()
    return list(rows.values())


# --- answers, by the names of the questions


def corrections() -> Mapping[str, list[Row]]:
    """Return the corrected entries, and the erasures with those who asked and who approved."""
    by_id = {line["id"]: line for line in LINES}
    erased = {line["demorefers"]["request"]: line for line, _ in facts("NarrativeErased", "EvidenceErased")}
    return {
        "corrected": [{"id": line["demorefers"]["position"]} for line, _ in facts("EntryCorrected")],
        "erasures": [
            {
                "entry": line["demorefers"]["position"],
                "authority": line["data"]["authority"],
                "by": by_id[line["id"]]["demoactor"],
                "approver": erased[line["id"]]["demoactor"] if line["id"] in erased else None,
            }
            for line, _ in facts("ErasureRequested")
        ],
    }


def weakened() -> list[Row]:
    """Return the documents withdrawn or superseded, each with the decisions and claims that name it."""
    status = {
        data["evidence"]: line["fact"].removeprefix("Evidence").upper()
        for line, data in facts("EvidenceSuperseded", "EvidenceWithdrawn")
    }
    named = [(data["decision"], data.get("evidence", [])) for _, data in facts("BoardDecisionRecorded")]
    return [
        {"evidence": document, "status": status[document], "decisions": [d for d, of in named if document in of]}
        for document in sorted(status)
    ]


def by_due(rows: list[Row]) -> list[Row]:
    """Return rows in order of their due dates."""
    return sorted(rows, key=lambda row: row["due"])


def owned(actor: str) -> Row:
    """Return the unfinished work of a person, earliest due date first."""
    received = {data["contribution"] for _, data in facts("ContributionReceived")}
    promised = [data for _, data in facts("ContributionCommitted") if data["contribution"] not in received]
    dropped = {data["action"] for _, data in facts("ActionDropped")}
    mine = [row for row in by_due(actions()) if row["owner"] == actor and row["action"] not in dropped]
    return {
        "objectives": [row["objective"] for row in by_due(objectives()) if row["owner"] == actor and row["open"]],
        "actions": [row["action"] for row in mine if row["completedOn"] is None],
        "contributions": [row["contribution"] for row in promised if row["owner"] == actor],
    }


def trend(count: int) -> Mapping[str, list[Row]]:
    """Return the last readings of each measure as last stated, the newest first."""
    readings: dict[str, dict[str, Row]] = defaultdict(dict)
    for _, data in facts("MeasureReadingReported", "MeasureReadingRestated"):
        counts = {name: data.get(name) for name in ("numerator", "denominator")}
        readings[data["measure"]][data["period"]["first"]] = {"first": data["period"]["first"], **counts}
    return {
        measure: [rows[first] for first in sorted(rows, reverse=True)[:count]]
        for measure, rows in readings.items()
    }


def decided_in() -> list[Row]:
    """Return each decision with the day of its meeting, and true for a quorate one."""
    meetings = {data["meeting"]: (line, data) for line, data in facts("MeetingHeld")}
    rows = []
    for _, data in facts("BoardDecisionRecorded"):
        line, meeting = meetings[data["meeting"]]
        held = str(day(happened(line)))
        rows.append({"decision": data["decision"], "held": held, "quorate": meeting["quorate"]})
    return rows
