"""Take the pictures in docs/pictures: `make screenshots`. The tests do not run it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.api.sampled import sampled
from tests.api.service import Service
from tests.browser.people import Person
from tests.ledger.history import NOTICE

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
HOME = f"/notices/{NOTICE}"
LARGEST = 300_000
"""Bytes of a picture."""
PICTURES = {
    "overview": (f"{HOME}?knownAt=2023-01-31", 1_500),
    "decision": (f"{HOME}/board/decisions/D6", 1_250),
    "measure": (f"{HOME}/measures/M1?knownAt=2023-07-31", 1_150),
    "replay": (f"{HOME}/replay?decisions=yes&from=150", 1_250),
}
"""Page and height in pixels, by name of the picture."""


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


@pytest.mark.parametrize("name", PICTURES)
def test_picture(sample: Service, chromium: Browser, axe: str, name: str) -> None:
    page = Person(chromium, sample, "auditor", axe).page
    address, height = PICTURES[name]
    page.set_viewport_size({"width": 1_000, "height": height})
    page.goto(address)
    FOLDER.mkdir(exist_ok=True)
    taken = page.screenshot(path=FOLDER / f"{name}.png")
    assert len(taken) <= LARGEST
