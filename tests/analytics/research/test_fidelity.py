"""Replays beside what a bot did: its own recorded decisions, and what is told of perturbed ones."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from analytics.models import Run
from analytics.research import backtest, bars, fidelity, run_store, trust
from analytics.research.fidelity import NothingToCompare
from tests.analytics.reference import (
    MARKET,
    bot_with,
    keep_prices,
    moment,
    polled,
    replayed,
    report,
    report_decisions,
    values,
    with_reference,
)
from tests.analytics.replays import EAGER, stored, walk
from tests.trading.story import make_bot, trade
from trading import ingest
from trading.models import CandleSeries, Trade
from trading.parameters import instance_for, promote

pytestmark = pytest.mark.django_db


def done(instance, **changes) -> Run:
    run = fidelity.prepare(instance, **changes)
    # The bot of the reference polls: stops are tested at each price that it saw.
    run.options["intrabar"] = False
    run_store.finish(run, fidelity.compare(run))
    return Run.objects.get(pk=run.pk)


@pytest.fixture(scope="module")
def price_path():
    return polled()


@with_reference
def test_a_live_bots_own_decisions_are_matched_and_its_replay_is_trusted(price_path):
    bot = bot_with(price_path)
    count = report_decisions(bot)
    run = done(instance_for(bot, "rsi_bb"))
    found = run.summary["fidelity"]
    assert found["live"] == count and found["matched_share"] >= 0.99
    assert found["extra"] / count <= 0.02
    assert found["grade"] == "A" and found["verdict"] == "trusted"
    assert abs(found["entry_bps"]["median"]) < 1e-9 and found["correlation"] > 0.99
    said = trust.trust(run.instance)
    assert said.trusted and said.run == run


@with_reference
def test_the_file_that_a_bot_left_is_matched_with_its_own_values_and_not_with_others(
    price_path, shared_data, tmp_path
):
    file = shared_data / "bot" / "pnl_trades.db"
    for name, changed in (("own", {}), ("other", {"rsi_momentum_strength": 20.0})):
        bot = make_bot(name)
        keep_prices(bot, price_path)
        sets = tmp_path / f"{name}.json"
        sets.write_text(json.dumps({"rsi_bb": values() | changed}))
        call_command(
            "import_bot_db",
            file,
            *("--bot", name, "--parameters", str(sets), "--valid-from", "2022-01-09"),
            stdout=io.StringIO(),
        )
        found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
        assert found["live"] == 236
        assert (found["matched_share"] == 1.0) == (name == "own")
        assert found["grade"] == ("A" if name == "own" else "F")


@with_reference
def test_a_replay_matches_itself_wholly(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path)
    report(bot, made)
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert (found["matched"], found["missing"], found["extra"]) == (len(made), 0, 0)
    assert (found["matched_share"], found["agreement"], found["grade"]) == (1.0, 1.0, "A")
    assert found["gap"]["mean"] == pytest.approx(0.0, abs=1e-12)
    assert found["correlation"] == pytest.approx(1.0)


@with_reference
def test_worse_prices_are_measured_as_slippage(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path)
    for one in made:
        side = 1 if one["side"] == "long" else -1
        one["entry_price"] *= 1 + side * 2 / 10_000
        one["exit_price"] *= 1 - side * 3 / 10_000
    report(bot, made)
    run = done(instance_for(bot, "rsi_bb"))
    found = run.summary["fidelity"]
    assert found["entry_bps"]["median"] == pytest.approx(2.0, abs=1e-6)
    assert found["exit_bps"]["median"] == pytest.approx(3.0, abs=1e-6)
    # Five basis points of each trade, as nearly as entries and exits are as high.
    assert found["gap"]["mean"] == pytest.approx(-0.05, abs=1e-3)
    assert found["verdict"] == "not trusted" and "more than the costs" in found["reasons"][-1]


@with_reference
def test_trades_that_the_bot_did_not_report_are_extra(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path)
    kept = [one for number, one in enumerate(made) if number % 10 or number in (0, len(made) - 1)]
    report(bot, kept)
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert found["extra"] == len(made) - len(kept) > 15
    assert (found["matched"], found["matched_share"]) == (len(kept), 1.0)
    assert found["agreement"] == pytest.approx(len(kept) / len(made))
    assert found["grade"] == "B"


@with_reference
def test_entries_that_came_a_minute_late_match_nothing(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path)
    late = range(3, len(made) - 1, 4)
    for number in late:
        made[number]["entry_at"] += 16
        made[number]["exit_at"] = max(made[number]["exit_at"], made[number]["entry_at"])
    report(bot, made)
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert found["missing"] == found["extra"] == len(late)
    assert found["matched"] == len(made) - len(late)
    assert found["agreement"] == pytest.approx(found["matched"] / (len(made) + len(late)))


@with_reference
def test_each_stretch_is_replayed_with_the_values_that_were_live_in_it(price_path):
    bot = bot_with(price_path)
    instance = instance_for(bot, "rsi_bb")
    half = price_path.time[len(price_path) // 2]
    before, after = replayed(price_path), replayed(price_path, take_profit_bps=20.0)
    made = [one for one in before if one["entry_at"] < half]
    made += [one for one in after if one["entry_at"] >= max(half, made[-1]["exit_at"] + 60)]
    report(bot, made)
    whole = done(instance).summary["fidelity"]
    assert whole["other_exit"] + whole["missing"] >= 8
    promote(
        instance=instance,
        values={**values(), "take_profit_bps": 20.0},
        reason="Further",
        origin="admin",
        live_from=moment(half),
    )
    run = done(instance)
    found = run.summary["fidelity"]
    assert found["matched"] >= len(made) - 2 and found["extra"] <= 2
    assert [one["version"] for one in found["sets"]] == [2, 3]
    assert sum(one["trades"] for one in found["sets"]) == run.metrics["trades"]


@with_reference
def test_a_version_that_was_not_live_is_told_as_the_reason(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path, take_profit_bps=20.0, stop_loss_bps=4.0)
    for one in made:
        one["more"] = {"parameter_set": 1}
    report(bot, made)
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert found["other_version"] == found["live"] == len(made)
    assert found["verdict"] == "not trusted"
    assert "report another version of the parameters" in found["reasons"][0]


@with_reference
def test_other_rules_are_suspected_where_nothing_stored_explains_it(price_path):
    bot = bot_with(price_path)
    made = replayed(price_path, take_profit_bps=20.0, rsi_momentum_strength=25.0)
    report(bot, made)
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert found["verdict"] == "not trusted"
    assert "does not report the version" in found["reasons"][-2]
    assert "runs other values or other rules" in found["reasons"][-1]


@with_reference
def test_a_comparison_is_repeated_to_the_bit(price_path):
    bot = bot_with(price_path)
    report_decisions(bot)
    first = done(instance_for(bot, "rsi_bb"))
    again = backtest.again(first)
    run_store.finish(again, fidelity.compare(again))
    assert again.summary["fidelity"] == first.summary["fidelity"]
    assert run_store.trades(again) == run_store.trades(first) and backtest.changes(first) == []
    assert Trade.objects.count() == first.summary["fidelity"]["live"]


@with_reference
def test_trades_without_candles_are_left_out_and_said(price_path):
    bot = bot_with(price_path)
    count = report_decisions(bot)
    series = CandleSeries.objects.get()
    series.blocks.order_by("start").first().delete()
    found = done(instance_for(bot, "rsi_bb")).summary["fidelity"]
    assert found["without_candles"] > 0
    assert found["live"] + found["without_candles"] == count
    assert found["matched_share"] > 0.95


def eager_bot():
    """A bot with values that let it trade, and shared candles of a minute."""
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    return bot, instance


def test_without_trades_or_candles_or_parameters_it_says_what_to_do():
    bot, instance = eager_bot()
    with pytest.raises(NothingToCompare, match="rsi_bb of Mara has no live trades so far"):
        fidelity.prepare(instance)
    ingest.store_trades(bot, [trade(market=MARKET)])
    with pytest.raises(NothingToCompare, match=r"in ETH so far \(it has in BTC-PERP\)"):
        fidelity.prepare(instance, "ETH")
    with pytest.raises(NothingToCompare, match="which parameters rsi_bb of Mara ran from"):
        fidelity.prepare(instance)
    promote(
        instance=instance,
        values=EAGER,
        reason="Let it trade",
        origin="admin",
        live_from=moment(walk().open_time[0]),
    )
    with pytest.raises(
        bars.NoBars,
        match=r"2025-03-03 01:00 to 2025-03-03 02:00 UTC are needed; "
        "import them: python3 manage.py import_candles FILE",
    ):
        fidelity.prepare(instance)
    stored(walk(200))
    assert fidelity.prepare(instance).interval == 60


def test_few_trades_tell_nothing():
    bot, instance = eager_bot()
    ingest.store_trades(bot, [trade(market=MARKET)])
    promote(
        instance=instance,
        values=EAGER,
        reason="Let it trade",
        origin="admin",
        live_from=moment(walk().open_time[0]),
    )
    stored()
    run = fidelity.prepare(instance)
    run_store.finish(run, fidelity.compare(run))
    found = run.summary["fidelity"]
    assert (found["verdict"], found["grade"]) == ("unknown", None)
    assert "1 trades could be compared; 20 are needed to tell." in found["reasons"]
    assert trust.trust(instance).verdict == "unknown"


@with_reference
def test_a_market_in_which_nothing_was_compared_is_told_where_it_was(price_path):
    bot = bot_with(price_path)
    report(bot, replayed(price_path))
    run = done(instance_for(bot, "rsi_bb"))
    said = trust.trust(run.instance, market="ELSEWHERE")
    assert said.verdict == trust.UNKNOWN
    assert said.reasons == (f"Compared in {run.market}, but not in ELSEWHERE.",)


def test_what_was_never_compared_is_unknown():
    _, instance = eager_bot()
    assert trust.trust(instance) == trust.NEVER
