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
    """That something is wrong now.

    ``sentence`` says what happened and how sure that is, ``advice`` what to do, for traders.
    ``event`` names the happening, where it has a name of its own: the same one never raises two
    alerts. ``grave``: it is so far gone that the alert is a step more severe than its rule says.
    ``evidence`` can be written as JSON; under "picture" stands a curve, under "limit" its bound.
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
    of what it is about, the moment and the parameters, and reads nothing else. ``lived``: it can
    only be told at the time, since what it looks at is not kept. ``error_rate``: how often it
    cries wolf, in plain words. ``clears_after``: how long nothing must be found until the alert
    resolves by itself. ``daily``: it looks at complete days, so that looking once a day is enough.
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
        return {one.name: one.default for one in self.parameters}

    def clean(self, values: Mapping[str, object]) -> dict[str, Value]:
        """All parameters in their own types, missing ones at their defaults.

        Raises InvalidRule, keyed by name.
        """
        known = {one.name: one for one in self.parameters}
        errors = {name: ["is no parameter of this rule"] for name in values if name not in known}
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
        """Stored parameters read with today's declaration; what no longer fits is the default."""
        complete = self.defaults()
        for one in self.parameters:
            try:
                complete[one.name] = one.clean(stored[one.name])
            except (KeyError, Invalid):
                continue
        return complete


def worse(severity: str) -> str:
    """One step more severe."""
    return ORDER[min(ORDER.index(Severity(severity)) + 1, len(ORDER) - 1)]
