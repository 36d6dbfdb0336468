"""Admin forms, built from the parameters that strategies declare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from trading.formatting import label, setting
from trading.models import Bot, BotToken
from trading.parameters.errors import REASON_LENGTH
from trading.strategies.base import InvalidValues, Strategy
from trading.strategies.parameters import Boolean, Choice, Parameter, Value, plain

REASON = "reason"
SEEN = "seen_version"
SET = "set."
RESERVED = (REASON, SEEN)
_RELATED = re.compile(r"\b(below|above) (\w+)(?= \()")  # how a rule names the other parameter


class ParametersForm(forms.Form):
    """The live values of a strategy and the reason of a change.

    Validated by ``Strategy.clean`` alone, as everywhere. ``typed`` fills the fields without
    validation.
    """

    def __init__(
        self,
        strategy: Strategy,
        live: dict[str, Value],
        version: int,
        data: Mapping[str, Any] | None = None,
        typed: Mapping[str, Any] | None = None,
    ):
        super().__init__(data, initial={**live, SEEN: version, **(typed or {})})
        self.strategy, self.live, self.version = strategy, live, version
        for parameter in strategy.parameters:
            self.fields[parameter.name] = field_for(parameter, live[parameter.name])
        self.fields[REASON] = reason_field("What changes and why; shown in the history.")
        self.fields[SEEN] = _Seen(required=False, widget=forms.HiddenInput)

    def groups(self) -> list[dict[str, Any]]:
        """The fields in the groups of the strategy, with live value and allowed range."""
        groups = [
            {"key": group.key, "title": group.label, "fields": []} for group in self.strategy.groups
        ]
        other: dict[str, Any] = {"key": "", "title": "Other", "fields": []}
        by_key = {group["key"]: group for group in groups}
        for parameter in self.strategy.parameters:
            place = by_key.get(parameter.group, other)
            live = setting(self.live[parameter.name], parameter.unit)
            place["fields"].append(
                {"field": self[parameter.name], "live": live, "hint": hint_for(parameter)}
            )
        return [group for group in (*groups, other) if group["fields"]]

    def clean(self) -> dict[str, Any]:
        super().clean()
        raw_values = self.cleaned_data.items()
        values = {name: raw for name, raw in raw_values if name not in RESERVED}
        try:
            self.values = self.strategy.clean(values)
        except InvalidValues as invalid:
            self.add_errors(invalid.errors)
        return self.cleaned_data

    @property
    def seen(self) -> int | None:
        """The version that the page was based on."""
        return self.cleaned_data.get(SEEN)

    def typed(self) -> dict[str, Any]:
        """The raw values of a posted form; checkboxes are True or False."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Show errors, keyed by parameter, at their fields."""
        for name, messages in errors.items():
            place = name if name in self.fields else None
            for message in messages:
                text = _RELATED.sub(self._by_label, message)
                self.add_error(place, f"{text[:1].upper()}{text[1:]}".rstrip(".") + ".")

    def _by_label(self, match: re.Match[str]) -> str:
        relation, name = match.groups()
        return f"{relation} {self.fields[name].label if name in self.fields else name}"

    def field_errors(self) -> list[dict[str, str]]:
        """All field errors in the order of the page."""
        parameters = [row["field"] for group in self.groups() for row in group["fields"]]
        return [
            {"id": field.id_for_label, "text": _sentence(field.label, error)}
            for field in (*parameters, self[REASON])
            for error in field.errors.as_data()
        ]

    @property
    def unchanged(self) -> bool:
        """Whether the valid values equal the live ones."""
        return self.values == self.live


def proposed(strategy: Strategy, query: Mapping[str, str]) -> dict[str, Any]:
    """The initial values in a link's query: ``set.NAME`` for a parameter, and ``reason``."""
    initial: dict[str, Any] = {}
    for parameter in strategy.parameters:
        if (text := query.get(f"{SET}{parameter.name}")) is not None:
            initial[parameter.name] = text == "true" if isinstance(parameter, Boolean) else text
    if initial and (reason := query.get(REASON)):
        initial[REASON] = reason[:REASON_LENGTH]
    return initial


