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

RISKS: tuple[Line, ...] = (
    (
        "RiskRaised",
        "council-officer",
        "2024-01-08 09:30",
        {
            "risk": "RK1",
            "text": "Agency social workers leave before the permanent recruits start, so that children change worker "
            "during assessments.",
            "owner": "director",
            "relatesTo": ["O5"],
        },
    ),
    (
        "RiskRated",
        "council-officer",
        "2024-01-08 09:40",
        {
            "risk": "RK1",
            "likelihood": 4,
            "impact": 4,
            "controls": "Notice periods of eight weeks; a weekly list of cases that would have to be handed over.",
        },
    ),
    (
        "RiskRated",
        "council-officer",
        "2024-02-12 14:00",
        {
            "risk": "RK1",
            "likelihood": 2,
            "impact": 4,
            "controls": "Eleven agency workers have accepted permanent posts. The weekly list continues.",
        },
    ),
    (
        "RiskRaised",
        "adviser",
        "2024-01-22 16:10",
        {
            "risk": "RK2",
            "text": "The single front door opens without staff from health, so that referrals are delayed.",
            "owner": "director",
        },
    ),
    (
        "RiskClosed",
        "council-officer",
        "2024-03-11 10:15",
        {"risk": "RK2", "reason": "Health has seconded two practitioners to the front door since 4 March."},
    ),
)
ACTION_LOG: tuple[Line, ...] = (
    (
        "BoardActionAgreed",
        "chair-2",
        "2024-01-31 16:00",
        {
            "boardAction": "BA1",
            "meeting": "B17",
            "text": "Circulate the budget for the family hubs to all partners before the next meeting.",
            "owner": "director",
            "due": "2024-02-14",
        },
    ),
    (
        "BoardActionDone",
        "council-officer",
        "2024-02-12 17:00",
        {
            "boardAction": "BA1",
            "doneOn": "2024-02-12",
            "result": "The budget went to all partners with the papers.",
        },
    ),
    (
        "BoardActionAgreed",
        "chair-2",
        "2024-01-31 16:05",
        {
            "boardAction": "BA2",
            "meeting": "B17",
            "text": "Invite the youth council to present its survey.",
            "owner": "lead-member",
        },
    ),
)

VIEWS: tuple[Line, ...] = (
    (
        "ViewsGathered",
        "council-officer",
        "2024-02-06 17:30",
        {
            "views": "V7",
            "group": "PARENTS_AND_CARERS",
            "method": "forum",
            "count": 14,
            "themes": [
                "Letters about meetings come too late to arrange time off work.",
                "Parents want one person to call who knows their family.",
            ],
        },
    ),
    (
        "ViewsConsidered",
        "council-officer",
        "2024-03-05 10:00",
        {
            "views": "V7",
            "standard": "conference standard",
            "changeMade": "Invitations go out ten working days before a conference and name the family's worker.",
            "reason": "The forum's first theme matches the late invitations that the audit of January showed.",
        },
    ),
)


def write(writer: HistoryWriter) -> None:
    """Record the last steps of some actions, risks, the board's action log, and views of parents."""
    for number, (fact, actor, time, data) in enumerate((*ACTIONS, *RISKS, *ACTION_LOG, *VIEWS)):
        at = f"2024-03-21 {13 + number // 10}:{number % 10 * 5 + 10}"
        writer.record(f"transition-{number + 1}", fact, actor, at, data, time=time)
