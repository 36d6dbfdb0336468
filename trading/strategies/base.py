"""What a strategy declares about itself, and the one validator of its values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal, TypeAlias

from .parameters import BadDeclaration, Invalid, Parameter, Value, plain

KEY = re.compile(r"[a-z0-9_]{1,40}")
_MOST_SUGGESTIONS = 10  # looking for the nearest name is slow; a flood of wrong ones gets none

FeatureKind: TypeAlias = Literal["number", "category", "boolean"]
Moment: TypeAlias = Literal["entry", "exit"]


class InvalidValues(ValueError):
    """Values that a strategy refuses. `errors` maps a parameter's name to its messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        super().__init__(
            "; ".join(f"{name} {text}" for name, texts in self.errors.items() for text in texts)
        )

    def __reduce__(self) -> tuple[type[InvalidValues], tuple[dict[str, list[str]]]]:
        return type(self), (self.errors,)


@dataclass(frozen=True)
class Group:
    """A heading of the form; parameters name it by `key`."""

    key: str
    label: str


@dataclass(frozen=True)
class Feature:
    """A fact recorded with each trade, known `at` its entry or only at its exit.

    `choices` are the values of a category; empty where they are open.
    """

    name: str
    kind: FeatureKind
    unit: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    at: Moment = "entry"

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise BadDeclaration(f"{self.name!r} is not a feature name")
        if self.kind not in ("number", "category", "boolean"):
            raise BadDeclaration(f"{self.name}: {self.kind!r} is not a kind of feature")
        if self.at not in ("entry", "exit"):
            raise BadDeclaration(f"{self.name}: known at entry or exit, not at {self.at!r}")
        if self.choices and self.kind != "category":
            raise BadDeclaration(f"{self.name}: only a category has choices")

    def describe(self) -> dict[str, object]:
        return {**asdict(self), "choices": list(self.choices) or None}


@dataclass(frozen=True)
class Below:
    """The value of `lower` must lie below that of `upper` (or equal it, with `or_equal`)."""

    lower: str
    upper: str
    or_equal: bool = False

    def broken_by(
        self, values: Mapping[str, Value], submitted: Mapping[str, object]
    ) -> tuple[str, str] | None:
        """The parameter to blame and the message; None where the rule holds or cannot be tested.

        The blame goes to the value that was submitted; where both were (or neither), to `lower`.
        """
        low, high = values.get(self.lower), values.get(self.upper)
        if isinstance(low, str) or isinstance(high, str) or low is None or high is None:
            return None
        if low < high or (self.or_equal and low == high):
            return None
        if self.upper in submitted and self.lower not in submitted:
            relation = "must not be below" if self.or_equal else "must be above"
            return self.upper, f"{relation} {self.lower} ({plain(low)})"
        relation = "must not be above" if self.or_equal else "must be below"
        return self.lower, f"{relation} {self.upper} ({plain(high)})"

    def describe(self) -> dict[str, object]:
        return {"rule": "below", **asdict(self)}


def nothing_prepared(t: Any, row: int, first: int, p: Any, out: Any, spare: Any) -> None:
    """For rules without series of closed candles."""


def nothing_screened(t: Any, part: int, first: int, at: int, p: Any, out: Any) -> None:
    """For rules that must be asked at each bar."""


def never_still(t: Any, first: int, at: int, p: Any, out: Any) -> None:
    """For rules that must be asked at each bar of a position."""
    for i in range(out.size):
        out[i] = 0


def no_hurry(p: Any) -> float:
    """For rules that leave no position because of its age."""
    return math.inf


@dataclass(frozen=True)
class Screen:
    """A filter that can be judged from the candles alone, for many bars at once, and the
    parameters that it depends on. One that is not worth it for a single walk is only ``shared``
    by a sweep's many; such stand behind the others."""

    filter: str
    parameters: tuple[str, ...]
    shared: bool = False


