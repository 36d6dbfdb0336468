"""Sets that share a value of a parameter, counted as if one set had made their trades."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.trading.story import MONDAY, MONDAY_SECONDS, NOW, make_bot, trade
from trading import clock, performance
from trading.clock import DAY, HOUR, to_micros
from trading.ingest import store_trades
from trading.ledger import tally
from trading.models import Origin, Scope
from trading.parameters import instance_for, promote
from trading.performance.measure import _from_columns as from_columns
from trading.performance.measure import _from_sums as from_sums
from trading.performance.selection import Selection
from trading.rollups import pooling, trade_arrays
from trading.rollups.windows import Pieces

from .test_windows import START, assert_equals_plain, table

pytestmark = pytest.mark.django_db


def story(seed: int, hold: int = 90_000, size: int = 80):
    """Six versions of two values in turn, a change a day; trades that may outlast theirs."""
    rng, bot = random.Random(seed), make_bot(f"Bot {seed}")
    with clock.at(MONDAY):
        instance = instance_for(bot, "rsi_bb")
    for number, period in enumerate((9, 14, 14, 9, 9), start=1):
        with clock.at(MONDAY + timedelta(days=number, hours=rng.randrange(24))):
            promote(
                instance=instance, values={"rsi_period": period}, reason="x", origin=Origin.ADMIN
            )
    trades = []
    for number in range(size):
        closed = MONDAY_SECONDS + rng.randrange(7 * 86_400)
        trades.append(
            trade(
                id=f"t-{number}",
                entry_time=max(closed - rng.randrange(1, hold), 1),
                exit_time=closed,
                exit_price=100 + round(rng.gauss(0, 1), 3),
                market=rng.choice(["BTC-PERP", "ETH"]),
                fee=round(rng.random() / 100, 6),
            )
        )
    with clock.at(NOW):
        store_trades(bot, trades)
    return instance


def scopes_of(instance):
    """The scopes of its sets, and which are of one value."""
    scopes = list(Scope.objects.filter(instance=instance, kind=Scope.Kind.SET).order_by("key"))
    values = [one.parameter_set.values["rsi_period"] if one.parameter_set else 0 for one in scopes]
    return scopes, np.array(values, dtype=np.int64)


def check(instance, since, until) -> None:
    scopes, group = scopes_of(instance)
    found = pooling.pieces(scopes, group, since, until)
    rows = table(instance.bot)
    mine = (since is None or rows.exit >= since) & (until is None or rows.exit < until)
    rows = rows if mine is True else rows[mine]
    value = rows.set.map({one.parameter_set_id: at for one, at in zip(scopes, group, strict=True)})
    for at in np.unique(group):
        part = found.take(np.flatnonzero(found.scope == at))
        merged = tally.merge(part.tallies, np.array([0]))[0] if part.scope.size else None
        wanted = rows[value == at] if at else rows[rows.set.isna()]
        if merged is None:
            assert wanted.empty
            continue
        assert_equals_plain(merged, wanted)
        ends = part.tallies["last"][:-1] < part.tallies["first"][1:]
        assert ends.all(), "pieces follow each other in time"


moments = st.none() | st.integers(0, 8 * DAY).map(lambda at: START + at)


class AnyStory(TestCase):
    @settings(max_examples=8, deadline=None)
    @given(st.integers(0, 50), st.sampled_from([1, 4_000, 90_000, 400_000]), moments, moments)
    def test_pooled_sums_are_those_of_the_rows(self, seed, hold, since, until):
        check(story(seed, hold + 1, size=40), since, until)


def test_whole_windows_and_cut_ones_are_those_of_the_rows():
    instance = story(1, hold=200_000, size=300)
    for since, until in (
        (None, None),
        (START + DAY, START + 3 * DAY),
        (START + 5 * HOUR + 7, None),
        (START + 30 * HOUR + 1, START + 30 * HOUR + 1_800_000_000),
        (None, START + 4 * DAY + 999),
        (START + 3 * DAY, START + 2 * DAY),
    ):
        check(instance, since, until)


def same(one, other) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        if isinstance(value, dict):
            assert value == other[name], name
        else:
            assert value == pytest.approx(other[name], rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("by", ["param:rsi_period", "param:bb_std", "version"])
def test_sums_and_columns_give_the_same_groups(by):
    instance = story(2)
    with clock.at(NOW):
        asked = Selection(instance=instance)
        sums = from_sums(asked, by)
        columns = from_columns(asked, by, False)
    assert sums is not None
    assert [group.key for group in sums] == [group.key for group in columns]
    for one, other in zip(sums, columns, strict=True):
        same(one.metrics, other.metrics)


def test_several_strategies_and_bots_are_told_apart_or_pooled_as_from_columns():
    one = story(3)
    with clock.at(MONDAY):
        instance_for(one.bot, "rsi_bb@sol")
    story(4)
    with clock.at(NOW):
        store_trades(one.bot, [trade(id="s", strategy="rsi_bb@sol")])
        for asked in (Selection(bot=one.bot), Selection()):
            sums = from_sums(asked, "param:rsi_period")
            columns = from_columns(asked, "param:rsi_period", False)
            assert [group.key for group in sums] == [group.key for group in columns]
            for left, right in zip(sums, columns, strict=True):
                same(left.metrics, right.metrics)


def test_only_the_hours_in_which_two_sets_have_trades_are_read_from_trades(monkeypatch):
    instance = story(5, hold=7_200, size=200)
    read = []
    rows_of = trade_arrays.rows_of
    monkeypatch.setattr(
        trade_arrays, "rows_of", lambda *given: read.append(given[1]) or rows_of(*given)
    )
    check(instance, None, None)
    (stretches,) = read
    assert 0 < sum(until - since for since, until in stretches) < 12 * HOUR
    # Trades that end with their set share no hour, and none is read.
    other = story(6, hold=2, size=20)
    read.clear()
    with CaptureQueriesContext(connection) as queries:
        pooling.pieces(*scopes_of(other), None, None)
    assert sum("trading_trade" in one["sql"] for one in queries) == len(read)


def test_where_sets_run_beside_each_other_columns_are_read_instead(monkeypatch):
    instance = story(7, hold=400_000, size=300)
    monkeypatch.setattr(pooling, "MOST_HOURS", 3)
    assert pooling.pieces(*scopes_of(instance), None, None) is None
    with clock.at(NOW):
        groups = performance.measure(Selection(instance=instance), "param:rsi_period")
    assert sum(group.metrics["trades"] for group in groups) == 300


def test_no_trades_make_no_pieces():
    instance = instance_for(make_bot(), "rsi_bb")
    found = pooling.pieces(*scopes_of(instance), None, None)
    assert isinstance(found, Pieces) and found.scope.size == 0
    assert to_micros(MONDAY) == START
