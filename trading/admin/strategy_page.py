"""What all pages of one strategy share: its live parameters, permissions, URLs and tabs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
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
from .base import PagedAdmin

View = Callable[..., HttpResponse]
PLACES = {
    Origin.DEFAULT: "declared defaults",
    Origin.ADMIN: "web",
    Origin.API: "API",
    Origin.IMPORT: "import",
    Origin.EXPERIMENT: "experiment",
    Origin.ROLLBACK: "rollback",
}
# Keys of errors that belong to no parameter.
NO_PARAMETER = {"document", "experiment", "frozen", "live_from", "name", "reason", "seen", "to"}
TABS = (
    ("change", "Parameters"),
    ("history", "History"),
    ("compare", "Compare"),
    ("experiments", "Experiments"),
)


class StrategyPage:
    """A request for a page of one strategy; the views take it as their argument."""

    def __init__(self, admin: PagedAdmin, request: HttpRequest, instance: StrategyInstance) -> None:
        self.admin, self.request, self.instance = admin, request, instance

    @cached_property
    def live(self) -> LiveSet | None:
        live_sets = LiveSet.objects.select_related("parameter_set__author", "parameter_set__preset")
        return live_sets.filter(strategy_instance=self.instance).first()

    @property
    def live_version(self) -> ParameterSet:
        """The live version, on pages that have checked that there is one."""
        assert self.live is not None
        return self.live.parameter_set

    @cached_property
    def rules(self) -> Strategy | None:
        return declaration(self.instance)

    @cached_property
    def mode(self) -> str:
        """The requested mode; by default live, or paper if there are only paper trades."""
        mode = self.request.GET.get("mode")
        return mode if mode in Mode.values else mode_of(self.instance)

    @property
    def modes(self) -> list[dict[str, Any]]:
        """Links to the same page for live and paper trades; empty if only one mode was traded."""
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
        """Number of trades in this mode with unknown parameters: they count under no version."""
        return unattributed.number(Selection(instance=self.instance, mode=self.mode))

    @property
    def remedy(self) -> str:
        return unattributed.remedy(self.instance.bot)

    @cached_property
    def freeze(self) -> Freeze | None:
        """The active freeze of the bot's parameters."""
        return freeze_of(self.instance.bot)

    @property
    def frozen(self) -> bool:
        """Whether the parameters of this strategy cannot change now."""
        frozen = self.freeze is not None or self.instance.status == Status.FROZEN
        return frozen or self.experiment is not None

    @cached_property
    def experiment(self) -> Experiment | None:
        """The running experiment; it blocks parameter changes."""
        return self.instance.experiments.active().first()

    @property
    def may_change(self) -> bool:
        """Whether this user may change parameters."""
        return self.request.user.has_perm("trading.change_strategyinstance")

    def require_change(self) -> None:
        if not self.may_change:
            raise PermissionDenied

    def values(self, version: ParameterSet) -> dict[str, Value]:
        """The values of a version, completed with the current declaration's defaults."""
        return self.rules.complete(version.values) if self.rules else dict(version.values)

    def url(self, name: str, *args: int | str, **query: str) -> str:
        """The URL of another page of this strategy."""
        view = f"admin:trading_strategyinstance_{name}"
        return reverse(view, args=[self.instance.pk, *args], query=query or None)

    @property
    def here(self) -> str:
        return self.url("change")

    @property
    def history_url(self) -> str:
        return self.url("history")

    @property
    def trades_url(self) -> str:
        query = {"bot": self.instance.bot.name, "strategy": self.instance.name}
        return reverse("admin:trading_trade_changelist", query=query)

    def version(self, number: int | None) -> ParameterSet | None:
        """The parameter set of a version number."""
        versions = ParameterSet.objects.select_related("author", "preset")
        return versions.filter(instance=self.instance, version=number).first() if number else None

    def sentence(self, name: str, text: str) -> str:
        """An error message that starts with the label of its parameter, if it has one."""
        if self.rules is not None and name in self.rules.defaults():
            name = formatting.label(name)
        message = text if name in NO_PARAMETER else f"{name} {text}"
        return f"{message[:1].upper()}{message[1:]}"

    def redirect(self, name: str, *args: int | str, anchor: str = "") -> HttpResponseRedirect:
        return HttpResponseRedirect(self.url(name, *args) + (anchor and f"#{anchor}"))

    def answer(self, template: str, tab: str, title: str = "", **context: object) -> HttpResponse:
        """The rendered page; ``tab`` is the name of the current tab."""
        name = f"{self.instance.name} of {self.instance.bot}"
        content = {
            "original": self.instance,
            "page": self,
            "heading": title,
            "tabs": [
                {"label": label, "url": self.url(view), "current": view == tab}
                for view, label in TABS
            ],
            **context,
        }
        path_of_template = f"admin/trading/strategyinstance/{template}.html"
        full_title = f"{title}: {name}" if title else name
        return self.admin.render(self.request, path_of_template, full_title, **content)


def route(admin: PagedAdmin, pattern: str, view: View, name: str) -> URLPattern:
    """The URL pattern of a page of one strategy, for users who may view strategies."""

    def strategy_view(request: HttpRequest, object_id: str, **kwargs: object) -> HttpResponse:
        return with_page(admin, request, object_id, view, **kwargs)

    checked = admin.admin_site.admin_view(strategy_view)
    full_name = f"trading_strategyinstance_{name}"
    url: URLPattern = path(f"<path:object_id>/{pattern}", checked, name=full_name)
    return url


def with_page(
    admin: PagedAdmin, request: HttpRequest, object_id: str, view: View, **kwargs: object
) -> HttpResponse:
    """The view's response; a redirect to the list if the strategy does not exist."""

    def page_view(request: HttpRequest, instance: StrategyInstance) -> HttpResponse:
        return view(StrategyPage(admin, request, instance), **kwargs)

    return admin.with_object(request, object_id, page_view)


def error_text(refused: Refused) -> str:
    """All messages of a refusal in one line."""
    return " ".join(text for texts in refused.errors.values() for text in texts)


def author_text(version: ParameterSet) -> str:
    """Who created a version and where: ``by ada (web)``, ``by token sl_x (API)``."""
    place = PLACES.get(Origin(version.origin), version.get_origin_display())
    author = version.author.get_username() if version.author else version.made_by
    return f"by {author} ({place})" if author else place
