"""Ordinary contexts, for ``reader.py``: flat objects, those with the same names together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading.ingest.columns.values import Doubtful
from trading.ingest.context import (
    BOOLEANS,
    CHOICES,
    COMMON,
    FLOATS,
    WHOLE,
    Context,
    common_value,
    declared,
)
from trading.strategies.base import Strategy

# At most 50 names and values, so short that the whole cannot be too large: 11 of 16 kB.
_NAMES, _NAME, _TEXT = 50, 64, 40
_WIDEST = 2**53
_HUGE = 1e300


def contexts(
    reported: Sequence[dict[str, Any] | None],
    strategies: Sequence[str],
    known: Mapping[str, Strategy | None],
    doubtful: Doubtful,
) -> list[Context | None]:
    """The result of ``read_context`` for every context; ``strategies`` are keys of ``known``."""
    shapes: dict[tuple[str, ...], list[int]] = {}
    for at, values in enumerate(reported):
        if values:
            shapes.setdefault((strategies[at], *values), []).append(at)
    contexts: list[Context | None] = [None] * len(reported)
    for (strategy, *names), places in shapes.items():
        if not all(map(_is_name, names)) or len(names) > _NAMES:
            doubtful.update(places)
            continue
        declaration = known[strategy]
        own = declared(declaration.features) if declaration else frozenset()
        some = [reported[at] for at in places]
        for at, context in zip(places, _alike(names, some, own, places, doubtful), strict=True):
            contexts[at] = context
    return contexts


def _is_name(text: str) -> bool:
    return len(text) <= _NAME and text.isascii() and text.isprintable() and text != "__proto__"


def _alike(
    names: Sequence[str],
    some: Sequence[Any],
    own: frozenset[str],
    places: Sequence[int],
    doubtful: Doubtful,
) -> list[Context]:
    """The contexts of objects that have the same names in the same order."""
    changed: dict[str, Sequence[Any]] = {}
    for name, column in zip(names, zip(*map(dict.values, some), strict=True), strict=True):
        if name not in COMMON:
            _check_flat(column, places, doubtful)
        elif not _is_plain(name, column):
            changed[name] = [
                _one(name, value, at, doubtful) for at, value in zip(places, column, strict=True)
            ]
    features = [name for name in names if name not in COMMON and name in own]
    other = [name for name in names if name not in COMMON and name not in own]
    contexts = []
    for values in map(dict, some):
        context = Context(
            values,
            {name: values.pop(name) for name in features},
            {name: values.pop(name) for name in other},
        )
        contexts.append(context)
    for name, kept in changed.items():
        for context, value in zip(contexts, kept, strict=True):
            context.common[name] = value
    return contexts


def _is_plain(name: str, column: tuple[Any, ...]) -> bool:
    """Whether all values of a common column are kept as they are."""
    kinds = set(map(type, column))
    if kinds == {float} and name in FLOATS:
        return bool((np.abs(np.array(column)) <= _HUGE).all())
    if kinds == {int} and name in WHOLE:
        return bool(min(column) >= 0 and max(column) <= WHOLE[name])
    if kinds == {str}:
        return set(column) <= CHOICES[name]
    return kinds == {bool} and name in BOOLEANS


def _one(name: str, value: object, at: int, doubtful: Doubtful) -> Any:
    if _is_flat(value):
        try:
            return common_value(name, value)
        except ValueError:
            pass
    doubtful.add(at)
    return None


def _check_flat(column: tuple[Any, ...], places: Sequence[int], doubtful: Doubtful) -> None:
    if set(map(type, column)) == {float} and np.isfinite(np.array(column)).all():
        return
    doubtful.update(at for at, value in zip(places, column, strict=True) if not _is_flat(value))


def _is_flat(value: object) -> bool:
    """Whether a value is certain to be storable, and short."""
    if type(value) is float:
        return -_HUGE <= value <= _HUGE
    if type(value) is int:
        return -_WIDEST < value < _WIDEST
    if type(value) is str:
        return len(value) <= _TEXT and value.isascii() and value.isprintable()
    return type(value) is bool or value is None
