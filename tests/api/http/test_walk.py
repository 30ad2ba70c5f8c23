"""One event, traced from the request to its row, goes the way that CONTRIBUTING.md describes."""

import dis
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import astuple

from ledger.append.fold import FoldedState
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.state import State
from tests.api.service import Service, progress

pytestmark = pytest.mark.database
ROOT = Path(__file__).parents[3]
_, _, WALK = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("### From a request to a row\n")
STEPS = re.findall(r"^\d+\. `([^`]+)`(.*(?:\n   .*)*)", WALK, re.MULTILINE)
MODULES = [module for module, _ in STEPS]
TRANSPORT = "api/http/protocol.py"
"""Module that receives the request's bytes, before the route runs or while it runs."""
HELPERS = set(re.findall(r"`([^`]+\.py)`", WALK.partition("look at the event:")[2].partition("\n\n")[0]))
FIRST, LAST = ("api/http/intake.py", "post_entries"), ("ledger/store/entries.py", "write")
MARK, RATING = "walked-event", "RED"
"""Id of the event, which is its narrative too, and the rating by which its fact is known."""


def described_returns() -> Iterator[tuple[str, str]]:
    """Yield the modules that each arrow leaves and reaches."""
    for module, text in STEPS:
        for run in re.findall(r"(?:→ \d+\s*)+", text):
            here = module
            for number in re.findall(r"\d+", run):
                there = MODULES[int(number) - 1]
                yield here, there
                here = there


def carries(content: object, depth: int = 6) -> bool:
    """Return whether a value contains the event, in any of its forms, within some levels."""
    if isinstance(content, str | bytes | bytearray | memoryview):
        return MARK in content if isinstance(content, str) else MARK.encode() in bytes(content)
    if isinstance(content, ProgressRecorded):
        return content.activity_rating == RATING
    if depth == 0 or isinstance(content, State | FoldedState):
        return False
    if isinstance(content, dict | Struct):
        content = list(content.values()) if isinstance(content, dict) else astuple(content)
    return isinstance(content, list | tuple) and any(carries(item, depth - 1) for item in content)


class Trace:
    """Functions that take or return the event, from the route to the one that stores the row."""

    def __init__(self) -> None:
        self.active = True
        self.passed: dict[str, None] = {}
        """Modules in the order in which the event comes to them."""
        self.returns: list[tuple[str, str]] = []
        self._carrying: set[FrameType] = set()

    def __call__(self, frame: FrameType, event: str, result: object) -> None:
        """Note a call or a return; Python calls it in the thread of the service."""
        if not self.active or event not in ("call", "return") or (module := _module(frame)) is None:
            return
        place = module, frame.f_code.co_name
        if event == "call" and frame not in self._carrying and (place == FIRST or _takes_event(frame)):
            self._carrying.add(frame)
            if FIRST[0] in self.passed or place == FIRST:
                self.passed[module] = None
            if place == LAST:
                self.active = False
                sys.setprofile(None)
        elif event == "return" and module in MODULES and not _suspended(frame):
            caller = _caller(frame)
            if caller not in (module, None) and (frame in self._carrying or carries(result)):
                self.passed[module] = None
                self.returns.append((module, str(caller)))


def _module(frame: FrameType) -> str | None:
    """Return the path of a module of the service; None for a test, a library or the transport."""
    path = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
    return path if path.startswith(("api/", "ledger/")) and path != TRANSPORT else None


def _caller(frame: FrameType) -> str | None:
    """Return the module of the path that called a function, directly or through others."""
    while (back := frame.f_back) is not None and _module(back) not in MODULES:
        frame = back
    return _module(back) if back is not None else None


def _takes_event(frame: FrameType) -> bool:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return any(carries(frame.f_locals.get(name)) for name in names)


def _suspended(frame: FrameType) -> bool:
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "YIELD_VALUE"


def test_an_event_goes_the_way_that_is_described(service: Service, officer: httpx.Client) -> None:
    trace = Trace()
    event = progress(MARK, id=MARK)
    event["data"]["activityRating"] = RATING
    assert service.post(officer, progress()).status_code == 201, (
        "the first entry of a service also makes its tables"
    )
    service.profile(trace)
    assert service.post(officer, event).status_code == 201
    assert [module for module in trace.passed if module in MODULES] == MODULES
    assert sorted(trace.returns) == sorted(described_returns())
    assert sorted(set(trace.passed) - set(MODULES)) == sorted(HELPERS)
    assert len(MODULES) <= 12
    assert len(trace.returns) <= 8
