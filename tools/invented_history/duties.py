"""Duties of the sample history: recorded from paper files after the notice was closed."""

from typing import Any

from tools.invented_history.history_writer import HistoryWriter


def write(writer: HistoryWriter) -> None:
    """Record an assessment, a deliverable, an instruction, a post, a consent and a report on co-operation."""
    plan = {"deliverable": "transition-plan", "submittedOn": "2024-02-09", "to": "DfE"}
    lines: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        (
            "ClauseAssessed",
            "adviser",
            "2024-02-28",
            {"number": "5a", "status": "AT_RISK", "reason": "Two objectives are stale."},
        ),
        ("DeliverableSubmitted", "council-officer", "2024-02-09", plan),
        (
            "DeliverableReturned",
            "department-official",
            "2024-02-14",
            {"deliverable": "transition-plan", "reason": "It names no owners."},
        ),
        ("DeliverableSubmitted", "council-officer", "2024-02-21", {**plan, "submittedOn": "2024-02-21"}),
        ("DeliverableAccepted", "department-official", "2024-02-23", {"deliverable": "transition-plan"}),
        (
            "InstructionGiven",
            "department-official",
            "2024-02-12",
            {"instruction": "IN-1", "text": "Hold all senior appointments.", "due": "2024-02-29"},
        ),
        (
            "InstructionAnswered",
            "council-officer",
            "2024-02-16",
            {"instruction": "IN-1", "answeredOn": "2024-02-16", "answer": "No senior post is advertised."},
        ),
        (
            "PostFilled",
            "council-officer",
            "2024-02-01",
            {"post": "transition lead", "holder": "council-officer", "first": "2024-02-01"},
        ),
        (
            "PostVacated",
            "council-officer",
            "2024-03-15",
            {
                "post": "transition lead",
                "holder": "council-officer",
                "last": "2024-03-15",
                "reason": "The commissioner takes over.",
            },
        ),
        (
            "ConsentGiven",
            "department-official",
            "2024-02-19",
            {"matter": "senior appointment", "reason": "The interim director is needed now."},
        ),
        (
            "ActReported",
            "council-officer",
            "2024-02-26",
            {"matter": "senior appointment", "doneOn": "2024-02-26", "text": "An interim director began."},
        ),
        (
            "CooperationReported",
            "adviser",
            "2024-03-01",
            {"cooperated": True, "reason": "Files were opened on the day."},
        ),
    )
    for number, (fact, actor, day, data) in enumerate(lines):
        at = f"2024-03-21 {10 + number // 6}:{number % 6 * 5 + 10}"
        writer.record(f"duty-{number + 1}", fact, actor, at, data, time=f"{day} 11:00")
