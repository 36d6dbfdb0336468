"""Alerts: the list with open ones first, and a page with evidence, history and actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics.models import Alert
from analytics.monitoring.alerts import REGISTRY, lifecycle
from trading import clock, formatting
from trading.admin.base import Exported, PagedAdmin, author_of, resource_for

from . import rows

_URGENCY = ("open", "acknowledged", "snoozed", "resolved")
_WEIGHT = ("critical", "warning", "info")


def _rank(field: str, ranked: tuple[str, ...]) -> Case:
    whens = [When(**{field: value}, then=Value(rank)) for rank, value in enumerate(ranked)]
    return Case(*whens, default=Value(9), output_field=IntegerField())


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "rule", "kind"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [(kind, rule.title) for kind, rule in REGISTRY.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(Exported, PagedAdmin):
    list_display = ("rule", "about", "severity_text", "state_text", "opened", "summary")
    list_display_links = ("rule",)
    list_filter = ("state", "severity", KindFilter, "bot", "mode")
    search_fields = ("sentence",)
    list_select_related = ("bot", "instance")
    resource_classes = (
        resource_for(
            Alert,
            "kind",
            "bot__name",
            "instance__strategy",
            "instance__label",
            "mode",
            "state",
            "severity",
            "sentence",
            "advice",
            "opened_at",
            "seen_at",
            "resolved_at",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        alerts = Alert.objects.annotate(
            urgency=_rank("state", _URGENCY), weight=_rank("severity", _WEIGHT)
        )
        return alerts.order_by(*self.get_ordering(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("urgency", "weight", "-opened_at", "-pk")

    @admin.display(description="Alert", ordering="kind")
    def rule(self, row: Alert) -> str:
        return rows.title(row)

    @admin.display(description="Strategy or bot", ordering="bot")
    def about(self, row: Alert) -> str:
        return rows.about(row)

    @admin.display(description="Severity", ordering="weight")
    def severity_text(self, row: Alert) -> str:
        tone = rows.TONES[row.severity]
        return format_html('<span class="sl-{}">{}</span>', tone, row.get_severity_display())

    @admin.display(description="State", ordering="urgency")
    def state_text(self, row: Alert) -> str:
        return row.get_state_display()

    @admin.display(description="Opened", ordering="opened_at")
    def opened(self, row: Alert) -> str:
        return formatting.minute(row.opened_at).text

    @admin.display(description="What happened")
    def summary(self, row: Alert) -> str:
        return format_html('<span class="sl-happened">{}</span>', row.sentence)

    def get_urls(self) -> list[Any]:
        step = self.admin_site.admin_view(require_POST(self.step_view))
        return [path("<int:pk>/step/", step, name="analytics_alert_step"), *super().get_urls()]

    def page(self, request: HttpRequest, alert: Alert) -> HttpResponse:
        events = list(alert.events.select_related("by").order_by("at", "pk"))
        rule = REGISTRY.get(alert.kind)
        return self.render(
            request,
            "analytics/alert.html",
            rows.title(alert),
            alert=alert,
            tone=rows.TONES[alert.severity],
            rule=rule,
            facts=rows.facts(alert),
            numbers=rows.numbers(alert),
            chart=rows.chart(alert),
            history=rows.history(events),
            snoozes=rows.SNOOZES,
            may_act=may_act(request),
            rule_url=_rule_url(alert) if rule else "",
        )

    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Acknowledge, snooze or resolve an alert, with a note."""
        if not may_act(request):
            raise PermissionDenied
        alert = Alert.objects.filter(pk=pk).first()
        if alert is None:
            raise Http404(pk)
        try:
            done = _take(alert, request)
        except lifecycle.NotPossible as error:
            messages.warning(request, f"Nothing was changed: {error}.")
        else:
            messages.success(request, done)
        return HttpResponseRedirect(reverse("admin:analytics_alert_change", args=[pk]))


def may_act(request: HttpRequest) -> bool:
    return request.user.has_perm("analytics.change_alert")


def _take(alert: Alert, request: HttpRequest) -> str:
    note = request.POST.get("note", "").replace("\x00", "").strip()[: lifecycle.NOTE_LENGTH]
    step = request.POST.get("step")
    if step == "acknowledge":
        lifecycle.acknowledge(alert, by=author_of(request), note=note)
        return "Acknowledged. You are notified only if it gets worse."
    if step == "snooze":
        hours = request.POST.get("hours", "")
        if hours not in rows.SNOOZES:
            raise lifecycle.NotPossible("choose a duration")
        until = clock.now() + timedelta(hours=int(hours))
        lifecycle.snooze(alert, until=until, by=author_of(request), note=note)
        return f"Snoozed until {formatting.minute(until).text}."
    if step == "resolve":
        lifecycle.resolve(alert, by=author_of(request), note=note)
        return "Resolved. You are notified again only if it gets worse or comes back."
    raise lifecycle.NotPossible("unknown action")


def _rule_url(alert: Alert) -> str:
    place = (
        f"strategy-{alert.instance_id}"
        if alert.instance_id
        else (f"bot-{alert.bot_id}" if alert.bot_id else "all")
    )
    return reverse("admin:analytics_alertrulesetting_edit", args=[alert.kind, place])
