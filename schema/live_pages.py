"""Share the work of subscriptions: a page is computed for all subscribers with the same rights, not for each.

A subscription advances by pages. A page contains the results of one execution of its document after a position.
Subscribers at one position share a page for at most a second if document, variables and roles are the same. They
wait together, and continue a few at a time, so that other requests are answered in between. Imports graphql-core,
strawberry, `projections` and `ledger`.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cachetools import LRUCache
from graphql import FieldNode, StringValueNode, ValueNode, VariableNode, get_operation_ast, parse
from msgspec import Struct
from strawberry.types.execution import ExecutionResult

from ledger.domain.authorisation import Credential
from ledger.domain.roles import Role
from projections.query.reader import Reader
from schema.errors import is_text
from schema.limits import CACHED_DOCUMENTS, TOKENS

RIGHTS_SECONDS = 15.0
"""Seconds between checks of a viewer's rights, and of the clock, when no entry is recorded."""
SENDING_SECONDS = 1.0
"""Seconds between checks of a viewer's rights while a page is sent to a slow client."""
_LOOK_SECONDS = 1.0
_FRESH_SECONDS = 1.0
"""Seconds for which a page serves further subscribers; only so long can it contain a narrative since erased."""
_PAGES = 256
_COMPUTED_AT_ONCE = 4
_AT_ONCE = 4
"""Number of subscribers that continue in one turn of the event loop."""


class Page:
    """The results of a subscription after one position and up to another."""

    def __init__(self, after: int | None) -> None:
        self.after = after
        """Position after which the page starts; None for the first page, whose start the arguments determine."""
        self.notice = ""
        self.position: int | None = None
        """Position that the page reaches; None if the subscription ends with the page."""
        self.is_full = False
        """True if more entries may follow at once."""
        self.state: object = None
        """Whole value that the page shows, such as all statuses; None for a page of entries.

        Subscribers that already have the same value skip the page.
        """
        self.results: list[ExecutionResult] = []
        self.positions: list[int] = []
        """Position of each result that is an entry; empty for a page without entries."""
        self.roles: frozenset[Role] = frozenset()
        """Roles of the viewers for whom the page was computed."""

    def until(self, position: int) -> "Page":
        """Return a page that ends at a position, for a viewer who may not have the rest of this one."""
        page = Page(self.after)
        page.notice, page.position, page.is_full = self.notice, position, True
        return page


class Rights(Struct, frozen=True):
    """Viewer with fixed roles in one notice, for a page that viewers with these roles share."""

    credential: Credential
    notice: str
    fixed: frozenset[Role]

    async def roles(self, notice: str) -> Sequence[Role]:
        """Return the fixed roles in the notice; empty for any other notice."""
        return list(self.fixed) if notice == self.notice else ()

    async def allowed(self) -> Sequence[str]:
        """Return a list that contains only the id of the notice with the fixed roles."""
        return [self.notice]

    async def is_live(self) -> bool:
        """Return True: the rights of each viewer are checked before they get the page."""
        return True


class _Computation(Struct, frozen=True):
    """The computation of a page, pending or finished."""

    moved: asyncio.Event
    """Event that the next notification after the beginning of the computation sets."""
    at: float
    page: "asyncio.Future[Page]"

    def is_fresh(self, now: float) -> bool:
        """Return True if further subscribers may take this page."""
        if not self.page.done():
            return not self.moved.is_set()
        if self.page.cancelled() or self.page.exception() is not None or now - self.at > _FRESH_SECONDS:
            return False
        page = self.page.result()
        if page.position is None:
            return False  # an error may have passed
        # recorded entries stay, but an empty page or a state is only right until the next notification
        return not self.moved.is_set() or (bool(page.results) and page.state is None)


