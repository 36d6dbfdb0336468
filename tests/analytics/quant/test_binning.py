"""Trades fall into buckets, and all buckets are judged together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.quant import binning, setups
from analytics.quant.binning import Bin
from benchmarks import known_worlds
from benchmarks.known_worlds import NOISES

NAN = float("nan")


def test_few_different_numbers_are_bins_by_themselves():
    fact = binning.numbers("weekday", np.array([3.0, 0.0, NAN, 3.0]), "weekday")
    assert fact.code.tolist() == [1, 0, -1, 1]
    assert fact.bins == (Bin(0.0), Bin(3.0))


def test_many_numbers_become_five_ranges_with_round_edges():
    values = np.arange(1_000) / 1_000 * 73  # quintiles 14.6, 29.2, 43.8, 58.4
    fact = binning.numbers("rsi", values)
    assert [one.high for one in fact.bins] == [15.0, 30.0, 45.0, 60.0, None]
    assert [one.low for one in fact.bins] == [None, 15.0, 30.0, 45.0, 60.0]
    shares = np.bincount(fact.code) / values.size
    assert shares == pytest.approx([0.2] * 5, abs=2 * binning.SLACK)


def test_an_edge_belongs_to_the_range_above_it():
    fact = binning.ranges("x", np.array([9.99, 10.0, NAN]), [10.0])
    assert fact.code.tolist() == [0, 1, -1]


def test_numbers_that_are_mostly_one_value_make_fewer_ranges():
    values = np.concatenate((np.zeros(900), np.arange(1.0, 101.0)))
    fact = binning.numbers("x", values)
    assert 1 <= len(fact.bins) < 5
    assert all(count > 0 for count in np.bincount(fact.code, minlength=len(fact.bins)))


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (14.1, 15.2, 15.0),
        (0.27, 0.34, 0.3),
        (-0.012, 0.4, 0.0),
        (-34.0, -27.0, -30.0),
        (96.0, 104.0, 100.0),
        (1234.1, 1234.3, 1234.2),
        (2.0, 2.0, 2.0),
        (4e-9, 6e-9, 5e-9),
    ],
)
def test_the_roundest_number_within_bounds(low, high, wanted):
    assert binning.roundest(low, high) == wanted


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_a_round_number_never_leaves_its_bounds(low, width):
    assert low <= binning.roundest(low, low + width) <= low + width


def test_hours_fall_into_bands_of_four():
    fact = binning.hours("entry_hour", np.array([0.0, 3.0, 4.0, 23.0]))
    assert fact.code.tolist() == [0, 0, 1, 5]
    assert fact.bins[5] == Bin(low=20, high=None)


def test_the_rarest_of_many_words_are_one():
    words = [f"w{at:02}" for at in range(14) for _ in range(20 - at)]
    fact = binning.categories("tag", [*words, None, ""])
    assert [one.value for one in fact.bins] == [f"w{at:02}" for at in range(11)] + ["other"]
    assert np.bincount(fact.code[fact.code >= 0])[11] == 9 + 8 + 7
    assert fact.code[-2:].tolist() == [-1, -1]


def test_yes_and_no_are_two_bins():
    fact = binning.categories("expanding", [True, False, None])
    assert fact.bins == (Bin(False), Bin(True)) and fact.code.tolist() == [1, 0, -1]


def some(rng, n=400, days=15):
    day = np.sort(rng.integers(0, days, n))
    result = rng.standard_normal(n)
    result[rng.random(n) < 0.05] = np.nan
    facts = [
        binning.numbers("rsi", np.where(rng.random(n) < 0.1, np.nan, rng.normal(50, 10, n))),
        binning.categories("side", [str(one) for one in rng.choice(["long", "short"], n)]),
        binning.hours("hour", rng.integers(0, 24, n).astype(float)),
    ]
    return facts, day, result


def plainly(facts, day, result):
    """Sums of every bucket by loops over trades."""
    found = {}
    for one in range(len(facts)):
        for two in [-1, *range(one + 1, len(facts))]:
            for at in range(day.size):
                other = 0 if two < 0 else int(facts[two].code[at])
                key = (one, two, int(facts[one].code[at]), other)
                if key[2] < 0 or key[3] < 0 or np.isnan(result[at]):
                    continue
                found.setdefault(key, {}).setdefault(int(day[at]), []).append(result[at])
    return found


def test_sums_equal_those_of_a_loop_over_trades():
    facts, day, result = some(np.random.default_rng(1))
    found = binning.judge(facts, day, result)
    wanted = plainly(facts, day, result)
    keys = zip(
        found.first.tolist(),
        found.second.tolist(),
        found.bin.tolist(),
        found.other.tolist(),
        strict=True,
    )
    for row, key in enumerate(keys):
        days = wanted.get(key, {})
        trades, total = sum(map(len, days.values())), sum(map(sum, days.values()))
        assert found.sums.trades[row] == trades and found.sums.days[row] == len(days)
        assert found.sums.total[row] == pytest.approx(total)
        if trades:
            mean = total / trades
            residual = sum((sum(of) - mean * len(of)) ** 2 for of in days.values())
            assert found.sums.residual[row] == pytest.approx(residual)
            rows = found.rows(row, facts)
            assert np.count_nonzero(~np.isnan(result[rows])) == trades


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_order_of_trades_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    facts, day, result = some(rng)
    by = rng.permutation(day.size)
    mixed = [binning.Fact(one.name, one.unit, one.code[by], one.bins) for one in facts]
    one, two = binning.judge(facts, day, result), binning.judge(mixed, day[by], result[by])
    assert np.array_equal(one.sums.trades, two.sums.trades)
    assert one.sums.total == pytest.approx(two.sums.total, abs=1e-9)
    assert one.judged.shrunk == pytest.approx(two.judged.shrunk, abs=1e-6, nan_ok=True)


def test_the_buckets_of_a_pair_split_those_of_its_facts():
    facts, day, result = some(np.random.default_rng(3))
    facts = facts[1:]  # those that every trade has
    found = binning.judge(facts, day, result)
    for bin_ in range(len(facts[0].bins)):
        alone = (found.first == 0) & (found.second < 0) & (found.bin == bin_)
        split = (found.first == 0) & (found.second == 1) & (found.bin == bin_)
        for sums in (found.sums.trades, found.sums.total):
            assert sums[split].sum() == pytest.approx(sums[alone].sum())


def test_a_pair_that_holds_the_trades_of_one_of_its_facts_is_no_setup_of_its_own():
    rng = np.random.default_rng(4)
    side = ["long"] * 200 + ["short"] * 200
    facts = [binning.categories("side", side), binning.categories("same", side)]
    found = binning.judge(facts, rng.integers(0, 20, 400), rng.standard_normal(400))
    both = (found.second >= 0) & (found.sums.trades > 0)
    assert both.sum() == 2 and not found.apart[both].any()
    assert np.isnan(found.judged.shrunk[found.second >= 0]).all()
    assert not np.isnan(found.judged.shrunk[found.second < 0]).any()


def test_a_bin_that_holds_all_trades_is_no_setup():
    rng = np.random.default_rng(8)
    facts = [
        binning.categories("market", ["BTC"] * 400),
        binning.categories("tag", ["a"] * 300 + [None] * 100),
    ]
    found = binning.judge(facts, rng.integers(0, 20, 400), rng.standard_normal(400))
    assert found.sums.trades.tolist() == [400, 300, 300]
    assert np.isnan(found.judged.shrunk).tolist() == [True, False, True]


def test_facts_beyond_twenty_are_not_paired():
    rng = np.random.default_rng(5)
    facts = [binning.categories(f"f{at}", ["a", "b"] * 50) for at in range(22)]
    found = binning.judge(facts, rng.integers(0, 20, 100), rng.standard_normal(100))
    assert found.second.max() == 19 and set(found.first.tolist()) == set(range(22))


def test_no_trades_and_no_facts_are_answers():
    none = binning.judge([], np.zeros(0, np.int64), np.zeros(0))
    assert none.first.size == 0 and none.judged.named.size == 0
    facts = [binning.categories("side", ["long"])]
    alone = binning.judge(facts, np.array([1]), np.array([NAN]))
    assert alone.sums.trades.tolist() == [0] and not alone.judged.named.any()


def test_it_names_what_was_planted_among_trades_and_nothing_else():
    world = known_worlds.dealt(np.random.default_rng(6), NOISES[0], 7_500, good=10)
    facts = [binning.categories(str(at), codes) for at, codes in enumerate(world.facts)]
    found = binning.judge(facts, world.day, world.result)
    truth = world.truth_of(found.first, found.second, found.bin, found.other)
    named = found.judged.named
    assert named.sum() >= 4
    assert (truth[named] * found.judged.shrunk[named] > 0).mean() >= 0.9
    assert setups.SURE == 0.10
