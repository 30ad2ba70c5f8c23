"""Right answers about slow progress, the board, partners and access, computed from the lines of the history.

As in `tests.schema.history_answers`, nothing here uses views, SQL or rules of the project.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from ledger.packs import shipped
from tests.schema.history_answers import LINES, NOTICE, TODAY, Row, actions, day, days, facts, happened, objectives


def changes(since: int, size: int) -> list[Row]:
    """Return the entries after a position of a ledger of that size."""
    return [
        {"type": line["type"], "actor": line["demoactor"], "recordedAt": instant(line["demorecordedat"])}
        for line in LINES[since - size :]
    ]


def instant(text: str) -> float:
    """Return an instant in seconds, to compare instants with different offsets."""
    return datetime.fromisoformat(text).timestamp()


def slow_and_unreported() -> list[Row]:
    """Return the slow objectives whose present due date was set after their last highlight."""
    dated = {data["objective"]: number for number, (line, data) in enumerate(_dated()) if "due" in data}
    reported = {
        data["objective"]: number for number, (line, data) in enumerate(_dated()) if "SlowProgress" in line["fact"]
    }
    late = [row for row in actions() if row["overdue"]]
    return [
        {
            "objective": row["objective"],
            "owner": row["owner"],
            "due": row["due"],
            "areas": row["areas"],
            "firstDue": row["firstDue"],
            "slippageDays": (date.fromisoformat(row["due"]) - date.fromisoformat(row["firstDue"])).days,
            "activityRating": row["activity"],
            "impactRating": row["impact"],
            "actions": [each["action"] for each in late if each["objective"] == row["objective"]],
        }
        for row in objectives()
        if row["slow"] and reported.get(row["objective"], -1) < dated[row["objective"]]
    ]


def _dated() -> list[tuple[Row, Row]]:
    return facts("ObjectiveAdded", "ObjectiveRevised", "SlowProgressHighlighted")


def uncovered() -> list[tuple[str, str]]:
    """Return the findings and the recommendations, unless rejected, that no open objective answers."""
    is_open = {row["objective"] for row in objectives() if row["open"]}
    mapped = [data for _, data in facts("CoverageMapped") if data["objective"] in is_open]
    rejected = {data["recommendation"] for _, data in facts("RecommendationRejected")}
    findings = [data["finding"] for _, data in facts("FindingRegistered")]
    recommendations = [data["recommendation"] for _, data in facts("RecommendationMade")]
    required = [("FINDING", "findings", each) for each in findings]
    required += [("RECOMMENDATION", "recommendations", each) for each in recommendations if each not in rejected]
    return [
        (kind, subject)
        for kind, member, subject in required
        if not any(subject in data.get(member, []) for data in mapped)
    ]


def claims() -> list[Row]:
    """Return the claims of impact in the reports to the board: the documents with their status at the time."""
    return [
        {
            "report": data["report"],
            "claim": claim["claim"],
            "documents": claim["evidence"],
            "restsOn": [(each, status.get(each, "CURRENT")) for each in claim["evidence"]],
        }
        for data, status in _relying("BoardReportSubmitted")
        for claim in data.get("impactEvidence", [])
    ]


def _relying(fact: str) -> Iterator[tuple[Row, Mapping[str, str]]]:
    """Yield the facts of a type, each with the status then of documents that were not current."""
    status: dict[str, str] = {}
    for line, data in facts(fact, "EvidenceSuperseded", "EvidenceWithdrawn"):
        if line["fact"] == fact:
            yield data, status
        else:
            status[data["evidence"]] = line["fact"].removeprefix("Evidence").upper()


def decisions() -> list[Row]:
    """Return the decisions: votes, rescission, and the documents with their status at the time."""
    rescinded = {data["decision"] for _, data in facts("DecisionRescinded")}
    rows = []
    for data, status in _relying("BoardDecisionRecorded"):
        rests_on = [(each, status.get(each, "CURRENT")) for each in data.get("evidence", [])]
        votes = {"for": 0, "against": 0, "abstained": 0} | data["votes"] if "votes" in data else None
        rows.append(
            {
                "decision": data["decision"],
                "meeting": data["meeting"],
                "title": data["title"],
                "votes": votes,
                "rescinded": data["decision"] in rescinded,
                "restsOn": rests_on,
            }
        )
    return rows


def chairs() -> list[Row]:
    """Return the chairs with their days in post."""
    last = {data["chair"]: data["last"] for _, data in facts("ChairEnded")}
    return [
        {
            "chair": data["chair"],
            "first": data["first"],
            "last": last.get(data["chair"]),
            "inPost": data["first"] <= TODAY.isoformat() <= last.get(data["chair"], "9999"),
        }
        for _, data in facts("ChairAppointed")
    ]


def vacancies() -> list[Row]:
    """Return the days without a chair from the board's first day, up to the chair in post."""
    ((established, _),) = facts("BoardEstablished")
    free, gaps = day(happened(established)), []
    for row in chairs():
        first = date.fromisoformat(row["first"])
        if free < first:
            gaps.append({"first": str(free), "last": str(first - timedelta(days=1))})
        free = date.fromisoformat(row["last"] or "9999-12-30") + timedelta(days=1)
    return gaps


