"""The cases that the package ships, on its own recorder and a guest; and guests with faults fail in them."""

import unittest
from collections.abc import Iterator
from typing import Any

import pytest
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import ApplicationRecorder, Tracking

from ledger.domain.areas.plan import ProgressRecorded
from ledger.eventsourcing import Factory, cases, event_class
from tests.ledger.eventsourcing.guest import CountProgress, ProgressCounts
from tests.ledger.history import NOTICE

RECORDED: list[str] = []
"""The URL of the database of the running test."""


@pytest.fixture(autouse=True)
def recorded_database(recorded: str) -> Iterator[None]:
    """Name the database with the recorded notice."""
    RECORDED.append(recorded)
    yield
    RECORDED.clear()


class TestOurRecorder(cases.NoticeRecorderTestCase):
    """The ledger's own recorder."""

    notice = NOTICE

    def create_recorder(self) -> ApplicationRecorder:
        """Return the module's recorder."""
        factory = Factory({"LEDGER_DATABASE_URL": RECORDED[0], "LEDGER_NOTICE": NOTICE})
        self.addCleanup(factory.close)
        return factory.application_recorder()


class TestCountProgress(cases.GuestProjectionTestCase):
    """A guest as a stranger writes it."""

    projection_class = CountProgress
    notice = NOTICE

    def create_database(self) -> str:
        """Return a copy of the recorded database."""
        return self.copy_of(RECORDED[0])

    def rows(self, view: ProgressCounts) -> Any:
        """Return the counts."""
        return view.numbers()


class Forgetful(CountProgress):
    """A guest that does not track progress."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Track an entry of any other fact."""
        super().process_event(domain_event, tracking)

    @process_event.register(event_class(ProgressRecorded))
    def _(self, domain_event: Any, tracking: Tracking) -> None:
        pass


class Remembering(CountProgress):
    """A guest that counts in memory, so a restart loses its count."""

    def __init__(self, view: ProgressCounts) -> None:
        super().__init__(view)
        self.number = 0

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Track an entry of any other fact."""
        super().process_event(domain_event, tracking)

    @process_event.register(event_class(ProgressRecorded))
    def _(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ARG002 (the library's signature)
        self.view.count(f"{self.number} before", tracking)
        self.number += 1


@pytest.mark.parametrize(
    ("faulty", "named"),
    [
        (Forgetful, {"does not track entry 8"}),
        (Remembering, {"'1 before'"}),
    ],
)
def test_a_guest_with_a_fault_fails_its_case(faulty: type[CountProgress], named: set[str]) -> None:
    case = type(f"Test{faulty.__name__}", (TestCountProgress,), {"projection_class": faulty})
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert not result.errors
    assert result.failures
    messages = "".join(message for _, message in result.failures)
    assert all(name in messages for name in named), messages
