"""Alert rules: the list for one scope, and a form per rule built from its declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from analytics import frames
from analytics.admin.alerts.rule_form import ENABLED, SEVERITY, RuleForm
from analytics.models import AlertRuleSetting
from analytics.monitoring.alerts import REGISTRY, configured
from analytics.monitoring.alerts.configured import ConfiguredRule, ConfiguredRules
from trading.admin.base import ReadOnlyAdmin, author_of

from .rows import TONES

ABOUT = {
    "all": ("strategy", "bot", "system"),
    "bot": ("strategy", "bot"),
    "strategy": ("strategy",),
}


@dataclass(frozen=True, slots=True)
class RuleScope:
    """Where settings of a rule apply; ``name`` as in the URL: all, bot-3, strategy-7."""

    name: str
    title: str
    bot: int | None = None
    instance: int | None = None

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list; ``own``: its settings are those of the chosen scope itself."""

    title: str
    help: str
    error_rate: str
    enabled: bool
    severity: str
    tone: str
    source: str
    own: bool
    url: str


def scopes() -> list[RuleScope]:
    """Global, then every bot followed by its strategies."""
    listed = [RuleScope("all", "Global")]
    for bot in frames.bots():
        listed.append(RuleScope(f"bot-{bot.pk}", bot.name, bot.pk))
        listed += [
            RuleScope(f"strategy-{key}", f"{bot.name} / {name}", bot.pk, key)
            for key, name in frames.instances(bot.pk)
        ]
    return listed


@admin.register(AlertRuleSetting)
class AlertRuleAdmin(ReadOnlyAdmin):
    """Lists every alert rule with the settings of one scope."""

    def get_urls(self) -> list[URLPattern]:
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
        choices = scopes()
        scope = _chosen(choices, request.GET.get("place", "all"))
        return self.render(
            request,
            "analytics/rules.html",
            self.list_title,
            scopes=choices,
            scope=scope,
            rows=[_row(configured_rule, scope) for configured_rule in _rules_of(scope)],
        )

    def edit_view(self, request: HttpRequest, kind: str, place: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope, rule = _chosen(scopes(), place), REGISTRY.get(kind)
        if rule is None or scope.name != place or rule.about not in ABOUT[scope.kind]:
            raise Http404(kind)
        configured_rule = ConfiguredRules().of(kind, scope.bot, scope.instance)
        form = RuleForm(configured_rule, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not self.may_change(request):
                raise PermissionDenied
            if "default" in request.POST or form.is_valid():
                return _save(request, form, kind, scope)
        return self.render(
            request,
            "analytics/rule.html",
            f"{rule.title}: {scope.title}",
            rule=rule,
            scope=scope,
            form=form,
            own=_own(configured_rule, scope),
            source=_source(configured_rule, scope),
            may_change=self.may_change(request),
            back=f"{reverse('admin:analytics_alertrulesetting_changelist')}?place={scope.name}",
        )


def _save(request: HttpRequest, form: RuleForm, kind: str, scope: RuleScope) -> HttpResponse:
    if "default" in request.POST:
        configured.back_to_default(kind=kind, bot=scope.bot, instance=scope.instance)
        messages.success(request, f"{form.rule.title}: reset to default.")
    else:
        configured.change(
            kind=kind,
            bot=scope.bot,
            instance=scope.instance,
            enabled=form.cleaned_data[ENABLED],
            severity=form.cleaned_data[SEVERITY],
            parameters=form.values,
            by=author_of(request),
        )
        messages.success(request, f"{form.rule.title}: saved. It applies from the next check.")
    address = reverse("admin:analytics_alertrulesetting_changelist")
    return HttpResponseRedirect(f"{address}?place={scope.name}")


def _chosen(choices: list[RuleScope], name: str) -> RuleScope:
    return next((scope for scope in choices if scope.name == name), choices[0])


def _rules_of(scope: RuleScope) -> list[ConfiguredRule]:
    rules = ConfiguredRules()
    return [
        rules.of(kind, scope.bot, scope.instance)
        for kind, rule in REGISTRY.items()
        if rule.about in ABOUT[scope.kind]
    ]


def _own(configured_rule: ConfiguredRule, scope: RuleScope) -> bool:
    """Whether the settings belong to this very scope."""
    row = configured_rule.row
    return row is not None and (row.bot_id, row.instance_id) == (scope.bot, scope.instance)


def _source(configured_rule: ConfiguredRule, scope: RuleScope) -> str:
    """Where the settings that apply come from."""
    if configured_rule.row is None:
        return "default"
    if _own(configured_rule, scope):
        return "set here"
    return "inherited from the bot" if configured_rule.row.bot_id else "inherited (global)"


def _row(configured_rule: ConfiguredRule, scope: RuleScope) -> RuleRow:
    rule, severity = configured_rule.rule, configured_rule.severity
    return RuleRow(
        title=rule.title,
        help=rule.help,
        error_rate=rule.error_rate,
        enabled=configured_rule.enabled,
        severity=severity.capitalize(),
        tone=TONES[severity] if configured_rule.enabled else "",
        source=_source(configured_rule, scope),
        own=_own(configured_rule, scope),
        url=reverse("admin:analytics_alertrulesetting_edit", args=[rule.key, scope.name]),
    )
