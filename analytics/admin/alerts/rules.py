"""The rules of alarms: what is watched where, and a form for each built from its declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from analytics import frames
from analytics.admin.alerts.rule_form import ENABLED, SEVERITY, RuleForm
from analytics.models import AlarmRule
from analytics.monitoring.alerts import REGISTRY, configured
from analytics.monitoring.alerts.configured import Rule, Rules
from trading.admin.base import ReadOnlyAdmin

from .rows import TONES

KINDS_OF = {
    "all": ("strategy", "bot", "system"),
    "bot": ("strategy", "bot"),
    "strategy": ("strategy",),
}


@dataclass(frozen=True, slots=True)
class Where:
    """Where a rule is to hold; ``name`` as the address has it: all, bot-3, strategy-7."""

    name: str
    title: str
    bot: int | None = None
    instance: int | None = None

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]


def places() -> list[Where]:
    found = [Where("all", "Everywhere")]
    for bot in frames.bots():
        found.append(Where(f"bot-{bot.pk}", bot.name, bot.pk))
        found += [
            Where(f"strategy-{key}", f"{bot.name} / {name}", bot.pk, key)
            for key, name in frames.instances(bot.pk)
        ]
    return found


@admin.register(AlarmRule)
class AlarmRuleAdmin(ReadOnlyAdmin):
    """The list is that of the alarms there are, for one place."""

    def get_urls(self) -> list[Any]:
        edit = self.admin_site.admin_view(self.edit_view)
        return [
            path("<slug:kind>/at/<slug:place>/", edit, name="analytics_alarmrule_edit"),
            *super().get_urls(),
        ]

    def may_change(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_alarmrule")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.list_title = self.list_title
        there = places()
        where = _chosen(there, request.GET.get("place", "all"))
        context = {
            **self.admin_site.each_context(request),
            "title": self.list_title,
            "opts": self.opts,
            "places": there,
            "where": where,
            "rows": [_row(rule, where) for rule in _of(where)],
        }
        return TemplateResponse(request, "analytics/rules.html", context)

    def edit_view(self, request: HttpRequest, kind: str, place: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        where, alarm = _chosen(places(), place), REGISTRY.get(kind)
        if alarm is None or where.name != place or alarm.about not in KINDS_OF[where.kind]:
            raise Http404(kind)
        rule = Rules().of(kind, where.bot, where.instance)
        form = RuleForm(alarm, rule, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not self.may_change(request):
                raise PermissionDenied
            if "default" in request.POST or form.is_valid():
                return _save(request, form, kind, where)
        request.list_title = self.list_title
        context = {
            **self.admin_site.each_context(request),
            "title": f"{alarm.title}: {where.title}",
            "opts": self.opts,
            "alarm": alarm,
            "where": where,
            "form": form,
            "own": _own(rule, where),
            "from": _from(rule, where),
            "may_change": self.may_change(request),
            "back": f"{reverse('admin:analytics_alarmrule_changelist')}?place={where.name}",
        }
        return TemplateResponse(request, "analytics/rule.html", context)


def _save(request: HttpRequest, form: RuleForm, kind: str, where: Where) -> HttpResponse:
    at = {"kind": kind, "bot": where.bot, "instance": where.instance}
    if "default" in request.POST:
        configured.back_to_default(**at)
        messages.success(request, f"{form.alarm.title}: set as further out, or as declared.")
    else:
        configured.change(
            **at,
            enabled=form.cleaned_data[ENABLED],
            severity=form.cleaned_data[SEVERITY],
            parameters=form.values,
            by=request.user,
        )
        messages.success(request, f"{form.alarm.title}: saved. It counts from the next look on.")
    address = reverse("admin:analytics_alarmrule_changelist")
    return HttpResponseRedirect(f"{address}?place={where.name}")


def _chosen(there: list[Where], name: str) -> Where:
    return next((one for one in there if one.name == name), there[0])


def _of(where: Where) -> list[Rule]:
    found = Rules()
    return [
        found.of(kind, where.bot, where.instance)
        for kind, alarm in REGISTRY.items()
        if alarm.about in KINDS_OF[where.kind]
    ]


def _own(rule: Rule, where: Where) -> bool:
    return rule.row is not None and (rule.row.bot_id, rule.row.instance_id) == (
        where.bot,
        where.instance,
    )


def _from(rule: Rule, where: Where) -> str:
    """Where what counts here was set."""
    if rule.row is None:
        return "as declared"
    if _own(rule, where):
        return "set here"
    return "set for the bot" if rule.row.bot_id else "set for everywhere"


def _row(rule: Rule, where: Where) -> dict[str, Any]:
    return {
        "title": rule.alarm.title,
        "help": rule.alarm.help,
        "rate": rule.alarm.error_rate,
        "enabled": rule.enabled,
        "severity": rule.severity.capitalize(),
        "tone": TONES[rule.severity] if rule.enabled else "",
        "from": _from(rule, where),
        "own": _own(rule, where),
        "url": reverse("admin:analytics_alarmrule_edit", args=[rule.alarm.key, where.name]),
    }
