"""The scopes in which trades count: instance, market and parameter set, per mode and currency."""

from __future__ import annotations

from collections.abc import Iterable

from trading.models import Book, Scope, StrategyInstance

Pair = tuple[int, int]  # book, parameter set (0: unknown)
Scopes = tuple[int, int, int]  # of the instance, the market, the set


def every() -> list[Scope]:
    """All scopes, by id."""
    return list(Scope.objects.order_by("id"))


def of_pairs(pairs: Iterable[Pair], *, make: bool = True) -> dict[Pair, Scopes]:
    """The three scopes in which a trade of each book and set counts; created where missing.

    Without ``make`` a pair without scopes is left out, as of a bot that was just deleted.
    """
    pairs = set(pairs)
    if not pairs:
        return {}
    books = Book.objects.order_by().in_bulk({book for book, _ in pairs})
    wanted = {pair: _of_book(books[pair[0]], pair[1]) for pair in pairs if pair[0] in books}
    scopes = {scope.key: scope for three in wanted.values() for scope in three}
    ids = _ids(scopes)
    missing = [scope for key, scope in scopes.items() if key not in ids]
    if missing and make:
        Scope.objects.bulk_create(missing, ignore_conflicts=True)
        ids = _ids(scopes)
    return {
        pair: (ids[first.key], ids[second.key], ids[third.key])
        for pair, (first, second, third) in wanted.items()
        if {first.key, second.key, third.key} <= ids.keys()
    }


def _ids(keys: Iterable[str]) -> dict[str, int]:
    return dict(Scope.objects.filter(key__in=keys).order_by().values_list("key", "id"))


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
    sets: dict[tuple[int, str, str], list[int]] = {}
    for scope in Scope.objects.filter(instance__in=instances, kind=Scope.Kind.SET):
        place = (scope.instance_id, scope.mode, scope.currency)
        sets.setdefault(place, []).append(scope.parameter_set_id or 0)
    return of_pairs(
        (book.pk, made_by)
        for book in Book.objects.filter(instance__in=instances)
        for made_by in sets.get((book.instance_id, book.mode, book.currency), ())
    )
