"""The experiments of a strategy, and the form of a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from trading import experiments
from trading.admin.base import author_of
from trading.admin.forms import REASON, ParametersForm, proposed, reason_field
from trading.admin.keyset import offer
from trading.admin.strategy_page import StrategyPage
from trading.experiments import design as experiments_design
from trading.experiments.design import Arm, Ends
from trading.models import Experiment
from trading.parameters.errors import Refused

INPUT = {"class": "sl-input"}
SHARES = (("1", "equal"), ("2", "2x an arm"), ("3", "3x an arm"), ("9", "9x an arm"))
ENDS = ("max_trades", "max_days", "max_drawdown_pct", "max_loss_pct")
MOST_VERSIONS = 40
COMPARED = 4  # newest experiments in the link to the comparison
HYPOTHESIS = ("name", "design", "control_share")
SCHEDULE = ("block_minutes", "before_days", *ENDS, "notes")


class DesignForm(forms.Form):
    """All fields of an experiment except the values of its arm."""

    name = forms.CharField(
        max_length=64,
        help_text="A short unique name, such as stop_loss_6.",
        widget=forms.TextInput(attrs=INPUT),
    )
    design = forms.ChoiceField(
        choices=Experiment.Design.choices,
        widget=forms.Select(attrs=INPUT),
        help_text="A/B compares arms in the same market. Before and after cannot separate the "
        "change from the market.",
    )
    versions = forms.MultipleChoiceField(
        label="Earlier versions as more arms",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "sl-check"}),
    )
    control_share = forms.ChoiceField(
        label="Control share",
        choices=SHARES,
        widget=forms.Select(attrs=INPUT),
        help_text="How often the live values are used. More: less risk, longer experiment.",
    )
    block_minutes = forms.IntegerField(
        label="Block length (min)",
        min_value=1,
        max_value=10_080,
        help_text="How long each variant runs before switching; several times an average trade.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    before_days = forms.IntegerField(
        label="Baseline (days)",
        min_value=1,
        max_value=3_650,
        initial=30,
        help_text="Before and after only: the days before the start to compare with.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_trades = forms.IntegerField(
        label="End after trades",
        min_value=2,
        required=False,
        initial=400,
        help_text="Total of all arms. Without a planned end there is no verdict.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_days = forms.FloatField(
        label="End after days",
        min_value=0.01,
        max_value=3_650,
        required=False,
        help_text="Ends at whichever limit is reached first.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_drawdown_pct = forms.FloatField(
        label="Max drawdown (%)",
        min_value=1e-6,
        required=False,
        help_text="Guardrail: stops if the drawdown of an arm reaches this.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_loss_pct = forms.FloatField(
        label="Max loss (%)",
        min_value=1e-6,
        required=False,
        help_text="Guardrail: stops if the total loss of an arm reaches this.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    notes = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={**INPUT, "rows": 2})
    )

    def __init__(
        self,
        page: StrategyPage,
        data: QueryDict | None = None,
        filled: dict[str, Any] | None = None,
    ) -> None:
        usual = experiments_design.usual_block(page.instance) // 60
        super().__init__(data, initial={"block_minutes": usual, **(filled or {})}, prefix="plan")
        offer(self, "versions", _versions(page))
        self.fields[REASON] = reason_field("What you expect and why.", label="Hypothesis")

    def hypothesis_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in HYPOTHESIS]

    def schedule_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SCHEDULE]

    def ends(self) -> Ends:
        return Ends(**{name: self.cleaned_data[name] for name in ENDS})

    def add_errors(self, errors: dict[str, list[str]]) -> None:
        for name, texts in errors.items():
            place = {"block_seconds": "block_minutes", "shares": "control_share"}.get(name, name)
            self.add_error(place if place in self.fields else None, texts)


def _versions(page: StrategyPage) -> list[tuple[str, str]]:
    versions = page.instance.parameter_sets.order_by("-version")
    if page.live:
        versions = versions.exclude(pk=page.live.parameter_set_id)
    return [
        (str(version.version), f"Version {version.version}: {version.reason[:60]}")
        for version in versions.exclude(origin="experiment")[:MOST_VERSIONS]
    ]


def overview(page: StrategyPage) -> HttpResponse:
    """The experiments of a strategy, newest first."""
    rows = page.instance.experiments.select_related("author", "promoted")[:200]
    newest = ",".join(str(experiment.pk) for experiment in rows[:COMPARED])
    compare_url = reverse("admin:trading_experiment_compare", query={"ids": newest})
    return page.answer(
        "experiments", "experiments", "Experiments", rows=rows, compare_url=compare_url
    )


def new(page: StrategyPage) -> HttpResponse:
    """The form of a new experiment."""
    page.require_change()
    if page.rules is None or page.live is None:
        messages.error(page.request, "No live parameters yet: nothing to compare.")
        return page.redirect("experiments")
    data = page.request.POST if page.request.method == "POST" else None
    live = page.live_version
    filled = proposed(page.rules, page.request.GET)
    values = ParametersForm(page.rules, page.values(live), live.version, data, filled)
    del values.fields[REASON]
    plan = {REASON: filled.get(REASON, ""), "name": page.request.GET.get("name", "")[:64]}
    design = DesignForm(page, data, plan)
    valid = data is not None and design.is_valid() & values.is_valid()
    if valid and (response := _created(page, design, values)):
        return response
    return page.answer(
        "experiment_new",
        "experiments",
        "New experiment",
        form=design,
        values=values,
        groups=_groups(values),
        failed=bool(design.errors or values.errors),
    )


def _groups(values: ParametersForm) -> list[dict[str, Any]]:
    """The fields in their groups; groups with errors or changes are expanded."""
    groups = values.groups()
    typed = getattr(values, "values", values.live)  # live if they were not valid
    changed = {name for name, value in typed.items() if value != values.live.get(name)}
    changed |= {name for name, value in values.initial.items() if value != values.live.get(name)}
    for group in groups:
        names = [row["field"].name for row in group["fields"]]
        group["open"] = any(name in values.errors or name in changed for name in names)
    return groups


def _created(page: StrategyPage, design: DesignForm, values: ParametersForm) -> HttpResponse | None:
    cleaned = design.cleaned_data
    arms = [Arm("B", values.values)] if not values.unchanged else []
    arms += [Arm(f"v{version}", version=int(version)) for version in cleaned["versions"]]
    if not arms:
        design.add_error(
            None,
            "Change a value or select an earlier version: there is nothing to compare with the "
            "live values.",
        )
        return None
    try:
        with transaction.atomic():
            experiment = experiments_design.create(
                instance=page.instance,
                name=cleaned["name"],
                reason=cleaned[REASON],
                arms=arms,
                design=cleaned["design"],
                control_share=int(cleaned["control_share"]),
                ends=design.ends(),
                block_seconds=cleaned["block_minutes"] * 60,
                before_days=cleaned["before_days"],
                notes=cleaned["notes"],
                author=author_of(page.request),
            )
            if page.request.POST.get("start"):
                experiments.start(experiment=experiment, author=author_of(page.request))
    except Refused as refused:
        design.add_errors(refused.errors)
        return None
    done = "Experiment started" if experiment.active else "Draft saved"
    messages.success(page.request, f"{done}: {experiment}.")
    return HttpResponseRedirect(reverse("admin:trading_experiment_change", args=[experiment.pk]))
