"""The form of an alert rule, built from the parameters that the rule declares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from analytics.models import Severity
from analytics.monitoring.alerts.base import InvalidRule
from analytics.monitoring.alerts.configured import ConfiguredRule
from trading.admin.forms import field_for, hint_for

ENABLED, SEVERITY = "rule_enabled", "rule_severity"


class RuleForm(forms.Form):
    """The settings of an alert rule in one scope; ``AlertRule.clean`` validates them."""

    def __init__(self, configured: ConfiguredRule, data: QueryDict | None = None) -> None:
        initial = {
            **configured.parameters,
            ENABLED: configured.enabled,
            SEVERITY: configured.severity,
        }
        super().__init__(data, initial=initial)
        self.rule = configured.rule
        self.fields[ENABLED] = forms.BooleanField(
            label="Enabled", required=False, widget=forms.CheckboxInput(attrs={"class": "sl-check"})
        )
        self.fields[SEVERITY] = forms.ChoiceField(
            label="Severity",
            choices=Severity.choices,
            widget=forms.Select(attrs={"class": "sl-input"}),
        )
        for parameter in self.rule.parameters:
            self.fields[parameter.name] = field_for(
                parameter, configured.parameters[parameter.name]
            )

    def rows(self) -> list[dict[str, Any]]:
        """The parameter fields, each with a hint: unit, range and default."""
        return [
            {"field": self[parameter.name], "hint": hint_for(parameter)}
            for parameter in self.rule.parameters
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = {name: raw for name, raw in cleaned.items() if name not in (ENABLED, SEVERITY)}
        try:
            self.values = self.rule.clean(given)
        except InvalidRule as invalid:
            for name, messages in invalid.errors.items():
                for message in messages:
                    place = name if name in self.fields else None
                    self.add_error(place, f"{message[:1].upper()}{message[1:]}.")
        return cleaned
