"""What value of a parameter gave the best results?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.trading.story import MONDAY, NOW, make_bot
from trading import clock, ingest
from trading.bots.catalog import declare
from trading.models import Origin
from trading.parameters import by_value, instance_for, promote, roll_back
from trading.performance import measure
from trading.performance.selection import Selection
from trading.strategies import get

from .test_outcomes import results

pytestmark = pytest.mark.django_db
PERIODS = (14, 9, 14, 21)  # of versions 1 to 4, three days each


@pytest.fixture
def instance():
    """Four versions of three days; the first and the third share their RSI period."""
    bot = make_bot()
    with clock.at(MONDAY):
        instance = instance_for(bot, "rsi_bb")
    for number, period in enumerate(PERIODS[1:], start=1):
        with clock.at(MONDAY + timedelta(days=3 * number)):
            promote(
                instance=instance,
                values={"rsi_period": period, "bb_std": 2 + number / 10},
                reason="Try",
                origin=Origin.ADMIN,
            )
    with clock.at(NOW + timedelta(days=3)):
        yield instance


def push(instance, *gains, a_day=8):
    for number, some in enumerate(gains):
        trades = results(3 * number, 3, a_day, some, f"v{number}")
        assert ingest.store_trades(instance.bot, trades).rejected == []


def by_text(found):
    return {one.text: one for one in found.values}


def test_versions_that_share_a_value_are_pooled_and_values_stand_by_size(instance):
    push(instance, [1, -2], [2], [3, -1], [0.5, 1])
    found = by_value.of(instance, "rsi_period")
    assert [one.value for one in found.values] == [9, 14, 21]
    nine, pooled, last = found.values
    assert (pooled.versions, nine.versions, last.versions) == ([1, 3], [2], [4])
    assert (pooled.trades, nine.trades, last.trades) == (48, 24, 24)
    assert pooled.metrics["avg_pnl_pct"] == pytest.approx((1 - 2 + 3 - 1) / 4)
    assert pooled.metrics["win_rate"] == pytest.approx(0.5)
    assert pooled.metrics["win_rate_interval"][0] < 0.5 < pooled.metrics["win_rate_interval"][1]
    assert pooled.metrics["avg_pnl_pct_interval"] is not None, "six days"
    assert (last.live, pooled.live) == (True, False)
    ends = [(one.since, one.until) for one in pooled.periods]
    days = [MONDAY + timedelta(days=3 * number) for number in range(4)]
    assert ends == [(days[0], days[1]), (days[2], days[3])]
    assert last.periods[0].until is None
    assert (found.parameter["name"], found.parameter["unit"]) == ("rsi_period", "candles")


def test_a_pooled_drawdown_runs_along_time_over_the_versions(instance):
    push(instance, [-1], [5], [-1], [1])
    pooled = by_text(by_value.of(instance, "rsi_period"))["14"]
    # Down by 24 under version 1 and by 24 under version 3: nothing of the value came between.
    assert pooled.metrics["max_drawdown_pct"] == pytest.approx(48)


def test_the_numbers_are_those_of_performance_by_parameter(instance):
    push(instance, [1, -2, 0.3], [2, -1], [3, -1, 0.7], [0.5, 1])
    for name in ("rsi_period", "bb_std", "smoothing"):
        groups = {g.key: g for g in measure(Selection(instance=instance), f"param:{name}")}
        found = by_text(by_value.of(instance, name))
        assert {text: one.metrics for text, one in found.items() if one.metrics} == {
            text: group.metrics for text, group in groups.items()
        }


def test_a_value_without_trades_is_listed_without_numbers(instance):
    push(instance, [1, -2])
    found = by_text(by_value.of(instance, "rsi_period"))
    assert (found["9"].metrics, found["9"].trades, found["9"].versions) == (None, 0, [2])


def test_trades_of_unknown_parameters_are_told_apart(instance):
    trades = results(0, 1, 8, [1], "old", parameter_set=99)
    ingest.store_trades(instance.bot, trades)
    found = by_value.of(instance, "rsi_period").values[-1]
    assert (found.text, found.value, found.trades, found.periods) == ("unknown", None, 8, [])


def test_sets_stored_before_a_parameter_was_declared_count_with_its_default():
    bot = make_bot()
    levels = {"name": "levels", "type": "integer", "default": 8, "low": 2, "high": 40}
    depth = {"name": "depth", "type": "integer", "default": 3, "low": 1, "high": 9}
    declare(bot, {"key": "grid", "parameters": [levels]})
    with clock.at(MONDAY):
        instance = instance_for(bot, "grid")
    declare(bot, {"key": "grid", "parameters": [levels, depth]})
    with clock.at(MONDAY + timedelta(days=3)):
        promote(instance=instance, values={"depth": 3, "levels": 9}, reason="x", origin=Origin.API)
    with clock.at(MONDAY + timedelta(days=6)):
        promote(instance=instance, values={"depth": 4}, reason="x", origin=Origin.API)
    with clock.at(NOW):
        for number in range(3):
            ingest.store_trades(bot, results(3 * number, 3, 4, [1], f"v{number}", strategy="grid"))
        found = by_value.of(instance, "depth")
    assert [(one.value, one.trades, one.versions) for one in found.values] == [
        (3, 24, [1, 2]),
        (4, 12, [3]),
    ]


def test_on_noise_no_value_is_crowned(instance):
    push(
        instance,
        [1, -2, 0.5, 0.1, 1],
        [1, -2, 0.4, 0.6, 1],
        [2, -2, 0.5, 0.1],
        [1, -1, 0.2],
        a_day=12,
    )
    found = by_value.of(instance, "rsi_period")
    assert found.best is None
    assert found.sentence.startswith("No value stands out")


def test_a_value_far_above_all_others_is_named_with_a_warning(instance):
    push(instance, [0.1, -0.2, 0.3], [5, 4, 5.5, 4.4, 6], [0.2, -0.2, 0.1], [0.3, -0.3], a_day=12)
    found = by_value.of(instance, "rsi_period")
    assert found.best == 9
    assert found.sentence.startswith("9 did best") and "different times" in found.sentence


def test_with_few_trades_nothing_is_compared(instance):
    push(instance, [0.1], [5], a_day=2)
    found = by_value.of(instance, "rsi_period")
    assert found.best is None and "30 trades each" in found.sentence
    assert "0 have them" in found.sentence


def test_a_rollback_is_another_version_with_the_same_value(instance):
    roll_back(instance=instance, to=2, reason="x")
    nine = by_text(by_value.of(instance, "rsi_period"))["9"]
    assert (nine.versions, nine.live) == ([2, 5], True)


def test_words_and_switches_have_values_too(instance):
    promote(
        instance=instance,
        values={"smoothing": "wilder", "adaptive_cooldown": False},
        reason="x",
        origin=Origin.API,
    )
    push(instance, [1])
    assert by_text(by_value.of(instance, "smoothing"))["simple"].trades == 24
    assert by_text(by_value.of(instance, "adaptive_cooldown"))["true"].trades == 24


def test_a_parameter_that_is_not_there_is_named_beside_those_there_are(instance):
    with pytest.raises(ValueError, match=r"no parameter 'rsi'; there are: .*rsi_period"):
        by_value.of(instance, "rsi")


def test_as_it_was_then(instance):
    push(instance, [1, -2], [2], [3, -1], [0.5, 1])
    found = by_value.of(instance, "rsi_period", as_of=MONDAY + timedelta(days=5))
    assert [(one.value, one.trades) for one in found.values] == [(9, 16), (14, 24)]


def test_what_all_live_values_did_so_far_is_told_at_once(instance, django_assert_max_num_queries):
    push(instance, [1, -2, 0.3], [2, -1], [3, -1, 0.7], [0.5, 1])
    made = promote(instance=instance, values={"rsi_period": 14}, reason="x", origin=Origin.API)
    with django_assert_max_num_queries(5):
        found = by_value.so_far(instance, made.values)
    assert list(found) == list(get("rsi_bb").defaults())
    for name in ("rsi_period", "bb_std", "smoothing", "pause_seconds"):
        one = next(one for one in by_value.of(instance, name).values if one.live)
        for metric in ("trades", "win_rate", "avg_pnl_pct"):
            assert found[name][metric] == pytest.approx(one.metrics[metric], rel=1e-12)
    assert found["smoothing"]["trades"] == 96


def test_without_trades_the_live_values_have_no_numbers(instance):
    found = by_value.so_far(instance, get("rsi_bb").defaults())
    assert set(found.values()) == {None}
