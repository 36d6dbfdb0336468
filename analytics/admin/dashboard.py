"""The dashboard: problems of the installation and open alerts above the results of trading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse

from analytics.admin.alerts import rows
from analytics.jobs import status
from analytics.models import Alert, JobLine, Message, Report, Severity
from analytics.monitoring.alerts.base import ORDER
from analytics.reports import from_json, recommendations_from_json, text
from trading import clock
from trading.admin.dashboard import page as trading

if TYPE_CHECKING:
    from analytics.frames.reports import Bot

ALERTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """``more``: there are more alerts than ``rows``."""

    count: int
    rows: list[rows.AlertCard]
    more: bool
    url: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem, and the page (with its link text) that shows more."""

    text: str
    url: str
    where: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Callback of the admin's index page.

    The web process checks the worker here, so that a stopped worker is reported.
    """
    context = trading.dashboard(request, context)
    return {
        **context,
        "troubles": troubles() if request.user.has_perm("analytics.view_jobline") else [],
        "alerts": alerts() if request.user.has_perm("analytics.view_alert") else None,
        "report": report(context.get("bot"))
        if request.user.has_perm("analytics.view_report")
        else None,
    }


def report(bot: Bot | None) -> dict[str, Any] | None:
    """The summary of the latest daily report of a bot; None before the first one."""
    latest = Report.objects.filter(bot=bot, kind=Report.Kind.DAY).first() if bot else None
    if latest is None:
        return None
    data = from_json(latest.data)
    return {
        "title": text.title(data),
        "head": data.head,
        "first": text.first(recommendations_from_json(latest.recommendations)),
        "url": reverse("admin:analytics_report_change", args=[latest.pk]),
    }


def alerts() -> OpenAlerts | None:
    """The open alerts, the most severe first; None without any."""
    open_alerts = list(
        Alert.objects.filter(state=Alert.State.OPEN).select_related("bot", "instance")
    )
    if not open_alerts:
        return None
    open_alerts.sort(
        key=lambda alert: (-ORDER.index(Severity(alert.severity)), -alert.opened_at.timestamp())
    )
    page = reverse("admin:analytics_alert_changelist")
    return OpenAlerts(
        count=len(open_alerts),
        rows=[rows.card(alert) for alert in open_alerts[:ALERTS_SHOWN]],
        more=len(open_alerts) > ALERTS_SHOWN,
        url=f"{page}?state__exact=open",
    )


def troubles() -> list[Trouble]:
    """Problems of the worker, jobs and messages; empty where no worker is expected to run."""
    if clock.simulated() or not JobLine.objects.exists():
        return []
    page = reverse("admin:analytics_jobline_changelist")
    silent = status.workers()["short"]["silent_seconds"]
    if silent is None or silent > status.SILENT.total_seconds():
        stopped = "The worker is not running: no monitoring, no scheduled jobs"
        return [Trouble(stopped, page, "View jobs")]
    return [*_failed_messages(), *_late_jobs(page)]


def _failed_messages() -> list[Trouble]:
    """Messages of the last week that were not delivered; failed tests were reported at once."""
    since = clock.now() - timedelta(days=7)
    failed = Message.objects.filter(state=Message.State.FAILED, created_at__gte=since)
    count = failed.filter(notices__isnull=False).distinct().count()
    if not count:
        return []
    messages = "1 message was" if count == 1 else f"{count:,} messages were"
    page = reverse("admin:analytics_message_changelist")
    return [Trouble(f"{messages} not delivered", f"{page}?state__exact=failed", "View messages")]


def _late_jobs(page: str) -> list[Trouble]:
    late = status.late()
    if not late:
        return []
    jobs = "1 job is late" if len(late) == 1 else f"{len(late)} jobs are late"
    return [Trouble(f"{jobs}: {', '.join(late)}", page, "View jobs")]
