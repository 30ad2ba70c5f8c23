"""Publish figures for Prometheus, without the names of notices or persons.

With several workers, prometheus-client adds up the workers' figures through files in a directory that
`api.http.server` names. Imports prometheus_client, psycopg, starlette, `ledger` and `projections`.
"""

import collections
import os
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
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from ledger.append.receipt import Receipt
from ledger.domain.errors import Busy, LedgerError, Refused, Unavailable
from ledger.follow.monitor import FollowMonitor
from projections.engine.runner import Lag
from projections.query.standbys import Standby

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that switches prometheus-client to its mode for several processes."""
APPEND_SECONDS = Histogram("ledger_append_seconds", "Seconds from the submission of a request to its answers.")
RECORDED = Counter("ledger_entries_recorded", "Entries recorded.")
DUPLICATES = Counter("ledger_duplicates", "Facts that were already recorded.")
QUEUE = Gauge("ledger_queue_entries", "Facts waiting to be recorded.", multiprocess_mode="livesum")
REFUSALS = Counter("ledger_refusals", "Refusals, by the code of the first reason.", ["code"])
REQUEST_SECONDS = Histogram(
    "ledger_request_seconds", "Seconds of a request, by route and status.", ["route", "status"]
)
GRAPHQL_SECONDS = Histogram("ledger_graphql_seconds", "Seconds of a GraphQL operation.")
GRAPHQL_ROWS = Histogram(
    "ledger_graphql_rows", "Rows in the lists of a GraphQL response.", buckets=(0, 10, 100, 1_000, 10_000)
)
GRAPHQL_ANSWERS = Counter(
    "ledger_graphql_answers",
    "GraphQL operations, by way of answer: compiled, the reason for graphql-core, or fields if not tried.",
    ["way"],
)
REBUILD_FOLDED = Gauge(
    "ledger_rebuild_entries", "Entries folded by a rebuild so far.", multiprocess_mode="livesum"
)
REBUILD_SIZE = Gauge("ledger_rebuild_size", "Entries that a rebuild has to fold.", multiprocess_mode="livesum")


def observe_append(waiting: int, seconds: float | None, answers: Sequence[Receipt | Refused]) -> None:
    """Update the writer's figures, when a request is queued and when it is answered.

    Args:
        waiting: Number of facts in the queue.
        seconds: Seconds from the request's submission to its answers; None for a queued request.
        answers: Answers to the request; empty for a queued request.
    """
    QUEUE.set(waiting)
    if seconds is not None:
        APPEND_SECONDS.observe(seconds)
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    DUPLICATES.inc(sum(receipt.duplicate for receipt in receipts))
    RECORDED.inc(sum(not receipt.duplicate for receipt in receipts))


def open_files() -> None:
    """Open this worker's files of figures, so that no request fails when somebody removes their folder later."""
    QUEUE.set(0)  # after a fork, the first change of a figure opens the files of all


def forget(pid: int) -> None:
    """Remove the gauges of a worker process that has ended; its counts stay in the totals."""
    if DIRECTORY in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client leaves it untyped


class RebuildProgress:
    """Progress of a rebuild, summed over the notices."""

    def __init__(self) -> None:
        self._notices: dict[str, tuple[int, int]] = {}

    def __call__(self, notice: str, position: int, size: int) -> None:
        """Note that a notice is folded up to a position, out of `size` entries."""
        self._notices[notice] = (position, size)
        REBUILD_FOLDED.set(sum(folded for folded, _ in self._notices.values()))
        REBUILD_SIZE.set(sum(whole for _, whole in self._notices.values()))


def count_refusal(error: Refused | Busy | Unavailable) -> None:
    """Count a refusal that is not sent as an HTTP problem."""
    REFUSALS.labels(error.refusals[0].code if isinstance(error, Refused) else type(error).__name__.upper()).inc()


class _Views(Collector):
    """Collector of each view's lag behind the entries, and of the notices in which the view has stopped."""

    def __init__(self, lags: Sequence[Lag]) -> None:
        self._lags = lags

    def collect(self) -> Iterable[Metric]:
        entries = GaugeMetricFamily(
            "ledger_view_lag_entries", "Entries not yet folded into the view.", labels=["view"]
        )
        stopped = GaugeMetricFamily(
            "ledger_view_stopped_notices", "Notices in which the view has stopped.", labels=["view"]
        )
        for lag in self._lags:
            entries.add_metric([lag.view], lag.entries)
            stopped.add_metric([lag.view], lag.stopped)
        return [entries, stopped]


class _Checkpoints(Collector):
    """Collector of the time that entries have waited for a signed checkpoint."""

    def __init__(self, waiting: float) -> None:
        self._waiting = waiting

    def collect(self) -> Iterable[Metric]:
        meaning = "Seconds since the first entry without a signed checkpoint; 0 without such an entry."
        return [GaugeMetricFamily("ledger_checkpoint_wait_seconds", meaning, self._waiting)]


class _Standbys(Collector):
    """Collector of the standbys' lag behind the primary, and of the standbys that can be read."""

    def __init__(self, standbys: Sequence[Standby]) -> None:
        self._standbys = standbys

    def collect(self) -> Iterable[Metric]:
        lag = GaugeMetricFamily("ledger_standby_lag_seconds", "Seconds behind the primary.", labels=["host"])
        is_read = GaugeMetricFamily("ledger_standby_read", "1 while the standby can be read.", labels=["host"])
        for standby in self._standbys:
            lag.add_metric([standby.host], standby.lag)
            is_read.add_metric([standby.host], standby.fault is None)
        return [lag, is_read]


class _Follow(Collector):
    """Collector of the alarms of followed ledgers, and of the slots of followers."""

    def __init__(self, monitor: FollowMonitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterable[Metric]:
        alarms = GaugeMetricFamily("ledger_followed_alarms", "Alarms of followed ledgers.", labels=["kind"])
        for kind, count in collections.Counter(alarm.kind for alarm in self._monitor.alarms).items():
            alarms.add_metric([kind], count)
        meaning = "Bytes of the write-ahead log that a follower's slot holds back."
        backlog = GaugeMetricFamily("ledger_follower_backlog_bytes", meaning, labels=["slot"])
        for slot in self._monitor.slots:
            backlog.add_metric([slot.name], slot.backlog)
        return [alarms, backlog]


async def get_metrics(request: Request) -> Response:
    """Return the figures of the service for Prometheus.

    While the database cannot be reached, its figures are left out.
    """
    ledger = request.app.state.ledger
    current = CollectorRegistry()
    try:
        current.register(_Views(await ledger.runner.lag()))
        current.register(_Standbys(ledger.reader.standbys))
        current.register(_Follow(ledger.follow))
        current.register(_Checkpoints(await ledger.log.waiting()))
    except (LedgerError, psycopg.OperationalError):
        current = CollectorRegistry()
    process_figures = REGISTRY
    if DIRECTORY in os.environ:
        process_figures = CollectorRegistry()
        MultiProcessCollector(process_figures)  # type: ignore[no-untyped-call] # prometheus_client leaves it untyped
    return Response(
        generate_latest(process_figures) + generate_latest(current), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
