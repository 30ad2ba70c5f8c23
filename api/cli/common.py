"""Provide all commands with a parser, output for people or programs, and the database."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TypeVar

import msgspec
import psycopg
from rich.console import Console

from api.database import Database
from api.settings import Settings
from ledger.append.writer import Writer
from ledger.domain import calendar
from ledger.domain.authorisation import Credential
from ledger.domain.errors import LedgerError, Unavailable
from ledger.domain.near_matches import similar
from ledger.domain.roles import Role
from ledger.proof.high_water import open_marks
from ledger.store.database import connect, unreachable
from ledger.store.distribution import lost_worker
from ledger.store.service_login import check_privileges

OPERATOR = Credential("operator", role=Role.OPERATOR)
"""Credential of the operator, who runs the command line next to the database."""
Action = Callable[[argparse.Namespace], int]
"""Function that runs a command and returns its exit status."""
Moment = int | datetime
"""Position or instant in a notice's history."""
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_T = TypeVar("_T")


class Misused(LedgerError):
    """Error of a command that was called wrongly."""


class Parser(argparse.ArgumentParser):
    """Parser of a command's arguments, whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise Misused with argparse's message and the command for help."""
        raise Misused(f"{message}; see {self.prog} --help")

    def runs(self, action: Action) -> None:
        """Set the function that runs the command, and add the option `--json`."""
        self.add_argument("--json", action="store_true", help="write JSON")
        self.set_defaults(run=action)

    def add_actions(self, **actions: tuple[str, Action]) -> list["Parser"]:
        """Add actions to a command, each by name with its meaning and function, and return their parsers."""
        *first, last = actions
        names = f"{', '.join(first)} or {last}"
        subparsers = self.add_subparsers(required=True, metavar=names, parser_class=Parser)
        parsers = []
        for name, (meaning, action) in actions.items():
            parser = subparsers.add_parser(name, help=meaning, description=sentence(meaning))
            parser.runs(action)
            parsers.append(parser)
        return parsers


async def open_writer(url: str) -> Writer:
    """Return a writer that records nothing in a notice that lost entries.

    The writer compares each notice with the high-water marks of this host's service.

    Raises:
        Unavailable: The database cannot be reached.
        WrongSetting: A setting of the environment is wrong.
    """
    return Writer(url, marks=await open_marks(Settings.from_environment().high_water_file, url))


@asynccontextmanager
async def database_with(notice: str) -> AsyncIterator[str]:
    """Yield the database's URL as `database` does, after checking that the notice is recorded.

    Raises:
        LedgerError: The database cannot be used, or the notice is not recorded.
    """
    async with database() as url:
        await check_notice(url, notice)
        yield url


async def check_notice(url: str, notice: str) -> None:
    """Raise LedgerError unless the notice is recorded; the message suggests similar names if any."""
    async with await connect(url, "ledger_writer") as connection:
        cursor = await connection.execute("SELECT notice FROM ledger.heads ORDER BY notice")
        known = [name for (name,) in await cursor.fetchall()]
    if notice not in known:
        near = similar(notice, known)
        advice = f"did you mean {' or '.join(near)}?" if near else "add it first with ledger notice add"
        raise LedgerError(f"no notice {notice[:80]!r} is recorded; {advice}")


def show_error(message: str, as_json: bool, refusals: object = None) -> None:
    """Print an error as one line on stderr, as JSON or for people."""
    line = " ".join(message.split())
    if as_json:
        error = {"error": line} | ({"refusals": refusals} if refusals is not None else {})
        print(json.dumps(error, ensure_ascii=False), file=sys.stderr)
    else:
        print(printable(f"ledger: {line}"), file=sys.stderr)


def show(value: object) -> None:
    """Print a value as one line of JSON on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def show_result(arguments: argparse.Namespace, value: object, line: str) -> int:
    """Print a value as JSON with `--json`, or else a line for people, and return the exit status 0."""
    if arguments.json:
        show(value)
    else:
        print(line)
    return 0


def say(line: str) -> None:
    """Print a message for people on stderr."""
    print(printable(line), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return text with its control characters escaped, except tabs and line feeds.

    No entry or bundle can then steer a terminal.
    """
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def console() -> Console:
    """Return the console for people: styled and wrapped in a terminal, plain and unwrapped when piped."""
    styled = Console(highlight=False)
    return styled if styled.is_terminal else Console(highlight=False, soft_wrap=True, color_system=None)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's coroutine and return its result.

    Raises:
        Unavailable: The database, or a worker of its cluster, cannot be reached.
        LedgerError: The login of the database has too few rights.
    """
    try:
        return asyncio.run(work)
    except psycopg.OperationalError as error:
        worker = lost_worker(error)
        if worker is not None:
            remedy = "start it, or name its standby with citus_update_node"
            raise Unavailable(f"the worker {worker} of the cluster cannot be reached; {remedy}") from error
        raise Unavailable(f"{unreachable(error)}; check LEDGER_DATABASE_URL") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise LedgerError(
            f"the login of LEDGER_DATABASE_URL has too few rights ({error.diag.message_primary}); run this "
            "command as the database's administrator"
        ) from error


@asynccontextmanager
async def database(settings: Settings | None = None) -> AsyncIterator[str]:
    """Yield the database's URL; first start and migrate the database if it is embedded.

    Raises:
        LedgerError: The database cannot be used; the message says what to do.
    """
    opened = Database(settings or Settings.from_environment())
    try:
        url = await opened.open(_say_slow_steps)
        try:
            yield url
        except psycopg.errors.InsufficientPrivilege:
            await check_privileges(url)  # the administrator acts in these roles too
            raise
    finally:
        opened.close()


def _say_slow_steps(line: str) -> None:
    """Print a line about a slow step of an embedded server, unless the line is about a migration."""
    if not line.startswith("ran "):
        say(line)


def sentence(words: str) -> str:
    """Return words as a sentence: a capital first, a full stop last."""
    return f"{words[:1].upper()}{words[1:]}."


def role(text: str) -> Role:
    """Return the role with this name, in any letter case, with hyphens or underscores.

    Raises:
        argparse.ArgumentTypeError: No role has this name; the message lists the roles.
    """
    try:
        return Role(text.upper().replace("-", "_"))
    except ValueError:
        known = ", ".join(role.value.lower().replace("_", "-") for role in Role)
        raise argparse.ArgumentTypeError(f"no role {text!r}; the roles are {known}") from None


def instant(text: str) -> datetime:
    """Return the instant of a text with an offset (RFC 3339), or the first instant in UTC of a date.

    Raises:
        argparse.ArgumentTypeError: The text is neither an instant with an offset nor a date.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; write it as 2022-09-30T12:00:00Z") from None
    if time.tzinfo is None and len(text) > len("2022-09-30"):
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write it as 2022-09-30T12:00:00Z")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def moment(text: str) -> Moment:
    """Return the position or instant of a text; a date gives the end of that day, as the pages do.

    Raises:
        argparse.ArgumentTypeError: The text is not a position, an instant or a date.
    """
    if _POSITION.fullmatch(text):
        return int(text)
    try:
        if len(text) == len("2022-09-30"):
            return calendar.end_of_day(date.fromisoformat(text))
        return instant(text)
    except (argparse.ArgumentTypeError, ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a position or a time; for example 42 or 2022-09-30T12:00:00Z"
        ) from None
