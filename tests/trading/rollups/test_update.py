from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest

from tests.trading.story import NOW, correction, make_bot, rebuilt, sums, trade, two_sets, week
from trading import clock
from trading.ingest import store_trades
from trading.ledger import money
from trading.ledger.tally import TALLY
from trading.models import Bot, RollupDay, Trade
from trading.rollups import rebuild

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    bot = make_bot()
    two_sets(bot)
    with clock.at(NOW):
        store_trades(bot, week())
    return bot


def count_by_kind(bot: Bot) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    rows = RollupDay.objects.filter(scope__instance__bot=bot).values_list("scope__kind", "tally")
    for kind, record in rows:
        found[kind] += int(np.frombuffer(record, TALLY)["trades"][0])
    return dict(found)


def total_money(bot: Bot) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    rows = RollupDay.objects.filter(scope__instance__bot=bot, scope__kind="instance")
    for record in rows.values_list("tally", flat=True):
        (tally,) = np.frombuffer(record, TALLY)
        found["pnl"] += money.to_decimal(tally["units"], tally["picos"])
        found["fee"] += money.to_decimal(tally["fee_units"], tally["fee_picos"])
    return dict(found)


def test_every_scope_counts_each_trade_once(bot):
    assert count_by_kind(bot) == {"instance": 60, "market": 60, "set": 60}


def test_a_rebuild_finds_nothing_to_change(bot):
    assert sums(bot) == rebuilt(bot)


def test_a_rebuild_leaves_right_rows_as_they_are(bot):
    first, *others = RollupDay.objects.order_by("id").values_list("id", flat=True)
    RollupDay.objects.filter(pk=first).delete()
    rebuilt(bot)
    kept = set(RollupDay.objects.values_list("id", flat=True))
    assert kept >= set(others) and len(kept) == len(others) + 1


def test_a_rebuild_puts_right_what_was_wrong_missing_or_too_much(bot):
    right = sums(bot)
    rows = RollupDay.objects.order_by("id")
    first, second = rows[:2]
    RollupDay.objects.filter(pk=first.pk).update(hours=second.hours, tally=second.tally)
    second.delete()
    RollupDay.objects.create(
        scope=first.scope, day=first.day + 999, tally=first.tally, hours=first.hours
    )
    assert sums(bot) != right
    assert rebuilt(bot) == right


def test_a_rebuild_in_slices_gives_the_same_bytes(bot, monkeypatch):
    right = sums(bot)
    monkeypatch.setattr(rebuild, "SLICE", 7)
    seen = []
    instance = bot.instances.get(strategy="rsi_bb")
    counted = rebuild.instance(instance, seen.append)
    assert sums(bot) == right
    assert counted == Trade.objects.filter(book__instance=instance).count()
    assert len(seen) > 3 and seen == sorted(seen) and seen[-1] == counted


def test_a_rebuild_touches_no_other_strategy(bot):
    before = sums(bot)
    RollupDay.objects.filter(scope__instance__strategy="renko_ao").delete()
    rebuild.instance(bot.instances.get(strategy="rsi_bb"))
    kept = {key: value for key, value in before.items() if key[0] == "rsi_bb"}
    assert sums(bot) == kept


def test_a_strategy_without_trades_has_no_sums_and_rebuilds_to_none():
    bot = make_bot()
    two_sets(bot)
    assert rebuild.instance(bot.instances.get()) == 0
    assert sums(bot) == {}


def test_the_sums_of_money_are_the_exact_sums_of_the_rows(bot):
    stored = Trade.objects.filter(bot=bot).values_list("pnl", "fee")
    assert total_money(bot) == {
        "pnl": sum((pnl for pnl, _ in stored), Decimal(0)),
        "fee": sum((fee for _, fee in stored), Decimal(0)),
    }


def test_a_thousand_tenths_are_a_hundred():
    bot = make_bot()
    with clock.at(NOW):
        store_trades(bot, [trade(id=str(n), pnl=0.1, fee=0.1) for n in range(1000)])
    assert total_money(bot) == {"pnl": 100, "fee": 100}


def test_a_day_whose_last_trade_leaves_has_no_row(bot):
    with clock.at(NOW):
        store_trades(bot, [trade(id="alone", exit_time="2025-03-12T12:00:00Z", market="SOL")])
        before = len(sums(bot))
        store_trades(bot, [trade(id="alone", revision=1, exit_time="2025-03-03T12:00:00Z")])
    assert len(sums(bot)) < before
    assert sums(bot) == rebuilt(bot)


def test_late_trades_and_trades_of_the_same_microsecond_change_the_hour_they_belong_to(bot):
    with clock.at(NOW):
        for number, second in enumerate((40_001, 40_000, 39_999.999999, 40_000, 0, 604_799)):
            late = correction(week(1)[0], 0)
            late = type(late)(
                **{name: getattr(late, name) for name in late.__struct_fields__}
                | {
                    "external_id": f"late-{number}",
                    "exit_time": 1_740_960_000 + second,
                    "entry_time": 1_740_900_000,
                }
            )
            store_trades(bot, [late])
            assert sums(bot) == rebuilt(bot)
