"""The books in which a bot trades: made where missing, and remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trading.db.commit_cache import Memory
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


_known: Memory[tuple[int, BookKey], BookId] = Memory()


def find(bot: Bot, keys: Iterable[BookKey]) -> dict[BookKey, BookId]:
    """The book behind each key; instances, markets and books are made where missing."""
    found = {}
    # Markets belong to all bots: whoever makes several makes them in one order, or two would
    # wait for each other.
    for key in sorted(set(keys), key=lambda key: key.market):
        known = _known.get((bot.pk, key))
        if known is None:
            known = _book(bot, key)
            _known.keep((bot.pk, key), known)
        found[key] = known
    return found


def remembered(bot: Bot, keys: Iterable[BookKey]) -> list[BookId]:
    """Those that need no query."""
    return [book for key in keys if (book := _known.get((bot.pk, key)))]


def _book(bot: Bot, key: BookKey) -> BookId:
    name = f"{key.strategy}@{key.label}" if key.label else key.strategy
    instance = instance_for(bot, name)
    market, _ = Market.objects.get_or_create(name=key.market)
    book, _ = Book.objects.get_or_create(
        instance=instance, market=market, mode=key.mode, currency=key.currency
    )
    return BookId(book.pk, instance.pk)
