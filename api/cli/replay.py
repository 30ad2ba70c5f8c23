"""`ledger replay`: the history of a notice as numbered minutes, or what changed between two of its positions."""

import re
import textwrap
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text as Styled

from api.cli.common import Misused, Moment, Parser, console, database, moment, run, show
from api.report.spreadsheet import tabulated
from ledger.mutable import people
from ledger.store.database import connect
from projections.narrate.history import Change, EvidenceCited, History, Selection, Sentence, difference
from projections.narrate.loader import LoadedHistory, opened, tellings
from projections.narrate.sentence import NOBODY, called, listed, numbered
from projections.narrate.sentence import instant as instant_in_words
from projections.query.errors import NotRecordedYet

INVENTED = "invented/"
"""How the sources of a made-up history begin."""
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
    *("texts", "evidence", "on_file", "changes", "reads_now", "corrected_by"),
)
_CHANGES = ("of", "aspect", "before", "after")


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice whose history is told")
    parser.add_argument(
        "--to",
        type=moment,
        metavar="WHEN",
        help="only what was recorded up to a position, a time or the end of a day",
    )
    parser.add_argument(
        "--subject", metavar="ID", help="only what is about this objective, evidence, access, actor …"
    )
    parser.add_argument("--clause", metavar="C", help="only what answers this clause; 9 takes 9a to 9d too")
    parser.add_argument("--actor", metavar="ID", help="only what this actor recorded")
    parser.add_argument("--decisions", action="store_true", help="only decisions, with what they rested on")
    parser.add_argument(
        "--diff", type=_span, metavar="A..B", help="what changed from one position or time to another"
    )
    parser.add_argument("--csv", action="store_true", help="write CSV, for spreadsheets")
    parser.takes_json()
    parser.set_defaults(run=_replay)


def _span(text: str) -> tuple[Moment, Moment]:
    first, dots, last = text.partition("..")
    if not dots:
        raise ArgumentTypeError(f"{text!r} is no span; write two positions or times as A..B")
    return moment(first), moment(last)


def _replay(arguments: Namespace) -> int:
    chosen = Selection(
        subject=arguments.subject, clause=arguments.clause, actor=arguments.actor, decisions=arguments.decisions
    )
    if arguments.csv and arguments.json:
        raise Misused("--csv and --json are two forms; choose one")
    if arguments.diff is None:
        run(_tell(arguments, chosen))
        return 0
    if arguments.to is not None or chosen != Selection():
        raise Misused("--diff compares everything; leave the other choices out, or leave out --diff")
    run(_compare(arguments))
    return 0


async def _tell(arguments: Namespace, chosen: Selection) -> None:
    async with database() as url, opened(url, arguments.notice) as history:
        to = await position(history, arguments.to)
        names = await _names(url, arguments.notice)
        out = console()
        told_any = False
        table = tabulated(_MINUTES) if arguments.csv else None
        async for told, story in tellings(history, to, names):
            if not chosen.takes(told):
                continue
            told_any = True
            if table is not None:
                table(_cells(told, story))
            elif arguments.json:
                show(told)
            else:
                show_minute(out, told, story.zone, names)
        if not told_any and not arguments.json and table is None:
            out.print(f"Nothing of this kind is among the {to} entries of {arguments.notice}.", markup=False)


async def _names(url: str, notice: str) -> dict[str, str]:
    """Actor → name, as the directory beside the log has them: whoever runs the command may read it."""
    async with await connect(url, "ledger_writer") as connection:
        return {one.actor: one.name for one in await people.people(connection, notice)}


async def position(history: LoadedHistory, when: Moment | None) -> int:
    """The position that is meant; None: the last. Raises NotRecordedYet."""
    if when is None:
        return history.size
    if isinstance(when, datetime):
        return await history.position_at(when)
    if when > history.size:
        raise NotRecordedYet(
            f"{history.notice} has {history.size} entries, so {when} is yet to come; ask for a lesser one"
        )
    return when


