"""How steps read, and where pictures put their points."""

from datetime import UTC, datetime, timedelta

import pytest

from trading.admin.diff_rows import readable
from trading.admin.svg import axis, number, pnl_curves, staircase, whiskers
from trading.parameters import instance_for
from trading.parameters.diff import difference
from trading.strategies import get

DAY = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "old", "new", "step", "large"),
    [
        ("stop_loss_bps", 4.0, 5.5, "+1.5 bps, +38%", False),
        ("stop_loss_bps", 4.0, 3.9, "-0.1 bps, -2.5%", False),
        ("stop_loss_bps", 4.0, 40.0, "+36 bps, x10", True),
        ("stop_loss_bps", 40.0, 4.0, "-36 bps, -90%", True),
        ("rsi_bullish_threshold", 50.0, 76.0, "+26 points, +52%", True),
        ("rsi_bullish_threshold", 50.0, 51.0, "+1 point, +2%", False),
        ("bb_low_zone_min", 0.1, 0.3, "+0.2, x3", True),
        ("bb_low_zone_min", -0.1, 0.2, "+0.3", False),
        ("volume_multiplier", 0.0, 1.2, "+1.2", False),
        ("ema_fast_period", 8, 9, "+1 candle, +12%", False),
        ("pause_seconds", 300, 420, "+2 min, +40%", False),
        ("enable_trailing_stop", False, True, "", False),
        ("smoothing", "simple", "wilder", "", False),
    ],
)
def test_a_step_is_said_in_the_unit_and_as_a_share(bot, name, old, new, step, large):
    instance = instance_for(bot, "rsi_bb")
    (row,) = readable(difference(instance, {name: old}, {name: new}), get("rsi_bb"))
    assert (row.name, row.step, row.large) == (name, step, large)


def test_a_removed_parameter_is_told_without_a_declaration(bot):
    instance = instance_for(bot, "rsi_bb")
    (row,) = readable(difference(instance, {"gone_bps": 0.1 + 0.2}, {}), get("rsi_bb"))
    assert (row.label, row.old, row.new, row.step) == ("Gone", "0.3", "–", "")


def test_an_axis_holds_every_value_and_zero_and_has_round_ticks():
    along = axis([0.012, 0.047])
    assert along.low < 0 < 0.047 < along.high
    assert along.at(along.low) == 0
    assert along.at(along.high) == along.from_top(along.low) == 100
    assert [number(tick) for tick in along.ticks] == ["0", "0.01", "0.02", "0.03", "0.04"]
    for only in (0.0, 5.0, -3.0, 1e-9):
        alone = axis([only], zero=False)
        assert 0 <= alone.at(only) <= 100
        assert alone.ticks


def test_whiskers_lie_around_their_dots():
    drawn = whiskers([(0.1, (-0.1, 0.3)), (0.2, None), (None, None)])
    first, second, third = drawn["rows"]
    assert first["left"] < drawn["zero"] < first["dot"] < first["left"] + first["width"]
    assert (second["left"], second["width"]) == (None, None)
    assert second["dot"] > first["dot"]
    assert third == {"dot": None, "left": None, "width": None}
    assert whiskers([(None, None)]) == {}


def test_courses_begin_together_though_their_months_differ():
    one = [(DAY, 0.0), (DAY + timedelta(days=10), 1.0)]
    two = [(DAY + timedelta(days=90), 0.0), (DAY + timedelta(days=95), -1.0)]
    drawn = pnl_curves([("one", one), ("two", two), ("none", [])])
    assert [line["points"].split()[0].split(",")[0] for line in drawn["lines"]] == ["0.0", "0.0"]
    assert [line["points"].split()[1].split(",")[0] for line in drawn["lines"]] == ["100.0", "50.0"]
    assert [line["last"] for line in drawn["lines"]] == ["+1.000%", "-1.000%"]
    assert pnl_curves([("one", [(DAY, 0.0)])]) == {}


def test_a_staircase_holds_each_value_as_long_as_it_was_live():
    later = DAY + timedelta(days=5)
    drawn = staircase([(DAY, later, 4.0), (later, None, 6.0)], DAY + timedelta(days=10))
    across = [point.split(",")[0] for point in drawn["points"].split()]
    assert across == ["0.0", "50.0", "50.0", "100.0"]
    assert staircase([], DAY) == {}
    assert staircase([(DAY, None, 4.0)], DAY)["points"]
