"""Forms of the admin, built from what strategies declare."""

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
    """The live values of a strategy, and why they change.

    The strategy's own validator is the only one: what it accepts here it accepts everywhere.
    ``typed`` fills the fields without judging them, for who returns to what they typed.
    """

    def __init__(
        self,
        strategy: Strategy,
        live: dict[str, Value],
        version: int,
        data: Any = None,
        typed: Mapping[str, Any] | None = None,
    ):
        super().__init__(data, initial={**live, SEEN: version, **(typed or {})})
        self.strategy, self.live, self.version = strategy, live, version
        for parameter in strategy.parameters:
            self.fields[parameter.name] = _field(parameter, live[parameter.name])
        self.fields[REASON] = reason_field("What changes and why; it stands in the history.")
        self.fields[SEEN] = _Seen(required=False, widget=forms.HiddenInput)

    def groups(self) -> list[dict[str, Any]]:
        """The fields under the headings of the strategy, each with what its parameter declares."""
        groups = [
            {"key": group.key, "title": group.label, "fields": []} for group in self.strategy.groups
        ]
        other: dict[str, Any] = {"key": "", "title": "Other", "fields": []}
        by_key = {group["key"]: group for group in groups}
        for parameter in self.strategy.parameters:
            place = by_key.get(parameter.group, other)
            now = setting(self.live[parameter.name], parameter.unit)
            place["fields"].append(
                {"field": self[parameter.name], "now": now, "hint": _hint(parameter)}
            )
        return [group for group in (*groups, other) if group["fields"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {name: raw for name, raw in cleaned.items() if name not in RESERVED}
        try:
            self.values = self.strategy.clean(given)
        except InvalidValues as invalid:
            self.blame(invalid.errors)
        return cleaned

    @property
    def seen(self) -> int | None:
        """The version that the page showed when it was opened."""
        return self.cleaned_data.get(SEEN)

    def typed(self) -> dict[str, Any]:
        """What the fields of a sent form held, as it was typed; boxes are True or False."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def blame(self, errors: Mapping[str, list[str]]) -> None:
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


def proposed(strategy: Strategy, query: Mapping[str, str]) -> dict[str, Any]:
    """What a link fills a form with: ``set.NAME`` for a parameter, and a reason. It is judged when
    the form is sent."""
    found: dict[str, Any] = {}
    for parameter in strategy.parameters:
        if (text := query.get(f"{SET}{parameter.name}")) is not None:
            found[parameter.name] = text == "true" if isinstance(parameter, Boolean) else text
    if found and (reason := query.get(REASON)):
        found[REASON] = reason[:REASON_LENGTH]
    return found


class _Reason(forms.CharField):
    """A text in which the end of a line is one character, as whoever types it counts."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class _Seen(forms.IntegerField):
    """A version number that a page carries along; None for anything else."""

    def clean(self, value: Any) -> int | None:
        try:
            return super().clean(value)
        except forms.ValidationError:
            return None


class ReasonForm(forms.Form):
    """Why something is done that needs no further answer."""

    def __init__(self, *args: Any, help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[REASON] = reason_field(help_text)
        self.fields[SEEN] = _Seen(required=False, widget=forms.HiddenInput)


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


def reason_field(help_text: str) -> forms.CharField:
    """A required reason of at most the length that the history keeps."""
    attrs = {"rows": 2, "class": "sl-input", "data-counted": REASON_LENGTH}
    return _Reason(
        label="Reason",
        required=True,
        max_length=REASON_LENGTH,
        help_text=help_text,
        error_messages={"required": "Say what changes and why."},
        widget=forms.Textarea(attrs=attrs),
    )


def _field(parameter: Parameter, live: Value) -> forms.Field:
    common = {"label": label(parameter.name), "help_text": parameter.help, "required": False}
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
    """A value as a form sends it; a box that is not checked is not sent at all."""
    if isinstance(value, bool):
        return "on" if value else ""
    return value if isinstance(value, str) else plain(value)


def hidden(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts of hidden fields that send these values again."""
    texts = [(name, sent(value)) for name, value in values.items() if value is not None]
    return [(name, text) for name, text in texts if values[name] is not False]


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
