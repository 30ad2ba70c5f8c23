"""Print the history of a notice as numbered minutes, or the changes between two positions: `ledger replay`."""

import re
import textwrap
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text as Styled

from api.cli.common import Misused, Moment, Parser, console, database_with, moment, printable, run, show
from api.report.spreadsheet import tabulated
from ledger.mutable import people
from ledger.store.database import connect
from projections.errors import NotRecordedYet
from projections.narrate.changes import Change, difference
from projections.narrate.history import EvidenceCited, History, NarratedEntry, Selection
from projections.narrate.loader import LoadedHistory, narrate, open_history
from projections.narrate.sentence import NO_NAMES, join_items, numbered, with_name
from projections.narrate.sentence import instant as instant_in_words

INVENTED = "invented/"
"""Prefix of the sources of an invented history."""
INDENT = " " * 6
_MINUTES = (
    *(
        "position",
        "recorded_at",
        "happened_at",
        "actor",
        "name",
        "role",
        "type",
        "sentence",
        "clauses",
        "subjects",
    ),
    *("texts", "evidence", "on_file", "changes", "notes", "reads_now", "corrected_by"),
)
_CHANGES = ("of", "aspect", "before", "after")


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="notice to print")
    parser.add_argument(
        "--to",
        type=moment,
        metavar="WHEN",
        help="only entries up to a position, a time or the end of a day",
    )
    parser.add_argument(
        "--subject", metavar="ID", help="only entries about this objective, evidence, access, actor …"
    )
    parser.add_argument("--clause", metavar="C", help="only entries for this clause; 9 includes 9a to 9d")
    parser.add_argument("--actor", metavar="ID", help="only entries of this actor")
    parser.add_argument("--decisions", action="store_true", help="only decisions, with their evidence")
    parser.add_argument(
        "--diff", type=_span, metavar="A..B", help="print the changes from one position or time to another"
    )
    parser.add_argument("--csv", action="store_true", help="write CSV")
    parser.runs(_replay)


def _span(text: str) -> tuple[Moment, Moment]:
    first, dots, last = text.partition("..")
    if not dots:
        raise ArgumentTypeError(f"{text!r} is not a range; write two positions or times as A..B")
    return moment(first), moment(last)


def _replay(arguments: Namespace) -> int:
    chosen = Selection(
        subject=arguments.subject, clause=arguments.clause, actor=arguments.actor, decisions=arguments.decisions
    )
    if arguments.csv and arguments.json:
        raise Misused("--csv and --json exclude each other; choose one")
    if arguments.diff is None:
        run(_print_minutes(arguments, chosen))
        return 0
    if arguments.to is not None or chosen != Selection():
        raise Misused("--diff compares everything; omit the other options, or omit --diff")
    run(_compare(arguments))
    return 0


async def _print_minutes(arguments: Namespace, chosen: Selection) -> None:
    async with database_with(arguments.notice) as url, open_history(url, arguments.notice) as history:
        to = await position(history, arguments.to)
        names = await _names(url, arguments.notice)
        out = console()
        any_minute = False
        table = tabulated(_MINUTES) if arguments.csv else None
        async for minute, story in narrate(history, to, names):
            if not chosen.matches(minute):
                continue
            any_minute = True
            if table is not None:
                table(_cells(minute, story))
            elif arguments.json:
                show(minute)
            else:
                show_minute(out, minute, story.zone, names)
        if not any_minute and not arguments.json and table is None:
            out.print(f"No such entry among the {to} entries of {arguments.notice}.", markup=False)


async def _names(url: str, notice: str) -> dict[str, str]:
    """Return the names in a notice's directory by actor, which an operator may read.

    Raise the errors of `connect`.
    """
    async with await connect(url, "ledger_writer") as connection:
        return {one.actor: one.name for one in await people.people(connection, notice)}


async def position(history: LoadedHistory, when: Moment | None) -> int:
    """Return the position of an instant, the position itself, or the last position for None.

    Raises:
        NotRecordedYet: The position is later than the last entry, or the instant is before the first entry.
    """
    if when is None:
        return history.size
    if isinstance(when, datetime):
        return await history.position_at(when)
    if when > history.size:
        raise NotRecordedYet(f"{history.notice} has {history.size} entries; choose a position up to that")
    return when


