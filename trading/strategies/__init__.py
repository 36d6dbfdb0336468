"""The registry: every built-in strategy under its key.

To add one, write its file with a `STRATEGY` in it and name the file in `_FILES`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType

from .base import Strategy
from .parameters import BadDeclaration

_FILES = ("rsi_bb", "renko_ao", "breakout")

NAME = re.compile(r"(?P<key>[a-z0-9_]{1,40})(@(?P<label>[a-z0-9_.-]{1,40}))?")
_LONGEST_QUOTED = 81  # the longest well-formed name


class UnknownStrategy(LookupError):
    """No strategy goes by this name; the text lists those there are and the nearest of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = tuple(REGISTRY)
        key = name[:_LONGEST_QUOTED].partition("@")[0]
        near = get_close_matches(key.lower(), _BY_NAME, n=1)
        self.suggestion = near[0] if near else None
        super().__init__(name)

    def __str__(self) -> str:
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        name = self.name[:_LONGEST_QUOTED]
        return f"there is no strategy {name!r} (there are {', '.join(self.known)}){hint}"


class MalformedName(UnknownStrategy):
    """A text that cannot be the name of any strategy, external ones included."""

    def __str__(self) -> str:
        name = self.name[:_LONGEST_QUOTED]
        return (
            f"{name!r} is not a strategy name: a key of a-z, 0-9 and _ (at most 40), with an"
            " optional @label of a-z, 0-9, _, . and - (at most 40)"
        )


def parse(name: str) -> tuple[str, str]:
    """Key and label as written, the label "" where there is none; the key need not be known.

    Raises MalformedName.
    """
    match = NAME.fullmatch(name)
    if match is None:
        raise MalformedName(name)
    return match["key"], match["label"] or ""


def split(name: str) -> tuple[str, str]:
    """Canonical key and instance label ("" for the default instance). Raises UnknownStrategy."""
    key, label = parse(name)
    if key not in _BY_NAME:
        raise UnknownStrategy(name)
    return _BY_NAME[key].key, label


def get(name: str) -> Strategy:
    """The strategy behind a key, an alias or an instance of either. Raises UnknownStrategy."""
    return REGISTRY[split(name)[0]]


def canonical(name: str) -> str:
    """The same instance under its strategy's key: `mean_reversion@sol` becomes `rsi_bb@sol`."""
    key, label = split(name)
    return f"{key}@{label}" if label else key


def _index(strategies: tuple[Strategy, ...]) -> dict[str, Strategy]:
    """Strategies by key and alias. Raises BadDeclaration where two answer to one name."""
    index: dict[str, Strategy] = {}
    for strategy in strategies:
        for name in (strategy.key, *strategy.aliases):
            if name in index:
                raise BadDeclaration(f"two strategies answer to {name!r}")
            index[name] = strategy
    return index


_STRATEGIES: tuple[Strategy, ...] = tuple(
    import_module(f"{__name__}.{file}").STRATEGY for file in _FILES
)
_BY_NAME = _index(_STRATEGIES)
REGISTRY = MappingProxyType({strategy.key: strategy for strategy in _STRATEGIES})
