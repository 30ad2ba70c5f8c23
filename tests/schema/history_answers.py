"""Right answers to questions about the invented history, computed from its lines in plain Python.

Nothing here uses views, SQL or rules of the project. Rules are judged on `TODAY`, with all that was recorded.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.packs import history

Row = dict[str, Any]
NOTICE = "tameside-2022"
VARIABLES: Mapping[str, Row] = {
    "changes": {"since": 640, "sinceInstant": "2024-01-01T00:00:00Z"},
    "compliance": {"first": "2022-12-31T00:00:00Z", "second": "2023-06-30T00:00:00Z"},
    "owned": {"owner": "director"},
    "recorders": {"since": "2024-01-01T00:00:00Z"},
}
"""Variables of the questions that have more than a notice."""
TODAY = date(2023, 11, 1)
AT: Row = {"notice": NOTICE, "on": f"{TODAY}T00:00:00Z"}
"""Variables of every question that make its answer one of this history on that day."""
ENGLAND = ZoneInfo("Europe/London")
BANK_HOLIDAYS = set(map(date.fromisoformat, [
    "2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27", "2023-01-02", "2023-04-07",
    "2023-04-10", "2023-05-01", "2023-05-08", "2023-05-29", "2023-08-28", "2023-12-25",
    "2023-12-26", "2024-01-01",
]))  # fmt: skip
"""Bank holidays in England from July 2022 to March 2024, by gov.uk."""


def day(text: str) -> date:
    """Return a calendar day; the day in England of an instant."""
    if "T" not in text:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(ENGLAND).date()


def days(first: str, last: str) -> int:
    """Return the days from one day to another."""
    return (day(last) - day(first)).days


def working_days(first: str, last: str) -> int:
    """Return the working days after one day, up to another; negative if the other is earlier."""
    if day(last) < day(first):
        return -working_days(last, first)
    each = [day(first) + timedelta(days=number) for number in range(1, days(first, last) + 1)]
    return sum(day.weekday() < 5 and day not in BANK_HOLIDAYS for day in each)


def numbers(values: Iterable[float]) -> Row:
    """Return the count, minimum, maximum, sum and mean of values; null without values."""
    present = list(values)
    if not present:
        return {"count": 0, "min": None, "max": None, "sum": None, "mean": None}
    extremes = {"min": min(present), "max": max(present)}
    return {"count": len(present), **extremes, "sum": sum(present), "mean": sum(present) / len(present)}


def grouped(rows: Iterable[Row], *fields: str) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """Return the groups of rows with the same values, in order of the values; null comes last."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[field] for field in fields)].append(row)
    return sorted(groups.items(), key=lambda group: [(value is None, value or "") for value in group[0]])


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
    changes = ("ActionRevised", "ActionRebaselined", "ActionCompleted", "ActionReopened", "ActionDropped")
    for line, data in facts("ActionAdded", *changes):
        if line["fact"] == "ActionAdded":
            added = {"firstDue": data["due"], "completedOn": None, "rebaselined": 0, "dropped": False}
            rows[data["action"]] = {**data, **added}
            continue
        row = rows[data["action"]]
        row |= {name: data.get(name, row.get(name)) for name in ("owner", "coOwners")}
        if line["fact"] == "ActionRebaselined":
            row |= {"due": data["to"], "rebaselined": row["rebaselined"] + 1}
        row["completedOn"] = data.get("completedOn", row["completedOn"])
        if line["fact"] == "ActionReopened":
            row |= {"completedOn": None, "dropped": False, "due": data.get("due", row["due"])}
        row["dropped"] |= line["fact"] == "ActionDropped"
    for row in rows.values():
        row["slippageDays"] = days(row["firstDue"], row["due"])
        row["open"] = row["completedOn"] is None and not row["dropped"]
        row["overdue"] = row["open"] and row["due"] < TODAY.isoformat()
        row["dueMonth"] = row["due"][:7]
    return list(rows.values())


def objectives() -> list[Row]:
    """Return the objectives: areas, owner, due dates, outcome and latest ratings."""
    rows: dict[str, Row] = {}
    for _, data in facts("ObjectiveAdded", "ObjectiveRevised", "ObjectiveClosed"):
        row = rows.setdefault(data["objective"], {"outcome": None, "at": "", "activity": None, "impact": None})
        row |= {name: data[name] for name in ("objective", "areas", "owner", "due", "outcome") if name in data}
        row.setdefault("firstDue", row["due"])
    for line, data in facts("ProgressRecorded"):
        at = datetime.fromisoformat(happened(line)).astimezone(UTC).isoformat()
        row = rows[data["objective"]] if "action" not in data else {"at": "9"}
        if at >= row["at"]:
            row |= {"at": at, "activity": data["activityRating"], "impact": data["impactRating"]}
    for row in rows.values():
        row["open"] = row["outcome"] is None
        row["slow"] = row["open"] and row["due"] < TODAY.isoformat()
    return list(rows.values())


