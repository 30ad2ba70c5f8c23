"""Progress on the objectives in the sample history, usually every second month for each."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import HistoryWriter, months
from tools.invented_history.plan import OBJECTIVES
from tools.invented_history.tables import tables_of

TABLES = tables_of("progress")

NARRATIVES = TABLES["narratives"]
MONTHS = months("2022-08", "2024-02")


def write(writer: HistoryWriter) -> None:
    """Record the progress on objectives, month by month."""
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
            text = NARRATIVES[name][stage]
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
