"""The books in which a bot trades: instance, market, mode and currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trading.models import Book, Bot, Market
from trading.parameters import instance_for


@dataclass(frozen=True, slots=True)
class BookKey:
    """A book by the names that bots use; ``label`` is "" for the default instance."""

    strategy: str
    label: str
    market: str
    mode: str
    currency: str


@dataclass(frozen=True, slots=True)
class BookId:
    id: int
    instance: int


def find(bot: Bot, keys: Iterable[BookKey]) -> dict[BookKey, BookId]:
    """The book of each key; instances, markets and books are created where missing."""
    wanted = set(keys)
    stored = Book.objects.filter(
        instance__bot=bot, market__name__in={key.market for key in wanted}
    ).values_list(
        *("instance__strategy", "instance__label", "market__name", "mode", "currency"),
        *("id", "instance_id"),
    )
    books = {BookKey(*row[:5]): BookId(*row[5:]) for row in stored.order_by()}
    # Markets belong to all bots: created in one order, or two bots would wait for each other.
    for key in sorted(wanted - books.keys(), key=lambda key: key.market):
        books[key] = _book(bot, key)
    return {key: books[key] for key in wanted}


def _book(bot: Bot, key: BookKey) -> BookId:
    name = f"{key.strategy}@{key.label}" if key.label else key.strategy
    instance = instance_for(bot, name)
    market, _ = Market.objects.get_or_create(name=key.market)
    book, _ = Book.objects.get_or_create(
        instance=instance, market=market, mode=key.mode, currency=key.currency
    )
    return BookId(book.pk, instance.pk)
