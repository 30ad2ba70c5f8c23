"""Run the service with the demo's invented history, and a token for each person in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.cli.demo_data import PEOPLE
from ledger.domain.roles import Role
from tests.api.service import Notice, Service, issue, run
from tests.databases import copied_database
from tests.ledger.history import NOTICE

READERS = {actor: role for actor, role in PEOPLE.items() if role is not Role.INTEGRATION}
"""People who can read, with their roles."""


async def _begin(url: str) -> Notice:
    return Notice(NOTICE, {actor: await issue(url, NOTICE, actor, role.value) for actor, role in READERS.items()})


@contextmanager
def sampled(history_template: str) -> Iterator[Service]:
    """Run that service, on a copy of the history."""
    with (
        copied_database(history_template, "history_template") as url,
        Service(url, run(_begin(url))) as running,
    ):
        yield running