class _Reason(forms.CharField):
    """A text with one character per line end, so that the length is as the user counts it."""

    def to_python(self, value: object) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class _Seen(forms.IntegerField):
    """A hidden version number; None for anything else."""

    def clean(self, value: object) -> int | None:
        try:
            version: int | None = super().clean(value)
        except forms.ValidationError:
            return None
        return version


class ReasonForm(forms.Form):
    """A form with only a reason."""

    def __init__(self, *args: Any, help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[REASON] = reason_field(help_text)
        self.fields[SEEN] = _Seen(required=False, widget=forms.HiddenInput)


class TokenForm(forms.Form):
    """Bot, scope and expiry of a new token."""

    bot = forms.ModelChoiceField(Bot.objects.all(), empty_label=None)
    scope = forms.ChoiceField(choices=BotToken.Scope.choices, initial=BotToken.Scope.BOT)
    expires_at = forms.DateTimeField(
        label="Expires (UTC)",
        required=False,
        help_text="Leave empty for a token that does not expire.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "sl-input"


def _sentence(name: str, error: forms.ValidationError) -> str:
    """A message that starts with the name of its field."""
    if error.code == "required":
        return f"{name} is required."
    message = str(error.messages[0])
    if message.startswith("Must "):
        return f"{name} m{message[1:]}"
    return f"{name}: {message}"


def reason_field(help_text: str, label: str = "Reason") -> forms.CharField:
    """A required reason, at most as long as the history stores."""
    attrs = {"rows": 2, "class": "sl-input", "data-counted": REASON_LENGTH}
    return _Reason(
        label=label,
        required=True,
        max_length=REASON_LENGTH,
        help_text=help_text,
        error_messages={"required": "Enter what changes and why."},
        widget=forms.Textarea(attrs=attrs),
    )


def field_for(parameter: Parameter, live: Value) -> forms.Field:
    common: dict[str, Any] = {"label": label(parameter.name), "help_text": parameter.help}
    common["required"] = False
    attrs = {"data-live": sent(live), "aria-describedby": f"about_{parameter.name}"}
    if isinstance(parameter, Boolean):
        box = forms.CheckboxInput(attrs={**attrs, "class": "sl-check"})
        return forms.BooleanField(widget=box, **common)
    if isinstance(parameter, Choice):
        choices = [(word, word) for word in parameter.choices]
        chooser = forms.Select(attrs={**attrs, "class": "sl-input"})
        return forms.ChoiceField(choices=choices, widget=chooser, **common)
    attrs |= {"class": "sl-input sl-decimal", "inputmode": "decimal", "autocomplete": "off"}
    return forms.CharField(widget=_Numeral(attrs=attrs), max_length=64, **common)


def sent(value: Value) -> str:
    """A value as a form posts it; an unchecked box posts nothing."""
    if isinstance(value, bool):
        return "on" if value else ""
    return value if isinstance(value, str) else plain(value)


def hidden(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Hidden fields that post these values again."""
    texts = [(name, sent(value)) for name, value in values.items() if value is not None]
    return [(name, text) for name, text in texts if values[name] is not False]


class _Numeral(forms.TextInput):
    """A number without exponent and trailing zeros."""

    def format_value(self, value: object) -> str | None:
        return plain(value) if isinstance(value, int | float) else super().format_value(value)


def hint_for(parameter: Parameter) -> str:
    """Range and default: ``Range 0.1-5000 bps. Default 4.``"""
    described: dict[str, Any] = parameter.describe()
    default = described["default"]
    if isinstance(default, bool):
        return f"Default {'on' if default else 'off'}."
    if isinstance(default, str):
        return f"Default {default}."
    low, high = plain(described["low"]), plain(described["high"])
    unit = setting(0, parameter.unit).removeprefix("0")
    between = " to " if "-" in low + high else "-"
    return f"Range {low}{between}{high}{unit}. Default {plain(default)}."
