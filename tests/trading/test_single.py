"""A trade that comes alone takes a way of its own; what is stored is the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from trading import clock, memory, single
from trading.ingest import Outcome, store_trades
from trading.models import Book, Bot, Scope, Trade
from trading.records import TradeIn

from .story import (
    NOW,
    WEDNESDAY_NOON,
    correction,
    make_bot,
    rebuilt,
    stored,
    sums,
    trade,
    two_sets,
    week,
)

pytestmark = pytest.mark.django_db(transaction=True)
CONTEXT = {"rsi": 21.5, "price_trend": "up", "reached_tp": True, "entry_hour": 4, "mine": [1]}


@pytest.fixture
def bot() -> Bot:
    memory.forget()
    bot = make_bot()
    two_sets(bot)
    return bot


@pytest.fixture
def ways(monkeypatch) -> list[bool]:
    """Whether each trade went the short way."""
    found, short = [], single.store

    def noted(*given) -> bool:
        found.append(short(*given))
        return found[-1]

    monkeypatch.setattr(single, "store", noted)
    return found


def send(bot: Bot, *trades: TradeIn) -> list[Outcome]:
    with clock.at(NOW):
        return [store_trades(bot, [each]) for each in trades]


def in_time(trades: list[TradeIn]) -> list[TradeIn]:
    return sorted(trades, key=lambda each: each.exit_time)


def test_trades_one_by_one_are_stored_and_counted_as_in_one_batch(bot, ways):
    other = make_bot("Juno")
    two_sets(other)
    trades = week(120)
    trades[7].context, trades[8].context, trades[9].fee = CONTEXT, {"rsi": 3.0}, None
    trades[10].parameter_set, trades[11].parameter_set = 2, 99
    with clock.at(NOW):
        store_trades(other, trades)
    outcomes = send(bot, *in_time(trades))
    assert all(outcome == Outcome(stored=1) for outcome in outcomes)
    assert ways.count(True) > 20  # but the first of each book, and the many of one moment
    assert stored(bot) == stored(other) and sums(bot) == sums(other) == rebuilt(bot)


def test_trades_in_no_order_are_counted_as_a_rebuild_does(bot, ways):
    send(bot, *week())
    assert {True, False} <= set(ways) and sums(bot) == rebuilt(bot)


def test_what_is_sent_again_is_stored_once(bot):
    first, second, third = in_time(week())[:3]
    send(bot, first, second, third)
    again, other, newer = send(
        bot, second, correction(second, 0, tag="other"), correction(second, 1, tag="newer")
    )
    assert again == Outcome(unchanged=1) and newer == Outcome(updated=1)
    assert [refusal["index"] for refusal in other.rejected] == [0]
    assert Trade.objects.filter(bot=bot).count() == 3 and sums(bot) == rebuilt(bot)


def test_a_set_that_goes_live_makes_the_trades_from_then_on(bot, ways):
    at = int(WEDNESDAY_NOON.timestamp())
    entered = [at - 3, at - 2, at - 1, at, at + 1, at + 2, at - 1, at - 1]
    send(bot, *(
        trade(id=f"t-{number}", entry_time=entry, exit_time=at + 60 + number)
        for number, entry in enumerate(entered)
    ))  # fmt: skip
    versions = Trade.objects.order_by("exit_at").values_list("parameter_set__version", flat=True)
    assert list(versions) == [1, 1, 1, 2, 2, 2, 1, 1]
    assert ways == [False, True, True, False, True, True, True, True]
    assert sums(bot) == rebuilt(bot)


def test_a_trade_after_midnight_begins_a_day(bot, ways):
    at = int((WEDNESDAY_NOON + timedelta(hours=11, minutes=59)).timestamp())
    send(bot, *(
        trade(id=f"t-{after}", entry_time=at, exit_time=at + after) for after in range(0, 180, 40)
    ))  # fmt: skip
    assert ways == [False, True, True, True, True]
    assert sums(bot) == rebuilt(bot)
    assert {key[-1] for key in sums(bot)} == {at // 86_400, at // 86_400 + 1}


def test_a_book_that_was_deleted_meanwhile_is_made_again(bot):
    first, second, third = (
        trade(id=f"t-{number}", exit_time=trade().exit_time + number) for number in range(3)
    )
    send(bot, first)
    Scope.objects.all().delete()
    Book.objects.all().delete()
    assert send(bot, second, third) == [Outcome(stored=1)] * 2
    assert Trade.objects.filter(bot=bot).count() == 2 and sums(bot) == rebuilt(bot)
    assert not connection.in_atomic_block and connection.get_autocommit()


def test_nothing_of_a_trade_remains_when_its_sums_cannot_be_written(bot, monkeypatch):
    first, second = trade(), trade(id="t-2", exit_time=trade().exit_time + 1)
    send(bot, first)
    before = sums(bot), stored(bot)

    def broken(*_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(single.single, "merged", broken)
        with pytest.raises(RuntimeError):
            send(bot, second)
    assert (sums(bot), stored(bot)) == before
    assert send(bot, second) == [Outcome(stored=1)]