async def _compare(arguments: Namespace) -> None:
    async with database_with(arguments.notice) as url, open_history(url, arguments.notice) as history:
        first, last = [await position(history, when) for when in arguments.diff]
        if first > last:
            raise Misused(f"--diff goes forward in time; write {last}..{first}")
        names = await _names(url, arguments.notice)
        before = await _history_at(history, first, names)
        story = await _history_at(history, last, names)
    changes = difference(before.values.current(), story.values.current())
    if arguments.csv:
        table = tabulated(_CHANGES)
        for change in changes:
            table((change.of, change.aspect, change.before, change.after))
        return
    if arguments.json:
        show({"notice": history.notice, "from": first, "to": last, "changes": changes})
        return
    out = console()
    out.print(f"{history.notice}, from position {first} to {last}:", style="bold", markup=False)
    for line in changes_in_words(changes):
        out.print(_folded(f"  {line}", "    ", out), markup=False)
    if not changes:
        out.print("  no changes.", markup=False)


async def _history_at(history: LoadedHistory, to: int, names: Mapping[str, str]) -> History:
    story = History()
    async for _, so_far in narrate(history, to, names):
        story = so_far
    return story


def _cells(minute: NarratedEntry, story: History) -> tuple[object, ...]:
    """Return an entry as a row of a table with the columns of `_MINUTES`."""
    changes = "; ".join(changes_in_words(minute.changes))
    texts = "; ".join(f"{_label(path)}: {text}" for path, text in minute.narratives.items())
    return (
        minute.position,
        minute.recorded_at,
        minute.occurred_at or minute.recorded_at,
        minute.actor,
        story.names.get(minute.actor),
        minute.role,
        minute.type,
        minute.sentence,
        " ".join(minute.clauses),
        " ".join(minute.subjects),
        texts,
        join_items(map(_citation, minute.evidence)),
        join_items(map(_citation, minute.other_evidence)),
        changes,
        " ".join(minute.notes),
        minute.reads_now,
        minute.corrected_by,
    )


def show_minute(out: Console, minute: NarratedEntry, zone: ZoneInfo, names: Mapping[str, str] = NO_NAMES) -> None:
    """Print one entry as a numbered item of the minutes."""
    number = f"{minute.position:>4}. "
    heading = Styled(_folded(number + minute.sentence, INDENT, out))
    heading.stylize("bold", 0, len(number))
    out.print(heading)
    for label, line in _particulars(minute, zone, names):
        text = Styled(_folded(f"{INDENT}{label:<9} {line}", INDENT + " " * 10, out))
        text.stylize("dim", 0, len(INDENT) + len(label))
        out.print(text)
    out.print()


def _particulars(minute: NarratedEntry, zone: ZoneInfo, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    who = with_name(minute.actor, names)
    if minute.actor.replace("-", " ") != minute.role:
        who += f", {minute.role}"
    invented = " (invented)" if minute.source.startswith(INVENTED) else ""
    yield "recorded", f"{instant_in_words(minute.recorded_at, zone)}, by {who}{invented}"
    yield "happened", instant_in_words(minute.occurred_at, zone) if minute.occurred_at else "when it was recorded"
    if minute.clauses:
        yield "clause" if len(minute.clauses) == 1 else "clauses", join_items(minute.clauses)
    for path, text in minute.narratives.items():
        yield _label(path), text
    yield from (("note", note) for note in minute.notes)
    if minute.evidence:
        yield "evidence", join_items(map(_citation, minute.evidence))
    if minute.other_evidence:
        yield "on file", join_items(map(_citation, minute.other_evidence))
    if minute.reads_now:
        yield "reads now", minute.reads_now
    yield from (("changed", line) for line in changes_in_words(minute.changes))
    if minute.corrected_by is not None:
        yield "but", f"entry {minute.corrected_by} corrected this"


def _label(path: str) -> str:
    name = re.sub(
        r"(\w+)\[(\d+)]", lambda match: numbered(match[1], int(match[2]) + 1), path.rpartition("data.")[2]
    )
    return {"narrative": "in words"}.get(name, re.sub(r"([A-Z])", lambda m: f" {m[1].lower()}", name))


def _citation(citation: EvidenceCited) -> str:
    return f"{citation.evidence} (entry {citation.position})"


def changes_in_words(changes: Iterable[Change]) -> Iterator[str]:
    """Yield a line for each changed thing, such as: objective O1: due 31 March 2023, activity AMBER → GREEN."""
    of: dict[str, list[str]] = {}
    for change in changes:
        after = change.after or "nothing"
        arrow = after if change.before is None else f"{change.before} → {after}"
        of.setdefault(change.of, []).append(f"{change.aspect} {arrow}")
    for name, aspects in of.items():
        yield f"{name}: {', '.join(aspects)}"


def _folded(line: str, indent: str, out: Console) -> str:
    """Return the line wrapped for a terminal, with its later lines indented; unchanged when piped."""
    if not out.is_terminal:
        return line
    parts = printable(line).split("\n")
    wrapped = [textwrap.wrap(part, max(out.width, 40), subsequent_indent=indent) for part in parts]
    return "\n".join(row for rows in wrapped for row in rows)
