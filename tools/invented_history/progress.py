"""Progress on each objective, every second month."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import HistoryWriter, months
from tools.invented_history.plan import OBJECTIVES

SAID = {
    "O1": (
        "Seven visits of ten are in time",
        "Eight visits of ten are in time since the two posts moved",
        "Nine visits of ten are in time, and hold",
    ),
    "O2": (
        "A first draft is with the heads of service",
        "The second version says plainly what is weak",
        "Leaders quote it in council, and the plan answers it",
    ),
    "O3": (
        "Health is missing from every third meeting",
        "Both partners come to most meetings",
        "Nine meetings of ten had everybody there",
    ),
    "O4": (
        "Conferences wait for rooms and for people",
        "The calendar helps; summer holidays do not",
        "Five conferences of six met in time",
    ),
    "O5": (
        "A worker has twenty-one children on average",
        "The cap helps new workers; others carry more",
        "Agency staff are fewer, and caseloads fall slowly",
    ),
    "O6": (
        "Supervision is recorded, and seldom thinks",
        "Managers are trained; the records begin to show it",
        "Three records of four show what changed for the child",
    ),
    "O7": (
        "Partners talk of one front door, and have four",
        "The hubs wait for money",
        "The hubs are open; the front door is not",
    ),
    "O8": (
        "Letters are drafted",
        "A third answered the letter, most about housing",
        "Nineteen tenancies, and the first complaints from those who wait",
    ),
    "O9": (
        "Audits find what everybody knew",
        "Outsiders grade lower than we do",
        "Grades agree in five audits of six",
    ),
    "O10": (
        "The forum met once",
        "Staff asked for less paper, and got it",
        "Children asked for fewer changes of worker, which we cannot show yet",
    ),
}
MONTHS = months("2022-08", "2024-02")


def write(writer: HistoryWriter) -> None:
    """Record the progress month by month."""
    count = 0
    for index, month in enumerate(MONTHS):
        for number, (name, *_) in enumerate(OBJECTIVES):
            if (
                (index + number) % 2
                or (name == "O2" and month > date(2023, 4, 1))
                or (name == "O6" and index in (6, 8))
            ):
                continue
            count += 1
            stage = min(2, index * 3 // len(MONTHS) + (1 if name in ("O1", "O2") and index > 3 else 0))
            slow = name in ("O5", "O7")
            activity = ("RED", "AMBER", "GREEN")[min(2, stage + (0 if slow else index % 2))]
            impact = ("RED", "RED" if slow else "AMBER", "AMBER" if slow or name == "O10" else "GREEN")[stage]
            day = working_day_from(month + timedelta(days=8 + number % 3))
            text = SAID[name][stage]
            more = (
                "",
                ", and the next step is agreed",
                "; the team asks for another month",
                "; the board has the figures",
            )
            writer.record(
                f"progress-{count}",
                "ProgressRecorded",
                "council-officer-2" if name in ("O3", "O4", "O6") else "council-officer",
                f"{day + timedelta(days=1 if day.weekday() < 4 else 3)} {9 + number % 7}:{15 + number}",
                {
                    "objective": name,
                    "narrative": text + more[(index + number) // 2 % 4] + ".",
                    "activityRating": activity,
                    "impactRating": impact,
                },
                time=f"{day} 17:00",
                clauses="5a",
            )
