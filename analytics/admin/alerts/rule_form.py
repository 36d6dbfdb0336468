"""Forms of the admin, built from what alarms declare."""

from __future__ import annotations

from typing import Any

from django import forms

from analytics.models import Severity
from analytics.monitoring.alerts.base import Alarm, InvalidRule
from analytics.monitoring.alerts.configured import Rule
from trading.admin.forms import field_for, hint_for

ENABLED, SEVERITY = "rule_enabled", "rule_severity"


class RuleForm(forms.Form):
    """An alarm's rule for one place. The alarm's own validator is the only one."""

    def __init__(self, alarm: Alarm, rule: Rule, data: Any = None) -> None:
        initial = {**rule.parameters, ENABLED: rule.enabled, SEVERITY: rule.severity}
        super().__init__(data, initial=initial)
        self.alarm = alarm
        self.fields[ENABLED] = forms.BooleanField(
            label="Watch for this",
            required=False,
            widget=forms.CheckboxInput(attrs={"class": "sl-check"}),
        )
        self.fields[SEVERITY] = forms.ChoiceField(
            label="Severity",
            choices=Severity.choices,
            widget=forms.Select(attrs={"class": "sl-input"}),
        )
        for parameter in alarm.parameters:
            self.fields[parameter.name] = field_for(parameter, rule.parameters[parameter.name])

    def rows(self) -> list[dict[str, Any]]:
        """The parameters with unit, bounds and default in a few words."""
        return [{"field": self[one.name], "hint": hint_for(one)} for one in self.alarm.parameters]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {name: raw for name, raw in cleaned.items() if name not in (ENABLED, SEVERITY)}
        try:
            self.values = self.alarm.clean(given)
        except InvalidRule as invalid:
            for name, messages in invalid.errors.items():
                for message in messages:
                    place = name if name in self.fields else None
                    self.add_error(place, f"{message[:1].upper()}{message[1:]}.")
        return cleaned
