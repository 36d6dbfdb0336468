from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.story import (
    MONDAY_SECONDS,
    NOW,
    correction,
    make_bot,
    rebuilt,
    stored,
    sums,
    trade,
    two_sets,
    week,
)
from trading import clock, ingest
from trading.ingest import store_trades
from trading.models import Bot, StrategyInstance, Trade, TradeContext, TradeRevision
from trading.rollups import days

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    return make_bot()


@pytest.fixture(autouse=True)
def _long_after():
    with clock.at(NOW):
        yield


def counts(outcome: ingest.Outcome) -> tuple[int, int, int, int]:
    return outcome.stored, outcome.updated, outcome.unchanged, len(outcome.rejected)


def test_a_batch_is_stored_once_and_a_repeat_changes_nothing(bot):
    trades = week()
    assert counts(store_trades(bot, trades)) == (60, 0, 0, 0)
    before = stored(bot), sums(bot)
    assert counts(store_trades(bot, trades)) == (0, 0, 60, 0)
    assert (stored(bot), sums(bot)) == before
    assert not TradeRevision.objects.exists()


def test_good_rows_are_kept_and_bad_ones_named_whatever_the_others_are(bot):
    trades = week(10)
    trades[3] = correction(trades[3], 0, size=0)
    trades[7] = correction(trades[7], 0, strategy="no_such")
    outcome = store_trades(bot, trades)
    assert counts(outcome) == (8, 0, 0, 2)
    assert [(bad["index"], bad["id"], *bad["errors"]) for bad in outcome.rejected] == [
        (3, "t-3", "size"),
        (7, "t-7", "strategy"),
    ]
    assert counts(store_trades(bot, week(10))) == (2, 0, 8, 0)
    assert sums(bot) == rebuilt(bot)


def test_an_empty_batch_does_nothing(bot):
    assert counts(store_trades(bot, [])) == (0, 0, 0, 0)
    assert not StrategyInstance.objects.exists()


def test_a_batch_of_bad_rows_alone_makes_no_strategy_or_market(bot):
    assert counts(store_trades(bot, [trade(size=-1)])) == (0, 0, 0, 1)
    assert not StrategyInstance.objects.exists()


def test_the_same_id_twice_in_a_batch_is_stored_once(bot):
    assert counts(store_trades(bot, [trade(), trade()])) == (1, 0, 1, 0)
    assert counts(store_trades(bot, [trade(id="x"), trade(id="x", size=2)])) == (1, 0, 0, 1)
    assert Trade.objects.get(external_id="x").size == Decimal("0.5")


def test_the_newest_revision_of_a_batch_is_stored_wherever_it_stands(bot):
    batch = [trade(revision=1, size=2), trade(revision=3, size=4), trade(revision=2, size=3)]
    assert counts(store_trades(bot, batch)) == (1, 0, 2, 0)
    found = Trade.objects.get()
    assert (found.revision, found.size) == (3, 4)


def test_ids_that_differ_in_case_are_two_trades(bot):
    assert counts(store_trades(bot, [trade(id="a"), trade(id="A")])) == (2, 0, 0, 0)


def test_two_bots_may_use_the_same_id(bot):
    store_trades(bot, [trade()])
    assert counts(store_trades(make_bot("Juno"), [trade(size=9)])) == (1, 0, 0, 0)
    assert Trade.objects.get(bot=bot).size == Decimal("0.5")


def test_a_higher_revision_corrects_and_the_old_content_is_kept(bot):
    store_trades(bot, [trade(context={"mfe_pct": 3, "note": "a"}, fee=0.25)])
    assert counts(store_trades(bot, [trade(revision=1, exit_price=101, tag="late")])) == (
        0,
        1,
        0,
        0,
    )
    found = Trade.objects.get()
    assert (found.exit_price, found.tag, found.revision, found.pnl) == (
        101,
        "late",
        1,
        Decimal("0.5"),
    )
    old = TradeRevision.objects.get()
    assert (old.trade, old.revision, old.replaced_at) == (found, 0, NOW)
    assert (old.content["exit_price"], old.content["fee"], old.content["market"]) == (
        "102",
        "0.25",
        "BTC-PERP",
    )
    assert old.content["context"]["mfe_pct"] == 3.0
    assert old.content["context"]["other"] == {"note": "a"}
    assert sums(bot) == rebuilt(bot)


