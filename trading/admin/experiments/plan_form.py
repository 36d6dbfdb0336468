"""A strategy's experiments, and the form that plans a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from trading import experiments
from trading.admin.forms import REASON, ParametersForm, proposed, reason_field
from trading.admin.strategy_page import StrategyPage
from trading.experiments import design as experiments_design
from trading.experiments.design import Arm, Ends
from trading.models import Experiment
from trading.parameters.errors import Refused

INPUT = {"class": "sl-input"}
SHARES = (
    ("1", "as often as an arm"),
    ("2", "twice as often"),
    ("3", "three times as often"),
    ("9", "nine times as often"),
)
ENDS = ("max_trades", "max_days", "max_drawdown_pct", "max_loss_pct")
MOST_VERSIONS = 40


class DesignForm(forms.Form):
    """Everything of a plan but the values of its arm."""

    name = forms.CharField(
        max_length=64,
        help_text="By which the bot and you find it: stop_loss_6.",
        widget=forms.TextInput(attrs=INPUT),
    )
    design = forms.ChoiceField(
        choices=Experiment.Design.choices,
        widget=forms.Select(attrs=INPUT),
        help_text="Arms that take turns live through the same market, and can tell. One switch "
        "cannot tell the change from the market.",
    )
    versions = forms.MultipleChoiceField(
        label="Earlier versions as further arms",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "sl-check"}),
    )
    control_share = forms.ChoiceField(
        label="The live values are told",
        choices=SHARES,
        widget=forms.Select(attrs=INPUT),
        help_text="The more often, the less is risked, and the longer it takes.",
    )
    block_minutes = forms.IntegerField(
        label="Block length, minutes",
        min_value=1,
        max_value=10_080,
        help_text="How long an arm is told at a time; a few times as long as a trade lasts.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    before_days = forms.IntegerField(
        label="Days to look back",
        min_value=1,
        max_value=3_650,
        initial=30,
        help_text="Before and after only: the trades that the new values are held against.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_trades = forms.IntegerField(
        label="End after trades",
        min_value=2,
        required=False,
        initial=400,
        help_text="In all arms together. With a planned end it may decide; without it never can.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_days = forms.FloatField(
        label="End after days",
        min_value=0.01,
        max_value=3_650,
        required=False,
        help_text="Whichever comes first.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_drawdown_pct = forms.FloatField(
        label="Stop at a drawdown of, %",
        min_value=1e-6,
        required=False,
        help_text="Guardrail: how far any new arm may fall from its highest point.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    max_loss_pct = forms.FloatField(
        label="Stop at a loss of, %",
        min_value=1e-6,
        required=False,
        help_text="Guardrail: how much any new arm may lose in all.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    notes = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={**INPUT, "rows": 2})
    )

    def __init__(self, page: StrategyPage, data: Any = None, filled: Any = None) -> None:
        usual = experiments_design.usual_block(page.instance) // 60
        super().__init__(data, initial={"block_minutes": usual, **(filled or {})}, prefix="plan")
        self.fields["versions"].choices = _versions(page)
        self.fields[REASON] = reason_field("What you expect, and why; it stands in the history.")

    def ends(self) -> Ends:
        return Ends(**{name: self.cleaned_data[name] for name in ENDS})

    def blame(self, errors: dict[str, list[str]]) -> None:
        for name, texts in errors.items():
            place = {"block_seconds": "block_minutes", "shares": "control_share"}.get(name, name)
            self.add_error(place if place in self.fields else None, texts)


def _versions(page: StrategyPage) -> list[tuple[str, str]]:
    found = page.instance.parameter_sets.order_by("-version")
    if page.live:
        found = found.exclude(pk=page.live.parameter_set_id)
    return [
        (str(one.version), f"Version {one.version}: {one.reason[:60]}")
        for one in found.exclude(origin="experiment")[:MOST_VERSIONS]
    ]


def overview(page: StrategyPage) -> HttpResponse:
    """The experiments of a strategy, newest first."""
    rows = page.instance.experiments.select_related("author", "promoted")[:200]
    return page.answer("experiments", "experiments", "Experiments", rows=rows)


def new(page: StrategyPage) -> HttpResponse:
    """The form; what follows from sending it."""
    page.require_change()
    if page.rules is None or page.live is None:
        messages.error(page.request, "No parameters are live yet: there is nothing to compare.")
        return page.redirect("experiments")
    data = page.request.POST if page.request.method == "POST" else None
    made = page.live.parameter_set
    filled = proposed(page.rules, page.request.GET)
    values = ParametersForm(page.rules, page.values(made), made.version, data, filled)
    del values.fields[REASON]
    plan = {REASON: filled.get(REASON, ""), "name": page.request.GET.get("name", "")[:64]}
    design = DesignForm(page, data, plan)
    sound = data is not None and design.is_valid() & values.is_valid()
    if sound and (done := _made(page, design, values)):
        return done
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
    """The fields under their headings; those with an error, or that were changed, are open."""
    groups = values.groups()
    typed = getattr(values, "values", values.live)  # none where they were not sound
    changed = {name for name, value in typed.items() if value != values.live.get(name)}
    changed |= {name for name, value in values.initial.items() if value != values.live.get(name)}
    for group in groups:
        names = [row["field"].name for row in group["fields"]]
        group["open"] = any(name in values.errors or name in changed for name in names)
    return groups


def _made(page: StrategyPage, design: DesignForm, values: ParametersForm) -> HttpResponse | None:
    found = design.cleaned_data
    arms = [Arm("B", values.values)] if not values.unchanged else []
    arms += [Arm(f"v{version}", version=int(version)) for version in found["versions"]]
    if not arms:
        design.add_error(
            None,
            "Change a value below, or choose an earlier version: with the live "
            "values alone there is nothing to compare.",
        )
        return None
    try:
        with transaction.atomic():
            made = experiments_design.create(
                instance=page.instance,
                name=found["name"],
                reason=found[REASON],
                arms=arms,
                design=found["design"],
                control_share=int(found["control_share"]),
                ends=design.ends(),
                block_seconds=found["block_minutes"] * 60,
                before_days=found["before_days"],
                notes=found["notes"],
                author=page.request.user,
            )
            if page.request.POST.get("start"):
                experiments.start(experiment=made, author=page.request.user)
    except Refused as refused:
        design.blame(refused.errors)
        return None
    text = "runs: the bot is told its arms from now on." if made.active else "is planned."
    messages.success(page.request, f"{made} {text}")
    return HttpResponseRedirect(reverse("admin:trading_experiment_change", args=[made.pk]))