@dataclass(frozen=True)
class Rules:
    """When a strategy trades: the functions that take the places of the engine's hooks (see
    ``engine``), and how many candles they need before they can be asked."""

    ready: Callable[..., Any]
    enter: Callable[..., Any]
    place: Callable[..., Any]
    follow: Callable[..., Any]
    leave: Callable[..., Any]
    describe: Callable[..., Any]
    advance: Callable[..., Any]
    warmup: Callable[[Mapping[str, Value]], int]
    memory: int = 1  # numbers that they keep for themselves
    # The parameters that each row of ``prepare`` depends on, and the parts of ``screen``, in the
    # order of the filters.
    series: tuple[tuple[str, ...], ...] = ()
    prepare: Callable[..., Any] = nothing_prepared
    screens: tuple[Screen, ...] = ()
    screen: Callable[..., Any] = nothing_screened
    # Those that ``still`` depends on; without any, each bar of a position is asked about.
    stays: tuple[str, ...] = ()
    still: Callable[..., Any] = never_still
    patience: Callable[..., Any] = no_hurry

    def hooks(self) -> dict[str, Any]:
        names = (
            "prepare",
            "screen",
            "still",
            "patience",
            "ready",
            "enter",
            "place",
            "follow",
            "leave",
            "describe",
            "advance",
        )
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Strategy:
    """One strategy as its file declares it; a contradiction raises BadDeclaration there.

    `filters` and `exit_reasons` stand in the order in which they are tested; `loosened_by` names
    the parameters that let a filter hold back more or less. `features` are the
    strategy's own, beside the context that every trade has. `rules` relate parameters. `short`
    is what a line of a report calls it.
    """

    key: str
    title: str
    parameters: tuple[Parameter, ...]
    short: str = ""
    aliases: tuple[str, ...] = ()
    summary: str = ""
    groups: tuple[Group, ...] = ()
    rules: tuple[Below, ...] = ()
    features: tuple[Feature, ...] = ()
    filters: tuple[str, ...] = ()
    exit_reasons: tuple[str, ...] = ()
    trading: Rules | None = None
    loosened_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.key, *self.aliases):
            if not KEY.fullmatch(name):
                raise BadDeclaration(f"{name!r} is not a strategy key: [a-z0-9_], at most 40")
        self._once("parameter", (parameter.name for parameter in self.parameters))
        self._once("group", (group.key for group in self.groups))
        self._once("feature", (feature.name for feature in self.features))
        self._once("filter", self.filters)
        self._once("exit reason", self.exit_reasons)
        groups = {group.key for group in self.groups}
        for parameter in self.parameters:
            if parameter.group and parameter.group not in groups:
                raise BadDeclaration(f"{parameter.name}: there is no group {parameter.group!r}")
        for name, parameters in self.loosened_by.items():
            if name not in self.filters or not set(parameters) <= set(self._by_name):
                raise BadDeclaration(f"{self.key}: {name!r} is loosened by what it does not have")
        for rule in self.rules:
            for name in (rule.lower, rule.upper):
                if name not in self._by_name:
                    raise BadDeclaration(f"{self.key}: a rule names {name!r}, no parameter of it")
        try:
            self.clean(self.defaults())
        except InvalidValues as invalid:
            raise BadDeclaration(f"{self.key}: defaults break a rule: {invalid}") from invalid

    def _once(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise BadDeclaration(f"{self.key}: {what} {name!r} is declared twice")
            seen.add(name)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @property
    def replayable(self) -> bool:
        """Whether its rules are here, so that stored candles can be replayed with them."""
        return self.trading is not None

    def parameter(self, name: str) -> Parameter:
        """The declaration of one parameter. Raises KeyError for a name it does not have."""
        return self._by_name[name]

    @property
    def candle_interval(self) -> int | None:
        """Seconds of a strategy candle by default; None for a strategy that declares none."""
        parameter = self._by_name.get("candle_interval_seconds")
        return int(parameter.default) if parameter else None

    def defaults(self) -> dict[str, Value]:
        """A new dict of every parameter's default, in declared order."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def clean(self, values: Mapping[str, object], partial: bool = False) -> dict[str, Value]:
        """Typed values in declared order; raises InvalidValues with every error found.

        Missing ones take their default; with `partial` they stay away, and a rule is tested only
        where both its values were given. Unknown names are errors.
        """
        errors: dict[str, list[str]] = {}
        cleaned = {} if partial else self.defaults()
        for name, value in values.items():
            parameter = self._by_name.get(name)
            if parameter is None:
                errors[name] = [self._unknown(name, suggest=len(errors) < _MOST_SUGGESTIONS)]
                continue
            try:
                cleaned[name] = parameter.clean(value)
            except Invalid as invalid:
                errors[name] = [str(invalid)]
                cleaned.pop(name, None)
        for rule in self.rules:
            if broken := rule.broken_by(cleaned, values):
                errors.setdefault(broken[0], []).append(broken[1])
        if errors:
            raise InvalidValues(errors)
        return {name: cleaned[name] for name in self._by_name if name in cleaned}

    def _unknown(self, name: str, suggest: bool) -> str:
        near = get_close_matches(name[:64], self._by_name, n=1) if suggest else []
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"is not a parameter of {self.key}{hint}"

    def complete(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """A stored set read with today's declaration; never raises.

        Parameters added since take their default, removed ones are dropped. A stored value that
        today's bounds refuse stays as it was stored: the past is not rewritten.
        """
        completed: dict[str, Value] = {}
        for parameter in self.parameters:
            value = values.get(parameter.name, parameter.default)
            try:
                completed[parameter.name] = parameter.clean(value)
            except Invalid:
                completed[parameter.name] = value
        return completed

    def describe(self) -> dict[str, object]:
        """The whole declaration as a JSON-able dict."""
        return {
            "key": self.key,
            "title": self.title,
            "aliases": list(self.aliases),
            "summary": self.summary,
            "groups": [asdict(group) for group in self.groups],
            "parameters": [parameter.describe() for parameter in self.parameters],
            "rules": [rule.describe() for rule in self.rules],
            "features": [feature.describe() for feature in self.features],
            "filters": list(self.filters),
            "exit_reasons": list(self.exit_reasons),
            "replayable": self.replayable,
            "candle_interval": self.candle_interval,
        }
