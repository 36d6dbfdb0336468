"""Alert rules: what is watched where, and a form for each built from its declaration."""

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
from analytics.models import AlertRuleSetting
from analytics.monitoring.alerts import REGISTRY, configured
from analytics.monitoring.alerts.configured import ConfiguredRule, ConfiguredRules
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


@admin.register(AlertRuleSetting)
class AlertRuleAdmin(ReadOnlyAdmin):
    """Lists every alert rule, as it is set for one place."""

    def get_urls(self) -> list[Any]:
        edit = self.admin_site.admin_view(self.edit_view)
        return [
            path("<slug:kind>/at/<slug:place>/", edit, name="analytics_alertrulesetting_edit"),
            *super().get_urls(),
        ]

    def may_change(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_alertrulesetting")

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
            "rows": [_row(configured_rule, where) for configured_rule in _of(where)],
        }
        return TemplateResponse(request, "analytics/rules.html", context)

    def edit_view(self, request: HttpRequest, kind: str, place: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        where, rule = _chosen(places(), place), REGISTRY.get(kind)
        if rule is None or where.name != place or rule.about not in KINDS_OF[where.kind]:
            raise Http404(kind)
        configured_rule = ConfiguredRules().of(kind, where.bot, where.instance)
        form = RuleForm(configured_rule, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not self.may_change(request):
                raise PermissionDenied
            if "default" in request.POST or form.is_valid():
                return _save(request, form, kind, where)
        request.list_title = self.list_title
        context = {
            **self.admin_site.each_context(request),
            "title": f"{rule.title}: {where.title}",
            "opts": self.opts,
            "rule": rule,
            "where": where,
            "form": form,
            "own": _own(configured_rule, where),
            "from": _from(configured_rule, where),
            "may_change": self.may_change(request),
            "back": f"{reverse('admin:analytics_alertrulesetting_changelist')}?place={where.name}",
        }
        return TemplateResponse(request, "analytics/rule.html", context)


def _save(request: HttpRequest, form: RuleForm, kind: str, where: Where) -> HttpResponse:
    at = {"kind": kind, "bot": where.bot, "instance": where.instance}
    if "default" in request.POST:
        configured.back_to_default(**at)
        messages.success(request, f"{form.rule.title}: set as further out, or as declared.")
    else:
        configured.change(
            **at,
            enabled=form.cleaned_data[ENABLED],
            severity=form.cleaned_data[SEVERITY],
            parameters=form.values,
            by=request.user,
        )
        messages.success(request, f"{form.rule.title}: saved. It counts from the next look on.")
    address = reverse("admin:analytics_alertrulesetting_changelist")
    return HttpResponseRedirect(f"{address}?place={where.name}")


def _chosen(there: list[Where], name: str) -> Where:
    return next((one for one in there if one.name == name), there[0])


def _of(where: Where) -> list[ConfiguredRule]:
    rules = ConfiguredRules()
    return [
        rules.of(kind, where.bot, where.instance)
        for kind, rule in REGISTRY.items()
        if rule.about in KINDS_OF[where.kind]
    ]


def _own(configured_rule: ConfiguredRule, where: Where) -> bool:
    return configured_rule.row is not None and (
        configured_rule.row.bot_id,
        configured_rule.row.instance_id,
    ) == (where.bot, where.instance)


def _from(configured_rule: ConfiguredRule, where: Where) -> str:
    """Where what counts here was set."""
    if configured_rule.row is None:
        return "as declared"
    if _own(configured_rule, where):
        return "set here"
    return "set for the bot" if configured_rule.row.bot_id else "set for everywhere"


def _row(configured_rule: ConfiguredRule, where: Where) -> dict[str, Any]:
    return {
        "title": configured_rule.rule.title,
        "help": configured_rule.rule.help,
        "rate": configured_rule.rule.error_rate,
        "enabled": configured_rule.enabled,
        "severity": configured_rule.severity.capitalize(),
        "tone": TONES[configured_rule.severity] if configured_rule.enabled else "",
        "from": _from(configured_rule, where),
        "own": _own(configured_rule, where),
        "url": reverse(
            "admin:analytics_alertrulesetting_edit", args=[configured_rule.rule.key, where.name]
        ),
    }