class LivePages:
    """Pages of the subscriptions in this process, and the subscribers that wait for further pages."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.computing = asyncio.Semaphore(_COMPUTED_AT_ONCE)
        """Limit on pages computed at once, so that connections are left for other requests."""
        self._computations: LRUCache[object, _Computation] = LRUCache(_PAGES)
        self._waiting: dict[str, list[_Waiter]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: object, compute: Callable[[], Awaitable[Page]]) -> Page:
        """Return the page of a key, computed now or just before for another subscriber."""
        now = asyncio.get_running_loop().time()
        computation = self._computations.get(key)
        if computation is None or not computation.is_fresh(now):
            computation = _Computation(self._reader.next_move(), now, asyncio.ensure_future(compute()))
            computation.page.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._computations[key] = computation
        return await asyncio.shield(computation.page)

    async def wait(self, notice: str, position: int) -> None:
        """Wait until a notice passes the position of a waiting subscriber, or RIGHTS_SECONDS are over."""
        loop = asyncio.get_running_loop()
        waiter = _Waiter(position, loop.time() + RIGHTS_SECONDS, loop.create_future())
        if notice in self._waiting:
            self._waiting[notice].append(waiter)
        else:
            self._waiting[notice] = [waiter]
            task = asyncio.create_task(self._release(notice))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await waiter.released

    async def _release(self, notice: str) -> None:
        """Let a notice's subscribers continue at a new entry or after their time, until no subscriber waits."""
        loop = asyncio.get_running_loop()
        try:
            while waiting := [waiter for waiter in self._waiting[notice] if not waiter.released.done()]:
                self._waiting[notice] = waiting
                lowest = min(waiter.position for waiter in waiting)
                has_moved = await self._reader.wait_beyond(notice, lowest, _LOOK_SECONDS)
                waiting, self._waiting[notice] = self._waiting[notice], []
                for number, waiter in enumerate(waiting):
                    if not has_moved and waiter.until > loop.time():
                        self._waiting[notice].append(waiter)
                        continue
                    waiter.release()
                    if number % _AT_ONCE == 0:
                        await asyncio.sleep(0)
        finally:
            for waiter in self._waiting.pop(notice, ()):
                waiter.release()


class _Waiter(Struct, frozen=True):
    """A subscriber that waits for entries after a position."""

    position: int
    until: float
    released: "asyncio.Future[None]"

    def release(self) -> None:
        """Let the subscriber continue, unless it has gone."""
        if not self.released.done():
            self.released.set_result(None)


def request_key(
    document: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    *,
    with_start: bool = False,
) -> object:
    """Return a key that is equal for requests for the same subscription.

    Args:
        document: Document of the request.
        variables: Variables of the request.
        operation_name: Name of the operation, if the document has several.
        with_start: True to distinguish requests by the position after which they start.
    """
    start = None if with_start else _start_variable(document, operation_name)
    values = {name: value for name, value in (variables or {}).items() if name != start}
    text = json.dumps(values, sort_keys=True, default=str)
    return document, sha256(text.encode()).digest(), operation_name  # the variables may have megabytes


def requested_notice(document: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> str:
    """Return the id of the notice that a subscription follows; empty if the request sends no valid id."""
    value = _root_argument(document, operation_name, "notice")
    if isinstance(value, VariableNode):
        notice = (variables or {}).get(value.name.value)
        return notice if isinstance(notice, str) and is_text(notice) else ""  # its execution names the error
    return value.value if isinstance(value, StringValueNode) else ""


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _start_variable(document: str, operation_name: str | None) -> str | None:
    """Return the name of the variable used only as the position to start after; None without such a variable."""
    value = _root_argument(document, operation_name, "after")
    if not isinstance(value, VariableNode):
        return None
    name = value.name.value
    uses = len(re.findall(rf"\${name}\b", document))  # its definition, and this use
    return name if uses == 2 else None


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _root_argument(document: str, operation_name: str | None, name: str) -> ValueNode | None:
    """Return the document's node for an argument of the subscription's field; None if it is absent."""
    operation = get_operation_ast(parse(document, max_tokens=TOKENS), operation_name)
    root = operation.selection_set.selections[0] if operation is not None else None
    arguments = root.arguments if isinstance(root, FieldNode) else ()
    return next((argument.value for argument in arguments or () if argument.name.value == name), None)
