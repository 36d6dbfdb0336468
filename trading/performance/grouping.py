"""Groups of trades: the keys of each ``by``, from rollups and from columns."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from trading.bots.catalog import build, declaration
from trading.clock import DAY, HOUR
from trading.ledger.tally import Ints
from trading.models import Book, ExternalStrategy, ParameterSet, Scope
from trading.performance.selection import Selection
from trading.rollups import trade_arrays as stored
from trading.rollups.trade_arrays import Rows
from trading.rollups.windows import Pieces
from trading.strategies import REGISTRY
from trading.strategies.base import Strategy
from trading.strategies.common import COMMON_CONTEXT

SIMPLE = ("day", "hour", "strategy", "market", "exit_reason", "version")
MISSING = "not recorded"
UNKNOWN = "unknown"
DISTINCT = 24  # more distinct numbers than this are put into five bins of equal size
BINS = 5
_COMMON = {feature.name for feature in COMMON_CONTEXT}


def check(by: str | None) -> None:
    """Raise ValueError, listing what is known, for an unknown ``by``."""
    if by is None or by in SIMPLE:
        return
    kind, _, name = by.partition(":")
    known = {"feature": _features, "param": _parameters}.get(kind, set)()
    if name in known:
        return
    if known:
        raise ValueError(f"there is no {kind} {name!r}; there are: {', '.join(sorted(known))}")
    raise ValueError(f"by must be one of {', '.join(SIMPLE)}, feature:NAME or param:NAME")


def _features() -> set[str]:
    return {feature.name for strategy in _strategies() for feature in strategy.features} | _COMMON


def _parameters() -> set[str]:
    return {parameter.name for strategy in _strategies() for parameter in strategy.parameters}


def _strategies() -> list[Strategy]:
    external = ExternalStrategy.objects.values_list("declaration", flat=True)
    return [*REGISTRY.values(), *map(build, external)]


def of_scopes(by: str, scopes: Sequence[Scope]) -> list[Any]:
    """The key of each scope for strategy, market, version or param:NAME."""
    if by == "strategy":
        return [scope.instance.name for scope in scopes]
    if by == "market":
        return [scope.market.name if scope.market else UNKNOWN for scope in scopes]
    instances = [scope.instance for scope in scopes]
    if by == "version":
        versions = [
            scope.parameter_set.version if scope.parameter_set else UNKNOWN for scope in scopes
        ]
        return _qualified(instances, versions, "v")
    sets = [scope.parameter_set for scope in scopes if scope.parameter_set]
    values = _values(by.partition(":")[2], sets)
    keys = [
        values.get(scope.parameter_set.pk, UNKNOWN) if scope.parameter_set else UNKNOWN
        for scope in scopes
    ]
    return _qualified([instance.name for instance in instances], keys, "")


def of_pieces(by: str | None, window: Pieces) -> list[Any]:
    """The key of each tally: its day, its hour of the day, or None."""
    if by == "day":
        return _dates(window.day)
    if by == "hour":
        hours: list[int] = window.hour_of_day.tolist()
        return hours
    return [None] * window.scope.size


def columns(by: str | None) -> tuple[str, ...]:
    """The columns that ``of_rows`` needs beside those of the ledger."""
    if by == "exit_reason":
        return ("t.exit_reason",)
    kind, _, name = (by or "").partition(":")
    if kind != "feature":
        return ()
    return (f"c.{name}",) if name in _COMMON else ("c.features",)


def read(
    books: list[int], selection: Selection, extra: Sequence[str]
) -> tuple[Rows, list[list[Any]]]:
    """The rows of a selection with further columns."""
    wanted = extra if selection.arm is None else (*extra, "t.arm")
    further: list[list[Any]] = []
    if not wanted:
        rows = stored.rows(books, *selection.bounds)
    else:
        rows, further = stored.rows_with(wanted, books, *selection.bounds)
    sets = selection.sets()
    selected = np.full(len(rows), True)
    if sets is not None:
        selected &= np.isin(rows.parameter_set, list(sets))
    if selection.arm is not None:
        selected &= np.array(further.pop(), dtype=object) == selection.arm
    if selected.all():
        return rows, further
    kept = np.flatnonzero(selected)
    return rows.take(kept), [[column[row] for row in kept] for column in further]


def of_rows(
    by: str | None, rows: Rows, further: Sequence[list[Any]], books: dict[int, Book]
) -> list[Any]:
    """The key of each trade."""
    if by is None:
        return [None] * len(rows)
    if by == "day":
        return _dates(rows.trades.exit_at // DAY)
    if by == "hour":
        hours: list[int] = (rows.trades.exit_at // HOUR % 24).tolist()
        return hours
    if by == "strategy":
        return [books[book].instance.name for book in rows.book.tolist()]
    if by == "market":
        return [books[book].market.name for book in rows.book.tolist()]
    if by == "exit_reason":
        return further[0]
    kind, _, name = by.partition(":")
    if kind == "feature":
        return _binned(_feature(name, rows, further[0]))
    return _of_sets(name if kind == "param" else None, rows, books)


def _of_sets(parameter: str | None, rows: Rows, books: dict[int, Book]) -> list[Any]:
    """Version, or value of a parameter, of the set that made each trade."""
    ids = set(np.unique(rows.parameter_set).tolist())
    sets = ParameterSet.objects.select_related("instance__bot").in_bulk(ids).values()
    keys = (
        _values(parameter, sets) if parameter else {version.pk: version.version for version in sets}
    )
    of_rows = [keys.get(pk, UNKNOWN) for pk in rows.parameter_set.tolist()]
    instances = [books[book].instance for book in rows.book.tolist()]
    if parameter is None:
        return _qualified(instances, of_rows, "v")
    return _qualified([instance.name for instance in instances], of_rows, "")


def _values(parameter: str, sets: Collection[ParameterSet]) -> dict[int, Any]:
    """The value of a parameter in each set, by the set's id, as it was served: the default if the
    set was stored before the parameter was declared."""
    strategies = {version.instance_id: declaration(version.instance) for version in sets}
    values = {}
    for version in sets:
        strategy = strategies[version.instance_id]
        default = strategy.defaults().get(parameter, MISSING) if strategy else MISSING
        values[version.pk] = version.values.get(parameter, default)
    return values


def _qualified(owners: Sequence[Any], keys: list[Any], mark: str) -> list[Any]:
    """Keys with their owner if there are several: version 1 of one strategy is not version 1 of
    another."""
    if len(set(owners)) < 2:
        return keys
    several = len({getattr(owner, "bot_id", None) for owner in owners}) > 1
    return [
        Of(owner if isinstance(owner, str) else str(owner) if several else owner.name, mark, key)
        for owner, key in zip(owners, keys, strict=True)
    ]


def _feature(name: str, rows: Rows, reported: list[Any]) -> list[Any]:
    if name not in _COMMON:
        features = [msgspec.json.decode(value) if value else {} for value in reported]
        values = [row.get(name) for row in features]
        return [value if isinstance(value, str | int | float) else None for value in values]
    derived = {
        "entry_hour": lambda: (_entry(rows) // HOUR % 24).tolist(),
        # Days since 1970 began on a Thursday.
        "entry_day_of_week": lambda: ((_entry(rows) // DAY + 3) % 7).tolist(),
        "hold_time_seconds": lambda: (rows.trades.held / 1e6).tolist(),
    }.get(name)
    fallback = derived() if derived else [None] * len(rows)
    return [
        computed if value in (None, "") else value
        for value, computed in zip(reported, fallback, strict=True)
    ]


def _entry(rows: Rows) -> Ints:
    return rows.trades.exit_at - rows.trades.held


def _binned(values: list[Any]) -> list[Any]:
    """Values as keys; many distinct numbers become five ranges with as many trades each."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(set(numbers)) <= DISTINCT:
        return [MISSING if value is None else value for value in values]
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, BINS + 1)))
    inner = edges[1:-1]
    ranges = [Range(low, high) for low, high in pairwise(edges)]
    return [
        ranges[int(np.searchsorted(inner, value, side="right"))]
        if isinstance(value, int | float)
        else (MISSING if value is None else value)
        for value in values
    ]


