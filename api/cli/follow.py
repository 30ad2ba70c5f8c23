"""Follow other ledgers, and let others follow this one: `ledger follow`."""

import asyncio
import os
import secrets
from argparse import Namespace
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

from msgspec import Struct

from api.cli.common import Parser, database, run, say, show, show_result
from api.settings import Settings
from ledger.domain.errors import LedgerError
from ledger.follow import registry, source, subscription
from ledger.follow.monitor import LOOK_SECONDS, Alarm, FollowMonitor
from ledger.follow.registry import Source
from ledger.follow.source import Slot
from ledger.proof.high_water import open_marks
from ledger.store.database import connect
from ledger.store.database_url import check_url

_Arguments = TypeVarTuple("_Arguments")
_Outcome = TypeVar("_Outcome")
PASSWORD, SOURCE_URL = "LEDGER_FOLLOWER_PASSWORD", "LEDGER_SOURCE_URL"


class Status(Struct, frozen=True):
    """Ledgers followed now or earlier, alarms about them, and replication slots of this ledger's own followers."""

    sources: list[Source]
    alarms: list[Alarm]
    slots: list[Slot]


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    add, remove, publish, unpublish, _ = parser.add_actions(
        add=(f"follow a ledger that publishes to this one; {SOURCE_URL} has its database and login", _add),
        remove=("stop following a ledger; its notices stay here, read-only", _remove),
        publish=(f"let a follower copy this ledger; {PASSWORD} has its password, or one is made", _publish),
        unpublish=("remove a follower: its login and the slot that holds back the write-ahead log", _unpublish),
        status=("verify all copies, and print alarms and slots; exit status 1 if one needs attention", _status),
    )
    add.add_argument("name", metavar="NAME", help="name of the source, for example tameside")
    add.add_argument("--site", required=True, metavar="URL", help="address where the source records facts")
    key_help = "verifier key of the source, as ledger key show prints it"
    add.add_argument("--key", required=True, metavar="KEY", help=key_help)
    remove.add_argument("name", metavar="NAME", help="name of the source")
    publish.add_argument("follower", metavar="NAME", help="name of the follower's login and slot, for example dfe")
    unpublish.add_argument("follower", metavar="NAME", help="name of the follower")


def _add(arguments: Namespace) -> int:
    url = os.environ.get(SOURCE_URL)
    if not url:
        raise LedgerError(f"set {SOURCE_URL} to the source's database with the follower's login and password")
    try:
        check_url(url)
    except ValueError as error:
        raise LedgerError(f"{SOURCE_URL} is wrong: {error}") from None
    followed = Source(arguments.name, arguments.site, arguments.key, left=False)
    run(_with_database(subscription.subscribe, url, followed, say))
    line = f"{arguments.name} is followed. Its notices are read-only here."
    return show_result(arguments, {"source": arguments.name}, line)


def _remove(arguments: Namespace) -> int:
    fault = run(_with_database(subscription.unsubscribe, arguments.name))
    line = f"{arguments.name} is no longer followed. Its notices stay here, read-only."
    if fault is not None:
        line += f" Its slot is still at the source ({fault}); run there: ledger follow unpublish"
    return show_result(arguments, {"source": arguments.name, "slotDropped": fault is None}, line)


def _publish(arguments: Namespace) -> int:
    own_password = os.environ.get(PASSWORD)
    password = own_password or secrets.token_urlsafe(32)
    run(_with_database(source.publish, arguments.follower, password))
    if arguments.json:
        show({"follower": arguments.follower, "password": None if own_password else password})
        return 0
    say(f"{arguments.follower} may copy this ledger. In pg_hba.conf, admit the login to this database only.")
    if not own_password:
        say("Its password is displayed only once:")
        print(password)
    return 0


def _unpublish(arguments: Namespace) -> int:
    removed = run(_with_database(source.unpublish, arguments.follower))
    line = f"{arguments.follower} can no longer copy this ledger, and its slot is gone."
    return show_result(
        arguments, {"removed": removed}, line if removed else f"{arguments.follower} was no follower."
    )


def _status(arguments: Namespace) -> int:
    status = run(_look())
    faults = [slot.fault for slot in status.slots if slot.fault is not None]
    if arguments.json:
        show(status)
    else:
        for each in status.sources:
            print(f"source {each.name} at {each.site}{' (no longer followed)' if each.left else ''}")
        for slot in status.slots:
            state = "connected" if slot.active else "not connected"
            print(f"follower {slot.name}: {state}, {slot.backlog:,} bytes behind")
        for line in [*map(str, status.alarms), *faults]:
            print(line)
        if not (status.sources or status.slots):
            print("This ledger follows none, and none follows it.")
    return 1 if status.alarms or faults else 0


async def _look() -> Status:
    async with database() as url, await connect(url, "ledger_writer") as connection:
        monitor = FollowMonitor(await open_marks(Settings.from_environment().high_water_file, url))
        alarms = await monitor.look(connection)
        if monitor.has_errors:  # a change that is refused is tried again every 5 s
            for _ in range(2):
                await asyncio.sleep(LOOK_SECONDS)
                alarms = await monitor.look(connection)
        return Status(await registry.sources(connection), list(alarms), await source.slots(connection))


async def _with_database(
    work: Callable[[str, *_Arguments], Awaitable[_Outcome]], *arguments: *_Arguments
) -> _Outcome:
    async with database() as url:
        return await work(url, *arguments)
