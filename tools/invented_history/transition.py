"""The last weeks of the sample history, recorded from paper files after the notice was closed."""

from typing import Any

from tools.invented_history.history_writer import HistoryWriter

Line = tuple[str, str, str, dict[str, Any]]
"""Fact, actor, local time of the fact, and data."""
ACTIONS: tuple[Line, ...] = (
    (
        "ActionReopened",
        "council-officer",
        "2024-01-15 10:00",
        {
            "action": "A18",
            "reason": "Four of the nineteen tenancies ended within six months. The director asks for the offer to be "
            "reviewed with housing before it is reported as complete again.",
        },
    ),
    (
        "ActionCompleted",
        "council-officer-2",
        "2024-02-20 15:30",
        {
            "action": "A18",
            "completedOn": "2024-02-20",
            "result": "The four young people have a new tenancy each and a named personal adviser. Housing and "
            "leaving care now meet every fortnight.",
        },
    ),
    (
        "ActionEmbedded",
        "council-officer",
        "2024-02-23 09:40",
        {
            "action": "A14",
            "embeddedOn": "2024-01-31",
            "assurance": "Twenty records have been sampled in each of the last twelve months, and team managers now "
            "run the sample without the improvement team.",
        },
    ),
    (
        "ActionAdded",
        "council-officer-2",
        "2024-01-10 09:15",
        {
            "action": "A23",
            "objective": "O5",
            "title": "Buy ten places for newly qualified workers at the regional academy.",
            "owner": "director",
            "due": "2024-04-30",
        },
    ),
    (
        "ActionDropped",
        "council-officer",
        "2024-02-28 11:20",
        {
            "action": "A23",
            "reason": "The academy has no free places before autumn. The eleven applicants join the council's own "
            "third cohort instead.",
            "approver": "chair-2",
        },
    ),
)


def write(writer: HistoryWriter) -> None:
    """Record the last steps of some actions."""
    for number, (fact, actor, time, data) in enumerate(ACTIONS):
        at = f"2024-03-21 {13 + number // 10}:{number % 10 * 5 + 10}"
        writer.record(f"transition-{number + 1}", fact, actor, at, data, time=time)
