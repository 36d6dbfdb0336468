"""The scopes in which trades count: made where missing, and remembered."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from trading.db.commit_cache import Memory
from trading.models import Book, Scope, StrategyInstance

Pair = tuple[int, int]  # book, parameter set (0: unknown)
Scopes = tuple[int, int, int]  # of the instance, the market, the set

_known: Memory[Pair, Scopes] = Memory()
_rows: Memory[int, Scope] = Memory()


def every() -> list[Scope]:
    """All scopes that there are now, by id. Only new ones are read: a scope never changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM trading_scope ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
    found = {key: scope for key in ids if (scope := _rows.get(key))}
    if len(found) < len(ids):
        for scope in Scope.objects.filter(id__gte=next(key for key in ids if key not in found)):
            _rows.keep(scope.id, scope)
            found[scope.id] = scope
    return [found[key] for key in ids if key in found]


def of_pairs(pairs: Iterable[Pair], *, make: bool = True) -> dict[Pair, Scopes]:
    """The three scopes in which a trade of each book and set counts; made where missing.

    Without ``make`` a pair is left out instead, as of a bot that was deleted this moment.
    """
    pairs = set(pairs)
    found = {pair: ids for pair in pairs if (ids := _known.get(pair))}
    missing = _find(pairs - found.keys(), make)
    for pair, ids in missing.items():
        _known.keep(pair, ids)
    return found | missing


def remembered(book: int, parameter_set: int | None) -> Scopes | None:
    """The same of one pair, where that needs no query."""
    return None if parameter_set is None else _known.get((book, parameter_set))


def _find(pairs: set[Pair], make: bool) -> dict[Pair, Scopes]:
    if not pairs:
        return {}
    held = Book.objects.in_bulk({book for book, _ in pairs})
    wanted = {pair: _of_book(held[pair[0]], pair[1]) for pair in pairs if pair[0] in held}
    every = {scope.key: scope for three in wanted.values() for scope in three}
    known = dict(Scope.objects.filter(key__in=every).values_list("key", "id"))
    missing = [scope for key, scope in every.items() if key not in known]
    if missing and make:
        Scope.objects.bulk_create(missing, ignore_conflicts=True)
        known = dict(Scope.objects.filter(key__in=every).values_list("key", "id"))
    found = {pair: tuple(known.get(scope.key) for scope in three) for pair, three in wanted.items()}
    return {pair: ids for pair, ids in found.items() if None not in ids}


def _of_book(book: Book, parameter_set: int) -> tuple[Scope, Scope, Scope]:
    def scope(kind: str, market: int | None = None, member: int | None = None) -> Scope:
        key = f"{kind}:{book.instance_id}:{market or member or 0}:{book.mode}:{book.currency}"
        return Scope(
            kind=kind,
            key=key,
            instance_id=book.instance_id,
            market_id=market,
            parameter_set_id=member,
            mode=book.mode,
            currency=book.currency,
        )

    return (
        scope(Scope.Kind.INSTANCE),
        scope(Scope.Kind.MARKET, market=book.market_id),
        scope(Scope.Kind.SET, member=parameter_set or None),
    )


def of_instances(instances: Iterable[StrategyInstance]) -> dict[Pair, Scopes]:
    """The scopes of every book and set of some instances that trades were counted in so far."""
    sets: dict[tuple, list[int]] = {}
    for scope in Scope.objects.filter(instance__in=instances, kind=Scope.Kind.SET):
        place = (scope.instance_id, scope.mode, scope.currency)
        sets.setdefault(place, []).append(scope.parameter_set_id or 0)
    return of_pairs(
        (book.pk, made_by)
        for book in Book.objects.filter(instance__in=instances)
        for made_by in sets.get((book.instance_id, book.mode, book.currency), ())
    )