def test_a_lower_revision_is_stale_and_counted_unchanged(bot):
    store_trades(bot, [trade(revision=5)])
    before = stored(bot), sums(bot)
    assert counts(store_trades(bot, [trade(revision=4, size=9)])) == (0, 0, 1, 0)
    assert (stored(bot), sums(bot)) == before


def test_the_same_revision_with_other_content_is_a_conflict(bot):
    store_trades(bot, [trade(revision=5)])
    before = stored(bot), sums(bot)
    outcome = store_trades(bot, [trade(revision=5, size=9)])
    assert counts(outcome) == (0, 0, 0, 1) and list(outcome.rejected[0]["errors"]) == ["revision"]
    assert (stored(bot), sums(bot)) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"exit_time": MONDAY_SECONDS + 7199},
        {"exit_time": MONDAY_SECONDS + 10_800},
        {"exit_time": MONDAY_SECONDS + 90_000},
        {"market": "ETH"},
        {"strategy": "renko_ao"},
        {"strategy": "rsi_bb@sol"},
        {"mode": "paper"},
        {"currency": "EUR"},
        {"parameter_set": 2},
        {"entry_time": MONDAY_SECONDS - 86_400},
        {"exit_price": 1},
    ],
    ids=str,
)
def test_a_correction_may_move_a_trade_anywhere_and_the_sums_follow(bot, changes):
    two_sets(bot)
    others = week(20)
    store_trades(bot, [*others, trade(id="moving")])
    store_trades(bot, [trade(id="moving", revision=1, **changes)])
    assert sums(bot) == rebuilt(bot)
    straight = make_bot("Juno")
    two_sets(straight)
    store_trades(straight, [*others, trade(id="moving", revision=1, **changes)])
    assert {key: value for key, value in sums(bot).items() if value} == sums(straight)


def test_a_correction_without_a_context_takes_the_context_away(bot):
    store_trades(bot, [trade(context={"mfe_pct": 3})])
    store_trades(bot, [trade(revision=1)])
    assert not TradeContext.objects.exists()
    store_trades(bot, [trade(revision=2, context={"mae_pct": 1})])
    found = TradeContext.objects.get()
    assert (found.mfe_pct, found.mae_pct) == (None, 1.0)


def test_texts_that_databases_treat_specially_come_back_as_they_were(bot):
    odd = ['{"a", NULL}', "NULL", "\\x00", "'; DROP TABLE", '"', "\\", "{}", "🦉\r\n\t", "%s", "$1"]
    store_trades(bot, [trade(id=f"o-{n}", tag=text, arm=text) for n, text in enumerate(odd)])
    found = Trade.objects.order_by("id").values_list("tag", "arm")
    assert sorted(found) == sorted((text, text) for text in odd)
    context = {"note": odd, "rsi_value": odd[0]}
    store_trades(bot, [trade(id="c", context=context)])
    kept = Trade.objects.get(external_id="c").context
    assert (kept.other, kept.features) == ({"note": odd}, {"rsi_value": odd[0]})


def test_ids_in_the_database_ascend_with_the_exit(bot):
    store_trades(bot, week())
    exits = list(Trade.objects.order_by("id").values_list("exit_at", flat=True))
    assert exits == sorted(exits)


def test_an_exception_in_the_middle_leaves_nothing(bot, monkeypatch):
    store_trades(bot, week(5))
    before = stored(bot), sums(bot)

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(days, "_write", fail)
    late = [correction(one, 1, tag="x") for one in week(5)] + [trade(id="new", market="SOL")]
    with pytest.raises(OSError, match="disk"):
        store_trades(bot, late)
    monkeypatch.undo()
    assert (stored(bot), sums(bot)) == before
    assert not TradeRevision.objects.exists()
    assert counts(store_trades(bot, late)) == (1, 5, 0, 0)
    assert sums(bot) == rebuilt(bot)


def test_a_short_that_closes_where_it_opened_counts_the_same_after_a_rebuild(bot):
    store_trades(bot, [trade(side="short", exit_price=100)])
    assert sums(bot) == rebuilt(bot)