def requests() -> list[Row]:
    """Return the requests for access, each with its decision."""
    rows: dict[str, Row] = {}
    for line, data in facts("AccessRequested", "AccessGranted", "AccessRefused"):
        if line["fact"] == "AccessRequested":
            undecided = {"decided": None, "decidedBy": None, "decidedAt": None}
            rows[data["request"]] = {"kind": data["kind"], "at": line["demorecordedat"], **undecided}
        else:
            decided = line["fact"].removeprefix("Access").upper()
            decision = {"decided": decided, "decidedBy": line["demoactor"], "decidedAt": line["demorecordedat"]}
            rows[data["request"]] |= decision
    return list(rows.values())


# --- answers, by the names of the questions


def overdue_by_owner() -> list[Row]:
    """Return each owner's overdue actions, with the earliest due date."""
    groups = grouped((row for row in actions() if row["overdue"]), "owner")
    return [{"owner": owner, "count": len(rows), "first": by_due(rows)[0]["due"]} for (owner,), rows in groups]


def due_by_month() -> list[Row]:
    """Return the actions due in each month, and how many of them were completed."""
    return [
        {"month": month, "count": len(rows), "done": sum(row["completedOn"] is not None for row in rows)}
        for (month,), rows in grouped(actions(), "dueMonth")
    ]


def slippage() -> list[Row]:
    """Return the days by which due dates slipped, and the number of changes, for each objective."""
    return [
        {
            "objective": objective,
            "days": numbers(row["slippageDays"] for row in rows),
            "changes": sum(row["rebaselined"] for row in rows),
        }
        for (objective,), rows in grouped(actions(), "objective")
    ]


def durations(pairs: Iterable[tuple[str, str | None]]) -> Row:
    """Return the days and the working days between the two days of each pair that has both."""
    present = [(start, end) for start, end in pairs if end is not None]
    return {
        "duration": numbers(days(*pair) for pair in present),
        "workingDuration": numbers(working_days(*pair) for pair in present),
    }


def punctuality() -> Row:
    """Return the days from due date to completion, of all completed actions."""
    return durations((row["due"], row["completedOn"]) for row in actions())


def waiting_for_access() -> list[Row]:
    """Return the days from request to decision, for each kind of access."""
    groups = grouped(requests(), "kind")
    return [{"kind": kind} | durations((r["at"], r["decidedAt"]) for r in rows) for (kind,), rows in groups]


def approvers() -> list[Row]:
    """Return the number of requests by approver and decision."""
    groups = grouped(requests(), "decidedBy", "decided")
    return [{"by": by, "decided": decided, "count": len(rows)} for (by, decided), rows in groups]


def recorders(since: str) -> list[Row]:
    """Return the entries that each actor recorded in each month, from a day on."""
    rows = [{"actor": line["demoactor"], "month": str(day(line["demorecordedat"]))} for line in LINES]
    recent = [row | {"month": row["month"][:7]} for row in rows if row["month"] >= since]
    groups = grouped(recent, "actor", "month")
    return [{"actor": actor, "month": month, "count": len(each)} for (actor, month), each in groups]


def recording_delays() -> list[Row]:
    """Return the days from progress to its recording, for each recorder."""
    rows = [
        {"actor": line["demoactor"], "days": days(happened(line), line["demorecordedat"])}
        for line, _ in facts("ProgressRecorded")
    ]
    return [{"actor": a, "days": numbers(row["days"] for row in each)} for (a,), each in grouped(rows, "actor")]


def latest(count: int) -> list[str]:
    """Return the ids of the last lines recorded, the last one first."""
    return [line["id"] for line in reversed(LINES[-count:])]


def attention() -> list[str]:
    """Return the open objectives that are slow or rated RED, earliest due date first."""
    rows = [r for r in objectives() if r["open"] and (r["slow"] or "RED" in (r["activity"], r["impact"]))]
    return [row["objective"] for row in by_due(rows)]


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


def owners(action: Row) -> list[str]:
    """Return the owner and the co-owners of an action."""
    return [action["owner"], *(action.get("coOwners") or [])]


def unfinished(actor: str, key: str, begins: str, *ends: str, due: str = "") -> list[str]:
    """Return the things that a person owns and that nobody has ended, by a date; without one last."""
    ended = {data[key] for _, data in facts(*ends)}
    rows = [data for _, data in facts(begins) if data["owner"] == actor and data[key] not in ended]
    return [row[key] for row in sorted(rows, key=lambda row: str(row.get(due, "9")) if due else "")]


def owned(actor: str) -> Row:
    """Return the unfinished work of a person, earliest due date first; risks in order of raising."""
    received = {data["contribution"] for _, data in facts("ContributionReceived")}
    promised = [data for _, data in facts("ContributionCommitted") if data["contribution"] not in received]
    return {
        "objectives": [row["objective"] for row in by_due(objectives()) if row["owner"] == actor and row["open"]],
        "actions": [r["action"] for r in by_due(actions()) if actor in owners(r) and r["open"]],
        "risks": unfinished(actor, "risk", "RiskRaised", "RiskClosed"),
        "dependencies": unfinished(
            actor, "dependency", "DependencyRegistered", "DependencyMet", "DependencyDropped", due="neededBy"
        ),
        "boardActions": unfinished(actor, "boardAction", "BoardActionAgreed", "BoardActionDone", due="due"),
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
        on = str(day(happened(line)))
        rows.append({"decision": data["decision"], "held": on, "quorate": meeting["quorate"]})
    return rows
