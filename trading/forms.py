"""Forms of the admin, built from what strategies declare."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from trading.display import label
from trading.models import Bot, BotToken
from trading.parameters import REASON_LENGTH
from trading.strategies.base import InvalidValues, Strategy
from trading.strategies.parameters import Boolean, Choice, Parameter, Value, plain

REASON = "reason"
SEEN = "seen_version"
RESERVED = (REASON, SEEN)
_RELATED = re.compile(r"\b(below|above) (\w+)(?= \()")  # how a rule names the other parameter


class ParametersForm(forms.Form):
    """The live values of a strategy, and why they change.

    The strategy's own validator is the only one: what it accepts here it accepts everywhere.
    """

    def __init__(self, strategy: Strategy, live: dict[str, Value], version: int, data: Any = None):
        super().__init__(data, initial={**live, SEEN: version})
        self.strategy, self.live, self.version = strategy, live, version
        for parameter in strategy.parameters:
            self.fields[parameter.name] = _field(parameter)
        self.fields[REASON] = forms.CharField(
            label="Reason",
            required=True,
            max_length=REASON_LENGTH,
            help_text="What changes and why; it stands in the history.",
            error_messages={"required": "Say what changes and why."},
            widget=forms.Textarea(attrs={"rows": 2, "class": "sl-input"}),
        )
        self.fields[SEEN] = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def groups(self) -> list[dict[str, Any]]:
        """The fields under the headings of the strategy."""
        groups = [{"key": group.key, "title": group.label, "fields": []}
                  for group in self.strategy.groups]  # fmt: skip
        other: dict[str, Any] = {"key": "", "title": "Other", "fields": []}
        by_key = {group["key"]: group for group in groups}
        for parameter in self.strategy.parameters:
            place = by_key.get(parameter.group, other)
            place["fields"].append({"field": self[parameter.name], "hint": _hint(parameter)})
        return [group for group in (*groups, other) if group["fields"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        seen = cleaned.get(SEEN)
        if seen != self.version:
            self.add_error(
                None,
                f"Version {self.version} went live while this page was open. "
                "Open the page again to see its values, then make the change.",
            )
        given = {name: raw for name, raw in cleaned.items() if name not in RESERVED}
        try:
            self.values = self.strategy.clean(given)
        except InvalidValues as invalid:
            self.blame(invalid.errors)
        return cleaned

    def blame(self, errors: dict[str, list[str]]) -> None:
        """Show errors, keyed by parameter, at their fields."""
        for name, messages in errors.items():
            place = name if name in self.fields else None
            for message in messages:
                text = _RELATED.sub(self._by_label, message)
                self.add_error(place, f"{text[:1].upper()}{text[1:]}".rstrip(".") + ".")

    def _by_label(self, found: re.Match[str]) -> str:
        relation, name = found.groups()
        return f"{relation} {self.fields[name].label if name in self.fields else name}"

    def mistakes(self) -> list[dict[str, str]]:
        """Every error with the field it belongs to, in the order of the page."""
        shown = [row["field"] for group in self.groups() for row in group["fields"]]
        return [
            {"id": field.id_for_label, "text": _sentence(field.label, error)}
            for field in (*shown, self[REASON])
            for error in field.errors.as_data()
        ]

    @property
    def unchanged(self) -> bool:
        """Whether valid values are those that are live."""
        return self.values == self.live


class TokenForm(forms.Form):
    """What a new token is for."""

    bot = forms.ModelChoiceField(Bot.objects.all(), empty_label=None)
    scope = forms.ChoiceField(choices=BotToken.Scope.choices, initial=BotToken.Scope.BOT)
    expires_at = forms.DateTimeField(
        label="Expires (UTC)",
        required=False,
        help_text="Leave empty for a token that lasts until it is revoked.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "sl-input"


def _sentence(name: str, error: forms.ValidationError) -> str:
    """A message that reads on from the name of its field where it can."""
    if error.code == "required":
        return f"{name} is missing."
    message = str(error.messages[0])
    if message.startswith("Must "):
        return f"{name} m{message[1:]}"
    return f"{name}: {message}"


def _field(parameter: Parameter) -> forms.Field:
    common = {"label": label(parameter.name), "help_text": parameter.help, "required": False}
    if isinstance(parameter, Boolean):
        return forms.BooleanField(widget=forms.CheckboxInput(attrs={"class": "sl-check"}), **common)
    if isinstance(parameter, Choice):
        choices = [(word, word) for word in parameter.choices]
        return forms.ChoiceField(
            choices=choices, widget=forms.Select(attrs={"class": "sl-input"}), **common
        )
    attrs = {"class": "sl-input sl-decimal", "inputmode": "decimal", "autocomplete": "off"}
    return forms.CharField(widget=_Numeral(attrs=attrs), max_length=64, **common)


class _Numeral(forms.TextInput):
    """A number as a person writes it: no exponent, no trailing zeros."""

    def format_value(self, value: Any) -> str | None:
        return plain(value) if isinstance(value, int | float) else super().format_value(value)


def _hint(parameter: Parameter) -> str:
    """Unit, bounds and default in a few words."""
    described = parameter.describe()
    default = described["default"]
    if isinstance(default, bool):
        return f"default {'on' if default else 'off'}"
    if isinstance(default, str):
        return f"default {default}"
    low, high = plain(described["low"]), plain(described["high"])
    unit = "" if parameter.unit == "ratio" else f" {parameter.unit}"
    return f"{low} to {high}{unit}, default {plain(default)}"


# For forms of other declared parameters.
field_for, hint_for = _field, _hint
