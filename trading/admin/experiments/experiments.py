"""Experiments: the list, an experiment with its results, several side by side, and their steps."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from trading import experiments, formatting
from trading.admin.base import PagedAdmin
from trading.admin.forms import REASON, ReasonForm
from trading.admin.strategy_page import said
from trading.experiments.comparison import Comparison, compared
from trading.experiments.export import as_csv
from trading.models import ArmBlock, Experiment
from trading.parameters.errors import Refused

from . import rows

LOG, SIDE_BY_SIDE = 100, 10
STEPS = {
    # What it does, what the reason is for.
    "start": ("Start now", ""),
    "stop": ("Stop it", "What happened; a stopped experiment decides nothing."),
    "keep": ("Keep the control", "Why what is live stays."),
    "promote": ("Promote", "Why these values go live."),
}


@admin.register(Experiment)
class ExperimentAdmin(PagedAdmin):
    list_display = ("name", "strategy_text", "design", "status_text", "started", "ended", "decided")
    list_filter = ("status", "design", "instance__bot", "instance__strategy")
    search_fields = ("name", "reason", "notes")
    list_select_related = ("instance__bot",)
    actions = ("side_by_side",)

    @admin.display(description="Strategy", ordering="instance")
    def strategy_text(self, row: Experiment) -> str:
        return str(row.instance)

    @admin.display(description="Status", ordering="status")
    def status_text(self, row: Experiment) -> str:
        return row.get_status_display()

    @admin.display(description="Started", ordering="started_at")
    def started(self, row: Experiment) -> str:
        return formatting.moment(row.started_at).text

    @admin.display(description="Ended", ordering="ended_at")
    def ended(self, row: Experiment) -> str:
        return formatting.moment(row.ended_at).text

    @admin.display(description="Decision")
    def decided(self, row: Experiment) -> str:
        return row.get_decision_display() if row.over else formatting.NOTHING

    @admin.action(description="Compare side by side", permissions=["view"])
    def side_by_side(self, request: HttpRequest, chosen: Any) -> HttpResponse:
        ids = ",".join(str(key) for key in chosen.values_list("pk", flat=True)[:SIDE_BY_SIDE])
        return HttpResponseRedirect(reverse("admin:trading_experiment_compare", query={"ids": ids}))

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("compare/", wrap(self.compare_view), name="trading_experiment_compare"),
            path("<int:pk>/arms.csv", wrap(self.csv_view), name="trading_experiment_csv"),
            *(
                path(
                    f"<int:pk>/{step}/",
                    wrap(partial(self.step_view, step=step)),
                    name=f"trading_experiment_{step}",
                )
                for step in STEPS
            ),
            *super().get_urls(),
        ]

    def page(
        self, request: HttpRequest, found: Experiment, failed: str = "", form: Any = None
    ) -> HttpResponse:
        comparison = compared(found)
        forms = {step: ReasonForm(help_text=text) for step, (_, text) in STEPS.items()}
        forms |= {failed: form} if failed else {}
        log = ArmBlock.objects.filter(experiment=found).select_related("arm").order_by("-number")
        context = {
            "comparison": comparison,
            "how": rows.how(found),
            "ends": rows.ends(comparison),
            "log": log[:LOG],
            "logged": log.count(),
            "arms": [side.arm for side in comparison.sides if not side.arm.control],
            "forms": forms,
            "may_change": _may_change(request),
            "failed": failed,
            "csv_url": reverse("admin:trading_experiment_csv", args=[found.pk]),
            **rows.table([comparison]),
        }
        title = f"{found.name}: {found.instance.name} of {found.instance.bot}"
        return self._answer(request, "page", title, original=found, **context)

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Experiments side by side, by their ids."""
        comparisons = self._asked(request)
        return self._answer(
            request,
            "compare",
            "Experiments side by side",
            comparisons=comparisons,
            choices=Experiment.objects.select_related("instance__bot")[:200],
            chosen={one.experiment.pk for one in comparisons},
            **rows.table(comparisons),
        )

    def _asked(self, request: HttpRequest) -> list[Comparison]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        texts = [text for given in request.GET.getlist("ids") for text in given.split(",")]
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        found = Experiment.objects.filter(pk__in=ids).select_related("instance__bot", "author")
        return [compared(one) for one in found.order_by("pk")[:SIDE_BY_SIDE]]

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.get_object(request, str(pk))
        if found is None or not self.has_view_permission(request, found):
            raise PermissionDenied
        answer = HttpResponse("".join(as_csv([compared(found)])), content_type="text/csv")
        answer["Content-Disposition"] = f'attachment; filename="experiment-{pk}.csv"'
        return answer

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Take a step with a reason; without one the page is shown again."""
        found = self.get_object(request, str(pk))
        if found is None or not _may_change(request):
            raise PermissionDenied
        here = HttpResponseRedirect(reverse("admin:trading_experiment_change", args=[pk]))
        if request.method != "POST":
            return here
        form = ReasonForm(request.POST, help_text=STEPS[step][1])
        if step != "start" and not form.is_valid():
            return self.page(request, found, step, form)
        try:
            reason = "" if step == "start" else form.cleaned_data[REASON]
            text = _taken(found, step, request, reason)
        except Refused as refused:
            messages.error(request, said(refused))
        else:
            messages.success(request, text)
        return here

    def _answer(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        request.list_title = self.list_title
        return TemplateResponse(
            request,
            f"admin/trading/experiment/{name}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context},
        )


def _may_change(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("trading.change_strategyinstance"))


def _taken(found: Experiment, step: str, request: HttpRequest, reason: str) -> str:
    """Take a step; says what was done. Raises Refused."""
    user = request.user
    if step == "start":
        experiments.start(experiment=found, author=user)
        return f"{found} runs: the bot is told its arms from now on."
    if step == "stop":
        experiments.end(experiment=found, reason=reason, by=user.get_username())
        return f"{found} is stopped: what is live is told again."
    if step == "keep":
        experiments.keep(experiment=found, reason=reason, author=user)
        return "The control is kept: what is live stays as it is."
    arm = found.arms.filter(pk__in=_numbers(request.POST.get("arm", ""))).first()
    if arm is None:
        raise Refused({"arm": ["Choose the arm whose values are to go live."]})
    made = experiments.promote(experiment=found, arm=arm, reason=reason, author=user)
    return f"Version {made.version} of {found.instance.name} is live, with the values of {arm}."


def _numbers(text: str) -> list[int]:
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 19 else []