async def _compare(arguments: Namespace) -> None:
    async with database() as url, opened(url, arguments.notice) as history:
        first, last = [await position(history, when) for when in arguments.diff]
        if first > last:
            raise Misused(f"--diff goes forward in time; write {last}..{first}")
        names = await _names(url, arguments.notice)
        before = await _held(history, first, names)
        story = await _held(history, last, names)
    changes = difference(before.now(), story.now())
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
        out.print("  nothing changed.", markup=False)


async def _held(history: LoadedHistory, to: int, names: Mapping[str, str]) -> History:
    story = History()
    async for _, so_far in tellings(history, to, names):
        story = so_far
    return story


def _cells(told: Sentence, story: History) -> tuple[object, ...]:
    """An entry as a row of `_MINUTES`."""
    changes = "; ".join(changes_in_words(told.changes))
    texts = "; ".join(f"{_label(path)}: {text}" for path, text in told.texts.items())
    return (
        told.position,
        told.recorded_at,
        told.occurred_at or told.recorded_at,
        told.actor,
        story.names.get(told.actor),
        told.role,
        told.type,
        told.sentence,
        " ".join(told.clauses),
        " ".join(told.subjects),
        texts,
        listed(map(_rests, told.evidence)),
        listed(map(_rests, told.held)),
        changes,
        told.reads_now,
        told.corrected_by,
    )


def show_minute(out: Console, told: Sentence, zone: ZoneInfo, names: Mapping[str, str] = NOBODY) -> None:
    """One entry, as a numbered minute."""
    number = f"{told.position:>4}. "
    heading = Styled(_folded(number + told.sentence, INDENT, out))
    heading.stylize("bold", 0, len(number))
    out.print(heading)
    for label, line in _particulars(told, zone, names):
        text = Styled(_folded(f"{INDENT}{label:<9} {line}", INDENT + " " * 10, out))
        text.stylize("dim", 0, len(INDENT) + len(label))
        out.print(text)
    out.print()


def _particulars(told: Sentence, zone: ZoneInfo, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    who = called(told.actor, names)
    if told.actor.replace("-", " ") != told.role:
        who += f", {told.role}"
    invented = " (invented)" if told.source.startswith(INVENTED) else ""
    yield "recorded", f"{instant_in_words(told.recorded_at, zone)}, by {who}{invented}"
    yield "happened", instant_in_words(told.occurred_at, zone) if told.occurred_at else "when it was recorded"
    if told.clauses:
        yield "clause" if len(told.clauses) == 1 else "clauses", listed(told.clauses)
    for path, text in told.texts.items():
        yield _label(path), text
    if told.evidence:
        yield "evidence", listed(map(_rests, told.evidence))
    if told.held:
        yield "on file", listed(map(_rests, told.held))
    if told.reads_now:
        yield "reads now", told.reads_now
    yield from (("changed", line) for line in changes_in_words(told.changes))
    if told.corrected_by is not None:
        yield "but", f"entry {told.corrected_by} corrected this"


def _label(path: str) -> str:
    name = re.sub(
        r"(\w+)\[(\d+)]", lambda match: numbered(match[1], int(match[2]) + 1), path.rpartition("data.")[2]
    )
    return {"narrative": "in words"}.get(name, re.sub(r"([A-Z])", lambda m: f" {m[1].lower()}", name))


def _rests(rests: EvidenceCited) -> str:
    return f"{rests.evidence} (entry {rests.position})"


def changes_in_words(changes: Iterable[Change]) -> Iterator[str]:
    """What changed, a line for each thing: objective O1: due 31 March 2023, activity AMBER → GREEN."""
    of: dict[str, list[str]] = {}
    for change in changes:
        after = change.after or "nothing"
        arrow = after if change.before is None else f"{change.before} → {after}"
        of.setdefault(change.of, []).append(f"{change.aspect} {arrow}")
    for name, aspects in of.items():
        yield f"{name}: {', '.join(aspects)}"


def _folded(line: str, indent: str, out: Console) -> str:
    """The line wrapped for a terminal, its later lines indented; as it is when piped."""
    if not out.is_terminal:
        return line
    parts = line.splitlines() or [""]
    wrapped = [textwrap.wrap(part, max(out.width, 40), subsequent_indent=indent) for part in parts]
    return "\n".join(row for rows in wrapped for row in rows)
