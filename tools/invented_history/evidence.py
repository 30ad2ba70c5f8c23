"""Documents of the sample history that reviews and later facts name."""

from tools.invented_history.history_writer import HistoryWriter


def write(writer: HistoryWriter) -> None:
    """Record the submission of each document."""
    for title, at, classification, clauses in (
        ("What the first review found", "2022-10-19 14:00", "RESTRICTED", "6"),
        ("Supervision sample of October, draft", "2022-11-07 09:00", "OFFICIAL", "5c"),
        ("Supervision sample of October", "2022-11-14 09:00", "OFFICIAL", "5c"),
        ("Answers of the staff survey, with free text", "2023-10-12 09:00", "RESTRICTED", "5e"),
        ("Visits of October by team", "2022-11-09 09:00", "OFFICIAL", "1b"),
    ):
        writer.submit_evidence(title, at, classification=classification, clauses=clauses)
