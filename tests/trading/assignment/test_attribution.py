from __future__ import annotations

from datetime import timedelta

import pytest

from tests.trading.story import (
    MONDAY,
    NOW,
    WEDNESDAY_NOON,
    make_bot,
    rebuilt,
    sums,
    trade,
    two_sets,
    week,
)
from trading import clock
from trading.assignment import attribution
from trading.ingest import store_trades
from trading.models import Bot, Origin, Trade
from trading.parameters import instance_for, promote

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def bot() -> Bot:
    bot = make_bot()
    two_sets(bot)
    return bot


def push(bot: Bot, **changes) -> int | None:
    """Store a trade; the version of the set that it is counted under."""
    with clock.at(NOW):
        store_trades(bot, [trade(**changes)])
    made_by = Trade.objects.get(bot=bot, external_id=changes.get("id", "t-1")).parameter_set
    return made_by and made_by.version


@pytest.mark.parametrize(
    ("entered", "version"),
    [
        (MONDAY - HOUR, None),
        (MONDAY - timedelta(microseconds=1), None),
        (MONDAY, 1),
        (WEDNESDAY_NOON - timedelta(microseconds=1), 1),
        (WEDNESDAY_NOON, 2),
        (NOW - HOUR, 2),
    ],
)
def test_a_trade_counts_under_the_set_that_was_live_at_its_entry(bot, entered, version):
    found = push(bot, entry_time=entered.isoformat(), exit_time=NOW.isoformat())
    assert found == version


@pytest.mark.parametrize("entered", [MONDAY - HOUR, MONDAY + HOUR, NOW - HOUR])
@pytest.mark.parametrize("reported", [1, 2])
def test_a_version_that_the_bot_reports_wins_whenever_it_entered(bot, entered, reported):
    found = push(
        bot, entry_time=entered.isoformat(), exit_time=NOW.isoformat(), parameter_set=reported
    )
    assert found == reported


@pytest.mark.parametrize("reported", [0, 3, 2**53 + 1, 2**63 - 1])
def test_a_version_that_was_never_seen_is_unknown_and_not_guessed(bot, reported):
    assert push(bot, parameter_set=reported) is None
    assert Trade.objects.get().reported_version == reported


def test_a_version_counts_within_its_own_instance_alone(bot):
    with clock.at(MONDAY):
        instance_for(bot, "rsi_bb@sol")
    assert push(bot, strategy="rsi_bb@sol", parameter_set=2) is None


def test_a_trade_of_a_strategy_first_seen_with_it_has_no_known_set():
    assert push(make_bot("Juno")) is None


def test_a_back_dated_set_takes_over_the_trades_entered_from_then_on(bot):
    with clock.at(NOW):
        store_trades(bot, week(80))
        store_trades(bot, [trade(id="told", parameter_set=1), trade(id="lost", parameter_set=9)])
        before = dict(Trade.objects.values_list("external_id", "parameter_set__version"))
        tuesday = MONDAY + timedelta(days=1)
        made = promote(
            instance=bot.instances.get(strategy="rsi_bb"),
            values={},
            reason="Found in the log",
            origin=Origin.ADMIN,
            live_from=tuesday,
        )
    assert made.version == 3
    moved = 0
    for found in Trade.objects.select_related("book__instance", "parameter_set"):
        version = found.parameter_set and found.parameter_set.version
        taken = (
            found.book.instance.strategy == "rsi_bb"
            and found.reported_version is None
            and tuesday <= found.entry_at < WEDNESDAY_NOON
        )
        assert version == (3 if taken else before[found.external_id])
        moved += taken
    assert moved > 2
    assert sums(bot) == rebuilt(bot)


def test_what_was_unknown_before_the_first_set_becomes_known_by_a_back_dated_one(bot):
    early = MONDAY - timedelta(days=1)
    assert push(bot, entry_time=early.isoformat()) is None
    with clock.at(NOW):
        promote(
            instance=bot.instances.get(),
            values={},
            reason="It was always so",
            origin=Origin.IMPORT,
            live_from=early,
        )
    assert Trade.objects.get().parameter_set.version == 3
    assert sums(bot) == rebuilt(bot)


def test_a_version_reported_ahead_of_its_set_is_recognised_once_a_back_dated_set_brings_it(bot):
    assert push(bot, parameter_set=3) is None
    with clock.at(NOW):
        promote(
            instance=bot.instances.get(),
            values={},
            reason="As the bot had it",
            origin=Origin.IMPORT,
            live_from=MONDAY + timedelta(minutes=1),
        )
    assert Trade.objects.get().parameter_set.version == 3


def test_many_stale_hours_are_rebuilt_to_the_same_bytes(bot, monkeypatch):
    monkeypatch.setattr(attribution, "MANY_HOURS", 3)
    test_a_back_dated_set_takes_over_the_trades_entered_from_then_on(bot)


def test_attributing_again_without_a_change_moves_nothing(bot):
    with clock.at(NOW):
        store_trades(bot, week())
    before = sums(bot)
    assert attribution.renew(bot.instances.get(strategy="rsi_bb"), MONDAY - timedelta(9)) == 0
    assert sums(bot) == before
