"""What all commands share: a parser with errors of one line, output for people or programs, and the database."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TypeVar

import msgspec
import psycopg
from rich.console import Console

from api.services import Database
from api.settings import Settings
from ledger.domain import calendar
from ledger.domain.areas.people import Credential
from ledger.domain.errors import LedgerError, Unavailable
from ledger.domain.roles import Role

OPERATOR = Credential("operator", role=Role.OPERATOR)
"""Whoever runs the command line beside the database."""
Moment = int | datetime
"""A point of a history: a position, or a time."""
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_T = TypeVar("_T")


class Misused(LedgerError):
    """The command was called wrongly."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence; every command takes `--json`."""

    def error(self, message: str) -> NoReturn:
        """Raises Misused with argparse's message and where to read more."""
        raise Misused(f"{message}; see {self.prog} --help")

    def takes_json(self) -> None:
        """Adds `--json`."""
        self.add_argument("--json", action="store_true", help="write JSON, for programs")


def show_error(message: str, as_json: bool, refusals: object = None) -> None:
    """One line on stderr."""
    line = " ".join(message.split())
    if as_json:
        found = {"error": line} | ({"refusals": refusals} if refusals is not None else {})
        print(json.dumps(found, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"ledger: {line}", file=sys.stderr)


def show(value: object) -> None:
    """A line of JSON on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def say(line: str) -> None:
    """A line on stderr about what is being done."""
    print(line, file=sys.stderr, flush=True)


def console() -> Console:
    """Where people read: styled and wrapped in a terminal, plain and unwrapped when piped."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, soft_wrap=True, color_system=None)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Runs a command's work; a database that is lost on the way is an error of one line."""
    try:
        return asyncio.run(work)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "the connection was lost"
        raise Unavailable(f"the database cannot be reached: {reason}; check LEDGER_DATABASE_URL") from error


@asynccontextmanager
async def database(settings: Settings | None = None) -> AsyncIterator[str]:
    """The URL of the settings' database, started and migrated if it is the embedded one; raises LedgerError."""
    found = Database(settings or Settings.from_environment())
    try:
        yield await found.open(_quietly)
    finally:
        found.close()


def _quietly(line: str) -> None:
    """Tells of an embedded server only what takes long; that a migration ran is no news."""
    if not line.startswith("ran "):
        say(line)


def sentence(words: str) -> str:
    """Words as a sentence: a capital first, a full stop last."""
    return f"{words[:1].upper()}{words[1:]}."


def role(text: str) -> Role:
    """A role in any case, with - or _; raises argparse's error with the roles that there are."""
    try:
        return Role(text.upper().replace("-", "_"))
    except ValueError:
        known = ", ".join(role.value.lower().replace("_", "-") for role in Role)
        raise argparse.ArgumentTypeError(f"there is no role {text!r}; the roles are {known}") from None


def instant(text: str) -> datetime:
    """An instant with its offset (RFC 3339), or a day: its first instant in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2022-09-30T12:00:00Z") from None
    if found.tzinfo is None and len(text) > len("2022-09-30"):
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; write 2022-09-30T12:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def moment(text: str) -> Moment:
    """A position, an instant with its offset, or a day: the end of it, as on the pages."""
    if _POSITION.fullmatch(text):
        return int(text)
    try:
        if len(text) == len("2022-09-30"):
            return calendar.end_of_day(date.fromisoformat(text))
        return instant(text)
    except (argparse.ArgumentTypeError, ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a position nor a time such as 2022-09-30T12:00:00Z"
        ) from None
