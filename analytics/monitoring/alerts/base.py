"""What an alert rule declares, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analytics.models import Severity
from trading.strategies.parameters import Invalid, Parameter, Value

Values = Mapping[str, Any]
ORDER = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


class InvalidRule(ValueError):
    """Parameters that an alert rule refuses; ``errors`` maps names to messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = {name: list(texts) for name, texts in errors.items()}
        super().__init__("; ".join(f"{name} {' '.join(text)}" for name, text in errors.items()))


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that a rule detected.

    ``sentence`` says what happened and how certain it is, ``advice`` what to do. ``event``: the
    identity of the occurrence where it has one; the same one never raises two alerts. ``grave``:
    an extreme case, raised one level above the severity of the rule. ``evidence``: the figures as
    JSON; see ``wording.picture`` for the chart.
    """

    sentence: str
    advice: str
    evidence: dict[str, Any] = field(default_factory=dict)
    event: str = ""
    grave: bool = False


@dataclass(frozen=True)
class AlertRule:
    """A kind of alert, as one file declares it.

    ``about``: "strategy" (a strategy in one mode), "bot" or "system". ``check`` takes the frame
    of its subject, the moment and the parameters, and reads nothing else. ``lived``: its inputs
    are not stored, so a past moment cannot be checked. ``error_rate``: the false-alarm rate.
    ``clears_after``: the time without a finding after which an alert resolves automatically.
    ``daily``: it uses complete days only, so one check a day is enough.
    """

    key: str
    title: str
    about: str
    help: str
    error_rate: str
    check: Callable[[Any, datetime, Values], Finding | None]
    severity: str = Severity.WARNING
    parameters: tuple[Parameter, ...] = ()
    enabled: bool = True
    lived: bool = False
    daily: bool = False
    clears_after: timedelta = timedelta(hours=24)

    def defaults(self) -> dict[str, Value]:
        return {parameter.name: parameter.default for parameter in self.parameters}

    def clean(self, values: Mapping[str, object]) -> dict[str, Value]:
        """All parameters in their types, missing ones at their defaults.

        Raises InvalidRule, keyed by name.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        errors = {name: ["is not a parameter of this rule"] for name in values if name not in known}
        cleaned = self.defaults()
        for name in known.keys() & values.keys():
            try:
                cleaned[name] = known[name].clean(values[name])
            except Invalid as invalid:
                errors[name] = [str(invalid)]
        if errors:
            raise InvalidRule(errors)
        return cleaned

    def complete(self, stored: Mapping[str, object]) -> dict[str, Value]:
        """Stored parameters as declared today; invalid ones at their defaults."""
        complete = self.defaults()
        for parameter in self.parameters:
            try:
                complete[parameter.name] = parameter.clean(stored[parameter.name])
            except (KeyError, Invalid):
                continue
        return complete


def worse(severity: str) -> str:
    """The next higher severity."""
    return ORDER[min(ORDER.index(Severity(severity)) + 1, len(ORDER) - 1)]
