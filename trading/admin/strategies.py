"""Strategies with their live parameters, and every parameter set there was."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from trading import display, parameters
from trading.forms import ParametersForm
from trading.models import LiveSet, Origin, ParameterSet, StrategyInstance
from trading.strategies import REGISTRY

from .base import Exported, ReadOnlyAdmin, resource_for
from .pointer_history import moves
from .rules import rules_of

LIVE = "live__parameter_set"


@admin.register(StrategyInstance)
class StrategyInstanceAdmin(Exported, ReadOnlyAdmin):
    list_display = ("name_text", "bot", "title", "status", "live_version", "live_since")
    list_filter = ("bot", "strategy", "status")
    search_fields = ("strategy", "label", "bot__name")
    list_select_related = ("bot", LIVE)
    resource_classes = (
        resource_for(
            StrategyInstance, "bot__name", "strategy", "label", "status", "size", "created_at"
        ),
    )

    @admin.display(description="Strategy", ordering="strategy")
    def name_text(self, row: StrategyInstance) -> str:
        return row.name

    @admin.display(description="Rules")
    def title(self, row: StrategyInstance) -> str:
        return REGISTRY[row.strategy].title if row.strategy in REGISTRY else "declared by the bot"

    @admin.display(description="Live version")
    def live_version(self, row: StrategyInstance) -> str:
        live = _live(row)
        return f"v{live.parameter_set.version}" if live else display.NOTHING

    @admin.display(description="Live since (UTC)")
    def live_since(self, row: StrategyInstance) -> str:
        live = _live(row)
        return display.moment(live.live_from).text if live else display.NOTHING

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        instance = self.get_object(request, object_id)
        if instance is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, instance):
            raise PermissionDenied
        live = _live(instance)
        form = _form(instance, live, request.POST if request.method == "POST" else None)
        editable = may_promote(request) and form is not None
        if request.method == "POST":
            if not editable:
                raise PermissionDenied
            if form.is_valid() and (answer := _promote(request, instance, form)):
                return answer
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": instance,
            "title": f"{instance.name} of {instance.bot}",
            "strategy": rules_of(instance),
            "live": live,
            "form": form,
            "editable": editable,
            "moves": moves(live, rules_of(instance)) if live else [],
            "trades_url": _trades_url(instance),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/trading/strategyinstance/page.html", context)


def may_promote(request: HttpRequest) -> bool:
    """Whether this user may change parameters."""
    return request.user.has_perm("trading.change_strategyinstance")


def _form(instance: StrategyInstance, live: LiveSet | None, data: Any) -> ParametersForm | None:
    strategy = rules_of(instance)
    if strategy is None or live is None:
        return None
    made = live.parameter_set
    return ParametersForm(strategy, strategy.complete(made.values), made.version, data)


def _promote(
    request: HttpRequest, instance: StrategyInstance, form: ParametersForm
) -> HttpResponse | None:
    """Make the new version and answer; None where the form must be shown with errors."""
    here = HttpResponseRedirect(request.path)
    if form.unchanged:
        messages.info(request, f"Nothing was changed: version {form.version} stays live.")
        return here
    try:
        made = parameters.promote(
            instance=instance,
            values=form.values,
            reason=form.cleaned_data["reason"],
            origin=Origin.ADMIN,
            author=request.user,
        )
    except parameters.Refused as refused:
        form.blame(refused.errors)
        return None
    messages.success(request, f"Version {made.version} of {instance.name} is live.")
    return here


def _live(instance: StrategyInstance) -> LiveSet | None:
    try:
        return instance.live
    except LiveSet.DoesNotExist:
        return None


def _trades_url(instance: StrategyInstance) -> str:
    query = {"bot": instance.bot.name, "strategy": instance.name}
    return reverse("admin:trading_trade_changelist", query=query)


@admin.register(ParameterSet)
class ParameterSetAdmin(Exported, ReadOnlyAdmin):
    list_display = ("set_text", "instance", "origin", "author", "created", "reason")
    list_filter = ("instance", "origin")
    search_fields = ("reason",)
    list_select_related = ("instance__bot", "author")
    fields = ("instance", "version", "created", "origin", "author", "reason", "trades", "table")
    readonly_fields = fields
    ordering = ("-id",)
    resource_classes = (
        resource_for(
            ParameterSet, "instance__bot__name", "instance__strategy", "instance__label",
            "version", "created_at", "origin", "author__username", "reason", "values",
        ),
    )  # fmt: skip

    @admin.display(description="Version", ordering="version")
    def set_text(self, row: ParameterSet) -> str:
        return f"v{row.version}"

    @admin.display(description="Made (UTC)", ordering="created_at")
    def created(self, row: ParameterSet) -> str:
        return display.moment(row.created_at).text

    @admin.display(description="Trades")
    def trades(self, row: ParameterSet) -> str:
        query = {"bot": row.instance.bot.name, "strategy": row.instance.name, "set": row.pk}
        url = reverse("admin:trading_trade_changelist", query=query)
        return format_html('<a href="{}" class="sl-plain-link">Trades made with it</a>', url)

    @admin.display(description="Values")
    def table(self, row: ParameterSet) -> str:
        return format_html("<pre class='sl-code'>{}</pre>", json.dumps(row.values, indent=2))
