"""Figures for Prometheus: what was done here, and how far the views are. None names a notice or a person.

With several worker processes prometheus-client adds their figures up, through files in a directory that
`api.http.server` names. Imports prometheus_client, starlette, `ledger` and `projections`.
"""

import os
import time
from collections.abc import Iterable, Sequence

import psycopg
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from ledger.append.placement import AppendRequest
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from projections.engine.runner import Lag

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus-client is told that several processes are one service."""
APPEND_SECONDS = Histogram(
    "ledger_append_seconds", "From submission to the answer, for what is appended together."
)
RECORDED = Counter("ledger_entries_recorded", "Entries recorded.")
DUPLICATES = Counter("ledger_duplicates", "Facts that had been recorded before.")
QUEUE = Gauge("ledger_queue_entries", "Facts that wait to be recorded.", multiprocess_mode="livesum")
REFUSALS = Counter("ledger_refusals", "What was refused, by the code of the first reason.", ["code"])
REQUEST_SECONDS = Histogram("ledger_request_seconds", "Requests, by route and status.", ["route", "status"])
GRAPHQL_SECONDS = Histogram("ledger_graphql_seconds", "GraphQL operations.")
GRAPHQL_ROWS = Histogram(
    "ledger_graphql_rows", "Rows in the lists of a GraphQL answer.", buckets=(0, 10, 100, 1_000, 10_000)
)
GRAPHQL_ANSWERS = Counter(
    "ledger_graphql_answers",
    "GraphQL operations by how they were answered: compiled, or why field by field.",
    ["way"],
)
REBUILD_FOLDED = Gauge("ledger_rebuild_entries", "Entries folded by this rebuild.", multiprocess_mode="livesum")
REBUILD_SIZE = Gauge("ledger_rebuild_size", "Entries that it has to fold.", multiprocess_mode="livesum")


class MeasuredWriter(Writer):
    """The writer, with what it does counted."""

    async def submit(self, unit: AppendRequest) -> list[Receipt | Refused]:
        """As the writer's own."""
        QUEUE.set(self.waiting + len(unit.items))
        began = time.perf_counter()
        try:
            answers = await super().submit(unit)
        finally:
            APPEND_SECONDS.observe(time.perf_counter() - began)
            QUEUE.set(self.waiting)
        receipts = [answer for answer in answers if isinstance(answer, Receipt)]
        DUPLICATES.inc(sum(receipt.duplicate for receipt in receipts))
        RECORDED.inc(sum(not receipt.duplicate for receipt in receipts))
        return answers


class Rebuilding:
    """Hears how far a rebuild is, and sums it up over the notices."""

    def __init__(self) -> None:
        self._notices: dict[str, tuple[int, int]] = {}

    def __call__(self, notice: str, position: int, size: int) -> None:
        """The notice is folded up to that position, of so many."""
        self._notices[notice] = (position, size)
        REBUILD_FOLDED.set(sum(folded for folded, _ in self._notices.values()))
        REBUILD_SIZE.set(sum(whole for _, whole in self._notices.values()))


def refused(error: Refused | Busy | Unavailable) -> None:
    """Counts what was refused otherwise than by an HTTP problem."""
    REFUSALS.labels(error.refusals[0].code if isinstance(error, Refused) else type(error).__name__.upper()).inc()


class _Views(Collector):
    """How far the views are behind the entries, as the database has it."""

    def __init__(self, lags: Sequence[Lag]) -> None:
        self._lags = lags

    def collect(self) -> Iterable[Metric]:
        entries = GaugeMetricFamily("ledger_view_lag_entries", "Entries not folded yet.", labels=["view"])
        stopped = GaugeMetricFamily("ledger_view_stopped_notices", "Notices in which it stopped.", labels=["view"])
        for lag in self._lags:
            entries.add_metric([lag.view], lag.entries)
            stopped.add_metric([lag.view], lag.stopped)
        return [entries, stopped]


class _Checkpoints(Collector):
    """How far signing is behind the entries, as the database has it."""

    def __init__(self, waiting: float) -> None:
        self._waiting = waiting

    def collect(self) -> Iterable[Metric]:
        meaning = "For how long the first entry waits that no signed checkpoint covers; 0: there is none."
        return [GaugeMetricFamily("ledger_checkpoint_wait_seconds", meaning, self._waiting)]


async def get_metrics(request: Request) -> Response:
    """`GET /metrics`; without what the database says when it cannot be reached."""
    ledger = request.app.state.ledger
    stands = CollectorRegistry()
    try:
        stands.register(_Views(await ledger.runner.lag()))
        stands.register(_Checkpoints(await ledger.log.waiting()))
    except (LedgerError, psycopg.OperationalError):
        stands = CollectorRegistry()
    counted = REGISTRY
    if DIRECTORY in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call] # prometheus_client leaves it untyped
    return Response(
        generate_latest(counted) + generate_latest(stands), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
