"""What all pages about one strategy share: whose it is, what is live, who asks, where to go."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern

from trading import formatting
from trading.bots.catalog import declaration
from trading.models import (
    Experiment,
    Freeze,
    LiveSet,
    Mode,
    Origin,
    ParameterSet,
    Scope,
    Status,
    StrategyInstance,
)
from trading.parameters.errors import Refused
from trading.parameters.freeze import freeze_of
from trading.parameters.outcomes import mode_of
from trading.performance.selection import Selection
from trading.strategies.base import Strategy
from trading.strategies.parameters import Value

from . import unattributed

View = Callable[..., HttpResponse]
PLACES = {
    Origin.DEFAULT: "declared defaults",
    Origin.ADMIN: "admin pages",
    Origin.API: "API",
    Origin.IMPORT: "import",
    Origin.EXPERIMENT: "experiment",
    Origin.ROLLBACK: "rollback",
}
# Errors of a change that are about no parameter go by these names.
NO_PARAMETER = {"document", "experiment", "frozen", "live_from", "name", "reason", "seen", "to"}
TABS = (
    ("change", "Parameters"),
    ("history", "Story"),
    ("compare", "Compare"),
    ("experiments", "Experiments"),
)


class StrategyPage:
    """A request for a page about one strategy. Views take it and answer."""

    def __init__(self, admin: ModelAdmin, request: HttpRequest, instance: StrategyInstance) -> None:
        self.admin, self.request, self.instance = admin, request, instance

    @cached_property
    def live(self) -> LiveSet | None:
        found = LiveSet.objects.select_related("parameter_set__author", "parameter_set__preset")
        return found.filter(strategy_instance=self.instance).first()

    @cached_property
    def rules(self) -> Strategy | None:
        return declaration(self.instance)

    @cached_property
    def mode(self) -> str:
        """Live or paper trades, as asked for; live unless there are only paper ones."""
        asked = self.request.GET.get("mode")
        return asked if asked in Mode.values else mode_of(self.instance)

    @property
    def modes(self) -> list[dict[str, Any]]:
        """Links to the same page about live or paper trades; none where there is no choice."""
        traded = set(Scope.objects.filter(instance=self.instance).values_list("mode", flat=True))
        if not traded - {self.mode}:
            return []
        query = self.request.GET.copy()
        links = []
        for mode, label in Mode.choices:
            query["mode"] = mode
            links.append(
                {"label": label, "url": f"?{query.urlencode()}", "current": mode == self.mode}
            )
        return links

    @cached_property
    def unknown_trades(self) -> int:
        """How many trades of the mode are of unknown parameters, and so in no version's results."""
        return unattributed.number(Selection(instance=self.instance, mode=self.mode))

    @property
    def remedy(self) -> str:
        return unattributed.remedy(self.instance.bot)

    @cached_property
    def freeze(self) -> Freeze | None:
        """The freeze that keeps all parameters of the bot as they are."""
        return freeze_of(self.instance.bot)

    @property
    def frozen(self) -> bool:
        """Whether no parameter of this strategy may change now."""
        stopped = self.freeze is not None or self.instance.status == Status.FROZEN
        return stopped or self.experiment is not None

    @cached_property
    def experiment(self) -> Experiment | None:
        """The experiment that runs; while it does, what is live stays as it is."""
        return self.instance.experiments.active().first()

    @property
    def may_change(self) -> bool:
        """Whether this user may change parameters."""
        return self.request.user.has_perm("trading.change_strategyinstance")

    def require_change(self) -> None:
        if not self.may_change:
            raise PermissionDenied

    def values(self, made: ParameterSet) -> dict[str, Value]:
        """A set as today's declaration reads it."""
        return self.rules.complete(made.values) if self.rules else dict(made.values)

    def url(self, name: str, *args: Any, **query: str) -> str:
        """The address of a page about the same strategy."""
        address = f"admin:trading_strategyinstance_{name}"
        return reverse(address, args=[self.instance.pk, *args], query=query or None)

    @property
    def here(self) -> str:
        return self.url("change")

    @property
    def story_url(self) -> str:
        return self.url("history")

    @property
    def trades_url(self) -> str:
        query = {"bot": self.instance.bot.name, "strategy": self.instance.name}
        return reverse("admin:trading_trade_changelist", query=query)

    def version(self, number: int | None) -> ParameterSet | None:
        """The set of a version, with its author."""
        found = ParameterSet.objects.select_related("author", "preset")
        return found.filter(instance=self.instance, version=number).first() if number else None

    def sentence(self, name: str, text: str) -> str:
        """Why a change was refused, beginning with the parameter that it is about, if any."""
        if self.rules is not None and name in self.rules.defaults():
            name = formatting.label(name)
        full = text if name in NO_PARAMETER else f"{name} {text}"
        return f"{full[:1].upper()}{full[1:]}"

    def redirect(self, name: str, *args: Any, anchor: str = "") -> HttpResponseRedirect:
        return HttpResponseRedirect(self.url(name, *args) + (anchor and f"#{anchor}"))

    def answer(self, template: str, tab: str, title: str = "", **context: Any) -> HttpResponse:
        """The page, with the links to its neighbours; ``tab`` is the one that it belongs to."""
        site = self.admin.admin_site
        named = f"{self.instance.name} of {self.instance.bot}"
        content = {
            **site.each_context(self.request),
            "opts": self.admin.opts,
            "original": self.instance,
            "title": f"{title}: {named}" if title else named,
            "page": self,
            "heading": title,
            "tabs": [
                {"label": label, "url": self.url(name), "current": name == tab}
                for name, label in TABS
            ],
            **context,
        }
        self.request.current_app = site.name
        self.request.list_title = self.admin.list_title
        folder = "admin/trading/strategyinstance"
        return TemplateResponse(self.request, f"{folder}/{template}.html", content)


def route(admin: ModelAdmin, pattern: str, view: View, name: str) -> URLPattern:
    """The address of a page about one strategy, open to who may see strategies."""

    def found(request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        return with_page(admin, request, object_id, view, **kwargs)

    checked = admin.admin_site.admin_view(found)
    return path(f"<path:object_id>/{pattern}", checked, name=f"trading_strategyinstance_{name}")


def with_page(
    admin: ModelAdmin, request: HttpRequest, object_id: str, view: View, **kwargs: Any
) -> HttpResponse:
    """The view's answer about a strategy; back to the list where there is no such one."""
    instance = admin.get_object(request, object_id)
    if instance is None:
        return admin._get_obj_does_not_exist_redirect(request, admin.opts, object_id)
    if not admin.has_view_permission(request, instance):
        raise PermissionDenied
    return view(StrategyPage(admin, request, instance), **kwargs)


def said(refused: Refused) -> str:
    """Why something was refused, in one line."""
    return " ".join(text for texts in refused.errors.values() for text in texts)


def made_by(made: ParameterSet) -> str:
    """Who made a version, and from where: ``by ada (admin pages)``, ``by token sl_x (API)``."""
    place = PLACES.get(made.origin, made.get_origin_display())
    who = made.author.get_username() if made.author else made.made_by
    return f"by {who} ({place})" if who else place
