from __future__ import annotations

from datetime import timedelta

import pytest

from tests.trading.story import MONDAY, NOW, make_bot, two_sets
from trading import clock, ingest
from trading.formatting import thin
from trading.parameters import instance_for
from trading.parameters.compare import POINTS, compare
from trading.performance import measure
from trading.performance.selection import Selection

from .test_outcomes import results

pytestmark = pytest.mark.django_db


@pytest.fixture
def sets():
    bot = make_bot()
    two = two_sets(bot)
    with clock.at(NOW):
        yield two


def test_values_metrics_and_curves_stand_side_by_side(sets):
    first, second = sets
    bot = first.instance.bot
    ingest.store_trades(bot, results(0, 2, 8, [1, -2], "a") + results(3, 5, 8, [1, 0.5, 0.1], "b"))
    found = compare(first, second)
    assert len(found.rows) == len(first.values)
    (row,) = (row for row in found.rows if row["differ"])
    assert (row["name"], row["b"], row["group"] != "") == ("max_hold_minutes", 5, True)
    for side, version in ((found.a, 1), (found.b, 2)):
        (group,) = measure(Selection(bot=bot, version=version))
        assert side.metrics == {name: group.metrics[name] for name in side.metrics}
        assert side.curve[0][1] == 0
        assert side.curve[-1][1] == pytest.approx(group.metrics["total_pnl_pct"])
        moments = [moment for moment, _ in side.curve]
        assert moments == sorted(moments)
    assert found.effect.difference == pytest.approx(
        found.b.metrics["avg_pnl_pct"] - found.a.metrics["avg_pnl_pct"]
    )


def test_without_trades_there_is_nothing_to_draw(sets):
    found = compare(*sets)
    assert (found.a.metrics, found.a.curve, found.effect) == (None, [], None)


def test_versions_of_two_strategies_are_not_compared(sets):
    other = instance_for(sets[0].instance.bot, "rsi_bb@sol").parameter_sets.get()
    with pytest.raises(ValueError, match="one strategy of one bot"):
        compare(sets[0], other)


def test_a_long_curve_keeps_its_ends_and_a_bounded_number_of_points():
    curve = [(MONDAY + timedelta(hours=n), float(n)) for n in range(10_001)]
    found = thin(curve, POINTS)
    assert (len(found), found[0], found[-1]) == (POINTS, curve[0], curve[-1])
    assert len(set(found)) == POINTS and found == sorted(found)
    assert thin(curve[:7], POINTS) == curve[:7]
