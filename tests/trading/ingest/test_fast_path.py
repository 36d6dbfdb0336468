"""A trade that comes alone takes a way of its own; what is stored is the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.trading.story import (
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
from trading import clock, parameters
from trading.db import commit_cache, prepared
from trading.ingest import Outcome, fast_path, fast_path_days, store_trades
from trading.ingest.trade_schema import TradeIn
from trading.models import Book, Bot, Origin, Scope, Trade

pytestmark = pytest.mark.django_db(transaction=True)
CONTEXT = {"rsi": 21.5, "price_trend": "up", "reached_tp": True, "entry_hour": 4, "mine": [1]}


@pytest.fixture
def bot() -> Bot:
    commit_cache.forget()
    bot = make_bot()
    two_sets(bot)
    return bot


@pytest.fixture
def ways(monkeypatch) -> list[bool]:
    """Whether each trade went the short way."""
    found, short = [], fast_path.store

    def noted(*given) -> bool:
        found.append(short(*given))
        return found[-1]

    monkeypatch.setattr(fast_path, "store", noted)
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
    send(
        bot,
        *(
            trade(id=f"t-{number}", entry_time=entry, exit_time=at + 60 + number)
            for number, entry in enumerate(entered)
        ),
    )
    versions = Trade.objects.order_by("exit_at").values_list("parameter_set__version", flat=True)
    assert list(versions) == [1, 1, 1, 2, 2, 2, 1, 1]
    assert ways == [False, True, True, False, True, True, True, True]
    assert sums(bot) == rebuilt(bot)


def test_a_trade_after_midnight_begins_a_day(bot, ways):
    at = int((WEDNESDAY_NOON + timedelta(hours=11, minutes=59)).timestamp())
    send(
        bot,
        *(
            trade(id=f"t-{after}", entry_time=at, exit_time=at + after)
            for after in range(0, 180, 40)
        ),
    )
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
        patch.setattr(fast_path_days.single, "merged", broken)
        with pytest.raises(RuntimeError):
            send(bot, second)
    assert (sums(bot), stored(bot)) == before
    assert send(bot, second) == [Outcome(stored=1)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite needs no messages")
def test_a_trade_that_follows_another_is_stored_in_one_message(bot, monkeypatch):
    asked, at_once = [], prepared.at_once
    monkeypatch.setattr(prepared, "at_once", lambda *given: asked.append(given) or at_once(*given))
    send(bot, *following(2))
    asked.clear()
    send(bot, *following(3)[2:])
    assert len(asked) == 1 and sums(bot) == rebuilt(bot)


def test_a_trade_that_cannot_be_committed_leaves_the_connection_in_order(bot):
    trades = following(5)
    send(bot, *trades[:3])
    Book.objects.all().delete()
    assert send(bot, *trades[3:]) == [Outcome(stored=1)] * 2
    assert connection.get_autocommit() and not connection.in_atomic_block
    assert set(Trade.objects.values_list("external_id", flat=True)) == {"t-3", "t-4"}


def test_what_others_stored_meanwhile_is_counted(bot):
    trades = following(12)
    for at in range(0, 12, 4):
        send(bot, *trades[at : at + 2])
        held = dict(fast_path._days._held)
        with clock.at(NOW):
            store_trades(bot, trades[at + 2 : at + 4])
        send(bot, correction(trades[at], at + 1, tag="again"))
        fast_path._days._held = held  # as another process would still have it
    assert Trade.objects.filter(bot=bot).count() == 12 and sums(bot) == rebuilt(bot)


def test_a_set_that_others_made_live_meanwhile_makes_the_trade(bot):
    at = int(WEDNESDAY_NOON.timestamp())
    first, second, third = (
        trade(id=f"t-{number}", entry_time=at + number, exit_time=at + 60 + number)
        for number in range(3)
    )
    send(bot, first, second)
    with clock.at(WEDNESDAY_NOON + timedelta(seconds=2)):
        parameters.promote(
            instance=bot.instances.get(),
            values={"max_hold_minutes": 7},
            origin=Origin.ADMIN,
            reason="Hold longer still",
        )
    send(bot, third)
    versions = Trade.objects.order_by("exit_at").values_list("parameter_set__version", flat=True)
    assert list(versions) == [2, 2, 3] and sums(bot) == rebuilt(bot)


def following(number: int) -> list[TradeIn]:
    """Trades of one book and day that closed one after the other."""
    start = trade().exit_time
    return [trade(id=f"t-{at}", exit_time=start + at * 300) for at in range(number)]
