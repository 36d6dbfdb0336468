"""Experiments: list, result page, comparison, and their actions."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.urls.resolvers import URLPattern

from trading import experiments, formatting
from trading.admin.base import PagedAdmin, author_of
from trading.admin.forms import REASON, ReasonForm
from trading.admin.strategy_page import error_text
from trading.experiments.comparison import Comparison, compared
from trading.experiments.export import as_csv
from trading.formatting import csv_export
from trading.models import ArmBlock, Experiment
from trading.parameters.errors import Refused

from . import rows

LOG, SIDE_BY_SIDE = 100, 10
FOLDER = "admin/trading/experiment"
STEPS = {
    # Label, help text of the reason.
    "start": ("Start now", ""),
    "stop": ("Stop", "Why it stops early. A stopped experiment has no verdict."),
    "keep": ("Keep the control", "Why the live values stay."),
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

    @admin.action(description="Compare the selected experiments", permissions=["view"])
    def side_by_side(self, request: HttpRequest, selected: QuerySet[Experiment]) -> HttpResponse:
        ids = ",".join(str(key) for key in selected.values_list("pk", flat=True)[:SIDE_BY_SIDE])
        return HttpResponseRedirect(reverse("admin:trading_experiment_compare", query={"ids": ids}))

    def get_urls(self) -> list[URLPattern]:
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
        self,
        request: HttpRequest,
        experiment: Experiment,
        failed: str = "",
        form: ReasonForm | None = None,
    ) -> HttpResponse:
        comparison = compared(experiment)
        forms = {step: ReasonForm(help_text=text) for step, (_, text) in STEPS.items()}
        forms |= {failed: form} if form else {}
        log = (
            ArmBlock.objects.filter(experiment=experiment).select_related("arm").order_by("-number")
        )
        context = {
            "comparison": comparison,
            "assignment": rows.assignment(experiment),
            "ends": rows.ends(comparison),
            "log": log[:LOG],
            "logged": log.count(),
            "arms": [side.arm for side in comparison.sides if not side.arm.control],
            "forms": forms,
            "may_change": _may_change(request),
            "failed": failed,
            "csv_url": reverse("admin:trading_experiment_csv", args=[experiment.pk]),
            **rows.table([comparison]),
        }
        title = f"{experiment.name}: {experiment.instance.name} of {experiment.instance.bot}"
        return self.render(request, f"{FOLDER}/page.html", title, original=experiment, **context)

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Experiments side by side, by their ids."""
        comparisons = self._selected(request)
        return self.render(
            request,
            f"{FOLDER}/compare.html",
            "Compare experiments",
            comparisons=comparisons,
            choices=Experiment.objects.select_related("instance__bot")[:200],
            chosen={comparison.experiment.pk for comparison in comparisons},
            **rows.table(comparisons),
        )

    def _selected(self, request: HttpRequest) -> list[Comparison]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        texts = [text for ids in request.GET.getlist("ids") for text in ids.split(",")]
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        experiments = Experiment.objects.filter(pk__in=ids)
        related = experiments.select_related("instance__bot", "author").order_by("pk")
        return [compared(experiment) for experiment in related[:SIDE_BY_SIDE]]

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        experiment = self.get_object(request, str(pk))
        if experiment is None or not self.has_view_permission(request, experiment):
            raise PermissionDenied
        return csv_export.response(f"experiment-{pk}.csv", as_csv([compared(experiment)]))

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Take an action with a reason; shows the form again if the reason is missing."""
        experiment = self.get_object(request, str(pk))
        if experiment is None or not _may_change(request):
            raise PermissionDenied
        here = HttpResponseRedirect(reverse("admin:trading_experiment_change", args=[pk]))
        if request.method != "POST":
            return here
        form = ReasonForm(request.POST, help_text=STEPS[step][1])
        if step != "start" and not form.is_valid():
            return self.page(request, experiment, step, form)
        try:
            reason = "" if step == "start" else form.cleaned_data[REASON]
            text = _taken(experiment, step, request, reason)
        except Refused as refused:
            messages.error(request, error_text(refused))
        else:
            messages.success(request, text)
        return here


def _may_change(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("trading.change_strategyinstance"))


def _taken(experiment: Experiment, step: str, request: HttpRequest, reason: str) -> str:
    """Take an action; returns the message for the user. Raises Refused."""
    user = author_of(request)
    if step == "start":
        experiments.start(experiment=experiment, author=user)
        return f"Experiment started: {experiment}."
    if step == "stop":
        experiments.end(experiment=experiment, reason=reason, by=user.get_username())
        return f"{experiment} stopped; live values restored."
    if step == "keep":
        experiments.keep(experiment=experiment, reason=reason, author=user)
        return "Control kept; the live values stay."
    arm = experiment.arms.filter(pk__in=_numbers(request.POST.get("arm", ""))).first()
    if arm is None:
        raise Refused({"arm": ["Choose the arm to promote."]})
    version = experiments.promote(experiment=experiment, arm=arm, reason=reason, author=user)
    return (
        f"Version {version.version} of {experiment.instance.name} is live with the values of {arm}."
    )


def _numbers(text: str) -> list[int]:
    return [int(text)] if text.isascii() and text.isdigit() and len(text) < 19 else []