def partners() -> dict[str, Row]:
    """Return the number of contributions of each partner that came in time, came late, or did not come."""
    received = {data["contribution"]: data["receivedOn"] for _, data in facts("ContributionReceived")}
    missed = {data["contribution"] for _, data in facts("ContributionMissed")}
    rows = {data["partner"]: {"inTime": 0, "late": 0, "missed": 0} for _, data in facts("PartnerRegistered")}
    for _, data in facts("ContributionCommitted"):
        came = received.get(data["contribution"])
        if came is not None:
            rows[data["partner"]]["late" if days(data["due"], came) > 0 else "inTime"] += 1
        elif data["contribution"] in missed:
            rows[data["partner"]]["missed"] += 1
    return rows


def overdue_updates(on: date) -> list[str]:
    """Return the commissioned updates that have not come by a day after their due date."""
    came = {data["update"] for _, data in facts("PartnerUpdateReceived") if day(data["receivedOn"]) <= on}
    commissioned = [data for _, data in facts("PartnerUpdateCommissioned")]
    return [data["update"] for data in commissioned if day(data["due"]) < on and data["update"] not in came]


def grants() -> dict[str, Row]:
    """Return the granted requests: the period of each grant, its uses and the refused attempts."""
    rows: dict[str, Row] = {}
    for line, data in facts("AccessGranted", "AccessExtended", "AccessRevoked", "AccessUsed", "AccessUseRefused"):
        row = rows.setdefault(data["request"], {"uses": []})
        if line["fact"] in ("AccessUsed", "AccessUseRefused"):
            row["uses"].append((data["document"], data.get("action")))
        elif line["fact"] == "AccessRevoked":
            row["until"] = instant(line["demorecordedat"])
        else:
            row["until"] = instant(data["until"])
            row.setdefault("from", instant(str(data.get("from", data["until"]))))
    return rows


def live(on: str) -> list[str]:
    """Return the requests whose grant is live at an instant."""
    return [request for request, row in grants().items() if row["from"] <= instant(on) < row["until"]]


def never_used() -> list[str]:
    """Return the granted requests that were never used."""
    return [request for request, row in grants().items() if not any(action for _, action in row["uses"])]


def checklist() -> list[Row]:
    """Return the kinds of access that each clause lists, by progress, for each review and diagnostic."""
    requested = {data["request"]: data for _, data in facts("AccessRequested")}
    steps = {"asked": "Requested", "granted": "Granted", "provided": "Provided", "used": "Used"}
    done: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for step, name in steps.items():
        for _, data in facts(f"Access{name}"):
            request = requested[data["request"]]
            of = "review" if "review" in request else "diagnostic"
            done.setdefault((of, request[of]), set()).add((request["kind"], step))
    clauses = tomllib.loads(shipped(NOTICE).decode())["clause"]
    listed = {clause["number"]: clause.get("parameters", {}).get("kinds") for clause in clauses}
    rows = [
        {"of": of, "clause": number, "kinds": kinds}
        | {step: [kind for kind in kinds if (kind, step) in progress] for step in steps}
        for number, kinds in listed.items()
        if kinds
        for (_, of), progress in done.items()
    ]
    return sorted(rows, key=lambda row: (row["of"], row["clause"]))


def readings() -> dict[str, list[dict[str, Any]]]:
    """Return the readings of each measure as last stated, by period."""
    rows: dict[str, dict[str, Row]] = {}
    for line, data in facts("MeasureReadingReported", "MeasureReadingRestated"):
        counts = {name: data.get(name) for name in ("numerator", "denominator")}
        period = {"first": data["period"]["first"], "last": data["period"]["last"]}
        restated = {"restated": line["fact"] == "MeasureReadingRestated"}
        rows.setdefault(data["measure"], {})[period["first"]] = period | counts | restated
    return {measure: [of[first] for first in sorted(of)] for measure, of in rows.items()}


def charts() -> dict[str, Row]:
    """Return each measure's mean and limits, and the first days of its periods with signals, by kind."""
    resets = {data["measure"]: data["first"] for _, data in facts("MeasureBaselineReset")}
    units = {data["measure"]: data["unit"] for _, data in facts("MeasureDefined")}
    answers: dict[str, Row] = {}
    for measure, rows in sorted(readings().items()):
        since = resets.get(measure, "")
        points = {row["first"]: _value(row, units[measure]) for row in rows if row["first"] >= since}
        answers[measure] = {"since": since} | _chart(points)
    return answers


def _chart(points: dict[str, float]) -> Row:
    mean = sum(points.values()) / len(points)
    moves = [abs(after - before) for before, after in pairwise(points.values())]
    reach = 2.66 * sum(moves) / len(moves)
    outside = [day for day, value in points.items() if abs(value - mean) > reach]
    runs = [list(run) for _, run in groupby(points, lambda day: (points[day] > mean) - (points[day] < mean))]
    near: set[str] = set()
    for sign in (1, -1):
        beyond = {day for day, value in points.items() if sign * (value - mean) > reach * 2 / 3}
        three = zip(points, list(points)[1:], list(points)[2:], strict=False)
        near.update(*(hits for days in three if len(hits := beyond & {*days}) > 1))
    shift = [day for run in runs if len(run) >= 7 for day in run]
    signals = {"OUTSIDE": outside, "SHIFT": shift, "NEAR_LIMIT": sorted(near)}
    return {"lines": [mean, mean - reach, mean + reach], "signals": signals}


def _value(row: Row, unit: str) -> float:
    if row["denominator"] is None:
        return float(row["numerator"])
    return float(row["numerator"] / row["denominator"] * (100 if unit == "PERCENT" else 1))
