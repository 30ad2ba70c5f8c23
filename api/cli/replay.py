"""`ledger replay`: the history of a notice as numbered minutes, or what changed between two of its positions."""

import re
import textwrap
from argparse import ArgumentTypeError, Namespace
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text as Styled

from api.cli.frame import Misused, Parser, console, database, instant, run, show
from projections.errors import NotRecordedYet
from projections.history import History, opened
from projections.replay import Change, Rests, Selection, Story, Told, difference
from projections.tellings import instant as instant_in_words
from projections.tellings import listed

INVENTED = "invented/"
"""How the sources of a made-up history begin."""
INDENT = " " * 6
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
Moment = int | datetime


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice whose history is told")
    parser.add_argument(
        "--to", type=_moment, metavar="WHEN", help="only what was recorded up to a position or a time"
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
    parser.takes_json()
    parser.set_defaults(run=_replay)


def _moment(text: str) -> Moment:
    if _POSITION.fullmatch(text):
        return int(text)
    try:
        return instant(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"{text!r} is neither a position nor a time such as 2022-09-30T12:00:00Z"
        ) from None


def _span(text: str) -> tuple[Moment, Moment]:
    first, dots, last = text.partition("..")
    if not dots:
        raise ArgumentTypeError(f"{text!r} is no span; write two positions or times as A..B")
    return _moment(first), _moment(last)


def _replay(arguments: Namespace) -> int:
    chosen = Selection(
        subject=arguments.subject, clause=arguments.clause, actor=arguments.actor, decisions=arguments.decisions
    )
    if arguments.diff is None:
        run(_tell(arguments, chosen))
        return 0
    if arguments.to is not None or chosen != Selection():
        raise Misused("--diff compares everything; leave the other choices out, or leave out --diff")
    run(_compare(arguments))
    return 0


async def _tell(arguments: Namespace, chosen: Selection) -> None:
    async with database() as url, opened(url, arguments.notice) as history:
        to = await _position(history, arguments.to)
        out = console()
        told_any = False
        async for told, story in tellings(history, to):
            if not chosen.takes(told):
                continue
            told_any = True
            if arguments.json:
                show(told)
            else:
                show_minute(out, told, story.zone)
        if not told_any and not arguments.json:
            out.print(f"Nothing of this kind is among the {to} entries of {arguments.notice}.", markup=False)


async def tellings(history: History, to: int) -> AsyncIterator[tuple[Told, Story]]:
    """The first `to` entries, told in order, each with the story so far."""
    story = Story(corrected=await history.corrections(to))
    async for entry, texts in history.entries(to):
        yield story.tell(entry, texts), story


async def _position(history: History, moment: Moment | None) -> int:
    if moment is None:
        return history.size
    if isinstance(moment, datetime):
        return await history.position_at(moment)
    if moment > history.size:
        raise NotRecordedYet(
            f"{history.notice} has {history.size} entries, so {moment} is yet to come; ask for a lesser one"
        )
    return moment


async def _compare(arguments: Namespace) -> None:
    async with database() as url, opened(url, arguments.notice) as history:
        first, last = [await _position(history, moment) for moment in arguments.diff]
        if first > last:
            raise Misused(f"--diff goes forward in time; write {last}..{first}")
        before = await _held(history, first)
        story = await _held(history, last)
    changes = difference(before.now(), story.now())
    if arguments.json:
        show({"notice": history.notice, "from": first, "to": last, "changes": changes})
        return
    out = console()
    out.print(f"{history.notice}, from position {first} to {last}:", style="bold", markup=False)
    for line in changes_in_words(changes):
        out.print(_folded(f"  {line}", "    ", out), markup=False)
    if not changes:
        out.print("  nothing changed.", markup=False)


async def _held(history: History, to: int) -> Story:
    story = Story()
    async for _, so_far in tellings(history, to):
        story = so_far
    return story


def show_minute(out: Console, told: Told, zone: ZoneInfo) -> None:
    """One entry, as a numbered minute."""
    number = f"{told.position:>4}. "
    heading = Styled(_folded(number + told.sentence, INDENT, out))
    heading.stylize("bold", 0, len(number))
    out.print(heading)
    for label, line in _particulars(told, zone):
        text = Styled(_folded(f"{INDENT}{label:<9} {line}", INDENT + " " * 10, out))
        text.stylize("dim", 0, len(INDENT) + len(label))
        out.print(text)
    out.print()


def _particulars(told: Told, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    who = told.actor if told.actor.replace("-", " ") == told.role else f"{told.actor}, {told.role}"
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
    name = re.sub(r"\[(\d+)]", lambda match: f" {int(match[1]) + 1}", path.rpartition("data.")[2])
    return {"narrative": "in words"}.get(name, re.sub(r"([A-Z])", lambda m: f" {m[1].lower()}", name))


def _rests(rests: Rests) -> str:
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
