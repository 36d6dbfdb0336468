"""What /metrics answers: requests, stored data, the worker and its jobs, as Prometheus text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from analytics.jobs import status
from analytics.models import Alert, JobLine
from selflearn import database
from trading.db import row_counts

# prometheus_client leaves a few of its functions untyped.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CLASSES = ("2xx", "3xx", "4xx", "5xx")
REQUESTS = Counter(
    "selflearn_http_requests", "Responses by class of status.", ["class"], registry=None
)
REQUEST_SECONDS = Counter(
    "selflearn_http_request_seconds", "Time spent on requests.", registry=None
)
for _name in CLASSES:
    REQUESTS.labels(_name)  # so that a class without requests reads 0


def count_request(status_code: int, seconds: float) -> None:
    """Add one response to the counters of this web server."""
    REQUESTS.labels(CLASSES[min(max(status_code // 100, 2), 5) - 2]).inc()
    REQUEST_SECONDS.inc(seconds)


def text() -> str:
    """All metrics in the text format 0.0.4."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        # Adds up what the processes of the web server counted.
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(REQUEST_SECONDS)
    registry.register(ProductCollector())
    return generate_latest(registry).decode()


class ProductCollector(Collector):
    """Metrics read from the database at each scrape, the same in every process."""

    def collect(self) -> Iterable[Metric]:
        yield from _stored()
        yield from _worker()
        yield from _jobs()


def _gauge(name: str, help_text: str, samples: Mapping[str, float | None], label: str) -> Metric:
    """One gauge by one label; None, which was never measured, is left out."""
    gauge = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in samples.items():
        if value is not None:
            gauge.add_metric([key], value)
    return gauge


def _stored() -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "selflearn_trades_stored", "Stored trades; estimated above 100,000.", row_counts.trades()
    )
    yield GaugeMetricFamily("selflearn_database_bytes", "Size of the database.", database.size())
    yield GaugeMetricFamily("selflearn_alerts_open", "Open alerts.", alerts_open())


def alerts_open() -> int:
    return Alert.objects.exclude(state=Alert.State.RESOLVED).count()


def _worker() -> Iterable[Metric]:
    workers, queues = status.workers(), status.queues()

    def by_queue(rows: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, float | None]:
        return {queue: row[key] for queue, row in rows.items()}

    for name, help_text, samples in (
        (
            "selflearn_worker_silent_seconds",
            "Time since the worker's last heartbeat.",
            by_queue(workers, "silent_seconds"),
        ),
        (
            "selflearn_worker_restarts",
            "Restarts of the worker's processes since it was started.",
            by_queue(workers, "restarts"),
        ),
        ("selflearn_queue_waiting", "Waiting tasks.", by_queue(queues, "waiting")),
        (
            "selflearn_queue_oldest_seconds",
            "Waiting time of the oldest task.",
            by_queue(queues, "oldest_seconds"),
        ),
    ):
        yield _gauge(name, help_text, samples, "queue")


def _jobs() -> Iterable[Metric]:
    runs = CounterMetricFamily(
        "selflearn_job_runs", "Job runs that ended.", labels=["job", "outcome"]
    )
    seconds = CounterMetricFamily("selflearn_job_seconds", "Time spent on jobs.", labels=["job"])
    for line in JobLine.objects.all():
        for outcome in ("ok", "failed", "dead"):
            runs.add_metric([line.name, outcome], getattr(line, f"{outcome}_runs"))
        seconds.add_metric([line.name], line.seconds)
    yield runs
    yield seconds

    standings = status.standings()
    last_runs = {standing.job.name: standing.last for standing in standings}
    yield _gauge(
        "selflearn_job_last_seconds",
        "Duration of the newest run.",
        {name: run.seconds if run else None for name, run in last_runs.items()},
        "job",
    )
    yield _gauge(
        "selflearn_job_last_end_timestamp_seconds",
        "End of the newest run.",
        {
            name: run.ended_at.timestamp() if run and run.ended_at else None
            for name, run in last_runs.items()
        },
        "job",
    )
    yield _gauge(
        "selflearn_job_late",
        "1 where a run is overdue.",
        {standing.job.name: standing.state == "late" for standing in standings},
        "job",
    )
