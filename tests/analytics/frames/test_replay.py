"""What a bot was told when, and which of its trades there are, as arrays."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from analytics.frames import replay
from tests.analytics.history import keep
from tests.trading.story import MONDAY, WEDNESDAY_NOON, make_bot, trade, two_sets
from trading import clock, experiments
from trading.assignment import attribution
from trading.experiments import design
from trading.experiments.design import Arm, Ends
from trading.parameters import instance_for

pytestmark = pytest.mark.django_db


def test_each_stretch_is_of_the_set_that_was_live_and_nothing_is_known_before_the_first():
    bot = make_bot()
    first, second = two_sets(bot)
    before, after = MONDAY - timedelta(hours=1), MONDAY + timedelta(days=7)
    told = replay.told(first.instance_id, before, after)
    assert [(one.since, one.until, one.parameter_set) for one in told] == [
        (before, MONDAY, None),
        (MONDAY, WEDNESDAY_NOON, first.pk),
        (WEDNESDAY_NOON, after, second.pk),
    ]


def test_while_an_experiment_runs_its_arms_take_turns_as_trades_are_attributed():
    bot = make_bot()
    first, second = two_sets(bot)
    instance, start = first.instance, MONDAY + timedelta(days=3)
    with clock.at(start):
        made = design.create(
            instance=instance,
            name="Longer",
            reason="Does it pay",
            block_seconds=3_600,
            seed=5,
            arms=[Arm("longer", {"max_hold_minutes": 9.0})],
            ends=Ends(max_days=2.0),
        )
        experiments.start(experiment=made)
    end = start + timedelta(days=3)
    told = replay.told(instance.pk, start - timedelta(hours=2), end)
    assert len(told) > 20 and told[0].parameter_set == second.pk
    assert told[-1].until == end and told[-1].parameter_set == second.pk
    line = attribution.timelines([instance.pk])[instance.pk]
    rng = np.random.default_rng(3)
    for hours in rng.uniform(0, 74, 200):
        moment = told[0].since + timedelta(hours=float(hours))
        stretch = next(one for one in told if one.since <= moment < one.until)
        assert stretch.parameter_set == line.at(clock.to_micros(moment))
    for one, following in pairwise(told):
        assert one.until == following.since and one.parameter_set != following.parameter_set


def test_trades_come_by_entry_with_what_they_report_and_paid():
    bot = make_bot()
    two_sets(bot)
    at = trade().entry_time
    keep(
        bot,
        [
            trade(id="a", entry_time=at + 50, exit_time=at + 60, parameter_set=2, side="short"),
            trade(id="b", entry_time=at, exit_time=at + 900, fee=0.0404, size=1),
            trade(id="c", entry_time=at, exit_time=at + 20, mode="paper"),
            trade(id="d", entry_time=at, exit_time=at + 20, market="ETH"),
            trade(id="e", entry_time=at - 90_000, exit_time=at + 20),
        ],
    )
    instance = instance_for(bot, "rsi_bb")
    since = clock.from_epoch(at)
    found = replay.lived(instance.pk, "BTC-PERP", "live", since, since + timedelta(seconds=901))
    assert found.trades.entered.tolist() == [at, at + 50]
    assert found.trades.side.tolist() == [1.0, -1.0]
    assert found.trades.reason.tolist() == ["take_profit", "take_profit"]
    assert found.reported.tolist() == [0, 2]
    # 0.0404 of 100 bought and 102 sold are 2 bps of each side.
    assert found.fee_bps[0] == pytest.approx(2.0) and np.isnan(found.fee_bps[1])
    there = replay.traded(instance.pk, "live", None, since + timedelta(days=1), timedelta(days=30))
    assert [(one.market, one.trades) for one in there] == [("BTC-PERP", 3), ("ETH", 1)]