class Range(tuple[float, float]):
    """A bin of numbers: (low, high)."""

    __slots__ = ()

    def __new__(cls, low: float, high: float) -> Range:
        return super().__new__(cls, (float(low), float(high)))


class Of(tuple[str, str, Any]):
    """A key that belongs to a strategy: (whose, mark before the key, key)."""

    __slots__ = ()

    def __new__(cls, whose: str, mark: str, key: Hashable) -> Of:
        return super().__new__(cls, (whose, mark, key))


def _dates(days: Ints) -> list[str]:
    dates: list[str] = days.astype("datetime64[D]").astype(str).tolist()
    return dates


def sort_key(key: Hashable) -> tuple[Any, ...]:
    """Numbers and ranges by size, then texts, then what is missing."""
    if isinstance(key, Of):
        return 2, 0.0, key[0], sort_key(key[2])
    if key is None or key in (MISSING, UNKNOWN):
        return 3, 0.0, str(key)
    if isinstance(key, Range):
        return 1, key[0], ""
    if isinstance(key, int | float):
        return 1, float(key), ""
    return 2, 0.0, str(key)


def text(key: Hashable) -> str | None:
    """The key as it is shown."""
    if key is None or isinstance(key, str):
        return key
    if isinstance(key, Of):
        missing = key[2] in (MISSING, UNKNOWN)
        return f"{key[0]} {'' if missing else key[1]}{text(key[2])}"
    if isinstance(key, Range):
        return f"{key[0]:.6g} to {key[1]:.6g}"
    if isinstance(key, bool):
        return "true" if key else "false"
    return f"{key:.10g}"
